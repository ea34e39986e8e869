"""Which item of the data set a row is, where a pattern does not say whose rows it finds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.frame import Frame
from loadstone.fields.pieces import joined
from loadstone.fields.shapes import Map
from loadstone.table import Table
from loadstone.wire import Item, decode

_AT_ONCE = 2_000


class Found(NamedTuple):
    """An item, as it was loaded."""

    entity: Entity
    number: int
    item: Item


class Known:
    """The items of a table by their keys: of each key a mark of eight bytes, and its number.

    Of a table with more than LIMIT items none is known: that many take half a second and 3 MB.
    """

    LIMIT = 200_000

    def __init__(self, dataset: Dataset, table: Table) -> None:
        self._dataset, self._key = dataset, table.key
        self._entities = [each for each in dataset.system.stored if each.table is table]
        counts = [dataset.count(each) for each in self._entities]
        if sum(counts) > self.LIMIT:
            counts = [0 for _ in counts]
        self._starts = [sum(counts[:place]) for place in range(len(counts) + 1)]
        marks = np.fromiter(self._marks(counts), dtype=np.int64, count=sum(counts))
        self._places = np.argsort(marks, kind="stable")
        self._marked = marks[self._places]

    def find(self, row: Mapping[str, Any]) -> Found | None:
        """The item that a row has the key of; None where it is not known."""
        key = tuple(row.get(name) for name in self._key)
        mark = hash(key)
        first = int(np.searchsorted(self._marked, mark))
        for place in range(first, len(self._marked)):
            if int(self._marked[place]) != mark:
                break
            found = self._at(int(self._places[place]))
            if tuple(found.item.get(name) for name in self._key) == key:
                return found
        return None

    def _at(self, place: int) -> Found:
        which = bisect_left(self._starts, place + 1) - 1
        entity, number = self._entities[which], place - self._starts[which]
        return Found(entity, number, self._dataset.item(entity, number))

    def _marks(self, counts: list[int]) -> Iterator[int]:
        for entity, count in zip(self._entities, counts, strict=True):
            for key, _ in wire_keys(self._dataset, entity, count):
                yield hash(tuple(decode(orjson.loads(key)).values()))


def wire_keys(dataset: Dataset, entity: Entity, count: int) -> Iterator[tuple[str, int]]:
    """The keys of the first items, as they are on the wire; nothing else of those is made."""
    assert entity.table is not None
    key = Map({name: entity.value(name) for name in entity.table.key})
    for start in range(0, count, _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, count), dtype=np.int64)
        frame = Frame(dataset, entity, numbers)
        yield from zip(joined(frame.pieces(key), frame.size), numbers.tolist(), strict=True)
