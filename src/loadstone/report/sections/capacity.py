"""Units by table and index, what was expected of each pattern, and the keys that were hot."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.report.blocks import Block, Chart, Column, Section, Table, Text
from loadstone.report.expected import expected
from loadstone.report.numbers import count, percent, rate
from loadstone.report.places import Place
from loadstone.report.view import View


def capacity(view: View) -> Section:
    return Section("capacity", "Capacity", tuple(_blocks(view)))


def _blocks(view: View) -> Iterator[Block]:
    if view.figures.units:
        yield _units(view)
        yield Chart(
            "units",
            "Capacity units a second over the run, of what consumed most",
            _most(view),
        )
        yield _per_call(view)
        yield from expected(view.figures)
    else:
        yield Text(("No capacity unit was reported.",))
    if view.hot_keys:
        yield _hot_keys(view)
    elif view.keys_recorded:
        yield Text(("No partition key had 1 % of its pattern's calls, or more than one call.",))
    else:
        yield Text(("The record says nothing of partition keys.",))


def _units(view: View) -> Table:
    read, write = "read units", "write units"
    return Table(
        "Capacity units",
        "Capacity units: in total with the warm-up, a second without it",
        (
            Column("table", "text"),
            Column("index", "text"),
            *(Column(name, group=read) for name in ("in total", "a second")),
            *(Column(name, group=write) for name in ("in total", "a second")),
        ),
        [
            (
                row.table,
                row.index or "the table itself",
                count(row.read_units),
                rate(row.read_per_s),
                count(row.write_units),
                rate(row.write_per_s),
            )
            for row in view.figures.units
        ],
    )


def _most(view: View) -> str:
    rates = [
        (value, f"{kind} units a second on {Place(row.table, row.index)}")
        for row in view.figures.units
        for kind, value in (("read", row.read_per_s), ("write", row.write_per_s))
    ]
    value, of = max(rates)
    return f"The most, on average after the warm-up, were {rate(value)} {of}."


def _per_call(view: View) -> Table:
    return Table(
        "Units of each pattern",
        "Units of one call, by pattern",
        (
            Column("pattern", "text"),
            Column("read units a call"),
            Column("write units a call"),
            Column("on", "long"),
        ),
        [
            (
                row.pattern,
                rate(row.read_units / row.calls),
                rate(row.write_units / row.calls),
                str(Place(row.table, row.index)),
            )
            for row in view.figures.patterns
            if row.calls
        ],
        sorts=True,
    )


def _hot_keys(view: View) -> Table:
    return Table(
        "Hot keys",
        "Partition keys that were asked for most, by their part of the pattern's calls",
        (
            Column("key", "text"),
            Column("of the pattern's"),
            Column("calls"),
            Column("pattern", "text"),
            Column("table or index", "long"),
        ),
        [
            (
                row.key,
                percent(row.share),
                count(row.calls),
                row.pattern,
                str(Place(row.table, row.index)),
            )
            for row in view.hot_keys
        ],
    )
