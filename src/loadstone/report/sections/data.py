"""What was loaded: how much of what, and an item of each kind."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.report.blocks import Block, Column, Item, Section, Table, Text
from loadstone.report.numbers import count, size
from loadstone.report.view import View

#: So many items are shown; the table before them names every kind.
SHOWN = 6


def data(view: View) -> Section:
    return Section("data", "Data", tuple(_blocks(view)))


def _blocks(view: View) -> Iterator[Block]:
    if view.stored:
        yield Table(
            "What the tables hold",
            "What the tables hold, by a sample of their items, without overhead",
            (
                Column("table", "text"),
                Column("index", "text"),
                Column("items"),
                Column("size"),
                Column("an item"),
            ),
            [
                (
                    entry.table,
                    entry.index or "the table itself",
                    count(entry.items),
                    size(entry.size_bytes),
                    size(entry.size_bytes / entry.items) if entry.items else "",
                )
                for entry in view.stored
            ],
        )
    else:
        yield Text(("What the tables hold was not recorded.",))
    if view.samples:
        yield Table(
            "Kinds of items",
            "What was loaded",
            (Column("kind", "text"), Column("table", "text"), Column("items")),
            [(each.entity, each.table, count(each.items)) for each in view.samples],
        )
    for each in view.samples[:SHOWN]:
        if each.item:
            yield Item(f"A {each.entity}, one of {count(each.items)}", tuple(each.item.items()))
