"""The closing ledger of a load, and what a verification found, on stdout."""

from __future__ import annotations

from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table as Grid

from loadstone.advice import advised
from loadstone.amounts import amount
from loadstone.seeding.from_runs import Written
from loadstone.seeding.opened import DELETE
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.verification import Count, Verification

#: Runs that a line names; earlier ones are counted together.
NAMED_RUNS = 2


def print_report(report: LedgerReport) -> None:
    """A row for each table, all of it in a sentence, and where rejected items are."""
    done = report.verb.past
    grid = Grid(box=None, header_style="bold", padding=(0, 2, 0, 0))
    grid.add_column("table")
    for name in ("asked", done, "rejected", "left", "WCU", "of indexes"):
        grid.add_column(name, justify="right")
    for table in report.tables:
        units = table.write_units
        grid.add_row(
            table.name,
            f"{table.asked:,}",
            f"{table.written:,}",
            f"{sum(table.rejected.values()):,}",
            f"{table.left:,}",
            f"{sum(units.values()):,.0f}",
            f"{sum(units.values()) - units.get(None, 0):,.0f}",
        )
    Console(highlight=False).print(grid)
    click.echo(_in_words(report))
    for table in report.tables:
        if table.dead_letters:
            reasons = ", ".join(f"{count:,} {code}" for code, count in table.rejected.items())
            click.echo(f"{table.name} rejected {reasons}: see {table.dead_letters}")
    if report.rejected:
        click.echo(_sent_again(report))


def _in_words(report: LedgerReport) -> str:
    done = report.verb.past
    per_s = report.written_now / report.elapsed_s if report.elapsed_s else 0.0
    before = sum(table.before for table in report.tables)
    earlier = f", {before:,} by earlier calls" if before else ""
    throttles, failures = sum(report.throttles.values()), sum(report.failures.values())
    return (
        f"{report.written_now:,} items {done} in {report.elapsed_s:,.1f} s ({per_s:,.0f} items/s)"
        f"{earlier}; {throttles:,} throttles, {failures:,} other failures sent again"
    )


def _sent_again(report: LedgerReport) -> str:
    """What to do about rejected items."""
    if report.verb is DELETE:
        return "the same command tries those again"
    again = f"`{advised('seed', report.identity['system'], '--retry-rejected')}`"
    return (
        f"a seed leaves those out from now on; once the table takes them, {again} sends them again"
    )


def print_verification(checked: Verification) -> None:
    for count in checked.counts:
        name = f"{count.table}/{count.expected.index}" if count.expected.index else count.table
        expired = f", {count.expected.expired:,} expired" if count.expected.expired else ""
        state = "ok" if count.ok else "WRONG"
        click.echo(
            f"{name}: {count.counted:,} of {count.expected.items:,} items"
            f"{_of_runs(count)}{expired}: {state}"
        )
    for table in checked.unknown:
        click.echo(f"{table}: holds no data set that is known here: not counted")
    equal = checked.sampled - checked.expired - checked.touched - len(checked.differences)
    expired = f", {checked.expired:,} have expired" if checked.expired else ""
    touched = f", {checked.touched:,} were changed by runs" if checked.touched else ""
    click.echo(f"sample: {equal:,} of {checked.sampled:,} items equal{expired}{touched}")
    for difference in checked.differences[:10]:
        click.echo(f"  {difference}")


def _of_runs(count: Count) -> str:
    """What runs wrote beside the data set, the last ones by name."""
    named = [_of_run(run) for run in count.runs if run.most != 0]
    hidden = len(named) - NAMED_RUNS
    if hidden > 0:
        more = sum(run.items for run in count.runs[:hidden])
        named = [f"{more:,} of {amount(hidden, 'earlier run')}", *named[hidden:]]
    return "".join(f" + {each}" for each in named)


def _of_run(run: Written) -> str:
    expired = f", {run.expired:,} of them expired," if run.expired else ""
    items = f"{run.items:,}" if run.known else f"up to {run.items:,}"
    unsure = f" and up to {run.unsure:,} more" if run.unsure else ""
    moved = f", give or take {run.moved:,} that it changed" if run.moved else ""
    unended = " or more, it was cut off" if not run.ended else ""
    return f"{items} of run {run.run}{expired}{unsure}{unended}{moved}"


def print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
