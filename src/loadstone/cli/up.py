"""`loadstone up`: tables, data, a verification, and how to connect."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from loadstone.advice import advised
from loadstone.amounts import amount
from loadstone.cli.asked_options import data_set_options
from loadstone.cli.attended import attended
from loadstone.cli.connection import Connection, connection_to, print_connection
from loadstone.cli.ledger_table import print_json, print_report, print_verification
from loadstone.cli.options import (
    allow_production_option,
    allow_untagged_option,
    check_production,
    json_option,
    naming_options,
    say,
    target_options,
)
from loadstone.cli.sessions import say_unheeded, session_of, wanted_of
from loadstone.cli.spend import WRITE, Spending, agreed, spend_options
from loadstone.cli.verify import counted
from loadstone.folders import make_folder
from loadstone.naming import Naming
from loadstone.system import System, load_system
from loadstone.target import Opened, Where, opened_target

if TYPE_CHECKING:
    from loadstone.aws.tables import Wanted
    from loadstone.capacity.spend import Estimate
    from loadstone.embedded.process import Engine
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.report import LedgerReport
    from loadstone.seeding.session import Session
    from loadstone.seeding.verification import Verification


@click.command()
@click.argument("system")
@data_set_options
@naming_options
@target_options
@click.option(
    "--stay/--no-stay",
    default=True,
    show_default=True,
    help="Run the embedded engine on until Ctrl-C, where it was not running before.",
)
@spend_options
@allow_production_option
@allow_untagged_option
@json_option
def up(
    system: str,
    asked: Asked,
    naming: Naming,
    where: Where,
    stay: bool,
    spending: Spending,
    allow_production: tuple[str, ...],
    allow_untagged: tuple[str, ...],
    as_json: bool,
) -> None:
    """Have SYSTEM's tables, with data in them that has been counted, and say how to connect.

    What is there already stays: run it again at any time. The embedded engine serves until Ctrl-C;
    with `loadstone local --port 8000` in another terminal, it is that one, at that address. A table
    of the same name that somebody else has filled is refused. Exit 1 when the tables hold something
    else than they should.

    \b
    loadstone up cmz
    loadstone up cmz --scale tiny --no-stay --json
    loadstone up acs --stage ci --endpoint http://localhost:8000
    """
    from loadstone.seeding.identity import check_locales

    loaded = load_system(system, where.project)
    check_locales(loaded, asked)
    with opened_target(where, documented_region=loaded.region, say=say) as opened:
        say_unheeded([loaded], naming)
        wanted = wanted_of(loaded, naming)
        if not spending.dry_run:
            named = [each.name for each in wanted]
            check_production(opened.target, where, naming, named, allow_production)
        plan = _planned(loaded, wanted, opened, asked, where, allow_untagged, spending, as_json)
        if plan is None:
            return
        session, report, checked = _filled(loaded, wanted, opened, asked, where, spending, plan)
        well = not report.rejected and checked.ok
        ours = opened.lease.engine if opened.lease else None
        names = {each.table.name: each.name for each in wanted}
        connection = connection_to(
            opened.target,
            loaded,
            names,
            settings=session.dataset.identity.settings,
            profile=where.profile,
            lasts=stay or ours is None,
        )
        ours_alone = all(each.is_ours(system) for each in session.tables)
        again = advised("tables drop" if ours_alone else "unseed", system)
        _print(system, connection, report, checked, again=again, well=well, as_json=as_json)
        if ours and stay:
            _serve(ours)
        elif ours:
            say(
                f"the engine ends with this command, the data stays: `{advised('local')}` serves it"
            )
    if not well:
        raise SystemExit(1)


def _planned(
    system: System,
    wanted: list[Wanted],
    opened: Opened,
    asked: Asked,
    where: Where,
    allow_untagged: tuple[str, ...],
    spending: Spending,
    as_json: bool,
) -> Estimate | None:
    """What it takes, told and asked about before the first change; None when telling was all."""
    from loadstone.seeding.others import refuse_filled_by_others
    from loadstone.seeding.places import refuse_untagged
    from loadstone.seeding.plan import counting_plan, writing_plan

    session = session_of(system, wanted, opened.target, asked, where, partly=True)
    if not spending.dry_run:
        make_folder(session.ledgers)
        if opened.target.kind == "aws":
            refuse_untagged(session.tables, system.id, allow_untagged)
        else:
            refuse_filled_by_others(session.tables, opened.target, system.id, allow_untagged)
    there = {place.name for place in session.places}
    plan = writing_plan(session, [each for each in wanted if each.name not in there])
    if session.tables:
        plan = plan.joined(counting_plan(session))
    return plan if agreed(plan, opened.target, spending, WRITE, as_json=as_json) else None


def _filled(
    system: System,
    wanted: list[Wanted],
    opened: Opened,
    asked: Asked,
    where: Where,
    spending: Spending,
    plan: Estimate,
) -> tuple[Session, LedgerReport, Verification]:
    """Tables created or completed, what is missing written, and all of it counted."""
    from loadstone.aws.tables import Tables

    for made in Tables(opened.target, say=say).create(wanted):
        say(f"{made.name}: {made.outcome}")
        for finding in made.findings:
            say(f"  {finding}")
    session = session_of(system, wanted, opened.target, asked, where)
    say(f"data set: {system.id}, {amount(session.asked, 'item')}")
    with attended(spending, opened.target, plan) as load:
        report = session.seed(progress=load.progress, stop=load.stop)
    if load.was_stopped(report):
        print_report(report)
        load.end(report)
    return session, report, counted(session, where, load.purse)


def _print(
    system: str,
    connection: Connection,
    report: LedgerReport,
    checked: Verification,
    *,
    again: str,
    well: bool,
    as_json: bool,
) -> None:
    """What came of it and how to connect; `again` is the command that starts over."""
    if as_json:
        data = {"seed": report.as_dict(), "verification": checked.as_dict()}
        print_json({"ok": well, **connection.as_dict(), **data})
        return
    if report.rejected:
        print_report(report)
    if not checked.ok:
        print_verification(checked)
        say(
            f"the tables do not hold what was seeded: to start over, `{again}` and this command "
            "again"
        )
    items = amount(report.written, "item")
    tables = amount(len(connection.tables), "table")
    if well:
        click.echo(f"{system} is up: {items} in {tables}, counted")
    else:
        click.echo(f"not as it should be: {system} has {items} written in {tables}, see above")
    print_connection(connection)


def _serve(engine: Engine) -> None:
    """Until Ctrl-C, or until the engine dies."""
    say(f"{engine.binary} serves until Ctrl-C; the data stays")
    with contextlib.suppress(KeyboardInterrupt), _ended_by_sigterm():
        engine.wait()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
