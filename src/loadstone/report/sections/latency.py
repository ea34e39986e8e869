"""How long calls took: by pattern, by percentile, over time, and the warm-up apart."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.report.blocks import Block, Chart, Column, Section, Table, Text
from loadstone.report.numbers import count, duration, milliseconds
from loadstone.report.view import View
from loadstone.run.histogram import Percentiles

_RANKS = ("p50", "p90", "p99", "p99.9", "max")
_COLUMNS = (
    Column("pattern", "text"),
    Column("calls"),
    *(Column(rank, group="latency from the intended start") for rank in _RANKS),
    *(Column(rank, group="service time") for rank in _RANKS),
)


def latency(view: View) -> Section:
    blocks = _blocks(view) if view.figures.total.calls else iter((Text(("No call was made.",)),))
    return Section("latency", "Latency", tuple(blocks))


def _blocks(view: View) -> Iterator[Block]:
    figures = view.figures
    yield Text(
        (
            "Latency counts from the intended start of a call to its last answer, so it holds the "
            "wait before sending, every attempt and every back-off. Service time is the last "
            "attempt alone.",
        )
    )
    rows = [_row(row.pattern, row.calls, row.latency, row.service) for row in figures.patterns]
    rows.append(_row("all", figures.total.calls, figures.latency, figures.service))
    if view.warm_up is not None:
        warm_up = view.warm_up
        rows.append(_row("warm-up, in none above", warm_up.calls, warm_up.latency, warm_up.service))
    totals = len(rows) - len(figures.patterns)
    yield Table(
        "Latency of each pattern",
        "Milliseconds, by pattern",
        _COLUMNS,
        rows,
        totals=totals,
        sorts=True,
    )
    slowest = max(figures.patterns, key=lambda row: (row.latency.p99_us, row.pattern))
    yield Chart(
        "patterns",
        "Latency of each pattern from the intended start, the slowest by p99 first (logarithmic)",
        f"p99 is from {duration(min(row.latency.p99_us for row in figures.patterns))} to "
        f"{duration(slowest.latency.p99_us)}, the latter that of {slowest.pattern}.",
    )
    yield Chart(
        "percentiles",
        "How many calls took how long: a point says that so many took no longer (both axes "
        "logarithmic)",
        f"Half of all calls took {duration(figures.latency.p50_us)} or less, 99 in 100 "
        f"{duration(figures.latency.p99_us)}, the longest {duration(figures.latency.max_us)}; the "
        f"last attempt alone {duration(figures.service.p50_us)}, "
        f"{duration(figures.service.p99_us)} and {duration(figures.service.max_us)}.",
    )
    yield Chart(
        "heat",
        "Latency from the intended start over the run: the stronger the colour, the more calls a "
        "second (logarithmic)",
        _worst_time(view),
    )
    yield Chart(
        "latency",
        "Percentiles over the run, from the intended start (logarithmic)",
    )


def _row(name: str, calls: int, latency: Percentiles, service: Percentiles) -> tuple[str, ...]:
    times = (
        milliseconds(value)
        for each in (latency, service)
        for value in (each.p50_us, each.p90_us, each.p99_us, each.p999_us, each.max_us)
    )
    return (name, count(calls), *times)


def _worst_time(view: View) -> str:
    """When the p99 was at its worst, and at its best, in the steps of the chart."""
    line = view.timeline
    told = [
        (step.p99_us, step.start_s)
        for step in line.steps
        if step.p99_us is not None and step.start_s >= line.warm_up_s
    ]
    if not told:
        return ""
    (best_us, best_s), (worst_us, worst_s) = min(told), max(told)
    said = f"In steps of {line.step_s} s, the p99 was"
    if best_us == worst_us:
        return f"{said} {duration(best_us)} throughout."
    return (
        f"{said} from {duration(best_us)} (at {best_s:,.0f} s) to {duration(worst_us)} (at "
        f"{worst_s:,.0f} s)."
    )
