"""Charts as Vega-Lite specifications, made with Altair from a report's content.

Colours keep a contrast of 3:1 on white and on near-black and differ for colour-blind readers; lines
differ in their dashes too. What depends on the page, such as ink and grid, is left to its style.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import altair as alt

from loadstone.run.figures import PatternFigures
from loadstone.run.timeline import Timeline

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = (
    "#2f7fd6",
    "#b77f00",
    "#00916b",
    "#d55e00",
    "#b85c92",
    "#7d8590",
)
TEAL, BROWN = "#2c8c99", "#9a6b4f"
PALETTE = (BLUE, RED, GREEN, PURPLE, ORANGE, TEAL, BROWN, GREY)
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
HEIGHT = 240


class Style(NamedTuple):
    colour: str
    dash: list[int]


def throughput(timeline: Timeline) -> Spec:
    """Calls a second by how they ended, with what was asked and throttled."""
    series = {
        "went well": ("ok_per_s", BLUE, [1, 0]),
        "expected failure": ("declared_per_s", GREEN, [8, 3, 2, 3]),
        "failed": ("failed_per_s", RED, [6, 3]),
        "throttled": ("throttled_per_s", ORANGE, [2, 2]),
        "asked": ("asked_per_s", GREY, [4, 4]),
    }
    always = {"went well", "failed", "throttled"}
    shown = {
        name: style
        for name, style in series.items()
        if name in always or any(getattr(step, style[0]) for step in timeline.steps)
    }
    rows = [
        {"t": step.start_s, "series": name, "value": getattr(step, field)}
        for name, (field, _, _) in shown.items()
        for step in timeline.steps
        if getattr(step, field) is not None
    ]
    styles = {name: Style(colour, dash) for name, (_, colour, dash) in shown.items()}
    return _over_time(rows, styles, timeline, title="a second", about="Calls a second over the run")


def latency(timeline: Timeline) -> Spec:
    """Latency of all calls from the intended start."""
    series = {
        "half of the calls (p50)": ("p50_us", BLUE, [1, 0]),
        "99 in 100 (p99)": ("p99_us", PURPLE, [6, 3]),
        "longest": ("max_us", RED, [2, 2]),
    }
    rows = [
        {"t": step.start_s, "series": name, "value": getattr(step, field) / 1000}
        for name, (field, _, _) in series.items()
        for step in timeline.steps
        if getattr(step, field) is not None
    ]
    styles = {name: Style(colour, dash) for name, (_, colour, dash) in series.items()}
    about = "Latency over the run, from the intended start"
    return _over_time(rows, styles, timeline, title="milliseconds", about=about, log=True)


def units(timeline: Timeline) -> Spec:
    """Units a second of the tables and indexes that consumed most."""
    rows: Rows = []
    totals: dict[str, float] = {}
    for step in timeline.steps:
        for unit in step.units:
            resource = unit.table if unit.index is None else f"{unit.table} / {unit.index}"
            for kind, value in (("read", unit.read_per_s), ("write", unit.write_per_s)):
                if value:
                    name = f"{resource}, {kind}"
                    totals[name] = totals.get(name, 0.0) + value
                    rows.append({"t": step.start_s, "series": name, "value": value})
    most = sorted(totals, key=lambda name: (-totals[name], name))[: len(PALETTE)]
    styles = {name: Style(PALETTE[i], DASHES[i % len(DASHES)]) for i, name in enumerate(most)}
    shown = [row for row in rows if row["series"] in styles]
    about = "Capacity units a second over the run"
    return _over_time(shown, styles, timeline, title="units a second", about=about)


def patterns(rows: Iterable[PatternFigures]) -> Spec:
    """From the median to the longest call of each pattern."""
    ranks = {"p50": "p50_us", "p90": "p90_us", "p99": "p99_us", "p99.9": "p999_us", "max": "max_us"}
    points = [
        {"pattern": row.pattern, "rank": rank, "value": getattr(row.latency, field) / 1000}
        for row in rows
        for rank, field in ranks.items()
    ]
    colours = (BLUE, GREEN, PURPLE, ORANGE, RED)
    base = alt.Chart(alt.InlineData(values=points)).encode(
        y=alt.Y("pattern:N", title=None),
        x=alt.X("value:Q", title="milliseconds", **_logarithmic(points)),
    )
    lines = base.mark_line(color=GREY, strokeWidth=1).encode(detail="pattern:N")
    marks = base.mark_point(filled=True, size=60, opacity=1).encode(
        color=alt.Color(
            "rank:N", title=None, scale=alt.Scale(domain=list(ranks), range=list(colours))
        ),
        shape=alt.Shape("rank:N", title=None, scale=alt.Scale(domain=list(ranks))),
        tooltip=["pattern:N", "rank:N", alt.Tooltip("value:Q", title="ms", format=",.3~r")],
    )
    chart = alt.layer(lines, marks).properties(
        height=24 * len({point["pattern"] for point in points})
    )
    return _spec(chart, "Latency of each pattern from the intended start, p50 to max")


def _over_time(
    rows: Rows,
    styles: Mapping[str, Style],
    timeline: Timeline,
    *,
    title: str,
    about: str,
    log: bool = False,
) -> Spec:
    """Lines over the seconds of a run, the warm-up shaded; the legend switches a line."""
    shown = alt.selection_point(fields=["series"], bind="legend", name="shown")
    names = list(styles)
    colours = alt.Scale(domain=names, range=[styles[name].colour for name in names])
    dashes = alt.Scale(domain=names, range=[styles[name].dash for name in names])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("t:Q", title="seconds since the start", axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("value:Q", title=title, **(_logarithmic(rows) if log else {})),
        color=alt.Color("series:N", title=None, scale=colours),
    )
    lines = (
        base.mark_line(strokeWidth=2)
        .encode(
            strokeDash=alt.StrokeDash("series:N", title=None, scale=dashes),
            opacity=alt.condition(shown, alt.value(1), alt.value(0.08)),
        )
        .properties(name="lines")
        .add_params(shown)
    )
    hover = base.mark_point(opacity=0, size=150).encode(
        tooltip=[
            alt.Tooltip("series:N", title="what"),
            alt.Tooltip("t:Q", title="second", format=",d"),
            alt.Tooltip("value:Q", title=title, format=",.3~r"),
        ],
    )
    layers = [lines, hover]
    if timeline.warm_up_s:
        warm_up = alt.InlineData(values=[{"from": 0, "to": timeline.warm_up_s}])
        shade = alt.Chart(warm_up).mark_rect(color=GREY, opacity=0.15)
        layers.insert(0, shade.encode(x="from:Q", x2="to:Q"))
        about += "; the warm-up is shaded"
    return _spec(alt.layer(*layers).properties(height=HEIGHT), about)


def _logarithmic(rows: Rows) -> dict[str, Any]:
    """A scale with its ticks at 1, 2 and 5 of each decade: Vega's own would crowd out some."""
    values = [row["value"] for row in rows]
    decades = range(-3, 8)  # of milliseconds: 1 µs to more than 1 h
    ticks = [float(f"{digit}e{decade}") for decade in decades for digit in (1, 2, 5)]
    shown = [tick for tick in ticks if min(values) <= tick <= max(values)]
    axis = alt.Axis(values=shown, format="~r") if shown else alt.Axis(format=".3~r")
    return {"scale": alt.Scale(type="log", nice=False), "axis": axis}


def _spec(chart: alt.LayerChart | alt.FacetChart, about: str) -> Spec:
    spec: Spec = chart.properties(width="container", description=about).to_dict()
    del spec["config"]  # Altair's defaults: the page has its own
    return spec
