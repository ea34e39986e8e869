"""`loadstone systems`: what there is to load and to replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from loadstone.amounts import amount
from loadstone.cli.options import json_option, project_option
from loadstone.cli.table_json import describe_table
from loadstone.errors import BadContent
from loadstone.system import System, load_system, system_names


@click.command()
@project_option
@json_option
def systems(project: Path | None, as_json: bool) -> None:
    """List the systems that there are: the built-in ones, and those of your project.

    \b
    loadstone systems
    loadstone systems --json
    """
    found = []
    broken = False
    for name in system_names(project):
        try:
            found.append(load_system(name, project))
        except BadContent as error:
            broken = True
            click.echo(f"loadstone: {error}", err=True)
    if as_json:
        described = [describe_system(system) for system in found]
        click.echo(orjson.dumps(described, option=orjson.OPT_INDENT_2).decode())
    else:
        for system in found:
            _print(system)
    if broken:
        raise SystemExit(2)


def describe_system(system: System) -> dict[str, Any]:
    """A system as `--json` prints it."""
    return {
        "id": system.id,
        "source": system.source,
        "region": system.region,
        "tables": [describe_table(table) for table in system.tables],
        "entities": [
            {"name": entity.name, "table": entity.table.name if entity.table else None}
            for entity in system.entities.values()
        ],
        "patterns": [
            {
                "id": pattern.id,
                "operation": pattern.operation.name,
                "table": pattern.table.name,
                "index": pattern.index,
                "servable": pattern.servable,
                "source": pattern.source,
            }
            for pattern in system.patterns.values()
        ],
        "journeys": [
            {
                "id": journey.id,
                "patterns": [pattern.id for pattern in journey.patterns],
                "source": journey.source,
            }
            for journey in system.journeys.values()
        ],
        "mixes": [
            {
                "name": mix.name,
                "weights": {_name(entry): weight for entry, weight in mix.weights.items()},
            }
            for mix in system.mixes.values()
        ],
    }


def _name(entry: Any) -> str:
    name: str = entry.id
    return name


def _print(system: System) -> None:
    click.echo(f"{click.style(system.id, bold=True)}  {system.source}")
    for table in system.tables:
        inferred = "  (key inferred)" if table.inferred else ""
        click.echo(f"  {table.name}({', '.join(table.key)}){inferred}")
        for index in table.indexes:
            inferred = "  (inferred)" if index.inferred else ""
            click.echo(f"    {index.name}({', '.join(index.key)}){inferred}")
    patterns, journeys, mixes = system.patterns, system.journeys, system.mixes
    if patterns:
        played = f"{amount(len(patterns), 'pattern')}, {amount(len(journeys), 'journey')}"
        click.echo(f"  {played}; mixes {', '.join(mixes)}")
