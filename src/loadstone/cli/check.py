"""`loadstone check`: whether a system holds together, or a run kept to what it was to keep to."""

from __future__ import annotations

from pathlib import Path

import click

from loadstone.cli.check_content import check_systems, own_systems
from loadstone.cli.judging import judge_runs, junit_option, print_judgements
from loadstone.cli.options import json_option, project_option
from loadstone.errors import BadValue, UnknownName, meant
from loadstone.run.library import LAST, find_runs, runs_folder
from loadstone.system import system_names


@click.command()
@click.argument("what", metavar="[SYSTEM|RUN]", default="")
@click.option(
    "--objective",
    multiple=True,
    metavar="OBJECTIVE",
    help="As 'p99(PATTERN) < 20ms' or 'usd_per_month < 300'; goes before the run's own of the "
    "same figure. May be repeated.",
)
@junit_option
@json_option
@project_option
def check(
    what: str,
    objective: tuple[str, ...],
    junit: Path | None,
    as_json: bool,
    project: Path | None,
) -> None:
    """Say what is wrong with SYSTEM, or whether RUN met its objectives.

    Of a SYSTEM: what DynamoDB would refuse, keys that come twice, indexes that find nothing,
    addresses that could be somebody's, what differs from its document; then each pattern and
    journey is played on an engine in memory, and every answer checked. None named: all of this
    project's, or where it has none, all that come with Loadstone. The exit code is 1 when something
    is wrong.

    Of a RUN, a path, a name or `last`: its objectives are those that it was started with, its
    scenario's, and what --objective adds. The exit code is 1 when one is missed or the record is
    not whole, and 2 when a figure, a pattern or a table is not known.

    \b
    loadstone check orders
    loadstone check last
    loadstone check last --objective 'p99 < 20ms' --objective 'throttle_rate < 0.1%'
    loadstone check nightly --junit objectives.xml
    """
    if not what or what == "all" or what in system_names(project):
        _refuse_for_systems(what, objective, junit)
        names = [what] if what not in ("", "all") else own_systems(project)
        check_systems(names, project, as_json=as_json)
    else:
        check_runs(_runs_of(what, project), objective, junit=junit, as_json=as_json)


def _runs_of(what: str, project: Path | None) -> list[Path]:
    """The records of a run; what is none was perhaps to be a system."""
    path = Path(what)
    if path.suffix == ".py" and path.stem in system_names(project):
        raise BadValue(f"{what} is a file of a system, which is meant by its name: {path.stem}")
    try:
        return find_runs(what)
    except UnknownName as error:
        if what == LAST:
            raise
        known = system_names(project)
        systems = f"{', '.join(known)}{meant(what, known)}"
        raise UnknownName(f"{error}; and no system: there are {systems}") from None


def _refuse_for_systems(what: str, objective: tuple[str, ...], junit: Path | None) -> None:
    """What is about runs alone; and a name that a run has too."""
    if objective or junit:
        raise BadValue("--objective and --junit are for a run: a path, a name or `last`")
    if what and (runs_folder() / what).exists():
        raise BadValue(
            f"{what!r} is a system and a run: a run is meant by its path, {runs_folder() / what}"
        )


def check_runs(
    paths: list[Path], objective: tuple[str, ...], *, junit: Path | None, as_json: bool
) -> None:
    """Exit 1 when one of them does not pass."""
    from loadstone.run.record import Run

    found = judge_runs([Run.load(path) for path in paths], objective)
    if not print_judgements(found, junit=junit, as_json=as_json):
        raise SystemExit(1)
