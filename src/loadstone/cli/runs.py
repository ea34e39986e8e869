"""`loadstone runs`: which runs there are; naming them, and letting go of old ones."""

from __future__ import annotations

import click
import orjson

from loadstone.cli.options import say, yes_option
from loadstone.errors import Refused
from loadstone.report.numbers import duration, rate
from loadstone.run.brief import Brief, brief_of
from loadstone.run.library import RunSummary, list_runs


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def runs(context: click.Context, as_json: bool) -> None:
    """List the runs of this project, oldest first, one a line.

    \b
    loadstone runs
    loadstone runs --json
    loadstone runs rename last nightly
    loadstone runs prune --keep 10
    """
    if context.invoked_subcommand is not None:
        return
    for summary in list_runs():
        brief = None if summary.problem else brief_of(summary.path)
        click.echo(_json(summary, brief) if as_json else _line(summary, brief))


@runs.command()
@click.argument("run")
@click.argument("name")
def rename(run: str, name: str) -> None:
    """Give RUN another NAME, by which every command finds it.

    \b
    loadstone runs rename last nightly
    """
    from loadstone.run.shelf import rename as renamed

    click.echo(renamed(run, name))


@runs.command()
@click.option(
    "--keep", type=click.IntRange(0), required=True, help="So many of the newest are kept."
)
@click.option(
    "--written",
    is_flag=True,
    help="Also runs that wrote new items, which verify and unseed --run know by their records "
    "alone.",
)
@yes_option
def prune(keep: int, written: bool, yes: bool) -> None:
    """Delete the records of all but the newest runs; asks first.

    \b
    loadstone runs prune --keep 10
    loadstone runs prune --keep 10 --written --yes
    """
    from loadstone.run.shelf import delete
    from loadstone.run.shelf import prune as to_prune

    found = to_prune(keep, written=written)
    for kept in found.kept:
        say(f"kept: {kept.name}, {kept.why}")
    if not found.folders:
        click.echo("deleted: nothing")
        return
    names = ", ".join(folder.name for folder in found.folders)
    say(f"to be deleted, records and reports: {names}")
    if not yes:
        _confirm()
    delete(found.folders)
    click.echo(f"deleted: {names}")


def _confirm() -> None:
    try:
        agreed = click.confirm("Delete them?", err=True)
    except click.Abort as error:
        raise Refused("nothing was deleted: nobody said yes; pass --yes") from error
    if not agreed:
        raise Refused("nothing was deleted")


def _line(run: RunSummary, brief: Brief | None) -> str:
    """What, when, how long, how it ended, and what came of it."""
    if run.problem:
        return f"{run.name}  {run.problem}"
    parts = [run.name, run.system, f"{run.started:%Y-%m-%d %H:%M:%S} UTC"]
    if brief is None:
        return "  ".join([*parts, str(run.ending), "its record cannot be read"])
    parts += [f"{brief.lasted_s:,.1f} s", str(run.ending)]
    if not brief.calls:
        return "  ".join([*parts, "no call was made"])
    parts += [f"{rate(brief.per_s)} ops/s", f"p99 {duration(brief.p99_us)}"]
    parts += [f"{brief.calls:,} calls, {brief.failed:,} failed, {brief.throttled:,} throttled"]
    return "  ".join(parts)


def _json(run: RunSummary, brief: Brief | None) -> str:
    values = {
        "name": run.name,
        "path": str(run.path),
        "system": run.system,
        "started": run.started,
        "lasted_s": brief.lasted_s if brief else run.lasted_s,
        "calls": run.calls if run.calls is not None or brief is None else brief.calls,
        "failed": run.failed if run.failed is not None or brief is None else brief.failed,
        "throttled": brief.throttled if brief else None,
        "per_s": brief.per_s if brief else None,
        "p99_us": brief.p99_us if brief else None,
        "ending": run.ending.how,
        "problem": run.problem or None,
    }
    return orjson.dumps(values).decode()
