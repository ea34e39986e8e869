"""A heat map: how latencies were spread, over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from loadstone.report.charts.drawing import (
    BLUE,
    GREY,
    HEIGHT,
    Drawing,
    finish,
    logarithmic,
    own_rows,
    rounded,
    seconds_axis,
)
from loadstone.run.timeline import HeatMap

#: Parts of the most calls that a legend tells.
_TOLD = (0.04, 0.2, 0.5, 1)
#: Where the lowest band begins on a logarithmic axis, which has no 0.
_LOWEST_US = 7


def heat(found: HeatMap, warm_up_s: float) -> Drawing | None:
    """One colour, more or less of it: it reads on any paper, and by any eye."""
    if not found.cells:
        return None
    rows = [
        {
            "from": rounded(cell.start_s),
            "to": rounded(cell.stop_s),
            "low": rounded(max(cell.low_us, _LOWEST_US) / 1000),
            "high": rounded(cell.high_us / 1000),
            "calls": rounded(cell.calls / (cell.stop_s - cell.start_s)),
        }
        for cell in found.cells
    ]
    bounds = [row[name] for row in rows for name in ("low", "high")]
    cells = (
        alt.Chart(own_rows())
        .mark_rect(color=BLUE)
        .encode(
            x=alt.X("from:Q", **seconds_axis(max(row["to"] for row in rows))),
            x2="to:Q",
            y=alt.Y("low:Q", title="milliseconds", **logarithmic(bounds)),
            y2="high:Q",
            opacity=alt.Opacity(
                "calls:Q",
                title="calls a second",
                scale=alt.Scale(type="sqrt", range=[0.15, 1]),
                legend=alt.Legend(
                    symbolType="square", symbolFillColor=BLUE, values=_told(rows), format=",.2~r"
                ),
            ),
            tooltip=[
                alt.Tooltip("from:Q", title="from second", format=",d"),
                alt.Tooltip("to:Q", title="to second", format=",d"),
                alt.Tooltip("low:Q", title="from ms", format=",.3~r"),
                alt.Tooltip("high:Q", title="to ms", format=",.3~r"),
                alt.Tooltip("calls:Q", title="calls a second", format=",.3~r"),
            ],
        )
    )
    about = "Latency from the intended start over the run"
    others = {}
    layers = [cells]
    if warm_up_s:
        about += "; the warm-up ends at the line"
        others["warm_up"] = [{"to": warm_up_s}]
        end = alt.Chart(alt.NamedData(name="warm_up")).mark_rule(color=GREY, strokeDash=[4, 3])
        layers.append(end.encode(x="to:Q"))
    return Drawing(finish(alt.layer(*layers).properties(height=HEIGHT), rows, about, **others))


def _told(rows: Sequence[Mapping[str, float]]) -> list[float]:
    most = max(row["calls"] for row in rows)
    return [float(f"{most * part:.2g}") for part in _TOLD]
