"""One HTML file that needs no network: style, charts and what draws them are inside."""

from __future__ import annotations

from functools import cache

import altair as alt
import orjson
import vl_convert
from markupsafe import Markup

from loadstone.report import charts
from loadstone.report.templates import environment
from loadstone.report.view import View


def render_html(view: View) -> str:
    specs = _specs(view) if view.figures.total.calls else {}
    return (
        environment(autoescape=True)
        .get_template("report.html.j2")
        .render(
            view=view,
            charts={name: _inline(spec) for name, spec in specs.items()},
            library=_library() if specs else "",
        )
    )


def _specs(view: View) -> dict[str, charts.Spec]:
    return {
        "patterns": charts.patterns(view.figures.patterns),
        "latency": charts.latency(view.timeline),
        "throughput": charts.throughput(view.timeline),
        "units": charts.units(view.timeline),
    }


def _inline(spec: charts.Spec) -> Markup:
    """JSON in a script element: nothing in it may end the element."""
    return Markup(orjson.dumps(spec).decode().replace("<", "\\u003c"))


@cache
def _library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one module, as vl-convert carries them: 0.9 MB."""
    version = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return Markup(bundle.replace("</script", "<\\/script"))
