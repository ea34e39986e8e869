"""Which rows of a table are sent next: batches taken in turn from several open slices."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from loadstone.seeding.opened import OpenSlice
from loadstone.seeding.slices import Slice

BATCH_ITEMS = 25  # BatchWriteItem takes 25 at most: API reference, BatchWriteItem
#: Slices are quicker opened several at a time, as columns take their time to begin; of many tables
#: fewer of each, as the rows of all of them are in memory.
TOGETHER = 48
LEAST_TOGETHER, MOST_TOGETHER = 8, 24


def together(tables: int) -> int:
    """How many slices of each of so many tables are opened at a time."""
    return min(MOST_TOGETHER, max(LEAST_TOGETHER, TOGETHER // tables))


class Batch(NamedTuple):
    """Rows of an open slice, counted from 0 within it.

    `well_before`: how many requests had gone well when these rows were first tried, None before.
    """

    of: OpenSlice
    rows: Sequence[int]
    well_before: int | None = None


#: Opens slices of one entity, in their order.
Opens = Callable[[Sequence[Slice]], Sequence[OpenSlice]]


class Feed:
    """Keeps several slices open, so that consecutive batches are far apart in key space."""

    def __init__(self, open_slices: Opens, *, together: int = LEAST_TOGETHER) -> None:
        self._open_slices, self._together = open_slices, together
        self._waiting: deque[Slice] = deque()
        self._ready: deque[OpenSlice] = deque()  # opened, and nothing of them sent yet
        self._open: deque[tuple[OpenSlice, int]] = deque()
        self._back: deque[Batch] = deque()

    def __bool__(self) -> bool:
        """Whether there is anything to send now."""
        return bool(self._back or self._open or self._ready or self._waiting)

    def add(self, slices: Iterable[Slice]) -> None:
        self._waiting.extend(slices)

    def drop(self) -> None:
        """Begin anew with nothing; what is in flight does not come back."""
        self._waiting.clear()
        self._ready.clear()
        self._open.clear()
        self._back.clear()

    def put_back(self, batch: Batch) -> None:
        """Rows that were not written. They come next, the last ones first: so a batch that fails is
        halved down to the row that it is about, before anything else is tried."""
        if batch.rows and not batch.of.dropped:
            self._back.appendleft(batch)

    def next(self, most: int = BATCH_ITEMS, *, width: int) -> Batch:
        """Up to `most` rows, out of `width` open slices in turn."""
        if self._back:
            return self._cut(self._back.popleft(), most)
        if len(self._open) < width and (self._ready or self._waiting):
            self._open.appendleft((self._opened(), 0))
        opened, start = self._open.popleft()
        stop = min(start + most, len(opened.slice))
        if stop < len(opened.slice):
            self._open.insert(width - 1, (opened, stop))
        return Batch(opened, range(start, stop))

    def _opened(self) -> OpenSlice:
        if not self._ready:
            alike = [each for each in self._waiting if each.entity == self._waiting[0].entity]
            group = alike[: self._together]
            self._waiting = deque(each for each in self._waiting if each not in group)
            self._ready.extend(self._open_slices(group))
        return self._ready.popleft()

    def _cut(self, batch: Batch, most: int) -> Batch:
        if len(batch.rows) <= most:
            return batch
        self._back.appendleft(batch._replace(rows=batch.rows[most:]))
        return batch._replace(rows=batch.rows[:most])
