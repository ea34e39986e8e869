"""A connection for each request in flight, kept for the next one."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

from gevent.event import Event

from loadstone.client.connection import Connection


class Pool:
    """A free list without a cap: what a cap queues would be measured as the database's latency.

    The connection used last is used next, so that those which a peak needed grow idle and go.
    """

    def __init__(self, dial: Callable[[int], Connection], *, idle_limit_s: float) -> None:
        self._dial = dial
        self._idle_limit_ns = int(idle_limit_s * 1e9)
        self._free: list[Connection] = []
        self._drained: Event | None = None  # there while somebody waits for it
        self._closed = False
        self.in_flight = 0
        self.opened = 0  # connections ever made

    def acquire(self, now_ns: int, deadline_ns: int) -> Connection:
        """A free connection or a new one, to be given to `release` afterwards, come what may."""
        if self._closed:
            raise RuntimeError("the client is closed")
        free = self._free
        self.in_flight += 1
        while free:
            connection = free.pop()
            if now_ns - connection.idle_since_ns >= self._idle_limit_ns:
                connection.close()
            if connection.open:
                return connection
        try:
            connection = self._dial(deadline_ns)
        except BaseException:
            self._leave()
            raise
        self.opened += 1
        return connection

    def open_ahead(self, connections: int, deadline_ns: int) -> None:
        """Have so many connections, free or in use."""
        opened: list[Connection] = []
        try:
            while len(opened) + len(self._free) + self.in_flight < connections:
                opened.append(self._dial(deadline_ns))
                self.opened += 1
        finally:
            for connection in opened:
                connection.idle_since_ns = perf_counter_ns()
            self._free.extend(opened)

    def release(self, connection: Connection, now_ns: int) -> None:
        if self._closed:
            connection.close()
        if connection.open:
            connection.idle_since_ns = now_ns
            self._free.append(connection)
        self._leave()

    def drain(self, timeout_s: float | None) -> bool:
        """Wait until nothing is in flight; whether that came to pass."""
        if self.in_flight == 0:
            return True
        if self._drained is None:
            self._drained = Event()
        self._drained.wait(timeout_s)
        return self.in_flight == 0

    def close(self) -> None:
        """Close what is free now, and what is in flight when its answer has come."""
        self._closed = True
        for connection in self._free:
            connection.close()
        self._free.clear()

    def _leave(self) -> None:
        self.in_flight -= 1
        if self._drained is not None and self.in_flight == 0:
            self._drained.set()
            self._drained = None
