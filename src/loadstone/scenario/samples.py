"""A few items of a data set, as a report shows them: one of each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import orjson

from loadstone.dataset import Dataset
from loadstone.run.header import Sample

#: A longer value is cut: a report shows what items are like, and a record stays small.
LONGEST = 160


def samples(dataset: Dataset, names: Mapping[str, str]) -> Iterator[Sample]:
    """How many items there are of each entity that is in a table, and the one in their middle.

    `names` are those of the live tables, by the documented ones.
    """
    for entity in dataset.system.stored:
        if entity.table is None:
            continue
        count = dataset.count(entity)
        item = dataset.item(entity, count // 2) if count else {}
        yield Sample(
            entity=entity.name,
            table=names[entity.table.name],
            items=count,
            item={name: _shown(value) for name, value in item.items()},
        )


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=_plain).decode()
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text):,} characters)"


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case bytes():
            return f"{len(value):,} bytes"
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"an item holds a {type(value).__name__}")
