"""Items from all over an entity, some of them consecutive, for a contract to be held against."""

from __future__ import annotations

from typing import Any

from loadstone.capacity.units import item_size_bytes
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadValue

MOST = 2_000
_TOGETHER = 20
#: Of large items fewer are made: so many bytes in all, when the others are like the first.
_ENOUGH_BYTES = 32 << 20


def items_of(dataset: Dataset, entity: Entity, most: int = MOST) -> dict[int, dict[str, Any]]:
    """By their numbers; the first and the last are among them."""
    most = min(most, max(_TOGETHER, _ENOUGH_BYTES // _size_bytes(dataset.item(entity, 0))))
    return {number: dataset.item(entity, number) for number in numbers_of(dataset, entity, most)}


def numbers_of(dataset: Dataset, entity: Entity, most: int = MOST) -> list[int]:
    """The numbers of those items."""
    count = dataset.count(entity)
    step = max(1, count * _TOGETHER // most)
    numbers = {
        number
        for start in range(0, count, step)
        for number in range(start, min(start + _TOGETHER, count))
    }
    return sorted({*numbers, count - 1})


def _size_bytes(item: dict[str, Any]) -> int:
    """An item's size; of what has none, which is told elsewhere, as if it were small."""
    try:
        return item_size_bytes(item)
    except BadValue:
        return 1
