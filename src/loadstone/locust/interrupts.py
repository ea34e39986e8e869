"""Ctrl-C, or being told to end, in a process of Locust: while it prepares or waits, while it plays,
and beside a page."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

import gevent
from locust.runners import WorkerRunner

from loadstone.locust.quitting import quit_soon

#: What has happened, in words. Locust takes SIGTERM over when it has started all that it starts;
#: under a LoadTestShape without a page it never does.
SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "told to end"}
#: Leaving takes a moment, in which a further signal changes nothing.
LEAVES_WITHIN_S = 5.0


class Interrupts:
    """One for each process. `leave` ends one that has yet to begin: its targets and its workers.

    The first signal ends in good order what nobody watches on a page; a further one goes where it
    went, but is of no account while the first one is heeded. A KeyboardInterrupt would else come up
    in whatever is at work, and some parts of Locust swallow it.
    """

    def __init__(self, environment: Any, runner: Any, leave: Callable[[], None]) -> None:
        self._environment, self._runner, self._leave = environment, runner, leave
        self._headless = bool(environment.parsed_options.headless)
        self._main = gevent.get_hub().parent
        self.happened: signal.Signals | None = None  # the first of the signals
        self._ready = self._begun = False
        self._leaves_until_s: float | None = None
        self._before = {number: signal.getsignal(number) for number in SAID}
        for number in SAID:
            signal.signal(number, self._heard)

    @property
    def exit_code(self) -> int:
        """As of a process that the first of the signals had ended, or else Ctrl-C."""
        return 128 + (self.happened or signal.SIGINT)

    def ready(self) -> None:
        """All is prepared, and Locust goes on."""
        self._ready = True

    def begun(self) -> None:
        """A test has begun, which is ended by Locust."""
        self._begun = True

    def leaving(self) -> None:
        """The process ends by itself, and soon."""
        if self._leaves_until_s is None:
            self._leaves_until_s = monotonic() + LEAVES_WITHIN_S

    def left(self) -> None:
        """Nothing of ours is left to end: whoever is in a hurry need not wait for Locust."""
        self._leaves_until_s = 0.0

    @property
    def prepares(self) -> bool:
        """Whether it has yet to be ready."""
        return not self._ready

    @property
    def has_yet_to_begin(self) -> bool:
        """Whether there is no test, and one may still come."""
        return not self._begun and self._leaves_until_s is None

    def raise_in_main(self, error: BaseException) -> None:
        """Where Locust waits."""
        if gevent.getcurrent() is self._main:
            raise error
        gevent.get_hub().loop.run_callback(self._main.throw, error)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self._leaves_until_s is not None:
            if monotonic() > self._leaves_until_s:
                os._exit(128 + number)
            return
        first = self.happened is None
        self.happened = self.happened or signal.Signals(number)
        waits = not self._begun and not isinstance(self._runner, WorkerRunner)
        if first and not self._ready:
            self.leaving()
            self.raise_in_main(KeyboardInterrupt())
        elif first and self._headless and waits:
            self.leaving()
            gevent.spawn(self._end_waiting)
        elif first and self._headless:
            quit_soon(self._environment, self._runner)
        elif number == signal.SIGTERM:
            if not self._begun:  # the moment before Locust listens to it
                self.raise_in_main(SystemExit(self.exit_code))
        elif (before := self._before[signal.SIGINT]) is signal.default_int_handler:
            self.raise_in_main(KeyboardInterrupt())
        elif callable(before):
            before(number, frame)

    def _end_waiting(self) -> None:
        """A master that waits for workers, in Locust's own words, looks at nothing else."""
        self._leave()
        self.raise_in_main(SystemExit(self.exit_code))
