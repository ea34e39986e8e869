"""Where one way of paying becomes cheaper than another, and the bill of a month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.break_even import (
    RESERVED_UNITS,
    Kind,
    Term,
    best_reservation,
    full_hour_usd,
    infrequent_access_ratio,
    provisioned_utilization,
    reserved_hour_usd,
    reserved_share,
    reserved_utilization,
    standard_ratio,
    utilization,
)
from loadstone.capacity.month import FREE, Usage, bill, free_left, total_usd
from loadstone.capacity.prices import builtin_prices
from loadstone.errors import BadValue, NoPrice

PRICES = builtin_prices()
US = "us-east-1"
GB = 1024**3


def percent(share: Decimal) -> float:
    return round(float(share) * 100, 2)


@pytest.mark.parametrize(
    ("region", "write", "read"),
    [
        ("us-east-1", 28.89, 28.89),
        ("eu-west-1", 28.96, 28.86),
        ("eu-central-1", 28.89, 28.89),
        ("ap-southeast-2", 28.95, 28.85),
        ("ap-south-1", 28.95, 28.85),
        ("ap-northeast-1", 28.83, 28.93),
        ("ap-northeast-2", 28.79, 28.90),
    ],
)
def test_provisioned_capacity_pays_above_a_utilization(
    region: str, write: float, read: float
) -> None:
    """Provisioned capacity is cheaper than on demand where more than 29 % of it is used."""
    assert percent(provisioned_utilization(PRICES, region, "write")) == write
    assert percent(provisioned_utilization(PRICES, region, "read")) == read


def test_what_was_before_the_prices_fell() -> None:
    """At the prices of before November 2024 the same arithmetic gives 14.4 %, and on demand cost
    6.92 times as much at full use, where it is 3.46 now; at 70 % use it is 0.41 the other way."""
    hour = Decimal("0.00065")
    assert percent(utilization(hour, Decimal("1.25"))) == 14.44
    assert round(full_hour_usd(Decimal("1.25")) / hour, 2) == Decimal("6.92")
    now = full_hour_usd(Decimal("0.625"))
    assert round(now / hour, 2) == Decimal("3.46")
    assert round(hour / (now * Decimal("0.7")), 4) == Decimal("0.4127")


@pytest.mark.parametrize(
    ("kind", "term", "usd", "used"),
    [
        ("write", "1y", "0.00029923", 13.30),
        ("read", "1y", "0.00005925", 13.17),
        ("write", "3y", "0.00014949", 6.64),
        ("read", "3y", "0.00002970", 6.60),
    ],
)
def test_reserved_capacity_pays_above_a_utilization(
    kind: Kind, term: Term, usd: str, used: float
) -> None:
    """A reserved unit costs its upfront payment spread over the term, and its hours."""
    assert round(reserved_hour_usd(PRICES, US, kind, term), 8) == Decimal(usd)
    assert percent(reserved_utilization(PRICES, US, kind, term)) == used


def test_reserved_capacity_pays_above_a_share_of_hours() -> None:
    """A unit is worth its reservation where it is provisioned for 46 % of a year, 23 % of three."""
    assert round(reserved_share(PRICES, US, "write", "1y"), 3) == Decimal("0.460")
    assert round(reserved_share(PRICES, US, "write", "3y"), 3) == Decimal("0.230")


@pytest.mark.parametrize(
    ("levels", "share", "units"),
    [
        ([], "0.46", 0),
        ([46] * 10, "0.46", 0),
        ([99] * 24, "0.46", 100),
        ([190] * 24, "0.46", 200),
        ([500] * 10, "0.46", 500),
        ([500] * 5 + [100] * 5, "0.46", 500),
        ([500] * 4 + [100] * 6, "0.46", 100),
        ([550] * 10, "0.46", 600),
        ([540] * 10, "0.46", 500),
        ([0] * 8 + [1000] * 2, "0.23", 0),
    ],
)
def test_the_best_reservation(levels: list[float], share: str, units: int) -> None:
    """What is in use for more than the share of hours is reserved, in hundreds; the last of them
    may be more than is used, where the part that is used pays for it."""
    assert best_reservation(levels, Decimal(share)) == units


@pytest.mark.parametrize(
    ("level", "free", "units"),
    [(80, 0, 100), (80, 25, 100), (80, 40, 0), (30, 40, 0), (190, 25, 200)],
)
def test_free_hours_are_not_worth_reserving(level: int, free: int, units: int) -> None:
    """Of 80 units, 40 of them free, a hundred reserved at 46 % cost more than the 40 that are paid
    for; of 190 with 25 free, two hundred still cost less."""
    assert best_reservation([level] * 24, Decimal("0.46"), Decimal(free)) == units


@given(
    st.lists(st.integers(0, 1200), min_size=1, max_size=30),
    st.integers(5, 120),
    st.integers(0, 300),
)
def test_no_other_reservation_is_cheaper(levels: list[int], percents: int, free: int) -> None:
    """Of all hundreds, to beyond what was ever provisioned, none makes a smaller sum, and none that
    is less makes the same."""
    share = Decimal(percents) / 100

    def usd(units: int) -> Decimal:
        beyond = sum(max(0, level - units) for level in levels)
        return units * share * len(levels) + max(0, beyond - free * len(levels))

    best = best_reservation(levels, share, Decimal(free))
    hundreds = range(0, max(levels) + 3 * RESERVED_UNITS, RESERVED_UNITS)
    assert best == min(hundreds, key=lambda units: (usd(units), units))


def test_the_class_of_a_table_flips_at_a_ratio() -> None:
    """Standard-IA pays where storage costs 0.4167 of throughput, and back below 0.133 of it."""
    storage, throughput = Decimal("0.4"), Decimal("1.25")
    assert round(infrequent_access_ratio(storage, throughput), 4) == Decimal("0.4167")
    assert round(standard_ratio(storage, throughput), 3) == Decimal("0.133")


@pytest.mark.parametrize(
    ("used", "usd"),
    [
        ({"write_requests": 2_000_000}, "1.25"),  # a million puts of 1.6 KB
        ({"read_requests": 500_000}, "0.0625"),  # a million eventually consistent reads of 4 KB
        ({"write_capacity_hours": 100 * 730}, "47.45"),
        ({"read_capacity_hours": 100 * 730}, "9.49"),
        ({"imported_bytes": 100 * GB}, "15"),
        ({"write_requests": 104_857_600}, "65.536"),
        ({"replicated_write_requests": 1_000_000}, "0.625"),
        ({"replicated_write_capacity_hours": 1000}, "0.65"),
        ({"recoverable_bytes": 10 * GB}, "2"),
        ({"backup_bytes": 10 * GB}, "1"),
        ({"restored_bytes": 10 * GB}, "1.5"),
        ({"exported_bytes": 10 * GB}, "1"),
        ({"incrementally_exported_bytes": 10 * GB}, "1"),
        ({"stream_calls": 1_000_000}, "0.2"),
        ({"kinesis_changes": 1_000_000}, "0.1"),
        ({"sent_out_bytes": GB}, "0.09"),
        ({"sent_to_regions_bytes": GB}, "0.02"),
        ({"table_class": "infrequent", "write_requests": 1_000_000}, "0.78"),
        ({"table_class": "infrequent", "stored_bytes": 10 * GB}, "1"),
    ],
)
def test_each_part_of_a_bill(used: dict[str, Any], usd: str) -> None:
    """Everything that is billed has its line, at the price of its dimension."""
    (line,) = bill(Usage(**used), PRICES, US)
    assert line.usd == Decimal(usd)


def test_a_year_of_reserved_capacity() -> None:
    """100 write units reserved for a year cost 262.13 USD, and 569.40 by the hour."""
    reserved = total_usd(bill(Usage(reserved_writes=100), PRICES, US)) * 12
    assert round(reserved, 2) == Decimal("262.13")
    by_the_hour = total_usd(bill(Usage(write_capacity_hours=100 * 730), PRICES, US)) * 12
    assert by_the_hour == Decimal("569.40")
    three = total_usd(bill(Usage(reserved_writes=100, term="3y"), PRICES, US)) * 12
    assert round(three, 2) == Decimal("130.96")  # 60 of 180 upfront, and 8,760 hours


def test_storage_is_billed_with_its_overhead() -> None:
    """Each item and index entry is billed 100 bytes more, and a replicated item 48 more again."""
    usage = Usage(entries=2, stored_bytes=GB - 248, replicated_items=1)
    (line,) = bill(usage, PRICES, US)
    assert line.quantity == 1


def test_the_free_tier_is_a_choice() -> None:
    """30 GB cost 7.50 USD, and 1.25 with the free tier, of which a second table has the rest."""
    usage = Usage(stored_bytes=30 * GB)
    assert total_usd(bill(usage, PRICES, US)) == Decimal("7.50")
    lines = bill(usage, PRICES, US, FREE)
    assert total_usd(lines) == Decimal("1.25")
    assert lines[0].quantity == 5
    assert lines[0].free == 25
    left = free_left(lines, FREE)
    assert left == {**FREE, "storage_gb_month": 0}
    assert total_usd(bill(usage, PRICES, US, left)) == Decimal("7.50")
    within = Usage(write_capacity_hours=25 * 744, read_capacity_hours=25 * 744)
    assert total_usd(bill(within, PRICES, US, FREE)) == 0
    assert total_usd(bill(Usage(write_requests=10**6), PRICES, US, FREE)) == Decimal("0.625")
    infrequent = Usage(table_class="infrequent", stored_bytes=30 * GB)
    assert total_usd(bill(infrequent, PRICES, US, FREE)) == 3


def test_a_month_of_auto_scaling_with_the_free_tier() -> None:
    """Ten days at 100 units, ten at 143 and ten at 72, of reads and of writes each, are 75,600 unit
    hours, of which 18,600 are free: 37.05 and 7.41 USD."""
    hours = 24 * 10 * (100 + 143 + 72)
    usage = Usage(read_capacity_hours=hours, write_capacity_hours=hours, stored_bytes=25 * GB)
    lines = bill(usage, PRICES, US, FREE)
    spent = {line.price.dimension: line.usd for line in lines}
    assert hours == 75_600
    assert spent["write_capacity_hour"] == Decimal("37.05")
    assert spent["read_capacity_hour"] == Decimal("7.41")
    assert total_usd(lines) == Decimal("44.46")


def test_what_is_used_and_has_no_price_is_an_error() -> None:
    """Nothing is free because its price is not known: the error names it and how to refresh."""
    with pytest.raises(NoPrice, match=r"a GB exported to S3\).*loadstone prices update"):
        bill(Usage(exported_bytes=1), PRICES, "eu-west-1")
    assert bill(Usage(), PRICES, "mars-1") == ()


@pytest.mark.parametrize(
    ("used", "problem"),
    [
        ({"reserved_reads": 150}, "by the 100 units, not 150"),
        ({"reserved_writes": 100, "table_class": "infrequent"}, "Standard class alone"),
    ],
)
def test_what_cannot_be_bought_is_refused(used: dict[str, Any], problem: str) -> None:
    """Capacity is reserved in hundreds, for Standard tables."""
    with pytest.raises(BadValue, match=problem):
        Usage(**used)
