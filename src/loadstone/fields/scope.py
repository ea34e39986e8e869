"""One item at a time: an entity's expressions become the source of a plain Python function.

Interpreting a tree of expressions costs five times what the work in it does; a generated function
costs what it says. A `Scope` is one item within that function: its number, and the variables that
hold what is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from loadstone.fields import draws
from loadstone.fields.expr import Constant, Expr

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World


class Code:
    """The lines of a function, the constants that it uses, and what is already computed."""

    def __init__(self, parameters: Sequence[str]) -> None:
        self._parameters = parameters
        self._lines: list[str] = []
        self._indent = 1
        self._constants: dict[str, object] = {}
        self._known: list[dict[object, str]] = [{}]
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

    def function(self, result: str) -> Callable[..., Any]:
        self.line(f"return {result}")
        source = "\n".join([f"def one({', '.join(self._parameters)}):", *self._lines])
        namespace = dict(self._constants)
        exec(compile(source, "<one item>", "exec"), namespace)
        function: Callable[..., Any] = namespace["one"]  # type: ignore[assignment]
        return function

    def name(self, prefix: str = "v") -> str:
        """A name that is not in use."""
        self._names += 1
        return f"{prefix}{self._names}"


class Scope:
    """An item of `entity` whose number is in the variable `number`."""

    def __init__(self, code: Code, world: World, entity: Entity, number: str) -> None:
        self.code, self.world, self.entity, self.number = code, world, entity, number

    def of(self, expr: Expr) -> str:
        """A variable or literal that holds the expression's value."""
        if isinstance(expr, Constant):
            return expr.one(self)
        name = self.code.known((self.number, expr))
        if name is None:
            source = expr.one(self)
            name = self.code.let(source) if not source.isidentifier() else source
            self.code.learn((self.number, expr), name)
        return name

    def bind(self, expr: Expr, name: str) -> None:
        """Say what an expression is, instead of computing it."""
        self.code.learn((self.number, expr), name)

    def mixed(self) -> str:
        """The hash of the item's number."""
        name = self.code.known((self.number, "mixed"))
        if name is None:
            mix = self.code.constant(draws.mix)
            name = self.code.let(f"{mix}({self.number}, {self.world.key(self.entity)})")
            self.code.learn((self.number, "mixed"), name)
        return name

    def place(self) -> tuple[str, str, str]:
        """Variables for the item's parent, its position, and the number of its siblings."""
        names = self.code.known((self.number, "place"))
        if names is None:
            place = self.code.constant(self.world.fan_out(self.entity).place)
            names = self.code.let(f"{place}({self.number})")
            parts = [self.code.name() for _ in range(3)]
            self.code.line(f"{', '.join(parts)} = {names}")
            names = self.code.learn((self.number, "place"), " ".join(parts))
        parent, position, siblings = names.split()
        return parent, position, siblings

    def bind_place(self, parent: str, position: str, siblings: str) -> None:
        self.code.learn((self.number, "place"), f"{parent} {position} {siblings}")

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
