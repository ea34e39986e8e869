"""Workers that are lost in a run: the others play on for their users, and it does not end well."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import gevent
from locust.runners import STATE_RUNNING, MasterRunner

LOOK_EVERY_S = 0.5
#: A worker that has not been heard of is given up by Locust after a minute, which then stops all
#: users of the others and begins anew. Its count of what was missed is held here instead.
MISSED = -5


class Losses:
    """One for each process of a run; there is something to do on a master.

    Locust leaves the users of a lost worker unplayed. Where that is asked for it spreads them over
    the others, but plays more of them than were asked for when the worker comes back.
    """

    def __init__(self, environment: Any, runner: Any, say: Callable[[str], None]) -> None:
        self._environment, self._runner, self._say = environment, runner, say
        self._there: Set[str] = frozenset()
        self._silent: Set[str] = frozenset()
        self._uneven = False
        self._watch: Any = None
        if isinstance(runner, MasterRunner):
            environment.events.test_start.add_listener(self._begin)
            environment.events.test_stop.add_listener(self._end)

    def _begin(self, **_: Any) -> None:
        self._silent = self._missing()
        self._there = {each.id for each in self._runner.clients.all} - self._silent
        self._uneven = False
        self._watch = gevent.spawn(self._look_on)

    def _end(self, **_: Any) -> None:
        self._watch.kill()
        silent = self._missing()
        self._tell_lost(len(silent - self._silent))
        if silent | self._silent:
            self._environment.process_exit_code = self._environment.process_exit_code or 1

    def _missing(self) -> Set[str]:
        return {each.id for each in self._runner.clients.missing}

    def _look_on(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY_S)
            self._look()
            self._spread()

    def _look(self) -> None:
        """Who has gone since the last time, and who is back."""
        for each in self._runner.clients.missing:
            each.heartbeat = max(each.heartbeat, MISSED)
        silent = self._missing()
        there = {each.id for each in self._runner.clients.all} - silent
        back = there & self._silent
        self._uneven = self._uneven or bool(back or self._there - there)
        self._tell_lost(len(silent - self._silent))
        if back:
            self._tell(f"{_workers(len(back), 'answers', 'answer')} again: {len(there)} play now")
        self._there, self._silent = there, silent

    def _spread(self) -> None:
        """Have those that are there play for all users; Locust ends a ramp before."""
        runner = self._runner
        if self._uneven and self._there and runner.state == STATE_RUNNING:
            if not runner.spawning_completed:
                return
            self._uneven = False
            runner.start(runner.target_user_count, runner.spawn_rate)

    def _tell_lost(self, count: int) -> None:
        left = self._runner.worker_count
        if count and left:  # else the run ends, by that reason
            others = "the other plays" if left == 1 else f"the other {left} play"
            lost = _workers(count, "does", "do")
            self._tell(f"{lost} not answer any more: {others} on for all users")

    def _tell(self, said: str) -> None:
        if not self._environment.parsed_options.rate:  # of open arrivals it is told who shares them
            self._say(f"loadstone: {said}")


def _workers(count: int, does: str, do: str) -> str:
    return f"1 worker {does}" if count == 1 else f"{count} workers {do}"
