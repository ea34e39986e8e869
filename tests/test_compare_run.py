"""Real runs against a server whose latency is scripted, compared with one another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from loadstone.compare.comparison import Comparison, Difference, compare
from loadstone.embedded.process import Engine
from loadstone.run import Run
from tests.between import Between
from tests.commands import loadstone

FIXTURE = """
from loadstone import Entity, Table, number, text

DOCUMENT = "A test"
things = Table("things", partition_key="id", name_from="THINGS_TABLE")
thing = Entity("Thing", table=things, item={"id": text("thing_{n}", n=number)})
"""
SCENARIO = """
from fixtures.scripted import thing
from loadstone import Exactly, GetItem, Mix, Pattern, Think

one = Pattern("thing-by-id", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
balanced = Mix("balanced", {one: 1}, think=Think(0.1, 1.0))
"""
#: Long and scattered, so that what a busy machine adds is little beside it.
SCRIPT = {"before": 1.0, "again": 1.0, "slower": 1.1}
#: Two servers of the same script are not alike to the last millisecond on a busy machine.
IGNORED = 0.04


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A project with a run for each script, all made at the same time: whatever else the machine
    does, it does to all of them."""
    folder = tmp_path_factory.mktemp("scripted")
    for name, content in {
        "fixtures/scripted.py": FIXTURE,
        "scenarios/scripted.py": SCENARIO,
        "pyproject.toml": "[tool.loadstone]\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    own = {"THINGS_TABLE": f"{folder.name}-things"}
    at = {**own, "AWS_ENDPOINT_URL_DYNAMODB": engine.url}
    for arguments in (("tables", "create"), ("seed", "--scale", "50")):
        first, *rest = arguments
        words = (first, *rest, "scripted") if first == "tables" else (first, "scripted", *rest)
        ran = loadstone(*words, cwd=folder, environ=at)
        assert ran.code == 0, ran.err
    with ExitStack() as stack:
        running = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "loadstone", "run", "scripted", "--users", "90"),
                    *("--duration", "45s", "--warm-up", "5", "--name", name, "--endpoint"),
                    stack.enter_context(
                        Between(engine.url, delay_s=delay_s, give_or_take_s=0.2 * delay_s)
                    ).url,
                ],
                cwd=folder,
                env={**os.environ, **own},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for name, delay_s in SCRIPT.items()
        ]
        for process in running:
            _, err = process.communicate(timeout=200)
            assert process.returncode == 0, err.decode()
    yield folder
    assert loadstone("tables", "drop", "scripted", "--yes", cwd=folder, environ=at).code == 0


def compared(place: Path, new: str) -> Comparison:
    runs = [Run.load(place / ".loadstone" / "runs" / name) for name in ("before", new)]
    return compare(*runs, ignored=IGNORED)


def figure(comparison: Comparison, name: str) -> Difference:
    return next(each for each in comparison.whole.differences if each.figure == name)


def test_the_same_script_is_no_difference(place: Path) -> None:
    """Of two runs against the same script no difference is claimed, and nothing stands in the way
    of comparing them but what the machine did."""
    comparison = compared(place, "again")
    assert comparison.claimed == []
    machines = {"the generator was the limit"}
    assert {each.what for each in comparison.obstacles if each.serious} <= machines


def test_a_tenth_slower_is_found(place: Path) -> None:
    """Where the server takes 10 % longer, calls take about so much longer, and their units are the
    same."""
    slower = figure(comparison := compared(place, "slower"), "p50")
    assert slower.verdict == "differs"
    assert slower.change > IGNORED
    assert slower.low <= 0.1 <= slower.high + 0.02
    assert figure(comparison, "units_per_call").verdict == "same"


def test_the_command_says_it(place: Path) -> None:
    """What is found is in the first lines, in words."""
    ran = loadstone("compare", "before", "slower", "--ignore", "4%", cwd=place)
    assert ran.code == 0, ran.err
    assert "all patterns, p50: " in ran.out
    assert " % slower (" in ran.out
