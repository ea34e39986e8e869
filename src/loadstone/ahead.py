"""Items by number, one at a time or one after the other.

Most who ask for items ask for the next one. After some in a row, more are made ahead, all at once;
what is made is the same, and whoever jumps about, or wants but a few, pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from loadstone.fields.scope import compile_item
from loadstone.fields.together import compile_items

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Item: TypeAlias = dict[str, Any]

#: Fewer than this are quicker made one by one: numpy takes its time to begin.
FEW = 32
#: How many are made ahead, at first and at the most: to begin takes as long as making a thousand
#: or two. And how many values they may hold.
FIRST = 128
MOST = 8192
VALUES = 1 << 18


class Ahead:
    """The items of an entity."""

    def __init__(self, world: World, entity: Entity) -> None:
        self._world, self._entity, self._count = world, entity, world.count(entity)
        self._one: Callable[[int], Item] = compile_item(world, entity, entity.shown(), alone=True)
        self._many: Callable[[Sequence[int]], Callable[[int], Item]] | None = None
        self._next: int | None = None  # the number of the first of those made ahead
        # Gives those by number, put together when they are asked for; nothing for another number.
        self._made: Callable[[int], Item | None] = _nothing
        self._last = -2  # which was made by itself
        self._in_turn = 0  # how many were asked for one after the other
        self._size = FIRST
        self._most = min(MOST, VALUES // values_in(self._one(self._count // 2)))

    def item(self, number: int) -> Item:
        """The n-th item; an IndexError where there is none."""
        if number == self._next:
            try:
                item = self._made(number)
            except (StopIteration, ValueError):  # at their end; or busy, for another thread
                item = None
            if item is not None:
                self._next = number + 1
                return item
        if not 0 <= number < self._count:
            raise IndexError(number)
        last, self._last = self._last, number
        if last + 1 != number != self._next and (number or self._next != self._count):
            self._in_turn = 0
            return self._one(number)
        self._in_turn += 1  # from the start again, after the end, is in turn as well
        if self._in_turn < FEW:
            self._size = FIRST
            return self._sibling(number)
        made = self._together(range(number, min(number + self._size, self._count)))
        first = made(number)
        self._size = min(8 * self._size, self._most)
        self._made, self._next, self._last = made, number + 1, -2
        return first

    def items(self, start: int, stop: int) -> Iterator[Item]:
        """Items from start up to stop."""
        if stop - start < FEW:
            yield from map(self._sibling, range(start, stop))
            return
        for first in range(start, stop, self._most):
            numbers = range(first, min(first + self._most, stop))
            yield from map(self._together(numbers), numbers)

    def anywhere(self, numbers: Sequence[int]) -> Iterator[Item]:
        """Items of some numbers, in their order."""
        if len(numbers) < FEW:
            yield from map(self._one, numbers)
            return
        for first in range(0, len(numbers), self._most):
            some = numbers[first : first + self._most]
            places = sorted(range(len(some)), key=some.__getitem__)
            ascending = [some[place] for place in places]
            found = dict(zip(places, map(self._together(ascending), ascending), strict=True))
            yield from map(found.__getitem__, range(len(some)))

    @cached_property
    def _sibling(self) -> Callable[[int], Item]:
        """For items that are close to each other, but few."""
        return compile_item(self._world, self._entity, self._entity.shown())

    def _together(self, numbers: Sequence[int]) -> Callable[[int], Item]:
        """Items of some numbers, all computed at once."""
        if self._many is None:
            self._many = compile_items(self._world, self._entity, self._entity.shown())
        return self._many(numbers)


def _nothing(number: int) -> None:
    """What is made ahead, before anything is."""


def values_in(value: Any) -> int:
    """How many values something is made of, all levels together."""
    match value:
        case dict():
            return 1 + sum(map(values_in, value.values()))
        case list():
            return 1 + sum(map(values_in, value))
    return 1
