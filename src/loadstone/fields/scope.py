"""One item at a time: an entity's expressions become the source of a plain Python function.

Interpreting a tree of expressions costs five times what the work in it does; a generated function
costs what it says. A `Scope` is one item within that function: its number, and the variables that
hold what is known of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from loadstone.fields import draws
from loadstone.fields.code import Code, Guard
from loadstone.fields.expr import Arithmetic, Constant, Expr, is_whole

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World


_TAKEN = re.compile(r"(\w+)(\[\d+\])").fullmatch


class Inherited(dict[int, tuple[Any, ...]]):
    """What an entity's items give to their children, by their number: the last ones are kept.

    Siblings come one after the other, so that a parent is computed once for most of its children.
    """

    def __init__(self, world: World, entity: Entity, kept: int) -> None:
        super().__init__()
        self._world, self._entity, self._kept = world, entity, kept
        self._wanted: dict[Expr, int] = {}
        self._make: Callable[[int], tuple[Any, ...]]

    def place_of(self, expr: Expr) -> int:
        """Where in the tuple an expression's value is going to be."""
        return self._wanted.setdefault(expr, len(self._wanted))

    def compile(self) -> None:
        def written(code: Code) -> str:
            scope = Scope(code, self._world, self._entity, "n")
            return f"({''.join(f'{scope.of(expr)}, ' for expr in self._wanted)})"

        self._make = _written_twice(written, alone=False)

    def __missing__(self, number: int) -> tuple[Any, ...]:
        if len(self) >= self._kept:
            self.clear()
        made = self[number] = self._make(number)
        return made


class Scope:
    """An item of `entity` whose number is in the variable `number`."""

    def __init__(self, code: Code, world: World, entity: Entity, number: str) -> None:
        self.code, self.world, self.entity, self.number = code, world, entity, number

    def of(self, expr: Expr) -> str:
        """A variable or literal that holds the expression's value."""
        if isinstance(expr, Constant):
            return expr.one(self)

        def made() -> str:
            source = expr.one(self)
            return source if source.isidentifier() or is_whole(source) else self.code.let(source)

        return self.code.once(self.number, expr, made)

    @contextmanager
    def where(self, expr: Expr, number: int, header: str) -> Iterator[None]:
        """Lines for where an expression is a number."""
        step = self.code.way(self.number), expr, number
        with self.code.block(header, step, list(self._follows(expr, number))):
            yield

    def _follows(self, expr: Expr, number: int) -> Iterator[Guard]:
        """What is known where an expression, a flag most likely, is a number."""
        yield self.of(expr), number
        if isinstance(expr, Arithmetic) and expr.kind == "flag":
            if (expr.operator, number) in (("&", 1), ("|", 0)):
                yield from self._follows(expr.left, number)
                yield from self._follows(expr.right, number)
            elif expr.negates:
                yield from self._follows(expr.left, 1 - number)

    def has(self, expr: Expr) -> bool:
        """Whether it takes nothing to have the expression's value."""
        if isinstance(expr, Constant) or self.code.known((self.number, expr)):
            return True
        return expr.inherited_by(self.entity) and not self._new() and not self._alone()

    def held(self, expr: Expr) -> tuple[str, str]:
        """The same, but what an ancestor gives stays in its tuple: a name, and where in it."""
        if expr.inherited_by(self.entity) and expr.kind == "text":
            taken = _TAKEN(expr.one(self))
            if taken:
                return taken[1], taken[2]
        return self.of(expr), ""

    def bind(self, expr: Expr, name: str) -> None:
        """Say what an expression is, instead of computing it."""
        self.code.learn((self.number, expr), name)

    def mixed(self) -> str:
        """The hash of the item's number."""
        return self.code.once(self.number, "mixed", self._mixed)

    def _mixed(self) -> str:
        name = self.code.name()
        for step in draws.mix_source(self.number, self.world.key(self.entity)):
            self.code.line(f"{name} = {step.format(z=name)}")
        return name

    def place(self) -> tuple[str, str, str]:
        """Variables for the item's parent, its position, and the number of its siblings."""
        parent, position, siblings = self.code.once(self.number, "place", self._place).split()
        return parent, position, siblings

    def _place(self) -> str:
        fan_out = self.world.fan_out(self.entity)
        parts = [self.code.name() for _ in range(2)]
        if fan_out.even == 1:
            # A name of its own: what is known of an item is known by its number's name.
            parts = [self.code.let(self.number), "0", "1"]
        elif fan_out.even:
            self.code.line(f"{', '.join(parts)} = divmod({self.number}, {fan_out.even})")
            parts.append(str(fan_out.even))
        else:
            locate = self.code.constant(fan_out.locate)
            parts.append(self.code.name())
            self.code.line(f"{', '.join(parts)} = {locate}({self.number})")
        self.code.leads(self.number, parts[0], "parent")
        return " ".join(parts)

    def bind_place(self, parent: str, position: str, siblings: str) -> None:
        self.code.learn((self.number, "place"), f"{parent} {position} {siblings}")
        self.code.learn((self.number, "new"), "True")

    def inherit(self, ancestor: Entity, expr: Expr, target: Expr) -> str:
        """The value of `expr`, which stands for an ancestor's `target`."""
        if ancestor is self.entity:
            return self.of(target)
        if self._new() or self._alone():
            # Of an item that is not in the data set yet the parents may be new as well.
            parent, _, _ = self.place()
            return self.at(self.entity.parent_entity, parent).inherit(ancestor, expr, target)
        family = self.code.families.get(self.number)
        if family is None:
            family = Inherited(self.world, self.entity.parent_entity, self.code.kept)
            self.code.families[self.number] = family

        def given() -> str:
            parent, _, _ = self.place()
            return self.code.let(f"{self.code.takes_from(family)}[{parent}]")

        value = f"{self.code.once(self.number, 'given', given)}[{family.place_of(expr)}]"
        if expr.kind in ("map", "list", "nullable"):
            # What siblings have in common could be changed by whoever is given one of them.
            return f"{self.code.constant(_another)}({value})"
        return value

    def _new(self) -> bool:
        return self.code.known((self.number, "new")) is not None

    def _alone(self) -> bool:
        """Whether the parent is worked out here and now, and only as much of it as is needed:
        nobody is going to ask for another child of it, or for one of few that all are asked for."""
        return self.code.alone and self.world.count(self.entity.parent_entity) > self.code.kept

    def another(self, entity: Entity, index: Expr, target: Expr) -> str:
        """An attribute of the item that an index names."""

        def named() -> str:
            number = self.code.let(self.of(index))
            self.code.leads(self.number, number, (entity, index))
            return number

        return self.at(entity, self.code.once(self.number, (entity, index), named)).of(target)

    def at(self, entity: Entity, number: str) -> Scope:
        """Another item, within the same function."""
        return Scope(self.code, self.world, entity, number)

    def up(self, ancestor: Entity) -> Scope:
        """The item's ancestor."""
        scope = self
        while scope.entity is not ancestor:
            parent, _, _ = scope.place()
            scope = scope.at(scope.entity.parent_entity, parent)
        return scope


def _another(value: Any) -> Any:
    """The same value, with maps and lists of its own."""
    if type(value) is dict:
        return {name: _another(each) for name, each in value.items()}
    return list(map(_another, value)) if type(value) is list else value


def compile_item(
    world: World, entity: Entity, expr: Expr, *, alone: bool = False
) -> Callable[[int], Any]:
    """A function that gives an expression's value for an item of an entity; `alone` is quicker
    for items far from each other, and slower for siblings."""
    return _written_twice(lambda code: Scope(code, world, entity, "n").of(expr), alone=alone)


def _written_twice(write: Callable[[Code], str], *, alone: bool) -> Callable[[int], Any]:
    draft = Code(alone=alone)
    write(draft)
    code = Code(alone=alone, places=draft.places)
    return code.function("n", write(code))
