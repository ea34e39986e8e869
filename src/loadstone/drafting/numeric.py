"""Columns of numbers: instants, amounts, counts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from loadstone.drafting.figures import above, below, between, quantile, rounded, spread_of
from loadstone.drafting.names import words_in
from loadstone.drafting.pieces import Made

#: 2001 to 2100, and what a table of today is likely to hold.
_SECONDS, _LIKELY = (1_000_000_000, 4_102_444_800), (1_262_304_000, 2_208_988_800)
_TIME_WORDS = {"at", "time", "date", "ts", "ttl", "epoch", "stamp", "timestamp", "created"}
_TIME_WORDS |= {"updated", "modified", "expires", "expiry", "expiration", "on", "since", "until"}
_MOST_PLACES = 6
_MOST_NUMBERS = 1 << 31
_LONG_TAIL = 4.0
_SMALL = 10  # a constant below is a count or a version, and written as it is


def instants_of(name: str, numbers: Sequence[str]) -> tuple[float, ...] | None:
    """The numbers as seconds since 1970, where that is what they are."""
    values = [Decimal(number) for number in numbers]
    if not values or any(value != value.to_integral_value() for value in values):
        return None
    scale = 1000 if min(values) > _SECONDS[1] else 1
    named = bool(set(words_in(name)) & _TIME_WORDS)
    low, high = _SECONDS if named else _LIKELY
    if not all(low <= value / scale <= high for value in values):
        return None
    if not named and len(set(values)) * 2 < len(values):
        return None
    return tuple(float(value / scale) for value in values)


def in_milliseconds(numbers: Sequence[str]) -> bool:
    """Whether instants are counted in milliseconds."""
    return min(Decimal(number) for number in numbers) > _SECONDS[1]


def number_of(numbers: Sequence[str]) -> Made:
    """A number of such a size and shape."""
    values = [Decimal(number) for number in numbers]
    places = max(max(0, -int(value.normalize().as_tuple().exponent)) for value in values)
    low, high = between([float(value) for value in values])
    if places:
        return _fraction(low, high, places)
    if low == high and low < _SMALL:
        return Made(str(low))
    if low == high:
        low, high = below(low / 2), above(low * 2)
    if high - low >= _MOST_NUMBERS:
        step = 10 ** (len(str((high - low) // _MOST_NUMBERS)))
        return Made(f"whole({low // step}, {high // step}) * {step}", ("in coarse steps",))
    middle = quantile([float(value) for value in values], 0.5)
    if low >= 0 and middle >= 1 and high > _LONG_TAIL * middle:
        spread = spread_of([float(value) for value in values])
        if spread > 1:
            shape = f"LogNormal({int(rounded(middle))}, spread={spread}, low={low}, high={high})"
            return Made(f"shaped({shape})")
    return Made(f"whole({low}, {high})")


def _fraction(low: int, high: int, places: int) -> Made:
    notes: tuple[str, ...] = ()
    if places > _MOST_PLACES:
        notes, places = (f"{places} places in the table",), _MOST_PLACES
    while places > 1 and (high - low) * 10**places >= _MOST_NUMBERS:
        places -= 1
    return Made(f"decimal({low}, {max(high, low + 1)}, {places})", notes)
