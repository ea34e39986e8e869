"""Which items of a run are in a table beside the data set: put or made, not deleted again, and not
the data set's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.frame import Frame
from loadstone.fields.shapes import Map
from loadstone.run.written import Kind, Row
from loadstone.seeding.presence import stored_in
from loadstone.table import Table

COLUMN = 65_536

Key = tuple[str, ...]


class Leftover(NamedTuple):
    """An item of a run. Where it is not `sure`, it may not be there."""

    row: Row
    sure: bool


def leftovers(
    dataset: Dataset, table: Table, written: Mapping[Kind, Sequence[Row]]
) -> dict[str, list[Leftover]]:
    """By the name of the entity; always in the same order."""
    deleted, doubtful = (_deleted(table, written, sure=sure) for sure in (True, False))
    found: dict[str, dict[Key, Leftover]] = {}
    for kind in sorted(written):
        rows = {key_of(table, row.key): row for row in written[kind]}
        if kind.how == "delete":
            continue
        own = _own(dataset, table, kind, rows)
        of_entity = found.setdefault(kind.entity, {})
        for key, row in rows.items():
            if key in own or key in deleted:
                continue
            before = of_entity.get(key)
            sure = (kind.sure and key not in doubtful) or (before is not None and before.sure)
            of_entity[key] = Leftover(row, sure)
    return {entity: list(each.values()) for entity, each in found.items() if each}


def key_texts(dataset: Dataset, entity: Entity, table: Table, numbers: Any) -> list[str]:
    """Keys of the data set's items as they are on the wire, a character for each byte."""
    frame = Frame(dataset, entity, np.asarray(numbers, dtype=np.int64))
    return frame.text(Map({name: entity.value(name) for name in table.key}))


def key_of(table: Table, key: Mapping[str, Mapping[str, str]]) -> Key:
    return tuple(value for name in table.key for value in key[name].values())


def _deleted(table: Table, written: Mapping[Kind, Sequence[Row]], *, sure: bool) -> set[Key]:
    return {
        key_of(table, row.key)
        for kind, rows in written.items()
        if kind.how == "delete" and kind.sure == sure
        for row in rows
    }


def _own(dataset: Dataset, table: Table, kind: Kind, rows: Mapping[Key, Row]) -> set[Key]:
    """Which of these keys the data set has items under.

    What was put under an item can only meet what the data set has under it; any other key may be
    that of any item.
    """
    entities = dataset.system.entities
    if kind.how == "put":
        entity, under = entities[kind.entity], entities[kind.under]
        ancestors = sorted({row.ancestor for row in rows.values()})
        numbers = (
            number for ancestor in ancestors for number in dataset.children(under, ancestor, entity)
        )
        return _met(dataset, entity, table, numbers, rows)
    found: set[Key] = set()
    for entity in stored_in(dataset, table):
        found |= _met(dataset, entity, table, range(dataset.count(entity)), rows)
    return found


def _met(
    dataset: Dataset, entity: Entity, table: Table, numbers: Iterable[int], among: Mapping[Key, Row]
) -> set[Key]:
    found: set[Key] = set()
    for column in _columns(numbers):
        for text in key_texts(dataset, entity, table, column):
            key = key_of(table, orjson.loads(text.encode("latin-1")))
            if key in among:
                found.add(key)
    return found


def _columns(numbers: Iterable[int]) -> Iterator[list[int]]:
    column: list[int] = []
    for number in numbers:
        column.append(number)
        if len(column) == COLUMN:
            yield column
            column = []
    if column:
        yield column
