"""What a report says, whatever its format: made from a run's record and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from loadstone.capacity.money import Cost, cost
from loadstone.capacity.prices import Price, Prices, builtin_prices
from loadstone.errors import NoPrice
from loadstone.report import numbers
from loadstone.report.summary import limits, summary
from loadstone.run.behind import WorkerLoad
from loadstone.run.figures import Figures, figures
from loadstone.run.find_max import Trial
from loadstone.run.record import Run, Worker
from loadstone.run.timeline import Timeline, timeline


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    pattern: str
    kind: str
    what: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A process of the run: when it stopped, and whether it said so."""

    number: int
    machine: str
    lasted_s: float
    ending: str
    load: WorkerLoad | None  # None where no second of it was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The content of a report, in the order of a reader's questions."""

    title: str
    run: str
    system: str
    source: str
    started: str
    target: str
    throttled_by: str  # the limits that a gate simulated; "" where the target throttles by itself
    ending: str
    summary: tuple[str, ...]
    problems: tuple[str, ...]
    figures: Figures
    timeline: Timeline
    trials: tuple[Trial, ...]  # of a search for the highest rate
    failures: tuple[FailureRow, ...]
    cost: Cost | None
    no_price: str  # why there is no cost
    method: tuple[Row, ...]
    workers: tuple[WorkerRow, ...]
    limits: tuple[str, ...]


def view(run: Run, prices: Prices | None = None) -> View:
    """`prices` come before those of the day of the run, and these before the built-in ones."""
    header = run.header
    found = figures(run)
    spent, no_price = _cost(run, found, prices or _prices_of(run))
    return View(
        title=f"{header.system}: {header.name}",
        run=header.name,
        system=header.system,
        source=header.source,
        started=_instant(header.started_unix_ms),
        target=header.target,
        throttled_by=header.simulated_throttling,
        ending=str(run.ending),
        summary=tuple(summary(run, found, spent, no_price)),
        problems=run.problems,
        figures=found,
        timeline=timeline(run),
        trials=run.trials,
        failures=tuple(_failures(found)),
        cost=spent,
        no_price=no_price,
        method=tuple(_method(run, found)),
        workers=tuple(_worker(run, found, worker) for worker in run.workers),
        limits=tuple(limits(run, spent)),
    )


def _prices_of(run: Run) -> Prices:
    if run.header.prices:
        return Prices(map(Price.from_json, run.header.prices))
    return builtin_prices()


def _cost(run: Run, found: Figures, prices: Prices) -> tuple[Cost | None, str]:
    stored = [(entry.items, entry.size_bytes) for entry in run.header.stored]
    try:
        spent = cost(
            prices,
            run.header.region,
            consumed=(
                sum(row.read_units for row in found.units),
                sum(row.write_units for row in found.units),
            ),
            per_s=(
                sum(row.read_per_s for row in found.units),
                sum(row.write_per_s for row in found.units),
            ),
            stored=stored or None,
        )
    except NoPrice as error:
        return None, str(error)
    return spent, ""


def _failures(found: Figures) -> Iterator[FailureRow]:
    """Of each pattern, the most frequent first."""
    for row in found.patterns:
        kinds = {
            "failed": row.failures,
            "expected failure": row.declared,
            "error of one request": row.attempt_errors,
        }
        for kind, counts in kinds.items():
            for what, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
                yield FailureRow(pattern=row.pattern, kind=kind, what=what, count=count)


def _method(run: Run, found: Figures) -> list[Row]:
    header = run.header
    rows = [
        Row("Run", header.name),
        Row("System", f"{header.system} ({header.source})" if header.source else header.system),
        Row("Target", header.target),
        *([Row("Simulated throttling", by)] if (by := header.simulated_throttling) else []),
        Row("Region of the prices", header.region),
        Row("Started", _instant(header.started_unix_ms)),
        Row("Lasted", numbers.seconds(run.lasted_s)),
        Row("Warm-up, left out of rates and latencies", numbers.seconds(header.warm_up_s)),
        Row("Measured", numbers.seconds(found.measured_s)),
        Row("Ended", str(run.ending)),
        Row("Processes", str(header.workers)),
        Row("Processor time, busiest process", f"{numbers.percent(found.cpu_share_max)} of a core"),
        Row("Units counted by", header.units_from),
        Row(
            "Clocks",
            "latencies by each process's monotonic clock, the timeline by each machine's wall "
            "clock",
        ),
    ]
    rows += [Row(f"Data set: {name}", str(value)) for name, value in header.dataset.items()]
    rows += [Row(f"Setting: {name}", str(value)) for name, value in header.configuration.items()]
    rows += [Row(f"Version: {name}", str(value)) for name, value in header.versions.items()]
    return rows


def _worker(run: Run, found: Figures, worker: Worker) -> WorkerRow:
    machine = ", ".join(f"{name} {value}" for name, value in worker.info.machine.items())
    return WorkerRow(
        number=worker.info.number,
        machine=machine or "not recorded",
        lasted_s=(worker.last_ms - run.started_ms) / 1000,
        ending=str(worker.ending) if worker.ending else "stopped without an end",
        load=next((load for load in found.workers if load.worker == worker.info.number), None),
    )


def _instant(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
