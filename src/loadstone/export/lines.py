"""Items as lines: DynamoDB's JSON for its import, plain JSON for people."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, Literal

import orjson

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.export.layout import Slice
from loadstone.export.shuffle import shuffled
from loadstone.fields.draws import derive

Format = Literal["dynamodb-json", "jsonl"]
FORMATS: tuple[Format, ...] = ("dynamodb-json", "jsonl")
SUFFIX = {"dynamodb-json": ".json", "jsonl": ".jsonl"}

#: Lines that are handed on together: few enough for the processor's cache.
_TOGETHER = 256
#: Slices that are made together: more of them are quicker, and take more memory.
_AT_ONCE = 4


def window_lines(
    dataset: Dataset, window: Sequence[Slice], form: Format
) -> Iterator[tuple[int, bytes]]:
    """The lines of a window, shuffled: how many, and those in one piece."""
    lines = _lines(dataset, window, form)
    key = derive(dataset.identity.fingerprint, *((each.entity.name, each.start) for each in window))
    order = shuffled(len(lines), key)
    for start in range(0, len(order), _TOGETHER):
        part = order[start : start + _TOGETHER]
        yield len(part), "".join(map(lines.__getitem__, part)).encode("latin-1")


def _lines(dataset: Dataset, window: Sequence[Slice], form: Format) -> list[str]:
    """A character for each byte."""
    lines: list[str] = []
    for entity in dict.fromkeys(each.entity for each in window):
        # In ascending order they are made quickest.
        starts = sorted((each.start, each.stop) for each in window if each.entity is entity)
        ranges = [range(start, stop) for start, stop in starts]
        for at in range(0, len(ranges), _AT_ONCE):
            lines += _made(dataset, entity, ranges[at : at + _AT_ONCE], form)
    return lines


def _made(dataset: Dataset, entity: Entity, ranges: Sequence[range], form: Format) -> Iterable[str]:
    if form == "dynamodb-json":
        return dataset.texts_of(entity, ranges, before='{"Item":', after="}\n")
    items = chain.from_iterable(dataset.items(entity, each.start, each.stop) for each in ranges)
    packed = (
        orjson.dumps(item, default=_plain, option=orjson.OPT_APPEND_NEWLINE) for item in items
    )
    return (line.decode("latin-1") for line in packed)


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
