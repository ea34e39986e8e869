"""A distributed seed as a run of Locust: its master relays, its workers write.

The ledgers are kept by the process that started the master, and that is at the other end of a
socket: what workers tell goes there, and what it tells goes to them. So Locust brings the workers,
their machines and its page, and the seed is the same as on one machine.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import gevent
from gevent import socket
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from loadstone.advice import advised
from loadstone.locust.seed_page import SeedPage
from loadstone.locust.seed_worker import FROM_WORKER, TO_WORKER, SeedWorker
from loadstone.seeding.link import Link
from loadstone.seeding.relayed import RELAY_FD

WATCH_EVERY_S = 0.25
#: Users a second. There is one for each worker, so all at once.
SPAWN_RATE = 100.0


def install() -> None:
    """Listen to Locust; once, when its locustfile is read."""
    listen: Any = events
    listen.init.add_listener(_on_init)


def _on_init(environment: Any, runner: Any, web_ui: Any, **_: Any) -> None:
    # Workers that write are busy, as they should be, and Locust would warn of that.
    logging.getLogger("locust").setLevel(logging.ERROR)
    if isinstance(runner, MasterRunner):
        link = Link(socket.socket(fileno=int(os.environ[RELAY_FD])))
        environment.loadstone_seed = Relay(environment, runner, web_ui, link)
    elif isinstance(runner, WorkerRunner):
        environment.loadstone_seed = SeedWorker(environment, runner)
    else:
        print(  # noqa: T201
            f"loadstone: a distributed seed is begun by `{advised('seed', 'SYSTEM', '--master')}`",
            file=sys.stderr,
        )
        raise SystemExit(2)


class Relay:
    """Locust's master: carries messages between the keeper of the ledgers and the workers."""

    def __init__(self, environment: Any, runner: Any, web_ui: Any, link: Link) -> None:
        self._environment, self._runner, self._web_ui, self._link = (
            environment,
            runner,
            web_ui,
            link,
        )
        self._page = SeedPage(web_ui)
        self._there: set[str] = set()
        self._stopping = False
        environment.process_exit_code = 0
        runner.register_message(FROM_WORKER, self._heard)
        environment.events.test_stopping.add_listener(self._stop)
        gevent.spawn(self._listen)
        gevent.spawn(self._watch)

    def _heard(self, environment: Any, msg: Any, **_: Any) -> None:
        self._link.tell({"kind": "heard", "worker": msg.node_id, "message": msg.data})

    def _listen(self) -> None:
        """Do what the keeper says, until it hangs up."""
        for message in self._link.messages():
            match message["kind"]:
                case "tell":
                    self._runner.send_message(TO_WORKER, message["message"], message["worker"])
                case "run":
                    # Before anything is written: a run begins with empty statistics.
                    self._environment.host = message["host"]
                    self._runner.start(message["users"], SPAWN_RATE)
                case "rows":
                    self._page.rows = message["rows"]
        self._stopping = True
        self._web_ui.stop()

    def _watch(self) -> None:
        """Tell who has come, and who does not answer any more."""
        while True:
            clients = self._runner.clients
            live = {each.id for each in (*clients.ready, *clients.spawning, *clients.running)}
            for worker in sorted(live - self._there):
                self._there.add(worker)
                self._link.tell({"kind": "joined", "worker": worker, "name": self._name(worker)})
            for worker in sorted(self._there - live):
                missing = worker in clients
                # A worker whose test stops is no client for a moment, and still finishes.
                if missing or not self._stopping:
                    self._there.discard(worker)
                    why = "does not answer any more" if missing else "has left"
                    self._link.tell({"kind": "left", "worker": worker, "why": why})
            gevent.sleep(WATCH_EVERY_S)

    def _name(self, worker: str) -> str:
        host = worker.rpartition("_")[0]
        return f"worker {self._runner.get_worker_index(worker) + 1} ({host})"

    def _stop(self, **_: Any) -> None:
        """Somebody stops the run on the page, or the last worker is gone."""
        if not self._stopping and self._runner.worker_count:
            self._stopping = True
            self._link.tell({"kind": "stopped"})
