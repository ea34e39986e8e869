"""A callback at an instant, to some ten microseconds where the system can do that."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Protocol

from gevent import get_hub

NEVER = 1 << 62
_READ = 1
_CLOCK_MONOTONIC, _ABSOLUTE = 1, 1


class Alarm(Protocol):
    """Rings at the instant that it was set to last. Who is rung sets it anew, if only to NEVER."""

    def ring_at(self, at_ns: int) -> None:
        """At an instant of `time.perf_counter_ns`; at once if that has passed."""

    def close(self) -> None: ...


def alarm(ring: Callable[[], None]) -> Alarm:
    """An alarm that calls `ring` from gevent's hub.

    The loop's own timers wait in whole milliseconds, rounded up: half a millisecond that would be
    read as the database's. Linux has timers that are files, which are precise.
    """
    if sys.platform == "linux":
        try:
            return _FileAlarm(ring)
        except OSError:
            pass
    return _LoopAlarm(ring)


class _LoopAlarm:
    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: Any = None

    def ring_at(self, at_ns: int) -> None:
        self.close()
        if at_ns < NEVER:
            self._timer = get_hub().loop.timer(max(0.0, (at_ns - perf_counter_ns()) / 1e9))
            self._timer.start(self._ring, update=True)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None


class _Timespec(ctypes.Structure):
    """An itimerspec: how often it repeats, and when it rings first; zeros for never."""

    _fields_ = (
        ("every_s", ctypes.c_long),
        ("every_ns", ctypes.c_long),
        ("at_s", ctypes.c_long),
        ("at_ns", ctypes.c_long),
    )


class _FileAlarm:
    """Linux's timerfd_create(2), whose clock is that of `perf_counter_ns`."""

    def __init__(self, ring: Callable[[], None]) -> None:
        # PyDLL keeps the interpreter's lock, as neither call waits for anything.
        library = ctypes.PyDLL(None, use_errno=True)
        try:
            create, self._settime = library.timerfd_create, library.timerfd_settime
        except AttributeError as error:
            raise OSError("this C library has no timerfd") from error
        self._descriptor = create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._spec = _Timespec()
        self._at = ctypes.byref(self._spec)
        self._watcher: Any = get_hub().loop.io(self._descriptor, _READ)
        # Setting it makes it unreadable again, so it need not be read.
        self._watcher.start(ring)

    def ring_at(self, at_ns: int) -> None:
        if at_ns >= NEVER:
            self._spec.at_s = self._spec.at_ns = 0
        else:
            self._spec.at_s, self._spec.at_ns = divmod(max(1, at_ns), 1_000_000_000)
        self._settime(self._descriptor, _ABSOLUTE, self._at, None)

    def close(self) -> None:
        if self._descriptor >= 0:
            self._watcher.stop()
            self._watcher.close()
            os.close(self._descriptor)
            self._descriptor = -1
