"""Partitions that every item of a kind is in: a partition takes no more than a partition does."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.contract.problem import Problem
from loadstone.contract.values import short
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import LoadstoneError
from loadstone.table import Index, Table

#: Of fewer items it says nothing that they are together.
_MANY = 100
_LOOKED_AT = 500
#: "Partitions and data distribution in DynamoDB": what one of them takes, whatever is provisioned.
_LIMIT = "a partition takes 1,000 write units and 3,000 read units a second, and no more"


def crowding_problems(dataset: Dataset, larger: Dataset, table: Table) -> Iterator[Problem]:
    """Kinds of which all items are in one partition of the table or of an index, at both scales:
    worth a look, as a constant may well be meant."""
    holders: list[Table | Index] = [table, *table.indexes]
    for entity in dataset.system.stored:
        if entity.table is table:
            for holder in holders:
                value = _only_one(dataset, entity, holder)
                if value is not None and _stays(larger, entity, holder, value):
                    yield _crowd(entity, table, holder, value)


def _only_one(dataset: Dataset, entity: Entity, holder: Table | Index) -> str | None:
    """The partition that many items have, and no item has another."""
    held = [
        item[holder.partition_key]
        for item in dataset.sample(entity, _LOOKED_AT)
        if all(name in item for name in holder.key)
    ]
    return short(held[0]) if len(held) >= _MANY and all(each == held[0] for each in held) else None


def _stays(larger: Dataset, entity: Entity, holder: Table | Index, value: str) -> bool:
    """Whether more items are all there as well; also where so many cannot be made, which is told
    of their keys."""
    try:
        return _only_one(larger, entity, holder) == value
    except (LoadstoneError, ArithmeticError, LookupError):
        return True


def _crowd(entity: Entity, table: Table, holder: Table | Index, value: str) -> Problem:
    key = holder.partition_key
    index = holder.name if isinstance(holder, Index) else None
    where = f"index {index}" if index else f"table {table.name}"
    return Problem(
        about=entity.name,
        attribute=key,
        says=f"every {entity.name} is in one partition of {where} ({key}={value}): {_LIMIT}; where "
        "that is not meant, take what differs from item to item, or spread them: "
        'text("…-{n}", n=number % 10)',
        wrong=False,
    )
