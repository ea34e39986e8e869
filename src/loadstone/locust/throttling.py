"""How the workers of a load share what a gate lets through."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

import gevent
from locust.runners import MasterRunner, WorkerRunner

from loadstone.capacity.admission import Arm, Resource
from loadstone.capacity.limits import Direction
from loadstone.gate.gate import Gate
from loadstone.gate.leases import Book, Lease, Report, Tenancy

LEASE_S = 1.0
REPORT, LEASE = "loadstone_report", "loadstone_lease"

#: System, table, index and direction: one arm, as messages name it.
Key = tuple[str, str, str | None, Direction]


class GateShares:
    """Who may use how much of the gates' capacity, in a process of a distributed load.

    The master keeps the books and leases anew every second; a worker reports as often.
    """

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._books: dict[Key, Book] = {}
        self._tenancies: dict[Key, Tenancy] = {}
        self._processes = 1
        self._run = ""
        self._turning: Any = None
        if isinstance(runner, MasterRunner):
            runner.register_message(REPORT, self._reported)
        elif isinstance(runner, WorkerRunner):
            runner.register_message(LEASE, self._leased)

    def begin(self, run: str, processes: int, gates: Mapping[str, Gate | None]) -> None:
        """A test starts; a worker that does not share has nothing to report."""
        self.end()
        self._run, self._processes = run, processes
        self._books = {}
        now_s = monotonic()
        self._tenancies = {
            (system, *resource, direction): Tenancy(arm, now_s)
            for system, gate in gates.items()
            for (resource, direction), arm in _arms(gate).items()
        }
        if isinstance(self._runner, MasterRunner):
            self._turning = gevent.spawn(self._turn, self._lease)
        elif isinstance(self._runner, WorkerRunner) and self._tenancies:
            self._turning = gevent.spawn(self._turn, self._report)

    def end(self) -> None:
        """The test stops."""
        if self._turning is not None:
            self._turning.kill()
            self._turning = None

    def _turn(self, step: Any) -> None:
        while True:
            gevent.sleep(LEASE_S)
            step()

    def _report(self) -> None:
        now_s = monotonic()
        arms = [[*key, *each.report(now_s)] for key, each in self._tenancies.items()]
        self._runner.send_message(REPORT, {"run": self._run, "arms": arms})

    def _reported(self, environment: Any, msg: Any, **_: Any) -> None:
        if msg.data["run"] != self._run:
            return
        for system, table, index, direction, *report in msg.data["arms"]:
            key = (system, table, index, direction)
            book = self._books.get(key)
            if book is None:
                book = self._books[key] = Book(self._processes)
            book.report(msg.node_id, Report(*report), monotonic())

    def _lease(self) -> None:
        leases: dict[str, list[list[Any]]] = {}
        for key, book in self._books.items():
            for worker, lease in book.leases(monotonic()).items():
                leases.setdefault(worker, []).append([*key, *lease])
        for worker, arms in leases.items():
            if worker in self._runner.clients:
                self._runner.send_message(LEASE, {"run": self._run, "arms": arms}, worker)

    def _leased(self, environment: Any, msg: Any, **_: Any) -> None:
        if msg.data["run"] != self._run:
            return
        for system, table, index, direction, *lease in msg.data["arms"]:
            tenancy = self._tenancies.get((system, table, index, direction))
            if tenancy is not None:
                tenancy.hold(Lease(*lease), monotonic())


def _arms(gate: Gate | None) -> Mapping[tuple[Resource, Direction], Arm]:
    return gate.admission.arms() if gate is not None else {}
