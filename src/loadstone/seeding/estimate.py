"""What writing a data set will consume, from a sample of its items. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadstone.capacity.units import item_size_bytes, write_units
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.seeding.presence import stored_in
from loadstone.table import Index, Table

SAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`write_units` are those of the tables and of their indexes together."""

    items: int
    size_bytes: int
    write_units: float


def estimate(dataset: Dataset, tables: Sequence[Table]) -> Estimate:
    """About what it takes; a sample's mean stands for all items of an entity."""
    parts = [_of(dataset, each) for table in tables for each in stored_in(dataset, table)]
    return Estimate(
        items=sum(part.items for part in parts),
        size_bytes=sum(part.size_bytes for part in parts),
        write_units=sum(part.write_units for part in parts),
    )


def _of(dataset: Dataset, entity: Entity) -> Estimate:
    assert entity.table is not None
    count = dataset.count(entity)
    sample = dataset.sample(entity, SAMPLE)
    size_bytes = sum(item_size_bytes(item) for item in sample)
    units = sum(_units(entity.table, item) for item in sample)
    return Estimate(
        items=count,
        size_bytes=size_bytes * count // len(sample),
        write_units=units * count / len(sample),
    )


def _units(table: Table, item: Mapping[str, Any]) -> float:
    entries = [
        _projected(table, index, item)
        for index in table.indexes
        if all(name in item for name in index.key)
    ]
    return sum(write_units(0, item_size_bytes(each)) for each in (item, *entries))


def _projected(table: Table, index: Index, item: Mapping[str, Any]) -> Mapping[str, Any]:
    if index.projection == "ALL":
        return item
    kept = {*table.key, *index.key, *index.include}
    return {name: value for name, value in item.items() if name in kept}
