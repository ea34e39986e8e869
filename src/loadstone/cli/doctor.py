"""`loadstone doctor`: whether everything is there, and what to do where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.advice import advised
from loadstone.cli.check_content import own_systems
from loadstone.cli.options import json_option, naming_options, target_options
from loadstone.cli.sessions import say_unheeded
from loadstone.naming import Naming
from loadstone.system import NO_PROJECT, load_system, project_root, system_names
from loadstone.target import Where

if TYPE_CHECKING:
    from loadstone.doctor.finding import Finding


@click.command()
@click.argument("system", required=False)
@naming_options
@target_options
@json_option
def doctor(system: str | None, naming: Naming, where: Where, as_json: bool) -> None:
    """Look at versions, speed, engine, target, credentials, clock, ports and disk; change nothing.

    Each line says what to do. With SYSTEM, what the credentials may do is asked about its tables.
    Exit 1 when something is wrong.

    \b
    loadstone doctor
    loadstone doctor cmz --endpoint aws --profile dev
    """
    from loadstone.doctor import machine
    from loadstone.doctor.connection import About, connection

    about = None
    if system:
        loaded = load_system(system, where.project)
        say_unheeded([loaded], naming)
        about = About(system=loaded, names=naming.names(loaded.tables))
    found = [
        machine.versions(),
        machine.speed(),
        _project(where),
        machine.engine(where.state),
        *connection(where, about),
        *machine.ports(),
        machine.disk(where.state),
    ]
    wrong = sum(finding.state == "wrong" for finding in found)
    if as_json:
        from loadstone.cli.ledger_table import print_json

        print_json({"ok": not wrong, "findings": [finding.as_dict() for finding in found]})
    else:
        for finding in found:
            _print(finding)
        click.echo(f"{wrong or 'nothing'} wrong" if wrong != 1 else "one thing is wrong")
        click.echo(_next(where, system, wrong=bool(wrong)))
    if wrong:
        raise SystemExit(1)


def _project(where: Where) -> Finding:
    from loadstone.doctor.finding import Finding

    names = system_names(where.project)
    root = project_root(where.project)
    own = f"in {root}" if root else "none of your own"
    return Finding(
        about="project",
        found=f"{own}; systems: {', '.join(names)}",
        do=f"`{advised('new', 'NAME')}` writes another"
        if root
        else f"`{advised('new', 'NAME')}` begins one here; {NO_PROJECT}",
    )


def _next(where: Where, system: str | None, *, wrong: bool) -> str:
    """What to type now."""
    if wrong:
        return "next: put that right, as its line says, and run this again"
    name = system or next(iter(own_systems(where.project)), "SYSTEM")
    start = f"`{advised('up', name)}` makes the tables of {name}, with data in them"
    if project_root(where.project):
        return f"next: {start}"
    return f"next: {start}; `{advised('new', 'orders')}` begins a system of your own in this folder"


def _print(finding: Finding) -> None:
    colours = {"ok": "green", "note": "yellow", "wrong": "red"}
    state = click.style(f"{finding.state:5}", fg=colours[finding.state])
    click.echo(f"{state} {finding.about}: {finding.found}")
    click.echo(f"      {finding.do}")
