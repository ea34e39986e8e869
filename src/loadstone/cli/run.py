"""`loadstone run`: replay a system's mix, as a process of Locust."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from loadstone.cli.options import (
    allow_production_option,
    allow_untagged_option,
    json_option,
    naming_options,
    target_options,
)
from loadstone.cli.outcome import print_outcome
from loadstone.content import content_root
from loadstone.errors import BadValue, LoadstoneError
from loadstone.naming import Naming
from loadstone.run import Run, find_run
from loadstone.system import System, load_system, project_root
from loadstone.target import Where

Command = TypeVar("Command", bound=Callable[..., Any])

#: Our flags and Locust's: what `loadstone run` takes is what `locust -f` takes by another name.
LOCUST = {
    "users": "--users",
    "spawn_rate": "--spawn-rate",
    "duration": "--run-time",
    "endpoint": "--host",
    "region": "--region",
    "stage": "--stage",
    "prefix": "--table-prefix",
    "mix": "--mix",
    "skew": "--skew",
    "warm_up": "--warm-up",
    "retries": "--retries",
    "sampled": "--sampled",
    "name": "--run-name",
}
DURATION = re.compile(r"(?=\d)(\d+h)?(\d+m)?(\d+s?)?")


def load_options(command: Command) -> Command:
    """What is played, by how many, for how long."""
    options = (
        click.option(
            "--users", type=click.IntRange(1), default=20, show_default=True, help="At one time."
        ),
        click.option("--spawn-rate", type=float, help="Users a second; else all at once."),
        click.option(
            "--duration",
            default="30s",
            show_default=True,
            help="30s, 5m, 1h30m; after that it ends.",
        ),
        click.option(
            "--mix", default="balanced", show_default=True, help="Of the scenario's mixes."
        ),
        click.option(
            "--skew",
            type=float,
            default=0.99,
            show_default=True,
            help="How much more popular hot keys are: Zipf's exponent; 0 is even.",
        ),
        click.option(
            "--warm-up", type=float, default=0.0, help="Seconds at the start, counted apart."
        ),
        click.option(
            "--retries",
            type=click.IntRange(0),
            default=3,
            show_default=True,
            help="How often a failed operation is sent again, with back-off.",
        ),
        click.option(
            "--sampled",
            type=click.FloatRange(0, 1),
            default=0.02,
            show_default=True,
            help="The share of answers that are compared with the data set, row by row.",
        ),
        click.option("--name", help="The run's name; else system and time."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("system")
@load_options
@naming_options
@target_options
@allow_production_option
@allow_untagged_option
@json_option
def run(
    system: str,
    naming: Naming,
    where: Where,
    allow_production: tuple[str, ...],
    allow_untagged: tuple[str, ...],
    as_json: bool,
    **load: Any,
) -> None:
    """Replay SYSTEM's patterns against its tables, and record what came of it.

    \b
    loadstone run cmz --users 20 --duration 30s
    loadstone run cmz --mix read-heavy --endpoint http://localhost:8000
    """
    found = load_system(system, where.project)
    found.mix(load["mix"])
    path, well = replay(
        found, where, naming, load, allow_production=allow_production, allow_untagged=allow_untagged
    )
    record = Run.load(path)
    if as_json:
        from loadstone.report.json_report import render_json
        from loadstone.report.view import view

        click.echo(render_json(view(record)), nl=False)
    else:
        print_outcome(record)
        click.echo(f"record: {path}")
    if not well:
        raise SystemExit(1)


def replay(
    system: System,
    where: Where,
    naming: Naming,
    load: Mapping[str, Any],
    *,
    allow_production: tuple[str, ...] = (),
    allow_untagged: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
) -> tuple[Path, bool]:
    """Run Locust until it ends; the record, and whether all went well."""
    if not DURATION.fullmatch(load["duration"]) or not re.search("[1-9]", load["duration"]):
        raise BadValue(f"--duration {load['duration']}: write it as 30s, 5m or 1h30m")
    name = load["name"] or f"{system.id}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    values = {
        **load,
        "name": name,
        "spawn_rate": load["spawn_rate"] or load["users"],
        "endpoint": where.endpoint,
        "region": where.region,
        "stage": naming.stage,
        "prefix": naming.prefix,
    }
    command = [sys.executable, "-m", "locust", "-f", str(locustfile(system, where.project))]
    # Without its log, Locust prints no tables of its own: the record has it all.
    command += ["--headless", "--only-summary", "--skip-log-setup"]
    for option, flag in LOCUST.items():
        if values[option] not in (None, ""):
            command += [flag, str(values[option])]
    for word in allow_production:
        command += ["--allow-production", word]
    for table in allow_untagged:
        command += ["--allow-untagged", table]
    code = _wait_for(command, {**_environment(system, where), **(environ or {})})
    if code == 2:
        # It has been said on stderr by the process that found it out.
        raise SystemExit(2)
    try:
        path = find_run(name)
    except LoadstoneError:
        raise BadValue(f"Locust ended with exit code {code} before the run began") from None
    return path, code == 0


def locustfile(system: System, project: Path | None) -> Path:
    """The system's own locustfile, else one that serves any system."""
    roots = [root for root in (project_root(project), content_root()) if root]
    for root in roots:
        own = root / "locustfiles" / f"{system.id}.py"
        if own.is_file():
            return own
    return Path(__file__).resolve().parent.parent / "locust" / "default_locustfile.py"


def _environment(system: System, where: Where) -> dict[str, str]:
    environ = {**os.environ, "LOADSTONE_SYSTEM": system.id}
    if where.project:
        environ["LOADSTONE_PROJECT"] = str(where.project.resolve())
    if where.profile:
        environ["AWS_PROFILE"] = where.profile
    return environ


def _wait_for(command: list[str], environ: Mapping[str, str]) -> int:
    """Ctrl-C is Locust's to handle, which then ends in good order; so is being told to end."""
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        if process is not None:
            process.send_signal(number)

    # A child does not inherit handlers, and has Ctrl-C from the terminal itself.
    handlers = {signal.SIGINT: lambda *_: None, signal.SIGTERM: pass_on, signal.SIGHUP: pass_on}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=dict(environ),
        )
        with process:
            return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
