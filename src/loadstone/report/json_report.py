"""The report as JSON: every number of it to twelve digits, for machines."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import orjson

from loadstone.report.numbers import steady
from loadstone.report.view import View
from loadstone.run.figures import Figures
from loadstone.run.find_max import Trial
from loadstone.run.tally import Counts

#: So deep is the JSON laid out over lines.
_LINES = 2


def render_json(view: View) -> str:
    text = orjson.dumps(view, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    return _laid_out(steady(orjson.loads(text))) + "\n"


def _laid_out(value: Any, depth: int = 0) -> str:
    """One row of a table, or one step of a timeline, on a line: indented, it is twice as large."""
    if depth > _LINES or not value or not isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    margin = "  " * depth
    if isinstance(value, list):
        inside = (_laid_out(each, depth + 1) for each in value)
        opening, closing = "[", "]"
    else:
        inside = (
            f"{orjson.dumps(name).decode()}: {_laid_out(each, depth + 1)}"
            for name, each in value.items()
        )
        opening, closing = "{", "}"
    lines = ",\n".join(f"{margin}  {each}" for each in inside)
    return f"{opening}\n{lines}\n{margin}{closing}"


def _plain(value: Any) -> object:
    match value:
        case Decimal():
            return float(value)
        case Counts():
            return value.to_json()
        case Figures():
            return _fields(value) | {"per_s": value.per_s, "achieved": value.achieved}
        case Trial():  # what its calls did is in the record
            return {name: each for name, each in _fields(value).items() if name != "patterns"}
        case _ if is_dataclass(value):
            return _fields(value)
    raise TypeError(f"a report holds a {type(value).__name__}")


def _fields(value: Any) -> dict[str, object]:
    return {name.name: getattr(value, name.name) for name in fields(value)}
