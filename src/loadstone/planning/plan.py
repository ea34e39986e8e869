"""A plan: what to provision for a load, what it costs, and what would be throttled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from loadstone.amounts import amount
from loadstone.capacity.break_even import Term, provisioned_utilization, reserved_utilization
from loadstone.capacity.limits import DIRECTIONS, OnDemand, Provisioned
from loadstone.capacity.prices import Noted, Price
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.simulation import AutoScaled
from loadstone.capacity.simulation.search import ROOM
from loadstone.dataset import Dataset
from loadstone.errors import BadValue, NoPrice
from loadstone.pattern import Mix
from loadstone.planning.classes import ClassRow, class_rows
from loadstone.planning.designs import Design, designs, pair_of_designs
from loadstone.planning.documents import DocumentedRow, documented_rows
from loadstone.planning.extras import Extra, extras
from loadstone.planning.indexes import IndexRow, index_rows
from loadstone.planning.load import Load
from loadstone.planning.modes import Mode, Way
from loadstone.planning.partitions import through
from loadstone.planning.patterns import HotRow, PatternRow, hot_rows, pattern_rows
from loadstone.planning.replicas import Replica, replicas
from loadstone.planning.reserved import Reserved, reserved
from loadstone.planning.scans import ScanRow, scan_rows
from loadstone.planning.solutions import TERMS, Solution, best_solution, solutions
from loadstone.planning.storage import StorageRow, storage_rows, stored_usd
from loadstone.planning.stress import Stressed, stressed
from loadstone.planning.terms import Terms
from loadstone.scenario.costing import Costing

#: Units a second of a table, or of an index, until AWS is asked for more: "Service quotas".
TABLE_QUOTA = 40_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What a plan knows beside the load: the data set, and the patterns that are declared of it."""

    dataset: Dataset
    skew: float
    pair: tuple[Mix, Mix] | None = None
    reading: Reading = CONSERVATIVE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Everything that a plan says. `load` is with its growth; `ways` are each table's by mode, and
    `reserved` what reserving for it alone would make of the cheaper of its provisioned ones.
    `storage_usd` is of all of it, and what is free taken off. `no_class` says why Standard-IA has
    no figures, where it has none; `prices` are all that were asked for."""

    load: Load
    terms: Terms
    growth: float
    storage: tuple[StorageRow, ...]
    storage_usd: Decimal
    ways: Mapping[str, Mapping[Mode, Way]]
    solutions: tuple[Solution, ...]
    best: Solution
    stressed: tuple[Stressed, ...]
    reserved: Mapping[str, Mapping[Term, Reserved]]
    patterns: tuple[PatternRow, ...]
    hot: tuple[HotRow, ...]
    indexes: tuple[IndexRow, ...]
    scans: tuple[ScanRow, ...]
    designs: tuple[Design, ...]
    break_even: Mapping[str, float]
    classes: tuple[ClassRow, ...]
    no_class: str
    extras: tuple[Extra, ...]
    replicas: tuple[Replica, ...]
    documented: tuple[DocumentedRow, ...]
    prices: tuple[Price, ...]
    above_quota: tuple[str, ...]
    simulated: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.best.holds


def plan(
    load: Load,
    terms: Terms,
    *,
    growth: float = 1.0,
    known: Known | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Plan:
    """`known` is None where a run's system is not to be had: then indexes and what a schema lacks
    are left out."""
    peak_per_s = load.peak_per_s
    load = load.grown(growth)
    prices = Noted(terms.prices)
    terms = replace(terms, prices=prices)
    if not load.profiles:
        raise BadValue("nothing is asked: there is no load to plan for")
    documented = {}
    if known is not None:
        tables = {table.name: table for table in known.dataset.system.tables}
        names = {name: load.documented.get(name, name) for name in load.tables}
        documented = {name: tables[own] for name, own in names.items() if own in tables}
        load = load.on_tables(documented)
    storage = tuple(storage_rows(load, terms, documented))
    storage_usd = stored_usd(storage, terms)
    say(f"simulating a day of {amount(len(load.busy), 'table')}, and searching for capacity")
    day = through(load, terms)
    further = partial(replicas, load=load, storage=storage, terms=terms, tables=documented)
    found, ways = solutions(day, terms, storage_usd, further)
    best = best_solution(found)
    side_by_side: tuple[Design, ...] = ()
    if known is not None and known.pair is not None:
        side_by_side = designs(
            known.pair,
            known.dataset,
            terms,
            peak_per_s=peak_per_s,
            growth=growth,
            skew=known.skew,
            reading=known.reading,
            say=say,
        )
    classes, no_class = _classes(best, storage, terms)
    costing = Costing(known.dataset, known.skew, known.reading) if known else None
    made = Plan(
        load=load,
        terms=terms,
        growth=growth,
        storage=storage,
        storage_usd=storage_usd,
        ways=ways,
        solutions=found,
        best=best,
        stressed=tuple(stressed(load, terms, found)),
        reserved={table: _reserved(every, terms) for table, every in ways.items()},
        patterns=pattern_rows(load, terms),
        hot=hot_rows(load),
        indexes=index_rows(load, terms, known.dataset, costing) if known and costing else (),
        scans=(
            scan_rows(load, terms, known.dataset, costing, growth)
            if known and costing and load.timeline is None
            else ()
        ),
        designs=side_by_side,
        break_even=dict(_break_even(terms)),
        classes=classes,
        no_class=no_class,
        extras=extras(load, storage, terms, documented, known.dataset if known else None),
        replicas=best.replicas,
        documented=documented_rows(known.dataset.system, terms) if known else (),
        prices=(),
        above_quota=tuple(_above_quota(best)),
        simulated=tuple(_simulated(terms)),
    )
    return replace(made, prices=prices.asked)


def known_of(
    dataset: Dataset, skew: float, mix: Mix | None, reading: Reading = CONSERVATIVE
) -> Known:
    """With the two designs of the system, where the mix plays both of them or one."""
    pair = pair_of_designs(list(dataset.system.mixes.values()))
    if pair is not None and mix is not None:
        tables = {pattern.table for pattern in mix.patterns}
        either = {pattern.table for each in pair for pattern in each.patterns}
        pair = pair if tables & either else None
    return Known(dataset=dataset, skew=skew, pair=pair, reading=reading)


def _break_even(terms: Terms) -> Iterator[tuple[str, float]]:
    """The part of its capacity that must be used for it to be cheaper than on demand."""
    prices, region = terms.prices, terms.region
    for kind in DIRECTIONS:
        yield f"{kind} provisioned", float(provisioned_utilization(prices, region, kind))
        for term in TERMS:
            try:
                share = reserved_utilization(prices, region, kind, term)
            except NoPrice:
                continue
            yield f"{kind} reserved {term}", float(share)


def _reserved(ways: Mapping[Mode, Way], terms: Terms) -> Mapping[Term, Reserved]:
    return {
        term: min(
            (reserved([way], terms, term) for way in ways.values() if way.levels),
            key=lambda found: found.usd,
        )
        for term in TERMS
    }


def _classes(
    best: Solution, storage: tuple[StorageRow, ...], terms: Terms
) -> tuple[tuple[ClassRow, ...], str]:
    try:
        return tuple(class_rows(best, storage, terms)), ""
    except NoPrice as error:
        return (), str(error).partition(";")[0]


def _above_quota(best: Solution) -> Iterator[str]:
    """By what is planned to be provisioned: the room above it in a maximum is not asked for."""
    for way in best.ways.values():
        for place, setting in way.settings.items():
            for kind in DIRECTIONS:
                match setting:
                    case Provisioned():
                        units = setting.units(kind)
                    case AutoScaled():
                        side = setting.side(kind)
                        units = max(side.minimum, side.maximum // ROOM)
                    case OnDemand():
                        continue
                if units > TABLE_QUOTA:
                    where = f"{place.table}/{place.index}" if place.index else place.table
                    yield f"{units:,} {kind} units a second of {where}"


def _simulated(terms: Terms) -> Iterator[str]:
    yield (
        f"one day of {len(terms.day):,} seconds in the shape {terms.shape}, and a month of "
        f"{terms.days_per_month:.1f} days like it"
    )
    yield (
        "what is throttled: 300 s of burst, 3,000 read or 1,000 write units a second for a hot key "
        "(alone in its partition), back-pressure of indexes, a new on-demand table's start and its "
        "doubling"
    )
    yield (
        "auto scaling: alarms by the minute, 3 min from alarm to capacity, four decreases and one "
        "an hour; its minimum, maximum and target are the cheapest of a search"
    )
    yield (
        "calls come evenly within each second, except where arrivals by chance are spoken of: "
        "those are drawn (Poisson)"
    )
    yield "what is throttled is not sent again: a real client's retries come on top"
