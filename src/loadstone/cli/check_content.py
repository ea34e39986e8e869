"""The half of `loadstone check` that is about systems: whether what is written holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from loadstone.advice import advised
from loadstone.cli.options import say
from loadstone.errors import BadContent, EngineError, LoadstoneError
from loadstone.system import load_system, project_root, system_names
from loadstone.target import Where

if TYPE_CHECKING:
    from loadstone.contract.problem import Problem
    from loadstone.system import System

_PLACE = re.compile(r"(?P<path>/.+?\.py)(?P<line>:\d+)?:? ")


def own_systems(project: Path | None) -> list[str]:
    """The systems of the project at hand; the built-in ones where it has none."""
    root = project_root(project)
    found = system_names(project)
    own = [name for name in found if root and (root / "fixtures" / f"{name}.py").is_file()]
    return own or found


def check_systems(names: Sequence[str], project: Path | None, *, as_json: bool) -> None:
    """Hold systems against the contract; exit 1 when one does not keep it."""
    if len(names) > 1:
        whose = "" if project_root(project) else " that come with Loadstone, for want of a project"
        say(
            f"checking {len(names)} systems{whose}, which takes minutes: {', '.join(names)}; "
            f"`{advised('check', names[0])}` checks one"
        )
    wrong = 0
    for number, name in enumerate(names, 1):
        if len(names) > 1:
            say(f"{name}: system {number} of {len(names)}")
        found = list(_problems(name, project))
        wrong += sum(problem.wrong for problem in found)
        if as_json:
            click.echo(_json(name, found))
        else:
            _print(name, found)
    if wrong:
        raise SystemExit(1)


def _problems(name: str, project: Path | None) -> Iterator[Problem]:
    from loadstone.contract.contract import content_problems
    from loadstone.contract.problem import Problem

    try:
        system = load_system(name, project)
    except BadContent as error:
        place, says = _apart(str(error))
        yield Problem(about=name, says=says, place=place)
        return
    found = list(content_problems(system, say=say))
    yield from found
    if not system.patterns:
        return
    if any(problem.wrong for problem in found):
        yield Problem(
            about=name, says="its patterns are played when nothing else is wrong", wrong=False
        )
        return
    yield from _played(system, project)


def _played(system: System, project: Path | None) -> Iterator[Problem]:
    """Its scenario on an engine of its own in memory; where there is none, that is said."""
    from loadstone.aws.target import embedded_target
    from loadstone.contract.contract import played_problems
    from loadstone.contract.problem import Problem
    from loadstone.embedded.engines import find_engine
    from loadstone.embedded.process import Engine
    from loadstone.folders import make_folder

    state = Where(project=project).state
    try:
        make_folder(state)
        binary = find_engine(state / "engine", say=say)
    except EngineError as error:
        yield Problem(about=system.id, says=f"its patterns were not played: {error}", wrong=False)
        return
    with Engine(binary, folder=state) as engine:
        try:
            yield from played_problems(system, embedded_target(engine.url, environ={}), say=say)
        except EngineError:
            raise
        except LoadstoneError as error:
            yield Problem(about=system.id, says=f"its tables cannot be filled: {error}")


def _apart(error: str) -> tuple[str, str]:
    """The place that an error begins with, as it is found from here, and what it says."""
    found = _PLACE.match(error)
    if found is None:
        return "", error
    path, here = Path(found["path"]), Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{shown}{found['line'] or ''}", error[found.end() :]


def _print(name: str, problems: Sequence[Problem]) -> None:
    wrong = [problem for problem in problems if problem.wrong]
    for problem in wrong:
        click.echo(str(problem))
    for problem in problems:
        if not problem.wrong:
            click.echo(f"note: {problem}")
    click.echo(f"{name}: {_counted(len(wrong))}")


def _counted(wrong: int) -> str:
    match wrong:
        case 0:
            return "nothing is wrong"
        case 1:
            return "1 thing is wrong"
        case _:
            return f"{wrong} things are wrong"


def _json(name: str, problems: Sequence[Problem]) -> str:
    found = {
        "system": name,
        "ok": not any(problem.wrong for problem in problems),
        "problems": [problem.as_dict() for problem in problems],
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
