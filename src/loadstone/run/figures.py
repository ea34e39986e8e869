"""What a run's record says in figures: pure functions of a Run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loadstone.run.behind import Behind, WorkerLoad, times_behind, worker_loads
from loadstone.run.expectation import UnitsCompared, units_compared
from loadstone.run.histogram import Percentiles
from loadstone.run.record import Run
from loadstone.run.tally import Counts, Resource, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternFigures:
    """A pattern after its warm-up. `latency` counts from the intended start of a call."""

    pattern: str
    operation: str
    table: str
    index: str | None
    calls: int
    ok: int
    failed: int
    declared: Mapping[str, int]
    failures: Mapping[str, int]
    attempt_errors: Mapping[str, int]
    per_s: float
    rows: int
    request_bytes: int
    response_bytes: int
    attempts_per_call: float
    read_units: float
    write_units: float
    wait_max_us: int
    latency: Percentiles
    service: Percentiles

    @property
    def units_per_call(self) -> float:
        return ratio(self.read_units + self.write_units, self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFigures:
    """Capacity units of a table, or of one of its indexes: warm-up included in the totals alone."""

    table: str
    index: str | None
    read_units: float
    write_units: float
    read_per_s: float
    write_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleFigures:
    """Throttled requests, and throttled items of batches, warm-up included."""

    reason: str
    resource: str
    pattern: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A run in figures. Rates and latencies are those after the warm-up."""

    measured_s: float
    total: Counts
    latency: Percentiles
    service: Percentiles
    patterns: tuple[PatternFigures, ...]
    unplayed: tuple[str, ...]  # patterns of the configuration that no call was made of
    units: tuple[UnitFigures, ...]
    expected: tuple[UnitsCompared, ...]
    throttles: tuple[ThrottleFigures, ...]
    warm_up_calls: int
    asked: int | None
    late: int
    delay_max_us: int  # the longest that an arrival waited for the generator alone
    behind: tuple[Behind, ...]
    workers: tuple[WorkerLoad, ...]
    cpu_share_max: float  # of one core, by the busiest process over the measured time

    @property
    def per_s(self) -> float:
        return ratio(self.total.calls, self.measured_s)

    @property
    def achieved(self) -> float | None:
        """How much of the asked rate was done; None where no rate was asked."""
        return None if not self.asked else self.total.calls / self.asked


def figures(run: Run) -> Figures:
    measured_s = max(0.0, run.loaded_s - run.header.warm_up_s)
    everything = Tally()
    for tally in run.measured.values():
        everything.merge(tally)
    seconds = [second for second in run.seconds if run.is_measured(second)]
    # A second in which the warm-up ends belongs to both.
    asked = [
        second.asked - second.asked_warm_up
        for second in run.seconds
        if second.asked is not None and (second.asked_warm_up or run.is_measured(second))
    ]
    workers = tuple(worker_loads(seconds))
    return Figures(
        measured_s=measured_s,
        total=everything.counts,
        latency=Percentiles.of(everything.latency),
        service=Percentiles.of(everything.service),
        patterns=tuple(
            _pattern(run, name, tally, measured_s) for name, tally in run.measured.items()
        ),
        unplayed=tuple(sorted(set(run.header.patterns) - set(run.measured) - set(run.warm_up))),
        units=tuple(_units(run, measured_s)),
        expected=tuple(units_compared(run)),
        throttles=tuple(_throttles(run)),
        warm_up_calls=sum(tally.counts.calls for tally in run.warm_up.values()),
        asked=sum(asked) if asked else None,
        late=sum(second.late for second in seconds),
        delay_max_us=max((worker.delay_max_us for worker in workers), default=0),
        behind=tuple(times_behind(run)),
        workers=workers,
        cpu_share_max=max((worker.cpu_share for worker in workers), default=0.0),
    )


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _pattern(run: Run, name: str, tally: Tally, measured_s: float) -> PatternFigures:
    info = run.header.patterns.get(name)
    counts = tally.counts
    return PatternFigures(
        pattern=name,
        operation=info.operation if info else "",
        table=info.table if info else "",
        index=info.index if info else None,
        calls=counts.calls,
        ok=counts.ok,
        failed=counts.failed,
        declared=counts.declared,
        failures=counts.failures,
        attempt_errors=counts.attempt_errors,
        per_s=ratio(counts.calls, measured_s),
        rows=counts.rows,
        request_bytes=counts.request_bytes,
        response_bytes=counts.response_bytes,
        attempts_per_call=ratio(counts.attempts, counts.calls),
        read_units=counts.read_units,
        write_units=counts.write_units,
        wait_max_us=counts.wait_max_us,
        latency=Percentiles.of(tally.latency),
        service=Percentiles.of(tally.service),
    )


def _units(run: Run, measured_s: float) -> Iterable[UnitFigures]:
    measured = Counts.total(tally.counts for tally in run.measured.values()).units
    warm_up = Counts.total(tally.counts for tally in run.warm_up.values()).units
    for resource in sorted({*measured, *warm_up}, key=_by_name):
        read, write = measured.get(resource, (0.0, 0.0))
        warm_read, warm_write = warm_up.get(resource, (0.0, 0.0))
        yield UnitFigures(
            table=resource[0],
            index=resource[1],
            read_units=read + warm_read,
            write_units=write + warm_write,
            read_per_s=ratio(read, measured_s),
            write_per_s=ratio(write, measured_s),
        )


def _by_name(resource: Resource) -> tuple[str, str]:
    return resource[0], resource[1] or ""


def _throttles(run: Run) -> Iterable[ThrottleFigures]:
    """The most frequent first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for pattern, tally in (*run.measured.items(), *run.warm_up.items()):
        for (reason, resource), count in tally.counts.throttles.items():
            counts[reason, resource, pattern] += count
    for (reason, resource, pattern), count in sorted(
        counts.items(), key=lambda item: (-item[1], item[0])
    ):
        yield ThrottleFigures(reason=reason, resource=resource, pattern=pattern, count=count)
