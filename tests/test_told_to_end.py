"""SIGTERM, as a terminal's user, systemd, Docker and Kubernetes send it, whatever goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from tests.commands import free_port, loadstone
from tests.locusts import WITHIN_S, ended, locust, until

TOLD = "loadstone: told to end before the run began"
BY_SIGNAL = "interrupted: the process was told to end"
LOCUSTFILE = """
from loadstone.locust import ScenarioUser


class CmzUser(ScenarioUser):
    system = "cmz"
"""
SHAPE = """
from locust import LoadTestShape


class Even(LoadTestShape):
    def tick(self):
        return 2, 2
"""
#: What takes its time waits for a file of this name.
GO_ON, SLOW = "go-on", "it takes its time"
SLOW_USERS = f"""
import sys
from pathlib import Path

import gevent


def wait():
    print("{SLOW}", file=sys.stderr, flush=True)
    while not Path("{GO_ON}").exists():
        gevent.sleep(0.05)


CmzUser.on_stop = lambda self: wait()
"""
SLOW_FOLDING = f"""
{SLOW_USERS.replace("CmzUser.on_stop = lambda self: wait()", "")}
from loadstone.locust import folding

at_once = folding.finish


def finish(*args, **kwargs):
    wait()
    return at_once(*args, **kwargs)


folding.finish = finish
"""
JOINING = "it waits for its record"
SAID_JOINING = f"""
join = folding.Folding.join


def joined(self):
    print("{JOINING}", file=sys.stderr, flush=True)
    join(self)


folding.Folding.join = joined
"""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 100 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("place")
    for arguments in (("tables", "create", "cmz"), ("seed", "cmz", "--scale", "100")):
        ran = loadstone(*arguments, cwd=folder, environ=at(engine))
        assert ran.code == 0, ran.err
    yield folder
    dropped = loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=at(engine))
    assert dropped.code == 0, dropped.err


@pytest.fixture
def place(seeded: Path, tmp_path: Path) -> Path:
    """A folder of a project of its own, with a locustfile; the table is that which is seeded."""
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    return tmp_path


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def at(engine: Engine) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": engine.url,
        "AWS_ACCESS_KEY_ID": "loadstone",
        "AWS_SECRET_ACCESS_KEY": "loadstone",
        "CONVERSATION_TABLE_NAME": "cmz-told",
    }


def command(place: Path, engine: Engine, *asked: str) -> subprocess.Popen[str]:
    """`loadstone run cmz`, listened to."""
    return subprocess.Popen(
        [sys.executable, "-m", "loadstone", "run", "cmz", *asked],
        cwd=place,
        env={**os.environ, **at(engine)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def own_port() -> list[str]:
    port = str(free_port())
    return ["--master-bind-port", port, "--master-port", port]


def record(place: Path, name: str) -> Run:
    run = Run.load(place / STATE / "runs" / name)
    assert run.problems == ()
    return run


def test_a_process_that_prepares_says_so(place: Path, engine: Engine, silent: str) -> None:
    """It ends with 143 and one sentence, and leaves no record."""
    asked = ("--headless", "-t", "10m", "--host", silent)
    with locust(place, *asked, environ=at(engine)) as process:
        until(process, "target: ")
        process.terminate()
        code, err = ended(process)
    assert (code, err.strip()) == (143, TOLD)
    assert not (place / STATE / "runs").exists()


def test_processes_that_prepare_end_with_their_master(
    place: Path, engine: Engine, silent: str
) -> None:
    """Told by the master alone, workers that still open their target end within the moment, and it
    is the master that speaks."""
    asked = ("--headless", "-t", "10m", "--host", silent, "--processes", "2", *own_port())
    with locust(place, *asked, environ=at(engine)) as process:
        for _ in range(3):
            until(process, "target: ")
        process.terminate()
        code, err = ended(process)  # when nobody holds its stderr any more: no worker is left
    assert code == 143
    assert err.count("loadstone: ") == 1 == err.count(TOLD)


def test_a_worker_that_prepares_says_so(place: Path, engine: Engine, silent: str) -> None:
    """It ends with 143; the master, whose only worker it was, says that it is gone."""
    port = str(free_port())
    leads = ("--master", "--master-bind-port", port, "--headless", "-t", "10m")
    works = ("--worker", "--master-port", port, "--host", silent)
    with (
        locust(place, *leads, "--host", engine.url, environ=at(engine)) as leading,
        locust(place, *works, environ=at(engine)) as preparing,
    ):
        until(leading, "1 workers connected")
        until(preparing, "target: ")
        preparing.terminate()
        assert ended(preparing)[0] == 143
        code, err = ended(leading)
    assert code == 1
    assert "0 workers of 1 found the data, and one that had come is gone: the run cannot" in err


@pytest.mark.parametrize("processes", [0, 2], ids=["alone", "two-workers"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_shape_ends_in_good_order(
    place: Path, engine: Engine, number: signal.Signals, processes: int
) -> None:
    """Under a LoadTestShape, where Locust does not listen, the record is whole and says why."""
    (place / "locustfile.py").write_text(LOCUSTFILE + SHAPE)
    more = ("--processes", str(processes), *own_port()) if processes else ()
    asked = ("--headless", "--host", engine.url, "--run-name", "shaped", *more)
    with locust(place, *asked, environ=at(engine)) as process:
        until(process, "ops/s")
        process.send_signal(number)
        assert ended(process)[0] == 0
    said = BY_SIGNAL if number == signal.SIGTERM else "interrupted"
    assert str(record(place, "shaped").ending) == said


@pytest.mark.parametrize(
    ("slow", "moment", "workers"),
    [
        (SLOW_USERS, SLOW, 0),
        (SLOW_FOLDING, SLOW, 0),
        (SLOW_FOLDING, SLOW, 1),
        (SLOW_FOLDING, "Running teardowns", 1),
    ],
    ids=["users-stop", "record-is-made", "record-of-a-worker-is-made", "locust-ends-already"],
)
def test_what_ends_already_ends_once(
    place: Path, engine: Engine, slow: str, moment: str, workers: int
) -> None:
    """A run whose time is over is complete though SIGTERM comes while it stops or is folded."""
    (place / "locustfile.py").write_text(LOCUSTFILE + slow)
    port = str(free_port())
    asked = ["--headless", "-t", "2s", "--stop-timeout", "60", "--run-name", "late", "-L", "DEBUG"]
    asked += ["--master", "--master-bind-port", port] * bool(workers)
    works = ("--worker", "--master-port", port, "--host", engine.url)
    with ExitStack() as playing:
        process = playing.enter_context(
            locust(place, "--host", engine.url, *asked, environ=at(engine))
        )
        for _ in range(workers):
            playing.enter_context(locust(place, *works, environ=at(engine)))
        until(process, moment)
        process.terminate()
        until(process, "Got SIGTERM signal")
        (place / GO_ON).touch()
        code, err = ended(process)
    assert code == 0
    assert err.count("Shutting down") == 1
    assert str(record(place, "late").ending) == "completed"


def test_who_is_in_a_hurry_has_the_parts(place: Path, engine: Engine) -> None:
    """A second Ctrl-C does not wait for the record to be made: it ends with 130 and one sentence,
    and the parts are read."""
    (place / "locustfile.py").write_text(LOCUSTFILE + SLOW_FOLDING + SAID_JOINING)
    port = str(free_port())
    leads = ("--master", "--master-bind-port", port, "--headless", "-t", "2s")
    asked = ("--host", engine.url, "--run-name", "hurried")
    with (
        locust(place, *leads, *asked, environ=at(engine)) as leading,
        locust(place, "--worker", "--master-port", port, *asked, environ=at(engine)) as working,
    ):
        until(leading, SLOW)
        leading.send_signal(signal.SIGINT)
        until(leading, JOINING)
        leading.send_signal(signal.SIGINT)
        code, err = ended(leading)
        assert (code, ended(working)[0]) == (130, 0)
    assert err.count("loadstone: interrupted before its parts were made one record: they") == 1
    assert str(Run.load(place / STATE / "runs" / "hurried").ending) == "cut off"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_part_of_a_worker_that_leaves_is_whole(
    place: Path, engine: Engine, number: signal.Signals
) -> None:
    """The only worker leaves in a run, which ends with 1 for that reason; nothing is missing in the
    record, which says of that worker what ended it."""
    port = str(free_port())
    leads = ("--master", "--master-bind-port", port, "--headless", "-t", "10m", "-u", "4")
    asked = ("--host", engine.url, "--run-name", "alone")
    with (
        locust(place, *leads, *asked, environ=at(engine)) as leading,
        locust(place, "--worker", "--master-port", port, *asked, environ=at(engine)) as only,
    ):
        until(leading, "ops/s")
        only.send_signal(number)
        assert ended(only)[0] == 0
        code, err = ended(leading)
    assert code == 1
    assert "loadstone: no worker is left: the run ends before its time" in err
    run = record(place, "alone")
    assert str(run.ending) == "stopped: no worker is left"
    said = BY_SIGNAL if number == signal.SIGTERM else "interrupted"
    assert [str(worker.ending) for worker in run.workers] == [said]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("begun", [False, True], ids=["prepares", "plays"])
def test_the_command_ends_with_it(
    place: Path, engine: Engine, silent: str, number: signal.Signals, begun: bool
) -> None:
    """`loadstone run` says in one sentence that it was told to end, before the run as after it, and
    ends with 143; so it does when its terminal hangs up."""
    asked = ("--name", "commanded", "--endpoint", engine.url if begun else silent)
    with command(place, engine, *asked) as process:
        until(process, "ops/s" if begun else "target: ")
        process.send_signal(number)
        out, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 143, err
    if begun:
        assert f"The run was not completed: {BY_SIGNAL}." in out
        assert str(record(place, "commanded").ending) == BY_SIGNAL
    else:
        assert err.strip() == TOLD
        assert not (place / STATE / "runs").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's parent-death signal")
def test_a_load_ends_with_the_command(place: Path, engine: Engine) -> None:
    """When `loadstone run` is killed with SIGKILL nobody sends on, and the record is whole."""
    with command(place, engine, "--name", "killed", "--duration", "2m") as process:
        until(process, "ops/s")
        process.kill()
        _, err = process.communicate(timeout=WITHIN_S)  # to the end of what Locust says
    assert "Traceback" not in err, err
    assert str(record(place, "killed").ending) == BY_SIGNAL
