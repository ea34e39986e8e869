"""Each pattern from its median to its longest call."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt

from loadstone.report.charts.drawing import (
    BLUE,
    GREEN,
    GREY,
    HIDDEN,
    ORANGE,
    PURPLE,
    RED,
    Drawing,
    Series,
    colours,
    finish,
    hidden,
    logarithmic,
    own_rows,
    rounded,
)
from loadstone.run.figures import PatternFigures

RANKS = (
    Series("p50_us", "p50", BLUE, shape="circle"),
    Series("p90_us", "p90", GREEN, shape="square"),
    Series("p99_us", "p99", PURPLE, shape="diamond"),
    Series("p999_us", "p99.9", ORANGE, shape="triangle-up"),
    Series("max_us", "max", RED, shape="cross"),
)
_ROW_HEIGHT = 24


def patterns(rows: Iterable[PatternFigures]) -> Drawing | None:
    """The slowest by p99 first."""
    ordered = sorted(rows, key=lambda row: (-row.latency.p99_us, row.pattern))
    points = [
        {"pattern": row.pattern}
        | {rank.key: rounded(getattr(row.latency, rank.key) / 1000) for rank in RANKS}
        for row in ordered
    ]
    if not points:
        return None
    values = [float(point[rank.key]) for point in points for rank in RANKS]
    shapes = alt.Scale(domain=[rank.key for rank in RANKS], range=[rank.shape for rank in RANKS])
    base = (
        alt.Chart(own_rows())
        .transform_fold([rank.key for rank in RANKS], as_=["rank", "value"])
        .transform_filter(f"indexof({HIDDEN}, datum.rank) < 0")
        .encode(
            y=alt.Y("pattern:N", title=None, sort=[row.pattern for row in ordered]),
            x=alt.X("value:Q", title="milliseconds", **logarithmic(values)),
            tooltip=[
                "pattern:N",
                *(
                    alt.Tooltip(f"{rank.key}:Q", title=f"{rank.label}, ms", format=",.3~r")
                    for rank in RANKS
                ),
            ],
        )
    )
    lines = base.mark_line(color=GREY, strokeWidth=1).encode(detail="pattern:N")
    marks = base.mark_point(filled=True, size=60, opacity=1).encode(
        color=alt.Color("rank:N", scale=colours(RANKS), legend=None),
        shape=alt.Shape("rank:N", scale=shapes, legend=None),
    )
    chart = alt.layer(lines, marks).add_params(hidden())
    chart = chart.properties(height=_ROW_HEIGHT * len(points))
    about = "Latency of each pattern from the intended start, p50 to max"
    return Drawing(finish(chart, points, about), RANKS)
