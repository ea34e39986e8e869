"""References: a child's to its parents, a parent's to its children, any item's to any other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.choices import OneOf, record_field
from loadstone.fields.expr import Expr, Numbers, Pieces
from loadstone.fields.frame import Frame, spread
from loadstone.fields.scope import Scope

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World


class Reference(Expr):
    """An attribute of another item."""

    def __init__(self, entity: Entity, name: str) -> None:
        self.entity, self.name = entity, name
        self.target = entity.value(name)
        self.kind, self.places = self.target.kind, self.target.places

    def field(self, name: str) -> Any:
        target = self.target
        while isinstance(target, Reference):
            target = target.target
        if not isinstance(target, OneOf):
            raise BadContent(f"{self.entity.name}[{self.name!r}] is no choice among records")
        return record_field(self, target.records, name)


class Own(Reference):
    """An attribute of the item's ancestor, or of the item itself."""

    def one(self, scope: Scope) -> str:
        return scope.up(self.entity).of(self.target)

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
        return spread(ancestors.pieces(self.target), own.tolist())


class Another(Reference):
    """An attribute of the item that has a given number."""

    def __init__(self, entity: Entity, name: str, index: Expr) -> None:
        super().__init__(entity, name)
        self.index = index

    def one(self, scope: Scope) -> str:
        number = scope.code.let(scope.of(self.index))
        return scope.at(self.entity, number).of(self.target)

    def numbers(self, frame: Frame) -> Numbers:
        return frame.at(self.entity, frame.numbers(self.index)).numbers(self.target)

    def pieces(self, frame: Frame) -> Pieces:
        return frame.at(self.entity, frame.numbers(self.index)).pieces(self.target)

    def inputs(self) -> Sequence[Expr]:
        return (self.index,)


class Children(Expr):
    """The first of an item's descendants of an entity, or how many there are."""

    kind = "whole"

    def __init__(self, of: Entity, what: Literal["first", "count"]) -> None:
        if of.parent is None:
            raise BadContent(f"{of.name} has no parent")
        self.entity, self.what = of, what

    def one(self, scope: Scope) -> str:
        up = scope.up(self._ancestor(scope.entity))
        children = scope.code.constant(partial(_children, scope.world, up.entity, self.entity))
        found = f"{children}({up.number})"
        return f"{found}.start" if self.what == "first" else f"len({found})"

    def numbers(self, frame: Frame) -> Numbers:
        ancestor = self._ancestor(frame.entity)
        if frame.entity is not ancestor:
            ancestors, own = frame.up(ancestor)
            found: Numbers = ancestors.numbers(self)[own]
            return found
        world, items = frame.world, frame.items.tolist()
        ranges = [world.children(ancestor, item, self.entity) for item in items]
        values = [each.start if self.what == "first" else len(each) for each in ranges]
        return np.array(values, dtype=np.int64)

    def _ancestor(self, entity: Entity) -> Entity:
        """Whose children are meant: the item's own, or its nearest ancestor's that has such."""
        line = set(self.entity.ancestors)
        for candidate in (entity, *entity.ancestors):
            if candidate in line:
                return candidate
        raise BadContent(f"no {self.entity.name} belongs to a {entity.name}, nor to its ancestors")


def _children(world: World, ancestor: Entity, entity: Entity, number: int) -> range:
    return world.children(ancestor, number, entity)


class Link:
    """Another item, by its number; its attributes are expressions."""

    def __init__(self, entity: Entity, index: Expr) -> None:
        self._entity, self._index = entity, index

    def __getitem__(self, name: str) -> Expr:
        return Another(self._entity, name, self._index)


def count_of(child: Entity) -> Expr:
    """How many of that kind descend from the item, or else from its nearest ancestor with any."""
    return Children(child, "count")


def first_of(child: Entity) -> Link:
    """The first of those that count_of counts; there must be one."""
    return Link(child, Children(child, "first"))


def last_of(child: Entity) -> Link:
    """The last of those that count_of counts; there must be one."""
    return Link(child, Children(child, "first") + Children(child, "count") - 1)
