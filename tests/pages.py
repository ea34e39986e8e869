"""Documentation that is run: the commands of a page, in a folder of their own, one after the other.

What a page may have:

- ```` ```console ```` blocks: lines that begin with `$ ` are run by bash, in order, and have to end
  well. A line that ends with a backslash goes on. What is shown beneath a command has to be in what
  it prints, numbers aside; `...` stands for anything, and blocks may show less than there is.
- ```` ```python ```` blocks, or others, whose first line is `# PATH`: that file is written.
- `<!-- needs AWS -->` or `<!-- skip: REASON -->` on the line before a block: it is not run.
- `<!-- exit N -->` before a block: its last command ends so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"^ {0,3}```(\w*)\s*$")
_MARK = re.compile(r"^<!-- (needs AWS|skip: .+|exit \d+) -->$")
_FILE = re.compile(r"^# (\S+/\S+\.\w+)$")
_NUMBER = re.compile(r"\d[\d,.:]*")
_PRIVATE = ("AWS_", "DYNAMODB_", "LOADSTONE_", "CONVERSATION_", "PYTHON")


@dataclass(frozen=True)
class Command:
    """What is typed, and what the page shows of the answer."""

    text: str
    line: int
    shows: tuple[str, ...]
    exits: int = 0


@dataclass(frozen=True)
class File:
    """What a page says is in a file."""

    path: str
    text: str


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its lines, where it begins and how it is marked."""

    language: str
    lines: tuple[str, ...]
    line: int
    mark: str

    @property
    def is_run(self) -> bool:
        return not self.mark.startswith(("needs AWS", "skip"))


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    found: list[Block] = []
    mark, opened = "", None
    held: list[str] = []
    for number, line in enumerate(page.splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence:
            opened, held = (fence[1], number), []
        elif opened is not None and fence and not fence[1]:
            found.append(Block(opened[0], tuple(held), opened[1], mark))
            opened, mark = None, ""
        elif opened is not None:
            held.append(line)
        elif line.strip():
            marked = _MARK.match(line.strip())
            mark = marked[1] if marked else ""
    assert opened is None, f"a block is not closed: line {opened}"
    return found


def steps_of(page: str) -> Iterator[Command | File]:
    """What is to be done, in the order of the page."""
    for block in blocks_of(page):
        if not block.is_run:
            continue
        if block.language == "console":
            yield from _commands(block)
        elif block.lines and (named := _FILE.match(block.lines[0])):
            yield File(named[1], "\n".join(block.lines[1:]) + "\n")


def _commands(block: Block) -> list[Command]:
    found: list[Command] = []
    lines = list(enumerate(block.lines, block.line + 1))
    while lines:
        number, line = lines.pop(0)
        assert line.startswith("$ "), f"line {number} is beneath no command: {line}"
        text = line[2:].split("   # ")[0]
        while text.endswith("\\"):
            text = text[:-1] + lines.pop(0)[1].strip()
        shows = []
        while lines and not lines[0][1].startswith("$ "):
            shows.append(lines.pop(0)[1])
        found.append(Command(text, number, tuple(shows)))
    exits = int(block.mark.split()[1]) if block.mark.startswith("exit") else 0
    if found and exits:
        last = found[-1]
        found[-1] = Command(last.text, last.line, last.shows, exits)
    return found


def run_page(page: Path, folder: Path, *, engine: Path, timeout_s: float = 300) -> int:
    """Do what a page says in a folder; how many commands there were. `engine` is dynoxide's
    binary, so that none is fetched."""
    programs = folder / ".programs"
    programs.mkdir()
    (programs / "dynoxide").symlink_to(engine)
    count = 0
    for step in steps_of(page.read_text(encoding="utf-8")):
        if isinstance(step, File):
            path = folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            continue
        _run(page, step, folder, programs, timeout_s)
        count += 1
    return count


def _run(page: Path, command: Command, folder: Path, programs: Path, timeout_s: float) -> None:
    done = subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        env=_environment(folder, programs),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    where = f"{page.name}:{command.line}: $ {command.text}"
    told = f"{where}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == command.exits, f"it ended with {done.returncode}: {told}"
    missing = unseen(command.shows, f"{done.stdout}\n{done.stderr}")
    assert not missing, f"the page shows what is not there: {missing!r}: {told}"


def _environment(folder: Path, programs: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    path = (str(programs), str(Path(sys.executable).parent), kept.get("PATH", os.defpath))
    return {**kept, "HOME": str(folder), "COLUMNS": "100", "PATH": os.pathsep.join(path)}


def unseen(shown: Sequence[str], printed: str) -> list[str]:
    """The lines that a page shows and a command did not print: numbers and spaces may differ."""
    there = {_plain(line) for line in printed.splitlines()}
    return [line for line in shown if _plain(line) not in there and line.strip() not in ("...", "")]


def _plain(line: str) -> str:
    return " ".join(_NUMBER.sub("0", line).split())
