"""The commands that messages advise, with what the command at hand was given.

Who has named a table prefix or an endpoint and is told to seed first is told it with both: without
them, the advised command would be about other tables.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping

#: In the environment of a process that a command starts: what that command was given, as JSON.
GIVEN = "LOADSTONE_GIVEN"

_DATA_SET = ("--scale", "--seed", "--as-of", "--locale")
_NAMING = ("--stage", "--table-prefix")
_PROJECT = ("--project",)
_TARGET = ("--endpoint", "--region", "--profile", *_PROJECT)

#: What each command takes over of what another was given.
TAKEN: Mapping[str, tuple[str, ...]] = {
    "check": _PROJECT,
    "demo": ("--scale", *_PROJECT),
    "doctor": (*_NAMING, *_TARGET),
    "local": _PROJECT,
    "locustfile": _PROJECT,
    "new": _TARGET,
    "permissions": (*_NAMING, "--region", *_PROJECT),
    "preview": (*_DATA_SET, *_PROJECT),
    "run": (*_NAMING, *_TARGET),
    "seed": (*_DATA_SET, *_NAMING, *_TARGET),
    "systems": _PROJECT,
    "tables create": (*_NAMING, *_TARGET),
    "tables drop": (*_NAMING, *_TARGET),
    "unseed": (*_DATA_SET, *_NAMING, *_TARGET),
    "up": (*_DATA_SET, *_NAMING, *_TARGET),
    "verify": (*_DATA_SET, *_NAMING, *_TARGET),
}

_given: dict[str, str] = json.loads(os.environ.get(GIVEN, "{}"))


def remember(option: str, value: str) -> None:
    """Have an option in what is advised from now on."""
    _given[option] = value


def forget() -> None:
    """Nothing is given any more."""
    _given.clear()


def handed_on() -> dict[str, str]:
    """What the environment of a process has to say, for it to advise the same."""
    return {GIVEN: json.dumps(_given)} if _given else {}


def advised(command: str, *words: str, here: bool = False) -> str:
    """`loadstone seed cmz --table-prefix mine-`; an option that the words name is theirs. `here`:
    on this machine's own engine, whatever target was given."""
    given = [
        part
        for option in (_PROJECT if here else TAKEN[command])
        if option in _given and option not in words
        for part in (option, shlex.quote(_given[option]))
    ]
    return " ".join(("loadstone", command, *words, *given))
