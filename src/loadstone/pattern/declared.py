"""Patterns: the documented ways to ask, whom they ask for, and what a right answer is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias, get_args

from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.expr import Expr
from loadstone.fields.kin import check_kin
from loadstone.fields.links import Own
from loadstone.fields.numbers import Draw
from loadstone.fields.shapes import Map
from loadstone.pattern.context import Answered, Wrote, walk
from loadstone.pattern.items import item_of
from loadstone.pattern.operations import (
    BatchGetItem,
    DeleteItem,
    GetItem,
    ItemOperation,
    Operation,
    PutItem,
    Query,
    Scan,
    TransactGetItems,
    UpdateItem,
    parts_of,
)
from loadstone.table import Index, Table

#: No entity is called so: a draw that belongs to a pattern.
_OF_PATTERN = "?"


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All items of an entity that descend from the one that was asked for, as far as the
    operation's own conditions and limit let them through; and no others.

    `within` is an ancestor of the one that was asked for, where that one's relatives may have some
    of the rows: the conditions choose among all that descend from it.
    """

    entity: Entity
    _: KW_ONLY
    within: Entity | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Exactly:
    """The item that was asked for, as the data set has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one row of what was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Maybe:
    """Rows of what was asked for, or none."""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Nothing: the write succeeds.

    `unless` is what it means when its condition fails, where that is as right: "limit reached". It
    is counted under that name, and is no failure. With `ends`, a journey goes no further then.
    """

    unless: str | None = None
    _: KW_ONLY
    ends: bool = False


Expected: TypeAlias = Every | Exactly | Some | Maybe | Written


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One documented way to ask.

    `of` is the entity that is drawn, popular ones more often; the operation's arguments are its
    values. `only` are those that the question makes sense for. `source` is the document's title and
    the heading that the pattern stands under. `missing_index` is the index that would serve the
    question, where the documented schema has none and a Scan stands in.
    """

    id: str
    operation: Operation
    _: KW_ONLY
    of: Entity
    expects: Expected
    source: str
    only: Expr | None = None
    missing_index: Index | None = None

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise BadContent(f"{self.id}: {problem}")
        _check_kin(self)
        _label(self.id, [*self.operation.exprs(), *([] if self.only is None else [self.only])])

    @property
    def table(self) -> Table:
        return self.operation.table

    @property
    def index(self) -> str | None:
        return self.operation.index

    @property
    def writes(self) -> bool:
        return self.operation.writes

    @property
    def servable(self) -> bool:
        """Whether the documented schema can serve it."""
        return self.missing_index is None

    @property
    def new_item(self) -> Map:
        """What it puts first, for later steps of a journey to refer to."""
        for part in parts_of(self.operation):
            if isinstance(part, PutItem):
                return item_of(part, written_over=part.new is self.of)
        raise BadContent(f"{self.id} puts no item: there is nothing that it wrote")

    @property
    def answered_item(self) -> Map:
        """What it is answered, for later steps of a journey to refer to."""
        match self.operation:
            case GetItem(entity=entity) | UpdateItem(entity=entity):
                return entity.shown()
        raise BadContent(f"{self.id} has no one item for an answer: say what it is `otherwise`")

    @property
    def needs(self) -> frozenset[Pattern]:
        """The patterns that must have written or learned something before it."""
        found = walk(self.operation.exprs())
        return frozenset(
            expr.pattern
            for expr in found
            if isinstance(expr, Wrote) or (isinstance(expr, Answered) and expr.otherwise is None)
        )

    @property
    def asks_for(self) -> frozenset[Pattern]:
        """The patterns whose answers it makes use of, where there are any."""
        found = walk(self.operation.exprs())
        return frozenset(expr.pattern for expr in found if isinstance(expr, Answered))


def _check_kin(pattern: Pattern) -> None:
    """A question is about the item that is drawn, or about what that has of its ancestors."""
    asked = [] if pattern.only is None else [pattern.only]
    if isinstance(pattern.operation, Query | Scan):
        asked += pattern.operation.exprs()
    for expr in walk(asked):
        if isinstance(expr, Own):
            check_kin(expr.entity, expr.name, pattern.of, f"{pattern.id} is of {pattern.of.name}")


def line_of(entity: Entity) -> list[Entity]:
    """An entity, its parent, and so on."""
    return [entity, *entity.ancestors]


def related(one: Entity, other: Entity) -> bool:
    """Whether they descend from the same root."""
    return line_of(one)[-1] is line_of(other)[-1]


def _problems(pattern: Pattern) -> Iterator[str]:
    operation, of, expects = pattern.operation, pattern.of, pattern.expects
    yield from _kind_problems(of, expects)
    for part in parts_of(operation):
        yield from _part_problems(part, of)
    if operation.writes != isinstance(expects, Written):
        yield "Written() is what a write expects, and only a write"
    if pattern.missing_index is not None and not isinstance(operation, Scan):
        yield "a pattern that no index serves is a Scan"
    match expects:
        case Every(entity=entity, within=within):
            if within is not None and within not in of.ancestors:
                yield f"within is an ancestor of {of.name}, which {within.name} is not"
            if (within or of) not in entity.ancestors:
                yield (
                    f"{entity.name} does not descend from {(within or of).name}, so Every() cannot "
                    "say which rows are right; Exactly() is for one item by its key"
                )
            if isinstance(operation, GetItem | TransactGetItems):
                yield "Exactly() is what reading items by their keys expects"
            if isinstance(operation, Query | Scan) and entity.table is not operation.table:
                yield (
                    f"Every() expects items of {entity.name}, which are {_where(entity)}, and it "
                    f"asks {operation.table.name}"
                )
        case Exactly():
            if isinstance(operation, Query | Scan) and of.table is not operation.table:
                yield (
                    f"Exactly() is the {of.name} that was drawn, which is not in that table; "
                    "Every() and Some() are for what a query finds"
                )
            if isinstance(operation, BatchGetItem):
                yield "Every() is what a batch of reads expects"
            if any(isinstance(p, GetItem) and p.key is not None for p in parts_of(operation)):
                yield "Exactly() is for items by their own keys: leave key out, or expect Some()"
            elif any(_from_journey(part) for part in parts_of(operation)):
                yield "what the run itself has written is Some(): the data set does not know it"
    if isinstance(operation, BatchGetItem) and of not in operation.entity.ancestors:
        yield f"a batch reads the {operation.entity.name} items of an ancestor, not of a {of.name}"


def _where(entity: Entity) -> str:
    return f"in {entity.table.name}" if entity.table else "in no table"


def _kind_problems(of: object, expects: object) -> Iterator[str]:
    """What a slip puts in the wrong place, or leaves the brackets of."""
    if not isinstance(of, Entity):
        yield f"of is an Entity, not {type(of).__name__}"
    if not isinstance(expects, Expected):
        known = [kind.__name__ for kind in get_args(Expected)]
        if expects in get_args(Expected):
            yield f"expects={known[get_args(Expected).index(expects)]} lacks its brackets"
        else:
            yield f"expects is one of {', '.join(f'{name}(…)' for name in known)}, not {expects!r}"


def _part_problems(part: ItemOperation, of: Entity) -> Iterator[str]:
    if isinstance(part, PutItem):
        new = part.new
        if of is not new and of not in new.ancestors:
            yield _wrong_owner(new, of)
        if of is not new and new.created is None:
            yield (
                f"a new {new.name} needs an instant of creation, which a run sets to the present: "
                f"Entity({new.name!r}, created=…), the moment(…) that its times are made of, or "
                "as_of where it has none"
            )
        return
    if isinstance(part, DeleteItem) and not _from_journey(part):
        yield "a run deletes what it has put: the key of a DeleteItem is made of wrote(…)"
    if part.key is None and not related(part.entity, of):
        yield (
            f"no {part.entity.name} belongs to a {of.name}: say its key, or ask it of="
            f"{_or(line_of(part.entity))}"
        )


def _wrong_owner(new: Entity, of: Entity) -> str:
    """Of whom a new item may be asked."""
    if new.parent is None:
        return (
            f"PutItem({new.name}) of={of.name}: {new.name} has no parent to put a new one under; "
            f"of={new.name} writes the drawn {new.name} over, and new ones need a parent that they "
            "have in common, perhaps an entity without a table"
        )
    return (
        f"PutItem({new.name}) of={of.name}: a new {new.name} belongs to a {new.parent.name}, and "
        f"not to a {of.name}: of={_or([*new.ancestors])} puts a new one, of={new.name} writes the "
        f"drawn {new.name} over"
    )


def _or(entities: Sequence[Entity]) -> str:
    return " or ".join(each.name for each in entities)


def _from_journey(part: ItemOperation) -> bool:
    """Whether its key is that of an item that an earlier step put."""
    if isinstance(part, PutItem):
        return False
    return any(isinstance(expr, Wrote) for expr in walk(part.keys.values()))


def _label(pattern: str, exprs: Iterable[Expr]) -> None:
    """Name every draw that belongs to a pattern: it is made anew each time it is played."""
    for count, expr in enumerate(each for each in walk(exprs) if isinstance(each, Draw)):
        if expr.label is None:
            expr.label = f"{_OF_PATTERN}{pattern}.{count}"
        elif not expr.label.startswith(_OF_PATTERN):
            owner = expr.label.split(".")[0]
            raise BadContent(
                f"{pattern} uses a value that belongs to {owner}: make it a fact or attribute "
                f"there, and refer to it as {owner}[name]"
            )
