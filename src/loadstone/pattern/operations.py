"""Operations: what is sent to DynamoDB, with arguments that follow from the item that is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar, Literal, TypeAlias

from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.expr import Expr, Value, lift
from loadstone.pattern.conditions import (
    KEY_OPERATORS,
    Changes,
    Conditions,
    Path,
    Values,
    condition_of,
    names_in,
    values_of,
)
from loadstone.table import Index, Table

Returns: TypeAlias = Literal["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"]

#: "Service, account, and table quotas in Amazon DynamoDB".
MOST_SEGMENTS, MOST_KEYS, MOST_WRITES, MOST_TRANSACTED = 1_000_000, 100, 25, 100


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Items of one partition, of a table or of an index, in the order of their sort key.

    `key` says what the partition is, and may narrow the sort key. `pages`: how often
    LastEvaluatedKey is followed at most, the first page included; None is to the end.
    """

    name: ClassVar[str] = "Query"
    writes: ClassVar[bool] = False
    table: Table
    _: KW_ONLY
    key: Conditions
    index: str | None = None
    limit: int | None = None
    newest_first: bool = False
    pages: int | None = 1
    filter: Conditions = field(default_factory=dict)
    projection: Sequence[Path] = ()
    count_only: bool = False
    consistent: bool = False

    def __post_init__(self) -> None:
        where = f"a query of {self.table.name}{f'.{self.index}' if self.index else ''}"
        searched = self.searched
        asked = {names_in(path): condition_of(each) for path, each in self.key.items()}
        partition = asked.pop((searched.partition_key,), None)
        if partition is None or partition.operator != "=":
            raise BadContent(
                f"{where} has to say what {searched.partition_key!r} is, its partition key"
            )
        if set(asked) - {(str(searched.sort_key),)}:
            named = sorted(".".join(path) for path in asked)
            raise BadContent(f"{where} can narrow {searched.sort_key!r} alone, not {named}")
        if any(each.operator not in KEY_OPERATORS for each in asked.values()):
            raise BadContent(f"{where}: a sort key is narrowed by {sorted(KEY_OPERATORS)}")
        if {path for path in self.filter if names_in(path)[0] in searched.key}:
            raise BadContent(f"{where}: what is a key of it belongs in key, not in filter")
        if self.index and self.consistent:
            raise BadContent(f"{where}: an index has no consistent reads")
        _check_pages(where, self.limit, self.pages)

    @property
    def searched(self) -> Table | Index:
        """The table or index that answers."""
        return self.table.index(self.index) if self.index else self.table

    def exprs(self) -> Iterator[Expr]:
        yield from values_of([*self.key.values(), *self.filter.values()])


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Every item of a table or of an index, in no order.

    With `segments` it is a parallel scan: playing it once scans all of them at one time.
    """

    name: ClassVar[str] = "Scan"
    writes: ClassVar[bool] = False
    table: Table
    _: KW_ONLY
    index: str | None = None
    filter: Conditions = field(default_factory=dict)
    limit: int | None = None
    segments: int = 1
    pages: int | None = 1
    projection: Sequence[Path] = ()
    count_only: bool = False
    consistent: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.segments <= MOST_SEGMENTS:
            raise BadContent(f"a scan of {self.table.name} has 1 to a million segments")
        _check_pages(f"a scan of {self.table.name}", self.limit, self.pages)

    @property
    def searched(self) -> Table | Index:
        """The table or index that answers."""
        return self.table.index(self.index) if self.index else self.table

    def exprs(self) -> Iterator[Expr]:
        yield from values_of(list(self.filter.values()))


@dataclass(frozen=True, slots=True, eq=False)
class _OfItem:
    """An operation on one item of an entity, found by its key.

    Without a `key` it is the item that is drawn, or the one of that entity nearest to it: its
    ancestor, or one of its descendants.
    """

    index: ClassVar[None] = None
    entity: Entity
    _: KW_ONLY
    key: Mapping[str, Value] | None = None

    def __post_init__(self) -> None:
        table = self.table
        if self.key is not None and tuple(self.key) != table.key:
            raise BadContent(f"an item of {table.name} is found by {table.key}")

    @property
    def table(self) -> Table:
        if self.entity.table is None:
            raise BadContent(f"{self.entity.name} is in no table")
        return self.entity.table

    @property
    def keys(self) -> dict[str, Expr]:
        """The key, by its attributes."""
        if self.key is not None:
            return {name: lift(value) for name, value in self.key.items()}
        return {name: self.entity[name] for name in self.table.key}


@dataclass(frozen=True, slots=True, eq=False)
class GetItem(_OfItem):
    """One item by its primary key."""

    name: ClassVar[str] = "GetItem"
    writes: ClassVar[bool] = False
    _: KW_ONLY
    consistent: bool = False
    projection: Sequence[Path] = ()

    def exprs(self) -> Iterator[Expr]:
        yield from self.keys.values()


@dataclass(frozen=True, slots=True, eq=False)
class UpdateItem(_OfItem):
    """Some attributes of an item changed where it is.

    `set`, `add` and `remove` are the clauses of an update expression. An item that is not there is
    not made, unless `upsert`.
    """

    name: ClassVar[str] = "UpdateItem"
    writes: ClassVar[bool] = True
    _: KW_ONLY
    set: Changes = field(default_factory=dict)
    add: Mapping[str, Value] = field(default_factory=dict)
    remove: Sequence[Path] = ()
    condition: Conditions = field(default_factory=dict)
    upsert: bool = False
    returns: Returns = "NONE"

    def __post_init__(self) -> None:
        _OfItem.__post_init__(self)
        if not self.changed:
            raise BadContent(f"an update of {self.table.name} sets, adds or removes something")
        if self.changed & set(self.table.key):
            raise BadContent(f"no update changes a key of {self.table.name}: {self.table.key}")

    @property
    def changed(self) -> frozenset[str]:
        """The attributes that are no longer what was loaded."""
        return frozenset(names_in(path)[0] for path in (*self.set, *self.add, *self.remove))

    def exprs(self) -> Iterator[Expr]:
        yield from self.keys.values()
        yield from values_of([*self.set.values(), *self.add.values(), *self.condition.values()])


@dataclass(frozen=True, slots=True, eq=False)
class DeleteItem(_OfItem):
    """An item taken away: one that an earlier step of the journey put."""

    name: ClassVar[str] = "DeleteItem"
    writes: ClassVar[bool] = True
    _: KW_ONLY
    condition: Conditions = field(default_factory=dict)
    returns: Returns = "NONE"

    def exprs(self) -> Iterator[Expr]:
        yield from self.keys.values()
        yield from values_of(list(self.condition.values()))


@dataclass(frozen=True, slots=True, eq=False)
class ConditionCheck(_OfItem):
    """Within a transaction: an item that must be so, and is not changed."""

    name: ClassVar[str] = "ConditionCheck"
    writes: ClassVar[bool] = True
    _: KW_ONLY
    condition: Conditions = field(default_factory=dict)

    def exprs(self) -> Iterator[Expr]:
        yield from self.keys.values()
        yield from values_of(list(self.condition.values()))


@dataclass(frozen=True, slots=True, eq=False)
class PutItem:
    """An item written whole.

    Asked of an ancestor it is a new item, which continues the data: it descends from the item that
    is drawn, and what stands between the two is new as well: a message put under a student opens a
    session. `position` is its place among its siblings, where the entity's values depend on it.
    Asked of the entity itself it is the drawn item, written over.

    `values` are written instead of what the entity says, by attribute; `without` is not written.
    """

    name: ClassVar[str] = "PutItem"
    writes: ClassVar[bool] = True
    index: ClassVar[None] = None
    new: Entity
    _: KW_ONLY
    position: int = 0
    values: Values = field(default_factory=dict)
    without: Sequence[str] = ()
    condition: Conditions = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [names_in(path)[0] for path in (*self.values, *self.without)]
        unknown = [name for name in unknown if name not in self.new.item]
        if unknown:
            raise BadContent(f"{self.new.name} has no {unknown[0]!r} to give a value to")

    @property
    def entity(self) -> Entity:
        return self.new

    @property
    def table(self) -> Table:
        if self.new.table is None:
            raise BadContent(f"{self.new.name} is in no table")
        return self.new.table

    @property
    def changed(self) -> frozenset[str]:
        """The attributes that are no longer what was loaded, where it is written over."""
        return frozenset(names_in(path)[0] for path in (*self.values, *self.without))

    def exprs(self) -> Iterator[Expr]:
        yield from map(lift, self.values.values())
        yield from values_of(list(self.condition.values()))


@dataclass(frozen=True, slots=True, eq=False)
class BatchGetItem:
    """The items of an entity that descend from the drawn one, by their keys: `most` at most."""

    name: ClassVar[str] = "BatchGetItem"
    writes: ClassVar[bool] = False
    index: ClassVar[None] = None
    entity: Entity
    _: KW_ONLY
    most: int = MOST_KEYS
    consistent: bool = False
    projection: Sequence[Path] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST_KEYS:
            raise BadContent(f"a BatchGetItem asks for 1 to {MOST_KEYS} items")

    @property
    def table(self) -> Table:
        return GetItem(self.entity).table

    def exprs(self) -> Iterator[Expr]:
        yield from GetItem(self.entity).exprs()


@dataclass(frozen=True, slots=True, eq=False)
class _OfParts:
    """Several operations sent as one."""

    index: ClassVar[None] = None
    most: ClassVar[int] = MOST_TRANSACTED
    name: ClassVar[str] = ""
    parts: Sequence[ItemOperation]

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= self.most:
            raise BadContent(f"a {self.name} has 1 to {self.most} parts, not {len(self.parts)}")

    @property
    def table(self) -> Table:
        """The first one's; `parts` know their own."""
        return self.parts[0].table

    def exprs(self) -> Iterator[Expr]:
        for part in self.parts:
            yield from part.exprs()


@dataclass(frozen=True, slots=True, eq=False)
class BatchWriteItem(_OfParts):
    """Puts and deletes, each for itself: some may be done and others not."""

    name: ClassVar[str] = "BatchWriteItem"
    writes: ClassVar[bool] = True
    most: ClassVar[int] = MOST_WRITES
    parts: Sequence[PutItem | DeleteItem]

    def __post_init__(self) -> None:
        _OfParts.__post_init__(self)
        if any(part.condition for part in self.parts):
            raise BadContent("a BatchWriteItem has no conditions; a transaction has")


@dataclass(frozen=True, slots=True, eq=False)
class TransactGetItems(_OfParts):
    """Items read at one instant."""

    name: ClassVar[str] = "TransactGetItems"
    writes: ClassVar[bool] = False
    parts: Sequence[GetItem]


@dataclass(frozen=True, slots=True, eq=False)
class TransactWriteItems(_OfParts):
    """Writes of which all are done, or none."""

    name: ClassVar[str] = "TransactWriteItems"
    writes: ClassVar[bool] = True
    parts: Sequence[PutItem | UpdateItem | DeleteItem | ConditionCheck]


ItemOperation: TypeAlias = GetItem | PutItem | UpdateItem | DeleteItem | ConditionCheck
Operation: TypeAlias = (
    Query
    | Scan
    | GetItem
    | PutItem
    | UpdateItem
    | DeleteItem
    | BatchGetItem
    | BatchWriteItem
    | TransactGetItems
    | TransactWriteItems
)


def parts_of(operation: Operation) -> Sequence[ItemOperation]:
    """The operations on single items that it consists of; none of a query, a scan, a batch get."""
    match operation:
        case Query() | Scan() | BatchGetItem():
            return ()
        case BatchWriteItem() | TransactGetItems() | TransactWriteItems():
            return operation.parts
        case _:
            return (operation,)


def _check_pages(where: str, limit: int | None, pages: int | None) -> None:
    for each in (limit, pages):
        if each is None:
            continue
        if type(each) is not int:
            raise TypeError(f"{where}: limit and pages are whole numbers, and not {each!r}")
        if each < 1:
            raise BadContent(f"{where}: limit and pages are 1 or more, or not said")
