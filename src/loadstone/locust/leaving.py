"""How a process leaves that has yet to begin: why it does, its targets, and its workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import MasterRunner, WorkerRunner

from loadstone.errors import LoadstoneError
from loadstone.locust.interrupts import SAID, Interrupts
from loadstone.locust.refusals import Refusals
from loadstone.starting import SPOKEN_FOR

CONNECTED_WITHIN_S = QUITS_WITHIN_S = 0.5


class Leaving:
    """One for each process. `release` lets go of its targets."""

    def __init__(
        self,
        environment: Any,
        runner: Any,
        refusals: Refusals,
        release: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._environment, self._runner, self._refusals = environment, runner, refusals
        self._release, self._say = release, say
        # Of workers that Locust itself has started, their master speaks.
        spoken_for = SPOKEN_FOR in os.environ or (
            isinstance(runner, WorkerRunner) and environment.parsed_options.processes
        )
        self._tells = not spoken_for
        self.interrupts = Interrupts(environment, runner, self._leave_interrupted)

    def prepare_or_leave(self, prepare: Callable[[], None]) -> None:
        """Get ready for a test; where that cannot be, end this process, and say why."""
        self._watching = gevent.spawn(self._end_with_runner)
        try:
            prepare()
        except (LoadstoneError, OSError) as error:
            exit_code = getattr(error, "exit_code", 2)
            self.interrupts.leaving()
            self._say(f"loadstone: {error}")
            self._refusals.leave(str(error), exit_code)
            self._leave()
            raise SystemExit(exit_code) from None
        except KeyboardInterrupt:
            self._leave_interrupted()
            raise SystemExit(self.interrupts.exit_code) from None
        except SystemExit:
            self._leave()
            raise
        except Exception as error:
            self.interrupts.leaving()
            self._refusals.leave(f"{type(error).__name__}: {error}", 1)
            self._leave()
            raise
        self.interrupts.ready()

    def quits(self) -> None:
        """The process ends by itself. Where it has no page, there should have been a run."""
        self._watching.kill()
        options = self._environment.parsed_options
        if isinstance(self._runner, WorkerRunner) or not options.headless:
            return
        if self.interrupts.has_yet_to_begin:
            over = f" in the {options.run_time} s of its --run-time" if options.run_time else ""
            self._say(f"loadstone: the run did not begin{over}: nothing is recorded")
            self._environment.process_exit_code = self._environment.process_exit_code or 1

    def _end_with_runner(self) -> None:
        """Locust ends the greenlets of a worker that its master tells to quit, and those of a
        master without a page that its last worker leaves, but not what main is at."""
        self._runner.greenlet.join()
        gevent.sleep(QUITS_WITHIN_S)  # unless main waited for just that
        if not self.interrupts.has_yet_to_begin:
            return
        if isinstance(self._runner, WorkerRunner) and self.interrupts.prepares:
            self._end(0)
        elif isinstance(self._runner, MasterRunner) and not self._runner.worker_count:
            refusals = self._refusals.heard
            if not refusals:
                self._say("loadstone: no worker is left: the run cannot begin")
            self._end(refusals[0].exit_code if refusals else 1)

    def _end(self, exit_code: int) -> None:
        self.interrupts.leaving()
        if not self.interrupts.prepares:
            self._leave()
        self.interrupts.raise_in_main(SystemExit(exit_code))

    def _leave_interrupted(self) -> None:
        self.interrupts.leaving()
        by = self.interrupts.happened or signal.SIGINT
        if self._tells:
            self._say(f"loadstone: {SAID[by]} before the run began")
        if by == signal.SIGINT:
            self._refusals.leave(SAID[by], self.interrupts.exit_code, tells=1)
        else:  # by what starts another in its place
            self._refusals.quit()
        self._leave()

    def _leave(self) -> None:
        """Nothing begins: let go of the targets, and of the workers."""
        self.interrupts.leaving()
        self._refusals.end()
        self._release()
        if isinstance(self._runner, MasterRunner):
            # A worker of Locust's that is told to quit while it connects does not.
            gevent.sleep(CONNECTED_WITHIN_S)
            self._runner.quit()
        self.interrupts.left()
