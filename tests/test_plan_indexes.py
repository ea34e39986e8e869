"""What a plan advises of an index's projection, by hand arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from loadstone import (
    Entity,
    Index,
    Pattern,
    PutItem,
    Query,
    Table,
    UpdateItem,
    Written,
    number,
    text,
)
from loadstone.arrivals.day import day_of
from loadstone.capacity.admission import Resource
from loadstone.capacity.prices import builtin_prices
from loadstone.capacity.simulation import HotKey, Side
from loadstone.dataset import Dataset
from loadstone.fields.expr import Value
from loadstone.pattern import Changes, Exactly
from loadstone.planning import Load, Stored, Terms, Work
from loadstone.planning.indexes import IndexRow, Smaller, index_rows
from loadstone.planning.terms import objectives_of
from loadstone.scenario.costing import Costing
from loadstone.scenario.held import stored_sizes
from tests.systems import system_of

GB = 1024**3
MONTH_S = 730 * 3600
WRITE_USD, READ_USD, GB_USD = 0.625e-6, 0.125e-6, 0.25
#: 8 bytes of id, 9 of due, 99 of note and 2,904 of text: three write units, and one of a read.
ITEM = 3020
WITH_NOTE, KEYS = 116, 17


class Made(NamedTuple):
    table: Table
    task: Entity


def made(index: Index) -> Made:
    table = Table("tasks", partition_key="id", indexes=(index,))
    item: dict[str, Value] = {
        "id": text("{n:06}", n=number),
        "due": text("{n:06}", n=number),
        "note": "y" * 95,
        "text": "x" * 2900,
    }
    return Made(table, Entity("Task", table=table, item=item))


def reads(found: Made, *projection: str) -> Pattern:
    """One item, through the index."""
    query = Query(found.table, index="due", key={"due": found.task["due"]}, projection=projection)
    return Pattern("by-due", query, of=found.task, expects=Exactly(), source="test")


def puts(found: Made) -> Pattern:
    return Pattern("put", PutItem(found.task), of=found.task, expects=Written(), source="test")


def edits(found: Made, changes: Changes) -> Pattern:
    update = UpdateItem(found.task, set=changes)
    return Pattern("edit", update, of=found.task, expects=Written(), source="test")


def advised(found: Made, write: Pattern, read: Pattern, entry_units: float) -> IndexRow:
    """Of an index of 1 GB, with 10 writes and 2 queries a second all month."""
    patterns = {each.id: each for each in (write, read)}
    system = replace(system_of(found.task), patterns=patterns)
    dataset = Dataset(system, scale=500, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    table, index = Resource("tasks"), Resource("tasks", "due")
    written = {Side(table, "write"): 3.0, Side(index, "write"): entry_units}
    entry_bytes = ITEM if found.table.indexes[0].projection == "ALL" else WITH_NOTE
    load = Load(
        system="made",
        basis="declared",
        source="a test",
        work=(
            Work(pattern=write.id, operation="", table="tasks", per_s=10, units=written),
            Work(
                pattern=read.id,
                operation="Query",
                table="tasks",
                index="due",
                per_s=2,
                units={Side(index, "read"): 0.5},
            ),
        ),
        stored={table: Stored(GB / ITEM, GB), index: Stored(GB / entry_bytes, GB)},
    )
    terms = Terms(
        region="us-east-1",
        prices=builtin_prices(),
        day=day_of("flat"),
        shape="flat",
        objectives=objectives_of(()),
    )
    (row,) = index_rows(load, terms, dataset, Costing(dataset, skew=0.0))
    return row


def by_projection(row: IndexRow) -> dict[str, Smaller]:
    return {each.projection: each for each in row.smaller}


def saved(write_units: float, entry_bytes: int, before: int = ITEM) -> float:
    """By writes at 10 a second, and by storage: the 100 bytes of each entry stay."""
    return 10 * write_units * MONTH_S * WRITE_USD + (1 - entry_bytes / before) * GB_USD


def test_an_index_is_advised_to_hold_what_is_read_of_it() -> None:
    """Whole items put at 10 a second take an entry of three units, and one with their note alone
    takes one; with keys alone as much, but each of 2 queries a second then reads the item too."""
    found = made(Index("due", partition_key="due"))
    row = advised(found, puts(found), reads(found, "note"), 3)
    assert float(row.write_usd) == pytest.approx(10 * 3 * MONTH_S * WRITE_USD)
    smaller = by_projection(row)
    assert smaller.keys() == {"KEYS_ONLY", "INCLUDE note"}
    include, keys = smaller["INCLUDE note"], smaller["KEYS_ONLY"]
    assert float(include.saves_usd) == pytest.approx(saved(2, WITH_NOTE), rel=1e-6)
    assert include.fetches_usd == 0
    assert not include.wanted_whole_by
    assert include.net_usd == include.saves_usd
    assert float(keys.saves_usd) == pytest.approx(saved(2, KEYS), rel=1e-6)
    assert float(keys.fetches_usd) == pytest.approx(2 * 0.5 * MONTH_S * READ_USD)
    assert keys.wanted_whole_by == ("by-due",)


def test_an_update_of_what_the_index_would_not_hold_would_cost_it_nothing() -> None:
    """Of an index of everything, a changed text is three units of an entry; with the note alone it
    changes nothing there, and with a changed note it is one."""
    found = made(Index("due", partition_key="due"))
    row = advised(found, edits(found, {"text": "z" * 2900}), reads(found, "note"), 3)
    assert float(by_projection(row)["INCLUDE note"].saves_usd) == pytest.approx(
        saved(3, WITH_NOTE), rel=1e-6
    )
    row = advised(found, edits(found, {"note": "z" * 95}), reads(found, "note"), 3)
    smaller = by_projection(row)
    assert float(smaller["INCLUDE note"].saves_usd) == pytest.approx(saved(2, WITH_NOTE), rel=1e-6)
    assert float(smaller["KEYS_ONLY"].saves_usd) == pytest.approx(saved(3, KEYS), rel=1e-6)


def test_an_index_whose_reader_wants_all_is_not_advised_to_include_some() -> None:
    """Only keys are left to advise, with what fetching the rest would cost."""
    found = made(Index("due", partition_key="due"))
    row = advised(found, puts(found), reads(found), 3)
    (keys,) = row.smaller
    assert (keys.projection, keys.wanted_whole_by) == ("KEYS_ONLY", ("by-due",))


def test_keys_are_enough_where_nothing_else_is_read() -> None:
    """A query that reads keys alone loses nothing by an index of keys, and needs no INCLUDE."""
    found = made(Index("due", partition_key="due"))
    (keys,) = advised(found, puts(found), reads(found, "id", "due"), 3).smaller
    assert (keys.projection, float(keys.fetches_usd)) == ("KEYS_ONLY", 0)
    assert not keys.wanted_whole_by
    assert float(keys.saves_usd) == pytest.approx(saved(2, KEYS), rel=1e-6)


def test_an_index_that_holds_what_is_read_is_left_as_it_is() -> None:
    """An INCLUDE of just that is not advised again, and one of keys has no smaller one."""
    included = made(Index("due", partition_key="due", projection="INCLUDE", include=("note",)))
    row = advised(included, puts(included), reads(included, "note"), 1)
    (keys,) = row.smaller
    assert keys.projection == "KEYS_ONLY"
    assert float(keys.saves_usd) == pytest.approx(saved(0, KEYS, WITH_NOTE), rel=1e-6)
    wider = made(Index("due", partition_key="due", projection="INCLUDE", include=("note", "text")))
    row = advised(wider, puts(wider), reads(wider, "note"), 3)
    assert "INCLUDE note" in by_projection(row)
    bare = made(Index("due", partition_key="due", projection="KEYS_ONLY"))
    assert advised(bare, puts(bare), reads(bare, "id"), 1).smaller == ()


def test_an_index_that_nobody_declares_lives_off_its_table() -> None:
    """A local index has no capacity of its own: what a run saw it consume is its table's, and the
    plan says so; an index that is declared stays."""
    found = made(Index("due", partition_key="due"))
    table, due, local = Resource("tasks"), Resource("tasks", "due"), Resource("tasks", "by-day")
    hot = (HotKey("day", 1, 0.5),)
    work = Work(
        pattern="put",
        operation="PutItem",
        table="tasks",
        per_s=10,
        units={Side(table, "write"): 3, Side(due, "write"): 1, Side(local, "write"): 2},
        heat={Side(local, "write"): hot, Side(table, "write"): hot},
    )
    load = Load(system="made", basis="measured", source="a test", work=(work,), stored={})
    (folded,) = load.on_tables({"tasks": found.table}).work
    assert folded.units == {Side(table, "write"): 5, Side(due, "write"): 1}
    assert folded.heat == {Side(table, "write"): hot}
    assert load.on_tables({"tasks": found.table}).assumed == (
        "tasks/by-day: declared nowhere, and taken for local, which live off their tables",
    )
    assert load.on_tables({}) is load


def test_a_record_says_what_an_index_holds_and_not_whole_items() -> None:
    """An index of keys holds 17 bytes of an item of 3,020; a plan for the run pays for those."""
    found = made(Index("due", partition_key="due", projection="KEYS_ONLY"))
    dataset = Dataset(system_of(found.task), scale=500, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    held = {each.index: each for each in stored_sizes(dataset, {"tasks": "dev-tasks"})}
    assert {index: (each.table, each.items) for index, each in held.items()} == {
        None: ("dev-tasks", 500),
        "due": ("dev-tasks", 500),
    }
    assert held[None].size_bytes == 500 * ITEM
    assert held["due"].size_bytes == 500 * KEYS
