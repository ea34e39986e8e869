"""What operations consume on each arm, against AWS's examples and captures of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from loadstone.capacity.changes import (
    get_records_units,
    kinesis_change_units,
    replicated_write_units,
    ttl_delete_units,
)
from loadstone.capacity.consumption import (
    NOTHING,
    Consumption,
    Item,
    batch_statements,
    condition_check,
    entry_units,
    failed_condition,
    get,
    pages,
    replayed,
    search,
    total,
    write,
)
from loadstone.capacity.item_limits import put_fits, update_fits
from loadstone.capacity.layout import IndexLayout, Layout
from loadstone.capacity.readings import CHOICES, CONSERVATIVE, Reading
from loadstone.capacity.units import Consistency, wire_size_bytes
from loadstone.errors import BadValue
from loadstone.table import Index, Table
from loadstone.wire import encode

KB = 1024
GLOBAL = IndexLayout(name="gsi", key=("gsiPk",), projected=frozenset({"pk", "sk", "gsiPk", "proj"}))
WHOLE_LOCAL = IndexLayout(name="lsi", key=("pk", "lsiSk"), local=True)
LOCAL = IndexLayout(
    name="lsi",
    key=("pk", "lsiSk"),
    projected=frozenset({"pk", "sk", "lsiSk", "proj"}),
    local=True,
)
WITH_ALL = Layout(key=("pk", "sk"), indexes=(GLOBAL, WHOLE_LOCAL))
WITH_SOME = Layout(key=("pk", "sk"), indexes=(GLOBAL, LOCAL))
PLAIN = Layout(key=("pk",))


def sized(size_bytes: float) -> dict[str, Any]:
    """An item of exactly so many bytes."""
    return {"pk": {"S": "x" * (round(size_bytes) - 2)}}


def made(**attributes: Any) -> dict[str, Any]:
    return encode({"pk": "b", "sk": "1", **attributes})


FULL = made(gsiPk="g", lsiSk="L1", proj="p", other="o")
BASE_ONLY = encode({"pk": "s1", "sk": "1", "gsiPk": "g", "proj": "p", "other": "x" * 3000})
SMALL_ENTRY = encode({"pk": "s1", "sk": "1", "gsiPk": "g", "proj": "p"})
LARGE_ENTRY = encode({"pk": "s1", "sk": "1", "gsiPk": "g", "proj": "x" * 3000})
NO_ENTRY = encode({"pk": "s1", "sk": "1", "proj": "x" * 3000})
SETS = (made(gsiPk="g", proj={"a", "b"}), made(gsiPk="g", proj={"b", "a"}))


def without(item: Item, name: str) -> Item:
    return {key: value for key, value in item.items() if key != name}


def arms(consumption: Consumption) -> tuple[float, float, float | None, float | None]:
    indexes = consumption.indexes
    return consumption.total, consumption.table, indexes.get("gsi"), indexes.get("lsi")


@pytest.mark.parametrize(
    ("item", "consistency", "units"),
    [
        (sized(3.5 * KB), "strong", 1),
        (sized(4096), "eventual", 0.5),
        (sized(4097), "eventual", 1),
        (sized(4097), "strong", 2),
        (sized(4097), "transactional", 4),
        (None, "eventual", 0.5),
        (None, "strong", 1),
        (None, "transactional", 2),
        (sized(8 * KB), "strong", 2),
        (sized(8 * KB), "eventual", 1),
        (sized(8 * KB), "transactional", 4),
    ],
)
def test_one_item_is_read(item: Item | None, consistency: Consistency, units: float) -> None:
    """A GetItem costs its item in blocks of 4 KB, and one that is not there the minimum."""
    assert get(item, consistency) == Consumption(table=units)


@pytest.mark.parametrize(
    ("items", "consistency", "units"),
    [
        ([sized(1.5 * KB), sized(6.5 * KB)], "strong", 3),
        ([sized(1.5 * KB), sized(6.5 * KB)], "eventual", 1.5),
        ([sized(500)] * 3, "transactional", 6),
        ([sized(3022), *[sized(3023)] * 3], "eventual", 2),
    ],
)
def test_items_of_a_batch_are_rounded_alone(
    items: list[Item], consistency: Consistency, units: float
) -> None:
    """A batch or a transaction of reads is the sum of its items."""
    assert total(get(item, consistency) for item in items).total == units


@pytest.mark.parametrize(
    ("sizes", "consistency", "units"),
    [
        ([40 * KB, 40 * KB], "eventual", 10),
        ([256 * KB] * 4, "eventual", 128),
        ([256 * KB] * 4, "strong", 256),
        ([3022, 3023, 3023, 3023], "eventual", 1.5),
        ([3022], "eventual", 0.5),
        ([], "eventual", 0.5),
        ([], "strong", 1),
    ],
)
def test_a_page_is_rounded_once(sizes: list[int], consistency: Consistency, units: float) -> None:
    """A Query or a Scan costs what a page of it evaluated, found or filtered, rounded once."""
    assert search(map(sized, sizes), consistency=consistency) == Consumption(table=units)


def test_a_global_index_is_read_on_its_own_arm() -> None:
    """A Query of a global index costs its entries, there, and nothing on the table."""
    found = search([sized(2000)] * 8, index=GLOBAL)
    assert (found.table, found.indexes) == (0, {"gsi": 2})


@pytest.mark.parametrize(("consistency", "units"), [("strong", 5), ("eventual", 2.5)])
def test_what_a_local_index_does_not_hold_is_fetched(
    consistency: Consistency, units: float
) -> None:
    """Items that a local index projects too little of are read from the table, each alone."""
    found = search([sized(200)] * 4, index=LOCAL, consistency=consistency, fetched=[sized(300)] * 4)
    assert found.total == units
    assert found.indexes == {"lsi": units / 5}


def test_pages() -> None:
    """A page holds 1 MB or as many items as were asked for; nothing to read is a page too."""
    assert [len(page) for page in pages([300 * KB] * 7)] == [3, 3, 1]
    assert [len(page) for page in pages([256 * KB] * 5)] == [4, 1]
    assert [len(page) for page in pages([10] * 5, limit=2)] == [2, 2, 1]
    assert list(pages([])) == [[]]


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, 1.6 * KB, 2),
        (None, 1024, 1),
        (None, 1025, 2),
        (None, 1.5 * KB, 2),
        (18, 3017, 3),
        (3017, 18, 3),
        (None, None, 1),  # a delete of what is not there
        (3017, None, 3),
        (300 * KB, 310 * KB, 310),
        (400 * KB, None, 400),
    ],
)
def test_one_item_is_written(before: float | None, after: float | None, units: float) -> None:
    """A write costs the larger of the item before and after, in blocks of 1 KB, one at least."""
    images = [None if size is None else sized(size) for size in (before, after)]
    assert write(PLAIN, *images) == Consumption(table=units)
    doubled = write(PLAIN, *images, transactional=True)
    assert doubled == Consumption(table=2 * units)


@pytest.mark.parametrize(
    ("sizes", "transactional", "units"),
    [([500, 3.5 * KB], False, 5), ([500, 500, 500], True, 6), ([3 * KB], True, 6)],
)
def test_writes_of_a_batch_are_rounded_alone(
    sizes: list[float], transactional: bool, units: float
) -> None:
    """A batch or a transaction of writes is the sum of its items."""
    parts = (write(PLAIN, None, sized(size), transactional=transactional) for size in sizes)
    assert total(parts).total == units


@pytest.mark.parametrize(
    ("layout", "before", "after", "expected"),
    [
        (WITH_ALL, None, made(gsiPk="g"), (2, 1, 1, None)),
        (WITH_ALL, None, made(), (1, 1, None, None)),
        (WITH_ALL, None, made(lsiSk="L1"), (2, 1, None, 1)),
        (WITH_ALL, None, FULL, (3, 1, 1, 1)),
        (WITH_ALL, FULL, FULL, (1, 1, None, None)),
        (WITH_ALL, *SETS, (1, 1, None, None)),
        (WITH_ALL, FULL, FULL | encode({"other": "n"}), (2, 1, None, 1)),
        (WITH_ALL, FULL, FULL | encode({"proj": "n"}), (3, 1, 1, 1)),
        (WITH_ALL, FULL, FULL | encode({"gsiPk": "h"}), (4, 1, 2, 1)),
        (WITH_ALL, FULL, without(FULL, "gsiPk"), (3, 1, 1, 1)),
        (WITH_ALL, FULL, None, (3, 1, 1, 1)),
        (WITH_ALL, made(), None, (1, 1, None, None)),
        (WITH_SOME, None, BASE_ONLY, (4, 3, 1, None)),
        (WITH_SOME, LARGE_ENTRY, SMALL_ENTRY, (6, 3, 3, None)),
        (WITH_SOME, SMALL_ENTRY, LARGE_ENTRY, (6, 3, 3, None)),
        (WITH_SOME, LARGE_ENTRY, None, (6, 3, 3, None)),
        (WITH_SOME, LARGE_ENTRY, NO_ENTRY, (6, 3, 3, None)),
        (WITH_SOME, NO_ENTRY, LARGE_ENTRY, (6, 3, 3, None)),
    ],
)
def test_indexes_are_written_apart(
    layout: Layout, before: Item | None, after: Item | None, expected: tuple[float | None, ...]
) -> None:
    """A write costs each index what its entry comes to: total, table, global and local arm."""
    assert arms(write(layout, before, after)) == expected


@pytest.mark.parametrize(
    ("layout", "before", "after", "expected"),
    [
        (WITH_ALL, None, made(gsiPk="g"), (3, 2, 1, None)),
        (WITH_ALL, None, made(), (2, 2, None, None)),
        (WITH_ALL, None, FULL, (4, 2, 1, 1)),
        (WITH_ALL, FULL, FULL, (2, 2, None, None)),
        (WITH_ALL, FULL, None, (4, 2, 1, 1)),
        (WITH_SOME, LARGE_ENTRY, None, (9, 6, 3, None)),
    ],
)
def test_a_transaction_doubles_the_table_alone(
    layout: Layout, before: Item | None, after: Item | None, expected: tuple[float | None, ...]
) -> None:
    """In a transaction the table's arm costs twice, and the indexes as ever."""
    assert arms(write(layout, before, after, transactional=True)) == expected


def test_a_batch_adds_up_its_arms() -> None:
    """Three puts of a batch, two in one index and one in the other, are 6 = 3 + 2 + 1 units."""
    put = [made(gsiPk="g"), FULL, made()]
    assert arms(total(write(WITH_ALL, None, item) for item in put)) == (6, 3, 2, 1)


def test_a_moved_entry_is_two_writes() -> None:
    """A changed key of an index deletes an entry and puts another, each rounded alone."""
    before, after = sized(1500), sized(2500)
    assert entry_units(before, after, ("pk",)) == 2 + 3
    assert entry_units(before, before | {"n": {"N": "1"}}, ("pk",)) == 2


def test_the_order_of_a_list_counts_and_that_of_a_set_does_not() -> None:
    """An index whose projected set is in another order is not written; with a list it is."""
    listed = (made(gsiPk="g", proj=["a", "b"]), made(gsiPk="g", proj=["b", "a"]))
    assert arms(write(WITH_ALL, *listed)) == (2, 1, 1, None)
    deep = (
        made(gsiPk="g", proj={"m": [{"a"}, {"k": 1}]}),
        made(gsiPk="g", proj={"m": [{"a"}, {"k": 2}]}),
    )
    assert arms(write(WITH_ALL, *deep)) == (2, 1, 1, None)
    assert arms(write(WITH_ALL, deep[0], deep[0])) == (1, 1, None, None)


def test_a_condition_check_is_a_write_of_what_is_there() -> None:
    """A ConditionCheck costs its item as a transactional write, and two units for nothing."""
    assert condition_check(sized(3023)).total == 6
    assert condition_check(None).total == 2


def test_a_repeated_token_is_read() -> None:
    """A transaction sent again with its token costs read units of its larger image."""
    image = sized(9 * KB)
    assert write(PLAIN, None, image, transactional=True).total == 18
    assert replayed(None, image).total == 6


def test_a_failed_condition_costs_the_larger_item_unless_read_otherwise() -> None:
    """Sources disagree on a write whose condition fails: the larger by default, by choice what is
    stored; a missing item is one unit to both."""
    stored, tried = sized(300 * KB), sized(310 * KB)
    assert failed_condition(stored, tried).total == 310
    assert failed_condition(stored, tried, Reading(failed_condition="stored")).total == 300
    assert failed_condition(tried, stored).total == 310
    assert failed_condition(None, tried).total == 1
    attempted = Reading(failed_condition="attempted")
    assert failed_condition(stored, tried, attempted).total == 310
    assert failed_condition(None, tried, attempted).total == 310


def test_a_number_written_in_another_way_is_a_change_unless_read_otherwise() -> None:
    """Whether 1 and 1.0 are one value to an index nobody has reported: by default they are not."""
    one, other = ({**made(gsiPk="g"), "proj": {"N": text}} for text in ("1", "1.0"))
    assert arms(write(WITH_ALL, one, other)) == (2, 1, 1, None)
    same = Reading(respelled="same")
    assert arms(write(WITH_ALL, one, other, reading=same)) == (1, 1, None, None)
    in_sets = [{**made(gsiPk="g"), "proj": {"NS": [text, "2"]}} for text in ("1", "1.0")]
    assert arms(write(WITH_ALL, *in_sets)) == (2, 1, 1, None)
    assert arms(write(WITH_ALL, *in_sets, reading=same)) == (1, 1, None, None)


def test_every_disagreement_is_named() -> None:
    """Each has a switch, what speaks for each side, and the first of them for its default."""
    for name, choices in CHOICES.items():
        assert getattr(CONSERVATIVE, name) == next(iter(choices))
        assert len(choices) > 1
        assert all(choices.values())
    with pytest.raises(BadValue, match="numbers is read as base-100 or by-parts, not 'guessed'"):
        Reading(numbers="guessed")  # type: ignore[arg-type]


def test_a_reading_is_written_by_name() -> None:
    """What is not named is as it is by default; what nobody knows is refused with what there is."""
    assert Reading.of([]) == CONSERVATIVE
    found = Reading.of(["numbers=by-parts", "respelled=same"])
    assert found == Reading(numbers="by-parts", respelled="same")
    assert found.chosen == ("numbers=by-parts", "respelled=same")
    (said,) = found.said("numbers")
    assert said.startswith("sources disagree on how long a number is: by-parts is followed, pairs")
    assert said.endswith("; --reading numbers=base-100 is the other")
    assert len(list(CONSERVATIVE.said())) == len(CHOICES)
    for wrong in ("numbers", "numbers=guessed", "digits=by-parts", ""):
        with pytest.raises(BadValue, match="there are numbers=base-100"):
            Reading.of([wrong])
    with pytest.raises(BadValue, match="leave one out"):
        Reading.of(["respelled=same", "respelled=change"])


@pytest.mark.parametrize(
    ("succeeded", "failed", "expected"),
    [
        ([write(WITH_ALL, None, made(gsiPk="g"))], [(made(), made())], (3, 1, 1, None)),
        (
            [write(PLAIN, None, sized(10))],
            [(sized(9), sized(10)), (sized(1000), sized(9)), (sized(9), sized(3000))],
            (6, 1, None, None),
        ),
        (
            [write(WITH_ALL, None, made(gsiPk="g"))],
            [(sized(9), sized(10)), (sized(1000), sized(9)), (sized(9), sized(3000))],
            (7, 1, 1, None),
        ),
    ],
)
def test_failed_statements_of_a_batch_are_in_its_total_alone(
    succeeded: list[Consumption],
    failed: list[tuple[Item, Item]],
    expected: tuple[float | None, ...],
) -> None:
    """Failed statements add the larger of stored and attempted to the total, and to no arm."""
    found = batch_statements(succeeded, failed)
    assert found is not None
    assert arms(found) == expected


def test_a_batch_of_failed_statements_reports_nothing() -> None:
    """Where no statement of a batch succeeded, the answer has no consumed capacity."""
    assert batch_statements([], [(sized(10), sized(10))]) is None
    assert total([]) == NOTHING


@pytest.mark.parametrize(
    ("before", "after", "transactional", "expected"),
    [
        (None, FULL, False, (3, 1, 1, 1)),
        (FULL, FULL | encode({"gsiPk": "h"}), False, (4, 1, 2, 1)),
        (FULL, None, False, (3, 1, 1, 1)),
        (None, LARGE_ENTRY, False, (6, 3, 3, None)),
        (None, FULL, True, (4, 2, 1, 1)),
        (None, LARGE_ENTRY, True, (9, 6, 3, None)),
    ],
)
def test_statements_cost_what_their_operations_do(
    before: Item | None,
    after: Item | None,
    transactional: bool,
    expected: tuple[float | None, ...],
) -> None:
    """INSERT, UPDATE and DELETE of PartiQL, alone and in ExecuteTransaction, were captured so."""
    assert arms(write(WITH_ALL, before, after, transactional=transactional)) == expected
    if transactional and before is None and after is FULL:
        twice = total([write(WITH_ALL, None, FULL, transactional=True)] * 2)
        assert arms(twice) == (8, 4, 2, 2)


PUT_LIMIT = 400 * KB
X = "x"


@pytest.mark.parametrize(
    ("key", "attributes", "sets"),
    [
        ("k", {"b": X * 409_577}, 1),
        ("k" * 20, {"b": X * 409_577}, 1),
        ("k", {"b": X * 409_556, "c": "z"}, 2),
    ],
)
def test_the_ceiling_of_an_update(key: str, attributes: Mapping[str, str], sets: int) -> None:
    """An UpdateItem is accepted up to the captured size, and refused at one byte more."""
    item_bytes = wire_size_bytes(encode({"pk": key, **attributes}))
    key_bytes = wire_size_bytes({"pk": {"S": key}})
    assert update_fits(item_bytes, key_bytes, sets=sets)
    assert not update_fits(item_bytes + 1, key_bytes, sets=sets)


def test_the_ceiling_of_a_put() -> None:
    """A put takes an item of 409,600 bytes and no more; entries of local indexes share that."""
    item_bytes = wire_size_bytes(encode({"pk": "k", "b": X * 409_596}))
    assert item_bytes == PUT_LIMIT
    assert put_fits(item_bytes)
    assert not put_fits(item_bytes + 1)
    assert put_fits(200 * KB, 200 * KB)
    assert not put_fits(200 * KB, 200 * KB + 1)


def test_what_follows_a_write() -> None:
    """A stream is a unit a call, capture to Kinesis one a KB, a replica one a region; a delete by
    TTL is free where it happens and replicated elsewhere."""
    assert get_records_units(1) == 1
    assert kinesis_change_units(0, 1025) == 2
    assert replicated_write_units(150, regions=2) == 300
    assert replicated_write_units(200, regions=2) == 400
    assert ttl_delete_units(3) == 0
    assert ttl_delete_units(3, regions=3) == 6


SHOP = Table(
    "orders",
    partition_key="id",
    indexes=(
        Index("all", partition_key="state", sort_key="day"),
        Index("keys", partition_key="state", projection="KEYS_ONLY"),
        Index("some", partition_key="day", projection="INCLUDE", include=("total",)),
    ),
)


@pytest.mark.parametrize(
    ("index", "held"),
    [
        ("all", {"id", "state", "day", "total", "note"}),
        ("keys", {"id", "state"}),
        ("some", {"id", "day", "total"}),
    ],
)
def test_an_index_holds_what_it_projects(index: str, held: set[str]) -> None:
    """The entry of a declared index is its keys, the table's, and what it includes or all."""
    layouts = {each.name: each for each in Layout.of(SHOP).indexes}
    item = {name: name for name in ("id", "state", "day", "total", "note")}
    entry = layouts[index].entry(item)
    assert entry is not None
    assert set(entry) == held
    del item[layouts[index].key[0]]
    assert layouts[index].entry(item) is None
