"""Ctrl-C in a process of Locust: while it prepares or waits, while it plays, and beside a page."""

from __future__ import annotations

import signal
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

import gevent
from locust.runners import MasterRunner

EXIT_CODE = 130
#: Leaving takes a moment, in which another Ctrl-C changes nothing.
LEAVES_WITHIN_S = 5.0


class Interrupts:
    """One for each process. `leave` ends one that has yet to begin: its targets and its workers.

    The first Ctrl-C ends in good order what nobody watches on a page; a further one goes where it
    went, but not while the first one is heeded. A KeyboardInterrupt would else come up in whatever
    is at work, and some parts of Locust swallow it.
    """

    def __init__(self, runner: Any, *, headless: bool, leave: Callable[[], None]) -> None:
        self._runner, self._headless, self._leave = runner, headless, leave
        self._main = gevent.get_hub().parent
        self.happened = self._ready = self._begun = False
        self._leaves_until_s = 0.0
        self._before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, self._interrupted)

    def ready(self) -> None:
        """All is prepared, and Locust goes on."""
        self._ready = True

    def begun(self) -> None:
        """A test has begun, which is ended by Locust."""
        self._begun = True

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        first, self.happened = not self.happened, True
        waits = isinstance(self._runner, MasterRunner) and not self._begun
        if first and (not self._ready or (self._headless and waits)):
            self._leaves_until_s = monotonic() + LEAVES_WITHIN_S
        elif monotonic() < self._leaves_until_s:
            return
        if first and not self._ready:
            self._raise_in_main(KeyboardInterrupt())
        elif first and self._headless:
            gevent.spawn(self._end_waiting if waits else self._runner.quit)
        elif self._before is signal.default_int_handler:
            self._raise_in_main(KeyboardInterrupt())
        elif callable(self._before):
            self._before(number, frame)

    def _end_waiting(self) -> None:
        """A master that waits for workers, in Locust's own words, looks at nothing else."""
        self._leave()
        self._raise_in_main(SystemExit(EXIT_CODE))

    def _raise_in_main(self, error: BaseException) -> None:
        if gevent.getcurrent() is self._main:
            raise error
        gevent.get_hub().loop.run_callback(self._main.throw, error)
