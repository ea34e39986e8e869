"""Writes a data set to its tables: the whole of it, or what an earlier call has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Protocol

import gevent
from gevent.event import Event

from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from loadstone.seeding.feed import Feed
from loadstone.seeding.ledger import LEDGERS, Ledger, LedgerOpen
from loadstone.seeding.loader import Loader
from loadstone.seeding.opened import OpenSlice
from loadstone.seeding.place import Place
from loadstone.seeding.presence import stored_in
from loadstone.seeding.report import SeedReport, TableReport, units_of
from loadstone.seeding.sender import Halted, Sender, Sends
from loadstone.seeding.slices import slices
from loadstone.seeding.tally import Tally

#: The embedded engine writes one batch at a time; more in flight would only wait inside it.
IN_FLIGHT = {"embedded": 4, "endpoint": 16, "aws": 64}


class Progress(Protocol):
    """Somebody who watches. `show` is called every `every_s` seconds, and at the end."""

    every_s: float

    def show(self, tally: Tally) -> None: ...

    def say(self, text: str) -> None:
        """Something worth a line of its own."""
        ...


class Silent:
    every_s = 3600.0

    def show(self, tally: Tally) -> None:
        pass

    def say(self, text: str) -> None:
        pass


def seed(
    dataset: Dataset,
    places: Sequence[Place],
    target: Target,
    *,
    progress: Progress | None = None,
    in_flight: int | None = None,
    ledgers: Path = LEDGERS,
    stop: Event | None = None,
    client: Sends | None = None,
    wait: Callable[[float], bool] | None = None,
) -> SeedReport:
    """Write the items of a data set that the ledgers do not have yet.

    The tables are there. When `stop` is set, what is in flight is finished and the rest is left.
    `client` sends once and does not retry; `wait` waits some seconds, and is true to end the work.
    """
    in_flight = IN_FLIGHT[target.kind] if in_flight is None else in_flight
    if in_flight < 1:
        raise BadValue(f"at least 1 batch is in flight, not {in_flight}")
    progress, stop = progress or Silent(), stop or Event()
    with ExitStack() as stack:
        books = {
            place.table.name: stack.enter_context(open_ledger(dataset, place, ledgers))
            for place in places
        }
        client = client or stack.enter_context(Client(target, attempts=1))
        asked = sum(book.asked for book in books.values())
        before = {name: book.asked - book.left for name, book in books.items()}
        tally = Tally(asked=asked, before=sum(before.values()))
        loader = Loader(
            _feed(dataset, places, books),
            Sender(client, tally, wait=partial(_wait, wait or stop.wait)),
            books,
            tally,
            stop=stop,
            say=progress.say,
        )
        started_s = perf_counter()
        with _watched(progress, tally):
            loader.run(in_flight)
        elapsed_s = perf_counter() - started_s
        if not stop.is_set():
            _check_closed(books)
        return SeedReport(
            identity=dataset.identity.as_dict(),
            written_now=tally.written,
            tables=tuple(
                _table_report(place, books[place.table.name], before[place.table.name], tally)
                for place in places
            ),
            throttles=dict(tally.throttles),
            failures=dict(tally.failures),
            requests=tally.requests,
            elapsed_s=elapsed_s,
        )


def open_ledger(dataset: Dataset, place: Place, folder: Path = LEDGERS) -> Ledger:
    """The ledger of a data set in a table, to be closed."""
    return Ledger(folder, place, dataset.identity.as_dict(), counts(dataset, place))


def counts(dataset: Dataset, place: Place) -> dict[str, int]:
    """How many items of each entity a table is to hold."""
    return {each.name: dataset.count(each) for each in stored_in(dataset, place.table)}


def _feed(dataset: Dataset, places: Sequence[Place], ledgers: Mapping[str, Ledger]) -> Feed:
    home = {entity: place for place in places for entity in counts(dataset, place)}
    to_do = (
        each
        for each in slices({entity: dataset.count(entity) for entity in home})
        if not ledgers[home[each.entity].table.name].has(each)
    )
    return Feed(to_do, lambda each: OpenSlice(dataset, each, home[each.entity]))


def _wait(wait: Callable[[float], bool], seconds: float) -> None:
    if wait(seconds):
        raise Halted


@contextmanager
def _watched(progress: Progress, tally: Tally) -> Iterator[None]:
    over = Event()

    def watch() -> None:
        while not over.wait(progress.every_s):
            progress.show(tally)

    progress.show(tally)
    watching = gevent.spawn(watch)
    try:
        yield
    finally:
        over.set()
        watching.join()
        progress.show(tally)


def _check_closed(ledgers: Mapping[str, Ledger]) -> None:
    for ledger in ledgers.values():
        if ledger.left:
            raise LedgerOpen(
                f"the ledger {ledger.path} does not close: {ledger.asked} asked, "
                f"{ledger.written} written, {ledger.rejected.total()} rejected; this is a bug in "
                "Loadstone, please report it"
            )


def _table_report(place: Place, ledger: Ledger, before: int, tally: Tally) -> TableReport:
    return TableReport(
        name=place.name,
        asked=ledger.asked,
        before=before,
        written=ledger.written,
        rejected=dict(ledger.rejected),
        write_units=units_of(tally.write_units, place.name),
        dead_letters=ledger.dead_letters if ledger.rejected else None,
    )
