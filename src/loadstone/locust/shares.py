"""Which part of the arrivals is whose: the master says it, and anew when workers come or go."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
from locust.runners import MasterRunner, WorkerRunner

from loadstone.arrivals.plan import Share

SHARE = "loadstone-share"
LOOK_EVERY_S = 0.5


class Shares:
    """One for each process of a run; `changed` is called on a worker whose share is another now."""

    def __init__(
        self, runner: Any, changed: Callable[[Share, float], None], say: Callable[[str], None]
    ) -> None:
        self._runner, self._changed, self._say = runner, changed, say
        self._told: dict[str, Any] = {}
        self._watch: Any = None
        self.members: list[str] = []  # a master's: who shares, in the order that they came in
        if isinstance(runner, WorkerRunner):
            runner.register_message(SHARE, self._hear)

    def begin(self, options: Any) -> None:
        """On a master: a test begins, with the workers that there are."""
        if isinstance(self._runner, MasterRunner):
            # What a worker does not know of itself, Locust tells it with our other arguments.
            self.members = options.loadstone_live = self._live()
            self._watch = gevent.spawn(self._tell_on, options.run_name)

    def end(self) -> None:
        if self._watch is not None:
            self._watch.kill()
            self._watch = None
        self.members = []

    def own(self, options: Any) -> Share | None:
        """This process's share when it begins; None for a worker that has yet to be told."""
        if not isinstance(self._runner, WorkerRunner):
            return Share()
        live = getattr(options, "loadstone_live", [])
        if self._runner.client_id in live:
            return Share(index=live.index(self._runner.client_id), count=len(live))
        return None

    def missed(self, run: str) -> tuple[Share, float] | None:
        """What was told of this run before it began here, and how far it is now."""
        if self._told.get("run") != run:
            return None
        elapsed_s = self._told["elapsed_s"] + monotonic() - self._told["heard_s"]
        return Share(index=self._told["index"], count=self._told["count"]), elapsed_s

    def _live(self) -> list[str]:
        """Members that are there, and whoever else plays by now."""
        clients = self._runner.clients
        there = [each.id for each in (*clients.ready, *clients.spawning)]
        live = {each.id for each in clients.running} | set(there) & set(self.members or there)
        return sorted(live, key=self._runner.get_worker_index)

    def _tell_on(self, run: str) -> None:
        began_s = monotonic()
        while True:
            gevent.sleep(LOOK_EVERY_S)
            live = self._live()
            if not live or live == self.members:
                continue
            came, went = set(live) - set(self.members), set(self.members) - set(live)
            changes = _changes(len(came), len(went))
            self._say(f"loadstone: {changes}: the arrivals are shared by {len(live)} now")
            self.members = live
            for index, worker in enumerate(live):
                share = {"run": run, "index": index, "count": len(live)}
                share["elapsed_s"] = monotonic() - began_s
                self._runner.send_message(SHARE, share, worker)

    def _hear(self, environment: Any, msg: Any, **_: Any) -> None:
        self._told = {**msg.data, "heard_s": monotonic()}
        share = Share(index=msg.data["index"], count=msg.data["count"])
        self._changed(share, msg.data["elapsed_s"])


def _changes(came: int, went: int) -> str:
    words = [(came, "joined"), (went, "went away")]
    return ", ".join(f"{n} {'worker' if n == 1 else 'workers'} {what}" for n, what in words if n)
