"""Has a crew do what the books of a load do not have yet, watched, and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

import gevent
from gevent.event import Event

from loadstone.seeding.book import Book
from loadstone.seeding.clock import Clock
from loadstone.seeding.crews import Crew
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.opened import Verb
from loadstone.seeding.progress import Progress
from loadstone.seeding.report import LedgerReport, table_report
from loadstone.seeding.tally import Tally

TICK_S = 1.0


def carry_out(
    verb: Verb,
    identity: Mapping[str, str],
    books: Mapping[str, Book],
    crew: Callable[[Keeper], Crew],
    *,
    rate: float | None = None,
    progress: Progress,
    stop: Event,
    clock: Clock,
) -> LedgerReport:
    """`books` by the name of the table. When `stop` is set, what is in flight is finished and the
    rest is left. `rate` holds the units a second of all tables together."""
    tally = Tally(
        asked=sum(book.tally.asked for book in books.values()),
        before=sum(book.before for book in books.values()),
        tables={name: book.tally for name, book in books.items()},
    )
    keeper = Keeper(identity, books, tally, rate=rate, say=progress.say)
    workers = crew(keeper)
    started_s = perf_counter()
    with _attended(keeper, tally, progress, stop, clock):
        workers.run(keeper)
    elapsed_s = perf_counter() - started_s
    if keeper.failure is not None:
        raise keeper.failure
    if not stop.is_set():
        for book in books.values():
            book.check_closed()
    return LedgerReport(
        verb=verb,
        identity=identity,
        written_now=tally.written,
        unfinished=tally.unfinished,
        tables=tuple(
            table_report(verb, book, tally.units_of(name)) for name, book in books.items()
        ),
        throttles=dict(tally.throttles),
        failures=dict(tally.failures),
        requests=tally.requests,
        elapsed_s=elapsed_s,
    )


@contextmanager
def _attended(
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
