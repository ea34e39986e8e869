"""Whether items come into being before the data set is seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loadstone.contract.problem import Problem
from loadstone.dataset import Dataset
from loadstone.entity import Entity

_HOUR_MS = 3_600_000


def created_problems(dataset: Dataset, entity: Entity, numbers: Iterable[int]) -> Iterator[Problem]:
    """An item whose `created` is after as-of."""
    if entity.created is None:
        return
    created = dataset.compile(entity, entity.created)
    for number in numbers:
        late_ms = created(number) - dataset.as_of_ms
        if late_ms > 0:
            yield Problem(
                about=entity.name,
                attribute="created",
                says=f"item {number:,} is created {late_ms / _HOUR_MS:,.1f} hours after as-of: "
                "moment(days=…) lies before it, and what is added to it may go beyond; "
                "least(…, as_of) holds it",
            )
            return
