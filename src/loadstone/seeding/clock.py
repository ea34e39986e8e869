"""Time, as a load sees it: a test gives another."""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from gevent.event import Event


class Clock(Protocol):
    def now_s(self) -> float: ...

    def wait(self, event: Event, seconds: float | None) -> bool:
        """Until the event is set, or for so long; whether it is set."""
        ...


class WallClock:
    now_s = staticmethod(monotonic)

    def wait(self, event: Event, seconds: float | None) -> bool:
        return bool(event.wait(seconds))
