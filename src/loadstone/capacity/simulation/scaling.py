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

from loadstone.capacity.simulation.demand import MINUTE_S, Amounts
from loadstone.capacity.simulation.settings import Scaling

OUT_MINUTES, IN_MINUTES = 2, 15
IN_MARGIN = 0.20
#: Decreases of a table, and of each of its indexes: "Quotas in Amazon DynamoDB".
MOST_DECREASES = 4
_HOUR, _DAY = 60, 24 * 60
_SLACK = 1e-6
_NEVER = -(10**9)


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


class Change(NamedTuple):
    """A row has another capacity from a minute on."""

    row: int
    capacity: float


class Tracking:
    """Rows of capacity that follow their use. Rows with one `owner` share their decreases."""

    def __init__(
        self, scalings: Sequence[Scaling], owners: Sequence[int], minutes: int, start_minute: int
    ) -> None:
        def column(name: str) -> Amounts:
            return np.array([getattr(each, name) for each in scalings], dtype=float)

        self._scalings, self._owners, self._start = scalings, owners, start_minute
        self._target, self._least, self._most = map(column, ("target", "minimum", "maximum"))
        self._sums = np.zeros((len(scalings), minutes))
        self._capacity = np.array([each.first for each in scalings], dtype=float)
        self._free_at = np.zeros(len(scalings))  # while a change is under way there is no other
        self._went_out = np.full(len(scalings), _NEVER)
        self._went_in = np.full(len(scalings), _NEVER)
        self._tokens = dict.fromkeys(owners, MOST_DECREASES)
        self._due: dict[int, list[Change]] = {}

    def due(self, minute: int) -> list[Change]:
        """The changes that take effect as a minute begins."""
        return self._due.pop(minute, [])

    def observe(self, minute: int, sums: Amounts) -> None:
        """A minute has ended; so much of each row was consumed in it."""
        self._refill(minute + 1)
        self._sums[:, minute] = sums
        seen = self._sums[:, max(0, minute + 1 - IN_MINUTES) : minute + 1]
        up, down = wanted(seen, self._capacity, self._target)
        aim = np.clip(np.where(up > 0, up, down), self._least, self._most)
        rises, falls = (up > 0) & (aim > self._capacity), (down > 0) & (aim < self._capacity)
        for row in np.flatnonzero((rises | falls) & (self._free_at <= minute + 1)).tolist():
            self._change(row, minute + 1, float(aim[row]))

    def _change(self, row: int, now: int, capacity: float) -> None:
        scaling, owner = self._scalings[row], self._owners[row]
        at = now + scaling.lag_minutes
        if capacity > self._capacity[row]:
            if (now - self._went_out[row]) * MINUTE_S < scaling.out_cooldown_s:
                return
            self._went_out[row] = at
        else:
            cooling = (now - self._went_in[row]) * MINUTE_S < scaling.in_cooldown_s
            if cooling or not self._tokens[owner]:
                return
            self._tokens[owner] -= 1
            self._went_in[row] = at
        self._capacity[row], self._free_at[row] = capacity, at
        self._due.setdefault(at, []).append(Change(row, capacity))

    def _refill(self, minute: int) -> None:
        """Four decreases at midnight, and one more every hour, up to four."""
        of_day = (self._start + minute) % _DAY
        if of_day % _HOUR:
            return
        for owner, tokens in self._tokens.items():
            self._tokens[owner] = min(MOST_DECREASES, tokens + 1) if of_day else MOST_DECREASES
