"""Verifying tables that runs wrote to: what is beside the data set is known by the records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loadstone.cli.ledger_table import print_verification
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.pattern import Pattern, PutItem, TransactWriteItems, UpdateItem
from loadstone.pattern import Written as Writes
from loadstone.run.written import Kind, NewItemsWriter, Row, packed
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Touch
from loadstone.seeding.from_runs import Written, _Apart, beside, runs_on
from loadstone.seeding.leftovers import Leftover
from loadstone.seeding.moved import moving
from loadstone.seeding.presence import Expected
from loadstone.seeding.unseed import Means, Unseeding
from loadstone.seeding.unseed_run import RunUnseeding, past_run
from loadstone.seeding.verification import Count, Verification
from loadstone.wire import encode
from tests import shop
from tests.past import Tried

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
WRITING = (shop.shopping, shop.open_order, shop.two_lines, shop.order_at_once, shop.change_customer)
EVERY_ITEM = 10_000


@pytest.fixture
def tried(target: Target, tmp_path: Path) -> Tried:
    """The shop's tables, which hold 400 items."""
    made = Tried(shop.shop_system(), target, tmp_path)
    made.open(scale=400, as_of=AS_OF).seed()
    return made


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes of the engine are never behind their table: a count that falls short stays so."""
    monkeypatch.setattr("loadstone.seeding.verify.PATIENCE_S", ())


def verified(tried: Tried, *, sample: int = EVERY_ITEM) -> Verification:
    return tried.open().verify(runs=tried.runs, sample=sample)


def counts(checked: Verification) -> dict[tuple[str, str | None], Count]:
    return {(count.table, count.expected.index): count for count in checked.counts}


def test_what_runs_wrote_is_expected(tried: Tried) -> None:
    """A table that runs wrote to is right, to the item, on every index, and each run is named; the
    items that a run changed are as many as it touched at most."""
    assert verified(tried).ok
    tried.run("first", WRITING, workers=2)
    tried.run("second", WRITING)
    checked = verified(tried)
    assert checked.ok, checked
    for count in checked.counts:
        assert count.counted == count.expected.items + sum(run.items for run in count.runs)
    orders = counts(checked)[tried.names["orders"], None]
    assert [run.run for run in orders.runs] == ["first", "second"]
    assert all(run.items for run in orders.runs)
    assert 0 < checked.touched < checked.sampled / 2
    without = tried.open().verify(sample=1)
    assert not without.ok


def test_more_or_fewer_is_still_wrong(tried: Tried) -> None:
    """One item too many beside those of a run is found, and so is one of the run's that is gone."""
    tried.run("writing", [shop.open_order])
    tried.send("PutItem", "orders", Item=encode({"customer": "nobody", "id": "x", "state": "open"}))
    assert not counts(verified(tried))[tried.names["orders"], None].ok
    tried.send("DeleteItem", "orders", Key=encode({"customer": "nobody", "id": "x"}))
    assert verified(tried).ok
    (place,) = (each for each in tried.open().places if each.table.name == "orders")
    (run,) = runs_on(tried.runs, place)
    ((_, rows),) = run.written(place).items()
    tried.send("DeleteItem", "orders", Key=rows[0].key)
    assert not counts(verified(tried))[tried.names["orders"], None].ok


def test_an_item_that_differs_is_wrong_where_no_run_may_write(tried: Tried) -> None:
    """A run's changes are forgiven in the share of the data that runs touch, and nowhere else."""
    tried.run("changing", [shop.change_customer])
    dataset = tried.open().dataset
    assert verified(tried).ok
    touch = Touch(dataset, Settings())
    outside = next(
        number
        for number in range(dataset.count("Customer"))
        if not touch.touches(shop.customer, number)
    )
    changed = {**dataset.item("Customer", outside), "shop": "another"}
    tried.send("PutItem", "customers", Item=encode(changed))
    checked = verified(tried)
    assert not checked.ok
    assert len(checked.differences) == 1
    assert f"Customer {outside}: shop is 'another'" in checked.differences[0]


#: An order that is due no more leaves its index, and a customer with an address enters one.
FORGET = Pattern(
    "forget",
    UpdateItem(shop.order, set={"state": "open#"}, remove=("dueIn",)),
    of=shop.cart,
    expects=Writes(),
    source=shop.SOURCE,
)
TELL_MAIL = Pattern(
    "tell-mail",
    UpdateItem(shop.customer, set={"mail": "new@shop.example"}),
    of=shop.customer,
    expects=Writes(),
    source=shop.SOURCE,
)


def test_entries_that_changes_move_are_allowed_for(target: Target, tmp_path: Path) -> None:
    """Where a run's changes take items out of an index or put them in, its count may be off by as
    many as there were such calls, and by no more; table and other indexes are counted exactly."""
    system = shop.shop_system()
    patterns = {**system.patterns, "forget": FORGET, "tell-mail": TELL_MAIL}
    tried = Tried(replace(system, patterns=patterns), target, tmp_path)
    tried.open(scale=400, as_of=AS_OF).seed()
    tried.run("moving", [FORGET, TELL_MAIL, shop.ship])
    checked = verified(tried)
    assert checked.ok, checked
    found = counts(checked)
    orders, customers = tried.names["orders"], tried.names["customers"]
    assert found[orders, "due"].counted < found[orders, "due"].expected.items
    assert [run.moved for run in found[orders, "due"].runs] == [10]
    assert [run.moved for run in found[customers, "mail"].runs] == [10]
    assert found[customers, "mail"].counted > found[customers, "mail"].expected.items
    exact: list[tuple[str, str | None]] = [(orders, None), (orders, "state"), (customers, None)]
    assert all(found[arm].runs == () for arm in exact)
    low = replace(found[orders, "due"], counted=found[orders, "due"].expected.items - 11)
    assert not low.ok
    cut = replace(past_run("moving", system.id, tried.runs), ended=False)
    (place,) = (each for each in tried.open().places if each.name == orders)
    (everything,) = beside(tried.open().dataset, place, [cut], now_s=0).to("due")
    assert everything.moved == tried.open().dataset.count("Order")


def test_changes_that_move_are_known_by_what_they_say() -> None:
    """An update of an index's key moves an entry where the attribute may be missing or is removed;
    one of the TTL concerns the table and every index; a new item moves nothing."""
    due = replace(shop.orders, ttl="until")
    in_due = replace(shop.order, table=due)
    kept = Pattern(
        "kept", UpdateItem(in_due, set={"until": 5}), of=in_due, expects=Writes(), source="x"
    )
    assert moving([kept], due) == {"kept": {None: 1, "state": 1, "due": 1}}
    assert moving([FORGET], shop.orders) == {"forget": {"due": 1}}
    assert moving([FORGET], shop.customers) == {}
    assert moving([shop.ship, shop.open_order, shop.change_customer], shop.orders) == {}
    over = Pattern(
        "over",
        TransactWriteItems(
            [PutItem(shop.order, without=("shop",)), UpdateItem(shop.customer, set={"mail": "m"})]
        ),
        of=shop.order,
        expects=Writes(),
        source="x",
    )
    assert moving([over], shop.orders) == {"over": {"state": 1}}
    assert moving([over], shop.customers) == {"over": {"mail": 1}}


def test_a_run_that_was_cut_off_may_have_written_more(tried: Tried) -> None:
    """Where a process of a run has not ended in good order, what it noted is the least there is."""
    directory = tried.run("cut", [shop.open_order], ended=False)
    checked = verified(tried)
    orders = counts(checked)[tried.names["orders"], None]
    assert checked.ok
    assert orders.runs[0] == Written(run="cut", items=10, ended=False)
    assert orders.most is None
    assert orders.least == orders.expected.items + 10
    (directory / "new-0000.jsonl").unlink()
    assert verified(tried).ok
    tried.send("DeleteItem", "orders", Key=key_of_order(tried, 0))
    tried.send("DeleteItem", "customers", Key=encode({"id": "customer_0"}))
    assert not verified(tried).ok


def key_of_order(tried: Tried, number: int) -> dict[str, dict[str, str]]:
    item = tried.open().dataset.item("Order", number)
    return encode({name: item[name] for name in shop.orders.key})


def test_a_partly_deleted_run_is_between(tried: Tried) -> None:
    """While what a run wrote is being deleted, any number of it may be left; afterwards none."""
    tried.run("going", [shop.open_order, shop.two_lines])
    session = tried.open(only=frozenset({"Order"}))
    RunUnseeding(session, past_run("going", tried.system.id, tried.runs)).run(Means.silent())
    checked = counts(verified(tried))
    assert checked[tried.names["orders"], None].runs == ()
    assert checked[tried.names["lines"], None].runs[0].items == 20
    assert all(count.ok for count in checked.values())


def test_expired_and_unsure_items_may_be_absent(tried: Tried) -> None:
    """Of a run's items those whose TTL has passed may be gone, and those that nobody heard of may
    be there."""
    directory = tried.run("late", [shop.open_order])
    writer = NewItemsWriter(directory, 3)
    kind = Kind("put", "orders", "Order", "Customer", True)
    keys = [encode({"customer": "x", "id": str(number)}) for number in range(3)]
    rows = [Row(keys[0], 0, 0b01, 1000), Row(keys[1], 0, 0b11, 5000)]
    writer.add(kind, [packed(*row) for row in rows])
    writer.add(kind._replace(sure=False), [packed(keys[2], 0, 0, 0)])
    writer.close()
    session = tried.open()
    (place,) = (each for each in session.places if each.table.name == "orders")
    past = runs_on(tried.runs, place)
    found = beside(session.dataset, place, past, now_s=2000)
    (on_table,) = found.to(None)
    assert on_table == Written(run="late", items=12, expired=1, unsure=1)
    assert (on_table.least, on_table.most) == (11, 13)
    assert [run.expired for run in found.to("state")] == [1]
    assert [run.expired for run in found.to("due")] == [0]


def test_another_data_sets_run_is_counted_by_its_record(tried: Tried) -> None:
    """A run on a data set that the tables hold no more is known by how much it wrote, no closer;
    and when that has been deleted, as nothing."""
    tried.run("old", [shop.open_order])
    session = tried.open()
    (place,) = (each for each in session.places if each.table.name == "orders")
    dataset = Dataset(tried.system, scale=300, as_of=AS_OF)
    blind = beside(dataset, place, runs_on(tried.runs, place), now_s=0)
    assert blind.to(None) == (Written(run="old", items=10, known=False),)
    RunUnseeding(session, past_run("old", tried.system.id, tried.runs)).run(Means.silent())
    assert beside(dataset, place, runs_on(tried.runs, place), now_s=0).to(None) == ()
    dropped = replace(place, table_id="another")
    assert runs_on(tried.runs, dropped) == []


def test_tables_that_hold_nothing_are_not_counted(tried: Tried) -> None:
    """Where a part of the tables holds the data set, the others are named and not called wrong."""
    Unseeding(tried.open(only=frozenset({"Line"}))).run(Means.silent())
    checked = verified(tried)
    assert checked.ok
    assert checked.unknown == (tried.names["lines"],)
    assert {count.table for count in checked.counts} == {
        tried.names["orders"],
        tried.names["customers"],
    }


def test_runs_are_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The last two runs are named with what they wrote, earlier ones are counted together."""
    runs = [
        Written(run="a", items=1),
        Written(run="b", items=2),
        Written(run="c", items=30, expired=4, unsure=1),
        Written(run="d", items=5, moved=7, known=False, ended=False),
    ]
    count = Count(table="t", expected=Expected("i", 100, 0), counted=130, runs=tuple(runs))
    print_verification(
        Verification(counts=(count,), sampled=9, expired=1, touched=2, differences=())
    )
    assert capsys.readouterr().out == (
        "t/i: 130 of 100 items + 3 of 2 earlier runs + 30 of run c, 4 of them expired, and up to "
        "1 more + up to 5 of run d or more, it was cut off, give or take 7 that it changed: ok\n"
        "sample: 6 of 9 items equal, 1 have expired, 2 were changed by runs\n"
    )


def test_one_earlier_run_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    """With three runs the first one alone is an earlier one."""
    runs = tuple(Written(run=name, items=1) for name in "abc")
    count = Count(table="t", expected=Expected("i", 100, 0), counted=103, runs=runs)
    print_verification(
        Verification(counts=(count,), sampled=0, expired=0, touched=0, differences=())
    )
    assert " + 1 of 1 earlier run + 1 of run b + " in capsys.readouterr().out


def test_a_key_that_two_runs_put_is_one_item() -> None:
    """Runs that put the same keys wrote one item each time: it is counted for the first of them,
    and may be gone when the other's were deleted."""
    rows = [Row({"customer": {"S": "c"}, "id": {"S": id_}}, 0, 0, 0) for id_ in "ab"]
    apart = _Apart(shop.orders, [("c", "b")])
    assert apart.of(Leftover(row, True) for row in rows) == [
        Leftover(rows[0], True),
        Leftover(rows[1], False),
    ]
    assert apart.of(Leftover(row, True) for row in rows) == []
