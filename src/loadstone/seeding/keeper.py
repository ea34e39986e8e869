"""Keeps the ledgers of a load, hands out its slices, and says how fast to go.

It knows its workers by a name and by something that carries messages to them. Whether those are
greenlets, processes or machines is somebody else's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from loadstone.seeding import messages
from loadstone.seeding.book import Book
from loadstone.seeding.feed import together
from loadstone.seeding.job import refuse_another
from loadstone.seeding.lane import LEAST_OPEN_SLICES, OPEN_SLICES
from loadstone.seeding.messages import DROP, FINISH, Message
from loadstone.seeding.sender import SeedStopped
from loadstone.seeding.slices import SLICE_ITEMS, Slice
from loadstone.seeding.tally import Tally


@dataclass(slots=True)
class _Hand:
    """A worker, as its keeper sees it. `given`: the slices of each table that it has."""

    tell: Callable[[Message], None]
    given: dict[str, set[Slice]]
    under_way: Counter[str] = field(default_factory=Counter)
    beat: Message = field(default_factory=dict)
    pace: Message | None = None
    acknowledged: int = 0
    ready: bool = False
    gone: bool = False

    @property
    def works(self) -> bool:
        return self.ready and not self.gone


class Keeper:
    """`books` by the name of the table. `rate`: units a second of all tables together."""

    def __init__(
        self,
        identity: Mapping[str, str],
        books: Mapping[str, Book],
        tally: Tally,
        *,
        rate: float | None,
        say: Callable[[str], None],
    ) -> None:
        self._identity, self._books, self._tally = identity, books, tally
        self._rate, self._say = rate, say
        self._hands: dict[str, _Hand] = {}
        self._said: set[str] = set()
        tables = max(1, len(books))
        # More than a worker has open, so that it need not wait for the next ones: those that it
        # opens at a time. It is told of another as soon as one is written.
        self._depth = together(tables) + max(LEAST_OPEN_SLICES, OPEN_SLICES // tables)
        self.failure: Exception | None = None
        self.finishing = not any(book.left for book in books.values())

    @property
    def tally(self) -> Tally:
        """What has been done so far, by all workers together."""
        return self._tally

    @property
    def shares(self) -> dict[str, int]:
        """How many items of each table are still to be written."""
        return {name: book.left for name, book in self._books.items()}

    def join(self, worker: str, tell: Callable[[Message], None]) -> None:
        """A worker of that name is there; it has work when it says that it is ready."""
        self._hands[worker] = _Hand(tell, {name: set() for name in self._books})

    def hear(self, worker: str, message: Message) -> None:
        """A message of a worker's. What goes wrong ends the load, and is kept in `failure`."""
        try:
            self._hear(self._hands[worker], message)
        except Exception as error:
            self.fail(error)

    def lost(self, worker: str, why: str) -> bool:
        """A worker is gone before its time; whether another one may do better."""
        hand = self._hands[worker]
        if hand.gone:
            return False
        hand.gone = True
        hand.under_way.clear()
        self._count()
        slices = sum(map(len, hand.given.values()))
        for table, given in hand.given.items():
            self._books[table].give_back(given)
            given.clear()
        if self.finishing:
            return False
        fate = f": its {slices} slices are given to others" if slices else ""
        self._say(f"{worker} {why}{fate}")
        self._hand_out()
        return hand.acknowledged > 0

    def found(self, worker: str) -> None:
        """A worker that was given up for lost is there after all."""
        hand = self._hands[worker]
        hand.gone, hand.pace = False, None
        hand.tell(DROP)
        if self.finishing:
            hand.tell(FINISH)
        elif hand.ready:
            self._set_to_work()

    def fail(self, error: Exception) -> None:
        """The load cannot go on."""
        self.failure = self.failure or error
        self.finish()

    def finish(self) -> None:
        """Every worker finishes what is in flight."""
        self.finishing = True
        for hand in self._hands.values():
            if hand.works:
                hand.tell(FINISH)

    def tick(self, now_s: float) -> None:
        """To be called each second: how fast it goes decides how fast it may go."""
        for name, book in self._books.items():
            lanes = [hand.beat["lanes"][name] for hand in self._hands.values() if hand.beat]
            book.read_pace(
                now_s,
                spent=sum(lane["spent"] for lane in lanes),
                throttled=sum(lane["throttled"] for lane in lanes),
                units=self._tally.units_of(name),
            )
        self._tell_pace()

    def _hear(self, hand: _Hand, message: Message) -> None:
        match message["kind"]:
            case "ready":
                self._welcome(hand, message["identity"])
            case "done":
                hand.given[message["table"]].discard(messages.slice_of(message))
                self._enter(hand, message)
            case "part":
                self._enter(hand, message)
            case "beat":
                self._note(hand, message)
            case "said" if message["text"] not in self._said:
                self._said.add(message["text"])
                self._say(message["text"])
            case "failed":
                self.fail(SeedStopped(message["error"]))
            case "ended":
                hand.gone = True

    def _welcome(self, hand: _Hand, identity: Mapping[str, str]) -> None:
        refuse_another(self._identity, identity)
        hand.ready = True
        if self.finishing:
            hand.tell(FINISH)
            return
        self._set_to_work()

    def _set_to_work(self) -> None:
        """Somebody has come: a pace goes before the slices, and who has some changes the pace."""
        self._tell_pace()
        self._hand_out()
        self._tell_pace()

    def _hand_out(self) -> None:
        """What a worker lacks, as long as there is something; few slices go to all alike, also to
        those who are not ready yet."""
        there = [hand for hand in self._hands.values() if not hand.gone]
        for name, book in self._books.items():
            share = -(-book.left // (SLICE_ITEMS * max(1, len(there))))
            for hand in filter(attrgetter("works"), there):
                given = hand.given[name]
                fresh = book.next(min(self._depth, max(1, share)) - len(given))
                if fresh:
                    given.update(fresh)
                    hand.tell(messages.work(name, fresh))

    def _enter(self, hand: _Hand, message: Message) -> None:
        table, of = message["table"], messages.slice_of(message)
        book, rejections = self._books[table], messages.rejections_of(message)
        hand.acknowledged += 1
        if not hand.gone:
            hand.under_way[table] = message["under_way"]
        # Some of it may be there before, when a worker that was given up for lost was only slow.
        entered = book.enter(of, message["written"], rejections)
        self._tally.written += entered.written
        self._tally.rejected += entered.rejected
        self._count()
        if not any(each.left for each in self._books.values()):
            self.finish()
        elif not self.finishing:
            self._hand_out()

    def _note(self, hand: _Hand, beat: Message) -> None:
        hand.beat = beat
        if not hand.gone:
            for name, lane in beat["lanes"].items():
                hand.under_way[name] = lane["under_way"]
        self._count()

    def _count(self) -> None:
        """The tally is the sum of all workers, also of those that are gone."""
        hands, tally = self._hands.values(), self._tally
        beats = [hand.beat for hand in hands if hand.beat]
        tally.requests = sum(beat["requests"] for beat in beats)
        tally.well = sum(beat["well"] for beat in beats)
        tally.write_units = _added(messages.units_of(beat) for beat in beats)
        tally.throttles = _added(beat["throttles"] for beat in beats)
        tally.failures = _added(beat["failures"] for beat in beats)
        for name, book in self._books.items():
            book.tally.under_way = sum(hand.under_way[name] for hand in hands)
            book.tally.throttled = sum(beat["lanes"][name]["throttled"] for beat in beats)
        tally.under_way = sum(book.tally.under_way for book in self._books.values())

    def _tell_pace(self) -> None:
        workers = [hand for hand in self._hands.values() if hand.works]
        busy = [hand for hand in workers if any(hand.given.values())]
        for hand in workers:
            rates = {name: self._share(name, hand, workers) for name in self._books}
            total = self._rate and self._rate / len(busy if hand in busy else workers)
            message = messages.pace(rates, total)
            if message != hand.pace:
                hand.pace = message
                hand.tell(message)

    def _share(self, table: str, hand: _Hand, workers: Collection[_Hand]) -> float | None:
        """A table's units are for those who have slices of it."""
        limit = self._books[table].limit
        holders = [each for each in workers if each.given[table]]
        if limit is None:
            return None
        return limit / (len(holders) if hand in holders else len(workers))


def _added(counts: Iterable[Mapping[Any, int]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for each in counts:
        total.update(each)
    return total
