"""A draft: entities and patterns as Python source, before they are written to files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from loadstone.table import Table


@dataclass(frozen=True)
class Line:
    """An attribute or a fact."""

    name: str
    source: str
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class DraftTable:
    table: Table
    variable: str
    notes: Sequence[str] = ()


@dataclass(eq=False)
class DraftEntity:
    """`before` are variables that its attributes share. `prefixes` are what its sort keys all begin
    with, by the attribute; those of `timed` go on with an instant. No two items have the same in
    one of `unlike`, nor in all of `identity`."""

    name: str
    variable: str
    table: DraftTable | None = None
    parent: DraftEntity | None = None
    per_parent: str = ""
    facts: list[Line] = field(default_factory=list)
    item: list[Line] = field(default_factory=list)
    before: list[Line] = field(default_factory=list)
    created: str = ""
    notes: list[str] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)
    timed: frozenset[str] = frozenset()
    unlike: frozenset[str] = frozenset()
    identity: frozenset[str] = frozenset()
    ownerless: bool = False  # its partitions are nobody's: all items in one, or one for each year
    share: float = 1.0  # beside what else of its table has no parent
    lone: bool = False  # its key has nothing that could tell two apart

    def knows(self, name: str) -> bool:
        """Whether it has an attribute or a fact of that name."""
        return any(line.name == name for line in (*self.facts, *self.item))

    def source(self, attribute: str) -> str:
        """What an attribute is made by."""
        return next(line.source for line in self.item if line.name == attribute)

    def has(self, attribute: str) -> bool:
        return any(line.name == attribute for line in self.item)

    @property
    def line(self) -> Iterator[DraftEntity]:
        entity: DraftEntity | None = self
        while entity is not None:
            yield entity
            entity = entity.parent


@dataclass(eq=False)
class DraftPattern:
    id: str
    variable: str
    operation: str
    of: DraftEntity
    expects: str
    heading: str
    uses: Sequence[str] = ()  # variables of the fixtures, beside `of`


@dataclass(eq=False)
class Draft:
    """A whole system."""

    system: str
    document: str
    tables: list[DraftTable]
    entities: list[DraftEntity]
    patterns: list[DraftPattern]
    pools: list[str]
    left_out: list[str]  # tables, and why
    stand_ins: Mapping[str, str]  # by words that no file may have
    hidden: Mapping[str, Mapping[str, str]]  # the same of values, by entity and attribute
    samples: int
