"""Writes the slices that it is handed, and acknowledges them: in this process, or far away."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

import gevent
from gevent.event import Event

from loadstone.dataset import Dataset
from loadstone.seeding import messages
from loadstone.seeding.clock import Clock, WallClock
from loadstone.seeding.lane import Lane
from loadstone.seeding.loader import Loader, Observe, nobody
from loadstone.seeding.messages import Message
from loadstone.seeding.opened import OpenSlice, open_puts
from loadstone.seeding.pace import Bucket
from loadstone.seeding.place import Place
from loadstone.seeding.sender import Halted, Sender, Sends
from loadstone.seeding.slices import Slice
from loadstone.seeding.tally import Tally

BEAT_S = 0.25
#: Slices that take longer are acknowledged in parts, after so many beats and at the end.
BEATS_A_PART = 4

Opens = Callable[[Slice, Place], OpenSlice]


class Worker:
    """`tell` carries a message to the keeper, and never waits. `shares`: items by table."""

    def __init__(
        self,
        dataset: Dataset,
        places: Sequence[Place],
        shares: Mapping[str, int],
        client: Sends,
        tell: Callable[[Message], None],
        *,
        opens: Opens | None = None,
        clock: Clock | None = None,
        draw: Callable[[], float] = random.random,
        observe: Observe = nobody,
    ) -> None:
        """`opens` makes the rows of a slice; else they are puts of the data set's items."""
        self._dataset, self._tell, self._clock = dataset, tell, clock or WallClock()
        self._opens = opens
        self._tally, self._total, self._ended = Tally(), Bucket(), Event()
        self._lanes = {
            place.name: Lane(
                place,
                self._opening(place),
                share=shares[place.name],
                lanes=len(places),
                draw=draw,
            )
            for place in places
        }
        self._loader = Loader(
            self._lanes,
            Sender(client, self._tally, wait=self._wait, draw=draw),
            self._tally,
            total=self._total,
            finished=self._acknowledge,
            ended=self._ended,
            clock=self._clock,
            say=lambda text: tell(messages.said(text)),
            observe=observe,
        )

    @property
    def written(self) -> int:
        """How many items this worker has written so far."""
        return self._tally.written

    def run(self, in_flight: int) -> None:
        """Until the keeper says to finish; what is in flight then is finished."""
        self._tell(messages.ready(self._dataset.identity.as_dict()))
        try:
            with self._beating():
                self._loader.run(in_flight)
        finally:
            self._tell_parts()
            self._beat()

    def hear(self, message: Message) -> None:
        """A message of the keeper's."""
        match message["kind"]:
            case "work":
                self._lanes[message["table"]].feed.add(messages.slices_of(message))
                self._loader.wake()
            case "drop":
                for lane in self._lanes.values():
                    lane.drop()
            case "pace":
                self._pace(message)
            case "finish":
                self._loader.end()

    def _pace(self, message: Message) -> None:
        now_s = self._clock.now_s()
        self._total.set_rate(message["total"], now_s)
        for name, rate in message["rates"].items():
            self._lanes[name].bucket.set_rate(rate, now_s)
        self._loader.wake()

    def _opening(self, place: Place) -> Callable[[Sequence[Slice]], Sequence[OpenSlice]]:
        opens = self._opens
        if opens is None:
            return lambda slices: open_puts(self._dataset, slices, place)
        return lambda slices: [opens(each, place) for each in slices]

    def _acknowledge(self, lane: Lane, opened: OpenSlice) -> None:
        self._tell(messages.done(lane.place.name, opened, lane.under_way))

    def _tell_parts(self) -> None:
        for name, lane in self._lanes.items():
            for part in lane.news():
                self._tell(messages.part(name, part, lane.under_way))

    def _beat(self) -> None:
        self._tell(messages.beat(self._tally, self._lanes))

    @contextmanager
    def _beating(self) -> Iterator[None]:
        def beat() -> None:
            for turn in count(1):
                if self._clock.wait(self._ended, BEAT_S):
                    return
                if turn % BEATS_A_PART == 0:
                    self._tell_parts()
                self._beat()

        beating = gevent.spawn(beat)
        try:
            yield
        finally:
            beating.kill()

    def _wait(self, seconds: float) -> None:
        if self._clock.wait(self._ended, seconds):
            raise Halted
