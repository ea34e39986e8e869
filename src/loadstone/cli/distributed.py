"""`--master` and `--worker HOST`: a seed on several machines, as a run of Locust."""

from __future__ import annotations

import functools
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from loadstone.errors import BadValue
from loadstone.target import Where

if TYPE_CHECKING:
    from loadstone.cli.attended import Attended
    from loadstone.client.target import Target
    from loadstone.seeding.crews import Crew
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.job import Job

LOCUSTFILE = Path(__file__).resolve().parent.parent / "locust" / "seed_locustfile.py"
MASTER_PORT, WEB_PORT = 5557, 8089  # Locust's own
HERE = "127.0.0.1"
ADDRESS_WITHIN_S, ADDRESS_EVERY_S = 60.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What `--master --worker --expect-workers --master-port --web-host --web-port` say."""

    master: bool = False
    worker: str | None = None
    expected: int | None = None
    port: int = MASTER_PORT
    web_host: str = HERE
    web_port: int = WEB_PORT

    def check(self, processes: int) -> None:
        """BadValue for what does not go together."""
        if self.master and self.worker:
            raise BadValue("--master and --worker: a process is one of them")
        if self.expected and not self.master:
            raise BadValue("--expect-workers is for the master: add --master")
        if self.master and processes > 1:
            raise BadValue("--processes is for each worker to say: the master writes nothing")


def distribution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Everything about several machines, passed on as `spread`."""

    @functools.wraps(command)
    def gathered(
        *args: Any,
        master: bool,
        worker: str | None,
        expect_workers: int | None,
        master_port: int,
        web_host: str,
        web_port: int,
        **kwargs: Any,
    ) -> Any:
        spread = Spread(
            master=master,
            worker=worker,
            expected=expect_workers,
            port=master_port,
            web_host=web_host,
            web_port=web_port,
        )
        return command(*args, spread=spread, **kwargs)

    port = click.IntRange(1, 65535)
    options = (
        click.option("--master", is_flag=True, help="Have workers on other machines write it."),
        click.option(
            "--worker", metavar="HOST", help="Write what the master on HOST hands out, and no more."
        ),
        click.option(
            "--expect-workers",
            type=click.IntRange(1),
            metavar="N",
            help="The master begins when so many are there; 1 unless told otherwise.",
        ),
        click.option(
            "--master-port",
            type=port,
            default=MASTER_PORT,
            show_default=True,
            help="Where workers meet their master.",
        ),
        click.option(
            "--web-host",
            default=HERE,
            show_default=True,
            help="Who may see the master's page: an address of this machine, or * for everybody.",
        ),
        click.option(
            "--web-port",
            type=port,
            default=WEB_PORT,
            show_default=True,
            help="Where the master's page is.",
        ),
    )
    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def master_crew(spread: Spread, target: Target, load: Attended) -> Callable[[Job], Crew]:
    """Workers that come to a master of Locust's, and its page."""
    from loadstone.cli.seed_rows import Rows
    from loadstone.seeding.relayed import RelayedCrew

    # Where the engine can be reached from this machine alone, so can its master.
    local = target.kind == "embedded"
    _refuse_taken(HERE if local else "", spread.port, "--master-port")
    _refuse_taken("" if spread.web_host == "*" else spread.web_host, spread.web_port, "--web-port")
    expected = spread.expected or 1
    command = [
        *_locust("--master"),
        *("--master-bind-host", HERE if local else "*", "--master-bind-port", str(spread.port)),
        "--only-summary",
        *("--web-host", spread.web_host, "--web-port", str(spread.web_port)),
    ]

    def crew(job: Job) -> Crew:
        count = f"{expected} workers" if expected > 1 else "a worker"
        port = f" --master-port {spread.port}" if spread.port != MASTER_PORT else ""
        worker = f"{HERE if local else socket.gethostname()}{port}"
        page = "localhost" if spread.web_host == "*" else spread.web_host
        say = load.progress.say
        say(
            f"waiting for {count}: `loadstone seed {job.system} --worker {worker}`; progress: "
            f"http://{page}:{spread.web_port}/?tab=seed"
        )
        if local:
            say("the embedded engine is on this machine alone, and so are its workers")
        return RelayedCrew(
            job,
            target,
            command,
            expected=expected,
            stop=load.stop,
            say=say,
            rows=Rows(load.costs),
        )

    return crew


def become_worker(
    spread: Spread,
    system: str,
    asked: Asked,
    where: Where,
    *,
    processes: int,
    in_flight: int | None,
    say: Callable[[str], None],
) -> NoReturn:
    """This process becomes Locust's, so that signals and the exit are its own."""
    from loadstone.seeding.elsewhere import OWN, Own

    own: Own = {
        "system": system,
        "scale": asked.scale,
        "seed": asked.seed,
        "as_of_s": int(asked.as_of.timestamp()) if asked.as_of else None,
        "locales": list(asked.locales) if asked.locales else None,
        "project": str(where.project.resolve()) if where.project else None,
        "endpoint": where.endpoint,
        "region": where.region,
        "profile": where.profile,
        "in_flight": in_flight,
    }
    host = HERE if spread.worker == "localhost" else str(spread.worker)
    command = [
        *_locust("--worker"),
        *("--master-host", host, "--master-port", str(spread.port)),
        *(("--processes", str(processes)) if processes > 1 else ()),
    ]
    environ: Mapping[str, str] = {**os.environ, OWN: json.dumps(own)}
    await_address(host, say=say)
    say(f"waiting for the master at {spread.worker}:{spread.port}")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, command, dict(environ))


def await_address(
    host: str,
    *,
    say: Callable[[str], None],
    within_s: float = ADDRESS_WITHIN_S,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Until a host has an address: the name of a container comes with it. BadValue when none has
    come for this long: Locust itself would ask for ever."""
    for turn in range(max(1, round(within_s / ADDRESS_EVERY_S))):
        try:
            socket.getaddrinfo(host, None)
        except OSError as error:
            why = error.strerror
        else:
            return
        if not turn:
            say(f"--worker {host} has no address yet ({why}): asking for {within_s:g} s")
        pause(ADDRESS_EVERY_S)
    raise BadValue(
        f"--worker {host}: no such host ({why}) for {within_s:g} s: "
        "name the machine that `loadstone seed --master` runs on"
    )


def _locust(kind: str) -> list[str]:
    # Without its log, Locust prints no tables of its own.
    return [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), kind, "--skip-log-setup"]


def _refuse_taken(host: str, port: int, flag: str) -> None:
    """Now, and not when the tables are made and everything is asked."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise BadValue(
            f"{flag} {port}: {error.strerror} ({host or 'any address'}): pass another one, or stop "
            "what uses it"
        ) from error
