"""`loadstone seed` and `loadstone verify`: fill a system's tables, and check what is in them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import click

from loadstone.cli.asked_options import data_set_options
from loadstone.cli.ledger_table import print_json, print_report, print_verification
from loadstone.cli.options import (
    allow_production_option,
    allow_untagged_option,
    json_option,
    naming_options,
    say,
    target_options,
    yes_option,
)
from loadstone.errors import Refused
from loadstone.naming import Naming
from loadstone.system import System, load_system
from loadstone.target import Where, opened_target, refuse_production

if TYPE_CHECKING:
    from gevent.event import Event

    from loadstone.aws.tables import Wanted
    from loadstone.client.target import Target
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.session import Session


@click.command()
@click.argument("system")
@data_set_options
@naming_options
@target_options
@click.option("--in-flight", type=click.IntRange(1, 1024), help="Batches sent at one time.")
@click.option("--verify", "verified", is_flag=True, help="Then count, and read a sample back.")
@yes_option
@allow_production_option
@allow_untagged_option
@json_option
def seed(
    system: str,
    asked: Asked,
    naming: Naming,
    where: Where,
    in_flight: int | None,
    verified: bool,
    yes: bool,
    allow_production: tuple[str, ...],
    allow_untagged: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fill SYSTEM's tables with a data set, or go on where an earlier call stopped.

    \b
    loadstone seed cmz --scale 20000 --verify
    loadstone seed cmz                    goes on with what the tables hold
    """
    from rich.console import Console

    from loadstone.cli.seed_progress import shown
    from loadstone.seeding.identity import check_locales
    from loadstone.seeding.places import refuse_untagged

    loaded = load_system(system, where.project)
    check_locales(loaded, asked)
    with opened_target(where, documented_region=loaded.region, say=say) as opened:
        target = opened.target
        wanted = _wanted(loaded, naming)
        refuse_production(
            target,
            say=say,
            profile=where.profile,
            naming=naming,
            tables=[each.name for each in wanted],
            allowed=allow_production,
        )
        if target.kind == "embedded":
            _create_missing(wanted, target)
        session = _session(loaded, wanted, target, asked, where)
        if target.kind == "aws":
            refuse_untagged(session.tables, loaded.id, allow_untagged)
            _confirm(session, yes=yes)
        _announce(session)
        with _interruptible() as stop:
            with shown(Console(stderr=True), say) as progress:
                report = session.seed(progress=progress, in_flight=in_flight, stop=stop)
            interrupted = stop.is_set() and report.left > 0
        checked = session.verify() if verified and not interrupted else None
    if as_json:
        verification = {"verification": checked.as_dict()} if checked else {}
        print_json({**report.as_dict(), **verification})
    else:
        print_report(report)
        if checked:
            print_verification(checked)
    if interrupted:
        say(f"stopped: {report.left:,} items are left; the same command goes on with them")
        raise SystemExit(130)
    if report.rejected or (checked and not checked.ok):
        raise SystemExit(1)


@click.command()
@click.argument("system")
@data_set_options
@naming_options
@target_options
@click.option("--settings", is_flag=True, help="Of these two, only the tables' settings.")
@click.option("--data", is_flag=True, help="Of these two, only what is in the tables.")
@json_option
def verify(
    system: str,
    asked: Asked,
    naming: Naming,
    where: Where,
    settings: bool,
    data: bool,
    as_json: bool,
) -> None:
    """Compare SYSTEM's tables with their document, and their items with the data set.

    Exit 1 when a setting, a count or an item is not as it should be.
    """
    from loadstone.aws.tables import Tables

    loaded = load_system(system, where.project)
    both = settings == data
    with opened_target(where, documented_region=loaded.region, say=say) as opened:
        wanted = _wanted(loaded, naming)
        found = Tables(opened.target, say=say).verify(wanted) if settings or both else []
        checked = None
        if data or both:
            session = _session(loaded, wanted, opened.target, asked, where)
            if not session.held:
                raise Refused(
                    f"the tables of {system} hold no data set that is known here: "
                    f"`loadstone seed {system}` writes one"
                )
            checked = session.verify()
    wrong = [finding for finding in found if finding.fails]
    ok = not wrong and (checked is None or checked.ok)
    if as_json:
        listed = [str(finding) for finding in found]
        print_json({"ok": ok, "settings": listed, "data": checked and checked.as_dict()})
    else:
        for finding in found:
            click.echo(finding)
        if settings or both:
            click.echo(f"settings: {len(wrong)} differ" if wrong else "settings: as documented")
        if checked:
            print_verification(checked)
    if not ok:
        raise SystemExit(1)


def _wanted(system: System, naming: Naming) -> list[Wanted]:
    from loadstone.aws.tables import wanted_tables

    return wanted_tables(system.tables, naming.names(system.tables), system=system.id)


def _create_missing(wanted: list[Wanted], target: Target) -> None:
    """The embedded engine is ours: what is not there is made."""
    from loadstone.aws.tables import Tables

    control = Tables(target, say=say)
    missing = [each for each in wanted if control.read(each.name) is None]
    if missing:
        control.create(missing)


def _session(
    system: System, wanted: list[Wanted], target: Target, asked: Asked, where: Where
) -> Session:
    from loadstone.seeding.identity import settings_from
    from loadstone.seeding.session import open_session

    asked = replace(asked, settings=settings_from(system, os.environ))
    return open_session(system, wanted, target, asked, ledgers=where.state / "ledgers", say=say)


def _confirm(session: Session, *, yes: bool) -> None:
    from loadstone.capacity.money import request_cost_usd
    from loadstone.capacity.prices import builtin_prices
    from loadstone.errors import NoPrice
    from loadstone.seeding.estimate import estimate

    what = estimate(session.dataset, [place.table for place in session.places])
    try:
        usd = request_cost_usd(builtin_prices(), session.target.region, 0, what.write_units)
        price = f"about {usd:,.2f} USD on demand"
    except NoPrice:
        price = f"no price is known for {session.target.region}"
    say(
        f"to be written: at most {what.items:,} items, {what.size_bytes / 1e6:,.1f} MB, about "
        f"{what.write_units:,.0f} write units with all indexes, {price}"
    )
    if yes:
        return
    try:
        agreed = click.confirm("Write them?", err=True)
    except click.Abort as error:
        raise Refused("nothing was written: nobody said yes; pass --yes") from error
    if not agreed:
        raise Refused("nothing was written")


def _announce(session: Session) -> None:
    identity = session.dataset.identity
    tables = f"{len(session.tables)} table{'s' if len(session.tables) > 1 else ''}"
    say(
        f"data set: {identity.system}, {session.dataset.stored:,} items in {tables}, seed "
        f"{identity.seed}, as of {identity.as_of}, {identity.locale}"
    )


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Ctrl-C asks for an end, and a second one insists."""
    from gevent.event import Event

    stop = Event()

    def interrupted(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
