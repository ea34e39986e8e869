"""`loadstone run all`: several systems in one run, each with a record of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadstone.capacity.spend import Arm, Estimate, evenly
from loadstone.embedded.process import Engine
from loadstone.run import Run
from tests.commands import Ran, loadstone

FIXTURE = """
from loadstone import Entity, Table, number, text

DOCUMENT = "A test"
things = Table("all-{name}", partition_key="id")
thing = Entity(
    "Thing",
    table=things,
    item={{"id": text("{name}_{{n}}", n=number)}},
)
"""
SCENARIO = """
from fixtures.{name} import thing
from loadstone import Exactly, GetItem, Mix, Pattern, Think

one = Pattern("{name}-by-id", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
balanced = Mix("balanced", {{one: 1}}, think=Think(0.01, 0.02))
"""
LOCUSTFILE = """
from loadstone.locust import ScenarioUser


class PearUser(ScenarioUser):
    system = "pears"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three systems: one with a locustfile, one without, and one that nobody asks anything."""
    files = {
        "fixtures/apples.py": FIXTURE.format(name="apples"),
        "fixtures/pears.py": FIXTURE.format(name="pears"),
        "fixtures/stones.py": FIXTURE.format(name="stones"),
        "scenarios/apples.py": SCENARIO.format(name="apples"),
        "scenarios/pears.py": SCENARIO.format(name="pears"),
        "locustfiles/pears.py": LOCUSTFILE,
        "pyproject.toml": "[tool.loadstone]\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def command(project: Path, engine: Engine, *arguments: str) -> Ran:
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": engine.url}
    prefix = ("--table-prefix", f"{project.name}-") if arguments[0] in ("run", "seed") else ()
    return loadstone(*arguments, *prefix, cwd=project, environ=environ)


def seed(project: Path, engine: Engine, system: str) -> None:
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": engine.url}
    prefix = ("--table-prefix", f"{project.name}-")
    made = loadstone("tables", "create", system, *prefix, cwd=project, environ=environ)
    assert made.code == 0, made.err
    ran = command(project, engine, "seed", system, "--scale", "50")
    assert ran.code == 0, ran.err


def test_all_is_one_run_with_a_record_of_each(project: Path, engine: Engine) -> None:
    """Every system that has a mix is loaded at one time, found again by the run's name, and
    reported on; one that has none is left out, which is said."""
    seed(project, engine, "apples")
    seed(project, engine, "pears")
    ran = command(project, engine, "run", "all", "--users", "4", "--duration", "2s", "--name", "x")
    assert ran.code == 0, ran.err
    assert "stones is left out: scenarios/stones.py declares no mix" in ran.err
    for name in ("apples", "pears"):
        run = Run.load(project / ".loadstone" / "runs" / "x" / name)
        assert run.header.system == name
        assert run.header.name == "x"
        assert str(run.ending) == "completed"
        assert run.measured[f"{name}-by-id"].counts.calls > 0
        assert run.measured[f"{name}-by-id"].counts.failed == 0
    listed = command(project, engine, "runs").out
    assert [line.split()[0] for line in listed.splitlines()] == ["x/apples", "x/pears"]
    for name in ("last", "x", ".loadstone/runs/x"):
        reports = command(project, engine, "report", name).out.split()
        assert [Path(each).parent.name for each in reports] == ["apples", "pears"]
        assert all((project / each).is_file() for each in reports)
    one = command(project, engine, "report", "x/pears", "--json")
    assert json.loads(one.out)["system"] == "pears"
    both = command(project, engine, "report", "x", "--json")
    assert both.code == 2
    assert "x is a run of several systems, with a record of each: x/apples, x/pears" in both.err


def test_all_as_json_is_by_system(project: Path, engine: Engine) -> None:
    """`run all --json` prints one object that holds each system's under its name."""
    seed(project, engine, "apples")
    seed(project, engine, "pears")
    ran = command(project, engine, "run", "all", "--rate", "50ops/s", "--duration", "2s", "--json")
    assert ran.code == 0, ran.err
    assert {name: each["system"] for name, each in json.loads(ran.out).items()} == {
        "apples": "apples",
        "pears": "pears",
    }


def test_what_has_no_data_is_named_with_what_to_do(project: Path, engine: Engine) -> None:
    """Every system that has no data yet is named at once, each with the command that loads it."""
    ran = command(project, engine, "run", "all", "--duration", "2s")
    assert ran.code == 2
    for name in ("apples", "pears"):
        there_is_none = f"there is no table {project.name}-all-{name}: `loadstone up {name} "
        assert there_is_none in ran.err
    seed(project, engine, "apples")
    ran = command(project, engine, "run", "all", "--duration", "2s")
    assert ran.code == 2
    assert "`loadstone up pears " in ran.err
    assert "apples" not in ran.err
    assert not (project / ".loadstone" / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--users", "1"], "--users 1: 2 systems share them, so it takes at least 2: apples"),
        (["--rate", "9ops/s", "--find-max"], "--find-max loads one system at a time: name one of"),
        (["--mix", "rush"], "no mix, pattern or journey in apples 'rush'; there"),
    ],
)
def test_what_all_cannot_be_is_said(
    project: Path, engine: Engine, arguments: list[str], said: str
) -> None:
    """What several systems cannot share is refused in a line, before anything is sent."""
    ran = command(project, engine, "run", "all", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_systems_share_a_load_evenly() -> None:
    """What several systems come to together is the mean of what each would come to alone."""

    def alone(table: str, times: int) -> Estimate:
        arm = Arm(table=table, read_units=10.0 * times, write_units=4.0 * times)
        return Estimate(
            items=100 * times, size_bytes=0, requests=30 * times, arms=(arm,), assumed=("a",)
        )

    both = evenly([alone("one", 1), alone("two", 3)])
    assert (both.items, both.requests, both.assumed) == (200, 60, ("a",))
    assert {arm.table: (arm.read_units, arm.write_units) for arm in both.arms} == {
        "one": (5.0, 2.0),
        "two": (15.0, 6.0),
    }
    assert evenly([alone("one", 1)]) == alone("one", 1)
