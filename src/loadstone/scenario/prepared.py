"""A pattern made ready: its request as templates, its check, and whom it can be asked of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.pattern import BatchGetItem, Pattern, Query, Scan, parts_of
from loadstone.scenario.check import Check
from loadstone.scenario.request import Part, head_of, item_part, keys_of, search_part
from loadstone.scenario.trip import Trip


@dataclass(frozen=True, slots=True)
class Prepared:
    """`parts` are the operations on items that it consists of, or the one query or scan; `keys`
    give those of a batch of reads."""

    check: Check
    parts: Sequence[Part]
    tables: Sequence[str]  # of the parts, as they are called there
    only: Callable[[int], object] | None  # whatever content says: it goes by its truth
    writes: bool = False
    below: Callable[[int], range] | None = None  # what a batch reads of the drawn item
    keys: Callable[[int], Mapping[str, Any]] | None = None

    @property
    def choosy(self) -> bool:
        """Whether not every item can be asked for."""
        return self.only is not None or any(part.fits for part in self.parts)

    def suits_all_of(self, entity: Entity) -> bool:
        """Whether it can be asked of every item of an entity, and of nobody else beside it."""
        return (
            not self.choosy
            and self.below is None
            and all(part.names is part.about is entity for part in self.parts)
        )

    def suits(self, pattern: Pattern, trip: Trip) -> bool:
        """Whether the pattern can be asked of the items that a trip is about."""
        subject = trip.find(pattern.of)
        if self.only is not None and not self.only(subject):
            return False
        if self.below is not None and not self.below(subject):
            return False
        for part in self.parts:
            trip.find(part.names)
            if part.fits is not None and not part.fits(trip.find(part.about)):
                return False
        return True


def prepare(
    pattern: Pattern,
    dataset: Dataset,
    tables: Mapping[str, str],
    changes: Mapping[Entity, frozenset[str]],
) -> Prepared:
    """`tables` are the physical names by the documented ones; `changes`, what a run may change."""
    operation = pattern.operation
    only = None if pattern.only is None else dataset.compile(pattern.of, pattern.only)
    if isinstance(operation, BatchGetItem):
        return Prepared(
            check=Check(pattern, dataset, (), (), changes),
            parts=(),
            tables=(tables[operation.table.name],),
            only=only,
            below=lambda subject: dataset.children(pattern.of, subject, operation.entity),
            keys=keys_of(operation, dataset),
        )
    if isinstance(operation, Query | Scan):
        names = [tables[operation.table.name]]
        parts = [search_part(pattern, dataset, names[0])]
    else:
        every = parts_of(operation)
        names = [tables[part.table.name] for part in every]
        parts = [
            item_part(part, pattern, dataset, head_of(operation, name))
            for part, name in zip(every, names, strict=True)
        ]
    tests = parts[0].tests if isinstance(operation, Query | Scan) else ()
    check = Check(pattern, dataset, tests, [part.names for part in parts], changes)
    return Prepared(check, parts, names, only, pattern.writes)
