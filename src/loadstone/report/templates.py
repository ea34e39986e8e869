"""The templates of reports, and the words and numbers that they may use."""

from __future__ import annotations

import jinja2

from loadstone.content import content_root
from loadstone.report import numbers

FILTERS = (
    numbers.count,
    numbers.rate,
    numbers.milliseconds,
    numbers.duration,
    numbers.seconds,
    numbers.percent,
    numbers.usd,
)


def environment(*, autoescape: bool) -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(content_root() / "reports" / "templates"),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {function.__name__: function for function in FILTERS}
    return templates
