"""The ways to pay for throughput, simulated over the day, and what each table costs by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np

from loadstone.capacity.admission import Resource
from loadstone.capacity.break_even import Kind, full_hour_usd
from loadstone.capacity.limits import DIRECTIONS, OnDemand
from loadstone.capacity.month import Usage, bill, total_usd
from loadstone.capacity.simulation import (
    Outcome,
    Setting,
    Side,
    SideOutcome,
    find_fixed,
    find_scaled,
    simulate,
)
from loadstone.capacity.simulation.demand import Amounts
from loadstone.planning.partitions import Through
from loadstone.planning.terms import Terms

Mode = Literal["on demand", "fixed", "auto scaling"]
MODES: tuple[Mode, ...] = ("on demand", "fixed", "auto scaling")
_MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """A table paid for in one way.

    `usd` is a month of throughput. `levels` are the units provisioned in each hour of the day, by
    kind; on demand there are none. `consumed` and `unit_hours` are those of a month, by side. `why`
    is what throttled most of what was throttled.
    """

    table: str
    mode: Mode
    settings: Mapping[Resource, Setting]
    usd: Decimal
    on_demand_usd: Decimal
    full_usd: Decimal
    throttled: float
    holds: bool
    levels: Mapping[Kind, Amounts]
    consumed: Mapping[Side, float]
    unit_hours: Mapping[Side, float]
    why: str = ""

    @property
    def usage(self) -> Usage:
        """What of it is billed."""
        if self.mode == "on demand":
            return Usage(
                read_requests=of_kind(self.consumed, "read"),
                write_requests=of_kind(self.consumed, "write"),
            )
        return Usage(
            read_capacity_hours=of_kind(self.unit_hours, "read"),
            write_capacity_hours=of_kind(self.unit_hours, "write"),
        )

    @property
    def used(self) -> float | None:
        """The part of the capacity that is used, weighed by what it would cost on demand; None on
        demand."""
        return float(self.on_demand_usd / self.full_usd) if self.full_usd else None

    @property
    def flips_at(self) -> float | None:
        """The part of this capacity below which on demand is cheaper."""
        return float(self.usd / self.full_usd) if self.full_usd else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulated:
    """A demand in one mode: the outcome as a whole, and each table's part in it."""

    mode: Mode
    outcome: Outcome
    settings: Mapping[Resource, Setting]
    ways: Mapping[str, Way]


def simulated(load: Through, mode: Mode, terms: Terms) -> Simulated:
    """The least capacity in a mode that keeps to what is allowed, and what it comes to."""
    demand = load.demand
    left = terms.allowed - load.stopped_share
    allowed = left if left > 0 else terms.allowed
    match mode:
        case "on demand":
            settings: Mapping[Resource, Setting] = {
                Resource(table): OnDemand() for table in demand.tables
            }
            outcome = simulate(demand, settings)
        case "fixed":
            found = find_fixed(demand, allowed=allowed)
            settings, outcome = found.settings, found.outcome
        case "auto scaling":
            found = find_scaled(demand, allowed=allowed)
            settings, outcome = found.settings, found.outcome
    ways = {table: way_of(table, mode, settings, outcome, load, terms) for table in demand.tables}
    return Simulated(mode=mode, outcome=outcome, settings=settings, ways=ways)


def way_of(
    table: str,
    mode: Mode,
    settings: Mapping[Resource, Setting],
    outcome: Outcome,
    load: Through,
    terms: Terms,
) -> Way:
    sides = [each for side, each in outcome.sides.items() if side.resource.table == table]
    days = terms.days_per_month
    consumed = {each.side: each.consumed_units * days for each in sides}
    unit_hours = {each.side: each.unit_hours * days for each in sides}
    hours = {kind: of_kind(unit_hours, kind) for kind in DIRECTIONS}
    on_demand = _usd(
        Usage(read_requests=of_kind(consumed, "read"), write_requests=of_kind(consumed, "write")),
        terms,
    )
    provisioned = Usage(read_capacity_hours=hours["read"], write_capacity_hours=hours["write"])
    calls, hot, why = load.of_table(table)
    _, short = outcome.of_table(table)
    throttled = (hot + short) / calls if calls else 0.0
    return Way(
        table=table,
        mode=mode,
        settings={place: each for place, each in settings.items() if place.table == table},
        usd=on_demand if mode == "on demand" else _usd(provisioned, terms),
        on_demand_usd=on_demand,
        full_usd=_full_usd(hours, terms),
        throttled=throttled,
        holds=throttled <= terms.allowed + 1e-9,
        levels={} if mode == "on demand" else {kind: _levels(sides, kind) for kind in DIRECTIONS},
        consumed=consumed,
        unit_hours=unit_hours,
        why=why if hot > short else _why(table, outcome),
    )


def of_kind(units: Mapping[Side, float], kind: Kind) -> float:
    return sum(each for side, each in units.items() if side.direction == kind)


def _usd(usage: Usage, terms: Terms) -> Decimal:
    return total_usd(bill(usage, terms.prices, terms.region))


def _full_usd(hours: Mapping[Kind, float], terms: Terms) -> Decimal:
    """What capacity would cost on demand if it were used in every second."""
    return sum(
        (
            Decimal(str(units))
            * full_hour_usd(terms.prices.price(terms.region, f"{kind}_request_million").usd)
            for kind, units in hours.items()
        ),
        Decimal(0),
    )


def _levels(sides: Iterable[SideOutcome], kind: Kind) -> Amounts:
    """Units provisioned in each hour of the day, the table and its indexes together."""
    rows = [each.by_minute for each in sides if each.side.direction == kind]
    minutes: Amounts = np.sum(rows, axis=0)
    hours = max(1, len(minutes) // _MINUTES_PER_HOUR)
    found: Amounts = np.array([part.mean() for part in np.array_split(minutes, hours)])
    return found


def _why(table: str, outcome: Outcome) -> str:
    """The reason and the pattern of most of a table's throttled calls."""
    of_table = [each for each in outcome.throttlings if each.side.resource.table == table]
    if not of_table:
        return ""
    worst = max(of_table, key=lambda each: float(each.calls.sum()))
    return f"{worst.reason}, by {worst.flow}"
