"""`loadstone preview`: a look at the data, without any table."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import orjson

from loadstone.cli.data_options import as_of_option, locale_option, scale_option, seed_option
from loadstone.cli.options import json_option, project_option
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadValue
from loadstone.seeding.identity import settings_from
from loadstone.system import System, load_system


@click.command()
@click.argument("what", metavar="SYSTEM[.ENTITY]")
@click.option("-n", "count", default=3, show_default=True, help="How many items of each entity.")
@click.option("--start", default=0, show_default=True, help="The number of the first one.")
@scale_option
@seed_option
@as_of_option
@locale_option
@json_option
@click.option("--wire", is_flag=True, help="In DynamoDB's JSON, one item a line.")
@project_option
def preview(
    what: str,
    count: int,
    start: int,
    scale: int,
    seed: int,
    as_of: datetime | None,
    locale: tuple[str, ...],
    as_json: bool,
    wire: bool,
    project: Path | None,
) -> None:
    """Print items of SYSTEM, or of one ENTITY of it, as they would be loaded.

    \b
    loadstone preview cmz -n 5
    loadstone preview cmz.Student --json
    loadstone preview cmz.Message --start 1000000 --scale medium --wire
    """
    name, _, entity = what.partition(".")
    system = load_system(name, project)
    if count < 1 or start < 0:
        raise BadValue("-n is at least 1 and --start at least 0")
    dataset = Dataset(
        system,
        scale=scale,
        seed=seed,
        as_of=as_of or today(),
        locales=locale,
        settings=settings_from(system, os.environ),
    )
    for each in [system.entity(entity)] if entity else system.stored:
        _preview(dataset, system, each, start, count, as_json=as_json, wire=wire)


def today() -> datetime:
    """Today at 00:00 UTC: the as-of of a data set that is not told another."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _preview(
    dataset: Dataset,
    system: System,
    entity: Entity,
    start: int,
    count: int,
    *,
    as_json: bool,
    wire: bool,
) -> None:
    total = dataset.count(entity)
    if start >= total:
        raise BadValue(
            f"{system.id}.{entity.name} has {total:,} items at this scale: --start is at most "
            f"{total - 1}"
        )
    numbers = range(start, min(start + count, total))
    if wire:
        for body in dataset.rows(entity, numbers.start, numbers.stop):
            click.echo(body.decode())
        return
    for number in numbers:
        item = dataset.item(entity, number)
        if as_json:
            click.echo(orjson.dumps(item, default=_plain).decode())
        else:
            where = entity.table.name if entity.table else "not stored"
            click.secho(f"{system.id}.{entity.name} {number:,} of {total:,} · {where}", bold=True)
            _print(item)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


def _print(item: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid(box=None, show_header=False, padding=(0, 2, 0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in item.items():
        shown = value if isinstance(value, str) else orjson.dumps(value, default=_plain).decode()
        grid.add_row(name, shown)
    Console().print(grid, markup=False, highlight=False)
