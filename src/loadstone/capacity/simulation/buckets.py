"""Token buckets side by side, a minute at a time: `capacity.bucket.Bucket` over rows of seconds.

A row's bucket is kept as what it lacks, d = cap - level. A second refills it and then serves:
d' = max(0, d - rate) + units, and runs short where d' would be more than the cap. While nothing
runs short, that has a closed form, so a calm minute costs the same as a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.simulation.demand import MINUTE_S, Amounts
from loadstone.capacity.simulation.series import Series

# Sums of many small refills are off in the last digits.
SLACK = 1e-6

Rows = NDArray[np.intp]


class Short(NamedTuple):
    """Rows that ran short in a minute: what was asked, and what was not served, by second."""

    rows: Rows
    asked: Amounts
    cut: Amounts


class Buckets:
    """One bucket a row, full at the start. Row i is asked for row `source[i]` of the series."""

    def __init__(self, series: Series, source: Rows, rate: Amounts, cap: Amounts) -> None:
        self._series, self._source = series, source
        self.rate, self.cap = rate.copy(), cap.copy()
        self.lacks = np.zeros(len(source))

    def resize(self, rows: Rows | int, rate: Amounts | float, cap: Amounts | float) -> None:
        """Another rate and cap; the level stays, and what is above the new cap is lost."""
        level = np.minimum(self.cap[rows] - self.lacks[rows], cap)
        self.rate[rows], self.cap[rows], self.lacks[rows] = rate, cap, cap - level

    def asked(self, rows: Rows, minute: int) -> Amounts:
        """Units in each second of a minute."""
        return self._series.minute(self._source[rows], minute)

    def lacks_after(self, row: int, asked: Amounts, lacked: float) -> Amounts:
        """What one bucket lacks after each second that asks for so much, were it bottomless."""
        rate = self.rate[row : row + 1]
        lacks: Amounts = _unbounded(asked[None, :], np.array([lacked]), rate)[0]
        return lacks

    def run(self, minute: int) -> Short:
        """Let a minute pass."""
        peak, total, last = (
            each[self._source, minute]
            for each in (self._series.peak, self._series.total, self._series.last)
        )
        lacked = self.lacks
        # Where no second asks for more than its refill, only the whole minute counts.
        self.lacks = np.maximum(last, lacked + total - MINUTE_S * self.rate)
        busy = np.flatnonzero(peak > self.rate)
        if not busy.size:
            return Short(busy, _NONE, _NONE)
        asked = self.asked(busy, minute)
        lacks = _unbounded(asked, lacked[busy], self.rate[busy])
        self.lacks[busy] = lacks[:, -1]
        is_short = lacks.max(axis=1) > self.cap[busy] + SLACK
        short, asked = busy[is_short], asked[is_short]
        if not short.size:
            return Short(short, _NONE, _NONE)
        cut, self.lacks[short] = _step(asked, lacked[short], self.rate[short], self.cap[short])
        return Short(short, asked, cut)


_NONE: Amounts = np.zeros((0, MINUTE_S))


def _unbounded(asked: Amounts, lacked: Amounts, rate: Amounts) -> Amounts:
    """What buckets lack after each second, were they without a bottom: Lindley's recursion."""
    steps = asked - rate[:, None]
    before = np.empty_like(asked)
    before[:, 0] = lacked - rate
    before[:, 1:] = steps[:, :-1]
    sums = np.cumsum(before, axis=1)
    refilled = sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0.0)
    lacks: Amounts = refilled + asked
    return lacks


def _step(asked: Amounts, lacked: Amounts, rate: Amounts, cap: Amounts) -> tuple[Amounts, Amounts]:
    """Second by second, where a bucket is empty in between: what was cut, and what is lacked."""
    columns = np.ascontiguousarray(asked.T)
    cut = np.empty_like(columns)
    for second, units in enumerate(columns):
        refilled = np.maximum(lacked - rate, 0.0)
        served = np.minimum(units, cap - refilled)
        lacked = refilled + served
        cut[second] = units - served
    cut[cut <= SLACK] = 0.0
    return cut.T, lacked
