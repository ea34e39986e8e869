"""A run over time, in steps of equal length: as many as a chart can show."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from loadstone.run.decoded import Counters
from loadstone.run.histogram import HIGHEST_US, Histogram, counters_of
from loadstone.run.record import Run
from loadstone.run.second import Second
from loadstone.run.tally import Counts, Resource

STEPS, COLUMNS, ROWS = 300, 120, 20  # of a line, of a heat map, of a table
#: Bounds of a heat map's bands: eight a decade, from 10 µs; the last is beyond the longest.
BANDS_US = (0, *(round(10 ** (1 + eighth / 8)) for eighth in range(68)), 2 * HIGHEST_US)
STEP_LENGTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRate:
    table: str
    index: str | None
    read_per_s: float
    write_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleRate:
    reason: str
    resource: str
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Rates a second, and latencies from the intended start, over every pattern."""

    start_s: float
    length_s: float
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
    throttles: tuple[ThrottleRate, ...]

    @property
    def read_per_s(self) -> float:
        return sum(each.read_per_s for each in self.units)

    @property
    def write_per_s(self) -> float:
        return sum(each.write_per_s for each in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    step_s: int
    warm_up_s: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Calls of a step whose latency lies between two bounds."""

    start_s: float
    stop_s: float
    low_us: int
    high_us: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """How latencies from the intended start were spread, over time; empty cells are left out."""

    step_s: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A run over time: as lines, as a heat map, and as a table of a few rows."""

    lines: Timeline
    heat: HeatMap
    rows: Timeline


def course(run: Run) -> Course:
    lines, columns, rows = (_Grid(run, at_most) for at_most in (STEPS, COLUMNS, ROWS))
    _fill(run, (lines, rows), columns)
    return Course(lines=lines.timeline(), heat=columns.heat(), rows=rows.timeline())


def timeline(run: Run, at_most: int = STEPS) -> Timeline:
    """A run in so many steps."""
    grid = _Grid(run, at_most)
    _fill(run, (grid,))
    return grid.timeline()


def _fill(run: Run, grids: Sequence[_Grid], *timed: _Grid) -> None:
    """Counts are spread over the steps that a second touches; a latency goes to the middle's.

    `timed` get latencies alone.
    """
    for second in run.seconds:
        span_s = run.span_s(second)
        counts = Counts.from_json(second.all)
        for grid in grids:
            grid.count(second, span_s, counts)
        if second.all:
            latency = counters_of(second.all["latency"])
            for grid in (*grids, *timed):
                grid.time(span_s, latency)


class _Grid:
    """The steps of a run, filled second by second."""

    def __init__(self, run: Run, at_most: int) -> None:
        self._run = run
        self._step_s = _step_s(run.lasted_s, at_most)
        self._bins: defaultdict[int, _Bin] = defaultdict(_Bin)

    def count(self, second: Second, span_s: tuple[float, float], counts: Counts) -> None:
        for number, share in shares(span_s, self._step_s):
            self._bins[number].add(second, counts, share)

    def time(self, span_s: tuple[float, float], latency: Counters) -> None:
        self._bins[int(sum(span_s) / 2 // self._step_s)].latencies.append(latency)

    def timeline(self) -> Timeline:
        steps = tuple(each.step(start_s, length_s) for each, start_s, length_s in self._steps())
        return Timeline(step_s=self._step_s, warm_up_s=self._run.header.warm_up_s, steps=steps)

    def heat(self) -> HeatMap:
        cells = tuple(
            Cell(start_s=start_s, stop_s=start_s + length_s, low_us=low, high_us=high, calls=calls)
            for each, start_s, length_s in self._steps()
            if (latency := each.latency) is not None
            for (low, high), calls in zip(
                pairwise(BANDS_US), latency.counts_between(BANDS_US), strict=True
            )
            if calls
        )
        return HeatMap(step_s=self._step_s, cells=cells)

    def _steps(self) -> Iterator[tuple[_Bin, float, float]]:
        """A last step that is but a stump is left out: rates of a moment are no rates."""
        step_s = self._step_s
        for number in sorted(self._bins):
            length_s = min(float(step_s), self._run.lasted_s - number * step_s)
            if length_s >= step_s / 2 or len(self._bins) == 1:
                yield self._bins[number], number * step_s, length_s


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
    throttles: defaultdict[tuple[str, str], float] = field(
        default_factory=lambda: defaultdict(float)
    )
    latencies: list[Counters] = field(default_factory=list)
    asked: float | None = None

    @property
    def latency(self) -> Histogram | None:
        """None where no call ended."""
        if not self.latencies:
            return None
        latency = Histogram()
        latency.count_all(self.latencies)
        return latency

    def add(self, second: Second, counts: Counts, share: float) -> None:
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
        for cause, count in counts.throttles.items():
            self.throttles[cause] += count * share
        for resource, (read, write) in counts.units.items():
            read_before, write_before = self.units.get(resource, (0.0, 0.0))
            self.units[resource] = (read_before + read * share, write_before + write * share)

    def step(self, start_s: float, length_s: float) -> Step:
        latency = self.latency
        p50, p99 = latency.percentile_us(50, 99) if latency else (None, None)
        return Step(
            start_s=start_s,
            length_s=length_s,
            ok_per_s=self.sums["ok"] / length_s,
            failed_per_s=self.sums["failed"] / length_s,
            declared_per_s=self.sums["declared"] / length_s,
            throttled_per_s=self.sums["throttled"] / length_s,
            late_per_s=self.sums["late"] / length_s,
            asked_per_s=None if self.asked is None else self.asked / length_s,
            p50_us=p50,
            p99_us=p99,
            max_us=latency.max_us if latency else None,
            units=tuple(
                UnitRate(
                    table=table,
                    index=index,
                    read_per_s=read / length_s,
                    write_per_s=write / length_s,
                )
                for (table, index), (read, write) in self.units.items()
            ),
            throttles=tuple(
                ThrottleRate(reason=reason, resource=resource, per_s=count / length_s)
                for (reason, resource), count in self.throttles.items()
            ),
        )
