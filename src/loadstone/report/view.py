"""What a report says, whatever its format: made from a run's record and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.money import Cost
from loadstone.capacity.prices import Prices
from loadstone.report import numbers
from loadstone.report.bill import PatternCost, bill
from loadstone.report.blocks import Block
from loadstone.report.held import ObjectiveRow, answer, objective_rows
from loadstone.report.hot import HotKeyRow, hot_keys
from loadstone.report.shape import Curve, WarmUp, curves, warm_up
from loadstone.report.summary import limits, summary
from loadstone.run.behind import WorkerLoad
from loadstone.run.figures import Figures, figures
from loadstone.run.find_max import Trial
from loadstone.run.header import Header, Sample, Stored
from loadstone.run.judged import judged_at
from loadstone.run.record import Run, Worker
from loadstone.run.timeline import HeatMap, Timeline, course


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
    """The content of a report, in the order of a reader's questions.

    `plan` is what a plan has to say of this load, ready to be shown.
    """

    title: str
    run: str
    system: str
    source: str
    started: str
    target: str
    throttled_by: str  # the limits that a gate simulated; "" where the target throttles by itself
    ending: str
    # The answer.
    answer: str
    held: bool | None  # None where nobody can say
    objectives: tuple[ObjectiveRow, ...]
    judged_at: str  # the rate of a search that they were judged at
    summary: tuple[str, ...]
    problems: tuple[str, ...]
    figures: Figures
    # Latency, throughput and throttles.
    warm_up: WarmUp | None
    curves: tuple[Curve, ...]
    heat_map: HeatMap
    timeline: Timeline
    over_time: Timeline  # the same in a few rows
    trials: tuple[Trial, ...]  # of a search for the highest rate
    failures: tuple[FailureRow, ...]
    # Capacity and cost.
    hot_keys: tuple[HotKeyRow, ...]
    keys_recorded: bool
    cost: Cost | None
    highest_usd_per_month: Decimal | None  # of the highest rate that held
    no_price: str  # why there is no cost
    pattern_costs: tuple[PatternCost, ...]
    plan: tuple[Block, ...]
    # Data, and how it was measured.
    stored: tuple[Stored, ...]
    samples: tuple[Sample, ...]
    method: tuple[Row, ...]
    workers: tuple[WorkerRow, ...]
    limits: tuple[str, ...]


def view(run: Run, prices: Prices | None = None, *, plan: tuple[Block, ...] = ()) -> View:
    """`prices` come before those of the day of the run, and these before the built-in ones."""
    header = run.header
    found = figures(run)
    spent = bill(run, found, prices)
    over = course(run)
    objectives = objective_rows(run)
    answered = answer(run, objectives)
    return View(
        title=f"{header.system}: {header.name}",
        run=header.name,
        system=header.system,
        source=header.source,
        started=numbers.instant(header.started_unix_ms),
        target=_target(header),
        throttled_by=header.simulated_throttling,
        ending=str(run.ending),
        answer=answered.text,
        held=answered.held,
        objectives=objectives,
        judged_at=judged_at(run),
        summary=tuple(summary(run, found, spent)),
        problems=run.problems,
        figures=found,
        warm_up=warm_up(run),
        curves=curves(run),
        heat_map=over.heat,
        timeline=over.lines,
        over_time=over.rows,
        trials=run.trials,
        failures=tuple(_failures(found)),
        hot_keys=hot_keys(run),
        keys_recorded=bool(run.heat),
        cost=spent.cost,
        highest_usd_per_month=spent.at_highest,
        no_price=spent.no_price,
        pattern_costs=spent.patterns,
        plan=plan,
        stored=header.stored,
        samples=header.samples,
        method=tuple(_method(run, found)),
        workers=tuple(_worker(run, found, worker) for worker in run.workers),
        limits=tuple(limits(run, spent.cost)),
    )


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
        Row("Target", _target(header)),
        *([Row("Simulated throttling", by)] if (by := header.simulated_throttling) else []),
        Row("Region of the prices", header.region),
        Row("Started", numbers.instant(header.started_unix_ms)),
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
    rows += [Row(f"Setting: {name}", _said(value)) for name, value in header.configuration.items()]
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


def _target(header: Header) -> str:
    kind = "the embedded engine at " if header.target_kind == "embedded" else ""
    return header.target if header.target.startswith(kind) else kind + header.target


def _said(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
