"""Where one way of paying becomes cheaper than another: arithmetic on prices alone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from loadstone.capacity.prices import Prices

Kind = Literal["read", "write"]
Term = Literal["1y", "3y"]

YEARS: dict[Term, int] = {"1y": 1, "3y": 3}
HOURS_PER_YEAR = 8_760
#: Reserved capacity is sold by the hundred units.
RESERVED_UNITS = 100
_SECONDS_PER_HOUR, _MILLION = 3_600, 1_000_000


def full_hour_usd(million_usd: Decimal) -> Decimal:
    """What a unit costs on demand that is used in every second of an hour."""
    return million_usd * _SECONDS_PER_HOUR / _MILLION


def utilization(hour_usd: Decimal, million_usd: Decimal) -> Decimal:
    """The share of capacity used above which a unit by the hour is cheaper than on demand.

    It is of what is provisioned, with the headroom that auto scaling keeps.
    """
    return hour_usd / full_hour_usd(million_usd)


def provisioned_utilization(prices: Prices, region: str, kind: Kind) -> Decimal:
    """`utilization` for provisioned capacity: nearly 29 % everywhere."""
    hour = prices.price(region, f"{kind}_capacity_hour").usd
    return utilization(hour, prices.price(region, f"{kind}_request_million").usd)


def reserved_hour_usd(prices: Prices, region: str, kind: Kind, term: Term) -> Decimal:
    """What a reserved unit costs an hour, its upfront payment spread over the term."""
    upfront, hourly = (
        prices.price(region, f"reserved_{term}_{kind}_{paid}").usd for paid in ("upfront", "hour")
    )
    return (upfront / (HOURS_PER_YEAR * YEARS[term]) + hourly) / RESERVED_UNITS


def reserved_utilization(prices: Prices, region: str, kind: Kind, term: Term) -> Decimal:
    """The share of a reserved unit used above which it is cheaper than on demand."""
    million = prices.price(region, f"{kind}_request_million").usd
    return utilization(reserved_hour_usd(prices, region, kind, term), million)


def reserved_share(prices: Prices, region: str, kind: Kind, term: Term) -> Decimal:
    """The share of hours a unit must be provisioned for its reservation to pay."""
    hour = prices.price(region, f"{kind}_capacity_hour").usd
    return reserved_hour_usd(prices, region, kind, term) / hour


def best_reservation(
    levels: Sequence[float], share: Decimal, free_units: Decimal = Decimal(0)
) -> int:
    """How many units to reserve, in hundreds, for the sum of reserved and other hours to be least;
    the fewest where several are.

    `levels` are the units provisioned in each hour, and `share` is what a reserved unit costs of
    another. `free_units` are as many units of every hour as the free tier gives, whose hours go to
    what is not reserved. The last hundred may be more than is ever provisioned.
    """
    exact = [Decimal(str(level)) for level in levels]
    free = free_units * len(exact)

    def cost(units: int) -> Decimal:
        beyond = sum((max(level - units, Decimal(0)) for level in exact), Decimal(0))
        return units * share * len(exact) + max(beyond - free, Decimal(0))

    # What each further hundred saves never grows: the first that saves nothing ends the search.
    bought = 0
    while cost(bought + RESERVED_UNITS) < cost(bought):
        bought += RESERVED_UNITS
    return bought


def infrequent_access_ratio(storage_factor: Decimal, throughput_factor: Decimal) -> Decimal:
    """Storage cost over throughput cost above which Standard-IA is cheaper than Standard.

    The factors are IA's prices over Standard's: 0.4 and 1.25 make 0.4167.
    """
    return (throughput_factor - 1) / (1 - storage_factor)


def standard_ratio(storage_factor: Decimal, throughput_factor: Decimal) -> Decimal:
    """The same, in a table of Standard-IA: below it, Standard is cheaper."""
    ratio = infrequent_access_ratio(storage_factor, throughput_factor)
    return ratio * storage_factor / throughput_factor
