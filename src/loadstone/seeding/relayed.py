"""Workers on other machines, behind a relay: a process of ours that knows how to reach them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

import gevent
from gevent import socket
from gevent.event import Event

from loadstone.client.target import Target
from loadstone.seeding.job import Job
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.link import Link
from loadstone.seeding.messages import Message
from loadstone.seeding.sender import SeedStopped
from loadstone.seeding.tally import Tally

#: Which file descriptor of the relay leads here.
RELAY_FD = "LOADSTONE_SEED_RELAY"

SHOW_EVERY_S = 1.0
POLL_S = 0.1
#: How long what is in flight is waited for, and then the relay.
ENDS_WITHIN_S = 30.0

#: How long a load goes on without any worker.
PATIENCE_S = 10.0

#: A table as a page shows it: a mapping of columns.
Rows = list[dict[str, Any]]

NOBODY_LEFT = (
    "no worker is left: what is written stays written; start workers again, and the same command "
    "goes on"
)


class RelayedCrew:
    """Begins when `expected` workers are there; who comes later takes part from then on.

    `command` starts the relay, and `rows` make what its page shows. `stop` is set when somebody
    asks for an end on that page.
    """

    def __init__(
        self,
        job: Job,
        target: Target,
        command: Sequence[str],
        *,
        expected: int,
        stop: Event,
        say: Callable[[str], None],
        rows: Callable[[Tally], Rows],
    ) -> None:
        self._job, self._target, self._command = job, target, command
        self._expected, self._stop, self._say, self._rows = expected, stop, say, rows
        self._names: dict[str, str] = {}
        self._here: set[str] = set()
        self._ended: set[str] = set()
        self._begun = False
        self._alone_s: float | None = None  # since when there is none

    def run(self, keeper: Keeper) -> None:
        if keeper.finishing:
            return
        relay = _Relay(self._command)
        listening = gevent.spawn(self._listen, relay, keeper)
        showing = gevent.spawn(self._show, relay, keeper)
        try:
            while not keeper.finishing:
                gevent.sleep(POLL_S)
                self._miss_workers(keeper)
            with gevent.Timeout(ENDS_WITHIN_S, False):
                while self._begun and self._here:
                    gevent.sleep(POLL_S)
        finally:
            listening.kill()
            showing.kill()
            relay.end()

    def _listen(self, relay: _Relay, keeper: Keeper) -> None:
        for message in relay.link.messages():
            self._hear(relay, keeper, message)
        self._here.clear()
        if not keeper.finishing:
            keeper.fail(
                SeedStopped(
                    "Locust's master ended: what it said is above; what is written stays written, "
                    "and the same command goes on"
                )
            )

    def _hear(self, relay: _Relay, keeper: Keeper, message: Message) -> None:
        worker = message.get("worker", "")
        match message["kind"]:
            case "joined" if worker in self._names:
                self._return(keeper, worker)
            case "joined":
                self._join(relay, keeper, worker, message["name"])
            case "left":
                self._leave(keeper, worker, message["why"])
            case "heard" if self._begun and worker in self._names:
                self._pass_on(keeper, worker, message["message"])
            case "stopped":
                self._stop.set()

    def _join(self, relay: _Relay, keeper: Keeper, worker: str, name: str) -> None:
        self._names[worker] = name
        self._here.add(worker)
        if self._begun:
            self._say(f"{name} has joined")
            self._begin(relay, keeper, worker)
        elif len(self._here) == self._expected and not keeper.finishing:
            self._begun = True
            of = "worker is" if self._expected == 1 else "workers are"
            self._say(f"{self._expected} {of} there")
            relay.link.tell({"kind": "run", "users": self._expected, "host": str(self._target)})
            for each in sorted(self._here):
                self._begin(relay, keeper, each)

    def _begin(self, relay: _Relay, keeper: Keeper, worker: str) -> None:
        def tell(message: Message) -> None:
            relay.link.tell({"kind": "tell", "worker": worker, "message": message})

        keeper.join(self._names[worker], tell)
        target = {
            "url": self._target.url,
            "region": self._target.region,
            "kind": self._target.kind,
        }
        tell({"kind": "begin", "job": self._job.as_dict(), "target": target})

    def _return(self, keeper: Keeper, worker: str) -> None:
        """It did not answer for a while."""
        if worker not in self._ended:
            self._here.add(worker)
            if self._begun:
                self._say(f"{self._names[worker]} is there again")
                keeper.found(self._names[worker])

    def _pass_on(self, keeper: Keeper, worker: str, message: Message) -> None:
        if message["kind"] not in ("ended", "refused"):
            keeper.hear(self._names[worker], message)
            return
        self._ended.add(worker)
        why = message.get("why")
        self._leave(keeper, worker, f"does not take part: {why}" if why else "has left")

    def _leave(self, keeper: Keeper, worker: str, why: str) -> None:
        if worker not in self._here:
            return
        self._here.discard(worker)
        if self._begun:
            keeper.lost(self._names[worker], why)

    def _miss_workers(self, keeper: Keeper) -> None:
        """When none is left, one may come back, or another one come, for some time."""
        if self._here or not self._begun or keeper.finishing:
            self._alone_s = None
        elif self._alone_s is None:
            self._alone_s = monotonic()
            self._say(f"no worker is left: waiting {PATIENCE_S:.0f} s for one")
        elif monotonic() - self._alone_s > PATIENCE_S:
            keeper.fail(SeedStopped(NOBODY_LEFT))

    def _show(self, relay: _Relay, keeper: Keeper) -> None:
        while True:
            relay.link.tell({"kind": "rows", "rows": self._rows(keeper.tally)})
            gevent.sleep(SHOW_EVERY_S)


class _Relay:
    def __init__(self, command: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # A session of its own: Ctrl-C in a terminal is for us, who then tell it to finish.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=_with_descriptor(os.environ, theirs.fileno()),
            )
        self.link = Link(ours)

    def end(self) -> None:
        """It tells the workers to go home when we hang up."""
        self.link.close()
        with gevent.Timeout(ENDS_WITHIN_S, False):
            while self._process.poll() is None:
                gevent.sleep(POLL_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _with_descriptor(environ: Mapping[str, str], descriptor: int) -> dict[str, str]:
    return {**environ, RELAY_FD: str(descriptor)}
