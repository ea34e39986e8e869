"""A file of a run that whole lines are added to, each on the disk's side at once.

Once a line could not be written none is any more: what is there stays readable, and the load that
cannot be recorded ends for the reason that is kept here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from loadstone.folders import NO_ROOM


class LineFile:
    """`problem` is why the file ends before its time, once it does."""

    def __init__(self, path: Path) -> None:
        """FileExistsError where there is one already."""
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self.problem = ""

    def add(self, line: Mapping[str, Any]) -> None:
        if self.problem:
            return
        whole = os.fstat(self._file).st_size
        data = memoryview(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self.problem = cannot_write(self._path, error)
            with suppress(OSError):  # what is torn at the end of a file is left out by its readers
                os.ftruncate(self._file, whole)

    def close(self) -> None:
        os.close(self._file)


def cannot_write(path: Path, error: OSError) -> str:
    """What to say of a file that the system does not let us write."""
    room = ": make room" if error.errno in NO_ROOM else ""
    return f"cannot write to {path} ({error.strerror}){room}"
