"""Writes a data set to its tables: the whole of it, or what an earlier call has left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Protocol

import gevent
from gevent.event import Event

from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from loadstone.seeding.book import Book
from loadstone.seeding.clock import Clock, WallClock
from loadstone.seeding.crews import Crew, OwnCrew
from loadstone.seeding.job import Job
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.ledger import LEDGERS, Ledger
from loadstone.seeding.place import Place
from loadstone.seeding.presence import stored_in
from loadstone.seeding.processes import ProcessCrew
from loadstone.seeding.report import SeedReport, table_report
from loadstone.seeding.sender import Sends
from loadstone.seeding.tally import Tally

#: The embedded engine writes one batch at a time; more in flight would only wait inside it.
IN_FLIGHT = {"embedded": 4, "endpoint": 16, "aws": 64}
TICK_S = 1.0

#: Provisioned write units by the table's name in the account, then of the table (None) and its
#: indexes.
Capacities = Mapping[str, Mapping[str | None, float]]


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
    processes: int = 1,
    rate: float | None = None,
    only: Collection[str] | None = None,
    capacities: Capacities | None = None,
    ledgers: Path = LEDGERS,
    stop: Event | None = None,
    client: Sends | None = None,
    clock: Clock | None = None,
    crew: Callable[[Job], Crew] | None = None,
) -> SeedReport:
    """Write the items of a data set that the ledgers do not have yet.

    The tables are there. When `stop` is set, what is in flight is finished and the rest is left.
    `in_flight` batches are sent at one time by each of `processes`; `rate` holds the units a second
    of all tables together; `only` names the entities that are meant. `crew` makes other workers
    than those of this machine; `client` sends once and does not retry.
    """
    in_flight = _in_flight(target, processes) if in_flight is None else in_flight
    if in_flight < 1:
        raise BadValue(f"at least 1 batch is in flight, not {in_flight}")
    if processes < 1:
        raise BadValue(f"at least 1 process writes, not {processes}")
    progress, stop, clock = progress or Silent(), stop or Event(), clock or WallClock()
    asked = {place.name: counts(dataset, place, only) for place in places}
    places = [place for place in places if asked[place.name]]
    with ExitStack() as stack:
        books = {
            place.name: Book(
                stack.enter_context(open_ledger(dataset, place, ledgers)),
                asked[place.name],
                (capacities or {}).get(place.name, {}),
            )
            for place in places
        }
        tally = Tally(
            asked=sum(book.tally.asked for book in books.values()),
            before=sum(book.before for book in books.values()),
            tables={name: book.tally for name, book in books.items()},
        )
        keeper = Keeper(dataset.identity.as_dict(), books, tally, rate=rate, say=progress.say)
        job = Job.of(dataset, places, keeper.shares, in_flight)
        if crew is not None:
            workers = crew(job)
        elif processes > 1:
            workers = ProcessCrew(job, target, processes)
        else:
            client = client or stack.enter_context(Client(target, attempts=1))
            workers = OwnCrew(dataset, places, client, in_flight, clock)
        started_s = perf_counter()
        with attended(keeper, tally, progress, stop, clock):
            workers.run(keeper)
        elapsed_s = perf_counter() - started_s
        if keeper.failure is not None:
            raise keeper.failure
        if not stop.is_set():
            for book in books.values():
                book.check_closed()
        return SeedReport(
            identity=dataset.identity.as_dict(),
            written_now=tally.written,
            unfinished=tally.unfinished,
            tables=tuple(table_report(book, tally.units_of(name)) for name, book in books.items()),
            throttles=dict(tally.throttles),
            failures=dict(tally.failures),
            requests=tally.requests,
            elapsed_s=elapsed_s,
        )


def _in_flight(target: Target, processes: int) -> int:
    """Each process has its own, but for the embedded engine, which has what it can do at once."""
    usual = IN_FLIGHT[target.kind]
    return max(1, usual // processes) if target.kind == "embedded" and processes > 1 else usual


def open_ledger(dataset: Dataset, place: Place, folder: Path = LEDGERS) -> Ledger:
    """The ledger of a data set in a table, to be closed."""
    return Ledger(folder, place, dataset.identity.as_dict(), counts(dataset, place))


def counts(dataset: Dataset, place: Place, only: Collection[str] | None = None) -> dict[str, int]:
    """How many items of each entity a table is to hold; of all entities, or of those named."""
    return {
        each.name: dataset.count(each)
        for each in stored_in(dataset, place.table)
        if only is None or each.name in only
    }


@contextmanager
def attended(
    keeper: Keeper, tally: Tally, progress: Progress, stop: Event, clock: Clock
) -> Iterator[None]:
    """While it is written: somebody watches, the pace is found, and `stop` is heeded."""
    over = Event()

    def watch() -> None:
        while not over.wait(progress.every_s):
            progress.show(tally)

    def tick() -> None:
        while not clock.wait(over, TICK_S):
            keeper.tick(clock.now_s())

    def heed() -> None:
        stop.wait()
        keeper.finish()

    progress.show(tally)
    attending = [gevent.spawn(watch), gevent.spawn(tick)]
    heeding = gevent.spawn(heed)
    try:
        yield
    finally:
        heeding.kill()
        over.set()
        gevent.joinall(attending)
        tally.leave_unfinished()
        progress.show(tally)
