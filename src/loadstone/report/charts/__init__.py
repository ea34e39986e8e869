"""Charts as Vega-Lite specifications, made with Altair from a report's content.

Colours keep a contrast of 3:1 on white and on near-black and differ for colour-blind readers; lines
differ in their dashes too, points in their shapes. What depends on the page, such as ink and grid,
is left to its style; what a legend does is left to buttons of the page, which a keyboard reaches.
"""

from __future__ import annotations

from altair.utils.schemapi import debug_mode

from loadstone.report.charts.drawing import Drawing
from loadstone.report.charts.heat import heat
from loadstone.report.charts.over_time import latency, throttles, throughput, units
from loadstone.report.charts.patterns import patterns
from loadstone.report.charts.percentiles import percentiles
from loadstone.report.view import View


def drawings(view: View) -> dict[str, Drawing]:
    """By their names in the sections; what there is nothing to draw of is left out."""
    if not view.figures.total.calls:
        return {}
    with debug_mode(False):  # a third of a second of checks, which the tests make
        found = _drawn(view)
    return {name: drawing for name, drawing in found.items() if drawing is not None}


def _drawn(view: View) -> dict[str, Drawing | None]:
    return {
        "patterns": patterns(view.figures.patterns),
        "percentiles": percentiles(view.curves),
        "heat": heat(view.heat_map, view.timeline.warm_up_s),
        "latency": latency(view.timeline),
        "throughput": throughput(view.timeline),
        "throttles": throttles(view.timeline),
        "units": units(view.timeline),
    }
