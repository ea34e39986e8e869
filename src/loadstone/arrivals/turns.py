"""Turns of gevent's loop: what can wait lets the loop look at its sockets first.

A callback of gevent's own, and a pause of no length, may come before the loop does: for up to five
milliseconds, again and again. Answers that have come by then would be taken for slow ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent import get_hub

# Anything above nothing waits for the loop's next turn.
_LEAST_S = 1e-6


def give_way() -> None:
    """In the midst of long work: let what has come be read, and what is due be sent."""
    gevent.sleep(_LEAST_S)


class NextTurn:
    """A callback from gevent's hub, as soon as the loop has looked at its sockets."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._timer: Any = get_hub().loop.timer(0.0)

    def take(self) -> None:
        self._timer.start(self._call, update=False)

    def close(self) -> None:
        self._timer.stop()
        self._timer.close()
