"""A plan against closed forms: what it costs, what flips it, and what hot keys cannot get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from loadstone.arrivals.day import day_of
from loadstone.capacity.admission import Resource
from loadstone.capacity.break_even import provisioned_utilization, reserved_hour_usd
from loadstone.capacity.limits import OnDemand, Provisioned
from loadstone.capacity.month import FREE
from loadstone.capacity.prices import builtin_prices
from loadstone.capacity.simulation import AutoScaled, HotKey, Side
from loadstone.errors import BadValue
from loadstone.planning import Load, Plan, Stored, Terms, Work, plan
from loadstone.planning.terms import objectives_of
from loadstone.report.numbers import usd
from loadstone.report.plan.answer import answer

ORDERS, QUIET = Resource("orders"), Resource("quiet")
WRITE, READ = Side(ORDERS, "write"), Side(ORDERS, "read")
HOUR = np.ones(3600)


def work(per_s: float, units: Mapping[Side, float], name: str = "put", **rest: Any) -> Work:
    return Work(pattern=name, operation="PutItem", table="orders", per_s=per_s, units=units, **rest)


def load(*every: Work, stored: Mapping[Resource, Stored] | None = None) -> Load:
    return Load(system="known", basis="declared", source="a test", work=every, stored=stored or {})


def terms(
    shape: str = "an hour", *objectives: str, region: str = "us-east-1", **rest: Any
) -> Terms:
    return Terms(
        region=region,
        prices=builtin_prices(),
        day=HOUR if shape == "an hour" else day_of(shape),
        shape=shape,
        objectives=objectives_of(objectives),
        **rest,
    )


def costs(found: Plan, table: str = "orders") -> dict[str, float]:
    return {mode: float(way.usd) for mode, way in found.ways[table].items()}


def test_a_steady_load_costs_what_it_costs_by_hand() -> None:
    """100 write units in every second of 730 hours are 164.25 USD on demand, and 100 WCU with the
    one RCU that a table must have 47.54 USD; fixed capacity is used to the full."""
    found = plan(load(work(100, {WRITE: 1.0})), terms("an hour", "throttle_rate <= 0%"))
    way = found.ways["orders"]["fixed"]
    assert costs(found)["on demand"] == pytest.approx(100 * 3600 * 730 * 0.625e-6)
    assert costs(found)["fixed"] == pytest.approx(730 * (100 * 0.00065 + 0.00013), rel=0.09)
    assert isinstance(setting := way.settings[ORDERS], Provisioned)
    # 300 s of burst stretch an hour by a twelfth.
    assert 100 * 3600 / 3900 <= setting.write <= 100
    assert found.best.ways["orders"].mode != "on demand"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_answer_flips_at_the_break_even_of_prices(region: str) -> None:
    """The part of capacity below which on demand is cheaper is that of the prices alone, between
    that of reads and that of writes; and on demand costs less exactly where less is used."""
    kinds = [float(provisioned_utilization(builtin_prices(), region, k)) for k in ("read", "write")]
    for share in (0.02, 0.2, 0.28, 0.30, 0.5, 1.0):
        day = np.zeros(86_400)
        day[: round(86_400 * share)] = 1.0
        found = plan(
            load(work(500, {WRITE: 1.0, READ: 1.0})),
            Terms(
                region=region,
                prices=builtin_prices(),
                day=day,
                shape="part of a day",
                objectives=objectives_of(["throttle_rate <= 0%"]),
            ),
        )
        way = found.ways["orders"]["fixed"]
        assert way.flips_at is not None
        assert way.used is not None
        assert min(kinds) - 1e-9 <= way.flips_at <= max(kinds) + 1e-9
        assert (way.used > way.flips_at) is (way.usd < way.on_demand_usd)


def test_a_flatter_day_makes_provisioned_win_earlier() -> None:
    """Fixed capacity is used more in a flatter day, and costs a smaller part of on demand; in a day
    of one busy hour on demand is cheaper."""
    hour = np.zeros(86_400)
    hour[:3600] = 1.0
    days = {"one hour": hour, "office-hours": day_of("office-hours"), "flat": day_of("flat")}
    once, held = load(work(200, {WRITE: 1.0})), terms()
    found = [plan(once, replace(held, day=day)).ways["orders"] for day in days.values()]
    used = [ways["fixed"].used or 0.0 for ways in found]
    parts = [float(ways["fixed"].usd / ways["on demand"].usd) for ways in found]
    assert used == sorted(used)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] > 1 > parts[1]


def test_growth_makes_everything_dearer() -> None:
    """Three times the load and the data cost three times as much on demand and in storage."""
    once = load(work(100, {WRITE: 1.0}), stored={ORDERS: Stored(1e6, 1e9)})
    one, three = (plan(once, terms(), growth=growth) for growth in (1.0, 3.0))
    assert costs(three)["on demand"] == pytest.approx(3 * costs(one)["on demand"])
    assert float(three.storage_usd) == pytest.approx(3 * float(one.storage_usd))
    assert all(costs(three)[mode] > costs(one)[mode] for mode in costs(one))
    assert float(one.storage_usd) == pytest.approx((1e9 + 1e6 * 100) / 1024**3 * 0.25)


def test_growth_says_what_does_not_grow() -> None:
    """Twice the load has as many rows in a partition as today's, which is said; today's load needs
    no such word."""
    today = load(work(100, {WRITE: 1.0}))
    assert any("as full as today" in each for each in today.grown(2).assumed)
    assert today.grown(1).assumed == ()


def test_the_quota_is_held_against_what_is_planned() -> None:
    """A maximum above 40,000 is no alarm where half of it, which is planned, is below; what is
    planned above it is one, with the units that are planned."""
    day = terms("office-hours")
    below, above = (plan(load(work(units, {READ: 1.0})), day) for units in (30_000, 50_000))
    scaled = below.best.ways["orders"].settings[ORDERS]
    assert isinstance(scaled, AutoScaled)
    assert scaled.side("read").maximum > 40_000
    assert below.above_quota == ()
    assert len(above.above_quota) == 1
    assert above.above_quota[0].startswith("5")


def test_a_scan_grows_with_the_calls_and_with_the_data() -> None:
    """A Scan of twice the data, twice as often, reads four times as much."""
    scan = Work(pattern="all", operation="Scan", table="orders", per_s=2, units={READ: 10.0})
    (grown,) = load(scan).grown(2).work
    assert grown.per_s * grown.units[READ] == 4 * scan.per_s * scan.units[READ]


def test_each_table_is_paid_for_in_its_own_way() -> None:
    """A table that is hardly asked is on demand, beside one that is busy and provisioned."""
    rare = Side(QUIET, "write")
    found = plan(
        load(work(100, {WRITE: 1.0}), work(0.01, {rare: 1.0}, "rare")), terms("office-hours")
    )
    assert found.best.ways["quiet"].mode == "on demand"
    assert found.best.ways["orders"].mode != "on demand"
    assert found.best.usd == min(each.usd for each in found.solutions if each.holds)
    assert isinstance(found.best.ways["quiet"].settings[QUIET], OnDemand)


def test_what_is_reserved_is_reckoned_by_the_hundred() -> None:
    """Of 230 units all day, 200 are reserved for a year, and the others paid by the hour."""
    found = plan(load(work(230, {WRITE: 1.0})), terms("flat", "throttle_rate <= 0%"))
    fixed = next(each for each in found.solutions if each.name == "all fixed")
    held = fixed.reserved["1y"]
    setting = fixed.ways["orders"].settings[ORDERS]
    assert isinstance(setting, Provisioned)
    assert held.units == {"read": 0, "write": 200}
    assert held.upfront_usd == pytest.approx(Decimal(300))
    hour = reserved_hour_usd(builtin_prices(), "us-east-1", "write", "1y")
    beyond = 730 * ((setting.write - 200) * 0.00065 + 0.00013)
    assert float(held.usd) == pytest.approx(730 * 200 * float(hour) + beyond)
    assert held.usd < fixed.usd


@pytest.mark.parametrize(("free", "units"), [({}, 100), (FREE, 0)])
def test_what_is_free_is_not_reserved(free: Mapping[str, Decimal], units: int) -> None:
    """A hundred reserved costs less than 60 units by the hour, and more than the 34 or so that the
    free tier leaves to pay for."""
    found = plan(load(work(60, {WRITE: 1.0})), terms("flat", "throttle_rate <= 0%", free=free))
    fixed = next(each for each in found.solutions if each.name == "all fixed")
    held = fixed.reserved["1y"]
    assert held.units == {"read": 0, "write": units}
    assert held.usd < fixed.usd if units else held.usd == fixed.usd


def test_a_limit_of_all_that_is_spent_counts_further_regions() -> None:
    """What is below a limit at home is above it with a replica, and the answer says both sums."""
    asked, limit = load(work(100, {WRITE: 1.0})), "total_usd_per_month < 60"
    home = plan(asked, terms("an hour", limit))
    found = plan(asked, terms("an hour", limit, replicas=("us-east-2",)))
    assert home.holds
    assert [each.text for each in found.best.missed] == [limit]
    (there,) = found.replicas
    assert found.best.total_usd < 60 < found.best.everywhere_usd
    assert found.best.everywhere_usd == found.best.total_usd + there.usd
    assert f"{usd(found.best.everywhere_usd)} with us-east-2" in answer(found)
    enough = "total_usd_per_month < 200"
    assert plan(asked, terms("an hour", enough, replicas=("us-east-2",))).holds


def test_a_commitment_that_would_keep_to_a_limit_is_told_and_not_taken() -> None:
    """A limit between what is paid by the hour and what is reserved is missed, and the answer says
    for how long to reserve to keep to it; where no commitment does, it speaks of none."""
    asked = load(work(100, {WRITE: 1.0}))
    for limit, said in ((30, "for a year keeps to it"), (20, "for 3 years keeps to it"), (5, "")):
        found = plan(asked, terms("an hour", f"total_usd_per_month < {limit}"))
        assert not found.holds
        assert said in answer(found)
        assert ("without a commitment" in answer(found)) is bool(said)


def test_a_hot_key_is_flagged_and_no_capacity_helps() -> None:
    """Half of 4,000 writes a second to one key: its partition is full at 2,000 operations a second,
    and a quarter of all writes are throttled, however they are paid."""
    key = HotKey("tenant-1", 7, 0.5)
    hot = work(4000, {WRITE: 1.0}, heat={WRITE: (key,)})
    found = plan(load(hot), terms())
    (row,) = found.hot
    assert (row.key, row.pattern, row.over) == ("tenant-1", "put", True)
    assert row.limit_at_per_s == pytest.approx(2000)
    assert row.share == pytest.approx(0.5)
    assert not found.holds
    for each in found.solutions:
        assert each.throttled == pytest.approx(0.25, abs=0.002)
    assert "tenant-1" in found.best.ways["orders"].why


def test_a_hot_key_of_an_index_stops_the_writes_of_its_table() -> None:
    """All writes go to one key of an index: beyond 1,000 a second they are throttled, though the
    table's own keys are even."""
    index = Side(Resource("orders", "ByState"), "write")
    hot = work(2000, {WRITE: 1.0, index: 1.0}, heat={index: (HotKey("open", 3, 1.0),)})
    found = plan(load(hot), terms())
    assert found.solutions[0].throttled == pytest.approx(0.5)
    assert plan(load(hot).at_peak(900), terms()).solutions[0].throttled == 0


def test_patterns_that_ask_for_the_same_key_share_its_partition() -> None:
    """Two patterns with 600 writes a second each to one key are too many together."""
    key = (HotKey("same", 1, 1.0),)
    each = [work(600, {WRITE: 1.0}, name, heat={WRITE: key}) for name in ("a", "b")]
    found = plan(load(*each), terms())
    assert found.solutions[0].throttled == pytest.approx(1 - 1000 / 1200)
    assert found.hot[0].units_per_s == pytest.approx(1200)


def test_patterns_share_the_bill() -> None:
    """A pattern of 2 write units costs 1.25 USD a million calls, and the shares make the whole."""
    every = load(work(10, {WRITE: 2.0}, "two"), work(30, {WRITE: 1.0}, "one"))
    rows = {row.pattern: row for row in plan(every, terms()).patterns}
    assert float(rows["two"].usd_per_million_calls) == pytest.approx(1.25)
    assert rows["one"].share == pytest.approx(0.6)
    assert sum(row.share for row in rows.values()) == pytest.approx(1)
    assert rows["one"].calls_per_month == pytest.approx(30 * 3600 * 730)


def test_a_plan_is_held_to_its_objectives() -> None:
    """A limit of cost is missed or kept as the figures say, and what cannot be one is refused."""
    once = load(work(100, {WRITE: 1.0}))
    assert plan(once, terms("an hour", "usd_per_month < 100")).holds
    missed = plan(once, terms("an hour", "usd_per_month < 10"))
    assert [each.text for each in missed.best.missed] == ["usd_per_month < 10"]
    for wrong in (
        "p99 < 5ms",
        "throttle_rate > 1%",
        "throttle_rate(put) < 1%",
        "throttle_rate < 0",
    ):
        with pytest.raises(BadValue, match="objective"):
            objectives_of([wrong])


def test_a_stricter_objective_is_no_cheaper() -> None:
    """Less throttling allowed, more capacity: fixed capacity of a spiky day costs as much or
    more, and the day keeps to what is allowed."""
    spent = []
    for allowed in ("20%", "1%", "0.01%"):
        found = plan(load(work(300, {WRITE: 1.0})), terms("spiky", f"throttle_rate <= {allowed}"))
        assert found.ways["orders"]["fixed"].throttled <= float(allowed[:-1]) / 100 + 1e-6
        spent.append(costs(found)["fixed"])
    assert spent == sorted(spent)


def test_a_region_without_reserved_prices_says_so() -> None:
    """Where no source states a reserved price there is no figure, and the reason is kept."""
    found = plan(load(work(200, {WRITE: 1.0})), terms(region="eu-central-1"))
    held = found.solutions[1].reserved["3y"]
    assert "eu-central-1" in held.missing
    assert not held.buys


def test_nothing_asked_is_no_load() -> None:
    """A load without units is refused."""
    with pytest.raises(BadValue, match="nothing is asked"):
        plan(load(work(1, {})), terms())
