"""`loadstone tables`: create, verify, drop and show the tables of a system."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from loadstone.cli.options import (
    allow_production_option,
    check_production,
    json_option,
    naming_options,
    open_target,
    project_option,
    say,
    target_options,
    yes_option,
)
from loadstone.cli.sessions import say_unheeded
from loadstone.cli.table_json import describe_table
from loadstone.errors import Refused
from loadstone.target import Where

if TYPE_CHECKING:
    from loadstone.aws.settings import Finding
    from loadstone.aws.tables import Wanted
    from loadstone.naming import Naming
    from loadstone.table import Table

billing_option = click.option(
    "--billing",
    metavar="on-demand|provisioned:100rcu,50wcu|FILE",
    help="Instead of the documented mode; a .toml or .json file says it per table and index.",
)


@click.group()
def tables() -> None:
    """Create, verify, drop and show the tables of a system.

    \b
    loadstone tables create cmz
    loadstone tables verify cmz
    loadstone tables drop cmz
    """


@tables.command(short_help="Have SYSTEM's tables: create or complete them.")
@click.argument("system")
@naming_options
@target_options
@billing_option
@allow_production_option
@json_option
def create(
    system: str,
    naming: Naming,
    where: Where,
    billing: str | None,
    allow_production: tuple[str, ...],
    as_json: bool,
) -> None:
    """Have SYSTEM's tables: create them, or complete what is there.

    \b
    loadstone tables create cmz
    loadstone tables create acs --stage ci --billing provisioned:10rcu,5wcu
    """
    from loadstone.aws.tables import Tables

    wanted, region = _wanted(system, naming, where, billing)
    with open_target(where, documented_region=region) as target:
        names = [each.name for each in wanted]
        check_production(target, where, naming, names, allow_production)
        made = Tables(target, say=say).create(wanted, rebill=billing is not None)
    if as_json:
        _print_json(
            [
                {"table": each.name, "outcome": each.outcome, "findings": _rows(each.findings)}
                for each in made
            ]
        )
        return
    for each in made:
        click.echo(f"{each.name}: {each.outcome}")
        _print_findings(each.findings)


@tables.command(short_help="Compare every documented setting with the live tables.")
@click.argument("system")
@naming_options
@target_options
@billing_option
@json_option
def verify(system: str, naming: Naming, where: Where, billing: str | None, as_json: bool) -> None:
    """Compare every documented setting with the live tables; exit 1 when one differs.

    \b
    loadstone tables verify cmz
    loadstone tables verify acs --stage ci --json
    """
    from loadstone.aws.tables import Tables

    wanted, region = _wanted(system, naming, where, billing)
    with open_target(where, documented_region=region) as target:
        found = Tables(target, say=say).verify(wanted)
    wrong = [finding for finding in found if finding.fails]
    if as_json:
        _print_json({"ok": not wrong, "findings": _rows(found)})
    else:
        _print_findings(found)
        click.echo(_summary(len(wanted), wrong=len(wrong), untold=len(found) - len(wrong)))
    if wrong:
        raise SystemExit(1)


@tables.command(short_help="Delete SYSTEM's tables that carry Loadstone's tag.")
@click.argument("system")
@naming_options
@target_options
@yes_option
@allow_production_option
@json_option
def drop(
    system: str,
    naming: Naming,
    where: Where,
    yes: bool,
    allow_production: tuple[str, ...],
    as_json: bool,
) -> None:
    """Delete SYSTEM's tables that carry Loadstone's tag; exit 1 when others are left.

    \b
    loadstone tables drop cmz
    loadstone tables drop acs --stage ci --yes
    """
    from loadstone.aws.tables import Tables

    wanted, region = _wanted(system, naming, where, None)
    with open_target(where, documented_region=region) as target:
        control = Tables(target, say=say)
        found = control.droppable(wanted)
        for name in found.others:
            say(f"{name}: left, it does not carry the tag loadstone={system}")
        if found.ours:
            names = [table.name for table in found.ours]
            check_production(target, where, naming, names, allow_production)
            _confirm(names, str(target), yes=yes)
            control.drop(found.ours)
    dropped = [table.name for table in found.ours]
    if as_json:
        _print_json({"dropped": dropped, "left": found.others, "absent": found.absent})
    else:
        click.echo(f"dropped: {', '.join(dropped) or 'nothing'}")
    if found.others:
        raise SystemExit(1)


@tables.command(short_help="Print SYSTEM's tables as they are documented.")
@click.argument("system")
@naming_options
@project_option
@billing_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "cloudformation", "terraform"]),
    default="text",
    show_default=True,
    help="For people, for machines, or for who makes the tables in the account.",
)
@json_option
def show(
    system: str,
    naming: Naming,
    project: Path | None,
    billing: str | None,
    form: str,
    as_json: bool,
) -> None:
    """Print SYSTEM's tables as they are documented; nothing is asked of any target.

    \b
    loadstone tables show cmz
    loadstone tables show acs --stage ci --json
    loadstone tables show acs --stage test --format cloudformation > acs.template.json
    loadstone tables show acs --stage test --format terraform > acs.tf
    """
    wanted, _ = _wanted(system, naming, Where(project=project), billing)
    match "json" if as_json else form:
        case "json":
            _print_json([{**describe_table(each.table), "physical": each.name} for each in wanted])
        case "cloudformation":
            from loadstone.aws.cloudformation import template

            _print_json(template(wanted, description=f"The tables of {system}, by Loadstone"))
        case "terraform":
            from loadstone.aws.terraform import configuration

            click.echo(configuration(wanted, description=f"The tables of {system}, by Loadstone."))
        case _:
            _print_tables(wanted)


def _wanted(
    name: str, naming: Naming, where: Where, billing: str | None
) -> tuple[list[Wanted], str | None]:
    """The tables of a system with their names and billing, and its documented region."""
    from loadstone.aws.billing import parse_billing
    from loadstone.aws.tables import wanted_tables
    from loadstone.system import load_system

    system = load_system(name, where.project)
    say_unheeded([system], naming)
    asked = parse_billing(billing)
    asked.check(system.tables)
    tables: Sequence[Table] = [asked.apply(table) for table in system.tables]
    return wanted_tables(tables, naming.names(tables), system=system.id), system.region


def _confirm(names: list[str], target: str, *, yes: bool) -> None:
    say(f"to be deleted from {target}, with all that is in them: {', '.join(names)}")
    if yes:
        return
    try:
        agreed = click.confirm("Delete them?", err=True)
    except click.Abort as error:
        raise Refused("nothing was deleted: nobody said yes; pass --yes") from error
    if not agreed:
        raise Refused("nothing was deleted")


def _summary(tables: int, *, wrong: int, untold: int) -> str:
    counted = f"{tables} table{'s' * (tables != 1)}"
    if wrong:
        return f"{counted}: {wrong} setting{'s' * (wrong != 1)} not as documented"
    return f"{counted}: as documented" + (f", but for {untold} that cannot be told" * bool(untold))


def _rows(found: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {
            "table": finding.table,
            "setting": finding.setting,
            "documented": finding.documented,
            "live": finding.live,
            "state": finding.state,
        }
        for finding in found
    ]


def _print_findings(found: Sequence[Finding]) -> None:
    for finding in found:
        click.echo(f"  {finding}")


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _print_tables(wanted: Sequence[Wanted]) -> None:
    from rich.console import Console
    from rich.table import Table as Grid

    console = Console()
    for each in wanted:
        described = describe_table(each.table)
        title = each.name if each.name == each.table.name else f"{each.name} ({each.table.name})"
        grid = Grid(
            "", "partition key", "sort key", "projection", title=title, title_justify="left"
        )
        grid.add_row("table", each.table.partition_key, each.table.sort_key or "", "")
        for index in each.table.indexes:
            grid.add_row(index.name, index.partition_key, index.sort_key or "", index.projection)
        console.print(grid)
        days = each.table.pitr_days
        capacity = each.table.provisioned
        units = f" {capacity.read_units}rcu,{capacity.write_units}wcu" if capacity else ""
        console.print(
            f"billing {described['billing_mode']}{units} · TTL {described['ttl'] or 'none'} · "
            f"point-in-time recovery {f'{days} days' if days else 'off'} · "
            f"stream {described['stream'] or 'none'} · encryption {described['sse']} · "
            f"deletion protection {'on' if described['deletion_protection'] else 'off'}",
            highlight=False,
            soft_wrap=True,
        )
