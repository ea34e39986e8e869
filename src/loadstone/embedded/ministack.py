"""ministack, the engine for machines without npm: from PyPI, in an environment of its own.

It pins botocore, so it never shares an environment with Loadstone. `ministack.lock` beside this
file has it and all that it needs, in exact versions with their hashes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from loadstone.embedded.binary import WAY_OUT, Binary
from loadstone.embedded.environments import Environment

NAME: Final = "ministack"
LOCK = Path(__file__).with_suffix(".lock")

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
    return _environment().version


def is_installed(cache: Path) -> bool:
    return _environment().is_made(cache)


def find_ministack(cache: Path) -> Binary:
    """The Python that has ministack; its environment is made in `cache` when it is not there."""
    environment = _environment()
    there = environment.is_made(cache)
    return Binary(
        path=environment.python(cache),
        version=environment.version,
        origin="cache" if there else "PyPI",
        name=NAME,
    )


def _environment() -> Environment:
    return Environment(name=NAME, lock=LOCK, otherwise=f"install npm, or {WAY_OUT}")
