"""What a load will ask of the tables, before it does: operations, times units.

What cannot be known before is assumed, and said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.spend import Arm, Estimate
from loadstone.dataset import Dataset
from loadstone.pattern import Each, Journey, Mix, Pattern, Think
from loadstone.scenario.costing import Costing, Resource
from loadstone.table import Throughput

#: What a call is taken to last, where users wait for the answer.
CALL_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much is played: by closed users, or so many operations, which arrive by themselves."""

    users: int
    duration_s: float
    operations: float | None = None


def forecast(
    mix: Mix,
    dataset: Dataset,
    names: Mapping[str, str],
    capacities: Mapping[Resource, Throughput],
    amount: Amount,
    *,
    skew: float,
    reading: Reading = CONSERVATIVE,
) -> Estimate:
    """`names` are those of the live tables, by the documented ones, and `capacities` theirs; what
    has none is on demand. The items of this estimate are operations."""
    costing = Costing(dataset, skew, reading)
    reads: defaultdict[Resource, float] = defaultdict(float)
    writes: defaultdict[Resource, float] = defaultdict(float)
    played = requests = 0.0
    for pattern, times in plays(mix, dataset, amount).items():
        units = costing.units(pattern)
        played += times
        requests += times * units.requests
        for (table, index), each in units.read.items():
            reads[names[table], index] += times * each
        for (table, index), each in units.write.items():
            writes[names[table], index] += times * each
    touched = {*reads, *writes, *((table, None) for table, _ in (*reads, *writes))}
    assumed = () if amount.operations else (f"a call is taken to last {CALL_S * 1000:.0f} ms",)
    return Estimate(
        items=round(played),
        size_bytes=0,
        requests=round(requests),
        arms=tuple(
            Arm(
                table=table,
                index=index,
                read_units=reads[table, index],
                write_units=writes[table, index],
                capacity=capacities.get((table, index)),
            )
            for table, index in sorted(touched, key=lambda each: (each[0], each[1] or ""))
        ),
        assumed=(*assumed, *costing.assumed),
    )


def plays(mix: Mix, dataset: Dataset, amount: Amount) -> dict[Pattern, float]:
    """How often each pattern is played in all."""
    calls = plays_of_entry(mix, dataset)
    if amount.operations is None:
        entries = amount.users * amount.duration_s / _entry_s(mix, calls)
    else:
        entries = amount.operations / sum(calls.values())
    return {pattern: each * entries for pattern, each in calls.items()}


def plays_of_entry(mix: Mix, dataset: Dataset) -> dict[Pattern, float]:
    """How often each pattern is played for one entry of the mix, on average: some are journeys."""
    total = sum(mix.weights.values())
    calls: defaultdict[Pattern, float] = defaultdict(float)
    for entry, weight in mix.weights.items():
        for step in entry.steps if isinstance(entry, Journey) else (entry,):
            if isinstance(step, Each):
                siblings = dataset.count(step.pattern.of) / dataset.count(entry.of)
                calls[step.pattern] += weight / total * siblings
            elif isinstance(step, Pattern):
                calls[step] += weight / total
    return dict(calls)


def _entry_s(mix: Mix, calls: Mapping[Pattern, float]) -> float:
    """How long an entry takes a user, the pauses within it and after it included."""
    total = sum(mix.weights.values())
    pauses = sum(
        weight / total * _mean(step)
        for journey, weight in mix.weights.items()
        if isinstance(journey, Journey)
        for step in journey.steps
        if isinstance(step, Think)
    )
    return _mean(mix.think) + pauses + sum(calls.values()) * CALL_S


def _mean(think: Think) -> float:
    return (think.low + think.high) / 2
