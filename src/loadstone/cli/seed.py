"""`loadstone seed`: fill a system's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.amounts import amount
from loadstone.cli.asked_options import data_set_options
from loadstone.cli.attended import attended
from loadstone.cli.distributed import (
    Spread,
    become_worker,
    distribution_options,
    master_crew,
)
from loadstone.cli.ledger_table import print_json, print_report, print_verification
from loadstone.cli.narrow_options import Narrow, narrow_options
from loadstone.cli.options import (
    allow_production_option,
    allow_untagged_option,
    check_production,
    json_option,
    naming_options,
    say,
    target_options,
)
from loadstone.cli.rates import Rate
from loadstone.cli.sessions import say_unheeded, session_of, wanted_of
from loadstone.cli.spend import WRITE, Spending, agreed, clock, spend_options
from loadstone.cli.verify import counted
from loadstone.errors import LoadstoneError
from loadstone.naming import Naming
from loadstone.system import load_system
from loadstone.target import Where, opened_target

if TYPE_CHECKING:
    from loadstone.aws.tables import Wanted
    from loadstone.capacity.spend import Estimate
    from loadstone.client.target import Target
    from loadstone.seeding.budget import Purse
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.report import LedgerReport
    from loadstone.seeding.session import Session
    from loadstone.seeding.verification import Verification


@click.command()
@click.argument("system")
@data_set_options
@naming_options
@target_options
@narrow_options
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Make and send items in so many processes of this machine.",
)
@click.option(
    "--in-flight", type=click.IntRange(1, 1024), help="Batches sent at one time by each process."
)
@click.option(
    "--rate",
    type=Rate("wcu", "5000wcu/s"),
    metavar="5000wcu/s",
    help="Hold so many write units a second, of all tables together; else as fast as they take.",
)
@click.option(
    "--retry-rejected", is_flag=True, help="Send again what the tables have rejected so far."
)
@distribution_options
@click.option("--verify", "verified", is_flag=True, help="Then count, and read a sample back.")
@spend_options
@allow_production_option
@allow_untagged_option
@json_option
def seed(
    system: str,
    asked: Asked,
    naming: Naming,
    where: Where,
    narrow: Narrow,
    processes: int,
    in_flight: int | None,
    rate: float | None,
    retry_rejected: bool,
    spread: Spread,
    verified: bool,
    spending: Spending,
    allow_production: tuple[str, ...],
    allow_untagged: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fill SYSTEM's tables with a data set, or go on where an earlier call stopped.

    \b
    loadstone seed cmz --scale 20000 --verify
    loadstone seed cmz                    goes on with what the tables hold
    loadstone seed cmz --retry-rejected   and with what they have not taken
    loadstone seed cmz --scale 20000000 --master --expect-workers 8
    loadstone seed cmz --worker HOST      on each of the eight machines
    """
    from loadstone.seeding.identity import check_locales
    from loadstone.seeding.places import refuse_untagged
    from loadstone.seeding.session import narrowed_tables

    spread.check(processes)
    loaded = load_system(system, where.project)
    if spread.worker:
        become_worker(
            spread, loaded.id, asked, where, processes=processes, in_flight=in_flight, say=say
        )
    only = narrow.within(loaded)
    check_locales(loaded, asked)
    with opened_target(where, documented_region=loaded.region, say=say) as opened:
        target = opened.target
        say_unheeded([loaded], naming)
        wanted = wanted_of(loaded, naming)
        meant = narrowed_tables(loaded, wanted, only)
        if not spending.dry_run:
            names = [each.name for each in meant]
            check_production(target, where, naming, names, allow_production)
            if target.kind == "embedded":
                _create_missing(meant, target)
        told_only = spending.dry_run
        session = session_of(
            loaded, wanted, target, asked, where, only, partly=told_only, supposing=told_only
        )
        if target.kind == "aws" and not spending.dry_run:
            refuse_untagged(session.tables, loaded.id, allow_untagged)
        _say_filled(session)
        plan = _plan(session, meant, retry_rejected=retry_rejected, counted=verified)
        lasts = clock(plan.write_units / rate) if rate else None
        if not agreed(plan, target, spending, WRITE, as_json=as_json, lasts=lasts):
            return
        _announce(session)
        with attended(spending, target, plan) as load:
            report = session.seed(
                progress=load.progress,
                in_flight=in_flight,
                processes=processes,
                rate=rate,
                stop=load.stop,
                retry_rejected=retry_rejected,
                crew=master_crew(spread, target, load) if spread.master else None,
            )
        stopped = load.was_stopped(report)
        checked, uncounted = None, None
        if verified and not stopped:
            checked, uncounted = _counted(session, where, load.purse)
    _print(report, checked, as_json=as_json)
    if stopped:
        load.end(report)
    if uncounted:
        raise uncounted
    if report.rejected or (checked and not checked.ok):
        raise SystemExit(1)


def _counted(
    session: Session, where: Where, purse: Purse | None
) -> tuple[Verification | None, BaseException | None]:
    """What came of counting, or why it came to nothing, be it Ctrl-C: what was written is told
    before that."""
    try:
        return counted(session, where, purse), None
    except (LoadstoneError, KeyboardInterrupt) as error:
        return None, error


def _print(report: LedgerReport, checked: Verification | None, *, as_json: bool) -> None:
    if as_json:
        verification = {"verification": checked.as_dict()} if checked else {}
        print_json({**report.as_dict(), **verification})
        return
    print_report(report)
    if checked:
        print_verification(checked)


def _create_missing(wanted: list[Wanted], target: Target) -> None:
    """The embedded engine is ours: what is not there is made."""
    from loadstone.aws.tables import Tables

    control = Tables(target, say=say)
    missing = [each for each in wanted if control.read(each.name) is None]
    if missing:
        control.create(missing)


def _plan(
    session: Session, meant: list[Wanted], *, retry_rejected: bool, counted: bool
) -> Estimate:
    """What is left to be done."""
    from loadstone.seeding.plan import counting_plan, writing_plan

    there = {place.name for place in session.places}
    missing = [each for each in meant if each.name not in there]
    plan = writing_plan(session, missing, retry_rejected=retry_rejected)
    return plan.joined(counting_plan(session)) if counted and session.tables else plan


def _announce(session: Session) -> None:
    """Which data set it is, and how much of it."""
    identity = session.dataset.identity
    tables = f"{len(session.tables)} table{'s' if len(session.tables) > 1 else ''}"
    say(
        f"data set: {identity.system}, {session.asked:,} items in {tables}, seed "
        f"{identity.seed}, as of {identity.as_of}, {identity.locale}"
    )


def _say_filled(session: Session) -> None:
    """Of tables that somebody else has filled, that the seed comes on top."""
    identity = session.dataset.identity
    for each in session.tables:
        there = each.live.items if each.live else 0
        if there and each.held is None and not each.is_ours(identity.system):
            say(
                f"{each.place.name} says that it holds {amount(there, 'item')} already, and "
                "nothing here tells that Loadstone wrote them: the seed adds to them, and a count "
                "finds both"
            )
