"""The ledger: it closes, it survives a crash, and it belongs to one data set in one table."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.errors import BadRecord, BadValue, Refused
from loadstone.seeding.ledger import Ledger, LedgerOpen, Rejection, held_identity
from loadstone.seeding.place import Place
from loadstone.seeding.rows_done import bits_of, runs_of
from loadstone.seeding.slices import SLICE_ITEMS, Slice, slices
from loadstone.table import Table

TABLE = Table("orders", partition_key="id")
PLACE = Place(table=TABLE, name="orders-dev", arn="arn:orders-dev", table_id="1")
IDENTITY = {"system": "orders", "seed": "1"}
ASKED = {"Order": 2600, "Line": 1400}
ALL = list(slices(ASKED))


def ledger(folder: Path, place: Place = PLACE) -> Ledger:
    return Ledger(folder, place, IDENTITY, ASKED)


def rejection(number: int, code: str = "ValidationException") -> Rejection:
    return Rejection(entity="Order", number=number, code=code, reason="", item={"id": {"S": ""}})


def test_closes_when_all_slices_are_entered(tmp_path: Path) -> None:
    """Asked is written and rejected, with the reasons; and so it is when read again."""
    with ledger(tmp_path) as book:
        assert (book.asked, book.left) == (4000, 4000)
        for each in ALL:
            bad = [rejection(each.start + 7)] if each.entity == "Order" else []
            book.enter(each, len(each) - len(bad), bad)
        assert book.left == 0
    with ledger(tmp_path) as book:
        assert (book.left, book.written, dict(book.rejected)) == (
            0,
            3994,
            {"ValidationException": 6},
        )
        assert sorted(each.number for each in book.rejections()) == [
            each.start + 7 for each in sorted(ALL) if each.entity == "Order"
        ]


def test_a_slice_with_items_unaccounted_for_is_our_bug(tmp_path: Path) -> None:
    """A slice whose items are neither written nor rejected cannot be entered."""
    with ledger(tmp_path) as book, pytest.raises(LedgerOpen, match="bug in Loadstone") as caught:
        book.enter(ALL[0], len(ALL[0]) - 1, [])
    assert caught.value.exit_code == 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_short_anywhere_it_knows_less_and_nothing_wrong(data: st.DataObject) -> None:
    """After a crash that cut the file at any byte, exactly the slices whose lines are whole are
    done, and their rejections are there once; entering the rest closes it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ledger(folder) as book:
            for each in ALL:
                bad = [rejection(each.start)] if each.entity == "Order" else []
                book.enter(each, len(each) - len(bad), bad)
            path, letters = book.path, book.dead_letters
        whole = path.read_bytes()
        kept = whole[: data.draw(st.integers(0, len(whole)))]
        path.write_bytes(kept)
        letters.write_bytes(letters.read_bytes() + b'{"entity":"Ord')
        done = ALL[: max(0, kept.count(b"\n") - 1)]
        with ledger(folder) as book:
            assert [each for each in ALL if book.has(each)] == done
            assert len(book.rejections()) == sum(each.entity == "Order" for each in done)
            for each in ALL[len(done) :]:
                bad = [rejection(each.start)] if each.entity == "Order" else []
                book.enter(each, len(each) - len(bad), bad)
            assert book.left == 0
            assert len(book.rejections()) == 6
        assert path.read_bytes() == whole


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2599), st.integers(1, 500)), max_size=30))
def test_parts_count_once(pieces: list[tuple[int, int]]) -> None:
    """Parts of slices, however they overlap, count each item and each rejection once, are the same
    when they are read again, and leave exactly the rest to be done."""
    bad = {number for number in range(2600) if number % 97 == 0}
    done: set[int] = set()
    with tempfile.TemporaryDirectory() as name:
        with ledger(Path(name)) as book:
            for start, length in pieces:
                end = start // SLICE_ITEMS * SLICE_ITEMS + SLICE_ITEMS
                of = Slice("Order", start, min(start + length, end, 2600))
                numbers = set(range(of.start, of.stop))
                rejections = [rejection(number) for number in sorted(numbers & bad)]
                entered = book.enter(of, len(of) - len(rejections), rejections)
                assert entered == (len(numbers - done - bad), len((numbers - done) & bad))
                done |= numbers
        with ledger(Path(name)) as book:
            assert (book.written, book.rejected.total()) == (len(done - bad), len(done & bad))
            assert sorted(each.number for each in book.rejections()) == sorted(done & bad)
            orders = [each for each in ALL if each.entity == "Order"]
            left = [part for each in orders for part in book.missing(each)]
            missing = [number for each in left for number in range(each.start, each.stop)]
            assert sorted(missing) == sorted(set(range(2600)) - done)
            assert [each for each in orders if book.has(each)] == [
                each for each in orders if done.issuperset(range(each.start, each.stop))
            ]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 2599), max_size=40), st.data())
def test_what_was_rejected_can_be_missing_again(bad: set[int], data: st.DataObject) -> None:
    """Sent again, exactly the rejected items are missing, also when the file is read anew or was
    cut short in between; nothing is a dead letter any more, and entering them closes the ledger."""
    orders = [each for each in ALL if each.entity == "Order"]
    with tempfile.TemporaryDirectory() as name:
        with ledger(Path(name)) as book:
            for each in orders:
                of = [
                    rejection(number) for number in sorted(bad) if each.start <= number < each.stop
                ]
                book.enter(each, len(each) - len(of), of)
            before = book.path.read_bytes()
            letters = book.dead_letters.read_bytes() if bad else b""
            in_turn = [each.number for each in book.rejections()]
            book.send_again(["Order"])
            again = book.path.read_bytes()
        kept = data.draw(st.integers(len(before), len(again)))
        if kept < len(again):
            book.path.write_bytes(again[:kept])
            book.dead_letters.write_bytes(letters)
        missing = set(in_turn[: again[:kept].count(b"\n") - before.count(b"\n")])
        with ledger(Path(name)) as book:
            left = [part for each in orders for part in book.missing(each)]
            assert {n for each in left for n in range(each.start, each.stop)} == missing
            assert {each.number for each in book.rejections()} == bad - missing
            standing = book.standing(["Order"])
            assert (standing.left, standing.rejected.total()) == (len(missing), len(bad - missing))
            for each in left:
                book.enter(each, len(each), [])
            assert book.standing(["Order"]).left == 0


def test_rejected_items_without_their_file_are_said(tmp_path: Path) -> None:
    """Which items were rejected is in the file of dead letters alone: without it, that is said."""
    with ledger(tmp_path) as book:
        order = next(each for each in ALL if each.entity == "Order")
        book.enter(order, len(order) - 1, [rejection(order.start)])
        book.dead_letters.unlink()
        with pytest.raises(BadRecord, match=r"rejected.jsonl, which it needs, is not there\)"):
            book.send_again(["Order"])


@given(st.sets(st.integers(0, 600)))
def test_runs_are_the_rows(rows: set[int]) -> None:
    """Rows as bits give back the same rows, in runs that do not touch."""
    runs = list(runs_of(bits_of(sorted(rows))))
    assert [row for start, stop in runs for row in range(start, stop)] == sorted(rows)
    assert all(stop < later for (_, stop), (later, _) in pairwise(runs))


def test_belongs_to_one_table_and_its_making(tmp_path: Path) -> None:
    """A table that was dropped and made again under its name has an empty ledger."""
    with ledger(tmp_path) as book:
        book.enter(ALL[0], len(ALL[0]), [])
    again = Place(table=TABLE, name="orders-dev", arn="arn:orders-dev", table_id="2")
    with ledger(tmp_path, again) as book:
        assert book.left == 4000
    assert held_identity(tmp_path, PLACE) == IDENTITY
    other = Place(table=TABLE, name="orders-dev", arn="arn:orders-dev", table_id="3")
    assert held_identity(tmp_path, other) is None


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """While a seed has it open, another one is refused."""
    with ledger(tmp_path), pytest.raises(Refused, match="another seed is writing to orders-dev"):
        ledger(tmp_path)
    with ledger(tmp_path) as book:
        assert book.left == 4000


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b"[]\n",
        b"{}\n",
        *(
            b'{"slice":["%b",%d,%d],"written":5}\n' % where
            for where in ((b"Nobody", 0, 5), (b"Order", 498, 503), (b"Order", 2598, 2603))
        ),
    ],
)
def test_damage_is_said(tmp_path: Path, line: bytes) -> None:
    """A whole line that is none of ours is not passed over."""
    with ledger(tmp_path) as book:
        book.enter(ALL[0], len(ALL[0]), [])
    book.path.write_bytes(book.path.read_bytes() + line)
    with pytest.raises(BadRecord, match="delete it to have everything written again"):
        ledger(tmp_path)


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    """Where no ledger can be kept, nothing is written."""
    (tmp_path / "ledgers").write_text("")
    with pytest.raises(BadValue, match="cannot keep a ledger"):
        ledger(tmp_path / "ledgers")


def test_slices_are_told_apart(tmp_path: Path) -> None:
    """The same numbers of another entity are another slice."""
    with ledger(tmp_path) as book:
        book.enter(Slice("Order", 0, 500), 500, [])
        assert book.has(Slice("Order", 0, 500))
        assert not book.has(Slice("Line", 0, 500))
        assert not book.has(Slice("Order", 500, 1000))
