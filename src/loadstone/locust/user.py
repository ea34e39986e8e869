"""The user that Locust spawns: plays a mix, pauses, plays on."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter_ns
from typing import Any, ClassVar

import gevent
from locust import task
from locust.exception import StopUser

from loadstone.locust.load import Load, load_of
from loadstone.locust.recorded import RecordedUser
from loadstone.pattern import Journey
from loadstone.run.call import Call

IDLE_S = 3600.0


class ScenarioUser(RecordedUser):
    """Replays the patterns and journeys of a system, in the proportions of a mix."""

    abstract = True
    #: The system's name: fixtures/NAME.py and scenarios/NAME.py.
    system: ClassVar[str]

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if not self._idle:
            self._load: Load = load_of(environment, self.system)
        self._intended_ns = 0
        self._stopping = False

    def on_start(self) -> None:
        self._intended_ns = perf_counter_ns()

    def stop(self, force: bool = False) -> bool:
        """End after the call in flight; a user that waits ends at once."""
        self._stopping = True
        stopped: bool = super().stop(force)
        return stopped

    def wait_time(self) -> float:
        """The mix's think time. What comes next is meant to start when that ends.

        Where arrivals are open a user has nothing to do: they are played beside the users.
        """
        if self._load.arriving is not None:
            return IDLE_S
        pause_s = self._load.player.pause_s(self._load.mix.think)
        self._pause(pause_s)
        return pause_s

    @task
    def replay(self) -> None:
        """One entry of the mix."""
        if self._load.arriving is not None:
            return
        if self._stopping:
            # Its pause ended just as it was stopped: what it sent now nobody would count.
            raise StopUser
        player = self._load.player
        entry = player.choose(self._load.mix)
        if isinstance(entry, Journey):
            self._count(player.travel(entry, self._intended_ns, self._pause_now))
        else:
            self._count(player.play(entry, self._intended_ns))

    def _count(self, calls: Iterable[Call]) -> None:
        for call in calls:
            self._load.count(call)

    def _pause(self, pause_s: float) -> int:
        self._intended_ns = perf_counter_ns() + int(pause_s * 1e9)
        return self._intended_ns

    def _pause_now(self, pause_s: float) -> int:
        intended_ns = self._pause(pause_s)
        if pause_s:
            gevent.sleep(pause_s)
        return intended_ns
