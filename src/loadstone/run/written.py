"""The new items of a run, by their keys: a file beside the record, one a process.

Reports do not need it; whoever counts or deletes what a run wrote does. It is written once a
second; what a crash can lose is the second under way.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from loadstone.errors import BadRecord
from loadstone.run.lines import LineFile, cannot_write
from loadstone.run.tally import Pause, no_pause

VERSION = 1
#: A line holds so many rows at most: to compress more holds up the calls that are to go out.
ROWS_A_LINE = 500


class Kind(NamedTuple):
    """Writes that have something in common. `table` as it is documented.

    A put is of a new item of an entity, under items of another one. An upsert is of whatever key
    the application uses: the item may have been there. A delete is of what was put.
    """

    how: Literal["put", "upsert", "delete"]
    table: str
    entity: str
    under: str
    sure: bool  # else nobody heard what became of it


class Row(NamedTuple):
    """One write. `indexes` has a bit for each index of the table that the item is in."""

    key: dict[str, Any]  # as on the wire
    ancestor: int  # the item that it was put under
    indexes: int
    expires_s: int  # 0: never


def packed(key: dict[str, Any], ancestor: int, indexes: int, expires_s: int) -> bytes:
    """A Row as it is written, and as many can be kept without the garbage collector's looking at
    each again and again. One is made for every write, so it is never a Row before. What orjson
    gives lies in a place of a thousand bytes: the rest would be lost for as long as it is kept."""
    return b"%b" % orjson.dumps((key, ancestor, indexes, expires_s))


class NewItemsWriter:
    """One process's file; nothing is there until something is written."""

    def __init__(self, directory: Path, worker: int) -> None:
        self._path = directory / f"new-{worker:04}.jsonl"
        self._file: LineFile | None = None
        self._refused = ""

    @property
    def problem(self) -> str:
        """Why no more can be written, if so."""
        return self._file.problem if self._file else self._refused

    def add(self, kind: Kind, rows: Sequence[bytes], pause: Pause = no_pause) -> None:
        """Rows of a kind, packed. `pause` is called after each line, for others to go on."""
        for first in range(0, len(rows), ROWS_A_LINE):
            some = rows[first : first + ROWS_A_LINE]
            text = base64.b64encode(zlib.compress(b"[%b]" % b",".join(some), 1)).decode()
            self._write(kind._asdict() | {"items": len(some), "rows": text})
            pause()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        if self._file is None and not self._refused:
            self._begin()
        if self._file is not None:
            self._file.add(line)

    def _begin(self) -> None:
        try:
            self._file = LineFile(self._path)
        except OSError as error:
            self._refused = cannot_write(self._path, error)
        else:
            self._file.add({"kind": "new items", "version": VERSION})


def written_by(directory: Path, table: str) -> dict[Kind, list[Row]]:
    """What the processes of a run wrote to a table; a torn last line is left out."""
    found: dict[Kind, list[Row]] = {}
    for path in sorted(directory.glob("new-*.jsonl")):
        for kind, rows in _read(path, table):
            found.setdefault(kind, []).extend(rows)
    return found


def _read(path: Path, table: str) -> Iterable[tuple[Kind, list[Row]]]:
    for number, line in enumerate(_whole_lines(path)):
        try:
            value = orjson.loads(line)
            if number == 0:
                _check_head(path, value["version"])
                continue
            kind = Kind(**{name: value[name] for name in Kind._fields})
            if kind.table != table:
                continue
            unpacked = zlib.decompress(base64.b64decode(value["rows"]))
            rows = [Row(*row) for row in orjson.loads(unpacked)]
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise BadRecord(f"{path} is damaged in line {number + 1}: {error}") from error
        yield kind, rows


def _whole_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _check_head(path: Path, version: int) -> None:
    if version > VERSION:
        raise BadRecord(f"{path} was written by a newer Loadstone: read it with that")
