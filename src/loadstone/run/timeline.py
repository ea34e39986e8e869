"""A run over time, in steps of equal length: as many as a chart can show."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from loadstone.run.histogram import Histogram
from loadstone.run.record import Run, Second
from loadstone.run.tally import Counts, Resource

STEPS = 300
STEP_LENGTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRate:
    table: str
    index: str | None
    read_per_s: float
    write_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Rates a second, and latencies from the intended start, over every pattern."""

    start_s: float
    ok_per_s: float
    failed_per_s: float
    declared_per_s: float
    throttled_per_s: float
    asked_per_s: float | None
    late_per_s: float
    p50_us: int | None  # None where no call ended
    p99_us: int | None
    max_us: int | None
    units: tuple[UnitRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    step_s: int
    warm_up_s: float
    steps: tuple[Step, ...]


def timeline(run: Run, at_most: int = STEPS) -> Timeline:
    """Counts are spread over the steps that a second touches; a latency goes to the middle's."""
    step_s = _step_s(run.lasted_s, at_most)
    bins: defaultdict[int, _Bin] = defaultdict(_Bin)
    for second in run.seconds:
        for number, share in shares(run.span_s(second), step_s):
            bins[number].add(second, share)
        if second.all:
            middle = int(sum(run.span_s(second)) / 2 // step_s)
            bins[middle].latencies.append(second.all["latency"])
    lengths = {n: min(float(step_s), run.lasted_s - n * step_s) for n in sorted(bins)}
    steps = (
        bins[number].step(number * step_s, length_s)
        for number, length_s in lengths.items()
        if length_s >= step_s / 2 or len(lengths) == 1
    )
    return Timeline(step_s=step_s, warm_up_s=run.header.warm_up_s, steps=tuple(steps))


def _step_s(lasted_s: float, at_most: int) -> int:
    for length_s in STEP_LENGTHS_S:
        if lasted_s <= length_s * at_most:
            return length_s
    return math.ceil(lasted_s / at_most)


def shares(span_s: tuple[float, float], step_s: int) -> Iterator[tuple[int, float]]:
    """Which part of a span lies in which step."""
    start_s, end_s = max(0.0, span_s[0]), span_s[1]
    if end_s <= start_s:
        yield int(start_s // step_s), 1.0
        return
    for number in range(int(start_s // step_s), math.ceil(end_s / step_s)):
        overlap_s = min(end_s, (number + 1) * step_s) - max(start_s, number * step_s)
        yield number, overlap_s / (end_s - start_s)


@dataclass(slots=True)
class _Bin:
    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    units: dict[Resource, tuple[float, float]] = field(default_factory=dict)
    latencies: list[str] = field(default_factory=list)
    asked: float | None = None

    def add(self, second: Second, share: float) -> None:
        counts = Counts.from_json(second.all)
        parts = {
            "ok": counts.ok,
            "failed": counts.failed,
            "declared": counts.declared.total(),
            "throttled": counts.throttled,
            "late": second.late,
        }
        for name, value in parts.items():
            self.sums[name] += value * share
        if second.asked is not None:
            self.asked = (self.asked or 0.0) + second.asked * share
        for resource, (read, write) in counts.units.items():
            read_before, write_before = self.units.get(resource, (0.0, 0.0))
            self.units[resource] = (read_before + read * share, write_before + write * share)

    def step(self, start_s: float, length_s: float) -> Step:
        latency = Histogram.merged(self.latencies)
        p50, p99 = latency.percentile_us(50, 99) if self.latencies else (None, None)
        return Step(
            start_s=start_s,
            ok_per_s=self.sums["ok"] / length_s,
            failed_per_s=self.sums["failed"] / length_s,
            declared_per_s=self.sums["declared"] / length_s,
            throttled_per_s=self.sums["throttled"] / length_s,
            late_per_s=self.sums["late"] / length_s,
            asked_per_s=None if self.asked is None else self.asked / length_s,
            p50_us=p50,
            p99_us=p99,
            max_us=latency.max_us if self.latencies else None,
            units=tuple(
                UnitRate(
                    table=table,
                    index=index,
                    read_per_s=read / length_s,
                    write_per_s=write / length_s,
                )
                for (table, index), (read, write) in self.units.items()
            ),
        )
