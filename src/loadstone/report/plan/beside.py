"""What a plan says beside throughput: storage and its class, further regions, and other bills."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.capacity.prices import REFRESH
from loadstone.planning.classes import ClassRow
from loadstone.planning.plan import Plan
from loadstone.report.blocks import Block, Column, Points, Table, Text
from loadstone.report.numbers import count, percent, size, usd


def storage(plan: Plan) -> Iterator[Block]:
    if not plan.storage:
        yield Text(("Nothing is known of what is stored: storage is left out.",))
        return
    yield Table(
        "Storage",
        "What is stored, USD a month; 100 bytes an entry are billed on top of these sizes"
        + (", and the free tier is not yet taken off" if plan.terms.free else ""),
        (
            Column("table", "text"),
            Column("items"),
            Column("their size"),
            Column("of indexes"),
            Column("storage"),
            Column("point-in-time recovery"),
        ),
        [
            (
                row.table,
                count(row.items),
                size(row.item_bytes),
                size(row.index_bytes),
                usd(row.usd),
                usd(row.pitr_usd) if row.pitr_usd else "not asked for",
            )
            for row in plan.storage
        ],
    )
    yield from _classes(plan)


def _classes(plan: Plan) -> Iterator[Block]:
    if plan.no_class:
        yield Text((f"Standard-IA is left out: {plan.no_class}; {REFRESH}.",))
        return
    yield Table(
        "Table class",
        "Standard and Standard-IA, USD a month, each table in its best way to pay: storage costs "
        "less there and throughput more, so it pays where storage costs so much of what throughput "
        "does",
        (
            Column("table", "text"),
            Column("throughput"),
            Column("storage"),
            Column("IA throughput"),
            Column("IA storage"),
            Column("storage of throughput"),
            Column("IA pays from"),
            Column("cheaper", "text"),
        ),
        [
            (
                row.table,
                usd(row.throughput_usd),
                usd(row.storage_usd),
                usd(row.ia_throughput_usd),
                usd(row.ia_storage_usd),
                _ratio(row.ratio),
                _ratio(row.pays_from),
                _cheaper(row),
            )
            for row in plan.classes
        ],
        marks={n: "unsure" for n, row in enumerate(plan.classes) if row.saves_usd > 0},
    )


def _cheaper(row: ClassRow) -> str:
    if row.saves_usd > 0:
        return f"Standard-IA, by {usd(row.saves_usd)}"
    return "Standard"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else percent(round(ratio, 4))


def replicas(plan: Plan) -> Iterator[Block]:
    if not plan.replicas:
        return
    yield Table(
        "Further regions",
        "As global tables, USD a month that each further region adds; what is read there comes on "
        "top",
        (
            Column("region", "text"),
            Column("writes"),
            Column("deletes by TTL, at most"),
            Column("storage"),
            Column("the way there"),
            Column("at home"),
            Column("in all"),
        ),
        [
            (
                row.region,
                usd(row.writes_usd),
                usd(row.expiries_usd),
                usd(row.storage_usd),
                "no price" if row.sent_usd is None else usd(row.sent_usd),
                usd(row.at_home_usd),
                usd(row.usd),
            )
            for row in plan.replicas
        ],
    )
    yield Points(
        (
            "A write of a table is a replicated write in each region, also at home; what it "
            "changes in indexes is written once more in each. An item takes 48 bytes more.",
            "Replicated writes cannot be reserved: what is reserved above is for reads alone.",
        )
    )


def extras(plan: Plan) -> Iterator[Block]:
    if not plan.extras:
        return
    yield Table(
        "What else would be billed",
        "What else DynamoDB bills for on these tables where it is used; none of it is in the "
        "figures above",
        (Column("what", "text"), Column("how", "long"), Column("USD"), Column("", "text")),
        [
            (
                row.name,
                row.how,
                "no price" if row.usd is None else usd(row.usd),
                "once" if row.once else "a month",
            )
            for row in plan.extras
        ],
    )
    missing = list(dict.fromkeys(row.missing for row in plan.extras if row.missing))
    if missing:
        yield Text((f"Here is {'; '.join(missing)}: {REFRESH}.",))


def documented(plan: Plan) -> Iterator[Block]:
    if not plan.documented:
        return
    yield Table(
        "The document's prices",
        f"What the document says, in USD, and what this plan reckons with in {plan.terms.region}",
        (
            Column("for", "text"),
            Column("document"),
            Column("now"),
            Column("where it says so", "long"),
            Column("was so", "text"),
        ),
        [
            (
                row.what,
                f"{row.documented_usd:f}",
                "no price" if row.now_usd is None else f"{row.now_usd:f}",
                row.source,
                f"before {row.until}" if row.until else "",
            )
            for row in plan.documented
        ],
        marks={
            n: "unsure"
            for n, row in enumerate(plan.documented)
            if row.now_usd is not None and row.now_usd != row.documented_usd
        },
    )
    untils = sorted({row.until for row in plan.documented if row.until})
    for until in untils:
        these = list(dict.fromkeys(row.what for row in plan.documented if row.until == until))
        yield Text(
            (
                f"The document's figures for {' and '.join(these)} are of before {until}, when AWS "
                "changed them. No figure of this plan is made of the document's.",
            )
        )
