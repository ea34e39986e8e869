"""The keeper of a load, with workers that are only messages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.errors import Refused
from loadstone.seeding.book import Book
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.ledger import Ledger
from loadstone.seeding.messages import Message, ready
from loadstone.seeding.place import Place
from loadstone.seeding.sender import SeedStopped
from loadstone.seeding.slices import Slice
from loadstone.seeding.tally import Tally
from loadstone.table import Table

IDENTITY = {"system": "shop", "seed": "1"}
COUNTS = {"orders": {"Order": 24_300, "Line": 700}, "people": {"Person": 4_001}}
ITEMS = 29_001
#: More slices than three workers hold ahead.
MANY = {"orders": {"Order": 90_000}, "people": {"Person": 4_001}}


class Hand:
    """A worker that does nothing of itself: what it was told, and what it says when asked to."""

    def __init__(self, keeper: Keeper, name: str) -> None:
        self.keeper, self.name = keeper, name
        self.slices: list[tuple[str, Slice]] = []
        self.rates: dict[str, float | None] = {}
        self.total: float | None = None
        self.finish = self.gone = False
        keeper.join(name, self.told)

    def told(self, message: Message) -> None:
        message = orjson.loads(orjson.dumps(message))
        match message["kind"]:
            case "work":
                table = message["table"]
                self.slices += [(table, Slice(*each)) for each in message["slices"]]
            case "pace":
                self.rates, self.total = message["rates"], message["total"]
            case "finish":
                self.finish = True

    def says(self, message: Message) -> None:
        self.keeper.hear(self.name, orjson.loads(orjson.dumps(message)))

    def begins(self) -> Hand:
        self.says(ready(IDENTITY))
        return self

    def writes(self, number: int = 0, rejected: int = 0) -> Slice:
        """Acknowledges one of its slices."""
        table, of = self.slices.pop(number)
        rejections = [
            {"entity": of.entity, "number": of.start + n, "code": "No", "reason": "", "item": {}}
            for n in range(rejected)
        ]
        done = {"kind": "done", "table": table, "slice": [of.entity, of.start, of.stop]}
        self.says({**done, "written": len(of) - rejected, "rejected": rejections, "under_way": 0})
        return of

    def beats(self, spent: float, throttled: int = 0, under_way: int = 0) -> None:
        lane = {"spent": spent, "throttled": throttled, "under_way": under_way}
        idle = {"spent": 0.0, "throttled": 0, "under_way": 0}
        self.says(
            {
                "kind": "beat",
                "requests": 1,
                "well": 1,
                "write_units": [["orders", None, spent]],
                "throttles": {"TooMuch": throttled},
                "failures": {},
                "lanes": {"orders": lane, "people": idle},
            }
        )


class Kept:
    """A keeper with its ledgers."""

    def __init__(self, books: dict[str, Book], rate: float | None = None) -> None:
        self.books, self.said = books, list[str]()
        self.tally = Tally(tables={name: book.tally for name, book in books.items()})
        self.keeper = Keeper(IDENTITY, books, self.tally, rate=rate, say=self.said.append)

    def hand(self, name: str) -> Hand:
        return Hand(self.keeper, name).begins()


@contextmanager
def kept(
    folder: Path, rate: float | None = None, counts: dict[str, dict[str, int]] = COUNTS
) -> Iterator[Kept]:
    places = {
        name: Place(table=Table(name, partition_key="id"), name=name, arn=name, table_id="1")
        for name in counts
    }
    ledgers = {name: Ledger(folder, places[name], IDENTITY, counts[name]) for name in counts}
    try:
        yield Kept({name: Book(ledgers[name], counts[name]) for name in counts}, rate)
    finally:
        for ledger in ledgers.values():
            ledger.close()


def test_every_slice_is_handed_out_once(tmp_path: Path) -> None:
    """Workers have their slices before they ask, nobody has another's, and all are told to finish
    when the last one is acknowledged."""
    with kept(tmp_path) as load:
        hands = [load.hand(f"worker {n}") for n in range(3)]
        seen: list[Slice] = []
        while any(hand.slices for hand in hands):
            for hand in hands:
                if hand.slices:
                    assert not hand.finish
                    seen.append(hand.writes())
        assert len(seen) == len(set(seen))
        assert sum(map(len, seen)) == ITEMS == load.tally.written
        assert all(hand.finish for hand in hands)
        for book in load.books.values():
            book.check_closed()


@settings(max_examples=60)
@given(st.data())
def test_whoever_dies_nothing_is_lost(data: st.DataObject) -> None:
    """Workers come, acknowledge in any order, die with slices in hand, come back, and acknowledge
    even after they were given up: the ledgers close, and count each slice once."""
    with tempfile.TemporaryDirectory() as name, kept(Path(name)) as load:
        hands = [load.hand("worker 0")]
        while not load.keeper.finishing:
            able = [hand for hand in hands if hand.slices]
            deeds = ["write"] * 12 + ["join", "die", "return"]
            deed = data.draw(st.sampled_from(deeds), label="deed")
            if deed == "join" and len(hands) < 6:
                hands.append(load.hand(f"worker {len(hands)}"))
            elif deed == "return" and (away := [hand for hand in hands if hand.gone]):
                hand = data.draw(st.sampled_from(away))
                hand.gone = False
                load.keeper.found(hand.name)
            elif deed == "die" or not able:
                hand = data.draw(st.sampled_from(hands))
                hand.gone = True
                load.keeper.lost(hand.name, "was killed")
                if all(each.gone for each in hands):
                    hands.append(load.hand(f"worker {len(hands)}"))
            else:
                hand = data.draw(st.sampled_from(able))
                rejected = data.draw(st.sampled_from([0, 0, 1]))
                hand.writes(data.draw(st.integers(0, len(hand.slices) - 1)), rejected)
        assert load.keeper.failure is None
        assert load.tally.written + load.tally.rejected == ITEMS
        for book in load.books.values():
            book.check_closed()
            assert book.tally.done == book.tally.asked == book.standing.asked


def test_a_death_is_said_in_one_line(tmp_path: Path) -> None:
    """What a dead worker had is given to others, which is said; who had done nothing is not worth
    another try."""
    with kept(tmp_path) as load:
        first, second = load.hand("worker 1"), load.hand("worker 2")
        first.writes()
        had = {of for _, of in first.slices}
        assert load.keeper.lost("worker 1", "was killed by SIGKILL")
        assert not load.keeper.lost("worker 2", "was killed by SIGKILL")
        assert load.said[0] == (
            f"worker 1 was killed by SIGKILL: its {len(had)} slices are given to others"
        )
        third = load.hand("worker 3")
        seen: set[Slice] = set()
        while third.slices:
            seen.add(third.writes())
        assert had | {of for _, of in second.slices} <= seen
        assert not any(book.left for book in load.books.values())


def test_who_comes_back_takes_part_again(tmp_path: Path) -> None:
    """A worker that was given up for lost and answers again gets slices and a pace as before; what
    it had, and still writes, counts once."""
    with kept(tmp_path, rate=900) as load:
        first, second = load.hand("worker 1"), load.hand("worker 2")
        load.keeper.lost("worker 1", "does not answer any more")
        load.keeper.tick(1.0)
        assert second.total == 900
        had = len(first.slices)
        load.keeper.found("worker 1")
        assert (first.total, second.total) == (450, 450)
        assert len(first.slices) > had
        while first.slices or second.slices:
            for hand in (first, second):
                if hand.slices:
                    hand.writes()
        assert load.keeper.failure is None
        assert load.tally.written == ITEMS
        assert first.finish
        for book in load.books.values():
            book.check_closed()


def test_what_was_under_way_with_a_dead_worker_is_not_done(tmp_path: Path) -> None:
    """Progress counts what is written in unfinished slices, but not any more once it will be
    written again; units that were paid stay paid."""
    with kept(tmp_path) as load:
        first, second = load.hand("worker 1"), load.hand("worker 2")
        first.beats(spent=80, throttled=2, under_way=70)
        second.beats(spent=20, under_way=15)
        assert (load.tally.done, load.tally.total_write_units) == (85, 100)
        assert load.tally.tables["orders"].seen == 85
        load.keeper.lost("worker 1", "was killed")
        assert (load.tally.done, load.tally.total_write_units) == (15, 100)
        assert load.tally.total_throttles == 2


def test_a_limit_is_shared_by_those_who_have_slices(tmp_path: Path) -> None:
    """A table that throttles has one limit over all workers; that of a worker which is gone goes
    to the others."""
    with kept(tmp_path) as load:
        hands = [load.hand(f"worker {n}") for n in range(2)]
        load.keeper.tick(0.0)
        assert all(hand.rates == {"orders": None, "people": None} for hand in hands)
        for hand in hands:
            hand.beats(spent=300, throttled=9)
        load.keeper.tick(1.0)
        limit = load.books["orders"].limit
        assert limit is not None
        assert 300 < limit < 600
        assert all(hand.rates == {"orders": limit / 2, "people": None} for hand in hands)
        load.keeper.lost("worker 0", "was killed")
        load.keeper.tick(2.0)
        assert hands[1].rates["orders"] == load.books["orders"].limit


def test_a_rate_is_shared_by_all(tmp_path: Path) -> None:
    """A rate for all tables together is divided evenly, anew with each who comes or goes."""
    with kept(tmp_path, rate=900, counts=MANY) as load:
        first = load.hand("worker 1")
        assert first.total == 900
        hands = [first, load.hand("worker 2"), load.hand("worker 3")]
        assert [hand.total for hand in hands] == [300, 300, 300]
        load.keeper.lost("worker 1", "was killed")
        load.keeper.tick(1.0)
        assert hands[1].total == hands[2].total == 450


def test_a_rate_is_for_those_who_have_slices(tmp_path: Path) -> None:
    """Where one worker has the last slices, it has all of the rate, and who takes them over has it
    then."""
    with kept(tmp_path, rate=900) as load:
        first = load.hand("worker 1")
        while sum(len(of) for _, of in first.slices) < sum(load.keeper.shares.values()):
            first.writes()
        second = load.hand("worker 2")
        assert first.slices
        assert not second.slices
        assert first.total == 900
        load.keeper.lost("worker 1", "was killed")
        load.keeper.tick(1.0)
        assert second.slices
        assert second.total == 900


def test_another_data_set_is_not_written(tmp_path: Path) -> None:
    """A worker with other fixtures gets no slice, and the load ends with what differs."""
    with kept(tmp_path) as load:
        hand = Hand(load.keeper, "worker 1")
        hand.says(ready({**IDENTITY, "seed": "2"}))
        assert hand.slices == []
        assert isinstance(load.keeper.failure, Refused)
        assert "another data set (not the same seed)" in str(load.keeper.failure)


def test_what_goes_wrong_ends_it_for_all(tmp_path: Path) -> None:
    """A worker that cannot go on says why; the others finish, and get nothing more."""
    with kept(tmp_path) as load:
        first, second = load.hand("worker 1"), load.hand("worker 2")
        first.says({"kind": "failed", "error": "PutItem failed for good"})
        assert isinstance(load.keeper.failure, SeedStopped)
        assert second.finish
        second.slices = second.slices[:1]
        second.writes()
        assert second.slices == []


@pytest.mark.parametrize("told", [1, 5])
def test_the_same_news_is_said_once(tmp_path: Path, told: int) -> None:
    """Each worker notices for itself; one line is enough."""
    with kept(tmp_path) as load:
        for n in range(told):
            load.hand(f"worker {n}").says({"kind": "said", "text": "items are put one by one"})
        assert load.said == ["items are put one by one"]


def test_nothing_to_do_is_finished_at_once(tmp_path: Path) -> None:
    """A load that is done hands out nothing, and whoever comes is told so."""
    with kept(tmp_path) as load:
        hand = load.hand("worker 1")
        while hand.slices:
            hand.writes()
    with kept(tmp_path) as load:
        assert load.keeper.finishing
        late: Any = load.hand("worker 1")
        assert late.finish
        assert late.slices == []
