"""The example workflow of GitHub's: it is YAML, and each of its commands does what it is for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from loadstone.embedded.binary import Binary

yaml: Any = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / "docs" / "load-test.yml"
SYSTEM = "parcels"
FIXTURE = """
from loadstone import Entity, Table, number, text

DOCUMENT = "A test"
parcels = Table("workflow-parcels", partition_key="id")
parcel = Entity("Parcel", table=parcels, item={"id": text("parcel_{n}", n=number)})
"""
SCENARIO = """
from fixtures.parcels import parcel
from loadstone import Exactly, GetItem, Mix, Objectives, Pattern

one = Pattern("parcel-by-id", GetItem(parcel), of=parcel, expects=Exactly(), source="A test: x")
kept = Objectives(["error_rate < 1%", "p99 < 30s"])
balanced = Mix("balanced", {one: 1})
"""
#: What a test has no time for, and nobody to ask of.
SHORTER = {"SYSTEM": SYSTEM, "SCALE": "100", "RATE": "40ops/s", "DURATION": "4s", "WARM_UP": "1"}
LEFT_OUT = {"Install"}
#: Stands in for GitHub's command: keeps what it was asked.
GH = '#!/bin/sh\nprintf "%s\\n" "$@" > "$GH_SAID"\n'


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return content


def steps(workflow: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def test_the_workflow_is_well_formed(workflow: dict[Any, Any]) -> None:
    """Every step uses an action or runs something, has only keys that steps have, and puts nothing
    of a pull request's into a shell but through its environment."""
    known = {"name", "uses", "with", "run", "env", "if", "working-directory", "id"}
    assert workflow[True] == "pull_request"  # `on` is a truth value of YAML 1.1
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}
    for step in steps(workflow):
        assert set(step) <= known
        assert ("uses" in step) is not ("run" in step)
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/a@v1"))
        assert "${{" not in step.get("run", "")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch's checkout, with an origin whose main branch it would change."""
    folder = tmp_path_factory.mktemp("workflow")
    here = folder / "checkout"
    for name, content in {
        "fixtures/parcels.py": FIXTURE,
        "scenarios/parcels.py": SCENARIO,
        "pyproject.toml": "[tool.loadstone]\n",
        ".gitignore": ".loadstone/\n",
    }.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(content)

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=here, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch", "main")
    git("add", ".")
    git("commit", "--quiet", "--message", "First")
    git("clone", "--quiet", "--bare", ".", str(folder / "origin.git"))
    git("remote", "add", "origin", str(folder / "origin.git"))
    git("fetch", "--quiet", "origin")
    git("checkout", "--quiet", "-b", "branch")
    return here


def environ(checkout: Path, binary: Binary) -> dict[str, str]:
    """A runner's: the engine is on PATH, as is a stand-in for GitHub's command."""
    tools = checkout.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    if not (tools / binary.name).exists():
        (tools / binary.name).symlink_to(binary.path)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNAMODB_", "LOADSTONE_", "GITHUB_"))
    }
    return {
        **kept,
        "PATH": os.pathsep.join((str(tools), str(Path(sys.executable).parent), os.environ["PATH"])),
        "HOME": str(checkout.parent),
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_ENV": str(checkout.parent / "env"),
        "GITHUB_STEP_SUMMARY": str(checkout.parent / "summary.md"),
        "GH_SAID": str(checkout.parent / "said"),
    }


def test_every_command_of_the_workflow_works(
    workflow: dict[Any, Any], checkout: Path, binary: Binary
) -> None:
    """In a repository with a branch, the steps one after the other load both, compare them, comment
    the comparison and check the objectives."""
    variables = environ(checkout, binary) | workflow["env"] | SHORTER
    for step in steps(workflow):
        if "run" not in step or step["name"] in LEFT_OUT:
            continue
        own = {
            name: re.sub(r"\$\{\{.*?\}\}", "7", text) for name, text in step.get("env", {}).items()
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            cwd=checkout / step.get("working-directory", "."),
            env=variables | own,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, f"{step['name']}: {done.stdout}\n{done.stderr}"
        noted = Path(variables["GITHUB_ENV"])
        if noted.exists():
            variables |= dict(line.split("=", 1) for line in noted.read_text().splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", variables["AS_OF"])
    comment = (checkout / "comparison.md").read_text()
    assert comment.startswith("# base and branch\n")
    assert "parcel-by-id" in comment
    # Of four seconds on a busy machine; nothing of what the workflow sets is another.
    obstacles = comment.partition("<details>")[0].partition("grain of salt:**")[2]
    for kind in ("data set", "setting", "engine", "machine", "processes", "system"):
        assert f"- {kind}" not in obstacles
    said = (checkout.parent / "said").read_text().split()
    assert said[:3] == ["pr", "comment", "7"]
    assert said[-1] == "comparison.md"
    assert 'failures="0"' in (checkout / "objectives.xml").read_text()
    assert (checkout / "report.html").is_file()
    assert (checkout / "comparison.html").is_file()
    summary = (checkout.parent / "summary.md").read_text()
    assert "### branch: all 2 objectives were met." in summary
    assert "# base and branch" in summary
