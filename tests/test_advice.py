"""The commands that messages advise: they mean the tables that the command at hand meant."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadstone.advice import GIVEN, TAKEN, advised, forget, handed_on, remember
from loadstone.client.target import Target
from tests.commands import Ran, loadstone
from tests.test_help import COMMANDS
from tests.test_house import ROOT, engine_files, parse

#: A command, in a message.
CALL = re.compile(r"`loadstone ([^`]+)`")
#: One about a system, spelled out.
SPELLED = re.compile(rf"loadstone ({'|'.join(TAKEN)}) (\{{|SYSTEM|NAME)")
#: What goes into files that stay, and what another machine is told, is not about what was given.
APART = re.compile(r"locust -f |--worker \{worker\}|Change the table to yours|Each Pattern is")


@pytest.fixture(autouse=True)
def nothing_given() -> Iterator[None]:
    forget()
    yield
    forget()


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that are no docstrings, with `{…}` for what is put in."""
    tree = parse(path)
    apart = {
        id(each)
        for node in ast.walk(tree)
        for each in (
            [node.value]
            if isinstance(node, ast.Expr)
            else node.values
            if isinstance(node, ast.JoinedStr)
            else []
        )
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, ast.unparse(node)[2:-1]
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart
        ):
            yield node.lineno, node.value


def test_advice_is_made_in_one_place() -> None:
    """No message spells out a command about a system, which could not say what was given."""
    found = [
        (f"{path.name}:{line}", text)
        for path in engine_files()
        for line, text in messages(path)
        if SPELLED.search(text)
    ]
    assert [place for place, text in found if not APART.search(text)] == []


@pytest.mark.parametrize("command", TAKEN)
def test_a_command_is_advised_with_what_it_takes(command: str) -> None:
    """What is put into a command are its own options, and all that another may have been given."""
    own = {flag for param in COMMANDS[command].params for flag in param.opts}
    assert own & {option for some in TAKEN.values() for option in some} == set(TAKEN[command])


def test_what_was_given_is_in_what_is_advised() -> None:
    """In a shell's spelling; what the words name themselves is theirs, and the rest is left out."""
    assert advised("seed", "cmz") == "loadstone seed cmz"
    for option, value in (("--table-prefix", "my-"), ("--scale", "30"), ("--project", "a b")):
        remember(option, value)
    assert advised("seed", "cmz") == (
        "loadstone seed cmz --scale 30 --table-prefix my- --project 'a b'"
    )
    assert advised("seed", "cmz", "--scale", "9") == (
        "loadstone seed cmz --scale 9 --table-prefix my- --project 'a b'"
    )
    assert advised("check", "cmz") == "loadstone check cmz --project 'a b'"
    assert advised("up", "cmz", here=True) == "loadstone up cmz --project 'a b'"
    forget()
    assert advised("check", "cmz") == "loadstone check cmz"
    assert handed_on() == {}


def locust(*arguments: str, cwd: Path) -> Ran:
    """Plain Locust, of which no `loadstone` has told it anything."""
    environ = {name: value for name, value in os.environ.items() if name != GIVEN}
    done = subprocess.run(
        [sys.executable, "-m", "locust", *arguments],
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def calls_in(ran: Ran) -> list[list[str]]:
    return [shlex.split(call) for call in CALL.findall(ran.err)]


def test_advice_is_followed_to_the_same_tables(target: Target, tmp_path: Path) -> None:
    """Who says a prefix, a scale and an endpoint, and then does as is said, comes to that data."""
    where = ("--endpoint", target.url, "--table-prefix", "advised-", "--region", "eu-west-1")
    data = ("--scale", "30", "--seed", "7", "--as-of", "2026-05-01", "--locale", "de_DE")
    missing = loadstone("verify", "cmz", *data, *where, cwd=tmp_path)
    assert missing.code == 2
    create, seed = calls_in(missing)
    for call in (create, seed):
        ran = loadstone(*call, cwd=tmp_path)
        assert ran.code == 0, ran.err
    again = loadstone("verify", "cmz", *data, *where, "--data", cwd=tmp_path)
    assert again.code == 0, again.err
    assert "advised-cmz-conversations: 30 of 30 items" in again.out
    another = loadstone("seed", "cmz", "--seed", "8", *where, cwd=tmp_path)
    assert another.code == 2
    drop, create, seed = calls_in(another)
    assert drop[:3] == ["tables", "drop", "cmz"]
    assert seed[:4] == ["seed", "cmz", "--seed", "8"]
    for call in (drop, create, seed):
        ran = loadstone(*call, *["--yes"] * (call is drop), cwd=tmp_path)
        assert ran.code == 0, ran.err


@pytest.mark.parametrize("caller", ["loadstone run", "locust"])
def test_a_run_advises_what_it_was_given(caller: str, target: Target, tmp_path: Path) -> None:
    """A process of Locust, begun by either command, tells to make the tables that it looked for."""
    prefix, project = ("--table-prefix", "unmade-"), ("--project", str(tmp_path))
    if caller == "locust":
        host = ("--host", target.url, "--headless", "--run-time", "1s")
        ran = locust("-f", str(ROOT / "locustfiles" / "cmz.py"), *host, *prefix, cwd=tmp_path)
    else:
        own = ("--endpoint", target.url, "--duration", "1s", *project)
        ran = loadstone("run", "cmz", *own, *prefix, cwd=tmp_path)
    assert ran.code == 2, ran.err
    (call,) = calls_in(ran)
    wanted = ["up", "cmz", "--scale", "20000", *prefix, "--endpoint", target.url]
    assert call == [*wanted, *(project if caller == "loadstone run" else ())]
