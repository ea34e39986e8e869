"""Values that are known when a pattern is played, and not before: the present, what was written,
what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from loadstone.errors import BadContent
from loadstone.fields.expr import Expr, Numbers, Value, lift
from loadstone.fields.frame import Frame
from loadstone.fields.links import Reference
from loadstone.fields.scope import Scope
from loadstone.fields.shapes import Map, When
from loadstone.pattern.conditions import Path, names_in

if TYPE_CHECKING:
    from loadstone.pattern.declared import Pattern

#: What a compiled pattern finds its parameters by.
PRESENT, TRIP = "the present", "the trip"


class _Present(Expr):
    """The instant of a request."""

    kind = "whole"

    def one(self, scope: Scope) -> str:
        name = scope.code.known(PRESENT)
        if name is None:
            raise BadContent("`now` belongs in a pattern; a fixture has `as_of`")
        return name

    def numbers(self, frame: Frame) -> Numbers:
        raise BadContent("`now` belongs in a pattern; a fixture has `as_of`")


#: The instant of the request, in milliseconds: iso(now), epoch(now), ulid(now).
now = _Present()


class Equal(Expr):
    """Whether two texts, numbers or flags are the same."""

    kind = "flag"

    def __init__(self, left: Expr, right: Expr) -> None:
        if left.kind != right.kind:
            raise BadContent(f"equal() takes two of a kind, not a {left.kind} and a {right.kind}")
        self.left, self.right = left, right

    def inputs(self) -> Sequence[Expr]:
        return (self.left, self.right)

    def one(self, scope: Scope) -> str:
        return f"({scope.of(self.left)} == {scope.of(self.right)})"

    def numbers(self, frame: Frame) -> Numbers:
        raise BadContent("equal() belongs in a pattern; a fixture knows a choice by its number")


class Wrote(Expr):
    """An attribute of the item that an earlier step of the journey put."""

    def __init__(self, pattern: Pattern, path: Path) -> None:
        self.pattern, self.path = pattern, names_in(path)
        value = _value_in(pattern.new_item, self.path)
        if value is None:
            raise BadContent(f"{pattern.id} writes no {'.'.join(self.path)!r}")
        self.kind, self.places = value.kind, value.places

    def one(self, scope: Scope) -> str:
        return f"{_trip(scope)}.written({self.pattern.id!r}, {self.path!r})"


class Answered(Expr):
    """An attribute of the first row that an earlier step of the journey was answered."""

    def __init__(self, pattern: Pattern, path: Path, otherwise: Expr | None) -> None:
        self.pattern, self.path, self.otherwise = pattern, names_in(path), otherwise
        like = _value_in(pattern.answered_item, self.path) if otherwise is None else otherwise
        if like is None:
            raise BadContent(f"{pattern.id} is answered no {'.'.join(self.path)!r}")
        self.kind, self.places = like.kind, like.places

    def inputs(self) -> Sequence[Expr]:
        return () if self.otherwise is None else (self.otherwise,)

    def one(self, scope: Scope) -> str:
        otherwise = None if self.otherwise is None else scope.of(self.otherwise)
        return f"{_trip(scope)}.answered({self.pattern.id!r}, {self.path!r}, {otherwise})"


def equal(left: Expr, right: Value) -> Expr:
    """Whether two values are the same; for texts too, which .equals() is not."""
    return Equal(left, lift(right))


def wrote(pattern: Pattern, path: Path) -> Expr:
    """An attribute of the item that an earlier step of the same journey put.

    A pattern that asks for it is played in such a journey alone.
    """
    return Wrote(pattern, path)


def answered(pattern: Pattern, path: Path, *, otherwise: Value = None) -> Expr:
    """An attribute of the first row that an earlier step of the same journey was answered.

    `otherwise` where there is none: where the pattern is played by itself, mostly. Without it the
    pattern is played in such a journey alone.
    """
    if otherwise is None:
        return Answered(pattern, path, None)
    value = lift(otherwise)
    return Answered(pattern, path, value.value if isinstance(value, When) else value)


def walk(exprs: Iterable[Expr]) -> Iterator[Expr]:
    """Expressions and what they are made of, each once, up to what belongs to an entity."""
    seen: set[Expr] = set()
    left = list(exprs)
    while left:
        expr = left.pop()
        if expr in seen:
            continue
        seen.add(expr)
        yield expr
        left.extend(reversed(expr.inputs()))


def _trip(scope: Scope) -> str:
    name = scope.code.known(TRIP)
    if name is None:
        raise BadContent("wrote() and answered() belong in a pattern")
    return name


def _value_in(item: Expr, path: Sequence[str]) -> Expr | None:
    value = item
    for name in path:
        while isinstance(value, (When, Reference)):
            value = value.value if isinstance(value, When) else value.target
        if not isinstance(value, Map) or name not in value.attributes:
            return None
        value = value.attributes[name]
    return value
