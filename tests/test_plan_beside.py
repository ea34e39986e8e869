"""What a plan says beside throughput, by hand: free tier, table class, regions, and other bills."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from loadstone import Entity, number, text
from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import Provisioned
from loadstone.capacity.month import FREE
from loadstone.capacity.prices import builtin_prices
from loadstone.capacity.simulation import HotKey, Side, simulate
from loadstone.cli.plan import plan as command
from loadstone.documented import DocumentedPrice
from loadstone.errors import BadContent, BadValue, NoPrice
from loadstone.planning import Load, Plan, Stored, Terms, Work, plan
from loadstone.planning.documents import documented_rows
from loadstone.planning.extras import extras
from loadstone.planning.load import Load as Asked
from loadstone.planning.partitions import through
from loadstone.planning.storage import storage_rows
from loadstone.planning.terms import objectives_of
from loadstone.report.plan.sections import plan_blocks
from loadstone.system import load_system
from loadstone.table import Table
from tests.systems import dataset_of

ORDERS, BY_USER = Resource("orders"), Resource("orders", "ByUser")
WRITE, READ, INDEX = Side(ORDERS, "write"), Side(ORDERS, "read"), Side(BY_USER, "write")
HOUR = np.ones(3600)
GB = 1024**3
TINY = ("cmz", "--scale", "tiny")


def work(per_s: float, units: Mapping[Side, float], operation: str = "PutItem") -> Work:
    return Work(pattern="put", operation=operation, table="orders", per_s=per_s, units=units)


def load(*every: Work, stored: Mapping[Resource, Stored] | None = None) -> Load:
    return Load(system="known", basis="declared", source="a test", work=every, stored=stored or {})


def terms(region: str = "us-east-1", **rest: Any) -> Terms:
    return Terms(
        region=region,
        prices=builtin_prices(),
        day=HOUR,
        shape="an hour",
        objectives=objectives_of(["throttle_rate <= 0%"]),
        **rest,
    )


def usd(found: Plan) -> dict[str, float]:
    return {each.name: float(each.total_usd) for each in found.solutions}


def stored(gb: float) -> dict[Resource, Stored]:
    """So many GB as they are billed: a million items with 100 bytes each on top."""
    return {ORDERS: Stored(1_000_000, gb * GB - 100_000_000)}


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_the_free_tier_is_18_600_hours_and_25_gb() -> None:
    """30 GB cost 1.25 USD instead of 7.50; hours below 18,600 of a unit cost nothing and those
    above it their price; on demand no request is free."""
    asked = load(work(20, {WRITE: 1.0}), stored=stored(30))
    listed, given = plan(asked, terms()), plan(asked, terms(free=FREE))
    assert float(listed.storage_usd) == pytest.approx(7.50)
    assert float(given.storage_usd) == pytest.approx(1.25)
    assert usd(given)["all fixed"] == pytest.approx(1.25)
    assert usd(given)["all on demand"] == pytest.approx(usd(listed)["all on demand"] - 6.25)
    more = load(work(100, {WRITE: 1.0}))
    spent = [usd(plan(more, terms(free=free)))["all fixed"] for free in ({}, FREE)]
    assert spent[0] - spent[1] == pytest.approx(18_600 * 0.00065 + 730 * 0.00013)


def test_the_free_tier_is_had_once() -> None:
    """Two tables have it together, not each: of all their hours 18,600 are free."""
    other = Side(Resource("users"), "write")
    both = (
        work(20, {WRITE: 1.0}),
        replace(work(20, {other: 1.0}), pattern="sign-up", table="users"),
    )
    found = plan(load(*both), terms(free=FREE))
    (fixed,) = [each for each in found.solutions if each.name == "all fixed"]
    hours = sum(
        each
        for way in fixed.ways.values()
        for side, each in way.unit_hours.items()
        if side.direction == "write"
    )
    assert hours > 18_600
    assert float(fixed.usd) == pytest.approx((hours - 18_600) * 0.00065)


def test_a_table_that_is_mostly_stored_belongs_in_standard_ia() -> None:
    """Storage is 40 % of the price there and requests 124 or 125 %: 1,000 GB and one write a
    second are 100 instead of 250 USD, and 2.05 instead of 1.64."""
    found = plan(load(work(1, {WRITE: 1.0}), stored=stored(1_000)), terms(free=FREE))
    best = found.best.ways["orders"]
    (row,) = found.classes
    assert best.mode in ("fixed", "auto scaling")
    assert float(row.storage_usd) == pytest.approx(250)
    assert float(row.ia_storage_usd) == pytest.approx(100)
    assert float(row.ia_throughput_usd) == pytest.approx(1.25 * float(row.throughput_usd))
    assert row.pays_from == pytest.approx(0.25 / 0.6, rel=1e-3)
    assert float(row.saves_usd) == pytest.approx(150 - 0.25 * float(row.throughput_usd))
    said = " ".join(str(each) for each in plan_blocks(found, date(2026, 11, 21)))
    assert "Table class Standard-IA for orders would save" in said


def test_the_class_flips_where_the_ratio_says(tmp_path: Path) -> None:
    """A little above the ratio Standard-IA is cheaper, a little below it Standard."""
    asked = work(100, {WRITE: 1.0})
    throughput = float(plan(load(asked), terms()).best.usd)
    for factor, cheaper in ((0.98, False), (1.02, True)):
        gb = throughput * 0.25 / 0.6 * factor / 0.25
        (row,) = plan(load(asked, stored=stored(gb)), terms()).classes
        assert (row.saves_usd > 0) is cheaper
        assert row.ratio is not None
        assert row.pays_from is not None
        assert (row.ratio > row.pays_from) is cheaper


def test_a_region_without_prices_of_a_class_says_so() -> None:
    """No figure is made up: the price that is missing is named."""
    found = plan(load(work(1, {WRITE: 1.0})), terms("ap-south-1"))
    assert found.classes == ()
    assert "ap-south-1" in found.no_class
    assert "Standard-IA" in found.no_class


def test_a_replica_is_written_as_its_table_is() -> None:
    """As in AWS's example, each write is a replicated one in both regions, and what it changes in
    an index an ordinary one in both: the second region adds as much as the first has, at its own
    prices, and 48 bytes an item in each."""
    asked = work(1, {WRITE: 1.0, INDEX: 1.0, READ: 3.0})
    found = plan(
        load(asked, stored={ORDERS: Stored(1_000, 0)}),
        terms(replicas=("eu-west-1",), free={}),
    )
    month_s = 730 * 3600
    assert found.best.ways["orders"].mode != "on demand"
    on_demand = replace(found.best, ways={"orders": found.ways["orders"]["on demand"]})
    from loadstone.planning.replicas import replicas

    (there,) = replicas(on_demand.ways, found.load, found.storage, found.terms, {})
    assert float(there.writes_usd) == pytest.approx(2 * month_s * 0.705e-6)
    assert float(there.storage_usd) == pytest.approx(1_000 * 148 / GB * 0.283)
    assert float(there.at_home_usd) == pytest.approx(1_000 * 48 / GB * 0.25)
    assert there.sent_usd is not None
    assert float(there.sent_usd) == pytest.approx(month_s * 1024 / GB * 0.02)
    assert there.expiries_usd == 0
    table = Table("orders", partition_key="id", ttl="gone")
    (expiring,) = replicas(
        on_demand.ways, found.load, found.storage, found.terms, {"orders": table}
    )
    assert float(expiring.expiries_usd) == pytest.approx(month_s * 0.705e-6)
    (held,) = found.replicas
    hours = found.best.ways["orders"].unit_hours
    units = hours[WRITE] + hours[INDEX]
    assert float(held.writes_usd) == pytest.approx(units * 0.000735 + 2 * 730 * 0.000147)


def test_replicated_writes_are_not_reserved() -> None:
    """With a replica, reads can be reserved, and writes cannot."""
    asked = work(300, {WRITE: 1.0, READ: 1.0})
    alone, both = (
        plan(load(asked), terms(replicas=regions)).solutions[1].reserved["1y"].units
        for regions in ((), ("eu-west-1",))
    )
    assert alone["write"] >= 200
    assert both["write"] == 0
    assert both["read"] == alone["read"]


def test_what_else_is_billed_is_reckoned_by_hand() -> None:
    """10 GB: a backup 1 USD a month, to restore it 1.50, to export it 1, to import as much 1.50;
    one shard asked once a second 2.628 million calls, 0.53 USD; deletes by TTL nothing."""
    table = Table("orders", partition_key="id", ttl="gone", stream="NEW_IMAGE", pitr_days=35)
    tables = {"orders": table}
    asked: Asked = load(work(1, {WRITE: 1.0}), stored={ORDERS: Stored(10, 10 * GB)})
    rows = tuple(storage_rows(asked, terms(), tables))
    found = {each.name: each for each in extras(asked, rows, terms(), tables)}
    spent = {name: float(each.usd) for name, each in found.items() if each.usd is not None}
    assert spent == pytest.approx(
        {
            "a backup of every table": 1.0,
            "restoring it": 1.5,
            "an export to S3": 1.0,
            "an import from S3": 1.5,
            "the stream of orders, read by Lambda": 0.0,
            "the stream of orders, read by yourself": 2.628e6 * 0.02 / 1e5,
            "deletes by TTL": 0.0,
        }
    )
    free = extras(asked, rows, terms(free=FREE), tables)
    calls = next(each for each in free if each.name.endswith("yourself"))
    assert float(calls.usd or 0) == pytest.approx((2.628e6 - 2.5e6) * 0.02 / 1e5)


def test_an_import_is_billed_by_its_files() -> None:
    """AWS bills what stands in S3 before compression: an item of 9 bytes is a line of 43."""
    table = Table("orders", partition_key="id")
    order = Entity("Order", table=table, item={"id": text("{n:04}", n=number), "n": 5})
    line = '{"Item":{"id":{"S":"0001"},"n":{"N":"5"}}}\n'
    asked = load(work(1, {WRITE: 1.0}), stored={ORDERS: Stored(GB / 9, GB)})
    rows = tuple(storage_rows(asked, terms(), {"orders": table}))
    dataset = dataset_of(order, scale=500)
    every = extras(asked, rows, terms(), {"orders": table}, dataset)
    found = next(each for each in every if each.name == "an import from S3")
    assert float(found.usd or 0) == pytest.approx(0.15 * len(line) / 9)
    assert "4.78 times as many bytes" in found.how


def test_what_has_no_price_is_named_and_not_free() -> None:
    """A backup in a region without its price has no figure, and says which price is missing."""
    asked = load(work(1, {WRITE: 1.0}), stored={ORDERS: Stored(10, GB)})
    found = plan(asked, terms("ap-northeast-1")).extras
    backup = next(each for each in found if each.name.startswith("a backup"))
    assert backup.usd is None
    assert backup.missing == "no price for ap-northeast-1 (a GB of on-demand backup for a month)"


def test_a_plan_tells_every_price_that_it_used() -> None:
    """Reserved, Standard-IA and another region's among them, and none that it did not use."""
    asked = load(work(100, {WRITE: 1.0}), stored=stored(1))
    used = {(p.region, p.dimension) for p in plan(asked, terms(replicas=("eu-west-1",))).prices}
    assert {
        ("us-east-1", "write_request_million"),
        ("us-east-1", "reserved_3y_write_hour"),
        ("us-east-1", "ia_storage_gb_month"),
        ("eu-west-1", "replicated_write_capacity_hour"),
    } <= used
    assert ("us-east-1", "vector_write_gb") not in used


def test_the_documents_own_prices_stand_beside_those_of_today() -> None:
    """Where AWS has changed a price since, the plan says from when on, and reckons with its own."""
    system = load_system("cmz")
    rows = documented_rows(system, terms())
    writes = [each for each in rows if each.what == "a million write request units"]
    assert [each.documented_usd for each in writes] == [Decimal("0.25"), Decimal("1.25")]
    assert {each.now_usd for each in writes} == {Decimal("0.625")}
    assert {each.until for each in writes} == {"2024-11-01"}
    wrong = replace(
        system, documented_prices=(DocumentedPrice(dimension="writes", usd="1", source="it"),)
    )
    with pytest.raises(BadContent, match="no price is called 'writes'"):
        documented_rows(wrong, terms())


def test_a_choice_moves_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The free tier makes it cheaper, a replica is told with what it adds, and each is said."""
    monkeypatch.chdir(tmp_path)
    plain, free, twice = (
        json.loads(invoked(*TINY, "--region", "us-east-1", "--json", *chosen).stdout)
        for chosen in ((), ("--free-tier",), ("--replica", "eu-west-1"))
    )
    assert free["total_usd_per_month"] < plain["total_usd_per_month"]
    assert (plain["free_tier"], free["free_tier"]) == (False, True)
    assert twice["total_usd_per_month"] == plain["total_usd_per_month"]
    (replica,) = twice["replicas"]
    assert replica["usd"] > replica["writes_usd"] > 0
    assert any("As global tables in eu-west-1 too" in said for said in twice["points"])
    assert any("free tier is taken off" in said for said in free["points"])
    text = invoked(*TINY, "--region", "us-east-1").stdout
    assert "are of before 2024-11-01, when AWS changed them" in " ".join(text.split())


def test_a_replica_is_in_another_region_that_has_prices() -> None:
    """The region itself, or one that nobody knows a price of, is asked wrongly."""
    with pytest.raises(BadValue, match="the tables are there already"):
        terms(replicas=("us-east-1",))
    ran = invoked(*TINY, "--region", "us-east-1", "--replica", "mars-1")
    assert isinstance(ran.exception, NoPrice)
    assert "mars-1" in str(ran.exception)


def test_a_day_that_comes_otherwise_is_simulated_too() -> None:
    """On demand stands half as much again and a doubling; fixed capacity for a flat 100 a second
    throttles a third of 150, when its burst is spent, and auto scaling what comes before it has
    followed."""
    day = np.ones(86_400)
    asked = load(work(100, {WRITE: 1.0}))
    found = plan(asked, replace(terms(), day=day, shape="flat"))
    by_name = {each.name: list(each.throttled.values()) for each in found.stressed}
    chance, more, leap = by_name["all fixed"]
    assert by_name["all on demand"] == [0, 0, 0]
    units = found.ways["orders"]["fixed"].settings[ORDERS]
    assert isinstance(units, Provisioned)
    spared = 300 * units.write
    assert more == pytest.approx(1 - (units.write * 86_400 + spared) / (150 * 86_400), abs=1e-3)
    lost = 600 * (200 - units.write) - spared
    assert leap == pytest.approx(lost / (100 * 86_400 + 600 * 100), abs=1e-3)
    assert chance < 0.01
    assert max(by_name["all auto scaling"]) <= more + 1e-9


def test_more_of_everything_is_more_of_a_hot_key_too() -> None:
    """Half as much again throttles what a plan for half as much again has at the same capacity: a
    hot key that just fits in its partition does not any more."""
    heat = {WRITE: (HotKey("acme", 7, 0.8),)}
    hot = replace(work(1000, {WRITE: 1.0}), heat=heat)
    found = plan(load(hot), terms())
    more = through(load(replace(hot, per_s=1500)), terms())
    by_name = {each.name: each.throttled["1.5 times as much all day"] for each in found.stressed}
    assert found.solutions[0].throttled == 0
    assert by_name["all on demand"] == pytest.approx(0.8 * (1 - 1000 / 1200))
    for each in found.solutions:
        settings = each.ways["orders"].settings
        share = more.throttled_share(simulate(more.demand, settings))
        assert by_name[each.name] == pytest.approx(share)


def test_what_would_be_throttled_is_told_with_its_time_and_reason() -> None:
    """A hot key that is asked for too much from 12:00 to 13:00 is throttled then, for its
    partition, by as many calls as that does not serve."""
    day = np.full(86_400, 0.5)
    day[43_200:46_800] = 1.0
    heat = {WRITE: (HotKey("acme", 7, 0.8),)}
    hot = replace(work(2000, {WRITE: 1.0}), heat=heat)
    found = plan(load(hot), replace(terms(), day=day, shape="noon"))
    assert not found.holds
    (episode,) = [each for each in found.best.episodes if "KeyRange" in each.reason]
    assert (episode.from_s, episode.until_s) == (43_200, 46_800)
    assert episode.reason == "TableWriteKeyRangeThroughputExceeded"
    assert episode.calls == pytest.approx(3600 * 2000 * 0.8 * (1 - 1000 / 1600))
    said = " ".join(str(each) for each in plan_blocks(found, date(2026, 11, 21)))
    assert "12:00:00" in said
    assert "13:00:00" in said
