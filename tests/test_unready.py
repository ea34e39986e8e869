"""Runs of several processes that cannot begin: who says why, and how they end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import gevent
import pytest

from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from tests import locusts
from tests.commands import free_port, loadstone
from tests.locusts import WITHIN_S, ended, until, until_it_serves

TABLE = {"CONVERSATION_TABLE_NAME": "cmz-unready"}
NOBODY = "http://127.0.0.1:9"
LOCUSTFILE = """
from loadstone.locust import ScenarioUser, folding

folding.CLOSED_WITHIN_S = 3600


class CmzUser(ScenarioUser):
    system = "cmz"
"""

#: A master that is slow before it opens its target, or after it has found that all are there.
SLOW_MASTER = """
import sys
import gevent
from locust import events
from loadstone.locust import ScenarioUser, targets

opened = targets.opened_target


class CmzUser(ScenarioUser):
    system = "cmz"


def take_time(*args, **kwargs):
    if "--master" in sys.argv:
        print("it takes its time", file=sys.stderr, flush=True)
        gevent.sleep(3600)
    return opened(*args, **kwargs)


"""
OPENS = "targets.opened_target = take_time"
GOES_ON = "events.init.add_listener(lambda **_: '--master' in sys.argv and take_time())"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 100 items, on the tests' engine, and a locustfile."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "locustfile.py").write_text(LOCUSTFILE)
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **TABLE}
    for arguments in (("tables", "create", "cmz"), ("seed", "cmz", "--scale", "100")):
        ran = loadstone(*arguments, cwd=folder, environ=environ)
        assert ran.code == 0, ran.err
    yield folder
    assert loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=environ).code == 0


def locust(
    folder: Path, *arguments: str, environ: Mapping[str, str] = TABLE
) -> AbstractContextManager[subprocess.Popen[str]]:
    return locusts.locust(folder, *arguments, environ=environ)


def master(engine: Engine, port: int, *arguments: str) -> list[str]:
    return ["--master", "--master-bind-port", str(port), "--host", engine.url, *arguments]


def headless(run: str, workers: int = 1) -> list[str]:
    return ["--headless", "--expect-workers", str(workers), "--run-name", run, "-t", "10m"]


def worker(url: str, port: int) -> list[str]:
    return ["--worker", "--master-port", str(port), "--host", url]


def reasons(err: str) -> list[str]:
    return re.findall(r"^loadstone: worker \d+ \(\S+\) cannot take part: (.*)$", err, re.MULTILINE)


@pytest.mark.parametrize(
    ("more", "said"),
    [([NOBODY], "nothing answers at"), (["other"], "there is no table")],
    ids=["unreachable", "no-table"],
)
def test_a_worker_that_cannot_take_part_ends_the_run(
    place: Path, engine: Engine, more: Sequence[str], said: str
) -> None:
    """The master says once which worker it is, and why, and ends with its exit code; another that
    is prepared ends as well."""
    port, name = free_port(), f"refused-{len(said)}"
    url, environ = (NOBODY, TABLE) if NOBODY in more else (engine.url, {next(iter(TABLE)): "other"})
    with (
        locust(place, *master(engine, port, *headless(name, 2))) as leading,
        locust(place, *worker(engine.url, port)) as well,
        locust(place, *worker(url, port), environ=environ) as lacking,
    ):
        code, err = ended(leading)
        assert (code, ended(lacking)[0], ended(well)[0]) == (2, 2, 0), err
    (reason,) = reasons(err)
    assert reason.startswith(said)
    assert not (place / STATE / "runs" / name).exists()


def test_processes_that_cannot_take_part_end_the_run(place: Path, engine: Engine) -> None:
    """So it is where Locust starts the workers itself, and has a limit for how long it waits."""
    port = str(free_port())
    with locust(
        place,
        *("--processes", "2", "--master-bind-port", port, "--master-port", port),
        *("--headless", "-t", "10m", "--expect-workers-max-wait", "600", "--host", engine.url),
        environ={next(iter(TABLE)): "other"},
    ) as process:
        code, err = ended(process)
    assert code == 2
    (reason,) = reasons(err)
    assert reason.startswith("there is no table other")


def test_the_page_says_why_nothing_starts(place: Path, engine: Engine) -> None:
    """Beside the page the master stays: it answers Start with the reason, and a test starts when
    there is a worker that can play it, after which that reason is none any more."""
    port, web_port = free_port(), free_port()
    page = f"http://127.0.0.1:{web_port}"
    served = ("--web-host", "127.0.0.1", "--web-port", str(web_port), "--loglevel", "DEBUG")
    with locust(place, *master(engine, port, *served)) as leading:
        until_it_serves(page)
        assert started(page) == (False, "no worker is connected")
        with locust(place, *worker(NOBODY, port)) as lacking:
            assert ended(lacking)[0] == 2
        until(leading, "cannot take part: nothing answers at")
        well, why = started(page)
        assert not well
        assert tabs(page) == dict.fromkeys(TABS, why)
        assert re.match(rf"worker 0 \(\S+\) cannot take part: nothing answers at {NOBODY}", why)
        with locust(place, *worker(engine.url, port)) as leaving:
            until(leading, "Received loadstone-prepared message")
            assert tabs(page)["throttles"] == "nothing was throttled"
            leaving.terminate()
            until(leading, "The last worker quit")
        assert tabs(page) == dict.fromkeys(TABS, "no worker is connected")
        with locust(place, *worker(engine.url, port)) as playing:
            until(leading, "1 workers connected")
            assert started(page) == (True, "Swarming started")
            with gevent.Timeout(WITHIN_S):
                while tabs(page)["patterns"] == "no call was counted yet":
                    gevent.sleep(0.1)
            playing.terminate()
            until(leading, "run.jsonl")
        assert tabs(page)["throttles"] == "nothing was throttled"
        leading.send_signal(signal.SIGINT)
        assert ended(leading)[0] == 0


TABS = ("capacity", "throttles", "cost", "patterns")


def tabs(page: str) -> dict[str, str]:
    """What each tab of ours has in its first column of its first row."""
    with urlopen(f"{page}/stats/requests") as answer:
        shown = json.load(answer)["extended_stats"]
    return {tab["key"]: next(iter(tab["data"][0].values())) for tab in shown}


def test_an_edit_is_of_the_users(place: Path, engine: Engine) -> None:
    """While a test goes on the page may ask for other users: a worker that joins after that plays
    the mix that was begun, and its part is of the same run."""
    port, web_port = free_port(), free_port()
    page = f"http://127.0.0.1:{web_port}"
    served = ("--web-host", "127.0.0.1", "--web-port", str(web_port))
    with (
        locust(place, *master(engine, port, *served)) as leading,
        locust(place, *worker(engine.url, port)),
    ):
        until_it_serves(page)
        until(leading, "1 workers connected")
        assert started(page, mix="one-message", run_name="edited") == (True, "Swarming started")
        until(leading, "ops/s")
        assert started(page, user_count="4", mix="balanced", run_name="")[0]
        with locust(place, *worker(engine.url, port)):
            assert leading.stderr is not None
            assert any(re.search(r"\d% +\d+% CPU", line) for line in leading.stderr)
            leading.send_signal(signal.SIGINT)
            ended(leading)
    run = Run.load(place / STATE / "runs" / "edited")
    assert {each.info.number for each in run.workers} == {0, 1}
    assert run.measured.keys() == {"one-message"}


def started(page: str, **asked: str) -> tuple[bool, str]:
    """What the page is told when Start is pressed, or Update."""
    form = urlencode({"user_count": "2", "spawn_rate": "2", **asked}).encode()
    with urlopen(f"{page}/swarm", form) as answer:
        told = json.load(answer)
    return told["success"], told["message"]


def test_a_master_that_cannot_begin_ends_its_workers(place: Path, engine: Engine) -> None:
    """A worker is told to end by a master whose own target does not answer."""
    port = free_port()
    with (
        locust(place, *worker(engine.url, port)) as waiting,
        locust(place, *master(engine, port, *headless("none")), "--host", NOBODY) as leading,
    ):
        code, err = ended(leading)
        assert (code, ended(waiting)[0]) == (2, 0)
    assert err.count("loadstone: nothing answers at") == 1


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("number", "said", "exit_code"),
    [(signal.SIGINT, "interrupted", 130), (signal.SIGTERM, "told to end", 143)],
    ids=["ctrl-c", "sigterm"],
)
def test_a_signal_ends_a_master_that_waits(
    place: Path, engine: Engine, number: signal.Signals, said: str, exit_code: int, times: int
) -> None:
    """Ctrl-C and SIGTERM while workers are waited for are one sentence and the code that a shell
    knows, and those that came end; so it is when it comes again while that is done."""
    port = free_port()
    with (
        locust(place, *master(engine, port, *headless("interrupted", 2))) as leading,
        locust(place, *worker(engine.url, port)) as came,
    ):
        until(leading, "waiting for workers: 1 of 2 have found their data")
        leading.send_signal(number)
        until(leading, f"loadstone: {said} before the run began")
        for _ in range(times - 1):
            leading.send_signal(number)
        code, err = ended(leading)
        assert (code, ended(came)[0]) == (exit_code, 0), err
    assert "loadstone: " not in err


def test_a_worker_that_pauses_is_waited_for(place: Path, engine: Engine) -> None:
    """One that does not answer for a while (a throttled container) takes part when it is back."""
    port, brief = free_port(), ("--headless", "-t", "4s", "--run-name", "paused")
    with (
        locust(place, *master(engine, port, *brief, "--expect-workers", "2")) as leading,
        locust(place, *worker(engine.url, port)) as pausing,
    ):
        until(leading, "waiting for workers: 1 of 2 have found their data")
        pausing.send_signal(signal.SIGSTOP)
        until(leading, "failed to send heartbeat")
        with locust(place, *worker(engine.url, port)) as second:
            until(leading, "reported as ready")
            pausing.send_signal(signal.SIGCONT)
            code, err = ended(leading)
            assert (code, ended(pausing)[0], ended(second)[0]) == (0, 0, 0), err
    assert len(Run.load(place / STATE / "runs" / "paused").workers) == 2


def test_an_interrupted_worker_ends_a_master_that_waits(place: Path, engine: Engine) -> None:
    """Ctrl-C at a worker that still prepares is told to its master, and both end with 130."""
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        locust(place, *master(engine, port, *headless("told"))) as leading,
        locust(place, *worker(f"http://127.0.0.1:{silent.getsockname()[1]}", port)) as preparing,
    ):
        until(leading, "1 workers connected")
        until(preparing, "target: ")
        preparing.send_signal(signal.SIGINT)
        code, err = ended(leading)
        assert (code, ended(preparing)[0]) == (130, 130), err
    assert reasons(err) == ["interrupted"]


@pytest.mark.parametrize(
    ("slow", "moment"),
    [(OPENS, "1 workers connected"), (GOES_ON, "it takes its time")],
    ids=["opens", "goes-on"],
)
def test_a_master_whose_only_worker_left_says_so(
    place: Path, engine: Engine, slow: str, moment: str
) -> None:
    """Locust hears of no worker any more then: a master that is at something else does not wait for
    one, and ends with 1."""
    file, port = place / "slow.py", free_port()
    file.write_text(SLOW_MASTER + slow)
    with (
        locust(place, "-f", file.name, *master(engine, port, *headless("left"))) as leading,
        locust(place, "-f", file.name, *worker(engine.url, port)) as only,
    ):
        until(leading, moment)
        until(only, "target: ")
        only.terminate()
        code, err = ended(leading)
    assert code == 1
    assert re.findall("^loadstone: (.*)$", err, re.MULTILINE) == [
        "no worker is left: the run cannot begin"
    ]


def test_a_worker_that_is_killed_is_missed(place: Path, engine: Engine) -> None:
    """A master that waits says again how many have found their data when these are fewer."""
    port = free_port()
    with (
        locust(place, *master(engine, port, *headless("missed", 2))) as leading,
        locust(place, *worker(engine.url, port)) as doomed,
    ):
        until(leading, "waiting for workers: 1 of 2 have found their data")
        doomed.kill()
        until(leading, "waiting for workers: 0 of 2 have found their data")
        leading.terminate()
        assert ended(leading)[0] == 143


def test_a_worker_that_cannot_go_on_says_why(place: Path, engine: Engine) -> None:
    """What a worker finds out when a test begins is told by its master, and the run ends with 1."""
    port = free_port()
    with (
        locust(place, *master(engine, port, *headless("elsewhere"))) as leading,
        locust(place, *worker(engine.url.replace("127.0.0.1", "localhost"), port)) as other,
    ):
        code, err = ended(leading)
        assert (code, ended(other)[0]) == (1, 1), err
    assert re.search(r"loadstone: worker 0 \(\S+\) cannot go on: this process has opened http", err)


def test_a_master_that_waited_long_enough_ends(place: Path, engine: Engine) -> None:
    """It does not play with nobody: it ends with 1, and says how many came."""
    wait = ("--expect-workers-max-wait", "1")
    with locust(place, *master(engine, free_port(), *headless("alone", 2), *wait)) as leading:
        code, err = ended(leading)
    assert code == 1
    assert (
        "loadstone: 0 workers of 2 found the data in the 1 s of --expect-workers-max-wait: the run "
        "does not begin" in err
    )


def test_the_part_of_a_lost_worker_is_not_waited_for(place: Path, engine: Engine) -> None:
    """A run that lost a worker ends though nobody closes its part."""
    port = free_port()
    with (
        locust(place, *master(engine, port, *headless("lost", 2), "-u", "2")) as leading,
        locust(place, *worker(engine.url, port)),
        locust(place, *worker(engine.url, port)) as doomed,
    ):
        until(leading, "ops/s")
        doomed.kill()
        until(leading, "1 worker does not answer any more")
        leading.send_signal(signal.SIGINT)
        code, err = ended(leading)
    assert code == 1
    assert "stops after" in err
    run = Run.load(place / STATE / "runs" / "lost")
    assert sorted(worker.ending is None for worker in run.workers) == [False, True]


def test_a_page_is_started_again_without_a_name(place: Path, engine: Engine) -> None:
    """Whoever starts a test without a form, as scripts do, needs no name for a second one."""
    web_port = free_port()
    page = f"http://127.0.0.1:{web_port}"
    served = ("--web-host", "127.0.0.1", "--web-port", str(web_port), "--host", engine.url)
    with locust(place, *served) as process:
        until_it_serves(page)
        for _ in range(2):
            assert started(page) == (True, "Swarming started")
            until(process, "ops/s")
            urlopen(f"{page}/stop", b"").close()
            until(process, "run.jsonl")
