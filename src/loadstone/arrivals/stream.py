"""Starting each arrival at its instant, in a greenlet out of a pool."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, islice
from time import perf_counter_ns

import gevent
from gevent import get_hub
from gevent.event import Event
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from loadstone.arrivals.alarm import NEVER, alarm
from loadstone.arrivals.instants import Instants
from loadstone.arrivals.turns import NextTurn

#: An arrival that the generator took up later than this was late by the generator's own fault.
BEHIND_NS = 20_000_000
# Alarms nearer than this are put together: waking up costs more than an arrival does.
_NEAREST_NS = 100_000
# So many are started before answers are looked at again.
_AT_ONCE = 32


@dataclass(slots=True)
class Flow:
    """What became of the arrivals that were meant for some time.

    `late` found no free place; `behind` were taken up more than 20 ms after their instant though
    there was one, which is the generator's fault; `delay_max_ns` is the worst of these delays.
    """

    start_ns: int = 0
    stop_ns: int = NEVER
    asked: int = 0
    late: int = 0
    behind: int = 0
    delay_max_ns: int = 0

    def delayed(self, delay_ns: int) -> None:
        """An arrival was taken up, so long after its instant."""
        self.delay_max_ns = max(self.delay_max_ns, delay_ns)
        self.behind += delay_ns > BEHIND_NS


class Stream:
    """Arrivals of one process. `play` plays one that was meant for an instant.

    Places are what is in flight: an arrival that finds none waits for one, in order, and is never
    dropped, unless the stream is told to rest. A play that pauses gives its place back and goes on
    with a later arrival, the first after its pause; so each step of a journey is an arrival of its
    own, and the rate is one of operations.
    """

    def __init__(self, play: Callable[[int], None], failed: Callable[[Exception], None]) -> None:
        self._play, self._failed = play, failed
        self._hub = get_hub()
        self._alarm = alarm(self._rung)
        self._next_turn = NextTurn(self._look)
        self._alarm_ns = NEVER  # what it is set to
        self._looking = False  # at what is due, in the next turn of the loop
        self._instants: Instants | None = None
        self._start_ns = 0
        self._next_ns = NEVER
        self._places = 1
        self._debt = 0
        self._due: deque[int] = deque()
        self._counted_late = 0  # how many of those that are due, from the left
        self._busy: dict[greenlet, int] = {}  # with the instant of the arrival that it plays
        self._idle: list[greenlet] = []
        self._paused: list[tuple[int, int, greenlet]] = []  # by the end of the pause
        self._ordinal = count()
        self._stopped = False
        self._drained: Event | None = None
        self._flows: list[Flow] = []

    def follow(self, instants: Instants, start_ns: int, places: int) -> None:
        """Take arrivals from here on, whose times count from `start_ns`."""
        if self._stopped:
            return
        self._instants, self._start_ns, self._places = instants, start_ns, max(1, places)
        self._next_ns = self._draw()
        self._look_soon()

    def rest(self) -> None:
        """Let go of those that wait, and take no further arrival until there is something to follow
        again."""
        self._next_ns = NEVER
        self._due.clear()
        self._counted_late = 0

    def pause(self, pause_s: float) -> int:
        """Let the play wait; the instant of the arrival that it goes on with."""
        until_ns = perf_counter_ns() + int(pause_s * 1e9)
        heappush(self._paused, (until_ns, next(self._ordinal), getcurrent()))
        self._leave()
        return self._park()

    def owe(self, operations: int) -> None:
        """Operations were sent that were no arrivals: so many later arrivals count as played."""
        self._debt += operations

    @property
    def in_flight(self) -> int:
        return len(self._busy)

    @property
    def waiting(self) -> int:
        """Arrivals whose instant has passed, and that have no place yet."""
        return len(self._due)

    @property
    def oldest_ns(self) -> int:
        """The instant of the earliest arrival that is not done, of those that are due."""
        return min((*self._busy.values(), *list(self._due)[:1], self._next_ns))

    def undone(self, start_ns: int, stop_ns: int) -> int:
        """How many arrivals that were meant for a time are in flight, or wait for a place."""
        return sum(start_ns <= each < stop_ns for each in (*self._busy.values(), *self._due))

    def watch(self, start_ns: int = 0, stop_ns: int = NEVER) -> Flow:
        """What becomes, from now on, of arrivals that are meant for a time; until `unwatch`."""
        flow = Flow(start_ns, stop_ns)
        self._flows.append(flow)
        return flow

    def unwatch(self, *flows: Flow) -> None:
        """Watch them no more; what has come due by now is in them, and in each the same."""
        if not self._stopped:
            self._collect(perf_counter_ns())
            self._count_late()
        for flow in flows:
            self._flows.remove(flow)

    def stop(self) -> None:
        """Start no further arrival; what is in flight goes on."""
        self._stopped = True
        self._next_ns = NEVER
        self._alarm.close()
        self._next_turn.close()

    def drain(self, timeout_s: float) -> bool:
        """After `stop`: wait until nothing is in flight, and let go of all greenlets."""
        if self._busy:
            self._drained = Event()
            self._drained.wait(timeout_s)
        drained = not self._busy
        for each in (*self._busy, *self._idle, *(waiting for _, _, waiting in self._paused)):
            gevent.kill(each)
        self._idle.clear()
        self._paused.clear()
        return drained

    # In the hub.

    def _rung(self) -> None:
        self._alarm_ns = NEVER
        self._look()

    def _look_soon(self) -> None:
        """In the next turn of the loop, which looks at answers too. The alarm is not used for this:
        setting it can take longer than an arrival does."""
        if not self._looking:
            self._looking = True
            self._next_turn.take()

    def _look(self) -> None:
        """Start what is due, and set the alarm for what comes next."""
        self._looking = False
        if self._stopped:
            return
        self._collect(perf_counter_ns())
        for _ in range(_AT_ONCE):
            if not self._due or len(self._busy) >= self._places:
                break
            self._start(self._due.popleft())
        if self._stopped:
            return
        self._count_late()
        if self._due and len(self._busy) < self._places:
            self._look_soon()
        elif self._alarm_ns > self._next_ns or self._alarm_ns == NEVER:
            self._alarm_ns = max(self._next_ns, perf_counter_ns() + _NEAREST_NS)
            self._alarm.ring_at(self._alarm_ns)

    def _collect(self, now_ns: int) -> None:
        while self._next_ns <= now_ns:
            intended_ns = self._next_ns
            for flow in self._flows:
                if flow.start_ns <= intended_ns < flow.stop_ns:
                    flow.asked += 1
            if self._debt > 0:
                self._debt -= 1
            else:
                self._due.append(intended_ns)
            self._next_ns = self._draw()

    def _draw(self) -> int:
        assert self._instants is not None
        offset_ns = self._instants.next_s() * 1e9
        return self._start_ns + int(offset_ns) if offset_ns < NEVER else NEVER

    def _start(self, intended_ns: int) -> None:
        if self._counted_late:
            self._counted_late -= 1
        else:
            delay_ns = perf_counter_ns() - intended_ns
            for flow in self._flows:
                if flow.start_ns <= intended_ns < flow.stop_ns:
                    flow.delayed(delay_ns)
        if self._paused and self._paused[0][0] <= intended_ns:
            each = heappop(self._paused)[2]
        elif self._idle:
            each = self._idle.pop()
        else:
            each = greenlet(self._serve, self._hub)
        self._busy[each] = intended_ns
        each.switch(intended_ns)

    def _count_late(self) -> None:
        if len(self._busy) >= self._places:
            for intended_ns in islice(reversed(self._due), len(self._due) - self._counted_late):
                for flow in self._flows:
                    flow.late += flow.start_ns <= intended_ns < flow.stop_ns
            self._counted_late = len(self._due)

    # In the greenlets of the pool.

    def _serve(self, intended_ns: int) -> None:
        """One arrival after the other, for as long as the stream lives."""
        while True:
            try:
                self._play(intended_ns)
            except Exception as error:
                self._failed(error)
            self._idle.append(getcurrent())
            self._leave()
            intended_ns = self._park()

    def _leave(self) -> None:
        """Give the place back, to whom waits for one."""
        del self._busy[getcurrent()]
        if self._drained is not None and not self._busy:
            self._drained.set()
        if self._due and not self._stopped:
            self._look_soon()

    def _park(self) -> int:
        intended_ns: int = self._hub.switch()
        return intended_ns
