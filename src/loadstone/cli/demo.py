"""`loadstone demo`: from nothing to a report, on an engine of its own in memory."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from loadstone.amounts import amount
from loadstone.cli.data_options import Scale
from loadstone.cli.options import project_option, say
from loadstone.cli.outcome import print_outcome
from loadstone.cli.report import write_html
from loadstone.cli.run import check_duration, exit_if_interrupted, replay
from loadstone.cli.seed_progress import shown
from loadstone.folders import make_folder
from loadstone.naming import Naming
from loadstone.run import Run
from loadstone.system import load_system
from loadstone.target import LENT_ENGINE, Where


@click.command()
@click.argument("system")
@click.option("--scale", type=Scale(), default=20_000, show_default=True, help="Items to load.")
@click.option("--duration", default="30s", show_default=True, help="Of the load.")
@click.option("--users", type=click.IntRange(1), default=20, show_default=True)
@click.option("--mix", default="balanced", show_default=True, help="Of the scenario's mixes.")
@project_option
def demo(
    system: str, scale: int, duration: str, users: int, mix: str, project: Path | None
) -> None:
    """Make SYSTEM's tables, fill them, load them, and report: all on this machine.

    Nothing is left but the run under .loadstone/: the engine is in memory, on a free port.

    \b
    loadstone demo cmz
    loadstone demo kxgen --scale 5000 --users 5 --duration 10s
    loadstone demo listbackup --mix v2
    """
    from rich.console import Console

    from loadstone.aws.tables import Tables, wanted_tables
    from loadstone.aws.target import embedded_target
    from loadstone.embedded.engines import find_engine, limits
    from loadstone.embedded.process import Engine
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.session import open_session

    check_duration(duration)
    loaded, where, naming = load_system(system, project), Where(project=project), Naming()
    if loaded.patterns:
        loaded.mix(mix)
    state = where.state
    make_folder(state)
    binary = find_engine(state / "engine", say=say)
    for each in limits(binary.name):
        say(f"{binary.name}: {each}")
    with Engine(binary, folder=state) as engine:
        target = embedded_target(engine.url, documented_region=loaded.region)
        say(f"1. {target}, in memory")
        wanted = wanted_tables(loaded.tables, naming.names(loaded.tables), system=loaded.id)
        control = Tables(target, say=say)
        for made in control.create(wanted):
            say(f"2. {made.name}: {made.outcome}")
            for finding in made.findings:
                say(f"   {finding}")
        with TemporaryDirectory(dir=state) as ledgers:
            session = open_session(
                loaded, wanted, target, Asked(scale=scale), ledgers=Path(ledgers), say=say
            )
            say(f"3. {amount(session.dataset.stored, 'item')}")
            with shown(Console(stderr=True), say) as progress:
                report = session.seed(progress=progress)
        say(f"   {report.written:,} written in {report.elapsed_s:.1f} s, none left out")
        say(f"4. {amount(users, 'user')} for {duration}")
        path, well = replay(
            [loaded], where, naming, _load(users, duration, mix), environ={LENT_ENGINE: engine.url}
        )
        engine.raise_if_dead()
    record = Run.load(path)
    html = write_html(record, path)
    print_outcome(record)
    click.echo(f"report: {html}")
    exit_if_interrupted([record])
    if not well:
        raise SystemExit(1)


def _load(users: int, duration: str, mix: str) -> dict[str, Any]:
    """What `loadstone run` would be asked, with its own defaults."""
    from loadstone.cli.run import run

    defaults = run.make_context("run", ["of a demo"]).params
    asked = {"users": users, "duration": duration, "mix": mix}
    return {**defaults, **asked, "name": None, "spawn_rate": None}
