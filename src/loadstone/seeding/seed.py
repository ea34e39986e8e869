"""Writes a data set to its tables: the whole of it, or what an earlier call has left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from gevent.event import Event

from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from loadstone.seeding.book import Book
from loadstone.seeding.capacities import Capacity
from loadstone.seeding.clock import Clock, WallClock
from loadstone.seeding.crews import Crew, OwnCrew
from loadstone.seeding.job import Job
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.ledger import LEDGERS, Ledger
from loadstone.seeding.load import carry_out
from loadstone.seeding.opened import PUT
from loadstone.seeding.place import Place
from loadstone.seeding.presence import stored_in
from loadstone.seeding.processes import ProcessCrew
from loadstone.seeding.progress import Progress, Silent
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.sender import Sends

#: The embedded engine writes one batch at a time; more in flight would only wait inside it.
IN_FLIGHT = {"embedded": 4, "endpoint": 16, "aws": 64}


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
    capacities: Mapping[str, Capacity] | None = None,
    ledgers: Path = LEDGERS,
    stop: Event | None = None,
    retry_rejected: bool = False,
    client: Sends | None = None,
    clock: Clock | None = None,
    crew: Callable[[Job], Crew] | None = None,
) -> LedgerReport:
    """Write the items of a data set that the ledgers do not have yet.

    The tables are there. When `stop` is set, what is in flight is finished and the rest is left.
    `in_flight` batches are sent at one time by each of `processes`; `rate` holds the units a second
    of all tables together; `only` names the entities that are meant; `retry_rejected` writes those
    too that the tables have not taken. `crew` makes other workers than those of this machine;
    `client` sends once and does not retry.
    """
    at_once = _in_flight(target, processes) if in_flight is None else in_flight
    if at_once < 1:
        raise BadValue(f"at least 1 batch is in flight, not {at_once}")
    if processes < 1:
        raise BadValue(f"at least 1 process writes, not {processes}")
    clock = clock or WallClock()
    asked = {place.name: counts(dataset, place, only) for place in places}
    places = [place for place in places if asked[place.name]]
    with ExitStack() as stack:
        books: dict[str, Book] = {}
        for place in places:
            ledger = stack.enter_context(open_ledger(dataset, place, ledgers))
            if retry_rejected:
                ledger.send_again(asked[place.name])
            capacity = (capacities or {}).get(place.name)
            books[place.name] = Book(ledger, asked[place.name], capacity)

        def workers(keeper: Keeper) -> Crew:
            job = Job.of(dataset, places, keeper.shares, at_once)
            if crew is not None:
                return crew(job)
            if processes > 1:
                return ProcessCrew(job, target, processes)
            sends = client or stack.enter_context(Client(target, attempts=1))
            return OwnCrew(dataset, places, sends, at_once, clock)

        return carry_out(
            PUT,
            dataset.identity.as_dict(),
            books,
            workers,
            rate=rate,
            progress=progress or Silent(),
            stop=stop or Event(),
            clock=clock,
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
