"""Target tracking, as Application Auto Scaling does it: alarms by the minute, and what they change.

The alarms are as observed on live tables (aws-solutions/instance-scheduler-on-aws, issue 13): the
one for too much goes off after 2 minutes above the target, the one for too little after 15 minutes
that are 20 percentage points below it. A minute in which nothing was consumed has no data point,
so an idle table keeps its capacity. Which minute the new capacity is reckoned from is documented
nowhere: here the busiest of those that set the alarm off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.simulation.buckets import Rows
from loadstone.capacity.simulation.demand import MINUTE_S, Amounts
from loadstone.capacity.simulation.settings import Scaling

OUT_MINUTES, IN_MINUTES = 2, 15
IN_MARGIN = 0.20
#: Decreases of a table, and of each of its indexes: "Quotas in Amazon DynamoDB".
MOST_DECREASES = 4
_HOUR, _DAY = 60, 24 * 60
_SLACK = 1e-6
_NEVER = -1e9


def wanted(sums: Amounts, capacity: Amounts, target: Amounts) -> tuple[Amounts, Amounts]:
    """Capacity to go up to and down to, by the last minutes' sums, a row for each; 0 is no alarm.

    `sums` has a row for each capacity, and its last columns are the last minutes.
    """
    minutes = sums.shape[1]
    up, down = np.zeros(len(sums)), np.zeros(len(sums))
    if minutes >= OUT_MINUTES:
        last = sums[:, -OUT_MINUTES:]
        over = last.min(axis=1) > MINUTE_S * capacity * target + _SLACK
        up = np.where(over, _fitting(last, target), 0.0)
    if minutes >= IN_MINUTES:
        last = sums[:, -IN_MINUTES:]
        lid = MINUTE_S * capacity * (target - IN_MARGIN) - _SLACK
        under = (last.max(axis=1) < lid) & (last.min(axis=1) > 0)
        down = np.where(under, _fitting(last, target), 0.0)
    return up, down


def _fitting(sums: Amounts, target: Amounts) -> Amounts:
    fitting: Amounts = np.ceil(sums.max(axis=1) / MINUTE_S / target - _SLACK)
    return fitting


class Changes(NamedTuple):
    """Rows that have another capacity from a minute on."""

    rows: Rows
    capacity: Amounts


class Tracking:
    """Rows of capacity that follow their use. Rows with one `owner` share their decreases."""

    def __init__(
        self, scalings: Sequence[Scaling], owners: Sequence[int], minutes: int, start_minute: int
    ) -> None:
        def column(name: str) -> Amounts:
            return np.array([getattr(each, name) for each in scalings], dtype=float)

        self._start = start_minute
        self._target, self._least, self._most = map(column, ("target", "minimum", "maximum"))
        self._lag, self._capacity = column("lag_minutes"), column("first")
        self._out_cooldown_s, self._in_cooldown_s = map(column, ("out_cooldown_s", "in_cooldown_s"))
        self._sums = np.zeros((minutes, len(scalings)))
        self._free_at = np.zeros(len(scalings))  # while a change is under way there is no other
        self._went_out = np.full(len(scalings), _NEVER)
        self._went_in = np.full(len(scalings), _NEVER)
        unique, self._owner = np.unique(np.array(owners, int), return_inverse=True)
        self._decreases = np.full(len(unique), MOST_DECREASES)
        self._due: dict[int, list[Changes]] = {}

    def due(self, minute: int) -> list[Changes]:
        """The changes that take effect as a minute begins."""
        return self._due.pop(minute, [])

    def observe(self, minute: int, sums: Amounts) -> None:
        """A minute has ended; so much of each row was consumed in it."""
        now = minute + 1
        self._refill(now)
        self._sums[minute] = sums
        seen = self._sums[max(0, now - IN_MINUTES) : now].T
        up, down = wanted(seen, self._capacity, self._target)
        aim = np.clip(np.where(up > 0, up, down), self._least, self._most)
        free = self._free_at <= now
        rises = np.flatnonzero((up > 0) & (aim > self._capacity) & free)
        falls = np.flatnonzero((down > 0) & (aim < self._capacity) & free)
        rises = rises[_past(now - self._went_out[rises], self._out_cooldown_s[rises])]
        falls = falls[_past(now - self._went_in[falls], self._in_cooldown_s[falls])]
        falls = self._with_a_decrease(falls)
        for rows, went in ((rises, self._went_out), (falls, self._went_in)):
            went[rows] = now + self._lag[rows]
            self._change(rows, aim[rows], now)

    def _change(self, rows: Rows, capacity: Amounts, now: int) -> None:
        at = self._free_at[rows] = now + self._lag[rows]
        self._capacity[rows] = capacity
        for minute in np.unique(at).tolist():
            then = at == minute
            self._due.setdefault(int(minute), []).append(Changes(rows[then], capacity[then]))

    def _with_a_decrease(self, rows: Rows) -> Rows:
        """Those whose owner has one left: of several rows, the first."""
        rows = rows[np.argsort(self._owner[rows], kind="stable")]
        owner = self._owner[rows]
        before = np.arange(len(rows)) - np.searchsorted(owner, owner)
        rows = rows[before < self._decreases[owner]]
        np.subtract.at(self._decreases, self._owner[rows], 1)
        return rows

    def _refill(self, minute: int) -> None:
        """Four decreases at midnight, and one more every hour, up to four."""
        of_day = (self._start + minute) % _DAY
        if of_day % _HOUR == 0:
            more = 1 if of_day else MOST_DECREASES
            self._decreases = np.minimum(self._decreases + more, MOST_DECREASES)


def _past(minutes: Amounts, cooldown_s: Amounts) -> NDArray[np.bool_]:
    past: NDArray[np.bool_] = minutes * MINUTE_S >= cooldown_s
    return past
