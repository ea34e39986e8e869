"""Plain Locust, as a process in a folder: started, listened to, and ended with the block."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import gevent

WITHIN_S = 120


@contextmanager
def locust(
    folder: Path, *arguments: str, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """What it says goes to the tests, and its tables to nobody."""
    with subprocess.Popen(
        [sys.executable, "-m", "locust", "--only-summary", *arguments],
        cwd=folder,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], said: str) -> None:
    assert process.stderr is not None
    assert any(said in line for line in process.stderr), f"it never said {said!r}"


def until_it_serves(page: str) -> None:
    with gevent.Timeout(WITHIN_S):
        while True:
            try:
                urlopen(page).close()
            except URLError:
                gevent.sleep(0.1)
            else:
                return


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """With which exit code, and what was said that nobody listened to before."""
    _, err = process.communicate(timeout=WITHIN_S)
    assert "Traceback" not in err, err
    return process.returncode, err
