"""References: a child's to its parents, a parent's to its children, any item's to any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.choices import OneOf, record_field
from loadstone.fields.expr import Expr, Numbers
from loadstone.fields.frame import Frame
from loadstone.fields.kin import check_kin
from loadstone.fields.pieces import Picked, Pieces, Words, joined, spread
from loadstone.fields.scope import Scope

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

    #: An entity, or a function that gives one which is declared later.
    Named: TypeAlias = Entity | Callable[[], Entity]


class Reference(Expr):
    """An attribute of another item."""

    def __init__(self, entity: Entity, name: str, target: Expr | None = None) -> None:
        self.entity, self.name = entity, name
        self.target = entity.value(name) if target is None else target
        self.kind, self.places = self.target.kind, self.target.places

    @cached_property
    def sparing(self) -> bool:
        return self.target.sparing or super().sparing

    def field(self, name: str) -> Any:
        target = self.target
        while isinstance(target, Reference):
            target = target.target
        if not isinstance(target, OneOf):
            raise BadContent(f"{self.entity.name}[{self.name!r}] is no choice among records")
        return record_field(self, target.records, name)


class Own(Reference):
    """An attribute of the item's ancestor, or of the item itself."""

    def inherited_by(self, entity: Entity) -> bool:
        return entity is not self.entity

    def one(self, scope: Scope) -> str:
        check_kin(self.entity, self.name, scope.entity, scope.entity.name)
        return scope.inherit(self.entity, self, self.target)

    def numbers(self, frame: Frame) -> Numbers:
        if frame.entity is self.entity:
            return frame.numbers(self.target)
        ancestors, own = frame.up(self.entity)
        found: Numbers = ancestors.numbers(self.target)[own]
        return found

    def pieces(self, frame: Frame) -> Pieces:
        if frame.entity is self.entity:
            return frame.pieces(self.target)
        ancestors, own = frame.up(self.entity)
        pieces = ancestors.pieces(self.target)
        if ancestors.size * OFTEN <= frame.size and not _easy(pieces):
            # Joined once for each ancestor, not for each item.
            return [Picked(Words(joined(pieces, ancestors.size)), own)]
        return spread(pieces, own)

    def plain(self) -> bool:
        return self.target.plain()


#: An ancestor of so many of the items is worth preparing for them.
OFTEN = 3


def _easy(pieces: Pieces) -> bool:
    """Whether they are quick to put together with what stands around them."""
    return all(
        isinstance(piece, str) or (isinstance(piece, Picked) and piece.words.lasting)
        for piece in pieces
    )


class Another(Reference):
    """An attribute of the item that has a given number."""

    def __init__(self, entity: Entity, name: str, index: Expr, target: Expr) -> None:
        super().__init__(entity, name, target)
        self.index = index

    def one(self, scope: Scope) -> str:
        return scope.another(self.entity, self.index, self.target)

    def numbers(self, frame: Frame) -> Numbers:
        return frame.at(self.entity, self.index).numbers(self.target)

    def pieces(self, frame: Frame) -> Pieces:
        return frame.at(self.entity, self.index).pieces(self.target)

    def inputs(self) -> Sequence[Expr]:
        return (self.index,)


class Later(Another):
    """The same of an entity that is declared further down: looked for when it is needed."""

    def __init__(self, of: Callable[[], Entity], name: str, index: Expr) -> None:
        self._of, self.name, self.index = of, name, index

    def __getattr__(self, asked: str) -> Any:
        if asked not in ("entity", "target", "kind"):
            raise AttributeError(asked)
        from loadstone.fields.shapes import When

        try:
            entity = self._of()
        except NameError:
            raise BadContent(
                f"{self.name!r} of what is declared further down stands by itself, or in a text; "
                "within other words it is known only below that declaration"
            ) from None
        target = entity.value(self.name)
        if isinstance(target, When):
            raise BadContent(
                f"{entity.name}[{self.name!r}] is there only sometimes: declare {entity.name} "
                "before what refers to that"
            )
        super().__init__(entity, self.name, self.index, target)
        return self.__dict__[asked]


class Children(Expr):
    """The first of an item's descendants of an entity, or how many there are."""

    kind = "whole"

    def __init__(self, of: Named, what: Literal["first", "count"]) -> None:
        if not callable(of) and of.parent is None:
            raise BadContent(
                f"{of.name} has no parent, so none of them belongs to anything; any_of(…) names one"
            )
        self._of, self.what = of, what

    @property
    def entity(self) -> Entity:
        return self._of() if callable(self._of) else self._of

    def plain(self) -> bool:
        return True

    def one(self, scope: Scope) -> str:
        if scope.entity is self.entity:
            _, position, siblings = scope.place()
            return f"({scope.number} - {position})" if self.what == "first" else siblings
        up = scope.up(self._ancestor(scope.entity))

        def asked() -> str:
            children = scope.code.constant(_children_of(scope.world, up.entity, self.entity))
            return scope.code.let(f"{children}({up.number})")

        found = scope.code.once(up.number, (self.entity, "children"), asked)
        return f"{found}.start" if self.what == "first" else f"len({found})"

    def numbers(self, frame: Frame) -> Numbers:
        ancestor = self._ancestor(frame.entity)
        if frame.entity is self.entity:
            places = frame.places()
            return frame.items - places.position if self.what == "first" else places.siblings
        if frame.entity is not ancestor:
            ancestors, own = frame.up(ancestor)
            found: Numbers = ancestors.numbers(self)[own]
            return found
        column: Numbers = frame.numbers(_ranges(self.entity))[:, 0 if self.what == "first" else 1]
        return column

    def _ancestor(self, entity: Entity) -> Entity:
        """Whose children are meant: the item's own, or its nearest ancestor's that has such."""
        line = set(self.entity.ancestors)
        for candidate in (entity, *entity.ancestors):
            if candidate in line:
                return candidate
        raise BadContent(f"no {self.entity.name} belongs to a {entity.name}, nor to its ancestors")


class _Ranges(Expr):
    """The first of an item's descendants of an entity and how many there are, in two columns."""

    kind = "whole"

    def __init__(self, of: Entity) -> None:
        self.entity = of

    def numbers(self, frame: Frame) -> Numbers:
        line = [self.entity]
        while line[-1].parent_entity is not frame.entity:
            line.append(line[-1].parent_entity)
        first, count = frame.items, np.ones_like(frame.items)
        for entity in reversed(line):
            fan_out = frame.world.fan_out(entity)
            some = count > 0
            # Of those that have none any other is asked for, in the order of the rest.
            known = frame.world.count(entity.parent_entity) - 1
            last = np.minimum(np.maximum(first + count - 1, first), known)
            first = np.minimum(first, known)
            if (count > 1).any():
                both = np.stack((first, last), axis=1).ravel()  # they ascend, as they should
                start, own = fan_out.children_column(both)
                first = start[::2]
                own = start[1::2] + own[1::2] - first
            else:
                first, own = fan_out.children_column(first)
            count = np.where(some, own, 0)
        return np.stack((first, count), axis=1)


@cache
def _ranges(of: Entity) -> _Ranges:
    """One for all that ask for an entity's items, so that a frame looks them up once."""
    return _Ranges(of)


def _children_of(world: World, ancestor: Entity, entity: Entity) -> Callable[[int], range]:
    if entity.parent is ancestor:
        return world.fan_out(entity).children

    def children(number: int) -> range:
        return world.children(ancestor, number, entity)

    return children


class Link:
    """Another item, by its number; its attributes are expressions."""

    def __init__(self, entity: Named, index: Expr) -> None:
        self._entity, self._index = entity, index

    def __getitem__(self, name: str) -> Expr:
        """An attribute or fact of it; one that is there only sometimes is so here as well."""
        from loadstone.fields.shapes import When

        if callable(self._entity):
            return Later(self._entity, name, self._index)
        value = self._entity.value(name)
        if not isinstance(value, When):
            return Another(self._entity, name, self._index, value)
        condition = Another(self._entity, name, self._index, value.condition)
        return When(condition, Another(self._entity, name, self._index, value.value))

    @property
    def number(self) -> Expr:
        return self._index


def count_of(child: Entity | Callable[[], Entity]) -> Expr:
    """How many of that kind descend from the item, or else from its nearest ancestor with any.

    An entity that is declared further down is written `lambda: name`.
    """
    return Children(child, "count")


def first_of(child: Entity | Callable[[], Entity]) -> Link:
    """The first of those that count_of counts; there must be one."""
    return Link(child, Children(child, "first"))


def last_of(child: Entity | Callable[[], Entity]) -> Link:
    """The last of those that count_of counts; there must be one."""
    return Link(child, Children(child, "first") + Children(child, "count") - 1)
