"""Turns of gevent's loop: what can wait lets the loop look at its sockets first.

A callback of gevent's own, and a pause of no length, may come before the loop does: for up to five
milliseconds, again and again. Answers that have come by then would be taken for slow ones.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from gevent import get_hub

# Who works for less holds nobody up, and a turn of its own would be most of the work.
_HOLDS_UP_NS = 300_000


def give_way() -> None:
    """Let the loop take a turn: what has come is read, and what is due is sent."""
    hub = get_hub()
    with hub.loop.timer(0.0) as turn:
        hub.wait(turn)


class GivingWay:
    """Long work that gives way between its pieces, wherever it has gone on for a while."""

    def __init__(self) -> None:
        self._since_ns = perf_counter_ns()

    def pause(self) -> None:
        """Between two pieces."""
        if perf_counter_ns() - self._since_ns >= _HOLDS_UP_NS:
            give_way()
            self._since_ns = perf_counter_ns()


class NextTurn:
    """A callback from gevent's hub, when the loop has looked at its sockets: what it found is read
    before the callback can come once more."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._timer: Any = get_hub().loop.timer(0.0)

    def take(self) -> None:
        self._timer.start(self._call, update=False)

    def close(self) -> None:
        self._timer.stop()
        self._timer.close()
