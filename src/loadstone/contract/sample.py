"""Items from all over an entity, some of them consecutive, for a contract to be held against."""

from __future__ import annotations

from typing import Any

from loadstone.dataset import Dataset
from loadstone.entity import Entity

MOST = 2_000
_TOGETHER = 20


def items_of(dataset: Dataset, entity: Entity, most: int = MOST) -> dict[int, dict[str, Any]]:
    """By their numbers; the first and the last are among them."""
    count = dataset.count(entity)
    step = max(1, count * _TOGETHER // most)
    numbers = {
        number
        for start in range(0, count, step)
        for number in range(start, min(start + _TOGETHER, count))
    }
    return {number: dataset.item(entity, number) for number in sorted({*numbers, count - 1})}
