"""What a run costs: told and asked about before it, and its end when the budget is reached."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from loadstone.aws.control import Control
from loadstone.aws.session import DUMMY
from loadstone.cli import run as run_module
from loadstone.cli.run import run as run_command
from loadstone.client.target import Target
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.naming import Naming
from loadstone.run import Run
from loadstone.system import load_system
from loadstone.target import Where
from tests.as_aws import dear_prices, environ_as_aws
from tests.commands import Ran, loadstone

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table holds 2,000 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("billed")
    for arguments in (["tables", "create", "cmz"], ["seed", "cmz", "--scale", "2000"]):
        ran = loadstone(*arguments, cwd=folder, environ=plain(engine))
        assert ran.code == 0, ran.err
    yield folder
    dropped = loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=plain(engine))
    assert dropped.code == 0, dropped.err


def plain(engine: Engine) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": engine.url,
        "CONVERSATION_TABLE_NAME": "cmz-billed",
        "AWS_REGION": "us-west-2",
    }


def command(folder: Path, engine: Engine, *flags: str) -> Ran:
    """`loadstone run` against an engine that it takes for AWS, where a unit costs a cent."""
    environ = {**plain(engine), **environ_as_aws(folder)}
    prices = str(dear_prices(folder))
    return loadstone("run", "cmz", "--prices", prices, *flags, cwd=folder, environ=environ)


def test_a_run_is_priced_and_asked_about(place: Path, engine: Engine) -> None:
    """On AWS a run tells its estimate, is refused above the budget and without a yes, and leaves no
    record then; with a yes it runs."""
    told = command(place, engine, "--duration", "60s", "--dry-run", "--json")
    assert told.code == 0, told.err
    plan = orjson.loads(told.out)
    assert plan["estimate"]["read_units"] > 0
    assert plan["estimate"]["write_units"] > 0
    assert "a call is taken to last 5 ms" in plan["estimate"]["assumed"]
    refused = command(place, engine, "--duration", "60s", "--name", "no", "--yes", "--budget", "1")
    assert refused.code == 2
    assert "nothing was sent: about" in refused.err
    unasked = command(place, engine, "--duration", "1s", "--name", "no")
    assert unasked.code == 2
    assert "nobody said yes" in unasked.err
    assert not (place / STATE / "runs" / "no").exists()
    asked = ("--duration", "2s", "--users", "2", "--name", "yes", "--yes", "--budget", "500")
    ran = command(place, engine, *asked)
    assert ran.code == 0, ran.err
    assert "to be sent: " in ran.err
    assert "time: 2 s" in ran.err
    run = Run.load(place / STATE / "runs" / "yes")
    assert {price["usd"] for price in run.header.prices} >= {"10000"}


def test_what_is_refused_is_not_asked_about(place: Path, engine: Engine) -> None:
    """A run that would write to what looks like production, or to a table without the tag, is
    refused before anybody is asked."""
    refused = command(place, engine, "--duration", "1s", "--stage", "prod")
    assert refused.code == 2
    assert "this looks like production: stage 'prod'" in refused.err
    assert "to be sent" not in refused.err
    control = Control(at(engine), say=lambda _: None)
    live = control.read("cmz-billed")
    assert live is not None
    control.untag(live, ["loadstone"])
    try:
        untagged = command(place, engine, "--duration", "1s")
        allowed = command(place, engine, "--duration", "1s", "--allow-untagged", "cmz-billed")
    finally:
        control.tag(live, {"loadstone": "cmz"})
    assert "--allow-untagged cmz-billed" in untagged.err
    assert "to be sent" not in untagged.err
    assert "to be sent" in allowed.err


def at(engine: Engine) -> Target:
    return Target(url=engine.url, region="us-west-2", kind="endpoint", credentials=lambda: DUMMY)


def test_a_rate_is_so_many_operations(place: Path, engine: Engine) -> None:
    """Open arrivals are priced by their number; a search, which has no end, by an hour of its first
    rate, and whatever its budget."""
    rate = ("--rate", "50ops/s", "--duration", "20s")
    told = command(place, engine, *rate, "--dry-run", "--json")
    assert orjson.loads(told.out)["estimate"]["items"] == 1000
    search = command(place, engine, "--rate", "50ops/s", "--find-max", "--dry-run")
    assert "180,000 operations" in search.out
    assert "not known before" in search.out


def test_a_local_run_is_not_asked_about(place: Path, engine: Engine) -> None:
    """A run of a local engine says nothing of money, but that a budget is not in play."""
    asked = ("run", "cmz", "--duration", "1s", "--users", "1", "--budget", "5")
    ran = loadstone(*asked, cwd=place, environ=plain(engine))
    assert ran.code == 0, ran.err
    assert "--budget is not in play" in ran.err
    assert "to be sent" not in ran.err


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["alone", "two-workers"])
def test_a_run_ends_with_its_budget(place: Path, engine: Engine, processes: list[str]) -> None:
    """A run whose budget is reached ends in good order, whether one process spends or several
    together: the record is whole and says why, nothing goes on, and the exit code is 1."""
    name = f"spent-{len(processes)}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LOADSTONE_"))}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(ROOT / "locustfiles" / "cmz.py")),
            *("--headless", "-u", "10", "-r", "10", "-t", "90s", "--only-summary"),
            *("--budget", "8", "--prices", str(dear_prices(place)), "--run-name", name),
            *processes,
        ],
        cwd=place,
        env={**kept, **plain(engine), **environ_as_aws(place)},
        capture_output=True,
        text=True,
        check=False,
        timeout=80,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("the budget of 8 USD is reached") == 1
    run = Run.load(place / STATE / "runs" / name)
    assert run.ending.how == "stopped"
    assert "the budget of 8 USD is reached" in run.ending.reason
    assert run.problems == ()
    assert len(run.workers) == (2 if processes else 1)
    units = sum(t.counts.read_units + t.counts.write_units for t in run.measured.values())
    assert units >= 800
    assert run.lasted_s < 60
    if processes:
        # Neither has spent it alone.
        of_worker = {
            worker.info.number: sum(
                read + write
                for second in run.seconds
                if second.worker == worker.info.number
                for *_, read, write in second.all.get("units", ())
            )
            for worker in run.workers
        }
        assert max(of_worker.values()) < units


def test_a_search_ends_with_its_budget(place: Path, engine: Engine) -> None:
    """A search for the highest rate that has spent its budget ends in good order, and is not told
    as one that came to its end."""
    asked = ("--rate", "60ops/s", "--find-max", "--objective", "p99 < 60s", "--step", "60s")
    ran = command(place, engine, *asked, "--budget", "6", "--yes", "--name", "searched")
    assert ran.code == 1, ran.err
    assert ran.err.count("the budget of 6 USD is reached") == 1
    assert "stopped: the budget of 6 USD is reached" in ran.out
    run = Run.load(place / STATE / "runs" / "searched")
    assert run.ending.how == "stopped"
    assert run.problems == ()
    assert not run.searched


def test_locust_is_told_of_the_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What `loadstone run` is given to spend, and the prices, Locust is given too."""
    sent: list[list[str]] = []

    def wait_for(command: list[str], environ: object, *, record: Path) -> int:
        sent.append(command)
        return 2

    monkeypatch.setattr(run_module, "_wait_for", wait_for)
    load: dict[str, Any] = run_command.make_context("run", ["cmz"]).params
    load |= {"budget": "2.5", "prices": tmp_path / "p.toml", "duration": "5s", "name": "spent"}
    with pytest.raises(SystemExit):
        run_module.replay([load_system("cmz")], Where(), Naming(), load)
    (command,) = sent
    assert command[command.index("--budget") + 1] == "2.5"
    assert command[command.index("--prices") + 1] == str(tmp_path / "p.toml")
