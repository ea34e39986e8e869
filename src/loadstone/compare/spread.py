"""How far a figure of one run may be off, where its seconds depend on one another. Pure.

A run is cut into seconds. A figure is a ratio of sums over them, or a quantile of all calls, which
is where such a ratio, the share of calls below it, reaches a height. What each second adds to the
error of a ratio R = sum(a) / sum(b) is e = a - R b, and the variance of the sum of e is that of as
many independent seconds times `stretch`. Limits of a quantile are where the share's limits lead:
Woodruff, "Confidence Intervals for Medians and Other Position Measures", JASA 47 (1952). Limits of
a difference are made of those of its sides: Zou and Donner, "Construction of confidence limits
about effect measures", Statistics in Medicine 27 (2008).
"""

from __future__ import annotations

from functools import cache
from math import inf, sqrt, tan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Seconds below which nothing is said of how a run varies.
FEWEST = 10
#: As many independent seconds as a run is to be worth, or it says nothing: how it varies is then
#: guessed from too few waves.
STEADY = 8
#: Into so many parts a run is cut to see slow waves that neighbouring seconds do not show.
PARTS = (16, 8)


class Limits(NamedTuple):
    """A figure, and between which values it lies with some confidence."""

    value: float
    low: float
    high: float


def ratio_limits(above: Array, below: Array, confidence: float) -> Limits:
    """Of sum(above) / sum(below); without limits where there are too few seconds."""
    whole = float(below.sum())
    if not whole:
        return Limits(0.0, -inf, inf)
    value = float(above.sum()) / whole
    margin = _margin(above - value * below, confidence)
    return Limits(value, value - margin / whole, value + margin / whole)


def quantile_limits(values: Array, counts: Array, share: float, confidence: float) -> Limits:
    """Of the value that `share` of the calls do not exceed; `counts` has a row for each second and
    a column for each of the rising `values`."""
    by_value, by_second = counts.sum(axis=0), counts.sum(axis=1)
    whole = float(by_value.sum())
    if not whole:
        return Limits(0.0, -inf, inf)
    cumulated = np.cumsum(by_value)
    at = _rank(cumulated, share * whole)
    reached = float(cumulated[at]) / whole
    margin = _margin(counts[:, : at + 1].sum(axis=1) - reached * by_second, confidence) / whole
    low, high = share - margin, share + margin
    return Limits(
        float(values[at]),
        float(values[_rank(cumulated, low * whole)]) if low * whole >= 1 else 0.0,
        float(values[_rank(cumulated, high * whole)]) if high < 1 - 1 / whole else inf,
    )


def difference_limits(base: Limits, new: Limits) -> Limits:
    """Of new - base."""
    value = new.value - base.value
    down = sqrt((new.value - new.low) ** 2 + (base.high - base.value) ** 2)
    up = sqrt((new.high - new.value) ** 2 + (base.value - base.low) ** 2)
    return Limits(value, value - down, value + up)


def stretch(errors: Array) -> float:
    """How many times larger the variance of a sum is than if the seconds were independent.

    The seconds are taken one by one, and in sixteen and in eight parts, where noise is less and a
    slow wave shows. Each time it is that of a first-order autoregression, whose correlation is
    freed of the bias that short series have (Kendall, Biometrika 41, 1954). The largest of the
    three, and 1 at least.
    """
    seconds, variance = len(errors), float(errors @ errors)
    if not variance:
        return 1.0
    found = [1.0]
    for parts in (seconds, *(parts for parts in PARTS if parts < seconds)):
        sums = np.array([part.sum() for part in np.array_split(errors, parts)])
        squares = float(sums @ sums)
        correlation = float(sums[:-1] @ sums[1:]) / squares if squares else 0.0
        unbiased = min((parts * correlation + 1) / (parts - 3), 1 - 4 / parts)
        larger = squares / (parts - 1) / (variance / (seconds - 1)) * parts / seconds
        found.append(larger * (1 + unbiased) / (1 - unbiased))
    return max(found)


def _margin(errors: Array, confidence: float) -> float:
    """How far the sum of errors may be from zero."""
    seconds = len(errors)
    if seconds < FEWEST:
        return inf
    wider = stretch(errors)
    if seconds / wider < STEADY:
        return inf
    deviation = sqrt(float(errors @ errors) * seconds / (seconds - 1) * wider)
    return student_quantile(confidence, seconds / wider - 1) * deviation if deviation else 0.0


def _rank(cumulated: Array, rank: float) -> int:
    return min(int(np.searchsorted(cumulated, rank - 1e-9)), len(cumulated) - 1)


@cache
def _student_tail(freedom: float) -> tuple[Array, Array]:
    """Where t = sqrt(freedom) / tan(angle) is left, and how likely more than that is, both sides
    together: the density there is sin(angle) ** (freedom - 1)."""
    angle = np.geomspace(1e-9, np.pi / 2, 20_001)
    density = np.sin(angle) ** (freedom - 1)
    steps = np.diff(angle) * (density[1:] + density[:-1]) / 2
    tail = np.concatenate(([0.0], np.cumsum(steps)))
    return angle, tail / tail[-1]


def student_quantile(confidence: float, freedom: float) -> float:
    """Student's t, two-sided: what it stays below, either way, with that confidence."""
    freedom = round(freedom, 2)
    angle, tail = _student_tail(freedom)
    return sqrt(freedom) / tan(float(np.interp(1 - confidence, tail, angle)))
