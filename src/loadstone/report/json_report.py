"""The report as JSON: every number of it, unrounded, for machines."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import orjson

from loadstone.report.view import View
from loadstone.run.figures import Figures
from loadstone.run.tally import Counts


def render_json(view: View) -> str:
    options = orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(view, default=_plain, option=options).decode()


def _plain(value: Any) -> object:
    match value:
        case Decimal():
            return float(value)
        case Counts():
            return value.to_json()
        case Figures():
            return _fields(value) | {"per_s": value.per_s, "achieved": value.achieved}
        case _ if is_dataclass(value):
            return _fields(value)
    raise TypeError(f"a report holds a {type(value).__name__}")


def _fields(value: Any) -> dict[str, object]:
    return {name.name: getattr(value, name.name) for name in fields(value)}
