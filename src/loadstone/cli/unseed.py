"""`loadstone unseed`: delete a data set's items, or a run's, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.cli.asked_options import data_set_options
from loadstone.cli.attended import attended
from loadstone.cli.ledger_table import print_json, print_report
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
from loadstone.cli.sessions import say_unheeded, session_of, wanted_of
from loadstone.cli.spend import DELETE, Spending, agreed, spend_options
from loadstone.errors import Refused
from loadstone.naming import Naming
from loadstone.system import System, load_system
from loadstone.target import Where, opened_target

if TYPE_CHECKING:
    from loadstone.aws.tables import Wanted
    from loadstone.client.target import Target
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.unseed import Unseeding
    from loadstone.seeding.unseed_run import RunUnseeding


@click.command()
@click.argument("system")
@click.option("--run", "run_name", metavar="RUN", help="What this run wrote, instead.")
@data_set_options
@naming_options
@target_options
@narrow_options
@click.option("--in-flight", type=click.IntRange(1, 1024), help="Batches sent at one time.")
@spend_options
@allow_production_option
@allow_untagged_option
@json_option
def unseed(
    system: str,
    run_name: str | None,
    asked: Asked,
    naming: Naming,
    where: Where,
    narrow: Narrow,
    in_flight: int | None,
    spending: Spending,
    allow_production: tuple[str, ...],
    allow_untagged: tuple[str, ...],
    as_json: bool,
) -> None:
    """Delete the items of the data set in SYSTEM's tables, or go on where an earlier call stopped.

    Their keys are computed from their numbers: other items stay, and so do the tables. Afterwards
    the tables can be seeded again, with any data set.

    \b
    loadstone unseed cmz
    loadstone unseed cmz --run last       what that run wrote
    """
    from loadstone.seeding.places import refuse_untagged
    from loadstone.seeding.plan import deleting_plan
    from loadstone.seeding.unseed import Means

    loaded = load_system(system, where.project)
    only = narrow.within(loaded)
    with opened_target(where, documented_region=loaded.region, say=say) as opened:
        target = opened.target
        say_unheeded([loaded], naming)
        wanted = wanted_of(loaded, naming)
        if not spending.dry_run:
            names = [each.name for each in wanted]
            check_production(target, where, naming, names, allow_production)
        if run_name is None:
            work: Unseeding | RunUnseeding = _of_data_set(
                loaded, wanted, target, asked, where, only
            )
        else:
            work = _of_run(loaded, wanted, target, asked, where, only, run_name)
        if target.kind == "aws" and not spending.dry_run:
            refuse_untagged(work.tables, loaded.id, allow_untagged)
        items = work.left
        if not items and not spending.dry_run:
            # An earlier call may have ended before it had tidied up.
            report = work.run(Means.silent())
            print_json(report.as_dict()) if as_json else click.echo(work.nothing)
            return
        plan = deleting_plan(work.session, items)
        if not agreed(plan, target, spending, DELETE, as_json=as_json):
            return
        with attended(spending, target, plan) as load:
            report = work.run(Means(progress=load.progress, stop=load.stop, in_flight=in_flight))
    if as_json:
        print_json(report.as_dict())
    else:
        print_report(report)
    if load.was_stopped(report):
        load.end(report)
    if report.rejected:
        raise SystemExit(1)


def _of_data_set(
    system: System,
    wanted: list[Wanted],
    target: Target,
    asked: Asked,
    where: Where,
    only: frozenset[str] | None,
) -> Unseeding:
    from loadstone.seeding.unseed import Unseeding

    session = session_of(system, wanted, target, asked, where, only)
    if not session.held and asked.scale is None:
        raise Refused(
            f"nothing to delete: the tables of {system.id} hold no data set that is known here; "
            "where another machine filled them, say which: --scale, --seed, --as-of, --locale"
        )
    return Unseeding(session)


def _of_run(
    system: System,
    wanted: list[Wanted],
    target: Target,
    asked: Asked,
    where: Where,
    only: frozenset[str] | None,
    name: str,
) -> RunUnseeding:
    from loadstone.seeding.unseed_run import RunUnseeding, past_run, run_session

    run = past_run(name, system.id, where.state / "runs")
    if not run.ended:
        say(f"run {run.name} has no end: what it wrote last, or still writes, is not known here")
    session = run_session(
        system, wanted, target, asked, run, ledgers=where.state / "ledgers", only=only, say=say
    )
    return RunUnseeding(session, run)
