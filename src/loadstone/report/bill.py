"""What a run's requests cost, and which pattern has which part of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from loadstone.capacity.money import HOURS_PER_MONTH, Cost, cost, request_cost_usd
from loadstone.capacity.prices import Price, Prices, builtin_prices
from loadstone.errors import NoPrice
from loadstone.run.evidence import evidence_of
from loadstone.run.figures import Figures
from loadstone.run.find_max import highest
from loadstone.run.record import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternCost:
    """On demand, at the rate that the pattern had; `share` is its part of all patterns' cost."""

    pattern: str
    usd_per_month: Decimal
    usd_per_million_calls: Decimal
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`cost` is None, and `no_price` says why, where a price is missing. `at_highest` is a month of
    the highest rate that a search found, where its record tells what calls did at it."""

    cost: Cost | None
    no_price: str = ""
    at_highest: Decimal | None = None
    patterns: tuple[PatternCost, ...] = ()


def bill(run: Run, found: Figures, prices: Prices | None = None) -> Bill:
    """`prices` come before those of the day of the run, and these before the built-in ones."""
    known = prices or _prices_of(run)
    try:
        return Bill(
            cost=_cost(run, found, known),
            at_highest=_at_highest(run, known),
            patterns=_patterns(run, found, known),
        )
    except NoPrice as error:
        return Bill(cost=None, no_price=str(error))


def _prices_of(run: Run) -> Prices:
    if run.header.prices:
        return Prices(map(Price.from_json, run.header.prices))
    return builtin_prices()


def _cost(run: Run, found: Figures, prices: Prices) -> Cost:
    stored = [(entry.items, entry.size_bytes) for entry in run.header.stored]
    return cost(
        prices,
        run.header.region,
        consumed=(
            sum(row.read_units for row in found.units),
            sum(row.write_units for row in found.units),
        ),
        per_s=(
            sum(row.read_per_s for row in found.units),
            sum(row.write_per_s for row in found.units),
        ),
        stored=stored or None,
    )


def _at_highest(run: Run, prices: Prices) -> Decimal | None:
    best = highest(run.trials)
    if best is None or not best.patterns:
        return None
    evidence = replace(evidence_of(run), prices=prices)
    return Decimal(str(evidence.usd_per_month(None)))


def _patterns(run: Run, found: Figures, prices: Prices) -> tuple[PatternCost, ...]:
    """The dearest first."""
    region, hours = run.header.region, Decimal(str(found.measured_s)) / 3600
    spent = {
        row.pattern: request_cost_usd(prices, region, row.read_units, row.write_units)
        for row in found.patterns
    }
    calls = {row.pattern: row.calls for row in found.patterns}
    whole = sum(spent.values(), Decimal())
    rows = (
        PatternCost(
            pattern=pattern,
            usd_per_month=usd / hours * HOURS_PER_MONTH if hours else Decimal(),
            usd_per_million_calls=usd / calls[pattern] * 1_000_000 if calls[pattern] else Decimal(),
            share=float(usd / whole) if whole else 0.0,
        )
        for pattern, usd in spent.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.usd_per_month, row.pattern)))
