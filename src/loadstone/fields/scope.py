"""One item at a time: an entity's expressions become the source of a plain Python function.

Interpreting a tree of expressions costs five times what the work in it does; a generated function
costs what it says. A `Scope` is one item within that function: its number, and the variables that
hold what is known of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from loadstone.fields import draws
from loadstone.fields.expr import Constant, Expr, is_whole

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World


_TAKEN = re.compile(r"(\w+)(\[\d+\])").fullmatch


#: So many parents are remembered where siblings come in a row; and an entity of no more than so
#: many is remembered whole, where anyone's child may be asked for.
KEPT_OF_SIBLINGS, KEPT_OF_ALL = 512, 4096


class Code:
    """The lines of a function, the constants that it uses, and what is already computed."""

    def __init__(self, *, alone: bool = False) -> None:
        self.alone = alone  # whether items far from each other are asked for
        self.kept = KEPT_OF_ALL if alone else KEPT_OF_SIBLINGS
        self._lines: list[str] = []
        self._indent = 1
        self._constants: dict[str, object] = {}
        self._known: list[dict[object, str]] = [{}]
        self._inherited: list[Inherited] = []
        self.families: dict[str, Inherited] = {}  # by the variable of the child's number
        self._names = 0

    def line(self, source: str) -> None:
        self._lines.append("    " * self._indent + source)

    def let(self, source: str) -> str:
        """A new variable."""
        name = self.name()
        self.line(f"{name} = {source}")
        return name

    def constant(self, value: object) -> str:
        """A name for something that the function needs: a table, a function."""
        name = self.name("c")
        self._constants[name] = value
        return name

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Indented lines; what is computed inside is not known after them."""
        self.line(header)
        self._indent += 1
        self._known.append({})
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._known.pop()
        self._indent -= 1

    def known(self, what: object) -> str | None:
        for layer in reversed(self._known):
            if what in layer:
                return layer[what]
        return None

    def learn(self, what: object, name: str) -> str:
        self._known[-1][what] = name
        return name

    def inherited(self, world: World, entity: Entity) -> Inherited:
        """What items of an entity are going to be asked for."""
        self._inherited.append(found := Inherited(world, entity, self.kept))
        return found

    def function(self, parameters: str, result: str) -> Callable[..., Any]:
        self.line(f"return {result}")
        return self.made([f"def made({parameters}):", *self._lines])

    def made(self, lines: Sequence[str]) -> Callable[..., Any]:
        for inherited in self._inherited:
            inherited.compile()
        namespace = dict(self._constants)
        exec(compile("\n".join(lines), "<items>", "exec"), namespace)
        function: Callable[..., Any] = namespace["made"]  # type: ignore[assignment]
        return function

    def name(self, prefix: str = "v") -> str:
        """A name that is not in use."""
        self._names += 1
        return f"{prefix}{self._names}"


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
        code = Code()
        scope = Scope(code, self._world, self._entity, "n")
        values = [scope.of(expr) for expr in self._wanted]
        self._make = code.function("n", f"({', '.join(values)},)")

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
        name = self.code.known((self.number, expr))
        if name is not None:
            return name
        source = expr.one(self)
        short = source.isidentifier() or is_whole(source)
        name = source if short else self.code.let(source)
        return self.code.learn((self.number, expr), name)

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
        name = self.code.known((self.number, "mixed"))
        if name is None:
            name = self.code.name()
            for step in draws.mix_source(self.number, self.world.key(self.entity)):
                self.code.line(f"{name} = {step.format(z=name)}")
            self.code.learn((self.number, "mixed"), name)
        return name

    def place(self) -> tuple[str, str, str]:
        """Variables for the item's parent, its position, and the number of its siblings."""
        names = self.code.known((self.number, "place"))
        if names is None:
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
            names = self.code.learn((self.number, "place"), " ".join(parts))
        parent, position, siblings = names.split()
        return parent, position, siblings

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
            family = self.code.inherited(self.world, self.entity.parent_entity)
            self.code.families[self.number] = family
        given = self.code.known((self.number, "given"))
        if given is None:
            parent, _, _ = self.place()
            given = self.code.let(f"{self.code.constant(family)}[{parent}]")
            self.code.learn((self.number, "given"), given)
        value = f"{given}[{family.place_of(expr)}]"
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
        named = (self.number, entity, index)
        number = self.code.known(named)
        if number is None:
            number = self.code.learn(named, self.code.let(self.of(index)))
        return self.at(entity, number).of(target)

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
    code = Code(alone=alone)
    return code.function("n", Scope(code, world, entity, "n").of(expr))
