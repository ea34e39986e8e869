"""The templates of reports."""

from __future__ import annotations

import jinja2

from loadstone.content import content_root

FOLDER = content_root() / "reports" / "templates"


def environment(*, autoescape: bool) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
