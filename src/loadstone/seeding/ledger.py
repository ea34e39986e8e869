"""What has been written of a data set to a table: a file that closes, and survives a crash.

A line is added when consecutive items of a slice are written, or rejected with a reason; never
before, and for none of them twice. A crash can only lose lines, or cut the last one short: then
those items are written again, as they were. So it is enough to sync now and then. Which entities
were asked for has lines too: a narrowed seed asks for some, and what nobody asked for is not
missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, Self

import orjson

from loadstone.errors import BadRecord, BadValue, LoadstoneError, Refused
from loadstone.folders import way_out
from loadstone.seeding.place import Place
from loadstone.seeding.slices import SLICE_ITEMS, Slice
from loadstone.seeding.standing import Entries, Standing
from loadstone.seeding.unwritable import writing_ledger

LEDGERS = Path(".loadstone") / "ledgers"
VERSION = 1
SYNC_EVERY_S = 1.0


class LedgerOpen(LoadstoneError, AssertionError):
    """Items are unaccounted for, after all is done: a bug of Loadstone's."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """An item that the table does not take, and why."""

    entity: str
    number: int
    code: str
    reason: str
    item: Mapping[str, Any]  # as on the wire

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def as_json(self) -> bytes:
        return orjson.dumps(self.as_dict()) + b"\n"


class Entered(NamedTuple):
    """How many items a line, or several, have added."""

    written: int
    rejected: int


class Ledger:
    """The ledger of one table and one data set; one process at a time has it open."""

    def __init__(
        self, folder: Path, place: Place, identity: Mapping[str, str], asked: Mapping[str, int]
    ) -> None:
        """`asked`: how many items of each entity the table holds when all of them are asked for."""
        self.place = place
        self.path = ledger_path(folder, place, identity)
        self.dead_letters = self.path.with_suffix(".rejected.jsonl")
        self._entries = Entries(asked)
        self._synced_s = monotonic()
        head = {
            "ledger": VERSION,
            "table": place.name,
            "arn": place.arn,
            "table_id": place.table_id,
            "slice_items": SLICE_ITEMS,
            "identity": dict(identity),
            "asked": dict(asked),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                self._claim()
                self._read(head)
                self._drop_unfinished_rejections()
            except BaseException:
                os.close(self._file)
                raise
        except OSError as error:
            raise BadValue(
                f"cannot keep a ledger in {folder} ({error.strerror}): {way_out(error)}"
            ) from error

    @property
    def entities(self) -> frozenset[str]:
        """The entities that seeds have asked for so far; all, as long as none is known of."""
        entries = self._entries
        return frozenset(entries.asked if entries.asked or entries.was_unseeded else entries.of)

    @property
    def asked(self) -> int:
        return self.standing().asked

    @property
    def written(self) -> int:
        return self.standing().written

    @property
    def rejected(self) -> Counter[str]:
        """How many items were rejected, by error code."""
        return self.standing().rejected

    @property
    def left(self) -> int:
        """Items that are neither written nor rejected yet."""
        return self.standing().left

    def standing(self, entities: Iterable[str] | None = None) -> Standing:
        """How far these entities are; else all that were asked for."""
        return self._entries.standing(self.entities if entities is None else entities)

    def ask(self, entities: Iterable[str]) -> None:
        """The items of these entities are wanted in the table."""
        fresh = sorted(set(entities) - self._entries.asked)
        if fresh:
            self._append({"asked": fresh})
            self._entries.ask(fresh)

    def send_again(self, entities: Iterable[str]) -> None:
        """The items of these entities that were rejected are missing from now on."""
        chosen = {entity for entity in entities if self._entries.of[entity].rejected}
        if not chosen:
            return
        for each in self.rejections():
            if each.entity in chosen:
                again = each.entity, each.number, each.code
                self._append({"again": again})
                self._entries.send_again(*again)
        os.fsync(self._file)
        self._drop_unfinished_rejections()

    def unseed(self, entities: Iterable[str]) -> str:
        """Before items of these entities are deleted: none of them counts as written from now on,
        so that whatever happens to the deleting, a seed afterwards writes them all again.

        A name for the deleting, which stays the same until something is written again.
        """
        line = self._entries.unseeding
        chosen = sorted(entities)
        if line is None or line["unseeding"] != chosen:
            line = {"unseeding": chosen, "name": secrets.token_hex(4)}
            self._append(line)
            os.fsync(self._file)
            self._entries.forget(line)
        return str(line["name"])

    @property
    def deleting(self) -> str | None:
        """The name of a deleting that is not known to have ended."""
        line = self._entries.unseeding
        return str(line["name"]) if line else None

    @property
    def doomed(self) -> frozenset[str]:
        """The entities of which some items may be deleted, and others not."""
        return frozenset(self._entries.doomed)

    @property
    def emptied(self) -> bool:
        """Whether all that was ever written is deleted again."""
        entries = self._entries
        return entries.was_unseeded and not entries.asked and not entries.doomed

    def end_unseeding(self, entities: Iterable[str]) -> None:
        """No item of these entities is left."""
        self._append({"unseeded": sorted(entities)})
        self._entries.end_unseeding(entities)

    def remove(self) -> None:
        """Nothing of the data set is in the table any more."""
        self.path.unlink()
        self.dead_letters.unlink(missing_ok=True)

    def has(self, of: Slice) -> bool:
        """Whether all of it is done."""
        return not self._entries.missing(of)

    def missing(self, of: Slice) -> list[Slice]:
        """What of a slice is not done yet."""
        return self._entries.missing(of)

    def enter(self, of: Slice, written: int, rejections: Sequence[Rejection]) -> Entered:
        """A slice, or a part of one, is done; what of it was done before counts once."""
        if written + len(rejections) != len(of):
            raise LedgerOpen(
                f"{of} has {len(of)} items, of which {written} were written and {len(rejections)} "
                "rejected: this is a bug in Loadstone, please report it"
            )
        made = [self._enter(part, rejections) for part in self._entries.missing(of)]
        return Entered(sum(each.written for each in made), sum(each.rejected for each in made))

    def _enter(self, of: Slice, rejections: Sequence[Rejection]) -> Entered:
        here = [each for each in rejections if of.start <= each.number < of.stop]
        if here:
            self._keep(here)
        rejected = Counter(each.code for each in here)
        entered = Entered(len(of) - len(here), len(here))
        line: dict[str, Any] = {"slice": [of.entity, of.start, of.stop], "written": entered.written}
        if rejected:
            line["rejected"] = dict(rejected)
        self._append(line)
        self._entries.add(of, entered.written, rejected)
        return entered

    def close(self) -> None:
        os.fsync(self._file)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _claim(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"another seed is writing to {self.place.name}: wait for it, or stop it; "
                "what it wrote need not be written again"
            ) from None

    def _read(self, head: Mapping[str, Any]) -> None:
        lines, whole = _whole_lines(self.path)
        os.ftruncate(self._file, whole)
        if not lines:
            self._append(head)
            return
        if lines[0] != head:
            raise _damaged(self.path, "it begins with something else than this data set's")
        for line in lines[1:]:
            try:
                if "asked" in line:
                    self._entries.ask(self._known(line["asked"]))
                    continue
                if "unseeding" in line:
                    self._entries.forget(line)
                    continue
                if "unseeded" in line:
                    self._entries.end_unseeding(line["unseeded"])
                    continue
                if "again" in line:
                    self._entries.send_again(*line["again"])
                    continue
                entity, start, stop = line["slice"]
                self._entries.add(
                    Slice(entity, start, stop), line["written"], line.get("rejected", {})
                )
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise _damaged(self.path, f"{line} is no line of it") from error

    def _known(self, entities: Iterable[str]) -> list[str]:
        return [entity for entity in entities if self._entries.of[entity]]

    def _append(self, line: Mapping[str, Any]) -> None:
        with writing_ledger(self.path):
            _write_all(self._file, orjson.dumps(line) + b"\n")
            if monotonic() - self._synced_s >= SYNC_EVERY_S:
                os.fsync(self._file)
                self._synced_s = monotonic()

    def _keep(self, rejections: Sequence[Rejection]) -> None:
        """Before the slice's line: whoever reads that line finds them."""
        with writing_ledger(self.dead_letters), self.dead_letters.open("ab") as file:
            file.writelines(each.as_json() for each in rejections)
            file.flush()
            os.fsync(file.fileno())

    def _drop_unfinished_rejections(self) -> None:
        """Those without a line: the items are written again, and they come again."""
        if not self.dead_letters.exists():
            return
        kept = [each for each in _rejections(self.dead_letters) if self._is_entered(each)]
        draft = self.dead_letters.with_suffix(".draft")
        with draft.open("wb") as file:
            file.writelines(each.as_json() for each in kept)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.dead_letters)

    def rejections(self) -> list[Rejection]:
        """The items that were rejected."""
        if not self.rejected:
            return []
        if not self.dead_letters.exists():
            raise _damaged(self.path, f"{self.dead_letters.name}, which it needs, is not there")
        return list(_rejections(self.dead_letters))

    def _is_entered(self, rejection: Rejection) -> bool:
        return self.has(Slice(rejection.entity, rejection.number, rejection.number + 1))


def ledger_path(folder: Path, place: Place, identity: Mapping[str, str]) -> Path:
    """Where the ledger of a data set in a table is, once there is one."""
    return folder / f"{_stem(place)}-{_fingerprint(identity)}.ledger"


def heads(folder: Path, place: Place) -> list[Mapping[str, Any]]:
    """How the ledgers of a table begin: its identity, and what is asked."""
    found = (
        _whole_lines(path, most=1)[0] for path in sorted(folder.glob(f"{_stem(place)}-*.ledger"))
    )
    return [lines[0] for lines in found if lines]


def held_identity(folder: Path, place: Place) -> dict[str, str] | None:
    """The data set that a table holds, as far as a ledger in this folder knows."""
    return next((dict(head["identity"]) for head in heads(folder, place)), None)


def is_open(folder: Path, place: Place) -> bool:
    """Whether a process of this machine has a ledger of the table open: it seeds it, deletes from
    it, or verifies it."""
    return any(_is_claimed(path) for path in folder.glob(f"{_stem(place)}-*.ledger"))


def _is_claimed(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _stem(place: Place) -> str:
    return f"{place.name}-{place.key}"


def _fingerprint(identity: Mapping[str, str]) -> str:
    parts = "\n".join(f"{name}={value}" for name, value in sorted(identity.items()))
    return hashlib.blake2b(parts.encode(), digest_size=6).hexdigest()


def _whole_lines(path: Path, most: int | None = None) -> tuple[list[dict[str, Any]], int]:
    """The lines of a ledger that were written whole, and where they end."""
    lines: list[dict[str, Any]] = []
    end = 0
    with path.open("rb") as file:
        for raw in file:
            if not raw.endswith(b"\n") or len(lines) == most:
                break
            try:
                lines.append(orjson.loads(raw))
            except orjson.JSONDecodeError as error:
                raise _damaged(path, f"it is no JSON after byte {end}") from error
            end += len(raw)
    return lines, end


def _rejections(path: Path) -> Iterator[Rejection]:
    with path.open("rb") as file:
        for raw in file:
            if raw.endswith(b"\n"):
                yield Rejection(**orjson.loads(raw))


def _damaged(path: Path, why: str) -> BadRecord:
    return BadRecord(
        f"the ledger {path} is damaged ({why}): delete it to have everything written again, "
        "which changes no item"
    )


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
