"""How a data set is cut into slices, and the order in which they are written. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd

from loadstone.errors import BadValue

#: Long enough for columns to be quick, short enough for little to be written twice after a crash.
SLICE_ITEMS = 500


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """Consecutive items of an entity: the numbers from `start` up to `stop`."""

    entity: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def slice_count(items: int, size: int = SLICE_ITEMS) -> int:
    return -(-items // size)


def slices(counts: Mapping[str, int], size: int = SLICE_ITEMS) -> Iterator[Slice]:
    """Every item of every entity in one slice, in an order that spreads the writes.

    Neighbours by number are often neighbours by key. So an entity's slices come in golden-section
    steps around its numbers: any few of them in a row lie evenly over the key space. Entities
    advance together, each in proportion to its size, so all tables are loaded from start to end.
    The order follows from the counts alone: every machine, and a resumed load, finds the same.
    """
    if size < 1:
        raise BadValue(f"a slice has at least 1 item, not {size}")
    lines = [_line(rank, name, items, size) for rank, (name, items) in enumerate(counts.items())]
    for _, _, each in heapq.merge(*lines):
        yield each


def _line(rank: int, entity: str, items: int, size: int) -> Iterator[tuple[float, int, Slice]]:
    """An entity's slices, each with how far it is on the way; `rank` settles who goes first."""
    count = slice_count(items, size)
    step = stride(count)
    for turn in range(count):
        start = turn * step % count * size
        yield (2 * turn + 1) / (2 * count), rank, Slice(entity, start, min(start + size, items))


def stride(count: int) -> int:
    """The step next to the golden section of `count` that comes by every number below it."""
    step = max(1, count * 618_034 // 1_000_000)
    while gcd(step, count) != 1:
        step += 1
    return step
