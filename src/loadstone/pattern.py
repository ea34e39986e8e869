"""Patterns: what the application asks of its tables, as its document says; mixes and journeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar, TypeAlias

from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.expr import Expr, Value
from loadstone.table import Index, Table


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Items of one partition, of a table or of an index, in the order of their sort key."""

    name: ClassVar[str] = "Query"
    table: Table
    _: KW_ONLY
    key: Mapping[str, Value]
    index: str | None = None
    begins_with: Mapping[str, Value] = field(default_factory=dict)
    limit: int | None = None
    newest_first: bool = False
    all_pages: bool = False

    def __post_init__(self) -> None:
        partition_key, sort_key = self.searched.partition_key, self.searched.sort_key
        where = f"{self.table.name}{f'.{self.index}' if self.index else ''}"
        if partition_key not in self.key:
            raise BadContent(f"a query of {where} says what {partition_key!r} is")
        others = set(self.key) - {partition_key} | set(self.begins_with)
        if others - {sort_key}:
            raise BadContent(f"a query of {where} can narrow {sort_key!r} alone, not {others}")

    @property
    def searched(self) -> Table | Index:
        """The table or index that answers."""
        return self.table.index(self.index) if self.index else self.table


@dataclass(frozen=True, slots=True, eq=False)
class GetItem:
    """One item by its primary key."""

    name: ClassVar[str] = "GetItem"
    index: ClassVar[None] = None
    table: Table
    _: KW_ONLY
    key: Mapping[str, Value]
    consistent: bool = False

    def __post_init__(self) -> None:
        if tuple(self.key) != self.table.key:
            raise BadContent(f"an item of {self.table.name} is found by {self.table.key}")


@dataclass(frozen=True, slots=True, eq=False)
class PutItem:
    """A new item of an entity, continuing the data: it descends from the item that is drawn.

    What stands between the two is new as well: a message put under a student opens a session.
    `position` is its place among its siblings, where the entity's values depend on it.
    """

    name: ClassVar[str] = "PutItem"
    index: ClassVar[None] = None
    new: Entity
    _: KW_ONLY
    position: int = 0

    def __post_init__(self) -> None:
        if self.new.parent is None or self.new.created is None:
            raise BadContent(f"a new {self.new.name} needs a parent and an instant of creation")

    @property
    def table(self) -> Table:
        if self.new.table is None:
            raise BadContent(f"{self.new.name} is in no table")
        return self.new.table


Operation: TypeAlias = Query | GetItem | PutItem


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All items of an entity that descend from the one that was asked for, and no others."""

    entity: Entity


@dataclass(frozen=True, slots=True, eq=False)
class Exactly:
    """The item that was asked for, as the data set has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one row of the partition that was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Nothing: the write succeeds."""


Expected: TypeAlias = Every | Exactly | Some | Written


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One documented way to ask.

    `of` is the entity that is drawn, popular ones more often; the operation's arguments are its
    values. `only` are those that the question makes sense for. `source` is the document's title and
    the heading that the pattern stands under.
    """

    id: str
    operation: Operation
    _: KW_ONLY
    of: Entity
    expects: Expected
    source: str
    only: Expr | None = None
    servable: bool = True

    def __post_init__(self) -> None:
        operation = self.operation
        if isinstance(operation, PutItem) and self.of not in operation.new.ancestors:
            raise BadContent(f"{self.id}: a new {operation.new.name} is asked of an ancestor")
        if isinstance(self.expects, Every) and self.of not in self.expects.entity.ancestors:
            raise BadContent(
                f"{self.id}: {self.expects.entity.name} does not descend from {self.of.name}, so "
                "Every() cannot say which rows are right; Exactly() is for one item by its key"
            )
        if isinstance(operation, PutItem) != isinstance(self.expects, Written):
            raise BadContent(f"{self.id}: Written() is what a write expects, and only a write")

    @property
    def table(self) -> Table:
        return self.operation.table

    @property
    def index(self) -> str | None:
        return self.operation.index


@dataclass(frozen=True, slots=True, eq=False)
class Think:
    """A pause within a journey, in seconds: somewhere between low and high."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """Patterns in the order that one user meets them, about one thing: the `of` that is drawn.

    A step whose pattern asks for an ancestor of that thing gets that ancestor; one that asks for a
    descendant gets any of its descendants.
    """

    id: str
    _: KW_ONLY
    of: Entity
    steps: Sequence[Pattern | Think]
    source: str

    def __post_init__(self) -> None:
        for pattern in self.patterns:
            related = (self.of, *self.of.ancestors, pattern.of, *pattern.of.ancestors)
            if related.count(self.of) + related.count(pattern.of) < 3:
                raise BadContent(f"journey {self.id}: {pattern.id} is about another line of things")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return tuple(step for step in self.steps if isinstance(step, Pattern))


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Patterns and journeys with weights. Closed users pause `think` between them."""

    name: str
    weights: Mapping[Pattern | Journey, float]
    _: KW_ONLY
    think: Think = Think(0.0, 0.0)

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) <= 0:
            raise BadContent(f"mix {self.name}: every weight is above 0")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Every pattern that the mix may replay, each once."""
        found: dict[Pattern, None] = {}
        for entry in self.weights:
            found.update(dict.fromkeys(entry.patterns if isinstance(entry, Journey) else [entry]))
        return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """The share of an entity's items whose descendants a run may write; the rest is read only.

    What is read only can be checked to the last row while the run writes.
    """

    of: Entity
    share: float = 0.1
