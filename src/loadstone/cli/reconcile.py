"""`loadstone reconcile`: what the client of a run counted, beside what AWS counted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.console import Console
from rich.table import Table as Grid

from loadstone.cli.options import json_option, say
from loadstone.errors import BadValue
from loadstone.run.library import find_run
from loadstone.run.record import Run

if TYPE_CHECKING:
    from loadstone.run.reconcile import Reconciled, ThrottleRow, UnitRow


@click.command()
@click.argument("run")
@click.option("--profile", help="The AWS profile that may read CloudWatch of the run's account.")
@json_option
def reconcile(run: str, profile: str | None, as_json: bool) -> None:
    """Compare what RUN counted with what CloudWatch counted of its tables in those minutes.

    Units and throttled requests, by table and index; what differs is explained, or flagged: then
    the exit code is 1. RUN is a path, a name or `last`; it was a run against AWS.

    \b
    loadstone reconcile last
    loadstone reconcile last --profile dev --json
    """
    found = _reconciled(Run.load(find_run(run)), profile)
    if as_json:
        click.echo(orjson.dumps(_as_json(found), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(found)
    if not found.holds:
        raise SystemExit(1)


def _reconciled(run: Run, profile: str | None) -> Reconciled:
    from loadstone.aws.cloudwatch import read_metrics
    from loadstone.aws.target import resolve_target
    from loadstone.run.reconcile import places_of, reconcile

    header = run.header
    if header.target_kind != "aws":
        raise BadValue(
            f"run {header.name} was against {header.target}, and CloudWatch counts on AWS alone: "
            "there is nothing to compare; name a run against AWS (`loadstone runs` lists them)"
        )
    target = resolve_target(
        endpoint="aws",
        region=header.region,
        profile=profile,
        why=f"run {header.name} was there, and what CloudWatch counted of it is read, no more",
    )
    assert target is not None
    say(f"CloudWatch: {header.region}")
    now_unix_s = time()
    measured = read_metrics(
        target,
        places_of(run),
        start_unix_s=run.started_ms / 1000,
        end_unix_s=run.ended_ms / 1000,
        now_unix_s=now_unix_s,
    )
    return reconcile(run, measured, now_unix_s=now_unix_s)


def _as_json(found: Reconciled) -> dict[str, Any]:
    values = asdict(found)
    for row, unit in zip(values["units"], found.units, strict=True):
        row["difference"] = unit.difference
    return values | {"holds": found.holds}


def _print(found: Reconciled) -> None:
    console = Console(highlight=False)
    began = datetime.fromtimestamp(found.start_unix_s, UTC)
    console.print(f"{found.run}: {found.minutes} min from {began:%Y-%m-%d %H:%M} UTC", markup=False)
    units = _grid("units of", "client", "AWS", "difference", "")
    for row in found.units:
        units.add_row(
            _place(row.table, row.index, row.direction),
            f"{row.client_units:,.1f}",
            f"{row.aws_units:,.1f}",
            f"{row.difference:+,.1f}",
            row.verdict,
        )
    console.print(units)
    if found.throttles:
        throttles = _grid("throttled", "client", "AWS", "difference", "")
        for each in found.throttles:
            throttles.add_row(
                _place(each.table, each.index, each.direction),
                f"{each.client_events:,}",
                f"{each.aws_events:,.0f}",
                f"{each.aws_events - each.client_events:+,.0f}",
                each.verdict,
            )
        console.print(throttles)
    if found.latencies:
        latencies = _grid("p99 in ms of", "AWS, worst minute", "client, the run")
        for latency in found.latencies:
            latencies.add_row(
                f"{latency.operation} on {latency.table}",
                f"{latency.aws_p99_ms:,.1f}",
                f"{latency.client_p99_ms:,.1f}",
            )
        console.print(latencies)
    for said in _sentences(found):
        console.print(said, markup=False, soft_wrap=True)


def _sentences(found: Reconciled) -> list[str]:
    rows: tuple[UnitRow | ThrottleRow, ...] = (*found.units, *found.throttles)
    each = [
        f"{_place(row.table, row.index, row.direction)} ({row.verdict}): {row.said}."
        for row in rows
        if row.said
    ]
    unexplained = sum(row.verdict == "unexplained" for row in rows)
    verdict = "Every figure agrees, or its difference is explained."
    if unexplained:
        verdict = f"Figures that differ without an explanation: {unexplained}."
    return [*each, *found.notes, verdict]


def _grid(first: str, *others: str) -> Grid:
    grid = Grid(box=None, header_style="bold", padding=(0, 1, 0, 0))
    grid.add_column(first, no_wrap=True)
    for name in others:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid


def _place(table: str, index: str | None, direction: str) -> str:
    return f"{direction}s of {table}/{index}" if index else f"{direction}s of {table}"
