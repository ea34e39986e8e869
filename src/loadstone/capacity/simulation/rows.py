"""Arms of tables side by side, each with a setting: capacity over time, served and cut."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from loadstone.capacity.limits import (
    DOUBLING_S,
    PARTITION_UNITS,
    Direction,
    OnDemand,
    Provisioned,
    kept_units,
    partitions_needed,
)
from loadstone.capacity.simulation.buckets import Buckets, Rows, Short
from loadstone.capacity.simulation.demand import MINUTE_S, Amounts
from loadstone.capacity.simulation.scaling import Tracking
from loadstone.capacity.simulation.series import Series
from loadstone.capacity.simulation.settings import AutoScaled, Scaling, Setting, limit_of

_DOUBLING_MINUTES = int(DOUBLING_S) // MINUTE_S


class Arm(NamedTuple):
    """A row: which row of the series it is asked for, and what it has. Arms with one `owner` are
    of one resource."""

    source: int
    direction: Direction
    setting: Setting
    owner: int


class ArmRows:
    """Runs arms through the minutes: `begin`, `run`, perhaps `settle`, `end`.

    The maximum of an on-demand table and the limit of a partition are no business of a row's: they
    hold for single seconds, and are whoever's who knows the requests.
    """

    def __init__(self, series: Series, arms: Sequence[Arm], *, start_unix_s: int = 0) -> None:
        self._series, self._arms = series, arms
        limits = self._limits = [limit_of(arm.setting) for arm in arms]
        rate = np.array(
            [float(limit.units(arm.direction)) for arm, limit in zip(arms, limits, strict=True)]
        )
        # Both grow in proportion, so a second's units at rate 1 tell how many seconds are kept.
        self._seconds_kept = np.array([kept_units(limit, 1.0) for limit in limits])
        self._source = np.array([arm.source for arm in arms])
        self.buckets = Buckets(series, self._source, rate, rate * self._seconds_kept)
        #: Units a second that were provisioned, or are served on demand, in each minute.
        self.capacity = np.zeros((len(arms), series.minutes))
        self._growing = _where(arms, OnDemand)
        self._peaks = np.zeros((len(self._growing), series.minutes))
        self._earlier = np.zeros(len(self._growing))
        self._scaled = _where(arms, AutoScaled)
        self._tracking = Tracking(
            [_scaling(arms[row]) for row in self._scaled],
            [arms[row].owner for row in self._scaled],
            series.minutes,
            start_unix_s // MINUTE_S,
        )
        self._lids = np.array([_lid(arm) for arm in arms])
        self._served = np.zeros(len(arms))
        self._served_peak = np.zeros(len(arms))

    def begin(self, minute: int) -> None:
        """Capacity changes that take effect now."""
        for scaled, capacity in self._tracking.due(minute):
            rows = self._scaled[scaled]
            self.buckets.resize(rows, capacity, capacity * self._seconds_kept[rows])
        if minute > _DOUBLING_MINUTES and self._growing.size:
            self._grow(self._peaks[:, minute - _DOUBLING_MINUTES - 1])
        self.capacity[:, minute] = self.buckets.rate

    def run(self, minute: int) -> Short:
        """Each arm by itself."""
        self._served = self._series.total[self._source, minute]
        self._served_peak = self._series.peak[self._source, minute]
        short = self.buckets.run(minute)
        if short.rows.size:
            served = short.asked - short.cut
            self._served[short.rows] = served.sum(axis=1)
            self._served_peak[short.rows] = served.max(axis=1)
        return short

    def above_lids(self, minute: int) -> list[int]:
        """Rows of which some second asks for more than a partition serves, or than the maximum."""
        found: list[int] = np.flatnonzero(
            self._series.peak[self._source, minute] > self._lids
        ).tolist()
        return found

    def asked(self, row: int, minute: int) -> Amounts:
        """Units in each second of a minute."""
        return self._series.minute(self._source[row], minute)

    def peak(self, row: int, minute: int) -> float:
        """The units of the busiest second."""
        return float(self._series.peak[self._source[row], minute])

    def partitions(self, row: int, minute: int) -> int:
        """How many a resource has by now: as many as its highest capacity needed, and they stay."""
        arm = self._arms[row]
        if arm.setting.partitions:
            return arm.setting.partitions
        twin = _twin(self._arms, row)
        highest = {arm.direction: float(self.capacity[row, : minute + 1].max())}
        other: Direction = "write" if arm.direction == "read" else "read"
        if twin is None:
            highest[other] = float(self._limits[row].units(other))
        else:
            highest[other] = float(self.capacity[twin, : minute + 1].max())
        return partitions_needed(highest["read"], highest["write"])

    def settle(self, row: int, lacks: float, served: Amounts) -> None:
        """An arm's minute went otherwise, because of what others could not serve."""
        self.buckets.lacks[row] = lacks
        self._served[row], self._served_peak[row] = served.sum(), served.max()

    def end(self, minute: int) -> None:
        """What the next minutes make of this one."""
        if self._growing.size:
            self._peaks[:, minute] = self._served_peak[self._growing]
        if self._scaled.size:
            self._tracking.observe(minute, self._served[self._scaled])

    def _grow(self, peaks: Amounts) -> None:
        """On-demand capacity follows the peaks that are half an hour old."""
        higher = np.flatnonzero(peaks > self._earlier)
        self._earlier[higher] = peaks[higher]
        for at in higher.tolist():
            row = int(self._growing[at])
            limit = self._arms[row].setting
            assert isinstance(limit, OnDemand)
            rate = limit.served(self._arms[row].direction, float(peaks[at]))
            if rate != self.buckets.rate[row]:
                self.buckets.resize(row, rate, kept_units(limit, rate))


def _lid(arm: Arm) -> float:
    """From where on a maximum, or the limit of a partition, comes into question."""
    most = arm.setting.maximum(arm.direction) if isinstance(arm.setting, OnDemand) else None
    return min(PARTITION_UNITS[arm.direction], float(most or inf))


def _twin(arms: Sequence[Arm], row: int) -> int | None:
    """The row of the same resource's other direction."""
    owner = arms[row].owner
    return next((n for n, arm in enumerate(arms) if arm.owner == owner and n != row), None)


def _scaling(arm: Arm) -> Scaling:
    assert isinstance(arm.setting, AutoScaled)
    return arm.setting.side(arm.direction)


def _where(arms: Sequence[Arm], kind: type[Provisioned | OnDemand | AutoScaled]) -> Rows:
    return np.array([row for row, arm in enumerate(arms) if isinstance(arm.setting, kind)], int)
