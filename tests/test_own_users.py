"""Users that somebody derives from ours: their own pauses and tasks are heeded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from loadstone.run.figures import figures
from tests.commands import loadstone

TABLE = {"CONVERSATION_TABLE_NAME": "cmz-own-users"}
#: A mix without think time, whose users have one of their own.
PAUSING = """
from locust import constant

from loadstone.locust import ScenarioUser


class CmzUser(ScenarioUser):
    system = "cmz"
    wait_time = constant(1)
"""
#: Ends when its own task was played a hundred times.
WITH_A_TASK = """
from itertools import count

import gevent
from locust import task

from loadstone.locust import ScenarioUser

turns = count(1)


class CmzUser(ScenarioUser):
    system = "cmz"

    @task
    def look_around(self):
        if next(turns) == 100:
            gevent.spawn(self.environment.runner.quit)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 300 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("place")
    for arguments in (("tables", "create", "cmz"), ("seed", "cmz", "--scale", "300")):
        ran = loadstone(*arguments, cwd=folder, environ=at(engine))
        assert ran.code == 0, ran.err
    yield folder
    assert loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=at(engine)).code == 0


def at(engine: Engine) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **TABLE}


def calls_of(place: Path, engine: Engine, name: str, locustfile: str, run_time: str) -> int:
    """The calls of one user that plain Locust plays a locustfile with."""
    path = place / f"{name}.py"
    path.write_text(locustfile)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(path), "--run-name", name, "--headless"),
            *("-u", "1", "-t", run_time, "--only-summary", "--mix", "one-message"),
        ],
        cwd=place,
        env={**os.environ, **at(engine)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return figures(Run.load(place / STATE / "runs" / name)).total.calls


def test_a_pause_of_its_own_is_kept(place: Path, engine: Engine) -> None:
    """Of a user that waits a second after each entry, no more come than there are seconds."""
    assert 1 <= calls_of(place, engine, "pausing", PAUSING, "4s") <= 5


def test_a_task_of_its_own_has_its_share(place: Path, engine: Engine) -> None:
    """Of a mix and one more task, Locust picks each as often as the other."""
    assert 25 <= calls_of(place, engine, "with_a_task", WITH_A_TASK, "5m") <= 400


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("ScenarioUser", "Mine names no system: give it one, as in `system = "),
        ("DynamoUser", "Mine has no task: mark a method of it with @task"),
    ],
    ids=str,
)
def test_a_user_that_would_play_nothing_is_refused(tmp_path: Path, user: str, said: str) -> None:
    """A user without a system, or without a task, is told before anything begins."""
    (tmp_path / "mine.py").write_text(
        f"from loadstone.locust import {user}\n\n\nclass Mine({user}):\n    pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "mine.py", "--headless", "-t", "1m"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert f"loadstone: {said}" in done.stderr
    assert "Traceback" not in done.stderr
