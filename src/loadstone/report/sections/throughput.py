"""What was asked, what was done, and what was throttled, over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.report.blocks import Block, Chart, Column, Heading, Section, Table, Text
from loadstone.report.numbers import count, duration, milliseconds, rate, seconds
from loadstone.report.places import Place, place_of, said_cause
from loadstone.report.view import View
from loadstone.run.find_max import Trial


def throughput(view: View) -> Section:
    return Section("throughput", "Throughput and throttles", tuple(_blocks(view)))


def _blocks(view: View) -> Iterator[Block]:
    if view.trials:
        yield from _trials(view)
    if view.figures.total.calls:
        yield Chart(
            "throughput",
            "Calls a second over the run, by how they ended, with what was asked and throttled",
            _spread(view),
        )
        yield _patterns(view)
    if view.failures:
        yield Table(
            "Failures",
            "Calls that did not go well, and single requests that were answered with an error",
            (
                Column("pattern", "text"),
                Column("kind", "text"),
                Column("what", "long"),
                Column("count"),
            ),
            [(row.pattern, row.kind, row.what, count(row.count)) for row in view.failures],
        )
    if view.figures.throttles:
        yield from _throttles(view)
    else:
        yield Text(("Nothing was throttled.",))
    if view.over_time.steps:
        yield _over_time(view)


def _trials(view: View) -> Iterator[Block]:
    yield Heading("The highest rate")
    yield Text(
        (
            "Each rate was held for so long after it had settled; the generator's own delay is "
            "the worst of an arrival.",
        )
    )
    names = ("rate", "done", "p50", "p99", "throttled", "failed", "late", "generator's delay")
    yield Table(
        "Rates that were tried",
        "Rates that were tried, in operations a second, in the order of the search",
        (*map(Column, names), Column("verdict", "long")),
        [
            (
                rate(trial.rate_per_s),
                rate(trial.achieved_per_s),
                duration(trial.p50_us),
                duration(trial.p99_us),
                count(trial.throttled),
                count(trial.failed),
                count(trial.late),
                duration(trial.delay_max_us),
                _verdict(trial),
            )
            for trial in view.trials
        ],
    )
    yield Heading("Over the run")


def _verdict(trial: Trial) -> str:
    if trial.why:
        return f"{trial.outcome}: {trial.why}"
    return f"held for {seconds(trial.measured_s)}: confirmed" if trial.confirms else trial.outcome


def _spread(view: View) -> str:
    line = view.timeline
    done = [
        step.ok_per_s + step.declared_per_s + step.failed_per_s
        for step in line.steps
        if step.start_s >= line.warm_up_s
    ]
    if not done:
        return ""
    said = f"In steps of {line.step_s} s, {_between(done)} calls a second"
    asked = [step.asked_per_s for step in line.steps if step.asked_per_s is not None]
    if asked:
        said += f"; {_between(asked)} were asked for"
    return f"{said}."


def _between(rates: Sequence[float]) -> str:
    least, most = rate(min(rates)), rate(max(rates))
    return least if least == most else f"{least} to {most}"


def _patterns(view: View) -> Table:
    names = ("calls", "a second", "ok", "expected failure", "failed", "rows", "attempts a call")
    return Table(
        "Calls of each pattern",
        "Calls, by pattern",
        (
            Column("pattern", "text"),
            *map(Column, names),
            Column("operation", "text"),
            Column("on", "long"),
        ),
        [
            (
                row.pattern,
                count(row.calls),
                rate(row.per_s),
                count(row.ok),
                count(sum(row.declared.values())),
                count(row.failed),
                count(row.rows),
                rate(row.attempts_per_call),
                row.operation,
                str(Place(row.table, row.index)),
            )
            for row in view.figures.patterns
        ],
        sorts=True,
    )


def _throttles(view: View) -> Iterator[Block]:
    simulated = "; simulated" if view.throttled_by else ""
    yield Chart(
        "throttles",
        f"Throttles a second over the run, by what there was too little of{simulated}",
        f"{count(sum(row.count for row in view.figures.throttles))} in all.",
    )
    yield Table(
        "Throttles",
        f"Throttled requests and items of batches, warm-up included{simulated}",
        (
            Column("reason", "text"),
            Column("resource", "long"),
            Column("too little of", "long"),
            Column("pattern", "text"),
            Column("count"),
        ),
        [
            (
                row.reason,
                str(place_of(row.resource)),
                said_cause(row.reason, row.resource),
                row.pattern,
                count(row.count),
            )
            for row in view.figures.throttles
        ],
    )


def _over_time(view: View) -> Table:
    """What the charts show, for who reads text."""
    line = view.over_time
    asked = any(step.asked_per_s is not None for step in line.steps)
    names = [*(["asked"] if asked else []), "done", "failed", "throttled"]
    columns = [
        Column("second", "text"),
        *(Column(name, group="a second") for name in names),
        *(Column(name, group="latency, ms") for name in ("p50", "p99", "max")),
        *(Column(name, group="units a second") for name in ("read", "write")),
    ]
    rows = []
    for step in line.steps:
        done = step.ok_per_s + step.declared_per_s + step.failed_per_s
        counts = [done, step.failed_per_s, step.throttled_per_s]
        counts = [step.asked_per_s or 0.0, *counts] if asked else counts
        times = (step.p50_us, step.p99_us, step.max_us)
        rows.append(
            (
                f"{step.start_s:,.0f}",
                *map(rate, counts),
                *("" if value is None else milliseconds(value) for value in times),
                rate(step.read_per_s),
                rate(step.write_per_s),
            )
        )
    until = f", warm-up until {line.warm_up_s:,.0f} s" if line.warm_up_s else ""
    caption = f"Over time, in steps of {line.step_s} s{until}"
    return Table("Over time", caption, columns, rows, folded=True)
