"""A clock that a load waits by and nobody waits for, and a table that throttles by it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import gevent
import orjson
from gevent.event import Event

from loadstone.client.answer import Answer, Throttle, Units
from loadstone.seeding.place import Place
from tests.seeding_fakes import FakeTable, answer, items_of


class VirtualClock:
    """Goes on to the next who waits as soon as nobody has anything to do."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._waiting: list[tuple[float, int, Event]] = []
        self._numbers = count()

    def now_s(self) -> float:
        return self._now_s

    def wait(self, event: Event, seconds: float | None) -> bool:
        if seconds is None:
            event.wait()
            return True
        woken = Event()

        def wake(_: Any) -> None:
            woken.set()

        event.rawlink(wake)
        heapq.heappush(self._waiting, (self._now_s + seconds, next(self._numbers), woken))
        woken.wait()
        event.unlink(wake)
        return bool(event.is_set())

    def sleep(self, seconds: float) -> None:
        self.wait(Event(), seconds)

    @contextmanager
    def running(self) -> Iterator[VirtualClock]:
        driver = gevent.spawn(self._drive)
        try:
            yield self
        finally:
            driver.kill()

    def _drive(self) -> None:
        while True:
            gevent.idle()
            while self._waiting and self._waiting[0][2].is_set():
                heapq.heappop(self._waiting)
            if self._waiting:
                self._now_s, _, woken = heapq.heappop(self._waiting)
                woken.set()


class ThrottlingTable(FakeTable):
    """Takes `capacity` units a second, and has saved up `saved` of them.

    An item is `units_per_item` in the table alone. What a batch has too much comes back undone;
    a batch of which nothing goes well is an error, as it is in DynamoDB.
    """

    def __init__(
        self,
        place: Place,
        clock: VirtualClock,
        *,
        capacity: float,
        saved: float = 0.0,
        units_per_item: float = 1.0,
        answers_in_s: float = 0.01,
    ) -> None:
        super().__init__(place)
        self.clock, self.capacity, self.units_per_item = clock, capacity, units_per_item
        self.most, self.answers_in_s = max(saved, capacity), answers_in_s
        self.tokens, self._filled_s = saved, 0.0
        #: When each request came, how many units it took, and whether it was throttled.
        self.seen: list[tuple[float, float, bool]] = []

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        self.clock.sleep(self.answers_in_s)
        now_s = self.clock.now_s()
        filled = self.tokens + self.capacity * (now_s - self._filled_s)
        self.tokens, self._filled_s = min(self.most, filled), now_s
        request = orjson.loads(body)
        items = items_of(operation, request)
        taken = min(len(items), int(self.tokens / self.units_per_item))
        units = taken * self.units_per_item
        self.tokens -= units
        self.seen.append((now_s, units, taken < len(items)))
        if not taken:
            return answer(
                operation,
                code="ProvisionedThroughputExceededException",
                status=400,
                throttles=(Throttle("TableWriteProvisionedThroughputExceeded", self.place.name),),
            )
        for item in items[:taken]:
            self.items[self.key(item)] = item
        undone = [{"PutRequest": {"Item": item}} for item in items[taken:]]
        return answer(
            operation,
            {"UnprocessedItems": {self.place.name: undone} if undone else {}},
            units=(Units(self.place.name, None, 0.0, units),),
            throttles=tuple(Throttle("UnprocessedItems", self.place.name) for _ in undone),
        )

    def units(self, from_s: float, to_s: float) -> float:
        """A second, on average."""
        return sum(u for s, u, _ in self.seen if from_s <= s < to_s) / (to_s - from_s)

    def throttled(self, from_s: float, to_s: float) -> float:
        """The share of requests that were throttled, whole or in part."""
        those = [no for s, _, no in self.seen if from_s <= s < to_s]
        return sum(those) / max(1, len(those))
