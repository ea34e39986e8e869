"""Why a test ended, by who stopped it: the calls that are under way say it, and no clock does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_stack
from types import FrameType

from loadstone.run import Ending
from loadstone.run.header import INTERRUPTED, TOLD_TO_END

COMPLETED = Ending("completed")
ON_THE_PAGE = Ending("stopped", "on the web page")
NO_WORKER = Ending("stopped", "no worker is left")
STOP_TEST = Ending("stopped", "a task raised StopTest")
NO_MASTER = Ending("stopped", "the master does not answer any more")

BY_SIGNAL = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TOLD_TO_END}
#: Who stops a test in Locust, as module and function. A worker that its master stops has completed
#: its part: how the run ended is the master's to say.
STOPPERS = {
    ("locust.main", "stop_and_optionally_quit"): COMPLETED,  # --run-time is over
    ("locust.web", "_stop_runners"): COMPLETED,  # so is that of the web form
    ("locust.runners", "shape_worker"): COMPLETED,  # a LoadTestShape has come to its end
    ("locust.runners", "worker"): COMPLETED,
    ("locust.main", "sig_term_handler"): TOLD_TO_END,
    ("locust.web", "stop"): ON_THE_PAGE,
    ("locust.runners", "handler"): STOP_TEST,
    ("locust.runners", "client_listener"): NO_WORKER,
    ("locust.runners", "heartbeat_worker"): NO_WORKER,
    ("locust.runners", "heartbeat_timeout_checker"): NO_MASTER,
}
_NOT_THE_CAUSE = ("locust.", "loadstone.", "gevent.")


def ending_by_caller() -> Ending:
    """Why the test ends, to be asked while Locust tells its listeners that it does."""
    callers = list(_callers())
    for caller in callers:
        if found := STOPPERS.get((_module(caller), caller.f_code.co_name)):
            return found
    for caller in callers:
        if not _module(caller).startswith(_NOT_THE_CAUSE):
            code = caller.f_code
            return Ending("stopped", f"by {code.co_name} in {Path(code.co_filename).name}")
    return Ending("stopped")


def _callers() -> Iterator[FrameType]:
    """From who asks outwards."""
    return (frame for frame, _ in walk_stack(None))


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
