"""How a run ended, told by who ended it: Locust's clock, its web page, a signal, a locustfile."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from tests import locusts
from tests.commands import free_port, loadstone
from tests.locusts import until, until_it_serves

TABLE = {"CONVERSATION_TABLE_NAME": "cmz-ending"}
LOCUSTFILE = """
from loadstone.locust import ScenarioUser


class CmzUser(ScenarioUser):
    system = "cmz"
"""
#: Before ours hears of it, so that our clock starts when half of the run time is over.
SLOW_START = """
from time import sleep

from locust import events


@events.test_start.add_listener
def dawdle(**_):
    sleep(2)

"""
#: Locust itself waits for a minute.
IMPATIENT = """
from locust import runners

runners.MASTER_HEARTBEAT_TIMEOUT = 5

"""
#: A record takes a moment to end.
SLOW_END = """
import sys

import gevent
from loadstone.locust.recording import Recording

at_once = Recording.stop


def stop(self, ending):
    print("it ends", file=sys.stderr, flush=True)
    gevent.sleep(2)
    return at_once(self, ending)


Recording.stop = stop

"""
OWN_END = """
import gevent
from locust import events


def had_enough(runner):
    gevent.sleep(1)
    runner.quit()


@events.test_start.add_listener
def watch(environment, **_):
    gevent.spawn(had_enough, environment.runner)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 300 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("place")
    environ = at(engine)
    for arguments in (("tables", "create", "cmz"), ("seed", "cmz", "--scale", "300")):
        ran = loadstone(*arguments, cwd=folder, environ=environ)
        assert ran.code == 0, ran.err
    yield folder
    assert loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=environ).code == 0


def at(engine: Engine) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **TABLE}


@contextmanager
def locust(
    folder: Path, engine: Engine, name: str, *arguments: str, before: str = "", after: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """Plain Locust with a locustfile of its own; it has ended afterwards."""
    locustfile = folder / f"{name}.py"
    locustfile.write_text(before + LOCUSTFILE + after)
    more = ("-f", str(locustfile), "--run-name", name, "-u", "2", "-r", "2")
    with locusts.locust(folder, *more, *arguments, environ=at(engine)) as process:
        yield process


def ended(process: subprocess.Popen[str], folder: Path, name: str) -> str:
    """How a run ended, once Locust has."""
    locusts.ended(process)
    return ending(folder, name)


def ending(folder: Path, name: str) -> str:
    run = Run.load(folder / STATE / "runs" / name)
    assert run.problems == ()
    return str(run.ending)


def test_a_run_without_workers_ends(place: Path, engine: Engine) -> None:
    """When its last worker is killed, the master does not wait for the rest of its run time."""
    asked = ["--headless", "-t", "20m", "--processes", "1"]
    with locust(place, engine, "deserted", *asked, *own_port(asked)) as process:
        until_it_counts(process)
        children = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
        )
        for child in children.stdout.split():
            os.kill(int(child), signal.SIGKILL)
        _, err = process.communicate(timeout=180)
    assert process.returncode == 1
    assert "loadstone: no worker is left: the run ends before its time" in err
    run = Run.load(place / STATE / "runs" / "deserted")
    assert str(run.ending) == "stopped: no worker is left"


def test_a_worker_without_its_master_ends(place: Path, engine: Engine) -> None:
    """When its master is killed, a worker says that it does not answer and ends with 1, and its
    part of the record is whole."""
    port = str(free_port())
    leads = ("--master", "--master-bind-port", port, "--headless", "-t", "20m")
    works = ("--worker", "--master-port", port)
    with (
        locust(place, engine, "orphaned", *leads) as leading,
        locust(place, engine, "worker", *works, before=IMPATIENT) as working,
    ):
        until_it_counts(leading)
        leading.kill()
        code, err = locusts.ended(working)
    assert code == 1
    assert "loadstone: the master does not answer any more: this worker ends" in err
    run = Run.load(place / STATE / "runs" / "orphaned")
    assert str(run.ending) == "cut off"
    assert [str(worker.ending) for worker in run.workers] == [
        "stopped: the master does not answer any more"
    ]


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["alone", "two-workers"])
def test_a_run_whose_time_is_over_is_complete(
    place: Path, engine: Engine, processes: list[str]
) -> None:
    """Locust's own timer ends a run, and it is complete, however late our part of it began."""
    name = f"timed-{len(processes)}"
    asked = ["--headless", "-t", "4s", *processes, *own_port(processes)]
    with locust(place, engine, name, *asked, before=SLOW_START) as process:
        assert ended(process, place, name) == "completed"
    run = Run.load(place / STATE / "runs" / name)
    assert {str(worker.ending) for worker in run.workers} == {"completed"}


@pytest.mark.parametrize("processes", [[], ["--processes", "1"]], ids=["alone", "a-worker"])
def test_a_run_whose_time_is_over_before_it_begins_says_so(
    place: Path, engine: Engine, processes: list[str]
) -> None:
    """Where something else takes the whole run time before the first call, the run does not end
    well without a word: it ends with 1, and nothing is recorded."""
    asked = ["--headless", "-t", "1s", *processes, *own_port(processes)]
    name = f"over-{len(processes)}"
    with locust(place, engine, name, *asked, before=SLOW_START) as process:
        code, err = locusts.ended(process)
    assert code == 1
    assert re.findall("^loadstone: (.*)$", err, re.MULTILINE) == [
        "the run did not begin in the 1 s of its --run-time: nothing is recorded"
    ]
    assert not (place / STATE / "runs" / name).exists()


def test_a_run_that_its_locustfile_ends_says_by_what(place: Path, engine: Engine) -> None:
    """A function that quits before the time is over is named, and the run is not complete."""
    asked = ("--headless", "-t", "60s")
    with locust(place, engine, "own", *asked, after=OWN_END) as process:
        assert ended(process, place, "own") == "stopped: by had_enough in own.py"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "interrupted: the process was told to end"),
    ],
    ids=["ctrl-c", "sigterm"],
)
def test_a_signal_interrupts(
    place: Path, engine: Engine, number: signal.Signals, said: str
) -> None:
    """Ctrl-C and an end that is ordered leave a whole record, which says what it was."""
    name = f"signal-{number.value}"
    with locust(place, engine, name, "--headless", "-t", "60s") as process:
        until_it_counts(process)
        process.send_signal(number)
        assert ended(process, place, name) == said


def test_the_web_page_stops_a_run(place: Path, engine: Engine) -> None:
    """Who presses Stop has stopped it; a run time that the page was given ends it well."""
    port = str(free_port())
    page = f"http://127.0.0.1:{port}"
    with locust(place, engine, "page", "--web-host", "127.0.0.1", "--web-port", port) as process:
        until_it_serves(page)
        post(f"{page}/swarm", user_count="2", spawn_rate="2", run_name="pressed")
        until_it_counts(process)
        post(f"{page}/stop")
        assert ending(place, "pressed") == "stopped: on the web page"
        post(f"{page}/swarm", user_count="2", spawn_rate="2", run_name="told", run_time="3s")
        until(process, "run told:")
        assert ending(place, "told") == "completed"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_run_that_follows_at_once_waits_for_the_record(place: Path, engine: Engine) -> None:
    """Who starts another test while the one before still ends has two whole records."""
    port = str(free_port())
    page = f"http://127.0.0.1:{port}"
    served = ("--web-host", "127.0.0.1", "--web-port", port)
    with locust(place, engine, "hasty", *served, before=SLOW_END) as process:
        until_it_serves(page)
        post(f"{page}/swarm", user_count="2", spawn_rate="2", run_name="first")
        until_it_counts(process)
        stopping = Thread(target=post, args=(f"{page}/stop",))
        stopping.start()
        until(process, "it ends")
        post(f"{page}/swarm", user_count="2", spawn_rate="2", run_name="second")
        stopping.join()
        until_it_counts(process)
        post(f"{page}/stop")
        assert ending(place, "first") == ending(place, "second") == "stopped: on the web page"
        process.send_signal(signal.SIGTERM)
        locusts.ended(process)


def own_port(processes: list[str]) -> list[str]:
    """For a master of its own, a port that nobody else's workers know."""
    if not processes:
        return []
    port = str(free_port())
    return ["--master-bind-port", port, "--master-port", port]


def post(url: str, **fields: str) -> None:
    with urlopen(url, urlencode(fields).encode()) as answer:
        assert answer.status == 200


def until_it_counts(process: subprocess.Popen[str]) -> None:
    until(process, "ops/s")
