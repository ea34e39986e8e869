"""What the load costs on demand, which pattern has which part of that, and the plan."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.capacity.money import Cost
from loadstone.capacity.prices import PUBLISHED
from loadstone.report.blocks import Block, Column, Section, Table, Text
from loadstone.report.numbers import percent, usd
from loadstone.report.view import View


def cost(view: View) -> Section:
    return Section("cost", "Cost and plan", (*_blocks(view), *view.plan))


def _blocks(view: View) -> Iterator[Block]:
    if view.cost is None:
        yield Text((f"The cost is not known: {view.no_price}.",))
        return
    yield _money(view.cost, view)
    if view.pattern_costs:
        yield Table(
            "Cost of each pattern",
            "Requests on demand, by pattern, the dearest first",
            (
                Column("pattern", "text"),
                Column("USD a month at this rate"),
                Column("USD a million calls"),
                Column("of the bill"),
            ),
            [
                (
                    row.pattern,
                    usd(row.usd_per_month),
                    usd(row.usd_per_million_calls),
                    percent(row.share),
                )
                for row in view.pattern_costs
            ],
            sorts=True,
        )
    yield Table(
        "Prices",
        "Prices used",
        (Column("for", "text"), Column("USD"), Column("as of", "text"), Column("source", "long")),
        [
            (
                price.what,
                str(price.usd),
                price.as_of,
                price.source if price.basis == PUBLISHED else f"{price.source} ({price.basis})",
            )
            for price in view.cost.prices
        ],
    )


def _money(spent: Cost, view: View) -> Table:
    load = "the mean of all trials" if view.trials else "this load"
    rows = [
        ("this run so far, warm-up included", usd(spent.so_far_usd)),
        (f"an hour at {load}", usd(spent.usd_per_hour)),
        (f"a month (730 h) at {load}", usd(spent.usd_per_month)),
    ]
    usd_per_month = spent.usd_per_month
    if view.highest_usd_per_month is not None:
        usd_per_month = view.highest_usd_per_month
        rows.append(("a month (730 h) at the highest rate that held", usd(usd_per_month)))
    stored = spent.storage_usd_per_month
    if stored is not None:
        rows.append(("a month of storage", usd(stored)))
        rows.append(("a month in total", usd(usd_per_month + stored)))
    columns = (Column("what", "text"), Column("USD"))
    return Table("Cost", f"On demand in {spent.region}, USD", columns, rows)
