"""What a chart is for a page: a specification, its data, and what can be switched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import altair as alt

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

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
DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3))
HEIGHT = 240
#: The series that a reader has switched off.
HIDDEN = "hidden"
#: The rows of a chart, by this name among its data sets.
ROWS = "rows"


class Series(NamedTuple):
    """A series by its column, and how it looks."""

    key: str
    label: str
    colour: str
    dash: tuple[int, ...] = (1, 0)
    shape: str = ""  # of points; "" for a line


@dataclass(frozen=True, slots=True)
class Drawing:
    """`choice` are what a reader can look at one by one, the first one at first."""

    spec: Spec
    series: tuple[Series, ...] = ()
    choices: Sequence[str] = field(default=())
    choice: str = ""


def rounded(value: float) -> float:
    """Four significant digits: what a chart can show."""
    return float(f"{value:.4g}")


def own_rows() -> alt.NamedData:
    """The rows that `finish` puts in; Altair would check each of them."""
    return alt.NamedData(name=ROWS)


def hidden() -> alt.Parameter:
    return alt.param(name=HIDDEN, value=[])


def seconds_axis(lasted_s: float) -> dict[str, Any]:
    """From the start to the end of what is drawn, and no further."""
    return {
        "title": "seconds since the start",
        "axis": alt.Axis(tickMinStep=1, tickCount=10),
        "scale": alt.Scale(domain=[0, lasted_s], nice=False),
    }


def colours(series: Iterable[Series]) -> alt.Scale:
    told = tuple(series)
    return alt.Scale(domain=[each.key for each in told], range=[each.colour for each in told])


def dashes(series: Iterable[Series]) -> alt.Scale:
    told = tuple(series)
    return alt.Scale(domain=[each.key for each in told], range=[list(each.dash) for each in told])


def logarithmic(values: Iterable[float]) -> dict[str, Any]:
    """A scale from one of its ticks to another, at 1, 2 and 5 of each decade, or at 1 of many."""
    told = list(values)
    low, high = min(told), max(told)
    digits = (1, 2, 5) if high < low * 1000 else (1,)
    decades = range(-3, 8)  # of milliseconds: 1 µs to more than 1 h
    ticks = [float(f"{digit}e{decade}") for decade in decades for digit in digits]
    first = max((n for n, tick in enumerate(ticks) if tick <= low), default=0)
    last = min((n for n, tick in enumerate(ticks) if tick >= high), default=len(ticks) - 1)
    last = max(last, first + 1)
    return {
        "scale": alt.Scale(type="log", domain=[ticks[first], ticks[last]], nice=False),
        "axis": alt.Axis(values=ticks[first : last + 1], format="~r"),
    }


def finish(chart: Any, rows: Rows, about: str, **others: Rows) -> Spec:
    """As wide as its place, with its data. The tests hold it to Vega-Lite's schema."""
    spec: Spec = chart.properties(width="container", description=about).to_dict(validate=False)
    del spec["config"]  # Altair's defaults: the page has its own
    spec["datasets"] = {ROWS: rows, **others}
    return spec
