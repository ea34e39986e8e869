"""Items by number, one at a time or one after the other.

Most who ask for items ask for the next one. After some in a row, more are made ahead, all at once;
what is made is the same, and whoever jumps about, or wants but a few, pays nothing for it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from loadstone.fields.draws import Ints
from loadstone.fields.scope import compile_item
from loadstone.fields.together import compile_items

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Item: TypeAlias = dict[str, Any]

#: Fewer than this are quicker made one by one: numpy takes its time to begin.
FEW = 32
#: How many are made ahead, at first and at the most; and how many values they may hold. An item of
#: so many values that it is large gains nothing: reading each takes as long as picking it.
FIRST = 128
MOST = 4096
VALUES = 1 << 18
LARGE = 100


class Ahead:
    """The items of an entity."""

    def __init__(self, world: World, entity: Entity) -> None:
        self._world, self._entity, self._count = world, entity, world.count(entity)
        self._one: Callable[[int], Item] = compile_item(world, entity, entity.shown())
        self._many: Callable[[Ints], Iterator[list[Item]]] | None = None
        self._next = -2  # the number of the last of `_made`
        self._made: list[Item] = []  # backwards
        self._further: Iterator[list[Item]] = iter(())  # those after `_made`
        self._last = -2  # which was made by itself
        self._in_turn = 0  # how many were asked for one after the other
        self._size = FIRST
        values = values_in(self._one(self._count // 2))
        self._large, self._most = values >= LARGE, min(MOST, VALUES // values)

    def item(self, number: int) -> Item:
        """The n-th item; an IndexError where there is none."""
        if number == self._next and (self._made or self._read()):
            self._next = number + 1
            return self._made.pop()
        if not 0 <= number < self._count:
            raise IndexError(number)
        in_turn = number == self._last + 1 or number == self._next
        self._in_turn = self._in_turn + 1 if in_turn else 0
        self._last = number
        if self._in_turn < FEW or self._large:
            self._size = FIRST
            return self._one(number)
        self._further = self._written(number, min(number + self._size, self._count))
        self._size = min(8 * self._size, self._most)
        self._read()
        self._next, self._last = number + 1, -2
        return self._made.pop()

    def items(self, start: int, stop: int) -> Iterator[Item]:
        """Items from start up to stop."""
        if stop - start < FEW or self._large:
            yield from map(self._one, range(start, stop))
            return
        while start < stop:
            end = min(start + self._most, stop)
            further = self._written(start, end)
            while made := _next_of(further):
                yield from made
            start = end

    def _read(self) -> bool:
        """Go on with the next that are made ahead; there may be none."""
        self._made = _next_of(self._further)
        self._made.reverse()
        return bool(self._made)

    def _written(self, start: int, stop: int) -> Iterator[list[Item]]:
        """Items from start up to stop, all computed at once, a few of them read at a time."""
        if self._many is None:
            self._many = compile_items(self._world, self._entity, self._entity.shown())
        return self._many(np.arange(start, stop, dtype=np.int64))


def _next_of(further: Iterator[list[Item]]) -> list[Item]:
    with _no_collection():
        return next(further, [])


@contextmanager
def _no_collection() -> Iterator[None]:
    """Thousands of dicts that nothing refers to in a circle: looking through them finds nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def values_in(value: Any) -> int:
    """How many values something is made of, all levels together."""
    match value:
        case dict():
            return 1 + sum(map(values_in, value.values()))
        case list():
            return 1 + sum(map(values_in, value))
    return 1
