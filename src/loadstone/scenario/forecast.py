"""What a load will ask of the tables, before it does: operations, times units.

What cannot be known before is assumed, and said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

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
) -> Estimate:
    """`names` are those of the live tables, by the documented ones, and `capacities` theirs; what
    has none is on demand. The items of this estimate are operations."""
    costing = Costing(dataset, skew)
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
    total = sum(mix.weights.values())
    calls: defaultdict[Pattern, float] = defaultdict(float)
    entry_s = _mean(mix.think)
    for entry, weight in mix.weights.items():
        share = weight / total
        for step in entry.steps if isinstance(entry, Journey) else (entry,):
            if isinstance(step, Think):
                entry_s += share * _mean(step)
                continue
            pattern = step.pattern if isinstance(step, Each) else step
            times = share
            if isinstance(step, Each):
                times *= dataset.count(pattern.of) / dataset.count(entry.of)
            entry_s += times * CALL_S
            calls[pattern] += times
    if amount.operations is None:
        entries = amount.users * amount.duration_s / entry_s
    else:
        entries = amount.operations / sum(calls.values())
    return {pattern: each * entries for pattern, each in calls.items()}


def _mean(think: Think) -> float:
    return (think.low + think.high) / 2
