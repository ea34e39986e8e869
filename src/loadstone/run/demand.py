"""What a run asked of its tables, as a simulation wants it: its timeline, or its patterns' rates.

Units are those that the server said were consumed. A call that failed because it was throttled
consumed nothing: it counts with what a call of its pattern consumes on average. Keys are those of
the run's heat; what no heat says anything of is taken to spread evenly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import ceil
from typing import TypeVar

import numpy as np

from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import DIRECTIONS
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.simulation.demand import (
    Amounts,
    Demand,
    Flow,
    HotKey,
    Profile,
    Side,
)
from loadstone.client.accounting import THROTTLE_CODES
from loadstone.errors import BadValue
from loadstone.run.figures import figures
from loadstone.run.record import Run
from loadstone.run.silent import failed_condition_units
from loadstone.run.tally import Counts
from loadstone.run.timeline import shares

T = TypeVar("T")

#: Each item of these is admitted by itself: what they ask of one table waits for no other.
_BY_ITEM = frozenset({"BatchGetItem", "BatchWriteItem", "BatchExecuteStatement"})
_CANCELLED = "TransactionCanceledException"
_CANCELLING = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
#: A key with less than this part of a pattern's calls is one of many.
_HOT_SHARE = 0.001


def demand_of_run(run: Run, *, factor: float = 1.0) -> Demand:
    """A run's timeline, warm-up included, with every rate times `factor`."""
    flows = tuple(
        flow
        for name, seconds in _by_second(run).items()
        if seconds.units
        for flow in _flows(run, name, seconds)
    )
    if not flows:
        raise BadValue(f"run {run.header.name} consumed no units: there is nothing to simulate")
    demand = Demand(
        flows=flows,
        start_unix_s=run.started_ms // 1000,
        notes=tuple(_notes(run, factor)),
    )
    return demand.scaled(factor)


def profiles_of_run(run: Run, reading: Reading = CONSERVATIVE) -> list[Profile]:
    """Every pattern's rate after the warm-up, and the units of one call. Of those whose condition
    failed no answer tells any: they are reckoned by what is read of that."""
    found = figures(run)
    profiles = []
    for each in found.patterns:
        counts = run.measured[each.pattern].counts
        consuming = counts.calls - _lost(counts)
        if not consuming or not found.measured_s:
            continue
        totals = dict(_sides(counts))
        silent = failed_condition_units(run, each.pattern, counts, reading)
        for (place, direction), total in silent.items():
            side = Side(Resource(*place), direction)
            totals[side] = totals.get(side, 0.0) + total
        units = {side: total / consuming for side, total in totals.items()}
        for part in _apart(each.operation, units):
            keyed, hot = _heat(run, each.pattern, part)
            profiles.append(
                Profile(name=each.pattern, per_s=each.per_s, units=part, keyed=keyed, hot=hot)
            )
    return profiles


@dataclass(slots=True)
class _Seconds:
    """A pattern over time: its calls, those that were throttled in the end, and units by side."""

    length: int
    calls: Amounts = field(init=False)
    lost: Amounts = field(init=False)
    units: dict[Side, Amounts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.calls, self.lost = np.zeros(self.length), np.zeros(self.length)

    def add(self, counts: Counts, spread: Sequence[tuple[int, float]]) -> None:
        sides = list(_sides(counts))
        for at, part in spread:
            self.calls[at] += counts.calls * part
            self.lost[at] += _lost(counts) * part
            for side, amount in sides:
                row = self.units.setdefault(side, np.zeros(self.length))
                row[at] += amount * part

    def units_of_a_call(self) -> dict[Side, Amounts]:
        consuming = float((self.calls - self.lost).sum())
        calls = np.where(self.calls > 0, self.calls, 1.0)
        return {
            side: (row + self.lost * (float(row.sum()) / consuming if consuming else 0.0)) / calls
            for side, row in self.units.items()
        }


def _by_second(run: Run) -> dict[str, _Seconds]:
    length = max(1, ceil(run.lasted_s))
    found: dict[str, _Seconds] = {}
    for second in run.seconds:
        spread = [(min(max(at, 0), length - 1), part) for at, part in shares(run.span_s(second), 1)]
        for name, tally in chain(second.patterns.items(), second.warm_up.items()):
            counts = Counts.from_json(tally)
            found.setdefault(name, _Seconds(length)).add(counts, spread)
    return dict(sorted(found.items()))


def _flows(run: Run, name: str, seconds: _Seconds) -> Iterator[Flow]:
    info = run.header.patterns.get(name)
    for part in _apart(info.operation if info else "", seconds.units_of_a_call()):
        keyed, hot = _heat(run, name, part)
        yield Flow(name=name, calls=seconds.calls, units=part, keyed=keyed, hot=hot)


def _sides(counts: Counts) -> Iterator[tuple[Side, float]]:
    for (table, index), amounts in counts.units.items():
        for direction, amount in zip(DIRECTIONS, amounts, strict=True):
            if amount:
                yield Side(Resource(table, index), direction), amount


def _lost(counts: Counts) -> int:
    """Calls that were throttled to the end, and consumed nothing."""
    return sum(
        calls
        for problem, calls in counts.failures.items()
        if problem in THROTTLE_CODES
        or (problem.startswith(_CANCELLED) and _CANCELLING & set(re.findall(r"\w+", problem)))
    )


def _apart(operation: str, units: Mapping[Side, T]) -> Iterator[dict[Side, T]]:
    """The sides that a request needs at once: of a batch, those of one table."""
    if operation not in _BY_ITEM:
        yield dict(units)
        return
    for table in sorted({side.resource.table for side in units}):
        yield {side: each for side, each in units.items() if side.resource.table == table}


def _heat(
    run: Run, pattern: str, units: Mapping[Side, object]
) -> tuple[Side | None, tuple[HotKey, ...]]:
    """The side that a pattern's keys are of, and the hot ones."""
    info = run.header.patterns.get(pattern)
    for heat in run.heat:
        index = info.index if info else None
        sides = [Side(Resource(heat.table, index), direction) for direction in DIRECTIONS]
        keyed = next((side for side in sides if side in units), None)
        if heat.pattern != pattern or keyed is None:
            continue
        hot = (HotKey(key.key, key.hash, heat.share(key)) for key in heat.hottest)
        return keyed, tuple(key for key in hot if key.share >= _HOT_SHARE)
    return None, ()


def _notes(run: Run, factor: float) -> Iterator[str]:
    yield f"the timeline is that of run {run.header.name}, times {factor:g}"
    if not run.heat:
        yield "the record says nothing of partition keys: they are taken to be asked for evenly"
    throttled = sum(
        tally.counts.throttled for tally in (*run.measured.values(), *run.warm_up.values())
    )
    if throttled:
        yield (
            f"the run was throttled itself, {throttled:,} times: what its clients sent again later "
            "is simulated when they did"
        )
    silent = [name for name in run.measured if not run.measured[name].counts.units]
    if silent:
        yield f"no units are known of {', '.join(silent)}: left out"
