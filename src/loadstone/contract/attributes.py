"""Attributes that a pattern names and no item has: a slip, or one that a write is to make."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from loadstone.contract.problem import Problem
from loadstone.pattern import Pattern, parts_of
from loadstone.pattern.conditions import names_in
from loadstone.system import System
from loadstone.table import Table


def unknown_attributes(system: System) -> Iterator[Problem]:
    """What is asked of, or done to, an attribute that the table's items do not have. It is wrong
    where one is nearly called so: an update that misspells it would succeed, and change nothing."""
    for pattern in system.patterns.values():
        for word, name, table in dict.fromkeys(_named(pattern)):
            known = _attributes(system, table)
            if name in known:
                continue
            near = get_close_matches(name, known, n=1, cutoff=0.75)
            meant = f"did you mean {near[0]!r}?" if near else "mind the spelling"
            yield Problem(
                about=pattern.id,
                attribute=word,
                says=f"no item of {table.name} has {name!r}: {meant}",
                wrong=bool(near),
            )


def _named(pattern: Pattern) -> Iterator[tuple[str, str, Table]]:
    """The argument, the attribute, and the table whose items should have it."""
    for operation in (pattern.operation, *parts_of(pattern.operation)):
        for word in ("set", "add", "remove", "condition", "filter", "projection"):
            for path in getattr(operation, word, ()):
                yield word, names_in(path)[0], operation.table


def _attributes(system: System, table: Table) -> list[str]:
    entities = (entity for entity in system.stored if entity.table is table)
    return list(dict.fromkeys(name for entity in entities for name in entity.item))
