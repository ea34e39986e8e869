"""Skewed whole numbers, as inverse tables: entry i is the value at the i-th quantile.

Tables are made with exact or correctly rounded decimal arithmetic, never with floating logarithms
and powers, whose last digit differs between machines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import accumulate
from math import gcd
from typing import Protocol

from loadstone.errors import BadContent

TABLE_BITS = 12
TABLE_SIZE = 1 << TABLE_BITS

_EXACT = Context(prec=24)


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

    median: int
    spread: float
    low: int = 0
    high: int = 2**31

    def table(self) -> tuple[int, ...]:
        return _lognormal(self)


@dataclass(frozen=True, slots=True)
class Weights:
    """Numbers 0, 1, 2 … with a weight each."""

    weights: tuple[int, ...]

    def table(self) -> tuple[int, ...]:
        return _inverse_table(self.weights)


@dataclass(frozen=True, slots=True)
class Zipf:
    """Rank 0 most often; rank r as often as 1 / (r + 1) ** exponent."""

    ranks: int
    exponent: float = 1.0

    def table(self) -> tuple[int, ...]:
        return _zipf(self)


@cache
def _inverse_table(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Each number as often as its weight says, to one part in TABLE_SIZE."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise BadContent(f"weights must be positive: {weights}")
    table: list[int] = []
    for number, upto in enumerate(accumulate(weights)):
        end = upto * TABLE_SIZE // total
        table.extend([number] * (end - len(table)))
    return tuple(table)


@cache
def _zipf(of: Zipf) -> tuple[int, ...]:
    power = Decimal(str(of.exponent))
    return _inverse_table(
        tuple(
            int(_EXACT.divide(Decimal(1 << 40), _EXACT.power(Decimal(rank), power))) + 1
            for rank in range(1, of.ranks + 1)
        )
    )


def whole_weights(shares: Iterable[float | int | Fraction]) -> tuple[int, ...]:
    """Shares as people write them (3, 0.5, 1/3) as whole numbers in the same proportion."""
    parts = [
        Fraction(str(share)) if isinstance(share, float) else Fraction(share) for share in shares
    ]
    scale = 1
    for part in parts:
        scale = scale * part.denominator // gcd(scale, part.denominator)
    return tuple(int(part * scale) for part in parts)


@cache
def _lognormal(of: LogNormal) -> tuple[int, ...]:
    log_spread = _EXACT.ln(Decimal(str(of.spread)))
    median = Decimal(of.median)
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
