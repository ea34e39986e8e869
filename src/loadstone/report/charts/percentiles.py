"""How many calls took how long, of one pattern at a time."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import altair as alt

from loadstone.report.charts.drawing import (
    BLUE,
    HEIGHT,
    HIDDEN,
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
)
from loadstone.report.shape import Curve, Point

CHOSEN = "chosen"
SERIES = (
    Series("latency", "from the intended start", BLUE),
    Series("service", "service time, the last attempt alone", RED, (6, 3)),
)
#: Axis positions are the nines of a share: 0 at none, 1 at 90 %, 2 at 99 %.
_TICKS = {
    0: "0 %",
    log10(2): "50 %",
    1: "90 %",
    2: "99 %",
    3: "99.9 %",
    4: "99.99 %",
    5: "99.999 %",
}


def percentiles(curves: Sequence[Curve]) -> Drawing | None:
    rows = [
        {
            "pattern": number,
            "nines": _nines(point, curve.calls),
            "percent": point.percent,
            "latency": rounded(point.latency_us / 1000),
            "service": rounded(point.service_us / 1000),
        }
        for number, curve in enumerate(curves)
        for point in curve.points
    ]
    if not rows:
        return None
    values = [row[each.key] for row in rows for each in SERIES]
    labels = " : ".join(
        f"abs(datum.value - {at:.4f}) < 0.01 ? '{text}'" for at, text in _TICKS.items()
    )
    base = (
        alt.Chart(own_rows())
        .transform_filter(f"datum.pattern == {CHOSEN}")
        .transform_fold([each.key for each in SERIES], as_=["series", "value"])
        .transform_filter(f"indexof({HIDDEN}, datum.series) < 0")
        .encode(
            x=alt.X(
                "nines:Q",
                title="of the calls took no longer",
                axis=alt.Axis(values=list(_TICKS), labelExpr=f"{labels} : ''"),
            ),
            y=alt.Y("value:Q", title="milliseconds", **logarithmic(values)),
            color=alt.Color("series:N", scale=colours(SERIES), legend=None),
        )
    )
    lines = base.mark_line(strokeWidth=2, interpolate="step-before").encode(
        strokeDash=alt.StrokeDash("series:N", scale=dashes(SERIES), legend=None)
    )
    marks = base.mark_point(filled=True, size=40, opacity=1).encode(
        tooltip=[
            alt.Tooltip("percent:Q", title="% of the calls", format="~r"),
            *(
                alt.Tooltip(f"{each.key}:Q", title=f"{each.label}, ms", format=",.3~r")
                for each in SERIES
            ),
        ]
    )
    chosen = alt.param(name=CHOSEN, value=0)
    chart = alt.layer(lines, marks).add_params(hidden(), chosen).properties(height=HEIGHT)
    about = "How many calls took how long"
    names = [curve.pattern for curve in curves]
    return Drawing(finish(chart, rows, about), SERIES, names if len(names) > 1 else (), CHOSEN)


def _nines(point: Point, calls: int) -> float:
    """The longest call stands where all but one took less."""
    if point.percent == 100:
        return rounded(log10(max(calls, 2)))
    return rounded(-log10(1 - point.percent / 100))
