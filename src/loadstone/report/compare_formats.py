"""A comparison as HTML, Markdown and JSON."""

from __future__ import annotations

from math import isfinite
from typing import Any

import orjson

from loadstone.compare.comparison import Compared, Comparison, Difference
from loadstone.report.compared import CompareView, compare_view
from loadstone.report.numbers import steady
from loadstone.report.templates import environment

#: What a comment of a pull request has room for; the rest is in its details.
SHORT = ("p50", "p99", "calls a second", "units a call", "USD a month")


def comparison_html(found: Comparison) -> str:
    """One file that needs nothing beside it."""
    templates = environment(autoescape=True)
    return templates.get_template("compare.html.j2").render(view=compare_view(found))


def comparison_markdown(found: Comparison) -> str:
    """For a pull request."""
    templates = environment(autoescape=False)
    templates.filters["cell"] = _cell
    view = compare_view(found)
    return templates.get_template("compare.md.j2").render(view=view, short=SHORT, cells=_short)


def comparison_json(found: Comparison) -> str:
    """Every number, to twelve digits; null where a limit is not known."""
    content = {
        "base": _run(found, "base"),
        "new": _run(found, "new"),
        "obstacles": [
            {"what": each.what, "base": each.base, "new": each.new, "serious": each.serious}
            for each in found.obstacles
        ],
        "questions": found.questions,
        "ignored": found.ignored,
        "differences": len(found.claimed),
        "all": _figures(found.whole),
        "patterns": {each.pattern: _figures(each) for each in found.patterns},
        "only_base": list(found.only_base),
        "only_new": list(found.only_new),
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(steady(content), option=options).decode()


def _run(found: Comparison, side: str) -> dict[str, Any]:
    run = found.base if side == "base" else found.new
    header = run.header
    return {
        "run": header.name,
        "system": header.system,
        "started_unix_ms": header.started_unix_ms,
        "seconds": found.seconds[side == "new"],
        "versions": dict(header.versions),
    }


def _figures(compared: Compared) -> dict[str, Any]:
    return {
        "calls": {"base": compared.calls[0], "new": compared.calls[1]},
        **{each.figure: _difference(each) for each in compared.differences},
    }


def _difference(each: Difference) -> dict[str, Any]:
    numbers = {
        name: value if isfinite(value) else None
        for name in ("base", "new", "change", "low", "high", "seen_from")
        for value in (getattr(each, name),)
    }
    return {**numbers, "relative": each.relative, "verdict": each.verdict}


def _short(view: CompareView) -> list[tuple[str, list[str]]]:
    """A row for each pattern: changes, bold where they differ."""
    rows = []
    for line in view.lines:
        by_name = {cell.figure: cell for cell in line.cells}
        cells = []
        for name in SHORT:
            cell = by_name.get(name)
            mark = "?" if cell and cell.mark == "?" else ""
            text = "" if cell is None else f"{cell.new} ({cell.change}{mark})"
            cells.append(f"**{text}**" if cell and cell.mark == "*" else text)
        rows.append((line.pattern, cells))
    return rows


def _cell(text: object) -> str:
    """Text in a table: a bar or a line break would end the cell."""
    return str(text).replace("|", "\\|").replace("\n", " ")
