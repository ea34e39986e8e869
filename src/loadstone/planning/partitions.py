"""What hot keys cannot get, whatever is provisioned: a partition serves 3,000 read or 1,000 write
units a second.

DynamoDB moves a hot key to a partition of its own in the end ("split for heat"), so here each is
alone in one: its limit is that of its own calls, in closed form. What gets through is what tables
are asked for, and what capacity is searched for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loadstone.capacity.limits import PARTITION_UNITS
from loadstone.capacity.simulation import Demand, Flow, Outcome, Side, Throttling, demand_of_day
from loadstone.capacity.simulation.demand import Amounts
from loadstone.planning.load import Load, Work
from loadstone.planning.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Through:
    """A load over a day, past the limits of its hot partitions.

    `demand` is what gets through; `calls` and `stopped` are all calls of a day and those that do
    not, by pattern; `why` says of a pattern which key stops most of them, and `cuts` when.
    """

    demand: Demand
    calls: Mapping[str, float]
    stopped: Mapping[str, float]
    why: Mapping[str, str]
    cuts: tuple[Throttling, ...] = ()

    @property
    def stopped_share(self) -> float:
        every = sum(self.calls.values())
        return sum(self.stopped.values()) / every if every else 0.0

    def throttled_share(self, outcome: Outcome) -> float:
        """Of all calls: what hot keys stop, and what a simulation throttles of the others."""
        every = sum(self.calls.values())
        stopped = sum(self.stopped.values()) + outcome.throttled_calls
        return stopped / every if every else 0.0

    def of_table(self, table: str) -> tuple[float, float, str]:
        """The calls that need a table, those that hot keys stop, and why most of them."""
        names = {
            flow.name
            for flow in self.demand.flows
            if any(side.resource.table == table for side in flow.units)
        }
        worst = max(names, key=lambda name: self.stopped.get(name, 0.0))
        return (
            sum(self.calls[name] for name in names),
            sum(self.stopped.get(name, 0.0) for name in names),
            self.why.get(worst, ""),
        )


def through(
    load: Load, terms: Terms, *, comes: Callable[[Demand], Demand] = lambda planned: planned
) -> Through:
    """A load in the shape of the day, with what its hot keys leave of it. `comes` makes another
    day of the planned one, and a hot key keeps its share of the calls of that."""
    demand = comes(
        load.timeline or demand_of_day(load.profiles, terms.day, start_unix_s=terms.start_unix_s)
    )
    calls: dict[str, float] = {}
    stopped: defaultdict[str, float] = defaultdict(float)
    why: dict[str, str] = {}
    flows = []
    cuts: list[Throttling] = []
    work = [each for each in load.work if each.units]
    excess = _excess(list(zip(work, demand.flows, strict=True)))
    for each, flow in zip(work, demand.flows, strict=True):
        calls[flow.name] = float(flow.calls.sum())
        share, worst = np.zeros(len(terms.day)), None
        for side, keys in each.heat.items():
            hit = [key for key in keys if (side, key.hash) in excess]
            # A write meets its table and its indexes at once: the worst of them stops it.
            of_side = sum((key.share * excess[side, key.hash] for key in hit), np.zeros(1))
            if hit and float(np.max(of_side)) > float(share.max()):
                why[flow.name] = f"one partition of the {side}: key {hit[0].name}, by {flow.name}"
                worst = side
            share = np.maximum(share, of_side)
        lost = flow.calls * share
        stopped[flow.name] = max(stopped[flow.name], float(lost.sum()))
        if worst is not None:
            cuts.append(_cut(flow, worst, lost))
        flows.append(replace(flow, calls=flow.calls - lost))
    return Through(
        demand=replace(demand, flows=tuple(flows)),
        calls=calls,
        stopped=dict(stopped),
        why=why,
        cuts=tuple(cuts),
    )


def _cut(flow: Flow, side: Side, lost: Amounts) -> Throttling:
    """The code of its throttles follows the billing mode; the reason is the same in each."""
    seconds = np.flatnonzero(lost)
    units = flow.units[side]
    each = units if isinstance(units, float | int) else units[seconds]
    return Throttling(
        flow=flow.name,
        side=side,
        cause="KeyRangeThroughputExceeded",
        billing="PROVISIONED",
        seconds=seconds,
        calls=lost[seconds],
        units=lost[seconds] * each,
    )


def _excess(asking: Sequence[tuple[Work, Flow]]) -> dict[tuple[Side, int], Amounts]:
    """By key that is asked for more than a partition serves: the part of its calls in each second
    that is too much."""
    asked: defaultdict[tuple[Side, int], list[tuple[Flow, float]]] = defaultdict(list)
    for each, flow in asking:
        for side, keys in each.heat.items():
            for key in keys:
                asked[side, key.hash].append((flow, each.units.get(side, 0.0) * key.share))
    peaks = {id(flow): float(flow.calls.max()) for _, flow in asking}
    found = {}
    for (side, name), parts in asked.items():
        limit = PARTITION_UNITS[side.direction]
        if sum(peaks[id(flow)] * units for flow, units in parts) <= limit:
            continue
        every = np.sum([flow.calls * units for flow, units in parts], axis=0)
        if float(every.max()) > limit:
            found[side, name] = np.maximum(0.0, 1 - limit / np.maximum(every, limit))
    return found
