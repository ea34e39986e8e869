"""Which rows are sent next: batches taken in turn from several open slices."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from loadstone.seeding.opened import OpenSlice
from loadstone.seeding.slices import Slice

BATCH_ITEMS = 25  # BatchWriteItem takes 25 at most: API reference, BatchWriteItem
LANES = 8


class Batch(NamedTuple):
    """Rows of an open slice, counted from 0 within it."""

    of: OpenSlice
    rows: Sequence[int]


class Feed:
    """Keeps up to `lanes` slices open, so that consecutive batches are far apart in key space."""

    def __init__(
        self,
        slices: Iterator[Slice],
        open_slice: Callable[[Slice], OpenSlice],
        *,
        lanes: int = LANES,
        batch_items: int = BATCH_ITEMS,
    ) -> None:
        self._slices, self._open_slice = slices, open_slice
        self._lanes, self._batch_items = lanes, batch_items
        self._open: deque[tuple[OpenSlice, int]] = deque()

    def next(self) -> Batch | None:
        """The next batch; None when all have been given."""
        if len(self._open) < self._lanes and (ahead := next(self._slices, None)) is not None:
            self._open.appendleft((self._open_slice(ahead), 0))
        if not self._open:
            return None
        opened, start = self._open.popleft()
        stop = min(start + self._batch_items, len(opened.slice))
        if stop < len(opened.slice):
            self._open.append((opened, stop))
        return Batch(opened, range(start, stop))
