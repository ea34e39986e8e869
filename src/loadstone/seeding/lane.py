"""One table's part of a load in one process: what is sent next, when, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, inf

from loadstone.client import retry
from loadstone.seeding.feed import Batch, Feed, Opens, together
from loadstone.seeding.opened import OpenSlice, Part
from loadstone.seeding.pace import Bucket
from loadstone.seeding.place import Place

OPEN_SLICES = 8
LEAST_OPEN_SLICES = 2
#: A partition takes 1,000 write units a second: "Partitions and data distribution". Below that
#: nothing is hot, and slices are finished one by one, so that a crash costs little.
SLOW_UNITS = 1000.0
#: A batch is this much of a second's units at most, so that a small bucket can take it whole.
BATCH_S = 0.25
BYTES_PER_UNIT = 1024
MOST_RESTS = 20


class Lane:
    """`share`: how many items there are for this table, to see which tables lag behind."""

    def __init__(
        self,
        place: Place,
        open_slices: Opens,
        *,
        share: int,
        lanes: int,
        draw: Callable[[], float],
    ) -> None:
        self.place, self.bucket = place, Bucket()
        self.feed = Feed(open_slices, together=together(lanes))
        self.spent = 0.0  # units, as far as the answers say; else as we reckon
        self.throttled = 0  # requests and items
        self._share, self._width = max(1, share), max(LEAST_OPEN_SLICES, OPEN_SLICES // lanes)
        self._draw = draw
        self._begun: set[OpenSlice] = set()
        self._given = 0
        self._in_flight = 0
        self._units_per_item: float | None = None
        self._rest_until_s = 0.0
        self._rests = 0  # in a row
        self._turn = 0  # grows with each rest

    @property
    def under_way(self) -> int:
        """Items that are done, and that the keeper has not been told of."""
        return sum(each.untold for each in self._begun)

    def news(self) -> list[Part]:
        """What is done of slices that are not."""
        return [part for opened in self._begun for part in opened.news()]

    @property
    def progress(self) -> float:
        return self._given / self._share

    def drop(self) -> None:
        """Somebody else writes what is here."""
        self.feed.drop()
        for opened in self._begun:
            opened.dropped = True
        self._begun.clear()

    def end(self, opened: OpenSlice) -> None:
        """A slice is done."""
        self._begun.discard(opened)

    def wait_s(self, now_s: float) -> float:
        """How long until something can be sent; for ever when there is nothing."""
        # After a throttle one batch alone finds out whether it is over.
        if not self.feed or (self._rests and self._in_flight):
            return inf
        return max(self.bucket.wait_s(now_s), self._rest_until_s - now_s, 0.0)

    def take(self, most: int, rate: float | None, well: int) -> Sent:
        """The next batch, to be given to `settle`.

        `rate`: of all tables, in this process; `well`: how many requests have gone well.
        """
        width = self._width
        rates = [each for each in (rate, self.bucket.rate) if each is not None]
        if rates:
            slowest = min(rates)
            per_item = self._units_per_item or 1 + len(self.place.table.indexes)
            most = max(1, min(most, int(slowest * BATCH_S / per_item)))
            if slowest < SLOW_UNITS:
                width = 1
        batch = self.feed.next(most, width=width)
        self._in_flight += 1
        self._begun.add(batch.of)
        if batch.well_before is None:
            self._given += len(batch.rows)
            batch = Batch(batch.of, batch.rows, well)
        return Sent(self, batch, self._turn)

    def units_of(self, batch: Batch, size_bytes: int) -> float:
        """What a batch will consume: reckoned by its bytes until an answer has told."""
        items = len(batch.rows)
        if self._units_per_item is None:
            arms = 1 + len(self.place.table.indexes)
            return items * arms * ceil(size_bytes / items / BYTES_PER_UNIT)
        return items * self._units_per_item

    def settle(
        self,
        sent: Sent,
        again: Sequence[Batch],
        *,
        written: int,
        units: float,
        throttles: int,
        now_s: float,
    ) -> None:
        """A batch has its answer, after which `written` of its items are in the table."""
        self._in_flight -= 1
        self.spent += units
        self.bucket.take(units - sent.reckoned, now_s)
        for batch in again:
            self.feed.put_back(batch)
        if written:
            self._rests = 0
            mean, known = units / written, self._units_per_item
            self._units_per_item = mean if known is None else known + (mean - known) / 10
        if throttles:
            self.throttled += throttles
            self._rest(sent, now_s)

    def _rest(self, sent: Sent, now_s: float) -> None:
        """What was sent before the last rest tells nothing new."""
        if sent.turn == self._turn:
            self._turn += 1
            self._rests = min(self._rests + 1, MOST_RESTS)
            wait_s = retry.backoff_s(self._rests, "ThrottlingException", 400, self._draw())
            self._rest_until_s = max(self._rest_until_s, now_s + wait_s)


class Sent:
    """A batch on its way. `turn`: after which of its lane's rests it left."""

    __slots__ = ("batch", "lane", "reckoned", "turn")

    def __init__(self, lane: Lane, batch: Batch, turn: int) -> None:
        self.lane, self.batch, self.turn = lane, batch, turn
        self.reckoned = 0.0  # units taken from the bucket in advance

    def reckon(self, size_bytes: int, now_s: float) -> float:
        """Take from the lane's bucket what the batch will consume."""
        self.reckoned = self.lane.units_of(self.batch, size_bytes)
        self.lane.bucket.take(self.reckoned, now_s)
        return self.reckoned
