"""Deletes what a run wrote anew, by the keys that it kept; what the data set has there stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import orjson

from loadstone.aws.tables import Wanted
from loadstone.client.target import Target
from loadstone.dataset import Rows
from loadstone.errors import BadValue, TableMismatch
from loadstone.run.library import find_run
from loadstone.seeding.book import Book
from loadstone.seeding.from_runs import PastRun, read_run
from loadstone.seeding.identity import Asked, settle
from loadstone.seeding.ledger import Ledger
from loadstone.seeding.leftovers import leftovers
from loadstone.seeding.opened import DELETE, OpenSlice
from loadstone.seeding.place import Place
from loadstone.seeding.places import Found, Places
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.session import Session
from loadstone.seeding.slices import Slice
from loadstone.seeding.unseed import Means, delete
from loadstone.system import System


def past_run(name: str, system: str, folder: Path) -> PastRun:
    """The run that a person means, on a system."""
    directory = find_run(name, folder)
    if directory.is_file():
        directory = directory.parent
    found = read_run(directory) or read_run(directory / system)
    if found is None:
        raise BadValue(f"{directory} holds no record of a run")
    if found.header.system != system:
        raise BadValue(f"the run {name} is one of {found.header.system}, and not of {system}")
    return found


def run_session(
    system: System,
    wanted: Sequence[Wanted],
    target: Target,
    asked: Asked,
    run: PastRun,
    *,
    ledgers: Path,
    only: Collection[str] | None,
    say: Callable[[str], None],
) -> Session:
    """The tables that a run wrote to, and the data set that they held then."""
    control = Places(target, ledgers=ledgers, say=say)
    tables = []
    for each in control.find(wanted):
        key = run.header.tables.get(each.place.name)
        if key == each.place.key:
            tables.append(each)
        elif key is not None:
            say(f"{each.place.name} was made again since: what run {run.name} wrote is gone")
    if not tables:
        raise TableMismatch(
            f"the tables that run {run.name} wrote to are not at {target}: it ran at "
            f"{run.header.target}"
        )
    held = {f"run {run.name}": dict(run.header.dataset)}
    dataset = settle(system, asked, held, now=datetime.now(UTC))
    return Session(
        dataset=dataset, tables=tables, target=target, control=control, ledgers=ledgers, only=only
    )


class RunUnseeding:
    """The new items of a run, out of the tables of a session."""

    def __init__(self, session: Session, run: PastRun) -> None:
        self.session, self._run = session, run
        self._items = {
            each.place.name: leftovers(session.dataset, each.place.table, run.written(each.place))
            for each in session.tables
        }
        self.tables: list[Found] = [each for each in session.tables if self._items[each.place.name]]

    @property
    def nothing(self) -> str:
        """Why there is nothing to delete, when there is nothing."""
        return f"nothing that run {self._run.name} wrote is left"

    @property
    def left(self) -> dict[str, int]:
        """How many items of each entity are to be deleted; nothing is changed by asking."""
        found: Counter[str] = Counter()
        for each in self.tables:
            chosen = self._chosen(each.place)
            begun = self._run.left(each.place) is not None
            with self._progress(each.place) if begun else nullcontext() as done:
                for entity, items in chosen.items():
                    found[entity] += done.standing([entity]).unwritten if done else items
        return {entity: items for entity, items in found.items() if items}

    def run(self, means: Means) -> LedgerReport:
        """Delete them."""
        with ExitStack() as stack:
            say = means.progress.say
            capacities = stack.enter_context(self.session.prepared(self.tables, say))
            books = {}
            for each in self.tables:
                name = each.place.name
                done, chosen = (
                    stack.enter_context(self._progress(each.place)),
                    self._chosen(each.place),
                )
                done.send_again(chosen)
                books[name] = Book(done, chosen, capacities.get(name))
            return delete(self.session, books, self._opens, means)

    def _chosen(self, place: Place) -> dict[str, int]:
        only, items = self.session.only, self._items[place.name]
        return {name: len(each) for name, each in items.items() if only is None or name in only}

    def _progress(self, place: Place) -> Ledger:
        every = {name: len(each) for name, each in self._items[place.name].items()}
        return self._run.deleting(place, every)

    def _opens(self, of: Slice, place: Place) -> OpenSlice:
        items = self._items[place.name][of.entity][of.start : of.stop]
        keys = (orjson.dumps(each.row.key).decode("latin-1") for each in items)
        rows = Rows([f"{DELETE.before}{key}{DELETE.after}" for key in keys], 1)
        return OpenSlice(of, place, rows, verb=DELETE)
