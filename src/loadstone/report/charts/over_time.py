"""Lines over the seconds of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt

from loadstone.report.charts.drawing import (
    BLUE,
    DASHES,
    GREEN,
    GREY,
    HEIGHT,
    HIDDEN,
    ORANGE,
    PALETTE,
    PURPLE,
    RED,
    Drawing,
    Series,
    colours,
    dashes,
    finish,
    hidden,
    logarithmic,
    own_rows,
    rounded,
    seconds_axis,
)
from loadstone.report.places import Place, cause_of
from loadstone.run.timeline import Step, Timeline


class Look(NamedTuple):
    """What an axis is called, and how its values are told."""

    title: str
    about: str
    log: bool = False


def throughput(line: Timeline) -> Drawing | None:
    """Calls a second by how they ended, with what was asked and throttled."""
    known = (
        Series("ok_per_s", "went well", BLUE),
        Series("declared_per_s", "expected failure", GREEN, (8, 3, 2, 3)),
        Series("failed_per_s", "failed", RED, (6, 3)),
        Series("throttled_per_s", "throttled", ORANGE, (2, 2)),
        Series("asked_per_s", "asked", GREY, (4, 4)),
    )
    always = {"ok_per_s", "failed_per_s", "throttled_per_s"}
    series = [
        each
        for each in known
        if each.key in always or any(getattr(step, each.key) for step in line.steps)
    ]
    rows = [
        _row(step, {each.key: getattr(step, each.key) for each in series}) for step in line.steps
    ]
    return _over_time(rows, series, line, Look("a second", "Calls a second over the run"))


def latency(line: Timeline) -> Drawing | None:
    """Percentiles of all calls from the intended start."""
    series = [
        Series("p50_us", "half of the calls (p50)", BLUE),
        Series("p99_us", "99 in 100 (p99)", PURPLE, (6, 3)),
        Series("max_us", "longest", RED, (2, 2)),
    ]
    rows = [
        _row(step, {each.key: getattr(step, each.key) / 1000 for each in series})
        for step in line.steps
        if step.p50_us is not None
    ]
    look = Look("milliseconds", "Latency over the run, from the intended start", log=True)
    return _over_time(rows, series, line, look)


def units(line: Timeline) -> Drawing | None:
    """Units a second of the tables and indexes that consumed most."""
    told = [
        {
            f"{Place(unit.table, unit.index)}, {kind}": value
            for unit in step.units
            for kind, value in (("read", unit.read_per_s), ("write", unit.write_per_s))
        }
        for step in line.steps
    ]
    return _most(told, line, Look("units a second", "Capacity units a second over the run"))


def throttles(line: Timeline) -> Drawing | None:
    """Throttles a second, by what there was too little of."""
    told: list[dict[str, float]] = []
    for step in line.steps:
        values: defaultdict[str, float] = defaultdict(float)
        for each in step.throttles:
            cause = cause_of(each.reason, each.resource)
            what = f"{cause.direction} {cause.what}" if cause.what else each.reason
            values[f"{cause.place}, {what}"] += each.per_s
        told.append(values)
    return _most(told, line, Look("throttles a second", "Throttles a second over the run"))


def _most(told: Sequence[Mapping[str, float]], line: Timeline, look: Look) -> Drawing | None:
    """As many series as there are colours, the largest ones; 0 where a step has none."""
    totals: defaultdict[str, float] = defaultdict(float)
    for values in told:
        for label, value in values.items():
            totals[label] += value
    labels = sorted((label for label in totals if totals[label]), key=lambda each: -totals[each])
    series = [
        Series(f"s{n}", label, PALETTE[n], DASHES[n % len(DASHES)])
        for n, label in enumerate(labels[: len(PALETTE)])
    ]
    rows = [
        _row(step, {each.key: values.get(each.label, 0.0) for each in series})
        for step, values in zip(line.steps, told, strict=True)
    ]
    return _over_time(rows, series, line, look)


def _row(step: Step, values: Mapping[str, float | None]) -> dict[str, float]:
    kept = {key: rounded(value) for key, value in values.items() if value is not None}
    return {"t": step.start_s, **kept}


def _over_time(
    rows: list[dict[str, float]], series: Sequence[Series], line: Timeline, look: Look
) -> Drawing | None:
    """Lines with the warm-up shaded; a rule under the pointer tells every value of its second."""
    if not rows or not series:
        return None
    layers = [_lines(rows, series, look), _rule(series, look)]
    others: dict[str, Any] = {}
    about = look.about
    if line.warm_up_s:
        about += "; the warm-up is shaded"
        others["warm_up"] = [{"from": 0, "to": line.warm_up_s}]
        layers.insert(0, _shade("warm_up"))
    chart = alt.layer(*layers).add_params(hidden()).properties(height=HEIGHT)
    return Drawing(finish(chart, rows, about, **others), tuple(series))


def _shade(name: str) -> Any:
    """A band behind the lines, in the seconds of a data set of that name."""
    band = alt.Chart(alt.NamedData(name=name)).mark_rect(color=GREY, opacity=0.15)
    return band.encode(x="from:Q", x2="to:Q")


def _lines(rows: Sequence[Mapping[str, float]], series: Sequence[Series], look: Look) -> Any:
    keys: list[Any] = [each.key for each in series]
    scale = logarithmic(_values(rows)) if look.log else {}
    return (
        alt.Chart(own_rows())
        .transform_fold(keys, as_=["series", "value"])
        .transform_filter(f"indexof({HIDDEN}, datum.series) < 0 && isValid(datum.value)")
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("t:Q", **seconds_axis(max(row["t"] for row in rows))),
            y=alt.Y("value:Q", title=look.title, **scale),
            color=alt.Color("series:N", scale=colours(series), legend=None),
            strokeDash=alt.StrokeDash("series:N", scale=dashes(series), legend=None),
        )
        .properties(name="lines")
    )


def _rule(series: Sequence[Series], look: Look) -> Any:
    near = alt.selection_point(
        name="near", fields=["t"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    values = [alt.Tooltip(f"{each.key}:Q", title=each.label, format=",.3~r") for each in series]
    return (
        alt.Chart(own_rows())
        .mark_rule(color=GREY)
        .encode(
            x=alt.X("t:Q"),
            opacity=alt.condition(near, alt.value(0.7), alt.value(0)),
            tooltip=[alt.Tooltip("t:Q", title=f"second ({look.title})", format=",d"), *values],
        )
        .add_params(near)
    )


def _values(rows: Iterable[Mapping[str, float]]) -> list[float]:
    return [value for row in rows for key, value in row.items() if key != "t"]
