"""Capacity that is reserved for one or three years, on top of what is provisioned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from loadstone.capacity.break_even import YEARS, Kind, Term, best_reservation, reserved_share
from loadstone.capacity.limits import DIRECTIONS
from loadstone.capacity.money import HOURS_PER_MONTH
from loadstone.capacity.month import NO_FREE_TIER, Usage, bill, total_usd
from loadstone.capacity.simulation.demand import Amounts
from loadstone.errors import NoPrice
from loadstone.planning.modes import Way
from loadstone.planning.terms import Terms

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What to reserve, and what a month of throughput costs then, the upfront payment spread over
    the term. `missing` says which price is not known; then there is no figure."""

    term: Term
    units: Mapping[Kind, int]
    usd: Decimal
    upfront_usd: Decimal
    missing: str = ""

    @property
    def buys(self) -> bool:
        return any(self.units.values())

    @property
    def years(self) -> int:
        return YEARS[self.term]


def reserved(
    ways: Iterable[Way], terms: Terms, term: Term, free: Mapping[str, Decimal] = NO_FREE_TIER
) -> Reserved:
    """The reservation that makes these tables cheapest together: it holds for all of an account's
    provisioned tables in a region, and for none on demand, nor for replicated writes. `free` goes
    to what is not reserved."""
    ways = list(ways)
    on_demand = sum((way.usd for way in ways if way.mode == "on demand"), Decimal(0))
    levels = {kind: _together(ways, kind) for kind in DIRECTIONS}
    try:
        units = {
            kind: best_reservation(
                [] if kind == "write" and terms.replicas else levels[kind].tolist(),
                reserved_share(terms.prices, terms.region, kind, term),
                free.get(f"{kind}_capacity_hour", Decimal(0)) / HOURS_PER_MONTH,
            )
            for kind in DIRECTIONS
        }
    except NoPrice as error:
        nothing: Mapping[Kind, int] = dict.fromkeys(DIRECTIONS, 0)
        held = sum((way.usd for way in ways), Decimal(0))
        return Reserved(
            term=term, units=nothing, usd=held, upfront_usd=Decimal(0), missing=str(error)
        )
    lines = bill(
        Usage(
            read_capacity_hours=_beyond(levels["read"], units["read"]),
            write_capacity_hours=_beyond(levels["write"], units["write"]),
            reserved_reads=units["read"],
            reserved_writes=units["write"],
            term=term,
        ),
        terms.prices,
        terms.region,
        free,
    )
    upfront = [line for line in lines if line.price.dimension.endswith("_upfront")]
    return Reserved(
        term=term,
        units=units,
        usd=on_demand + total_usd(lines),
        upfront_usd=total_usd(tuple(upfront)) * _MONTHS * YEARS[term],
    )


def _together(ways: Iterable[Way], kind: Kind) -> Amounts:
    rows = [way.levels[kind] for way in ways if kind in way.levels]
    found: Amounts = np.sum(rows, axis=0) if rows else np.zeros(1)
    return found


def _beyond(levels: Amounts, units: int) -> float:
    """Unit-hours of a month above what is reserved."""
    return float(np.maximum(levels - units, 0).mean()) * HOURS_PER_MONTH
