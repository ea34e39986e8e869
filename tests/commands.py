"""The `loadstone` command, run as a person runs it: a process in a folder."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def loadstone(
    *arguments: str, cwd: Path, environ: Mapping[str, str] | None = None, timeout_s: float = 120
) -> Ran:
    """Run a command to its end. No endpoint, credentials or project of the caller's reach it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNAMODB_", "LOADSTONE_", "CONVERSATION_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "loadstone", *arguments],
        cwd=cwd,
        env={**kept, "HOME": str(cwd), "COLUMNS": "100", **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def free_port() -> int:
    """A port that nobody listens on, of those that no system gives to whoever connects or listens
    without naming one: it is still free when the process that is told of it has come so far.

    Not drawn as jitter is, which begins alike in each test: so would their ports, and a worker that
    another test left behind found a master of this one."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
