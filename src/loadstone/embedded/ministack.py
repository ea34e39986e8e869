"""ministack, the engine for machines without npm: from PyPI, in an environment of its own.

It pins botocore, so it never shares an environment with Loadstone. `ministack.lock` beside this
file has it and all that it needs, in exact versions with their hashes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

from loadstone.embedded.binary import WAY_OUT, Binary
from loadstone.errors import BadValue, EngineError

NAME: Final = "ministack"
LOCK = Path(__file__).with_suffix(".lock")
INSTALL_TIMEOUT_S = 300

#: What a person should know who gets figures from it.
LIMITS = (
    "its read units are constants, 0.5 for any Query or Scan: a run counts reads itself, from what "
    "it is answered, and everything else that names read units takes them as they are",
    "it keeps its data in memory, and writes it down only when it is stopped in order",
    "it says that backups are kept for 35 days, whatever was asked for",
    "it is some ten times slower than the usual engine, so a load soon measures ministack itself",
)


def ministack_version() -> str:
    """The version that the lock names."""
    found = re.search(rf"^{NAME}==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"{LOCK} does not name {NAME}"
    return found[1]


def is_installed(cache: Path) -> bool:
    return _environment(cache).exists()


def find_ministack(cache: Path) -> Binary:
    """The Python that has ministack; its environment is made in `cache` when it is not there."""
    kept, there = _environment(cache), is_installed(cache)
    if not there:
        _install(kept)
    return Binary(
        path=_python(kept),
        version=ministack_version(),
        origin="cache" if there else "PyPI",
        name=NAME,
    )


def _environment(cache: Path) -> Path:
    """An environment is of one Python: another one makes its own."""
    python = f"{sysconfig.get_platform()}-{sys.version_info.major}.{sys.version_info.minor}"
    return cache / f"{NAME}-{ministack_version()}-{python}"


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _install(kept: Path) -> None:
    """Made under another name and moved when it is whole; of two at a time the first is kept."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix="fetch-") as folder:
            made = Path(folder) / "environment"
            _run([sys.executable, "-m", "venv", str(made)], "make an environment for it")
            python = str(_python(made))
            flags = ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--quiet"]
            install = [python, "-I", "-m", "pip", "install", *flags]
            _run([*install, "--require-hashes", "-r", str(LOCK)], "install it from PyPI")
            try:
                made.rename(kept)
            except OSError:
                if not kept.exists():
                    raise
    except OSError as error:
        raise BadValue(
            f"cannot keep the engine in {kept.parent} ({error.strerror}): "
            f"work in a directory that can be written, or {WAY_OUT}"
        ) from error


def _run(command: list[str], doing: str) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"could not {doing} ({NAME}) in {INSTALL_TIMEOUT_S} s: "
            f"check the network, install npm, or {WAY_OUT}"
        ) from error
    if done.returncode:
        said = _said(done.stderr or done.stdout)
        raise EngineError(f"could not {doing} ({NAME}: {said}): install npm, or {WAY_OUT}")


def _said(output: str) -> str:
    """The complaint of pip or venv, in one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return " ".join(wrong or lines[-2:])[:160] or "it said nothing"
