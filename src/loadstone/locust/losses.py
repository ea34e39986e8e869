"""Workers that are lost in a run: the others play on for their users, and it does not end well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import MasterRunner

LOOK_EVERY_S = 0.5


class Losses:
    """One for each process of a run; there is something to do on a master.

    Locust spreads the users of a lost worker at once only where that was asked for, which nobody
    does who did not expect to lose one. A worker that was held up for some seconds comes back.
    """

    def __init__(self, environment: Any, runner: Any, say: Callable[[str], None]) -> None:
        self._environment, self._runner, self._say = environment, runner, say
        self._silent: set[str] = set()
        self._watch: Any = None
        if isinstance(runner, MasterRunner):
            environment.parsed_options.enable_rebalancing = True
            environment.events.test_start.add_listener(self._begin)
            environment.events.test_stop.add_listener(self._end)

    def _begin(self, **_: Any) -> None:
        self._silent = set()
        self._watch = gevent.spawn(self._look_on)

    def _end(self, **_: Any) -> None:
        self._watch.kill()
        if self._lost():
            self._environment.process_exit_code = self._environment.process_exit_code or 1

    def _lost(self) -> set[str]:
        """Those that were silent, and have not come back."""
        clients = self._runner.clients
        there = {each.id for each in clients.all} - {each.id for each in clients.missing}
        return self._silent - there

    def _look_on(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY_S)
            silent = {each.id for each in self._runner.clients.missing} - self._silent
            self._silent |= silent
            left = self._runner.worker_count
            # Of open arrivals it is told who shares them now, and of no worker that the run ends.
            if silent and left and not self._environment.parsed_options.rate:
                workers = "1 worker does" if len(silent) == 1 else f"{len(silent)} workers do"
                others = "the other plays" if left == 1 else f"the other {left} play"
                self._say(f"loadstone: {workers} not answer any more: {others} on for all users")
