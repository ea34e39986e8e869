"""Figures that tell a shape and nobody's value: rounded to one or two digits, outwards."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from math import ceil, floor, log10, sqrt

#: Spans that people think in, in days.
SPANS = (1, 2, 3, 7, 14, 30, 60, 90, 180, 365, 730, 1000)
#: Numbers of four digits that are all in here are years, or as good as.
_YEARS, _DECADE = (1800, 2100), 10
_EXPONENTS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5)


def rounded(value: float, digits: int = 2) -> int | float:
    """To so many digits: 1234 is 1200, 3.14 is 3.1."""
    if not value:
        return 0
    places = digits - 1 - floor(log10(abs(value)))
    found = round(value, places)
    return int(found) if found == int(found) else found


def below(value: float) -> int:
    """A round whole number that is no larger."""
    if value == 0:
        return 0
    if value < 0:
        return -above(-value)
    step = 10 ** floor(log10(value)) if value >= 1 else 1
    return int(floor(value / step) * step)


def above(value: float) -> int:
    """A round whole number that is no smaller."""
    if value == 0:
        return 0
    if value < 0:
        return -below(-value)
    step = 10 ** floor(log10(value)) if value >= 1 else 1
    return int(ceil(value / step) * step)


def between(values: Sequence[float]) -> tuple[int, int]:
    """From where to where numbers go, rounded outwards: to one digit, and years to decades."""
    low, high = min(values), max(values)
    if _YEARS[0] <= low < high <= _YEARS[1]:
        return floor(low / _DECADE) * _DECADE, ceil(high / _DECADE) * _DECADE
    return below(low), above(high)


def quantile(values: Sequence[float], share: float) -> float:
    """Of values that are there; they need not be sorted."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread_of(values: Sequence[float]) -> float:
    """The factor between the median and the 84th percentile, at least 1."""
    middle = max(quantile(values, 0.5), 1)
    return max(1.0, float(rounded(quantile(values, 0.84) / middle)))


def share_of(part: int, whole: int) -> float:
    """A share in steps of a twentieth, and never none or all of it when it is neither."""
    if part in (0, whole):
        return float(part == whole)
    return min(0.95, max(0.05, round(part / whole * 20) / 20))


def weights_of(counts: Sequence[int]) -> list[int]:
    """Counts as percentages, the smallest being 1."""
    total = sum(counts)
    return [max(1, round(count * 100 / total)) for count in counts]


def exponent_of(values: Sequence[Hashable], among: int = 0) -> float:
    """Zipf's exponent that comes nearest to how often the most frequent value is there; `among` so
    many that might be."""
    counts = Counter(values)
    most, ranks = max(counts.values()), range(max(among, len(counts)))
    even = len(values) / len(ranks)
    if most <= even + 3 * sqrt(even) + 1:
        return 0.0  # chance alone makes some so frequent
    top = most / len(values)

    def share(exponent: float) -> float:
        total: float = sum((rank + 1) ** -exponent for rank in ranks)
        return 1 / total

    return min(_EXPONENTS, key=lambda exponent: abs(share(exponent) - top))


def span_of(days: float) -> int:
    """The next longer span that people think in."""
    return SPANS[min(bisect_left(SPANS, days), len(SPANS) - 1)]
