"""A plan as sections, in the order of the questions of who must decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from loadstone.capacity.prices import NOT_PRICED, PUBLISHED
from loadstone.planning.plan import Plan
from loadstone.report.blocks import Block, Column, Heading, Points, Section, Table, Text
from loadstone.report.plan import beside, provision, tables, throttled
from loadstone.report.plan.answer import answer_blocks


def _ways(plan: Plan) -> Iterator[Block]:
    yield from tables.ways_of_all(plan)
    yield from tables.otherwise(plan)
    yield from tables.ways_of_tables(plan)


_PARTS: tuple[tuple[str, str, Callable[[Plan], Iterator[Block]]], ...] = (
    ("provision", "What to provision", provision.settings),
    ("ways", "What the ways to pay cost", _ways),
    ("throttled", "What would be throttled, and when", throttled.episodes),
    ("designs", "Two designs side by side", tables.designs),
    ("patterns", "What each pattern costs", tables.patterns),
    ("indexes", "Indexes", tables.indexes),
    ("hot", "Hot partitions", tables.hot_keys),
    ("scans", "What the schema cannot serve", tables.scans),
    ("storage", "Storage and table class", beside.storage),
    ("regions", "Further regions", beside.replicas),
    ("extras", "What else would be billed", beside.extras),
    ("documented", "What the document says of prices", beside.documented),
)


_ONCE = "which an account has once a month for all of its tables"


def plan_sections(plan: Plan, on: date) -> tuple[Section, ...]:
    """`on` is the day that the age of prices is counted to."""
    return tuple(_sections(plan, on))


def plan_blocks(plan: Plan, on: date) -> tuple[Block, ...]:
    """The same as a part of a report, for `view(run, plan=...)`."""
    found: list[Block] = []
    for section in _sections(plan, on):
        found += [Heading(f"Plan: {section.title}"), *section.blocks]
    return tuple(found)


def _sections(plan: Plan, on: date) -> Iterator[Section]:
    yield Section("answer", "The answer", tuple(answer_blocks(plan)))
    for key, title, make in _PARTS:
        blocks = tuple(make(plan))
        if blocks:
            yield Section(key, title, blocks)
    yield Section("known", "How this is known", tuple(_known(plan, on)))


def _known(plan: Plan, on: date) -> Iterator[Block]:
    load = plan.load
    measured = load.measured or ("nothing: no run was looked at",)
    for title, said in (
        ("Measured", measured),
        ("Assumed", load.assumed),
        ("Simulated", plan.simulated),
        ("Not in these figures", _left_out(plan)),
    ):
        if said:
            yield Heading(title)
            yield Points(tuple(f"{each[0].upper()}{each[1:]}." for each in said))
    yield Table(
        "Prices",
        "The prices that this plan is made of, in USD, by source and age",
        (
            Column("region", "text"),
            Column("as of", "text"),
            Column("days old"),
            Column("source", "long"),
            Column("prices", "long"),
        ),
        list(_by_source(plan, on)),
    )
    yield Text(("`loadstone prices update` fetches AWS's own prices.",))


def _by_source(plan: Plan, on: date) -> Iterator[tuple[str, str, str, str, str]]:
    found: dict[tuple[str, str, int, str], list[str]] = {}
    for price in plan.prices:
        made = price.source if price.basis == PUBLISHED else f"{price.source} ({price.basis})"
        same = (price.region, price.as_of, price.age_days(on), made)
        found.setdefault(same, []).append(f"{price.what} {price.usd:f}")
    for (region, as_of, age, source), prices in found.items():
        yield region, as_of, f"{age:,}", source, "; ".join(prices)


def _left_out(plan: Plan) -> tuple[str, ...]:
    missing = {
        held.missing for each in plan.solutions for held in each.reserved.values() if held.missing
    }
    free, regions = plan.terms.free, plan.terms.replicas
    return (
        *([] if free else [f"the free tier, {_ONCE}: --free-tier takes it off"]),
        *([] if regions else ["global tables: --replica REGION adds a region"]),
        "streams, backups on demand, exports and imports: see what else would be billed",
        *NOT_PRICED,
        *sorted(f"reserved capacity: {each}" for each in missing),
    )
