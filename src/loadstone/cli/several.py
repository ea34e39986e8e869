"""Which systems a run is of: one by its name, or `all`; and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from loadstone.cli.options import say
from loadstone.cli.outcome import print_outcome
from loadstone.content import content_root
from loadstone.errors import BadValue
from loadstone.run import Run
from loadstone.system import ALL, System, load_system, system_names


def asked_systems(name: str, project: Path | None, mix: str) -> list[System]:
    """The system of that name. `all` is every one of the project's own that has a mix to play; of
    those that come with Loadstone, where the project has none."""
    if name != ALL:
        found = load_system(name, project)
        found.mix(mix)
        return [found]
    every = [load_system(each, project) for each in system_names(project)]
    systems = [each for each in every if each.project != content_root()] or every
    for each in systems:
        if not each.mixes:
            say(f"{each.id} is left out: scenarios/{each.id}.py declares no mix")
    systems = [each for each in systems if each.mixes]
    if not systems:
        raise BadValue("no system has a mix to play: scenarios/NAME.py declares them")
    for each in systems:
        each.mix(mix)
    return systems


def refuse_unshared(systems: Sequence[System], load: Mapping[str, Any]) -> None:
    """What several systems cannot share."""
    names = ", ".join(each.id for each in systems)
    if len(systems) > 1 and load["find_max"]:
        raise BadValue(f"--find-max loads one system at a time: name one of {names}")
    closed = not load["rate"] and not load["shape"]
    if closed and load["users"] < len(systems):
        raise BadValue(
            f"--users {load['users']}: {len(systems)} systems share them, so it takes at least "
            f"{len(systems)}: {names}"
        )


def records_of_each(path: Path, systems: Sequence[System]) -> dict[str, Path]:
    """Where a run keeps its records, by system."""
    if len(systems) == 1:
        return {systems[0].id: path}
    return {each.id: path / each.id for each in systems}


def print_records(paths: Mapping[str, Path], *, as_json: bool) -> None:
    """What came of each system; as JSON, of several by their names."""
    from loadstone.report.json_report import render_json
    from loadstone.report.view import view

    if as_json:
        texts = {name: render_json(view(Run.load(path))) for name, path in paths.items()}
        several = {name: orjson.loads(text) for name, text in texts.items()}
        (one, *others) = texts.values()
        click.echo(orjson.dumps(several).decode() if others else one, nl=bool(others))
        return
    for name, path in paths.items():
        if len(paths) > 1:
            click.echo(f"{name}:")
        print_outcome(Run.load(path))
        click.echo(f"record: {path}")
