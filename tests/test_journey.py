"""From nothing to a report, with real parts: the engine, Locust, the record."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from loadstone.aws.session import dynamodb
from loadstone.client.target import Target
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from tests.commands import Ran, free_port, loadstone
from tests.conftest import ENGINE_CACHE
from tests.counted import check_single_reads, counted_calls, counting

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose tables are seeded with 5,000 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("place")
    ran = command(folder, engine, "tables", "create", "cmz")
    assert ran.code == 0, ran.err
    ran = command(folder, engine, "seed", "cmz", "--scale", "5000")
    assert ran.code == 0, ran.err
    yield folder
    assert command(folder, engine, "tables", "drop", "cmz", "--yes").code == 0


def command(folder: Path, engine: Engine, *arguments: str) -> Ran:
    return loadstone(*arguments, cwd=folder, environ=at(engine))


def at(engine: Engine) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, "CONVERSATION_TABLE_NAME": "cmz-journey"}


def record(folder: Path, name: str) -> Run:
    return Run.load(folder / STATE / "runs" / name)


def test_a_run_is_recorded_and_reported(place: Path, engine: Engine) -> None:
    """`loadstone run` replays every pattern of its mix, fails none, and its record can be read."""
    ran = command(
        place, engine, "run", "cmz", "--duration", "4s", "--name", "first", "--sampled", "1"
    )
    assert ran.code == 0, ran.err
    assert "none failed" in ran.out
    run = record(place, "first")
    assert str(run.ending) == "completed"
    assert set(run.measured) == set(run.header.patterns)
    assert run.header.dataset["scale"] == "5000"
    report = command(place, engine, "report", "first", "--format", "json")
    assert report.code == 0
    assert json.loads(report.out)
    html = command(place, engine, "report", "last")
    assert (place / html.out.strip()).read_text().startswith("<!doctype html>")


def items_in(target: Target, table: str) -> int:
    """How many items a table holds, counted by the table."""
    pages = dynamodb(target).get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return sum(page["Count"] for page in pages)


def test_units_are_what_the_table_counts(place: Path, engine: Engine, target: Target) -> None:
    """What a run wrote is what the table has more of afterwards, to the last call in flight: one
    unit for each new item, on the table and on each index that it is in."""
    before = items_in(target, "cmz-journey")
    asked = ("--users", "60", "--mix", "write-heavy", "--duration", "3s", "--name", "units")
    assert command(place, engine, "run", "cmz", *asked).code == 0
    written = items_in(target, "cmz-journey") - before
    assert written > 0
    run = record(place, "units")
    counted: Counter[str | None] = Counter()
    for pattern in ("ask", "answer"):
        for (_, index), (read, write) in run.measured[pattern].counts.units.items():
            assert read == 0
            counted[index] += round(write)
    assert counted[None] == counted["SessionIndex"] == counted["AnimalIndex"] == written
    assert 0 < counted["ParentUserIndex"] <= written
    assert written == sum(
        items for second in run.seconds for items, _, _ in second.written.values()
    )
    check_single_reads(run.measured["one-message"].counts, "cmz-journey")


def test_workers_and_a_master_make_one_record(place: Path, engine: Engine) -> None:
    """Two real workers and a master leave one record, whose calls are those that Locust was told
    of."""
    file, port = counting(ROOT / "locustfiles" / "cmz.py", place / "counted"), str(free_port())
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(file)),
            *("--headless", "-u", "6", "-r", "6", "-t", "4s", "--host", engine.url),
            *("--processes", "2", "--run-name", "workers"),
            *("--master-bind-port", port, "--master-port", port),
        ],
        cwd=place,
        env={**os.environ, **at(engine)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    run = record(place, "workers")
    assert run.header.workers == 2
    assert [worker.info.number for worker in run.workers] == [0, 1]
    assert run.problems == ()
    calls = {name: tally.counts.calls for name, tally in run.measured.items()}
    assert calls == counted_calls(file.parent)


def test_plain_locust_is_the_same_run(place: Path, engine: Engine) -> None:
    """`locust -f locustfiles/cmz.py` records what `loadstone run` does, and tells Locust of each
    operation once."""
    stats = place / "stats.json"
    with stats.open("wb") as out:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(ROOT / "locustfiles" / "cmz.py")),
                *("--headless", "-u", "5", "-r", "5", "-t", "3s", "--host", engine.url),
                *("--run-name", "plain", "--json", "--mix", "journeys"),
            ],
            cwd=place,
            env={**os.environ, **at(engine)},
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()
    run = record(place, "plain")
    locusts = {row["name"]: row["num_requests"] for row in orjson.loads(stats.read_bytes())}
    assert {name: tally.counts.calls for name, tally in run.measured.items()} == locusts
    assert run.header.configuration["mix"] == "journeys"


@pytest.mark.parametrize("send", [os.killpg, os.kill], ids=["ctrl-c", "to-the-process-alone"])
def test_interrupted_runs_say_so(
    place: Path, engine: Engine, send: Callable[[int, int], None]
) -> None:
    """An interrupt ends a run in good order, whether the terminal sends it or somebody else: the
    record is whole, and says that it was interrupted, and so does the exit."""
    name = f"cut-by-{send.__name__}"
    with subprocess.Popen(
        [sys.executable, "-m", "loadstone", "run", "cmz", "--duration", "60s", "--name", name],
        cwd=place,
        env={**os.environ, **at(engine)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "ops/s" in line:
                send(process.pid, signal.SIGINT)
                break
        process.stderr.read()
    assert process.returncode == 130
    run = record(place, name)
    assert run.ending.how == "interrupted"
    assert run.measured
    assert run.problems == ()


def test_a_run_that_has_not_begun_is_just_over(place: Path, tmp_path: Path, engine: Engine) -> None:
    """Interrupted while it prepares, a run ends with 130 and in a word, and leaves no record."""
    (tmp_path / "pyproject.toml").write_text("[tool.loadstone]\n")
    (tmp_path / "locustfiles").mkdir()
    (tmp_path / "locustfiles" / "cmz.py").write_text(
        "import sys, time\nprint('preparing', file=sys.stderr, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "loadstone", "run", "cmz"],
        cwd=tmp_path,
        env={**os.environ, **at(engine)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "preparing" in line:
                process.send_signal(signal.SIGINT)
                break
        said = process.stderr.read()
    assert (process.returncode, said.strip()) == (130, "interrupted")
    assert not (tmp_path / STATE / "runs").exists()


def test_a_dead_engine_ends_the_run(tmp_path: Path) -> None:
    """When the embedded engine dies, the run says so, ends, and is not left hanging."""
    (tmp_path / STATE).mkdir()
    shutil.copytree(ENGINE_CACHE, tmp_path / STATE / "engine")
    assert loadstone("seed", "cmz", "--scale", "200", cwd=tmp_path).code == 0
    with subprocess.Popen(
        [sys.executable, "-m", "loadstone", "run", "cmz", "--duration", "60s", "--name", "dead"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DYNAMODB_"))},
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "ops/s" in line:
                found = orjson.loads((tmp_path / STATE / "engine.json").read_bytes())
                subprocess.run(["pkill", "-9", "-P", str(found["pid"]), "dynoxide"], check=True)
                break
        said = process.stderr.read()
    assert process.returncode == 1
    assert said.count("loadstone: the embedded engine died: killed by signal 9;") == 1
    assert "Traceback" not in said
    run = Run.load(tmp_path / STATE / "runs" / "dead")
    assert run.ending.how == "failed"


def test_demo_leaves_nothing_running(tmp_path: Path) -> None:
    """The demo goes from nothing to a report, and its engine is gone afterwards."""
    (tmp_path / STATE).mkdir()
    shutil.copytree(ENGINE_CACHE, tmp_path / STATE / "engine")
    ran = loadstone("demo", "cmz", "--scale", "500", "--duration", "3s", cwd=tmp_path)
    assert ran.code == 0, ran.err
    report = tmp_path / ran.out.rpartition("report: ")[2].strip()
    assert report.is_file()
    assert {path.name for path in tmp_path.iterdir()} == {STATE}
    url = ran.err.partition("http://127.0.0.1:")[2].partition(",")[0]
    assert subprocess.run(["pgrep", "-f", f"dynoxide.*{url}"], check=False).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["seed", "acz"], "no system 'acz'; there"),
        (["run", "cmz", "--mix", "rush"], "in cmz 'rush'; there are the mixes balanced"),
        (["run", "cmz", "--duration", "soon"], "--duration soon: write it as 30s"),
        (
            ["run", "cmz", "--duration", "0s"],
            "0s: a load lasts longer than nothing",
        ),
        (["run", "cmz", "--name", "../x"], "is no name for a run"),
        (["preview", "cmz.Lion"], "no entity in cmz 'Lion'"),
        (["seed", "cmz", "--scale", "0"], "--scale 0: a scale is a number of items from 1"),
        (["seed", "cmz", "--scale", "-1"], "--scale -1: a scale is"),
        (["seed", "cmz", "--scale", "abc"], "--scale abc: a scale is"),
        (["tables", "create", "cmz", "--stage", "Not A Stage"], "is no stage"),
        (["seed", "cmz", "--endpoint", "http://127.0.0.1:1"], "http://127.0.0.1:1"),
        (["seed", "cmz", "--endpoint", "nonsense"], "nonsense"),
        (["report", "nosuch"], "no run 'nosuch'"),
        (["preview", "cmz", "--locale", "xx_YY"], "Faker knows no locale"),
        (["seed", "cmz", "--endpoint", "aws"], "credentials"),
        (["frobnicate"], "no command 'frobnicate'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_asked_wrongly_is_said_in_a_line(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Bad input ends with exit code 2 and a line that says what to do; never with a traceback."""
    environ = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-west-2"}
    ran = loadstone(*arguments, cwd=tmp_path, environ=environ)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_run_without_data_says_how_to_get_some(tmp_path: Path, engine: Engine) -> None:
    """Running before seeding is refused, with the command that makes and fills tables at
    an endpoint, where `seed` makes none."""
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, "CONVERSATION_TABLE_NAME": "not-there"}
    ran = loadstone("run", "cmz", cwd=tmp_path, environ=environ)
    assert ran.code == 2
    assert "there is no table not-there: `loadstone up cmz" in ran.err


def test_a_run_refuses_production(place: Path, engine: Engine) -> None:
    """A run that writes to what looks like production is refused until a word allows it."""
    environ = {**at(engine), "CONVERSATION_TABLE_NAME": "cmz-prod"}
    made = loadstone(
        "tables", "create", "cmz", "--allow-production", "prod", cwd=place, environ=environ
    )
    assert made.code == 0, made.err
    ran = loadstone("run", "cmz", "--duration", "1s", cwd=place, environ=environ)
    assert ran.code == 2
    assert "this looks like production: table 'cmz-prod'" in ran.err
    assert "Traceback" not in ran.err
    dropped = loadstone(
        "tables", "drop", "cmz", "--yes", "--allow-production", "prod", cwd=place, environ=environ
    )
    assert dropped.code == 0, dropped.err


def test_running_before_seeding_is_one_line(tmp_path: Path) -> None:
    """On the embedded engine too, the commonest slip is answered with a line, not a traceback."""
    (tmp_path / STATE).mkdir()
    shutil.copytree(ENGINE_CACHE, tmp_path / STATE / "engine")
    ran = loadstone("run", "cmz", cwd=tmp_path)
    assert ran.code == 2
    assert "loadstone seed cmz" in ran.err
    assert "Traceback" not in ran.err


def test_a_fixture_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """A mistake in a fixture is said with its file and line, and the other systems are listed."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "broken.py").write_text("from loadstone import Table\n\nTabel('x')\n")
    ran = loadstone("systems", "--project", str(tmp_path), cwd=tmp_path)
    assert ran.code == 2
    assert "broken.py:3 uses 'Tabel', which is not declared above it" in ran.err
    assert "Traceback" not in ran.err
    assert "cmz" in ran.out


def test_tags_leave_what_they_name(place: Path, engine: Engine) -> None:
    """Locust's `--tags` and `--exclude-tags` narrow the mix by its entries' ids, operations, and
    whether they read; tags that leave nothing are refused, and the tags there are said."""
    asked = ("--headless", "-u", "3", "-r", "3", "-t", "3s", "--host", engine.url)

    def tagged(name: str, *tags: str) -> subprocess.CompletedProcess[str]:
        file = str(ROOT / "locustfiles" / "cmz.py")
        return subprocess.run(
            [sys.executable, "-m", "locust", "-f", file, *asked, "--run-name", name, *tags],
            cwd=place,
            env={**os.environ, **at(engine)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = tagged("tagged", "--tags", "Query", "one-message", "--exclude-tags", "users-session")
    assert done.returncode == 0, done.stderr
    patterns = set(record(place, "tagged").header.patterns)
    assert {"one-message", "session-messages"} <= patterns
    assert not patterns & {"ask", "answer", "users-session"}
    nothing = tagged("nothing", "--tags", "nosuch")
    assert nothing.returncode == 2
    assert "users-conversations" in nothing.stderr
