"""Many items as values: numbers are computed in columns, the rest item by item in one loop.

What costs most of one item by itself is chance and arithmetic, and finding its parents. Here numpy
does these for all items at once (`frame.py`); the loop around the source that each expression
writes for a single item (`scope.py`) puts the texts and maps together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from loadstone.fields.expr import Expr
from loadstone.fields.frame import Frame
from loadstone.fields.scope import Code, Scope

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Column: TypeAlias = Callable[[Frame], Iterable[Any]]


def compile_items(world: World, entity: Entity, expr: Expr) -> Callable[[Frame], list[Any]]:
    """A function that gives an expression's values for the items of a frame."""
    return _Loop(world, entity, [expr], lambda values: values[0]).run


class _Loop:
    """One item's source, in a loop over columns."""

    def __init__(
        self,
        world: World,
        entity: Entity,
        wanted: Iterable[Expr],
        result: Callable[[list[str]], str],
    ) -> None:
        columns = _Columns(world, Code(indent=2))
        scope = Scope(columns.code, world, entity, "n", columns)
        made = result([scope.of(expr) for expr in wanted])
        self._columns = list(columns.made.values())
        names = ", ".join(name for name, _ in self._columns)
        self._function = columns.code.loop(f"{names},", made)

    def run(self, frame: Frame) -> list[Any]:
        return self._function([make(frame) for _, make in self._columns])


class _Columns:
    """The variables of a loop, and the columns that they come out of."""

    def __init__(self, world: World, code: Code) -> None:
        self._world, self.code = world, code
        self.made: dict[Hashable, tuple[str, Column]] = {
            "number": ("n", lambda frame: frame.items.tolist())
        }
        self._families: dict[Hashable, _Family] = {}

    def holds(self, expr: Expr, *, certain: bool) -> bool:
        if expr.in_letters or expr.kind in ("whole", "flag"):
            return (certain or expr.plain()) and not expr.reads_text()
        return False

    def of(self, expr: Expr) -> str:
        if expr.in_letters:
            return self._column(expr, lambda frame: frame.text(expr))
        return self._column(expr, lambda frame: frame.numbers(expr).tolist())

    def place(self) -> tuple[str, str, str]:
        return (
            self._column("parent", lambda frame: frame.places().parent.tolist()),
            self._column("position", lambda frame: frame.places().position.tolist()),
            self._column("siblings", lambda frame: frame.places().siblings.tolist()),
        )

    def mixed(self) -> str:
        return self._column("mixed", lambda frame: frame.mixed().tolist())

    def given(self, entity: Entity, target: Expr) -> str:
        def values(frame: Frame) -> Iterable[Any]:
            ancestors, own = frame.up(entity)
            return map(family.of(ancestors).__getitem__, own.tolist())

        family = self._family(entity, entity)
        return f"{self._column(entity, values)}[{family.place_of(target)}]"

    def another(self, entity: Entity, index: Expr, target: Expr) -> str:
        named = (entity, index)
        family = self._family(named, entity)
        name = self._column(named, lambda frame: family.of(frame.at(entity, index)))
        return f"{name}[{family.place_of(target)}]"

    def _family(self, key: Hashable, entity: Entity) -> _Family:
        if key not in self._families:
            self._families[key] = _Family(self._world, entity)
        return self._families[key]

    def _column(self, key: Hashable, make: Column) -> str:
        if key not in self.made:
            self.made[key] = self.code.name("k"), make
        return self.made[key][0]


class _Family:
    """What other items give to the items of a loop: a tuple of each."""

    def __init__(self, world: World, entity: Entity) -> None:
        self._world, self._entity = world, entity
        self._wanted: dict[Expr, int] = {}
        self._loop: _Loop | None = None

    def place_of(self, target: Expr) -> int:
        return self._wanted.setdefault(target, len(self._wanted))

    def of(self, frame: Frame) -> list[tuple[Any, ...]]:
        if self._loop is None:
            self._loop = _Loop(
                self._world, self._entity, self._wanted, lambda values: f"({', '.join(values)},)"
            )
        return self._loop.run(frame)
