"""One HTML file that needs no network: style, charts and what draws them are inside."""

from __future__ import annotations

from typing import Any

import orjson
from markupsafe import Markup

from loadstone.report.charts import drawings
from loadstone.report.numbers import steady
from loadstone.report.sections import sections
from loadstone.report.templates import environment
from loadstone.report.vega import packed
from loadstone.report.view import View


def render_html(view: View) -> str:
    drawn = drawings(view)
    templates = environment(autoescape=True)
    templates.filters |= {"inline": _inline, "kind": _kind}
    return templates.get_template("report.html.j2").render(
        view=view,
        sections=sections(view),
        drawings=drawn,
        vega=packed() if drawn else "",
    )


def _inline(value: Any) -> Markup:
    """JSON in a script element: nothing in it may end the element."""
    return Markup(orjson.dumps(steady(value)).decode().replace("<", "\\u003c"))


def _kind(block: object) -> str:
    return type(block).__name__
