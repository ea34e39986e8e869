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

from loadstone.fields.frame import Frame
from loadstone.fields.scope import compile_item
from loadstone.fields.together import compile_items

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Item: TypeAlias = dict[str, Any]

#: Fewer than this are quicker made one by one: numpy takes its time to begin.
FEW = 32
#: How many are made ahead, at first and at the most; and how many values they may hold. More fall
#: out of the processor's cache before they are asked for, and large items gain nothing.
FIRST = 128
MOST = 2048
VALUES = 1 << 15
LARGE = 100


class Ahead:
    """The items of an entity."""

    def __init__(self, world: World, entity: Entity) -> None:
        self._world, self._entity, self._count = world, entity, world.count(entity)
        self._one: Callable[[int], Item] = compile_item(world, entity, entity.shown())
        self._many: Callable[[Frame], list[Item]] | None = None
        self._next = 0  # the number of the last of `_made`
        self._made: list[Item] = []  # backwards
        self._last = -2
        self._in_turn = 0  # how many were asked for one after the other
        self._size = FIRST
        self._most = 0  # not known before the first items are made together

    def item(self, number: int) -> Item:
        """The n-th item; an IndexError where there is none."""
        if self._made and number == self._next:
            self._next = self._last = number
            self._next += 1
            return self._made.pop()
        if not 0 <= number < self._count:
            raise IndexError(number)
        self._in_turn = self._in_turn + 1 if number == self._last + 1 else 0
        self._last = number
        if self._in_turn < FEW:
            self._size = FIRST
            return self._one(number)
        if self._most == 1:
            return self._one(number)
        made = self.made(number, min(number + self._size, self._count))
        self._size = min(8 * self._size, self._most)
        self._made, self._next = made[:0:-1], number + 1
        return made[0]

    def items(self, start: int, stop: int) -> Iterator[Item]:
        """Items from start up to stop."""
        if stop - start < FEW:
            yield from map(self._one, range(start, stop))
            return
        while start < stop:
            end = min(start + (self._most or FIRST), stop)
            yield from self.made(start, end)
            start = end

    def made(self, start: int, stop: int) -> list[Item]:
        """Items from start up to stop, all at once."""
        if self._many is None:
            self._many = compile_items(self._world, self._entity, self._entity.shown())
        with _no_collection():
            frame = Frame(self._world, self._entity, np.arange(start, stop, dtype=np.int64))
            made = self._many(frame)
        if not self._most:
            values = values_in(made[0])
            self._most = min(MOST, VALUES // values) if values < LARGE else 1
        return made


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
