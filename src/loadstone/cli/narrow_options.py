"""`--table` and `--entity`: a part of a system, for those who write its items or delete them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from loadstone.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrow:
    """The tables and entities that were named; all, where none were."""

    tables: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    def within(self, system: System) -> frozenset[str] | None:
        """The names of the entities that are meant; None is all of them."""
        from loadstone.seeding.narrow import narrowed

        if not self.tables and not self.entities:
            return None
        return narrowed(system, self.tables, self.entities)


def narrow_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--table --entity`, passed on as `narrow`."""

    @functools.wraps(command)
    def gathered(*args: Any, table: tuple[str, ...], entity: tuple[str, ...], **kwargs: Any) -> Any:
        return command(*args, narrow=Narrow(tables=table, entities=entity), **kwargs)

    options = (
        click.option(
            "--table",
            multiple=True,
            metavar="NAME",
            help="Only this table, by its name in `loadstone systems`; may be repeated.",
        ),
        click.option(
            "--entity", multiple=True, metavar="NAME", help="Only this entity; may be repeated."
        ),
    )
    for option in reversed(options):
        gathered = option(gathered)
    return gathered
