"""Ctrl-C while the command still loads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
IN_A_GREENLET = """\
import os, signal
import gevent
gevent.spawn(os.kill, os.getpid(), signal.SIGINT)
gevent.sleep(60)
"""


def started(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that is interrupted in the middle of its imports."""
    (folder / "numpy.py").write_text(INTERRUPTED)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [("--version",), ("preview", "cmz"), ("run", "cmz")])
def test_a_command_that_loads_ends_without_a_word(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Interrupted before it has begun, a command says nothing, and a shell sees 130."""
    ended = started(tmp_path, "-m", "loadstone", *command)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_a_program_that_imports_us_is_interrupted_as_it_is_used_to(tmp_path: Path) -> None:
    """Only the command of our own goes quietly: elsewhere Ctrl-C stays a KeyboardInterrupt."""
    program = "try:\n    import loadstone\nexcept KeyboardInterrupt:\n    print('caught')\n"
    ended = started(tmp_path, "-c", program)
    assert (ended.returncode, ended.stdout) == (0, "caught\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("preview", "mine"), "interrupted"),
        (("up", "mine"), "interrupted: what is done stays, and the same command goes on"),
        (
            ("tables", "create", "mine"),
            "interrupted: what is done stays, and the same command goes on",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("content", [INTERRUPTED, IN_A_GREENLET], ids=["plain", "greenlet"])
def test_a_command_that_has_begun_answers_to_ctrl_c(
    tmp_path: Path, command: tuple[str, ...], said: str, content: str
) -> None:
    """Once all is loaded an interrupt is one line and exit code 130, wherever it comes in."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "fixtures" / "mine.py").write_text(content)
    (tmp_path / "scenarios" / "mine.py").write_text("")
    ended = subprocess.run(
        [sys.executable, "-m", "loadstone", *command, "--project", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (130, "", said)
