"""Skewed whole numbers, as inverse tables: entry i is the value at the i-th quantile.

Tables are made with exact or correctly rounded decimal arithmetic, never with floating logarithms
and powers, whose last digit differs between machines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import accumulate
from math import gcd
from numbers import Real
from typing import Protocol

from loadstone.errors import BadContent
from loadstone.mistakes import shown

TABLE_BITS = 12
TABLE_SIZE = 1 << TABLE_BITS

_EXACT = Context(prec=24)
_HALF = Decimal("0.5")
#: So many ranks are added up one by one; an integral is as good for the rest.
_HEAD = 256


class Distribution(Protocol):
    """Whole numbers with a shape."""

    def table(self) -> tuple[int, ...]:
        """TABLE_SIZE values, ascending in probability order: draw one evenly to draw from it."""
        ...


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Most near the median, a long tail above: sizes, durations, how much people do.

    `spread` is the factor between the median and the 84th percentile.
    """

    median: float
    spread: float
    low: int = 0
    high: int = 2**31

    def __post_init__(self) -> None:
        _as_python(self)
        exact(self.median)
        if exact(self.spread) <= 0:
            raise BadContent(
                f"a spread is above 0, and 1 where all are the median, not {self.spread}"
            )
        if self.low > self.high:
            raise BadContent(f"from low to high, and {self.low} is above {self.high}")

    def table(self) -> tuple[int, ...]:
        return _lognormal(self)


@dataclass(frozen=True, slots=True)
class Weights:
    """Numbers 0, 1, 2 … with a weight each."""

    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        weights = whole_weights(self.weights)
        if not any(weights) or min(weights) < 0:
            held = shown(self.weights)
            raise BadContent(f"weights are 0 or more, and one of them is above 0, not {held}")
        object.__setattr__(self, "weights", weights)

    def table(self) -> tuple[int, ...]:
        return _inverse_table(tuple(map(int, self.weights)))


@dataclass(frozen=True, slots=True)
class Zipf:
    """Rank 0 most often; rank r as often as 1 / (r + 1) ** exponent."""

    ranks: int
    exponent: float = 1.0

    def __post_init__(self) -> None:
        _as_python(self)
        exact(self.exponent)
        if self.ranks < 1:
            raise BadContent(f"there is 1 rank or more, not {self.ranks}")

    def table(self) -> tuple[int, ...]:
        return _zipf(self)


@cache
def _inverse_table(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Each number as often as its weight says, to one part in TABLE_SIZE."""
    total = sum(weights)
    table: list[int] = []
    for number, upto in enumerate(accumulate(weights)):
        end = upto * TABLE_SIZE // total
        table.extend([number] * (end - len(table)))
    return tuple(table)


@cache
def _zipf(of: Zipf) -> tuple[int, ...]:
    power = _decimal(of.exponent)
    return _inverse_table(
        tuple(
            int(_EXACT.divide(Decimal(1 << 40), _EXACT.power(Decimal(rank), power))) + 1
            for rank in range(1, of.ranks + 1)
        )
    )


@cache
def zipf_ranks(count: int, exponent: float) -> tuple[int, ...]:
    """So many ranks by Zipf's law, a billion as well as ten: where each of TABLE_SIZE equal parts
    begins, and where the last one ends. Within a part, ranks are as likely as each other."""
    head = [Decimal(0)]
    power = _EXACT.minus(_decimal(exponent))
    for rank in range(1, min(count, _HEAD) + 1):
        head.append(_EXACT.add(head[-1], _EXACT.power(Decimal(rank), power)))
    tail = _Tail(_HEAD, exponent)
    total = _EXACT.add(head[-1], tail.upto(count)) if count > _HEAD else head[-1]
    table = []
    for part in range(TABLE_SIZE):
        wanted = _EXACT.divide(_EXACT.multiply(total, part), TABLE_SIZE)
        if wanted < head[-1]:
            table.append(bisect_right(head, wanted) - 1)
        else:
            table.append(min(tail.rank(_EXACT.subtract(wanted, head[-1])), count - 1))
    return (*table, count)


class _Tail:
    """Zipf's law beyond the first ranks, as the area under its curve: rank r, from 0, reaches from
    r + 1/2 to r + 3/2."""

    def __init__(self, first: int, exponent: float) -> None:
        self._start = Decimal(first) + _HALF
        self._power = 1 - _decimal(exponent)

    def upto(self, count: int) -> Decimal:
        """The area of all ranks below a count, the first ones apart."""
        end = Decimal(count) + _HALF
        if not self._power:
            return _EXACT.ln(_EXACT.divide(end, self._start))
        raised = _EXACT.subtract(
            _EXACT.power(end, self._power), _EXACT.power(self._start, self._power)
        )
        return _EXACT.divide(raised, self._power)

    def rank(self, area: Decimal) -> int:
        """The rank that an area reaches."""
        if not self._power:
            return int(_EXACT.multiply(self._start, _EXACT.exp(area)) - _HALF)
        raised = _EXACT.add(
            _EXACT.power(self._start, self._power), _EXACT.multiply(area, self._power)
        )
        return int(_EXACT.power(raised, _EXACT.divide(1, self._power)) - _HALF)


def exact(number: float | Decimal | Fraction | Real) -> Fraction:
    """A number of any kind as it is written: 0.1 is a tenth."""
    try:
        return Fraction(str(number))
    except ValueError:
        raise BadContent(f"{number!r} is no number to reckon with") from None


def _decimal(number: float | Decimal | Fraction) -> Decimal:
    whole = exact(number)
    return _EXACT.divide(Decimal(whole.numerator), Decimal(whole.denominator))


def _as_python(of: LogNormal | Zipf) -> None:
    """Its numbers as Python's own: those of numpy are not compared with all others."""
    for part in fields(of):
        value = getattr(of, part.name)
        if not isinstance(value, (int, float, Decimal)) and isinstance(value, Real):
            known = exact(value)
            whole = known.denominator == 1
            object.__setattr__(of, part.name, known.numerator if whole else known)


def whole_weights(shares: Iterable[float | Decimal | Fraction]) -> tuple[int, ...]:
    """Shares as people write them (3, 0.5, 1/3) as whole numbers in the same proportion."""
    parts = [exact(share) for share in shares]
    scale = 1
    for part in parts:
        scale = scale * part.denominator // gcd(scale, part.denominator)
    return tuple(int(part * scale) for part in parts)


@cache
def _lognormal(of: LogNormal) -> tuple[int, ...]:
    log_spread = _EXACT.ln(_decimal(of.spread))
    median = _decimal(of.median)
    return tuple(
        min(of.high, max(of.low, int(_EXACT.multiply(median, _EXACT.exp(z * log_spread)))))
        for z in _normal_quantiles()
        for _ in range(_REPEAT)
    )


_STEPS = 1024
_REPEAT = TABLE_SIZE // _STEPS


@cache
def _normal_quantiles() -> tuple[Decimal, ...]:
    """The standard normal's quantiles at the middle of each of _STEPS equal parts."""
    upper = tuple(
        _normal_quantile(Decimal(2 * step + 1) / Decimal(2 * _STEPS))
        for step in range(_STEPS // 2, _STEPS)
    )
    return tuple(-z for z in reversed(upper)) + upper


def _normal_quantile(p: Decimal) -> Decimal:
    """p > 1/2. Abramowitz & Stegun 26.2.23: |error| < 4.5e-4, far below what a table shows."""
    t = _EXACT.sqrt(-2 * _EXACT.ln(1 - p))
    above = Decimal("2.515517") + t * (Decimal("0.802853") + t * Decimal("0.010328"))
    below = 1 + t * (Decimal("1.432788") + t * (Decimal("0.189269") + t * Decimal("0.001308")))
    return t - above / below
