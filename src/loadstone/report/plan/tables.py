"""The tables of a plan: ways to pay, patterns, indexes, hot keys, scans, designs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from loadstone.planning.indexes import IndexRow
from loadstone.planning.modes import MODES, Way
from loadstone.planning.plan import Plan
from loadstone.planning.reserved import Reserved
from loadstone.planning.scans import ScanRow
from loadstone.planning.solutions import TERMS, Solution
from loadstone.report.blocks import Block, Column, Mark, Points, Table, Text
from loadstone.report.numbers import count, percent, rate, usd
from loadstone.report.places import Place

_HOTTEST = 12
#: A saving that is less of what an index costs is not worth a change.
_WORTH = Decimal("0.02")
_MARKS: dict[bool, Mark] = {True: "bad", False: "unsure"}


def ways_of_all(plan: Plan) -> Iterator[Block]:
    rows = [
        (
            each.name,
            usd(each.usd),
            usd(plan.storage_usd),
            usd(each.total_usd),
            percent(round(each.throttled, 9)),
            *(_reserved(each, each.reserved[term], plan) for term in TERMS),
            _holds(each, plan),
        )
        for each in plan.solutions
    ]
    chosen = plan.solutions.index(plan.best)
    yield Table(
        "Ways to pay",
        "Ways to pay for all tables, USD a month; reserved capacity goes on top of what is "
        "provisioned, its upfront payment spread over the term",
        (
            Column("way", "text"),
            Column("throughput"),
            Column("storage"),
            Column("in all"),
            Column("throttled"),
            Column("reserved 1 year, in all"),
            Column("3 years, in all"),
            Column("holds", "text"),
        ),
        rows,
        marks={chosen: "good" if plan.holds else "bad"},
    )


def _holds(each: Solution, plan: Plan) -> str:
    said = "yes" if each.holds else "no"
    return f"{said}; the answer" if each is plan.best else said


def otherwise(plan: Plan) -> Iterator[Block]:
    """How each way stands a day that is not as planned."""
    names = list(plan.stressed[0].throttled)
    yield Table(
        "If it comes otherwise",
        "What each way would throttle, with its capacity above, if the day came otherwise than "
        "planned",
        (Column("way", "text"), *(Column(name) for name in names)),
        [
            (each.name, *(percent(round(share, 9)) for share in each.throttled.values()))
            for each in plan.stressed
        ],
    )


def _reserved(each: Solution, held: Reserved, plan: Plan) -> str:
    if held.missing:
        return "no price"
    if not held.buys:
        provisioned = any(way.levels for way in each.ways.values())
        return "saves nothing" if provisioned else "nothing to reserve"
    return f"{usd(held.usd + plan.storage_usd)} ({usd(held.upfront_usd)} upfront)"


def ways_of_tables(plan: Plan) -> Iterator[Block]:
    rows = []
    for name, ways in sorted(plan.ways.items()):
        chosen = plan.best.ways[name]
        better = min((w for w in ways.values() if w.levels), key=lambda way: way.usd)
        rows.append(
            (
                name,
                chosen.mode,
                *(_way(ways[mode]) for mode in MODES),
                *(_held(plan.reserved[name][term]) for term in TERMS),
                percent(round(better.used or 0, 4)),
                percent(round(better.flips_at or 0, 4)),
            )
        )
    yield Table(
        "Each table",
        f"Each table, USD a month of throughput{_before_free(plan)}, and what part of it is "
        "throttled where any is; "
        "reserved: for it alone, by the hundred units; used: of the cheaper provisioned capacity, "
        "which on demand beats below where it flips",
        (
            Column("table", "text"),
            Column("best", "text"),
            *(Column(mode) for mode in MODES),
            Column("reserved 1 year"),
            Column("3 years"),
            Column("used"),
            Column("flips at"),
        ),
        rows,
        sorts=True,
    )
    quiet = sorted(set(plan.load.tables) - set(plan.ways))
    if quiet:
        yield Text((f"Not asked by this load, and paid for storage alone: {', '.join(quiet)}.",))


def _before_free(plan: Plan) -> str:
    return ", the free tier not yet taken off" if plan.terms.free else ""


def _way(way: Way) -> str:
    return usd(way.usd) + (f", {percent(round(way.throttled, 9))}" if way.throttled else "")


def _held(held: Reserved) -> str:
    if held.missing:
        return "no price"
    return usd(held.usd) if held.buys else "saves nothing"


def patterns(plan: Plan) -> Iterator[Block]:
    yield Table(
        "What each pattern costs",
        "Patterns at on-demand prices, the dearest first; units of one call, indexes included",
        (
            Column("pattern", "text"),
            Column("on", "long"),
            Column("read units"),
            Column("write units"),
            Column("USD a million calls"),
            Column("USD a month"),
            Column("of the bill"),
        ),
        [
            (
                row.pattern,
                f"{row.operation}, {Place(row.table, row.index)}",
                rate(row.read_units),
                rate(row.write_units),
                usd(row.usd_per_million_calls),
                usd(row.usd_per_month),
                percent(round(row.share, 4)),
            )
            for row in plan.patterns
        ],
        sorts=True,
    )


def hot_keys(plan: Plan) -> Iterator[Block]:
    rows = plan.hot[:_HOTTEST]
    if plan.load.timeline is not None:
        yield Text(("CloudWatch does not count by partition key: Contributor Insights does.",))
        return
    if not rows:
        yield Text(("No partition key has 1 % of what is asked of its table or index.",))
        return
    how = "as the run asked" if plan.load.basis == "measured" else "by Zipf's law, as declared"
    yield Table(
        "Hot partitions",
        f"The hottest partition key of each table and index, {how}: which rate of all operations "
        "fills its partition (3,000 read or 1,000 write units a second)",
        (
            Column("key", "long"),
            Column("of", "long"),
            Column("share"),
            Column("units/s"),
            Column("full at ops/s"),
            Column("most by", "text"),
        ),
        [
            (
                row.key,
                str(row.side),
                percent(round(row.share, 4)),
                rate(row.units_per_s),
                rate(row.limit_at_per_s),
                f"{row.pattern} ({percent(round(row.pattern_share, 2))})",
            )
            for row in rows
        ],
        marks={number: _MARKS[row.over] for number, row in enumerate(rows) if row.near},
    )


def indexes(plan: Plan) -> Iterator[Block]:
    if not plan.indexes:
        return
    smaller = "with KEYS_ONLY"
    yield Table(
        "Indexes",
        "Indexes at on-demand prices, USD a month: what keeping each costs, what asking it costs, "
        "and what KEYS_ONLY would save, and cost to fetch the items that are asked for",
        (
            Column("index", "text"),
            Column("keeping it"),
            Column("asking it"),
            Column("saved", group=smaller),
            Column("fetching", group=smaller),
            Column("asked by", "long"),
        ),
        [
            (
                str(Place(row.table, row.index)),
                usd(row.usd_per_month),
                usd(row.read_usd),
                *_keys_only(row),
                _users(row),
            )
            for row in plan.indexes
        ],
        marks={n: "unsure" for n, row in enumerate(plan.indexes) if row.repeats or not row.used_by},
    )
    found = tuple(advice(plan))
    if found:
        yield Points(found)


def _keys_only(row: IndexRow) -> tuple[str, str]:
    for each in row.smaller:
        if each.projection == "KEYS_ONLY":
            return usd(each.saves_usd), usd(each.fetches_usd)
    return ("it is", "") if row.projection == "KEYS_ONLY" else ("", "")


def _users(row: IndexRow) -> str:
    if not row.used_by:
        return "nothing that is declared"
    named = ", ".join(row.used_by[:3])
    more = f" and {len(row.used_by) - 3} more" if len(row.used_by) > 3 else ""
    return named + more + ("" if row.asked else " (not in this load)")


def advice(plan: Plan) -> Iterator[str]:
    """What could be left out, and what could be smaller, where it pays."""
    for row in plan.indexes:
        place, spent = Place(row.table, row.index), usd(row.usd_per_month)
        if not row.used_by:
            yield f"{place}: no declared pattern asks it; without it, {spent} a month less."
        elif row.repeats_key:
            yield (
                f"{place} repeats {row.repeats}: what asks it could ask that instead; without it, "
                f"{spent} a month less."
            )
        else:
            if row.repeats:
                yield f"{place} has {row.repeats}."
            yield from _smaller(row)


def _smaller(row: IndexRow) -> Iterator[str]:
    """The projection that saves most, if it saves a part worth speaking of."""
    best = max(row.smaller, key=lambda each: each.net_usd, default=None)
    if best is None or best.net_usd <= 0 or best.net_usd < row.usd_per_month * _WORTH:
        return
    fetched = (
        f", {usd(best.fetches_usd)} for fetching whole items taken off" if best.fetches_usd else ""
    )
    yield (
        f"{Place(row.table, row.index)}: {best.projection} would save {usd(best.net_usd)} a month"
        f"{fetched}."
    )


def scans(plan: Plan) -> Iterator[Block]:
    if not plan.scans:
        return
    yield Table(
        "What the schema cannot serve",
        "Patterns that only a Scan answers, beside the index that would: at on-demand prices, for "
        f"{count(_items(plan))} stored items",
        (
            Column("pattern", "text"),
            Column("index that would serve it", "long"),
            Column("a million Scans"),
            Column("a million Queries"),
            Column("index, a month"),
            Column("pays from, calls a month"),
        ),
        [
            (
                row.pattern,
                f"{Place(row.table, row.index.name)} ({', '.join(row.index.key)})",
                f"{usd(row.scan_usd_per_million_calls)} ({rate(row.scan_units)} units each)",
                f"{usd(row.query_usd_per_million_calls)} ({rate(row.query_units)} units each)",
                usd(row.index_usd_per_month),
                "never" if row.pays_from_per_month is None else f"{row.pays_from_per_month:,.0f}",
            )
            for row in plan.scans
        ],
    )
    yield Points(tuple(_said_of(row) for row in plan.scans))


def _said_of(row: ScanRow) -> str:
    asked = (
        f"asked {row.calls_per_month:,.0f} times a month in this load"
        if row.calls_per_month
        else "not asked in this load"
    )
    return (
        f"{row.pattern}, {asked}: a Scan reads all of the table each time, and costs "
        f"{rate(row.scan_units / row.query_units)} times the Query; it grows with the data, the "
        "Query does not."
    )


def _items(plan: Plan) -> int:
    return sum(row.items for row in plan.storage)


def designs(plan: Plan) -> Iterator[Block]:
    if not plan.designs:
        return
    one, other = plan.designs
    yield Table(
        "Two designs",
        f"Two designs of the same work, as the mixes {one.mix} and {other.mix} do it: as many "
        "entries of the mix a second in each",
        (Column("", "text"), Column(one.mix), Column(other.mix)),
        [
            ("tables", *(str(len(each.tables)) for each in plan.designs)),
            ("indexes", *(str(each.indexes) for each in plan.designs)),
            ("operations a second", *(rate(each.peak_per_s) for each in plan.designs)),
            ("read units a second", *(rate(each.read_units_per_s) for each in plan.designs)),
            ("write units a second", *(rate(each.write_units_per_s) for each in plan.designs)),
            ("storage, USD a month", *(usd(each.storage_usd) for each in plan.designs)),
            (
                "all on demand, USD a month",
                *(usd(each.on_demand.total_usd) for each in plan.designs),
            ),
            ("at its best, USD a month", *(usd(each.best.total_usd) for each in plan.designs)),
            ("how", *(each.best.name for each in plan.designs)),
            (
                "throttled (simulated)",
                *(percent(round(each.best.throttled, 9)) for each in plan.designs),
            ),
        ],
    )
    cheap, dear = sorted(plan.designs, key=lambda each: each.best.total_usd)
    if dear.best.total_usd:
        less = float(1 - cheap.best.total_usd / dear.best.total_usd)
        yield Text(
            (
                f"The design of mix {cheap.mix} costs {percent(round(less, 3))} less at its best "
                f"than that of {dear.mix}.",
            )
        )
