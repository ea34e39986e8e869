"""Which entities of a system are meant: all that are stored, or those that somebody names. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.errors import BadValue, UnknownName
from loadstone.system import System


def narrowed(system: System, tables: Sequence[str], entities: Sequence[str]) -> frozenset[str]:
    """The names of the stored entities in these tables, and of these names; none given means all.

    Names are those of the system, in any case of letters.
    """
    of_tables = {name for each in tables for name in _in_table(system, each)}
    named = {_stored(system, each) for each in entities}
    found = {
        entity.name
        for entity in system.stored
        if (not tables or entity.name in of_tables) and (not entities or entity.name in named)
    }
    if not found:
        raise BadValue(
            f"no entity of --entity {', '.join(entities)} is in --table {', '.join(tables)}: leave "
            "one of them out"
        )
    return frozenset(found)


def _in_table(system: System, name: str) -> list[str]:
    by_name = {table.name.lower(): table for table in system.tables}
    table = by_name.get(name.lower())
    if table is None:
        known = [each.name for each in system.tables]
        raise UnknownName.among(f"table in {system.id}", name, known)
    found = [entity.name for entity in system.stored if entity.table is table]
    if not found:
        raise BadValue(f"no entity of {system.id} is in the table {table.name}")
    return found


def _stored(system: System, name: str) -> str:
    by_name = {entity.name.lower(): entity.name for entity in system.stored}
    if name.lower() not in by_name:
        raise UnknownName.among(f"stored entity in {system.id}", name, list(by_name.values()))
    return by_name[name.lower()]
