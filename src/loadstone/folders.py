"""Folders that Loadstone keeps things in: made, or why they cannot be, and what to do then."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

from loadstone.errors import BadValue

#: A disk with less room is full for whatever is kept.
_LEAST_BYTES = 16_384
ELSEWHERE = (
    "work in a directory that can be written, or name one with --project or LOADSTONE_PROJECT"
)
#: What a system says where no more fits.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def make_folder(folder: Path) -> None:
    """Have a folder that files can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_LEAST_BYTES))
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> BadValue:
    """What to say of a folder that nothing can be written to."""
    return BadValue(f"cannot write to {folder.absolute()} ({error.strerror}): {way_out(error)}")


def way_out(error: OSError) -> str:
    """What to do, where the system does not let us write."""
    if error.errno in NO_ROOM:
        return "make room there, or name another directory with --project or LOADSTONE_PROJECT"
    return ELSEWHERE
