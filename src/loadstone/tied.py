"""A process that ends with the one that starts it, however that one ends."""

from __future__ import annotations

import os
import sys

# Asks the kernel to signal this process when its parent dies, then becomes the command. A process
# of its own, so that no Python code runs between fork and exec of ours, which may have threads.
_BEFORE = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, int(sys.argv[2]))
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[3], sys.argv[3:])
"""


def tied(command: list[str], number: int) -> list[str]:
    """The command, whose first word is a path, so that it gets a signal when this process is gone;
    just the command, where the system knows nothing of the kind.

    The kernel's "parent" is the thread that starts it: start it from one that stays.
    """
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", _BEFORE, str(os.getpid()), str(int(number)), *command]
