"""How many items of a data set an index holds, and how many of them have expired. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.frame import Frame
from loadstone.fields.shapes import When
from loadstone.table import Table

COLUMN = 65_536

Flags = NDArray[np.bool_]


class Present(NamedTuple):
    """Items that have all the attributes of a key; of those, the ones whose TTL has passed."""

    items: int
    expired: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a table or an index should hold."""

    index: str | None
    items: int
    expired: int


def expected_counts(
    dataset: Dataset,
    table: Table,
    rejected: Iterable[tuple[str, int]],
    *,
    now_s: int,
    only: Container[str] | None = None,
) -> list[Expected]:
    """For the table, then for each index. `rejected`: entities and numbers that are not there;
    `only`: of these entities."""
    arms = [(None, table.key), *((index.name, index.key) for index in table.indexes)]
    missing = [(dataset.system.entities[name], number) for name, number in rejected]
    found: list[Expected] = []
    for index, key in arms:
        there = [
            *(
                part
                for entity in stored_in(dataset, table)
                if only is None or entity.name in only
                for part in _of(dataset, entity, key, now_s)
            ),
            *(_less(dataset, entity, number, key, now_s) for entity, number in missing),
        ]
        found.append(
            Expected(index, sum(each.items for each in there), sum(each.expired for each in there))
        )
    return found


def stored_in(dataset: Dataset, table: Table) -> list[Entity]:
    stored = dataset.system.stored
    return [each for each in stored if each.table and each.table.name == table.name]


def is_expired(item: dict[str, Any], table: Table, now_s: int) -> bool:
    return table.ttl is not None and table.ttl in item and item[table.ttl] <= now_s


def _of(dataset: Dataset, entity: Entity, key: Sequence[str], now_s: int) -> Iterator[Present]:
    """Column by column; without one where every item has the key and none can expire."""
    assert entity.table is not None
    total = dataset.count(entity)
    if not all(name in entity.item for name in key):
        return
    ttl = entity.table.ttl if entity.table.ttl in entity.item else None
    sparse = any(isinstance(entity.value(name), When) for name in key)
    if ttl is None and not sparse:
        yield Present(total, 0)
        return
    for start in range(0, total, COLUMN):
        numbers = np.arange(start, min(start + COLUMN, total), dtype=np.int64)
        yield _counted(Frame(dataset, entity, numbers), entity, key, ttl, now_s)


def _counted(
    frame: Frame, entity: Entity, key: Sequence[str], ttl: str | None, now_s: int
) -> Present:
    there: Flags = np.ones(frame.size, dtype=bool)
    for name in key:
        there &= _has(frame, entity, name)
    if ttl is None:
        return Present(int(there.sum()), 0)
    expr = entity.value(ttl)
    passed = frame.numbers(expr.value if isinstance(expr, When) else expr) <= now_s
    return Present(int(there.sum()), int((there & _has(frame, entity, ttl) & passed).sum()))


def _has(frame: Frame, entity: Entity, name: str) -> Flags:
    expr = entity.value(name)
    if not isinstance(expr, When):
        return np.ones(frame.size, dtype=bool)
    flags: Flags = frame.numbers(expr.condition).astype(bool)
    return flags


def _less(dataset: Dataset, entity: Entity, number: int, key: Sequence[str], now_s: int) -> Present:
    """What one item that is not there takes away."""
    assert entity.table is not None
    item = dataset.item(entity, number)
    if not all(name in item for name in key):
        return Present(0, 0)
    return Present(-1, -int(is_expired(item, entity.table, now_s)))
