"""What the commands say of themselves, and what a shell completes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from loadstone.cli import commands
from loadstone.cli.completion import SHELLS
from loadstone.system import system_names
from tests.commands import loadstone

#: A call inside a line, up to what ends it: a quote, a pipe, or the words that explain it.
CALL = re.compile(r"\bloadstone (?P<call>.+?)(?=\)\"|\s{2,}| [|>] |$)")
#: What an example reads has to be there.
FILE = re.compile(r"[\w-]+\.(csv|json|jsonl|toml|yaml)")


def every(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Each command by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from every(command, (*path, name))


COMMANDS = dict(every(commands))


def examples(command: click.Command) -> list[list[str]]:
    """What a command's help shows, as the words of each call."""
    _, *blocks = (command.help or "").split("\b\n")
    lines = [line.strip() for block in blocks for line in block.partition("\n\n")[0].splitlines()]
    return [shlex.split(found["call"]) for line in lines if (found := CALL.search(line))]


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_shows_an_example_of_itself(words: str) -> None:
    """Each command's help has an example that calls it."""
    asked = words.split()
    assert [call for call in examples(COMMANDS[words]) if call[: len(asked)] == asked]


@pytest.mark.parametrize("words", COMMANDS)
def test_examples_are_understood(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example is taken as it is written: its options are there, and its values are read."""
    monkeypatch.chdir(tmp_path)
    for call in examples(COMMANDS[words]):
        command, rest = resolved(call)
        for name in filter(FILE.fullmatch, rest):
            Path(name).touch()
        with click.Context(commands) as above:
            command.make_context(" ".join(call), rest, parent=above)


def resolved(call: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words mean, and what is left of them for it."""
    command: click.Command = commands
    rest = list(call)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"no command {rest[0]}"
        command = found
        rest.pop(0)
    return command, rest


def completed(line: str, folder: Path) -> list[str]:
    """What bash would offer for a line that ends where the cursor is."""
    words = line.split(" ")
    ran = loadstone(
        cwd=folder,
        environ={
            "_LOADSTONE_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
    )
    assert ran.code == 0, ran.err
    return [answer.partition(",")[2] for answer in ran.out.splitlines()]


def test_a_shell_completes_commands_options_and_systems(tmp_path: Path) -> None:
    """Commands, options and the names of systems are completed, those of a project's own too."""
    (tmp_path / "pyproject.toml").write_text("[tool.loadstone]\n")
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "acorns.py").touch()
    assert completed("loadstone loc", tmp_path) == ["local", "locustfile"]
    assert "--scale" in completed("loadstone seed cmz --sc", tmp_path)
    assert completed("loadstone seed ac", tmp_path) == ["acorns", "acs"]
    assert completed("loadstone tables verify ", tmp_path) == ["acorns", *system_names()]


def test_a_shell_completes_what_a_word_stands_for(tmp_path: Path) -> None:
    """A scale by its names, a run by its own and `last`, and systems wherever one may be meant; of
    the project that the line names."""
    project = tmp_path / "load"
    for name in ("nightly", "noon"):
        (project / ".loadstone" / "runs" / name).mkdir(parents=True)
        (project / ".loadstone" / "runs" / name / "run.jsonl").write_text("{}\n")
    (project / "fixtures").mkdir()
    (project / "fixtures" / "nuts.py").touch()
    (project / "pyproject.toml").write_text("[tool.loadstone]\n")
    assert completed("loadstone seed cmz --scale s", project) == ["small"]
    assert completed("loadstone preview k", project) == ["kxgen"]
    assert completed("loadstone check n", project) == ["nuts", "nightly", "noon"]
    assert completed("loadstone report n", project) == ["nightly", "noon"]
    assert completed("loadstone compare nightly l", project) == ["last"]
    assert completed("loadstone plan --run n", project) == ["nightly", "noon"]
    assert completed("loadstone seed --project load n", tmp_path) == ["nuts"]
    assert not any(completed("loadstone report l", tmp_path))


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_told_how(shell: str, tmp_path: Path) -> None:
    """`completion` prints a script that asks the command by its variable."""
    ran = loadstone("completion", shell, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert f"_LOADSTONE_COMPLETE={shell}_complete" in ran.out


def test_a_folder_that_is_not_there_does_not_disturb(tmp_path: Path) -> None:
    """Where systems cannot be listed, nothing is completed, and nothing is shown on the line."""
    ran = loadstone(
        cwd=tmp_path,
        environ={
            "_LOADSTONE_COMPLETE": "bash_complete",
            "COMP_WORDS": "loadstone seed c",
            "COMP_CWORD": "2",
            "LOADSTONE_PROJECT": str(tmp_path / "gone"),
        },
    )
    assert (ran.out.strip(), ran.err) == ("", "")
