"""Runs with open arrivals, with real parts: the engine, Locust, its workers, the record."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from math import sqrt
from pathlib import Path

import pytest

from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from loadstone.run.figures import figures
from loadstone.run.find_max import CONFIRMED, highest
from tests.between import Between
from tests.commands import Ran, free_port, loadstone
from tests.counted import counted_calls, counting

ROOT = Path(__file__).resolve().parent.parent
TABLE = {"CONVERSATION_TABLE_NAME": "cmz-arrivals"}

#: Ends a run when one worker of two has all users, and tells how many each that is there has.
#: The master tells of the users of each worker when they are so many, and then ends the run.
TELLING_USERS = """
import gevent
from locust import events
from locust.runners import MasterRunner


def look_on(runner):
    for wanted in WANTED:
        while [each.user_count for each in runner.clients.running] != wanted:
            gevent.sleep(0.1)
        print("USERS", wanted, flush=True)
    runner.quit()


@events.test_start.add_listener
def watch(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        gevent.spawn(look_on, environment.runner)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 1,000 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("place")
    environ = at(engine.url)
    for arguments in (("tables", "create", "cmz"), ("seed", "cmz", "--scale", "1000")):
        ran = loadstone(*arguments, cwd=folder, environ=environ)
        assert ran.code == 0, ran.err
    yield folder
    assert loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=environ).code == 0


def at(url: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": url, **TABLE}


def run(folder: Path, url: str, name: str, *arguments: str) -> tuple[Ran, Run]:
    """`loadstone run cmz --name NAME`, and its record."""
    ran = loadstone("run", "cmz", "--name", name, *arguments, cwd=folder, environ=at(url))
    assert "Traceback" not in ran.err, ran.err
    return ran, record(folder, name)


def record(folder: Path, name: str) -> Run:
    return Run.load(folder / STATE / "runs" / name)


def distributed(folder: Path, url: str, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Plain Locust with two workers, on a port that nobody else's workers know."""
    file, port = counting(ROOT / "locustfiles" / "cmz.py", folder / f"counted-{name}"), free_port()
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "locust", "-f", str(file)),
            *("--headless", "--host", url, "--processes", "2", "--run-name", name),
            *("--master-bind-port", str(port), "--master-port", str(port), *arguments),
        ],
        cwd=folder,
        env={**os.environ, **at(url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def kill_a_worker(process: subprocess.Popen[bytes], parts: Path) -> None:
    os.kill(a_worker(process, parts), signal.SIGKILL)


def a_worker(process: subprocess.Popen[bytes], parts: Path) -> int:
    """One of two, when both have written seconds of a run."""
    while sum(part.read_bytes().count(b"\n") > 2 for part in parts.glob("part-*")) < 2:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"Locust ended with {process.wait(timeout=0.1)}")
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    )
    return int(children.stdout.split()[-1])


def assert_poisson(calls: float, due: float) -> None:
    """Within five standard deviations, and what the ends of a run cut off."""
    assert abs(calls - due) <= 5 * sqrt(due) + 0.05 * due, (calls, due)


def test_a_rate_is_kept(place: Path, engine: Engine) -> None:
    """What is asked for is what the rate says, all of it is done, and the warm-up is apart."""
    ran, kept = run(
        place, engine.url, "rate", "--rate", "120ops/s", "--duration", "8s", "--warm-up", "2.5",
        "--reading", "numbers=by-parts",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert str(kept.ending) == "completed"
    asked = sum(second.asked or 0 for second in kept.seconds)
    assert_poisson(asked, 120 * kept.lasted_s)
    found = figures(kept)
    assert_poisson(found.total.calls, 120 * found.measured_s)
    assert_poisson(found.warm_up_calls, 120 * 2.5)
    # A page takes the place of an arrival that may still be to come.
    assert found.asked == pytest.approx(found.total.calls, abs=10)
    assert asked == pytest.approx(found.total.calls + found.warm_up_calls, abs=10)
    assert kept.header.asked_per_s == 120
    assert kept.header.configuration["rate"] == "120ops/s"
    assert kept.header.configuration["reading"] == ["numbers=by-parts", "respelled=change"]
    assert "num_users" not in kept.header.configuration
    assert "ops/s  of " in ran.err
    assert "a second were asked for, and" in ran.out


def test_a_shape_is_followed(place: Path, engine: Engine) -> None:
    """The seconds of a spike ask for its rate, and those around it for the other."""
    shape = "spike:to=200,at=3s,for=2s"
    ran, kept = run(
        place, engine.url, "spike", "--rate", "20ops/s", "--shape", shape, "--duration", "8s",
        "--arrivals", "even",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    by_time = [(kept.span_s(second), second.asked or 0) for second in kept.seconds]
    before = sum(asked for (_, end_s), asked in by_time if end_s < 2.5)
    spike = sum(asked for (start_s, end_s), asked in by_time if start_s > 1.5 and end_s < 6.5)
    assert before <= 20 * 2.5 + 1
    assert spike >= 2 * 200
    whole = sum(asked for _, asked in by_time)
    assert whole == pytest.approx(20 * (kept.lasted_s - 2) + 2 * 200, rel=0.05)


def test_journeys_are_arrivals_step_by_step(place: Path, engine: Engine) -> None:
    """A mix of journeys with pauses gets the asked rate from its first second on."""
    ran, kept = run(
        place, engine.url, "steps", "--rate", "60ops/s", "--mix", "journeys", "--duration", "6s"
    )
    assert ran.code == 0, ran.err
    found = figures(kept)
    assert found.asked == found.total.calls
    assert_poisson(found.total.calls, 60 * kept.lasted_s)
    # Second steps come too: these are no first step of any journey.
    assert {"session-messages", "ask"} <= set(kept.measured)


def test_a_slow_server_makes_late_arrivals(place: Path, engine: Engine) -> None:
    """Where answers take longer than there are places for, arrivals are late and not dropped:
    latency counts their wait, service time does not, and the report says it."""
    with Between(engine.url, delay_s=0.1) as slow:
        ran, kept = run(
            place, slow.url, "slow", "--rate", "60ops/s", "--arrivals", "even", "--max-in-flight",
            "2", "--duration", "4s", "--mix", "read-heavy",
        )  # fmt: skip
    found = figures(kept)
    # Two places at 100 ms each are 20 a second at most.
    assert found.total.calls <= 20 * kept.lasted_s * 1.2
    assert found.late > found.total.calls / 2
    assert found.service.p50_us >= 100_000
    assert found.latency.p50_us > 3 * found.service.p50_us
    assert "arrivals were still waiting for a free place" in str(kept.workers[0].ending)
    assert "late: --max-in-flight is reached" in ran.err
    assert "arrivals found no free place and started late" in ran.out


def test_two_workers_share_the_rate(place: Path, engine: Engine) -> None:
    """A master and two workers ask together for what one process would, each for half of it; the
    master's terminal shows their sum and both of their loads, and Locust counts each call once."""
    process = distributed(
        place, engine.url, "shared", "--rate", "80ops/s", "-t", "16s", "--arrivals", "even"
    )
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    lines = [line for line in err.decode().splitlines() if " ops/s  of " in line]
    assert lines
    assert all(re.search(r" \d+% \d+% CPU", line) for line in lines[1:]), lines
    kept = record(place, "shared")
    assert kept.problems == ()
    asked = {0: 0, 1: 0}
    for second in kept.seconds:
        asked[second.worker] += second.asked or 0
    lasted_s = {
        worker.info.number: (worker.last_ms - worker.info.started_unix_ms) / 1000
        for worker in kept.workers
    }
    for worker in (0, 1):
        assert asked[worker] == pytest.approx(40 * lasted_s[worker], rel=0.1, abs=3)
    calls = {name: tally.counts.calls for name, tally in kept.measured.items()}
    assert calls == counted_calls(place / "counted-shared")


def test_a_master_says_what_is_played(place: Path, engine: Engine) -> None:
    """The mix, the tags and the tables that a master was started with are those of its workers,
    which were started with others."""
    prefixed = ("cmz", "--table-prefix", "told-")
    environ = at(engine.url)
    made = loadstone("up", *prefixed, "--scale", "300", cwd=place, environ=environ)
    assert made.code == 0, made.err
    port = str(free_port())
    locust = (sys.executable, "-m", "locust", "-f", str(ROOT / "locustfiles" / "cmz.py"))
    with subprocess.Popen(
        [*locust, "--worker", "--master-port", port, "--tags", "GetItem"],
        cwd=place,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as worker:
        ran = subprocess.run(
            [
                *(*locust, "--master", "--headless", "--master-bind-port", port),
                *("--expect-workers", "1", "-u", "3", "-r", "3", "-t", "20s", "--run-name", "said"),
                *("--mix", "session-messages:1,one-message:1", "--tags", "Query"),
                *("--table-prefix", "told-"),
            ],
            cwd=place,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        worker.kill()
    dropped = loadstone("tables", "drop", *prefixed, "--yes", cwd=place, environ=environ)
    assert dropped.code == 0, dropped.err
    assert ran.returncode == 0, ran.stderr
    kept = record(place, "said")
    assert set(kept.header.patterns) == {"session-messages"}
    assert set(kept.measured) == {"session-messages"}
    (table,) = {info.table for info in kept.header.patterns.values()}
    assert table == f"told-{TABLE['CONVERSATION_TABLE_NAME']}"


def test_a_dead_workers_share_goes_to_the_other(place: Path, engine: Engine) -> None:
    """When a worker is killed, the master says so, and the one that is left asks for all of it."""
    process = distributed(place, engine.url, "killed", "--rate", "60ops/s", "-t", "25s")
    kill_a_worker(process, place / STATE / "runs" / "killed")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "1 worker went away: the arrivals are shared by 1 now" in err.decode()
    kept = record(place, "killed")
    (lost,) = [worker for worker in kept.workers if worker.ending is None]
    rates = [
        (second.asked or 0) / second.span_s
        for second in kept.seconds
        if second.worker != lost.info.number
    ]
    assert sum(rates[-6:-1]) / 5 > 45
    told = [problem for problem in kept.problems if f"worker {lost.info.number}" in problem]
    assert told
    assert f"loadstone: {told[0]}" in err.decode()


def telling_users(
    place: Path, engine: Engine, name: str, wanted: list[list[int]]
) -> subprocess.Popen[bytes]:
    """Six users of two workers; the run ends when they have been shared as wanted, in turn."""
    file, port = place / f"{name}.py", free_port()
    locustfile = (ROOT / "locustfiles" / "cmz.py").read_text()
    file.write_text(f"{locustfile}\nWANTED = {wanted}\n{TELLING_USERS}")
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "6", "-r", "6"),
            *("--host", engine.url, "--processes", "2", "--run-name", name, "-t", "120s"),
            *("--master-bind-port", str(port), "--master-port", str(port)),
        ],
        cwd=place,
        env={**os.environ, **at(engine.url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def users_told(process: subprocess.Popen[bytes]) -> tuple[list[str], str]:
    """What was told of the users of each worker, and what was said beside it."""
    out, err = process.communicate(timeout=180)
    return [line for line in out.decode().splitlines() if line.startswith("USERS")], err.decode()


def test_a_dead_workers_users_go_to_the_other(place: Path, engine: Engine) -> None:
    """When a worker is killed, the one that is left plays on for all users; the master says so, and
    ends with 1, as what the other did last is missing."""
    process = telling_users(place, engine, "mourned", [[6]])
    kill_a_worker(process, place / STATE / "runs" / "mourned")
    told, err = users_told(process)
    assert told == ["USERS [6]"]
    assert "1 worker does not answer any more: the other plays on for all users" in err
    assert process.returncode == 1
    workers = record(place, "mourned").workers
    assert [worker.ending is None for worker in workers].count(True) == 1


def test_a_worker_that_is_back_has_its_users_again(place: Path, engine: Engine) -> None:
    """One that was held up for some seconds takes half of the users from the other, so that they
    are as many as were asked for; nothing is lost, and the run ends well."""
    process = telling_users(place, engine, "held-up", [[6], [3, 3]])
    worker = a_worker(process, place / STATE / "runs" / "held-up")
    os.kill(worker, signal.SIGSTOP)
    try:
        assert process.stdout is not None
        told = (line.decode() for line in process.stdout)
        assert "USERS [6]\n" in told
    finally:
        os.kill(worker, signal.SIGCONT)
    users, err = users_told(process)
    assert users == ["USERS [3, 3]"]
    assert process.returncode == 0, err
    assert all(worker.ending is not None for worker in record(place, "held-up").workers)


def test_the_highest_rate_is_found(place: Path, engine: Engine) -> None:
    """Before a server that throttles above a rate, the search ends near that rate, with each step
    in the record, on the terminal and in the report."""
    most_per_s = 60.0
    with Between(engine.url, most_per_s=most_per_s) as between:
        ran, kept = run(
            place, between.url, "highest", "--rate", "30ops/s", "--find-max", "--objective",
            "throttle_rate < 10%", "--step", "3s", "--settle", "0.5s", "--retries", "0", "--mix",
            "read-heavy",
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert str(kept.ending) == "completed"
    assert kept.searched
    best = highest(kept.trials)
    assert best is not None
    # A tenth may be throttled, and a bucket lets some more through.
    assert 0.7 * most_per_s <= best.rate_per_s <= 1.4 * most_per_s
    broke = [trial for trial in kept.trials if trial.outcome == "broke"]
    assert broke
    for trial in broke:
        assert trial.throttled >= 0.1 * trial.calls
        assert "throttle_rate < 10%: " in trial.why
    assert [trial.number for trial in kept.trials] == list(range(len(kept.trials)))
    for trial in kept.trials:
        assert trial.calls == pytest.approx(trial.asked, abs=10)
    assert "loadstone: 30.0 ops/s for 3 s:" in ran.err
    assert "The highest rate that held throttle_rate < 10% was" in ran.out
    for kind in ("md", "html"):
        reported = loadstone("report", "highest", "--format", kind, cwd=place)
        text = reported.out if kind == "md" else (place / reported.out.strip()).read_text()
        assert "The highest rate" in text
        assert "broke: throttle_rate &lt; 10%" in text or "broke: throttle_rate < 10%" in text
    told = json.loads(loadstone("report", "highest", "--json", cwd=place).out)
    assert len(told["trials"]) == len(kept.trials)
    checked = loadstone("check", "highest", "--objective", "highest_rate > 1000/s", cwd=place)
    assert checked.code == 1
    assert f"missed  highest_rate > 1000/s  {best.rate_per_s:.4g}/s" in checked.out
    assert re.search(r"\nmet     throttle_rate < 10%    [\d.]+%\n", checked.out)
    assert f"Judged at {best.rate_per_s:,.1f} a second, the highest rate that held." in checked.out


def test_the_limit_of_a_gate_is_found(place: Path, engine: Engine) -> None:
    """Before a gate that lets so many read units through, and more as long as its burst lasts, the
    rate that is found reads about that many, although far more held before the burst was spent."""
    # A message is read in half a unit.
    limit = 30.0 / 0.5
    ran, kept = run(
        place, engine.url, "gate", "--rate", f"{2 * limit:g}ops/s", "--find-max", "--objective",
        "throttle_rate < 5%", "--throttle", "provisioned:30rcu,30wcu,burst=30s", "--mix",
        "one-message:1", "--arrivals", "even", "--step", "4s", "--settle", "1s", "--retries", "0",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    best = highest(kept.trials)
    assert best is not None
    assert 0.7 * limit <= best.rate_per_s <= 1.25 * limit
    assert best.confirms
    assert best.measured_s == 4.0 * CONFIRMED
    assert kept.trials[0].outcome == "held"
    assert "ops/s for 24 s: " in ran.err
    assert "and so confirmed: a higher rate had used up what is kept for a burst" in ran.err
    assert "confirmed after a higher one had used up what is kept for a burst" in ran.out
    assert "Throttling was simulated, by provisioned:" in ran.out


def test_two_workers_search_together(place: Path, engine: Engine) -> None:
    """Each rate of a search is shared by the workers, and judged by what both of them say; one that
    is lower than was asked for ends the run with 1."""
    process = distributed(
        place, engine.url, "together", "--rate", "20ops/s", "--find-max", "--up-to", "40ops/s",
        "--step", "2s", "--settle", "0.5s", "--objective", "highest_rate > 500/s",
    )  # fmt: skip
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err.decode()
    assert "objective missed: highest_rate > 500/s: 40/s" in err.decode()
    kept = record(place, "together")
    assert kept.searched
    held = [trial.rate_per_s for trial in kept.trials if trial.outcome == "held"]
    assert held == [20, 40]
    for trial in kept.trials:
        assert_poisson(trial.asked, trial.rate_per_s * trial.measured_s)
    assert len(kept.workers) == 2


def test_a_search_that_finds_nothing_says_no(place: Path, engine: Engine) -> None:
    """Where no rate holds, the exit code is 1 and the answer says it."""
    ran, kept = run(
        place, engine.url, "nothing", "--rate", "2ops/s", "--find-max", "--objective", "p50 < 1us",
        "--step", "2s", "--settle", "0s",
    )  # fmt: skip
    assert ran.code == 1
    assert highest(kept.trials) is None
    assert "No rate that was tried held p50 < 1us" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "fast"], "--rate fast: write it as 200ops/s"),
        (["--rate", "9ops/s", "--users", "5"], "give one of the two"),
        (["--rate", "9ops/s", "--shape", "zigzag"], "no shape 'zigzag'"),
        (["--shape", "wave:low=1,every=9s"], "add --rate"),
        (["--find-max"], "say where it begins"),
        (["--rate", "9ops/s", "--find-max", "--objective", "p99 = 1"], "is not understood"),
        (["--objective", "speed < 1ms"], "is not understood"),
        (["--rate", "9ops/s", "--warm-up", "8", "--duration", "8s"], "--warm-up 8 takes all"),
        (["--warm-up", "60"], "--warm-up 60 takes all of the 30 s"),
        (["--warm-up", "1m"], "--warm-up 60 takes all of the 30 s"),
        (["--warm-up", "soon"], "--warm-up soon: write it as 30s, 5m or 1h30m"),
        (["--rate", "9ops/s", "--arrivals", "odd"], "there are poisson and even"),
        (["--arrivals", "even"], "--arrivals even goes with a rate"),
        (["--max-in-flight", "5"], "--max-in-flight 5 goes with a rate"),
        (["--rate", "9ops/s", "--step", "5s"], "--step 5s goes with a search: add --find-max"),
        (["--rate", "9ops/s", "--up-to", "90ops/s"], "--up-to 90ops/s goes with a search"),
        (["--rate", "9ops/s", "--spawn-rate", "5"], "--spawn-rate is of users, who pause"),
        (["--spawn-rate", "0"], "--spawn-rate 0: users come at more than 0 a second"),
        (["--spawn-rate", "-1"], "--spawn-rate -1: users come at more than 0 a second"),
        (["--spawn-rate", "nan"], "--spawn-rate nan: users come at more than 0 a second"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_asked_wrongly_ends_with_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    """Options that make no sense are refused in a line, before Locust starts."""
    ran = loadstone("run", "cmz", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "fast"], "--rate fast: write it as 200ops/s"),
        (["--warm-up", "5s", "-t", "5s"], "--warm-up 5 takes all of the 5 s"),
        (["--warm-up", "-1"], "--warm-up -1: it is 0 or more"),
        (["--retries", "-1"], "--retries -1: it is 0 or more"),
        (["--sampled", "2"], "--sampled 2: it is between 0 and 1"),
        (
            ["--rate", "9ops/s", "--find-max", "--objective", "p99(lions) < 1s"],
            "no pattern in this load 'lions'",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_plain_locust_refuses_the_same(
    place: Path, engine: Engine, arguments: list[str], said: str
) -> None:
    """The same options in plain Locust meet the same answers."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(ROOT / "locustfiles" / "cmz.py")),
            *("--headless", "--host", engine.url, *arguments),
        ],
        cwd=place,
        env={**os.environ, **at(engine.url)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (1, 2)
    assert said in done.stderr
