"""Deletes items from their tables by keys that are computed from numbers; others stay.

How far a deleting is, a ledger of its own says. So one that is stopped or killed goes on where it
stopped, as a seed does; what a table did not delete is asked for again each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gevent.event import Event

from loadstone.client.client import Client
from loadstone.dataset import Dataset, Rows
from loadstone.seeding.book import Book
from loadstone.seeding.clock import Clock, WallClock
from loadstone.seeding.crews import OwnCrew
from loadstone.seeding.ledger import Ledger, ledger_path
from loadstone.seeding.leftovers import key_texts
from loadstone.seeding.load import carry_out
from loadstone.seeding.opened import DELETE, OpenSlice
from loadstone.seeding.place import Place
from loadstone.seeding.places import Found
from loadstone.seeding.progress import Progress, Silent
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.seed import IN_FLIGHT, counts, open_ledger
from loadstone.seeding.sender import Sends
from loadstone.seeding.session import Session
from loadstone.seeding.slices import Slice
from loadstone.seeding.worker import Opens

#: Beside the ledgers of seeds: what has been deleted.
DELETED = "unseeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How a deleting is done: who watches, who may stop it, through what it sends."""

    progress: Progress
    stop: Event
    in_flight: int | None = None
    client: Sends | None = None
    clock: Clock | None = None

    @classmethod
    def silent(cls) -> Means:
        return cls(progress=Silent(), stop=Event())


class Unseeding:
    """The items of a data set, out of the tables of a session that hold it."""

    def __init__(self, session: Session) -> None:
        self.session, self._only = session, session.only
        self.tables = session.filled

    @property
    def nothing(self) -> str:
        """Why there is nothing to delete, when there is nothing."""
        return "nothing of the data set is left in the tables"

    @property
    def left(self) -> dict[str, int]:
        """How many items of each entity are to be deleted; nothing is changed by asking."""
        found: dict[str, int] = {}
        for each in self.tables:
            found |= self._left(each.place)
        return {entity: items for entity, items in found.items() if items}

    def run(self, means: Means) -> LedgerReport:
        """Delete them. What is not known to be written, but may be, is deleted too."""
        session = self.session
        with ExitStack() as stack:
            ledgers: dict[str, Ledger] = {}
            books: dict[str, Book] = {}
            say = means.progress.say
            capacities = stack.enter_context(session.prepared(self.tables, say))
            for each in self.tables:
                name = each.place.name
                ledgers[name] = ledger = stack.enter_context(
                    open_ledger(session.dataset, each.place, session.ledgers)
                )
                chosen = self._chosen(each.place, ledger)
                if chosen:
                    done = stack.enter_context(self._progress(each.place, ledger.unseed(chosen)))
                    done.send_again(chosen)
                    wanted = {entity: session.dataset.count(entity) for entity in chosen}
                    books[name] = Book(done, wanted, capacities.get(name))
            report = delete(session, books, self._opens, means)
            for each in self.tables:
                self._settle(each, ledgers[each.place.name], books.get(each.place.name))
        return report

    def _settle(self, found: Found, ledger: Ledger, book: Book | None) -> None:
        """Where nothing is left of what was chosen; and where that was all, no table holds it."""
        if book is not None and (book.left or book.standing.rejected):
            return
        if book is not None:
            ledger.end_unseeding(ledger.doomed & set(book.entities))
        if ledger.emptied:
            self.session.control.unmark(found)
            ledger.remove()
        if book is not None:
            book.ledger.remove()

    def _left(self, place: Place) -> dict[str, int]:
        session = self.session
        identity = session.dataset.identity.as_dict()
        wanted = counts(session.dataset, place, self._only)
        if not wanted or not ledger_path(session.ledgers, place, identity).exists():
            return wanted
        with open_ledger(session.dataset, place, session.ledgers) as ledger:
            chosen, name = self._chosen(place, ledger), ledger.deleting
        wanted = {entity: wanted[entity] for entity in chosen}
        if name is None or not self._progress_path(place, name).exists():
            return wanted
        with self._progress(place, name) as done:
            return {entity: done.standing([entity]).unwritten for entity in chosen}

    def _chosen(self, place: Place, ledger: Ledger) -> list[str]:
        """Whatever a seed has asked for; what a deleting began with, until it has ended."""
        there = ledger.entities | ledger.doomed
        return [name for name in counts(self.session.dataset, place, self._only) if name in there]

    def _progress(self, place: Place, name: str) -> Ledger:
        every = counts(self.session.dataset, place)
        return Ledger(self.session.ledgers / DELETED, place, self._named(name), every)

    def _progress_path(self, place: Place, name: str) -> Path:
        return ledger_path(self.session.ledgers / DELETED, place, self._named(name))

    def _named(self, name: str) -> dict[str, str]:
        return {**self.session.dataset.identity.as_dict(), "deleting": name}

    def _opens(self, of: Slice, place: Place) -> OpenSlice:
        dataset = self.session.dataset
        return OpenSlice(of, place, keys(dataset, of, place), verb=DELETE)


def delete(session: Session, books: Mapping[str, Book], opens: Opens, means: Means) -> LedgerReport:
    """Delete what the books do not have yet. Their ledgers count as written what is deleted."""
    target, clock = session.target, means.clock or WallClock()
    in_flight = means.in_flight or IN_FLIGHT[target.kind]
    places = [book.place for book in books.values()]
    with ExitStack() as stack:
        client = means.client or stack.enter_context(Client(target, attempts=1))
        return carry_out(
            DELETE,
            session.dataset.identity.as_dict(),
            books,
            lambda _: OwnCrew(session.dataset, places, client, in_flight, clock, opens),
            progress=means.progress,
            stop=means.stop,
            clock=clock,
        )


def keys(dataset: Dataset, of: Slice, place: Place) -> Rows:
    """The keys of a slice's items, as a batch deletes them."""
    entity = dataset.system.entities[of.entity]
    texts = key_texts(dataset, entity, place.table, range(of.start, of.stop))
    return Rows([f"{DELETE.before}{text}{DELETE.after}" for text in texts], 1)
