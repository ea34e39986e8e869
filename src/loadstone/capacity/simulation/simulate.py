"""The simulation itself: minute after minute, and second by second where something runs short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.admission import Cause, Resource, cause_of_want
from loadstone.capacity.limits import DIRECTIONS
from loadstone.capacity.simulation.buckets import Short
from loadstone.capacity.simulation.demand import MINUTE_S, Amounts, Demand, Side
from loadstone.capacity.simulation.groups import Group, Lid, Meets, connected
from loadstone.capacity.simulation.outcome import Outcome, SideOutcome, Throttling
from loadstone.capacity.simulation.rows import Arm, ArmRows
from loadstone.capacity.simulation.series import Series
from loadstone.capacity.simulation.settings import Setting, resolve

Seconds: TypeAlias = NDArray[np.int64]
#: By flow, row and cause: seconds, and the shares of their calls.
_Stops: TypeAlias = dict[tuple[int, int, Cause], list[tuple[Seconds, Amounts]]]


def simulate(demand: Demand, settings: Mapping[Resource, Setting]) -> Outcome:
    """What a demand meets under these settings; they are by table, and by index where it has its
    own."""
    # Capacity is paid for on both sides of a table, also where nothing is asked of one.
    resources = dict.fromkeys(side.resource for side in demand.sides)
    sides = [Side(resource, direction) for resource in resources for direction in DIRECTIONS]
    held = resolve(settings, sides)
    run = _Run(demand, sides, [held[side] for side in sides])
    for minute in range(run.series.minutes):
        run.minute(minute)
    return run.outcome()


class _Run:
    def __init__(self, demand: Demand, sides: Sequence[Side], settings: Sequence[Setting]) -> None:
        self.demand, self.sides, self.settings = demand, sides, settings
        self.series = Series([demand.of(side) for side in sides])
        resources = list(dict.fromkeys(side.resource for side in sides))
        self.arms = ArmRows(
            self.series,
            [
                Arm(row, side.direction, setting, resources.index(side.resource))
                for row, (side, setting) in enumerate(zip(sides, settings, strict=True))
            ],
            start_unix_s=demand.start_unix_s,
        )
        groups = [Group(demand, sides, settings, rows) for rows in connected(demand, sides)]
        self.groups = {row: group for group in groups for row in group.rows}
        self.stops: _Stops = defaultdict(list)

    def minute(self, minute: int) -> None:
        arms = self.arms
        arms.begin(minute)
        before = arms.buckets.lacks
        short = arms.run(minute)
        lids = {group: group.lids(minute, arms) for group in self._above(minute)}
        for group, places in self._together(short, lids).items():
            if group.alone and not lids.get(group):
                self._stop_alone(group, minute, short, places[0])
                continue
            lacked = {row: float(before[row]) for row in group.rows}
            meets = Meets(minute, arms, lacked, lids.get(group, []))
            for stop in group.run(meets, short, places):
                self.stops[stop.flow, stop.row, stop.cause].append((stop.seconds, stop.shares))
        arms.end(minute)

    def _together(
        self, short: Short, lids: Mapping[Group, Sequence[Lid]]
    ) -> Mapping[Group, Sequence[int]]:
        """The groups of which something runs short or comes to a lid, and which of `short` are
        theirs."""
        found: dict[Group, list[int]] = {group: [] for group, held in lids.items() if held}
        for place, row in enumerate(short.rows.tolist()):
            found.setdefault(self.groups[row], []).append(place)
        return found

    def _above(self, minute: int) -> set[Group]:
        """The groups with an arm that is asked for more than one partition serves, or than its
        maximum."""
        return {self.groups[row] for row in self.arms.above_lids(minute)}

    def _stop_alone(self, group: Group, minute: int, short: Short, at: int) -> None:
        """An arm that only itself can be short of: all of its flows are served alike."""
        (row,) = group.rows
        cut = short.cut[at]
        seconds = np.flatnonzero(cut)
        shares = cut[seconds] / short.asked[at, seconds]
        cause = cause_of_want(self.settings[row].billing)
        for flow in group.flows:
            self.stops[flow, row, cause].append((seconds + minute * MINUTE_S, shares))

    def outcome(self) -> Outcome:
        unserved = np.zeros((len(self.sides), self.demand.seconds))
        row_of = {side: row for row, side in enumerate(self.sides)}
        throttlings = []
        for (n, row, cause), parts in sorted(self.stops.items()):
            flow, side = self.demand.flows[n], self.sides[row]
            seconds, shares = _summed(parts)
            calls = flow.calls[seconds] * shares
            units = {other: calls * _at(flow.units[other], seconds) for other in flow.units}
            for other, each in units.items():
                unserved[row_of[other], seconds] += each
            if calls.any():
                throttlings.append(
                    Throttling(
                        flow=flow.name,
                        side=side,
                        cause=cause,
                        billing=self.settings[row].billing,
                        seconds=seconds,
                        calls=calls,
                        units=units[side],
                    )
                )
        return Outcome(
            demand=self.demand,
            sides={side: self._side(row, unserved[row]) for row, side in enumerate(self.sides)},
            throttlings=tuple(throttlings),
        )

    def _side(self, row: int, unserved: Amounts) -> SideOutcome:
        return SideOutcome(
            side=self.sides[row],
            setting=self.settings[row],
            by_minute=self.arms.capacity[row],
            seconds=self.demand.seconds,
            asked_units=float(self.series.total[row].sum()),
            unserved=unserved,
        )


def _at(units: float | Amounts, seconds: Seconds) -> float | Amounts:
    return units if isinstance(units, float | int) else units[seconds]


def _summed(parts: Iterable[tuple[Seconds, Amounts]]) -> tuple[Seconds, Amounts]:
    """Each second once, with its shares together: parts of a flow stop one by one."""
    seconds, shares = (np.concatenate(each) for each in zip(*parts, strict=True))
    if (np.diff(seconds) > 0).all():
        return seconds, shares
    unique, places = np.unique(seconds, return_inverse=True)
    summed: Amounts = np.bincount(places, weights=shares).astype(float)
    return unique, summed
