"""What a simulation found: what was throttled, when, and why, and what capacity there was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.admission import Cause, Need, Resource, Throttled
from loadstone.capacity.limits import Billing
from loadstone.capacity.simulation.demand import MINUTE_S, Amounts, Demand, Side
from loadstone.capacity.simulation.settings import Setting

#: Throttling that stops for no longer than this is one episode.
_PAUSE_S = 60
_HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Throttling:
    """The calls of one flow that one side could not serve for one reason, in single seconds.

    `calls` and the `units` that they asked of that side are fractions: requests are a fluid.
    """

    flow: str
    side: Side
    cause: Cause
    billing: Billing
    seconds: NDArray[np.int64]
    calls: Amounts
    units: Amounts

    @property
    def reason(self) -> str:
        """As in DynamoDB's ThrottlingReasons."""
        need = Need(self.side.resource, self.side.direction, 0.0)
        return Throttled(need, self.cause, self.billing).reason


class Episode(NamedTuple):
    """A stretch of time in which a flow was throttled for one reason; `until_s` is behind it."""

    flow: str
    reason: str
    resource: Resource
    from_s: int
    until_s: int
    calls: float


class Change(NamedTuple):
    """Capacity of a side from a second on."""

    second: int
    units: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SideOutcome:
    """The reads or the writes of a table or an index. `by_minute` is the capacity: provisioned, or
    what on demand would serve."""

    side: Side
    setting: Setting
    by_minute: Amounts
    seconds: int
    asked_units: float
    unserved: Amounts  # units by second, whichever side stopped their requests

    @property
    def consumed_units(self) -> float:
        return self.asked_units - float(self.unserved.sum())

    @property
    def capacity(self) -> Amounts:
        """Units by second."""
        return np.repeat(self.by_minute, MINUTE_S)[: self.seconds]

    @property
    def unit_hours(self) -> float:
        """Of provisioned capacity: what is paid for, used or not. On demand has none."""
        if self.setting.billing != "PROVISIONED":
            return 0.0
        return float(self.capacity.sum()) / _HOUR_S

    @property
    def utilization(self) -> float:
        """The part of its capacity that was consumed."""
        return self.consumed_units / float(self.capacity.sum())

    @property
    def changes(self) -> list[Change]:
        """The capacity at the start, and each time that it changed."""
        at = [0, *(np.flatnonzero(np.diff(self.by_minute)) + 1).tolist()]
        return [Change(minute * MINUTE_S, float(self.by_minute[minute])) for minute in at]


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What a demand meets under some settings. Simulated, always."""

    demand: Demand
    sides: Mapping[Side, SideOutcome]
    throttlings: tuple[Throttling, ...]

    @cached_property
    def calls(self) -> float:
        return float(sum(flow.calls.sum() for flow in self.demand.flows))

    @cached_property
    def throttled_calls(self) -> float:
        return float(sum(each.calls.sum() for each in self.throttlings))

    @property
    def throttled_share(self) -> float:
        return self.throttled_calls / self.calls if self.calls else 0.0

    @property
    def unit_hours(self) -> float:
        """Of all sides; a read unit's hour has another price than a write unit's."""
        return sum(side.unit_hours for side in self.sides.values())

    def throttled_units(self, side: Side) -> dict[str, Amounts]:
        """By reason, in each second."""
        found: dict[str, Amounts] = {}
        for each in self.throttlings:
            if each.side == side:
                units = found.setdefault(each.reason, np.zeros(self.demand.seconds))
                units[each.seconds] += each.units
        return found

    def of_table(self, table: str) -> tuple[float, float]:
        """The calls that need a table, and those of them that were throttled by anything."""
        flows = {
            flow.name: float(flow.calls.sum())
            for flow in self.demand.flows
            if any(side.resource.table == table for side in flow.units)
        }
        stopped = sum(float(t.calls.sum()) for t in self.throttlings if t.flow in flows)
        return sum(flows.values()), stopped

    def episodes(self) -> list[Episode]:
        """When what was throttled, the earliest first."""
        return episodes_of(self.throttlings)


def episodes_of(throttlings: Iterable[Throttling]) -> list[Episode]:
    """The earliest first."""
    found = [episode for each in throttlings for episode in _episodes(each)]
    return sorted(found, key=lambda each: (each.from_s, -each.calls))


def _episodes(throttling: Throttling) -> Iterator[Episode]:
    breaks = np.flatnonzero(np.diff(throttling.seconds) > _PAUSE_S) + 1
    for part in np.split(np.arange(len(throttling.seconds)), breaks):
        yield Episode(
            flow=throttling.flow,
            reason=throttling.reason,
            resource=throttling.side.resource,
            from_s=int(throttling.seconds[part[0]]),
            until_s=int(throttling.seconds[part[-1]]) + 1,
            calls=float(throttling.calls[part].sum()),
        )
