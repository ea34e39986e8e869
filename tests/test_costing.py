"""What patterns are forecast to consume, beside what they do consume on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from statistics import fmean, pstdev
from time import perf_counter_ns

import pytest

from loadstone.capacity.footprint import footprints
from loadstone.capacity.units import item_size_bytes, write_units
from loadstone.client.target import Target
from loadstone.pattern import (
    Each,
    Every,
    Journey,
    Mix,
    Pattern,
    Query,
    Some,
    Think,
    above,
    begins_with,
)
from loadstone.scenario.costing import Costing, Resource
from loadstone.scenario.forecast import Amount, forecast, plays
from loadstone.table import Throughput
from tests import shop
from tests.loaded import Loaded, loaded

TIMES = 150
DATASET = shop.shop_dataset(1500)
#: They need an earlier step of a journey.
ALONE = [pattern for pattern in shop.PATTERNS.values() if not pattern.needs]


@pytest.fixture(scope="module")
def place(target: Target) -> Iterator[Loaded]:
    with loaded(DATASET, target) as found:
        yield found


@pytest.mark.parametrize("pattern", ALONE, ids=lambda pattern: pattern.id)
def test_units_are_forecast(place: Loaded, pattern: Pattern) -> None:
    """Requests and units of a call are forecast as they are consumed, on each table and index:
    within a tenth, or what chance does where subjects differ; a guess, on the safe side."""
    player = place.player(sampled=0.0)
    calls = [call for _ in range(TIMES) for call in player.play(pattern, perf_counter_ns())]
    metered = [call for call in calls if call.answer.units]
    costing = Costing(DATASET, skew=0.99)
    expected = costing.units(pattern)
    forecasted = {
        (place.tables[table], index): units / expected.requests
        for (table, index), units in (*expected.read.items(), *expected.write.items())
    }
    consumed: dict[tuple[str, str | None], list[float]] = {
        arm: [
            sum(
                float(units.read + units.write)
                for units in call.answer.units
                if (units.table, units.index) == arm
            )
            for call in metered
        ]
        for arm in {
            *forecasted,
            *((units.table, units.index) for call in metered for units in call.answer.units),
        }
    }
    if not costing.assumed:
        assert len(calls) == pytest.approx(expected.requests * TIMES, rel=0.35)
    for arm, units in consumed.items():
        if not metered:  # its condition holds for nobody
            continue
        found, chance = fmean(units), 4 * pstdev(units) / sqrt(len(units))
        if costing.assumed:
            assert found <= forecasted[arm] * 1.1 + chance
        else:
            assert found == pytest.approx(forecasted.get(arm, 0.0), rel=0.1, abs=chance)


def test_what_is_known_is_no_guess() -> None:
    """A query for exactly the drawn item is forecast as one row, and one for rows that may be a
    relative's as those that there are within whom it says: neither is a guess."""
    costing = Costing(DATASET, skew=0.99)
    assert costing.units(shop.by_mail).read == {("customers", "mail"): 0.5}
    of_a_relative = Pattern(
        "of-a-relative",
        Query(shop.lines, key={"order": shop.order["id"]}, pages=None),
        of=shop.order,
        expects=Every(shop.line, within=shop.customer),
        source=shop.SOURCE,
    )
    itself = replace(
        of_a_relative,
        operation=Query(shop.orders, key={"customer": shop.order["customer"]}, pages=None),
        expects=Every(shop.order, within=shop.customer),
    )
    many = costing.units(of_a_relative).read["lines", None]
    assert many >= costing.units(itself).read["orders", None] == 0.5
    assert costing.assumed == ()


def test_a_query_of_some_rows_is_forecast_by_the_rows_there_are() -> None:
    """Where no number is declared, rows are counted in a sample: all that the key finds, whatever a
    filter leaves of them, and no more than the limit."""
    orders = list(DATASET.items(shop.order, 0, DATASET.count(shop.order)))
    paid = [each["shop"] for each in orders if each["state"] == "paid#"]
    found = [paid.count(each["shop"]) for each in orders]
    some = Pattern(
        "some",
        Query(
            shop.orders,
            index="state",
            key={"shop": shop.order["shop"], "state": begins_with("paid")},
            filter={"total": above(1_000_000)},
        ),
        of=shop.order,
        expects=Some(),
        source=shop.SOURCE,
    )
    costing = Costing(DATASET, skew=0.0)
    assert min(found) <= costing.rows(some) <= max(found)
    assert costing.rows(some) == pytest.approx(sum(found) / len(found), rel=0.35)
    assert isinstance(some.operation, Query)
    few = replace(some, operation=replace(some.operation, limit=2))
    assert costing.rows(few) == pytest.approx(sum(min(2, n) for n in found) / len(found), rel=0.2)
    assert costing.rows(few) <= 2
    assert "as a sample of items has" in costing.assumed[0]


def test_footprints_are_those_of_the_items() -> None:
    """Where the sample is every item, shares, sizes and units on each arm are exact."""
    small = shop.shop_dataset(150)
    items = [small.item("Order", n) for n in range(small.count("Order"))]
    found = footprints(small, shop.order)
    assert len(items) <= 200
    for name, key in ((None, shop.orders.key), ("state", ("shop",)), ("due", ("dueIn",))):
        there = [item_size_bytes(item) for item in items if all(each in item for each in key)]
        assert found[name].share == len(there) / len(items)
        assert found[name].size_bytes == sum(there) / len(items)
        assert found[name].write_units == sum(write_units(0, size) for size in there) / len(items)


ONE, OTHER = shop.one_customer, shop.orders_of


def test_users_take_turns() -> None:
    """A closed user plays as often as its pauses and the assumed length of a call let it."""
    mix = Mix("m", {ONE: 3, OTHER: 1}, think=Think(0.9, 1.1))
    found = plays(mix, DATASET, Amount(users=10, duration_s=60))
    entries = 10 * 60 / (1.0 + 0.005)
    assert found[ONE] == pytest.approx(entries * 0.75)
    assert found[OTHER] == pytest.approx(entries * 0.25)


def test_journeys_count_their_steps_and_pauses() -> None:
    """A journey plays each of its steps, and its pauses are the user's."""
    journey = Journey("j", of=shop.customer, steps=(ONE, Think(2, 4), OTHER, ONE), source="test")
    found = plays(Mix("m", {journey: 1}), DATASET, Amount(users=1, duration_s=3.015 * 100))
    assert found[ONE] == pytest.approx(200)
    assert found[OTHER] == pytest.approx(100)


def test_a_step_for_each_counts_what_there_is() -> None:
    """A step that is played for each of what there is counts as often as there are on average."""
    each = Each(shop.how_many_lines)
    journey = Journey("j", of=shop.customer, steps=(ONE, each), source="test")
    found = plays(Mix("m", {journey: 1}), DATASET, Amount(users=1, duration_s=1, operations=1000))
    carts = DATASET.count(shop.cart) / DATASET.count(shop.customer)
    assert found[shop.how_many_lines] / found[ONE] == pytest.approx(carts)
    assert sum(found.values()) == pytest.approx(1000)


def test_open_arrivals_are_operations() -> None:
    """So many arrivals are so many operations, in the mix's proportions, however long it takes."""
    journey = Journey("j", of=shop.customer, steps=(ONE, Think(2, 4), OTHER, ONE), source="test")
    mix = Mix("m", {journey: 1, OTHER: 1})
    found = plays(mix, DATASET, Amount(users=1, duration_s=9, operations=400))
    assert (found[ONE], found[OTHER]) == pytest.approx((200, 200))


def test_a_forecast_adds_up(place: Loaded) -> None:
    """A forecast has the units of its patterns times how often each is played, on the live tables,
    with their capacities, and says what it took for granted."""
    mix = Mix("m", {shop.open_order: 1, shop.by_mail: 1})
    names = {table.name: f"live-{table.name}" for table in DATASET.system.tables}
    held: dict[Resource, Throughput] = {
        ("live-orders", "state"): Throughput(read_units=5, write_units=6)
    }
    found = forecast(
        mix, DATASET, names, held, Amount(users=1, duration_s=1, operations=200), skew=0.5
    )
    one = Costing(DATASET, 0.5).units(shop.open_order)
    arms: dict[Resource, float] = {(arm.table, arm.index): arm.write_units for arm in found.arms}
    assert found.items == 200
    assert arms["live-orders", None] == pytest.approx(100 * one.write["orders", None])
    assert arms["live-customers", None] == 0
    (state,) = (arm for arm in found.arms if arm.index == "state")
    assert state.capacity == held["live-orders", "state"]
    assert found.provisioned == {"live-orders"}
    assert place
