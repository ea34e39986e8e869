"""Patterns tried on a data set, without a table: made ready, and trips of those whom they suit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any, TypeAlias

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.pattern import Pattern, Query, Scan
from loadstone.scenario.popularity import evenly
from loadstone.scenario.prepared import Prepared, prepare
from loadstone.scenario.request import Part
from loadstone.scenario.trip import Trip, Unfit

REDRAWS = 4
#: A key may be that of one of the first so many that the subject has.
SIBLINGS = 4
#: No item of a data set has this number.
_NEW = 1 << 62
#: The numbers of new items of two trips are so far apart: by no round number, for as many of them
#: have to be even, or divisible by ten, as of those that a run puts.
_APART = (1 << 32) + 1

Stored: TypeAlias = Mapping[str, Any]
#: Whom the n-th trip is about.
Draw: TypeAlias = Callable[[int, Random], int]


def turn_of(trip: Trip) -> int:
    """Which one of its trips it is, counted from zero with those that did not suit."""
    return (trip.line - _NEW) // _APART


class Trying:
    """Makes patterns of a data set ready once, and finds whom to try them with."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._names = {table.name: table.name for table in dataset.system.tables}
        self._prepared: dict[Pattern, Prepared] = {}

    def prepare(self, pattern: Pattern) -> Prepared:
        prepared = self._prepared.get(pattern)
        if prepared is None:
            prepared = prepare(pattern, self.dataset, self._names, {})
            self._prepared[pattern] = prepared
        return prepared

    def trips(
        self, of: Entity, patterns: Iterable[Pattern], draw: Draw, most: int
    ) -> Iterator[Trip]:
        """At most so many, each of whom all of these patterns can be asked. A popular subject
        comes more than once."""
        random, found = Random(1), 0
        ready = [(each, self.prepare(each)) for each in patterns]
        for turn in range(REDRAWS * most):
            try:
                subject = draw(turn, random)
                trip = Trip(self.dataset, random, of, subject, _NEW + turn * _APART)
                fits = all(prepared.suits(pattern, trip) for pattern, prepared in ready)
            except (Unfit, BadContent):
                continue
            if fits:
                yield trip
                found += 1
            if found == most:
                return

    def stored(self, part: Part, said: Stored, trip: Trip) -> Stored | None:
        """The item that was loaded under a key, or under that of an item which is put: None where
        the data set knows of none."""
        operation = part.operation
        assert not isinstance(operation, Query | Scan)
        for number in self._candidates(part, operation.entity, trip):
            item = self.dataset.item(operation.entity, number)
            if all(item[name] == said[name] for name in operation.table.key):
                return item
        return None

    def rows(
        self, entity: Entity, numbers: range, turn: int, most: int
    ) -> Iterator[tuple[Stored, int]]:
        """Items, or one out of each of as many parts of them, with how many it stands for. Which
        one moves: where questions and answers take turns, every second would be all questions."""
        many = len(numbers)
        if many <= most:
            for item in self.dataset.items(entity, numbers.start, numbers.stop):
                yield item, 1
            return
        for part in range(most):
            start, stop = part * many // most, (part + 1) * many // most
            chosen = start + int(evenly(turn * most + part) * (stop - start))
            yield self.dataset.item(entity, numbers[chosen]), stop - start

    def _candidates(self, part: Part, entity: Entity, trip: Trip) -> Iterator[int]:
        """Items of an entity that a key may be meant to be of: the trip's own, unless it is a new
        one that is put, and the first below whom it is about."""
        if part.new is None:
            with suppress(Unfit, BadContent):
                yield trip.find(entity)
        if part.about in entity.ancestors:
            subject = trip.find(part.about)
            yield from self.dataset.children(part.about, subject, entity)[:SIBLINGS]
