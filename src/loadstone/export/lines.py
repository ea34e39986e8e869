"""Items as lines: DynamoDB's JSON for its import, plain JSON for people."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

import orjson

from loadstone.dataset import Dataset
from loadstone.export.layout import Slice
from loadstone.export.shuffle import shuffled
from loadstone.fields.draws import derive

Format = Literal["dynamodb-json", "jsonl"]
FORMATS: tuple[Format, ...] = ("dynamodb-json", "jsonl")
SUFFIX = {"dynamodb-json": ".json", "jsonl": ".jsonl"}

#: Lines that are handed on together.
_TOGETHER = 1000


def window_lines(
    dataset: Dataset, window: Sequence[Slice], form: Format
) -> Iterator[tuple[int, bytes]]:
    """The lines of a window, shuffled: how many, and those in one piece."""
    lines = [line for each in window for line in _lines(dataset, each, form)]
    key = derive(dataset.identity.fingerprint, *((each.entity.name, each.start) for each in window))
    order = shuffled(len(lines), key)
    for start in range(0, len(order), _TOGETHER):
        part = order[start : start + _TOGETHER]
        yield len(part), b"".join(map(lines.__getitem__, part))


def _lines(dataset: Dataset, each: Slice, form: Format) -> list[bytes]:
    if form == "dynamodb-json":
        rows = dataset.rows(each.entity, each.start, each.stop, before='{"Item":', after="}\n")
        # JSON has no bare line break inside.
        return [line for part in rows.parts() for line in part.splitlines(keepends=True)]
    items = dataset.items(each.entity, each.start, each.stop)
    return [orjson.dumps(item, default=_plain, option=orjson.OPT_APPEND_NEWLINE) for item in items]


def _plain(value: Any) -> Any:
    """What JSON has no type for. A number keeps every digit."""
    match value:
        case Decimal():
            return orjson.Fragment(f"{value:f}".encode())
        case set() | frozenset():
            return sorted(value)
        case bytes():
            return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
