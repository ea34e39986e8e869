"""A plan as sections, in the order of the questions of who must decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from loadstone.capacity.prices import NOT_PRICED, PUBLISHED
from loadstone.planning.plan import Plan
from loadstone.report.blocks import Block, Column, Heading, Points, Section, Table, Text
from loadstone.report.plan import tables
from loadstone.report.plan.answer import answer_blocks


def _ways(plan: Plan) -> Iterator[Block]:
    yield from tables.ways_of_all(plan)
    yield from tables.ways_of_tables(plan)


_PARTS: tuple[tuple[str, str, Callable[[Plan], Iterator[Block]]], ...] = (
    ("provision", "What to provision", tables.settings),
    ("ways", "What the ways to pay cost", _ways),
    ("designs", "Two designs side by side", tables.designs),
    ("patterns", "What each pattern costs", tables.patterns),
    ("indexes", "Indexes", tables.indexes),
    ("hot", "Hot partitions", tables.hot_keys),
    ("scans", "What the schema cannot serve", tables.scans),
    ("storage", "Storage", tables.storage),
)


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
        f"Prices of {plan.terms.region}",
        (
            Column("for", "text"),
            Column("USD"),
            Column("as of", "text"),
            Column("days old"),
            Column("source", "long"),
        ),
        [
            (
                price.what,
                f"{price.usd:f}",
                price.as_of,
                f"{price.age_days(on):,}",
                price.source if price.basis == PUBLISHED else f"{price.source} ({price.basis})",
            )
            for price in plan.prices
        ],
    )
    yield Text(("`loadstone prices update` fetches AWS's own prices.",))


def _left_out(plan: Plan) -> tuple[str, ...]:
    missing = {
        held.missing for each in plan.solutions for held in each.reserved.values() if held.missing
    }
    return (
        "the free tier, which an account has once for all of its tables",
        "streams, backups on demand, exports, Standard-IA and global tables",
        *NOT_PRICED,
        *sorted(f"reserved capacity: {each}" for each in missing),
    )
