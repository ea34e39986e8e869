"""The first of the command's modules: while the others load, Ctrl-C ends it without a word.

That takes up to half a second, in which a KeyboardInterrupt would be a traceback of imports.
Nothing is under way yet that wants to be put in order. A program that imports `loadstone` is left
alone.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

#: In the environment of a process that a command starts, and tells to end when it is told so
#: itself: it is the command that says so.
SPOKEN_FOR = "LOADSTONE_SPOKEN_FOR"


def ready() -> None:
    """All is loaded: from here on the command answers to Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A KeyboardInterrupt, wherever we are: gevent, too, passes it on without a traceback."""
    get_hub = getattr(sys.modules.get("gevent"), "get_hub", None)  # none while it is imported
    if get_hub is not None:
        hub = get_hub()
        hub.NOT_ERROR = (*hub.NOT_ERROR, KeyboardInterrupt)
    raise KeyboardInterrupt


def _is_command() -> bool:
    started = sys.argv[0] if sys.argv else ""
    return Path(started).stem == "loadstone" or (started == "-m" and "loadstone" in sys.orig_argv)


if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
