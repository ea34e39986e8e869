"""One playing of a pattern or of a journey: whom it is about, and what its steps have learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent


class Unfit(Exception):
    """The item that was drawn has none of what a step asks for."""


class Trip:
    """Begins with the item that was drawn. `line` numbers what its steps write together."""

    __slots__ = ("_begun", "_chosen", "_dataset", "_items", "_random", "_rows", "line")

    def __init__(
        self, dataset: Dataset, random: Random, entity: Entity, number: int, line: int = 0
    ) -> None:
        self._dataset, self._random, self.line = dataset, random, line
        self._chosen = {entity: number}
        self._begun: set[Entity] = set()
        self._items: dict[str, Mapping[str, Any]] = {}
        self._rows: dict[str, Mapping[str, Any]] = {}

    def find(self, entity: Entity) -> int:
        """The item of an entity that this is about: the same one whenever it is asked for."""
        number = self._chosen.get(entity)
        if number is None:
            number = self._chosen[entity] = self._found(entity)
        return number

    def each(self, ancestor: Entity, entity: Entity) -> Iterator[Trip]:
        """This trip once for every item of an entity that an ancestor has. What one of them learns
        the others know, and whom it meets is its own."""
        subject = self.find(ancestor)
        for number in self._dataset.children(ancestor, subject, entity):
            one = Trip(self._dataset, self._random, ancestor, subject, self.line)
            one._chosen[entity] = number
            one._items, one._rows, one._begun = self._items, self._rows, self._begun
            yield one

    def _found(self, entity: Entity) -> int:
        for known, number in self._chosen.items():
            if entity in known.ancestors:
                return self._dataset.ancestor(known, number, entity)
        for ancestor in entity.ancestors:
            if any(ancestor is known or ancestor in known.ancestors for known in self._chosen):
                among = self._dataset.children(ancestor, self.find(ancestor), entity)
                if not among:
                    raise Unfit(f"a {ancestor.name} without a {entity.name}")
                return self._random.choice(among)
        raise BadContent(f"{entity.name} has nothing to do with {list(self._chosen)}")

    def number_of_new(self, entity: Entity, number: int) -> int:
        """The number of an item that a step puts: `number`, unless it is the trip's first of its
        kind. That one has the line's, and so is the parent of what other steps put below it."""
        if entity in self._begun:
            return number
        self._begun.add(entity)
        return self.line

    def knows(self, pattern: str) -> bool:
        """Whether a step has put something, or was answered something."""
        return pattern in self._items or pattern in self._rows

    def keep_item(self, pattern: str, item: Mapping[str, Any]) -> None:
        self._items[pattern] = item

    def keep_row(self, pattern: str, row: Mapping[str, Any]) -> None:
        self._rows[pattern] = row

    # What the compiled patterns ask.

    def written(self, pattern: str, path: Sequence[str]) -> Any:
        """An attribute of what a step has put."""
        return _at(self._items[pattern], path)

    def answered(self, pattern: str, path: Sequence[str], otherwise: Any) -> Any:
        """An attribute of the first row that a step was answered."""
        row = self._rows.get(pattern)
        if row is None:
            return otherwise
        found = _at(row, path)
        if found is None and otherwise is None:
            raise BadContent(f"{pattern} was answered no {'.'.join(path)!r}: see what it returns")
        return otherwise if found is None else found


def _at(item: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
