"""What runs wrote to a table beside the data set, and left there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loadstone.dataset import Dataset
from loadstone.run.header import Header
from loadstone.run.record import ending_of, opening_of, records_of
from loadstone.run.written import Kind, Row, written_by
from loadstone.seeding.ledger import Ledger, heads
from loadstone.seeding.leftovers import Key, Leftover, key_of, leftovers
from loadstone.seeding.moved import moved, moving
from loadstone.seeding.place import Place
from loadstone.seeding.presence import stored_in
from loadstone.table import Table

#: Beside a run's record: which of its new items are deleted again.
DELETED = "unseeded"
#: Operations that change items of the data set itself.
CHANGING = frozenset({"PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a run wrote that a table, or one of its indexes, should hold beside the data set.

    `unsure`: sent, and perhaps written. Where the number is not `known`, up to `items` are there.
    `moved`: of the items that were there, up to so many came or went by its changes.
    """

    run: str
    items: int
    expired: int = 0
    unsure: int = 0
    moved: int = 0
    known: bool = True
    ended: bool = True  # what a run that was cut off wrote last, nobody knows

    @property
    def least(self) -> int:
        """What it adds at least; below zero where it may have taken away."""
        return (self.items - self.expired if self.known else 0) - self.moved

    @property
    def most(self) -> int | None:
        return self.items + self.unsure + self.moved if self.ended else None

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "items": self.items,
            "expired": self.expired,
            "unsure": self.unsure,
            "moved": self.moved,
            "known": self.known,
            "ended": self.ended,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run of the past."""

    directory: Path
    header: Header
    ended: bool

    @property
    def name(self) -> str:
        return self.header.name

    def changed(self, place: Place) -> bool:
        """Whether it may have changed what was loaded; a transaction may reach every table."""
        return any(
            pattern.operation in CHANGING
            and (pattern.table == place.name or not pattern.operation.endswith("Item"))
            for pattern in self.header.patterns.values()
        )

    def moved(self, dataset: Dataset, place: Place) -> Mapping[str | None, int]:
        """How many items of the data set its changes may have moved, by index: any of them where
        it was cut off, since its last calls are in no record."""
        known = dataset.system.patterns
        played = [known[each] for each in self.header.patterns if each in known]
        patterns = moving(played, place.table)
        if self.ended:
            return moved(self.directory, patterns)
        every = sum(map(dataset.count, stored_in(dataset, place.table)))
        return {arm: every for arms in patterns.values() for arm in arms}

    def written(self, place: Place) -> dict[Kind, list[Row]]:
        return written_by(self.directory, place.table.name)

    def left(self, place: Place) -> int | None:
        """How many items a deleting has left; None when none has begun."""
        folder = self.directory / DELETED
        begun = heads(folder, place)
        if not begun:
            return None
        last = max(begun, key=lambda head: sum(head["asked"].values()))
        with Ledger(folder, place, last["identity"], last["asked"]) as ledger:
            return ledger.standing(last["asked"]).left

    def deleting(self, place: Place, asked: Mapping[str, int]) -> Ledger:
        """What is deleted of so many items; to be closed."""
        identity = {"run": self.name, "items": str(sum(asked.values()))}
        return Ledger(self.directory / DELETED, place, identity, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """All that runs did to one table: what each wrote, by index; whether they changed items, and
    so that some may expire at another time."""

    written: Mapping[str | None, tuple[Written, ...]] = field(default_factory=dict)
    changed: bool = False
    expiring: bool = False

    def to(self, index: str | None) -> tuple[Written, ...]:
        return self.written.get(index, ())


NOTHING = Beside()


def runs_on(folder: Path, place: Place) -> list[PastRun]:
    """The runs on this very table, oldest first; one that was dropped since is another."""
    found = [run for directory in _directories(folder) if (run := read_run(directory))]
    there = [run for run in found if run.header.tables.get(place.name) == place.key]
    return sorted(there, key=lambda run: run.header.started_unix_ms)


def beside(dataset: Dataset, place: Place, runs: Iterable[PastRun], *, now_s: int) -> Beside:
    """What the runs left in a table and its indexes, as at `now_s`."""
    arms = [None, *(index.name for index in place.table.indexes)]
    written: dict[str | None, list[Written]] = {arm: [] for arm in arms}
    changed = expiring = False
    runs = list(runs)
    apart = _Apart(place.table, (key for run in runs for key in _deleted(run, place)))
    for run in runs:
        changed = changed or run.changed(place)
        moves = run.moved(dataset, place)
        expiring = expiring or None in moves
        of_place = run.written(place)
        if (left := run.left(place)) is not None:
            blind = Written(run=run.name, items=left, known=False, ended=run.ended)
        elif dict(run.header.dataset) != dataset.identity.as_dict():
            most = sum(len(rows) for kind, rows in of_place.items() if kind.how != "delete")
            blind = Written(run=run.name, items=most, known=False, ended=run.ended)
        else:
            found = leftovers(dataset, place.table, of_place)
            every = apart.of(each for of_entity in found.values() for each in of_entity)
            for bit, arm in enumerate(arms):
                each = _counted(run, every, bit, now_s)
                written[arm].append(replace(each, moved=moves.get(arm, 0)))
            continue
        for arm in arms:
            written[arm].append(replace(blind, moved=moves.get(arm, 0)))
    return Beside(
        written={arm: tuple(one for one in each if one.most != 0) for arm, each in written.items()},
        changed=changed,
        expiring=expiring,
    )


class _Apart:
    """Items of several runs, each counted once: where a key does not change from run to run, the
    later one wrote over the earlier. `deleted` are keys that may be gone again."""

    def __init__(self, table: Table, deleted: Iterable[Key]) -> None:
        self._table = table
        self._deleted, self._counted = set(deleted), set[Key]()

    def of(self, items: Iterable[Leftover]) -> list[Leftover]:
        """Those that no run before this one has."""
        found: list[Leftover] = []
        for each in items:
            key = key_of(self._table, each.row.key)
            if key not in self._counted:
                self._counted.add(key)
                found.append(each._replace(sure=each.sure and key not in self._deleted))
        return found


def _deleted(run: PastRun, place: Place) -> Iterator[Key]:
    """The keys of a run whose items were deleted, or begun to be."""
    if run.left(place) is None:
        return
    for rows in run.written(place).values():
        yield from (key_of(place.table, row.key) for row in rows)


def _counted(run: PastRun, items: Iterable[Leftover], bit: int, now_s: int) -> Written:
    """On the table itself (0), or on its index of that place (from 1)."""
    sure = unsure = expired = 0
    for row, certain in items:
        if bit and not row.indexes >> (bit - 1) & 1:
            continue
        sure += certain
        unsure += not certain
        expired += certain and 0 < row.expires_s <= now_s
    return Written(run=run.name, items=sure, expired=expired, unsure=unsure, ended=run.ended)


def _directories(folder: Path) -> Iterator[Path]:
    """A run of one system, or of several, each in a folder of its own."""
    for path in sorted(folder.glob("*")):
        if path.is_dir():
            yield path
            yield from (below for below in sorted(path.glob("*")) if below.is_dir())


def read_run(directory: Path) -> PastRun | None:
    """The run whose record is in a folder."""
    records = records_of(directory)
    for record in records:
        opening = opening_of(record)
        if opening is not None:
            header = Header.from_json(opening["header"])
            over = ending_of(record) is not None and _closed(record) >= header.workers
            return PastRun(directory=directory, header=header, ended=over)
    return None


def _closed(record: Path) -> int:
    """How many processes ended in good order; one that was killed wrote more than it tells."""
    with record.open("rb") as file:
        return sum(b'"kind":"closed"' in line[:40] for line in file)
