"""Workers that cannot take part: each says why to its master, which says it where one looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gevent.event import Event
from locust.runners import MasterRunner, WorkerRunner

REFUSED, NOTED = "loadstone-refused", "loadstone-noted"
#: A master that prepares as well may take a while to listen.
TELLS, TELL_EVERY_S = 10, 0.5


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a worker cannot take part, and with which exit code it ended."""

    said: str
    exit_code: int


class Refusals:
    """One for each process of a run: a worker tells, its master hears and says."""

    def __init__(self, environment: Any, runner: Any, say: Callable[[str], None]) -> None:
        self._environment, self._runner, self._say = environment, runner, say
        self._noted = Event()
        self._heard: dict[str, Refusal] = {}  # by the reason: many may have the same
        self._before: dict[str, set[str]] = {}  # what was heard before a worker came
        if isinstance(runner, MasterRunner):
            runner.register_message(REFUSED, self._hear)
            environment.events.worker_connect.add_listener(self._connect)
        elif isinstance(runner, WorkerRunner):
            runner.register_message(NOTED, self._note)

    def end(self) -> None:
        """A master: it ends, and what else comes is of no account."""
        self._say = lambda _: None

    def forget(self) -> None:
        """A master: a test begins, and who could not take part before does not matter any more."""
        self._heard.clear()

    def replaced(self, worker: str) -> None:
        """A master: one that can take part came after those that could not."""
        for why in self._before.pop(worker, ()):
            self._heard.pop(why, None)

    @property
    def heard(self) -> list[Refusal]:
        """What a master heard, each reason once, in the order that they came."""
        return list(self._heard.values())

    def tell(self, reason: str, exit_code: int = 1, *, begun: bool = True) -> None:
        """A worker: it cannot go on with what it has begun, or cannot begin."""
        if isinstance(self._runner, WorkerRunner):
            told = {"reason": reason, "exit_code": exit_code, "begun": begun}
            self._runner.send_message(REFUSED, told)

    def leave(self, reason: str, exit_code: int, *, tells: int = TELLS) -> None:
        """A worker: it cannot begin, and ends when its master has heard why."""
        if not isinstance(self._runner, WorkerRunner):
            return
        for _ in range(tells):
            self.tell(reason, exit_code, begun=False)
            if self._noted.wait(TELL_EVERY_S):
                break
        self.quit()

    def quit(self) -> None:
        """A worker: in Locust's own words, or it would be counted among the others for a minute."""
        if isinstance(self._runner, WorkerRunner):
            self._runner.send_message("quit")

    def absent(self) -> str:
        """Why a master whose page is told to start cannot; "" when it can."""
        if not isinstance(self._runner, MasterRunner) or self._runner.worker_count:
            return ""
        said = "; ".join(each.said for each in self.heard)
        return said or "no worker is connected"

    def _hear(self, environment: Any, msg: Any, **_: Any) -> None:
        told = msg.data
        cannot = "cannot go on" if told["begun"] else "cannot take part"
        why = f"{cannot}: {told['reason']}"
        for before in self._before.values():
            before.discard(why)
        if why not in self._heard:
            said = f"{self._name(msg.node_id)} {why}"
            self._heard[why] = Refusal(said, told["exit_code"])
            self._say(f"loadstone: {said}")
        if told["begun"]:
            self._environment.process_exit_code = self._environment.process_exit_code or 1
        self._runner.send_message(NOTED, client_id=msg.node_id)

    def _connect(self, client_id: str, **_: Any) -> None:
        self._before[client_id] = set(self._heard)

    def _note(self, environment: Any, msg: Any, **_: Any) -> None:
        self._noted.set()

    def _name(self, worker: str) -> str:
        host = worker.rpartition("_")[0]
        return f"worker {self._runner.get_worker_index(worker)} ({host})"
