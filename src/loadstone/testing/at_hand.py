"""Which tables and indexes a test can have throttled; what is not there is said at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol

from loadstone.errors import BadValue, UnknownName
from loadstone.gate.schema import Schema, Schemas, name_of


class Tables(Protocol):
    """The tables that a test has: `Database` has them."""

    def tables(self) -> list[str]: ...

    def describe(self, table: str) -> Mapping[str, Any] | None: ...


class AtHand:
    """`physical` gives the names in the engine for one in a document."""

    def __init__(self, database: Tables, physical: Callable[[str], Iterable[str]]) -> None:
        self._database, self._physical = database, physical

    def tables(self, named: str) -> frozenset[str]:
        """Those that a name means; UnknownName where there is none."""
        if not isinstance(named, str):
            raise BadValue(f"throttled(table={named!r}): the name of one table, or leave it out")
        there = self._database.tables()
        meant = {name_of(named), *self._physical(named)} & set(there)
        if not meant:
            raise UnknownName(
                f"throttled(table={named!r}): this test has no such table"
                f"{_instead(named, there, 'loadstone_tables, seeded or your code makes it')}"
            )
        return frozenset(meant)

    def check_index(self, named: str | None, tables: frozenset[str]) -> None:
        """Raises where no index of these tables, or of any, could be throttled."""
        schemas = self._schemas(tables)
        of = _listed(sorted(schema.name for schema in schemas)) or "no table"
        own = [index for schema in schemas for index in schema.global_indexes]
        known = list(dict.fromkeys(index.name for index in own))
        if named is None:
            if schemas and not known:
                raise BadValue(
                    f"an index is to be throttled, and {of} {_have(schemas)} no global one: "
                    "take a reason that begins with Table"
                )
        elif any(named in schema.indexes for schema in schemas) and named not in known:
            raise BadValue(
                f"throttled(index={named!r}): a local index has no capacity but its table's: "
                "leave out index, and take a reason that begins with Table"
            )
        elif named not in known:
            raise UnknownName(
                f"throttled(index={named!r}): {of} {_have(schemas)} no such global index"
                f"{_instead(str(named), known, 'take a reason that begins with Table')}"
            )

    def _schemas(self, tables: frozenset[str]) -> list[Schema]:
        schemas = Schemas(self._database.describe)
        found = (schemas(name) for name in sorted(tables or self._database.tables()))
        return [schema for schema in found if schema]


def _instead(named: str, there: Sequence[str], where_none: str) -> str:
    if not there:
        return f", and there is none: {where_none}"
    near = get_close_matches(named, there, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"; {meant}there {'is' if len(there) == 1 else 'are'} {_listed(there)}"


def _have(schemas: Sequence[Schema]) -> str:
    return "have" if len(schemas) > 1 else "has"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
