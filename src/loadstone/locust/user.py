"""The user that Locust spawns: plays a mix, pauses, plays on."""

from __future__ import annotations

from collections.abc import Iterable, Set
from time import perf_counter_ns
from typing import Any, ClassVar, Self

import gevent
from locust import task
from locust.exception import StopUser

from loadstone.locust.load import Load, load_of
from loadstone.locust.recorded import RecordedUser
from loadstone.pattern import Journey
from loadstone.run.call import Call

IDLE_S = 3600.0
#: So many entries are played before Locust picks a task again, where it could pick no other one and
#: nobody waits in between.
IN_TURN = 16


class AskedTags(frozenset[str]):
    """The tags of a task that narrows by itself what it plays: those that are asked for at the
    time, which a worker hears from its master, and none of those that are excluded."""

    def __new__(cls, _: Any) -> Self:
        return super().__new__(cls)

    def __init__(self, options: Any) -> None:
        self._options = options

    def __and__(self, tags: Set[object]) -> frozenset[str]:
        asked = frozenset(self._options.tags or ())
        return asked if tags == asked else frozenset()


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
        own = type(self).wait_time is ScenarioUser.wait_time
        self._in_turn = IN_TURN if own and {*self.tasks} == {ScenarioUser.replay} else 1

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
        """One entry of the mix; several, where there is nothing else to do between them."""
        if self._load.arriving is not None:
            return
        if self._stopping:
            # Its pause ended just as it was stopped: what it sent now nobody would count.
            raise StopUser
        self._play()
        if self._load.mix.think.high > 0:
            return
        for _ in range(self._in_turn - 1):
            self._pause(0.0)
            gevent.sleep(0)  # the others have their turn, as Locust gives it to them
            if self._stopping:
                return
            self._play()

    def _play(self) -> None:
        load = self._load
        entry = load.player.choose(load.mix)
        calls: Iterable[Call]
        if isinstance(entry, Journey):
            calls = load.player.travel(entry, self._intended_ns, self._pause_now)
        else:
            calls = load.player.play(entry, self._intended_ns)
        for call in calls:
            load.count(call)

    def _pause(self, pause_s: float) -> int:
        self._intended_ns = perf_counter_ns() + int(pause_s * 1e9)
        return self._intended_ns

    def _pause_now(self, pause_s: float) -> int:
        intended_ns = self._pause(pause_s)
        if pause_s:
            gevent.sleep(pause_s)
        return intended_ns
