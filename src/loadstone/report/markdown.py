"""The report as Markdown: for pull requests, terminals and people who read plain text."""

from __future__ import annotations

from loadstone.report.sections import sections
from loadstone.report.templates import environment
from loadstone.report.view import View


def render_markdown(view: View) -> str:
    templates = environment(autoescape=False)
    templates.filters |= {"cell": _cell, "kind": _kind}
    return templates.get_template("report.md.j2").render(view=view, sections=sections(view))


def _cell(text: object) -> str:
    """Text in a table: a bar or a line break would end the cell."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _kind(block: object) -> str:
    return type(block).__name__
