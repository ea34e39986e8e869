"""How a data set is cut into slices and batches."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from loadstone.dataset import Dataset
from loadstone.seeding.feed import BATCH_ITEMS, Feed
from loadstone.seeding.opened import open_puts
from loadstone.seeding.place import Place
from loadstone.seeding.slices import Slice, slices, stride
from loadstone.system import load_system

counts = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 700), min_size=1)
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


@given(counts, st.integers(1, 60))
def test_every_number_is_in_one_slice(asked: dict[str, int], size: int) -> None:
    """Whatever the counts and the size, each item is in exactly one slice."""
    found = Counter(
        (each.entity, number)
        for each in slices(asked, size)
        for number in range(each.start, each.stop)
    )
    assert set(found.values()) <= {1}
    assert set(found) == {(name, n) for name, count in asked.items() for n in range(count)}


@given(counts, st.integers(1, 60))
def test_order_is_the_same_each_time(asked: dict[str, int], size: int) -> None:
    """The order follows from the counts alone."""
    assert list(slices(asked, size)) == list(slices(dict(asked), size))


@given(st.integers(1, 5000))
def test_stride_comes_by_every_slice(count: int) -> None:
    """Going round in strides visits every number once."""
    step = stride(count)
    assert len({turn * step % count for turn in range(count)}) == count


@given(st.integers(8, 400))
def test_slices_in_a_row_are_spread(count: int) -> None:
    """Of any 8 slices in a row no two are neighbours, unless there are few."""
    order = [each.start for each in slices({"a": count}, 1)]
    for at in range(len(order) - 8):
        window = sorted(order[at : at + 8])
        gaps = [after - before for before, after in pairwise(window)]
        assert min(gaps) >= max(1, count // 40)


@given(st.integers(1, 20), st.integers(1, 20))
def test_entities_advance_together(few: int, many: int) -> None:
    """At any moment all entities are done to the same part, give or take one slice."""
    asked = {"few": few * 10, "many": many * 100}
    done = Counter[str]()
    for each in slices(asked, 10):
        done[each.entity] += 1
        parts = [done["few"] / few, done["many"] / (many * 10)]
        assert abs(parts[0] - parts[1]) <= 1 / few + 1 / (many * 10)


def dataset(scale: int) -> tuple[Dataset, Place]:
    system = load_system("cmz")
    (table,) = system.tables
    place = Place(table=table, name="cmz-test", arn="arn:cmz-test", table_id="1")
    return Dataset(system, scale=scale, as_of=AS_OF), place


def test_feed_gives_every_row_once() -> None:
    """All batches together are the data set, none is above 25 items, and neighbours in time are
    from different slices as long as there are several."""
    data, place = dataset(3020)
    asked = {"Message": data.count("Message")}
    feed = Feed(lambda slices: open_puts(data, slices, place))
    feed.add(slices(asked, 250))
    seen: list[int] = []
    order: list[Slice] = []
    while feed:
        batch = feed.next(width=4)
        assert 1 <= len(batch.rows) <= BATCH_ITEMS
        order.append(batch.of.slice)
        seen += [batch.of.slice.start + row for row in batch.rows]
    assert sorted(seen) == list(range(data.count("Message")))
    early = order[: len(order) // 2]
    assert all(before != after for before, after in pairwise(early))


def test_batch_is_what_dynamodb_takes() -> None:
    """The body of a batch holds the items of the data set, for the table as it is called there."""
    data, place = dataset(40)
    opened = open_puts(data, [Slice("Message", 3, 30)], place)[0]
    body = orjson.loads(opened.batch(range(2, 5)))
    assert body["ReturnConsumedCapacity"] == "INDEXES"
    items = [each["PutRequest"]["Item"] for each in body["RequestItems"]["cmz-test"]]
    assert items == [orjson.loads(row) for row in data.rows("Message", 5, 8)]
    assert orjson.loads(opened.batch([2, 4])) == {
        "RequestItems": {"cmz-test": [{"PutRequest": {"Item": items[n]}} for n in (0, 2)]},
        "ReturnConsumedCapacity": "INDEXES",
    }
    assert orjson.loads(opened.alone(2)) == {
        "TableName": "cmz-test",
        "Item": items[0],
        "ReturnConsumedCapacity": "INDEXES",
    }


def test_unprocessed_items_are_found_by_key() -> None:
    """What a batch gives back is told by its key; what was not in it means all of them."""
    data, place = dataset(40)
    opened = open_puts(data, [Slice("Message", 0, 30)], place)[0]
    rows = range(10, 20)
    given_back = orjson.loads(opened.batch([12, 17]))["RequestItems"]
    assert opened.found_in(rows, given_back) == [12, 17]
    foreign = orjson.loads(opened.batch([12, 25]))["RequestItems"]
    assert opened.found_in(rows, foreign) == list(rows)
    assert opened.found_in(rows, ["nonsense"]) == list(rows)
