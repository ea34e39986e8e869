"""`loadstone run`: replay a system's mix, as a process of Locust."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from loadstone.advice import handed_on
from loadstone.arrivals.grammar import length_of
from loadstone.capacity.readings import Reading
from loadstone.cli.arrival_options import DURATION as DEFAULT_DURATION
from loadstone.cli.arrival_options import USERS, arguments, arrival_options, settled
from loadstone.cli.judging import judge_records, junit_option, refuse_nothing_to_judge
from loadstone.cli.options import (
    allow_production_option,
    allow_untagged_option,
    json_option,
    naming_options,
    target_options,
    throttle_option,
)
from loadstone.cli.reading_options import reading_option, refuse_out_of_play
from loadstone.cli.sessions import say_unheeded
from loadstone.cli.several import (
    asked_systems,
    print_records,
    records_of_each,
    refuse_unshared,
)
from loadstone.cli.spend import Spending, spend_options
from loadstone.cli.spend_run import agreed_to_run
from loadstone.content import content_root
from loadstone.errors import BadValue, LoadstoneError
from loadstone.folders import make_folder
from loadstone.naming import Naming
from loadstone.run import TOLD_TO_END, Run, find_runs, runs_folder
from loadstone.starting import SPOKEN_FOR
from loadstone.system import ALL, System, project_root
from loadstone.target import Where
from loadstone.tied import tied

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
    "client": "--client",
    "sampled": "--sampled",
    "name": "--run-name",
    "budget": "--budget",
    "prices": "--prices",
}
#: As `loadstone.locust.senders` has them: Locust is imported by a process of its own alone.
CLIENTS = ("loadstone", "boto3", "boto3-tuned")
#: Where sources disagree on what is expected of a call before it is made.
_READINGS = ("numbers", "respelled")
_DEFAULT_LOCUSTFILE = Path(__file__).resolve().parent.parent / "locust" / "default_locustfile.py"
DURATION = re.compile(r"(?=\d)(\d+h)?(\d+m)?(\d+s?)?")


def check_duration(duration: str) -> None:
    """BadValue for what is no length of time, or none at all."""
    if not DURATION.fullmatch(duration):
        raise BadValue(f"--duration {duration}: write it as 30s, 5m or 1h30m")
    if not re.search("[1-9]", duration):
        raise BadValue(f"--duration {duration}: a load lasts longer than nothing: 30s, 5m or 1h30m")


def load_options(command: Command) -> Command:
    """What is played, by how many, for how long."""
    options = (
        click.option(
            "--users",
            type=click.IntRange(1),
            help=f"At one time, with pauses; {USERS} unless there is a --rate.",
        ),
        click.option("--spawn-rate", type=float, help="Users a second; else all at once."),
        click.option(
            "--duration",
            help=f"30s, 5m, 1h30m; after that it ends. {DEFAULT_DURATION} unless told otherwise, "
            "with --find-max when it has found it.",
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
            "--warm-up",
            default="0s",
            metavar="TIME",
            callback=lambda context, option, text: length_of(text, "--warm-up"),
            help="So long at the start is counted apart.",
        ),
        click.option(
            "--retries",
            type=click.IntRange(0),
            default=3,
            show_default=True,
            help="How often a failed operation is sent again, with back-off.",
        ),
        click.option(
            "--client",
            type=click.Choice(CLIENTS),
            default=CLIENTS[0],
            show_default=True,
            help="What sends: Loadstone's own client, boto3 as you have configured it, or boto3 "
            "tuned for load.",
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
@arrival_options
@reading_option(*_READINGS)
@throttle_option
@naming_options
@target_options
@allow_production_option
@allow_untagged_option
@spend_options
@junit_option
@json_option
def run(
    system: str,
    throttle: tuple[str, ...],
    naming: Naming,
    where: Where,
    allow_production: tuple[str, ...],
    allow_untagged: tuple[str, ...],
    spending: Spending,
    reading: Reading,
    junit: Path | None,
    as_json: bool,
    **load: Any,
) -> None:
    """Replay SYSTEM's patterns against its tables, and record what came of it.

    `all` loads every system in one run: they share the users, or the rate, evenly, and each has a
    record of its own.

    \b
    loadstone run cmz --users 20 --duration 30s
    loadstone run cmz --mix read-heavy --endpoint http://localhost:8000
    loadstone run cmz --throttle provisioned:100rcu,50wcu
    loadstone run cmz --rate 200ops/s --shape ramp:from=10,over=60s --duration 5m
    loadstone run cmz --rate 100ops/s --find-max --objective 'p99 < 20ms'
    loadstone run cmz --objective 'throttle_rate < 0.1%' --junit objectives.xml --abort-on-miss
    loadstone run all --users 50
    """
    refuse_out_of_play(
        reading, "failed_condition", "no answer tells what one costs; `loadstone plan --run` asks"
    )
    load["reading"] = reading.chosen
    systems = asked_systems(system, where.project, load["mix"])
    say_unheeded(systems, naming)
    refuse_unshared(systems, settled(load))
    refuse_nothing_to_judge(systems, load["objective"], junit)
    if throttle:
        from loadstone.gate.asked import refuse_throttle

        refuse_throttle(where.endpoint, throttle, os.environ)
    if not agreed_to_run(
        systems,
        where,
        naming,
        settled(load),
        spending,
        allow_production=allow_production,
        allow_untagged=allow_untagged,
        as_json=as_json,
    ):
        return
    path, well = replay(
        systems,
        where,
        naming,
        {**load, "budget": spending.budget_usd, "prices": spending.prices_file},
        allow_production=allow_production,
        allow_untagged=allow_untagged,
        throttle=throttle,
    )
    records = records_of_each(path, systems)
    print_records(records, as_json=as_json)
    passed = judge_records(records.values(), junit=junit, quiet=as_json)
    exit_if_interrupted(Run.load(each) for each in records.values())
    if not passed or not well:
        raise SystemExit(1)


def exit_if_interrupted(runs: Iterable[Run]) -> None:
    """With the code of a process that Ctrl-C, or who runs it, has ended."""
    for run in runs:
        if run.ending.how == "interrupted":
            by = signal.SIGTERM if run.ending == TOLD_TO_END else signal.SIGINT
            raise SystemExit(128 + by)


def replay(
    systems: Sequence[System],
    where: Where,
    naming: Naming,
    load: Mapping[str, Any],
    *,
    allow_production: tuple[str, ...] = (),
    allow_untagged: tuple[str, ...] = (),
    throttle: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
) -> tuple[Path, bool]:
    """Run Locust until it ends; where its record is, and whether all went well."""
    duration = load["duration"]
    if duration is not None:
        check_duration(duration)
    load = settled(load)
    kind = systems[0].id if len(systems) == 1 else ALL
    name = load["name"] or f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    values = {
        "budget": None,
        "prices": None,
        **load,
        "name": name,
        "endpoint": where.endpoint,
        "region": where.region,
        "stage": naming.stage,
        "prefix": naming.prefix,
    }
    files = dict.fromkeys(str(locustfile(each, where.project)) for each in systems)
    command = [sys.executable, "-m", "locust", "-f", ",".join(files)]
    # Without its log, Locust prints no tables of its own: the record has it all.
    command += ["--headless", "--only-summary", "--skip-log-setup"]
    for option, flag in LOCUST.items():
        if values[option] not in (None, ""):
            command += [flag, str(values[option])]
    for word in allow_production:
        command += ["--allow-production", word]
    for table in allow_untagged:
        command += ["--allow-untagged", table]
    command += arguments(load)
    for limits in throttle:
        command += ["--throttle", limits]
    for choice in load.get("reading", ()):
        command += ["--reading", choice]
    runs = where.state / "runs" if where.project else runs_folder()
    make_folder(runs.parent)
    code = _wait_for(
        command, {**_environment(systems, where), **(environ or {})}, record=runs / name
    )
    if code == 2:
        # It has been said on stderr by the process that found it out.
        raise SystemExit(2)
    try:
        path = find_runs(name, runs)[0]
    except LoadstoneError:
        raise BadValue(f"Locust ended with exit code {code} before the run began") from None
    return path if len(systems) == 1 else path.parent, code == 0


def locustfile(system: System, project: Path | None) -> Path:
    """The system's own locustfile, else one that serves any system."""
    return own_locustfile(system, project) or _DEFAULT_LOCUSTFILE


def own_locustfile(system: System, project: Path | None) -> Path | None:
    roots = [root for root in (project_root(project), content_root()) if root]
    files = [root / "locustfiles" / f"{system.id}.py" for root in roots]
    return next((file for file in files if file.is_file()), None)


def _environment(systems: Sequence[System], where: Where) -> dict[str, str]:
    """The default locustfile has a user for each system that is named here."""
    names = [each.id for each in systems if not own_locustfile(each, where.project)]
    environ = {**os.environ, **handed_on(), "LOADSTONE_SYSTEM": ",".join(names)}
    if where.project:
        environ["LOADSTONE_PROJECT"] = str(where.project.resolve())
    if where.profile:
        environ["AWS_PROFILE"] = where.profile
    return environ


def _wait_for(command: list[str], environ: Mapping[str, str], *, record: Path) -> int:
    """The exit code of Locust, which has a process group of its own, so that all it hears of
    Ctrl-C is what we tell it: to end in good order, or just to end when `record` has not begun.
    """
    process: subprocess.Popen[bytes] | None = None
    told: int | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = told or number
        if process is not None:
            interrupts = number == signal.SIGINT and record.exists()
            # A terminal that hangs up, too, is no reason to cut off a record.
            process.send_signal(number if interrupts else signal.SIGTERM)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        process = subprocess.Popen(
            tied(command, signal.SIGTERM),  # nobody else would end it, were we killed
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**environ, SPOKEN_FOR: "1"},
            process_group=0,
        )
        if told:
            process.terminate()
        with process:
            code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if told and not record.exists():
        if told == signal.SIGINT:
            raise KeyboardInterrupt
        click.echo("loadstone: told to end before the run began", err=True)
        raise SystemExit(128 + signal.SIGTERM)
    return code
