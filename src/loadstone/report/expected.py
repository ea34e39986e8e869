"""What each pattern was expected to consume, beside what it did."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.report.blocks import Block, Column, Table
from loadstone.report.numbers import count, percent, rate
from loadstone.run.expectation import AVERAGED_CALLS, LEAST_CALLS, TOLERANCE, UnitsCompared
from loadstone.run.figures import Figures

NAMED = 3


def unexpected(figures: Figures) -> Iterator[str]:
    """A sentence where patterns consumed more, or less, than was expected of them; what was only
    guessed is foretold by nothing."""
    foretold = [row for row in figures.expected if not row.assumed]
    differing = [row for row in foretold if row.differs]
    if not differing:
        return
    worst = sorted(differing, key=lambda row: (-abs(row.difference), row.pattern))[:NAMED]
    named = ", ".join(
        f"{row.pattern} ({rate(row.consumed)} units a call, expected {rate(row.expected)})"
        for row in worst
    )
    more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
    yield (
        f"{len(differing)} of {len(foretold)} patterns consumed other units than the item sizes "
        f"foretell, by more than {percent(TOLERANCE)} and more than chance: {named}{more}."
    )


def expected(figures: Figures) -> Iterator[Block]:
    """Nothing, where nothing was expected."""
    rows = figures.expected
    if rows:
        yield Table(
            "Expected units",
            f"Units a call, as expected from item sizes before the run and as consumed; marked "
            f"where they differ by more than {percent(TOLERANCE)} and more than chance, from "
            f"{AVERAGED_CALLS} calls on; of writes that all cost the same, from {LEAST_CALLS} on",
            (
                Column("pattern", "text"),
                Column("calls"),
                Column("expected"),
                Column("consumed"),
                Column("difference"),
                Column("", "text"),
            ),
            [_cells(row) for row in rows],
            marks={number: "bad" for number, row in enumerate(rows) if row.differs},
            sorts=True,
        )


def _cells(row: UnitsCompared) -> tuple[str, ...]:
    sign = "+" if row.difference >= 0 else "-"
    said = f"a guess: {row.assumed}" if row.assumed else "differs" * row.differs
    return (
        row.pattern,
        count(row.calls),
        rate(row.expected),
        rate(row.consumed),
        f"{sign}{percent(abs(row.difference))}",
        said,
    )
