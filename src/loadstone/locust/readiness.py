"""A test begins when the workers that it expects have found their data, and not before.

Locust counts a worker as ready as soon as it is connected, and its run time from then on: what the
workers take to prepare would be missing from the test.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from time import monotonic
from typing import Any

import gevent
from locust.runners import HEARTBEAT_LIVENESS, MasterRunner, WorkerRunner

from loadstone.amounts import amount
from loadstone.errors import Unfinished
from loadstone.locust.refusals import Refusals

PREPARED = "loadstone-prepared"
TELL_EVERY_S = 1.0
LOOK_EVERY_S = 0.1
SAY_AFTER_S = 5.0
#: So long a worker may be silent that has not found its data yet.
PREPARES_WITHIN_S = 60.0


class Readiness:
    """Which workers are prepared: told by them, and waited for by the master. `heard` is told of
    each there."""

    def __init__(self, runner: Any, heard: Callable[[str], None]) -> None:
        self._runner, self._heard = runner, heard
        self._prepared: set[str] = set()
        self._since_s: dict[str, float] = {}  # when they were first borne with
        self._telling: Any = None
        if isinstance(runner, MasterRunner):
            runner.register_message(PREPARED, self._hear)
            gevent.spawn(self._bear_with)

    def tell(self) -> None:
        """A worker: say so, again and again, as nobody may listen yet."""
        if isinstance(self._runner, WorkerRunner):
            self._telling = gevent.spawn(self._tell)

    def told(self) -> None:
        """A test begins, and the master knows of all; what they are asked to play may be another
        mix than they have prepared."""
        if self._telling is not None:
            self._telling.kill()
            self._telling = None
        self._prepared.clear()
        self._since_s.clear()

    def begun(self) -> None:
        """A worker: it plays."""
        if isinstance(self._runner, WorkerRunner):
            self._runner.send_message(PREPARED)

    def wait(self, options: Any, refusals: Refusals, say: Callable[[str], None]) -> None:
        """The master: until as many are prepared as are expected.

        Ends the process when one that is needed has refused, and is Unfinished when those that came
        are gone again or the time for it is over.
        """
        if not isinstance(self._runner, MasterRunner):
            return
        workers, at_most_s = options.expect_workers, options.expect_workers_max_wait
        came, said, began_s = 0, workers, monotonic()
        while (prepared := len(self._prepared & (there := self._there()))) < workers:
            if refusals.heard and len(there) < workers:
                raise SystemExit(refusals.heard[0].exit_code)
            # One that does not answer for a while may be back; one that left is known no more.
            known, waited_s = len(self._runner.clients), monotonic() - began_s
            came = max(came, known)
            found = f"{amount(prepared, 'worker')} of {workers} found the data"
            # Those that Locust started itself it does not start again.
            if came > known and (not known or options.processes):
                raise Unfinished(f"{found}, and one that had come is gone: the run cannot begin")
            if at_most_s and waited_s > at_most_s:
                limit = f"{at_most_s} s of --expect-workers-max-wait"
                raise Unfinished(f"{found} in the {limit}: the run does not begin")
            if waited_s > SAY_AFTER_S and prepared < said:  # fewer when one does not answer
                said = prepared
                say(f"waiting for workers: {prepared} of {workers} have found their data")
            gevent.sleep(LOOK_EVERY_S)

    def _there(self) -> Set[str]:
        """The workers that answer."""
        clients = self._runner.clients
        return set(clients) - {each.id for each in clients.missing}

    def _tell(self) -> None:
        while True:
            self._runner.send_message(PREPARED)
            gevent.sleep(TELL_EVERY_S)

    def _bear_with(self) -> None:
        """A worker that finds its data answers nobody for seconds, and Locust would give it up, and
        a test that was started on the page meanwhile."""
        while True:
            for client in self._runner.clients.all:
                silent_s = monotonic() - self._since_s.setdefault(client.id, monotonic())
                if client.id not in self._prepared and silent_s < PREPARES_WITHIN_S:
                    client.heartbeat = HEARTBEAT_LIVENESS
            gevent.sleep(TELL_EVERY_S)

    def _hear(self, msg: Any, **_: Any) -> None:
        self._prepared.add(msg.node_id)
        self._heard(msg.node_id)
