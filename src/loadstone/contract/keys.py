"""Whether keys tell items apart, and whether indexes find any."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from loadstone.contract.problem import Problem
from loadstone.contract.scenario import tables_of
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.shapes import Map
from loadstone.scenario.known import wire_keys
from loadstone.table import Table

WITHIN = 100_000


def key_problems(dataset: Dataset, table: Table, within: int = WITHIN) -> Iterator[Problem]:
    """Keys that come twice, among so many items of each entity of a table, one for each entity."""
    seen: dict[str, tuple[Entity, int]] = {}
    for entity in dataset.system.stored:
        if entity.table is not table:
            continue
        for key, number in wire_keys(dataset, entity, min(dataset.count(entity), within)):
            known = seen.setdefault(key, (entity, number))
            if known != (entity, number):
                yield _twice(table, entity, number, key, *known)
                break


def index_problems(dataset: Dataset, table: Table, most: int = 500) -> Iterator[Problem]:
    """Indexes that no item is in; that is wrong unless there are patterns, and none asks one."""
    patterns = dataset.system.patterns.values()
    asked = {each.index for each in patterns if table in tables_of(each)}
    entities = [each for each in dataset.system.stored if each.table is table]
    samples = [item for entity in entities for item in dataset.sample(entity, most)]
    for index in table.indexes:
        missing = [
            name
            for name in index.key
            if not any(name in item for item in samples)
            and not any(ever_has(dataset, entity, name) for entity in entities)
        ]
        if missing and samples:
            named = " and ".join(repr(name) for name in missing)
            yield Problem(
                about=table.name,
                attribute=index.name,
                says=f"no item has {named}, a key of this index, so that every query of it finds "
                "nothing: add the attribute to an entity's item, or take the index away",
                wrong=not patterns or index.name in asked,
            )


def ever_has(dataset: Dataset, entity: Entity, name: str) -> bool:
    """Whether any item has an attribute, however few do: an index of those alone is a use of it."""
    if name not in entity.item:
        return False
    assert entity.table is not None
    names = dict.fromkeys((*entity.table.key, name))
    make = dataset.compile(entity, Map({each: entity.value(each) for each in names}))
    return any(name in make(number) for number in range(dataset.count(entity)))


def _twice(
    table: Table, entity: Entity, number: int, key: str, other: Entity, first: int
) -> Problem:
    values = {name: next(iter(value.values())) for name, value in orjson.loads(key).items()}
    shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
    whose = f"item {first:,}" if other is entity else f"{other.name} {first:,}"
    sorts = table.sort_key is not None and entity.parent is not None
    cure = (
        f"the sort key {table.sort_key!r} needs something that differs among siblings: position, "
        "uuid(), or an instant in milliseconds"
        if sorts
        else f"the key {table.partition_key!r} needs something of its own: number, or uuid()"
    )
    return Problem(
        about=entity.name,
        attribute=table.sort_key if sorts else table.partition_key,
        says=f"item {number:,} has the key of {whose} ({shown}), and would write over it: {cure}",
    )
