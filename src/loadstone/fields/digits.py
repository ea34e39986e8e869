"""Numbers as they are written: one by one, and whole columns looked up a few digits at a time."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.fields.pieces import Letters, Picked, Pieces, Words

#: So many numbers are looked up at once; of the first few there is a table of their own, which is
#: small enough to be put together with the text around it.
_TABLE = 10_000
_DIGITS = 4
_FEW = 1024
_MOST_PLACES = 8
_SIGNS = Words(("", "-"), lasting=True)
#: Of 64 bits with a sign, the one number whose magnitude has none.
_LOWEST = -(1 << 63)


def digits_of(values: NDArray[Any]) -> Pieces:
    """Whole numbers as text."""
    if not values.size:
        return [[]]
    low, high = int(values.min()), int(values.max())
    if -_FEW <= low < 0 and high < _FEW:
        return [Picked(_around_zero(0), values + _FEW)]
    if low == _LOWEST:
        return [list(map(str, values.tolist()))]
    if low < 0:
        return _signed(values, digits_of(np.abs(values)))
    if high < _TABLE:
        return [Picked(_small(_FEW if high < _FEW else _TABLE), values)]
    if len(str(low)) == (width := len(str(high))):
        return [Letters(padded(values, width))]
    return _leading(values, "0")


def padded(values: NDArray[Any], width: int) -> NDArray[np.uint8]:
    """Whole numbers from 0 on, with zeros before them up to a width that none exceeds."""
    groups = -(-width // _DIGITS)
    matrix = np.empty((len(values), groups), dtype=np.uint32)
    for group in range(groups - 1, 0, -1):
        upper = values // _TABLE
        matrix[:, group] = _letters()[values - upper * _TABLE]
        values = upper
    matrix[:, 0] = _letters()[values]
    return matrix.view(np.uint8)[:, -width:]


def decimals_of(values: NDArray[Any], places: int) -> Pieces:
    """Scaled decimals as text, without needless zeros."""
    if not values.size or places > _MOST_PLACES or (low := int(values.min())) == _LOWEST:
        return [[decimal_text(value, places) for value in values.tolist()]]
    high = int(values.max())
    if -_FEW <= low < 0 and high < _FEW:
        return [Picked(_around_zero(places), values + _FEW)]
    if low < 0:
        return _signed(values, decimals_of(np.abs(values), places))
    if high < _TABLE:
        return [Picked(_small_decimals(places, _FEW if high < _FEW else _TABLE), values)]
    wholes, rest = np.divmod(values, 10**places)
    if places <= _DIGITS:
        return [*digits_of(wholes), Picked(_fractions(places), rest)]
    upper, lower = np.divmod(rest, _TABLE)
    followed = np.where(lower > 0, upper + 10 ** (places - _DIGITS), upper)
    first = Picked(_upper_fractions(places - _DIGITS), followed)
    return [*digits_of(wholes), first, Picked(_lower_fractions(), lower)]


@lru_cache(maxsize=1 << 14)
def decimal_text(scaled: int, places: int) -> str:
    """A decimal without needless zeros, as DynamoDB gives it back."""
    if not places:
        return str(scaled)
    sign, digits = ("-", str(-scaled)) if scaled < 0 else ("", str(scaled))
    digits = digits.zfill(places + 1)
    fraction = digits[-places:].rstrip("0")
    return f"{sign}{digits[:-places]}{'.' if fraction else ''}{fraction}"


def _signed(values: NDArray[Any], unsigned: Pieces) -> Pieces:
    return [Picked(_SIGNS, (values < 0).view(np.int8)), *unsigned]


def _leading(values: NDArray[Any], zero: str) -> Pieces:
    """Whole numbers from 0 on, of which `zero` says how 0 is written."""
    upper = values // _TABLE
    if not upper.any():
        return [Picked(_followed(zero), values)]
    lower = values - upper * _TABLE
    return [*_leading(upper, ""), Picked(_followed(zero), np.where(upper, lower + _TABLE, lower))]


@cache
def _small(size: int) -> Words:
    return Words(map(str, range(size)), lasting=True)


@cache
def _followed(zero: str) -> Words:
    """Numbers as they begin, and then with zeros before them, as they stand after others."""
    first = (zero, *map(str, range(1, _TABLE)))
    return Words((*first, *(f"{number:04}" for number in range(_TABLE))), lasting=True)


@cache
def _letters() -> NDArray[np.uint32]:
    """The four digits of each number, laid out in memory as text is."""
    text = "".join(f"{number:04}" for number in range(_TABLE))
    return np.frombuffer(text.encode("ascii"), dtype=np.uint32)


@cache
def _small_decimals(places: int, size: int) -> Words:
    return Words((decimal_text(value, places) for value in range(size)), lasting=True)


@cache
def _around_zero(places: int) -> Words:
    """The first few numbers on both sides of it."""
    return Words((decimal_text(value, places) for value in range(-_FEW, _FEW)), lasting=True)


@cache
def _fractions(places: int) -> Words:
    """.5 for 50 of 100; nothing for 0."""
    return Words((decimal_text(rest, places)[1:] for rest in range(10**places)), lasting=True)


@cache
def _upper_fractions(places: int) -> Words:
    """The same, and then with all zeros, as it stands before more digits."""
    more = (f".{rest:0{places}}" for rest in range(10**places))
    return Words((*_fractions(places).column, *more), lasting=True)


@cache
def _lower_fractions() -> Words:
    return Words((f"{rest:04}".rstrip("0") for rest in range(_TABLE)), lasting=True)
