"""`loadstone verify`: whether the tables are as documented, and hold what the data set says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.advice import advised
from loadstone.cli.asked_options import data_set_options
from loadstone.cli.ledger_table import print_json, print_verification
from loadstone.cli.options import json_option, naming_options, say, target_options
from loadstone.cli.sessions import say_unheeded, session_of, wanted_of
from loadstone.cli.spend import COUNT, Spending, agreed, spend_options
from loadstone.errors import Refused
from loadstone.naming import Naming
from loadstone.system import load_system
from loadstone.target import Where, opened_target

if TYPE_CHECKING:
    from loadstone.seeding.budget import Purse
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.session import Session
    from loadstone.seeding.verification import Verification


@click.command()
@click.argument("system")
@data_set_options
@naming_options
@target_options
@click.option("--settings", is_flag=True, help="Of these two, only the tables' settings.")
@click.option("--data", is_flag=True, help="Of these two, only what is in the tables.")
@spend_options
@json_option
def verify(
    system: str,
    asked: Asked,
    naming: Naming,
    where: Where,
    settings: bool,
    data: bool,
    spending: Spending,
    as_json: bool,
) -> None:
    """Compare SYSTEM's tables with their document, and their items with the data set.

    Counting reads every table and index once: on AWS that is priced first, and asked about. What
    runs wrote beside the data set is known by their records. Exit 1 when a setting, a count or an
    item is not as it should be.

    \b
    loadstone verify cmz
    loadstone verify cmz --settings
    """
    from loadstone.aws.tables import Tables
    from loadstone.seeding.plan import counting_plan

    loaded = load_system(system, where.project)
    both = settings == data
    with opened_target(where, documented_region=loaded.region, say=say) as opened:
        say_unheeded([loaded], naming)
        wanted = wanted_of(loaded, naming)
        checked = None
        if data or both:
            session = session_of(loaded, wanted, opened.target, asked, where)
            if not session.held:
                raise Refused(
                    f"the tables of {system} hold no data set that is known here: "
                    f"`{advised('seed', system)}` writes one; --settings looks at the tables alone"
                )
            plan = counting_plan(session)
            if not agreed(plan, session.target, spending, COUNT, as_json=as_json):
                return
            checked = counted(session, where, spending.purse(session.target, plan))
        found = Tables(opened.target, say=say).verify(wanted) if settings or both else []
    wrong = [finding for finding in found if finding.fails]
    ok = not wrong and (checked is None or checked.ok)
    if as_json:
        listed = [str(finding) for finding in found]
        print_json({"ok": ok, "settings": listed, "data": checked and checked.as_dict()})
    else:
        for finding in found:
            click.echo(finding)
        if settings or both:
            differing = f"{len(wrong)} not as documented" if wrong else "as documented"
            click.echo(f"settings: {differing}")
        if checked:
            print_verification(checked)
    if not ok:
        raise SystemExit(1)


def counted(session: Session, where: Where, purse: Purse | None) -> Verification:
    """Count and compare, within what is left in a purse."""
    runs = where.state / "runs"
    if purse is None:
        return session.verify(runs=runs)
    purse.keep()
    return session.verify(runs=runs, check=purse.check)
