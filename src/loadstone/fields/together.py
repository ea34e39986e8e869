"""Many items as values: columns of values, and a loop that puts them together.

The loop is written for the entity, as the function for a single item is: interpreting what an item
is made of costs several times what making it does. What is there only sometimes has a column of
those items alone, and the loop takes the next one of it where it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loadstone.fields.digits import decimals_of
from loadstone.fields.draws import Ints
from loadstone.fields.expr import Constant, Expr
from loadstone.fields.frame import Frame
from loadstone.fields.links import Another, Own
from loadstone.fields.pieces import Picked, Words, joined
from loadstone.fields.scope import Code
from loadstone.fields.shapes import Case, List, Map, Several, When, condition_of

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Item: TypeAlias = dict[str, Any]
Column: TypeAlias = list[Any]

#: So many of the smallest decimals are made beforehand.
_SMALL = 10_000


def compile_items(world: World, entity: Entity, shown: Map) -> Callable[[Ints], Iterator[Item]]:
    """A function that gives the items that have some numbers, one after the other."""
    loop = _Loop()
    put_together = loop.compile(shown, _Here(entity))
    # First what all items have: what only some have is then found made.
    order = sorted(range(len(loop.columns)), key=lambda place: len(loop.columns[place].path))

    def made(numbers: Ints) -> Iterator[Item]:
        top = _Where(Frame(world, entity, numbers, raw=True))
        found = {place: loop.columns[place].values(top) for place in order}
        return put_together(numbers.size, *map(found.__getitem__, range(len(order))))

    return made


class _Where:
    """Where values are: in a frame, and in which of its rows, one for each."""

    def __init__(self, frame: Frame, rows: Ints | None = None) -> None:
        self.frame = frame
        self._rows = rows  # all, where it does not say
        self._seen: dict[object, _Where] = {}

    @property
    def size(self) -> int:
        return self.frame.size if self._rows is None else len(self._rows)

    def numbers(self, expr: Expr) -> NDArray[Any]:
        column = self.frame.numbers(expr)
        return column if self._rows is None else column.take(self._rows)

    def texts(self, expr: Expr) -> Column:
        if self._rows is None:
            return self.frame.text(expr)
        pieces = self.frame.pieces(expr)
        if len(pieces) == 1 and isinstance(only := pieces[0], Picked):
            return only.of(self._rows).texts()
        found: Column = Words(self.frame.text(expr)).column.take(self._rows).tolist()
        return found

    def only(self, choice: Expr, number: int) -> _Where:
        """Where a choice, or a flag, is that number."""
        found = self._seen.get((choice, number))
        if found is None:
            chosen = self.frame.numbers(choice) == number
            narrow = self.frame.narrow(np.flatnonzero(chosen))
            rows = self._rows
            if rows is not None:
                rows = (chosen.cumsum() - 1).take(rows[chosen.take(rows)])
            found = self._seen[choice, number] = _Where(narrow, rows)
        return found

    def up(self, ancestor: Entity) -> _Where:
        found = self._seen.get(ancestor)
        if found is None:
            frame, own = self.frame.up(ancestor)
            rows = own if self._rows is None else own.take(self._rows)
            found = self._seen[ancestor] = _Where(frame, rows)
        return found

    def at(self, entity: Entity, index: Expr) -> _Where:
        return _Where(self.frame.at(entity, index), self._rows)


#: A way from items to some of them, or to others, and what it is asked with.
Step: TypeAlias = tuple[Any, ...]


class _Here(NamedTuple):
    """What the loop is about: items of an entity, how it came to them, and whether from each."""

    entity: Entity
    path: tuple[Step, ...] = ()
    each: bool = True

    def up(self, ancestor: Entity) -> _Here:
        return _Here(ancestor, (*self.path, (_Where.up, ancestor)), self.each)

    def at(self, entity: Entity, index: Expr) -> _Here:
        return _Here(entity, (*self.path, (_Where.at, entity, index)), self.each)

    def only(self, choice: Expr, number: int) -> _Here:
        return _Here(self.entity, (*self.path, (_Where.only, choice, number)), each=False)


class _Column(NamedTuple):
    """The values of an expression, in the order that the loop takes them in."""

    expr: Expr
    path: tuple[Step, ...]

    def values(self, where: _Where) -> Column:
        for step, *asked in self.path:
            where = step(where, *asked)
            if not where.size:
                return []
        expr = self.expr
        if isinstance(expr, Several):
            return expr.lists(*map(where.numbers, (expr.start, expr.step, expr.count)))
        if expr.kind == "text":
            return where.texts(expr)
        numbers = where.numbers(expr)
        if expr.kind == "decimal":
            return _as_decimals(numbers, expr.places)
        found: Column = numbers.tolist()
        return found


class _Loop:
    """The source of a loop, and the columns that it takes from."""

    def __init__(self) -> None:
        self.columns: list[_Column] = []
        self._lines: list[str] = []
        self._indent = 2
        self._each: dict[_Column, int] = {}  # the columns of what every item has
        self._names = 0

    def compile(self, shown: Map, here: _Here) -> Callable[..., Iterator[Item]]:
        self._line(f"yield {self._value(shown, here)}")
        names = range(len(self.columns))
        some = [place for place in names if place not in self._each.values()]
        lines = [f"def made({', '.join(['size', *(f'c{place}' for place in names)])}):"]
        lines += [f"    n{place} = iter(c{place}).__next__" for place in some]
        each = "".join(f"v{place}, " for place in self._each.values())
        columns = "".join(f"c{place}, " for place in self._each.values())
        lines.append(f"    for {each}_ in zip({columns}range(size)):")
        return Code().made([*lines, *self._lines])

    def _value(self, expr: Expr, here: _Here) -> str:
        """Source of a value of the item that the loop is at."""
        match expr:
            case Constant():
                return repr(expr.value)
            case Map():
                return self._map(expr, here)
            case List():
                return "[" + ", ".join(self._value(value, here) for value in expr.values) + "]"
            case Case() if expr.kind in ("map", "list", "nullable"):
                return self._case(expr, here)
            case Own() if expr.entity is here.entity:
                return self._value(expr.target, here)
            case Own() if expr.kind not in ("whole", "flag"):
                return self._value(expr.target, here.up(expr.entity))
            case Another() if expr.kind not in ("whole", "flag"):
                return self._value(expr.target, here.at(expr.entity, expr.index))
        return self._taken(_Column(expr, here.path), here.each)

    def _taken(self, column: _Column, each: bool) -> str:
        """The column's value for the item that the loop is at."""
        place = self._each.get(column)
        if place is None:
            place = len(self.columns)
            self.columns.append(column)
            if not each:
                return f"n{place}()"
            self._each[column] = place
        return f"v{place}"

    def _map(self, expr: Map, here: _Here) -> str:
        (_, first), *rest = [
            (condition, list(named))
            for condition, named in groupby(expr.attributes.items(), condition_of)
        ] or [(None, [])]
        display = ", ".join(f"{name!r}: {self._value(value, here)}" for name, value in first)
        if not rest:
            return f"{{{display}}}"
        made = self._let(f"{{{display}}}")
        for condition, named in rest:
            if condition is None:
                self._put(made, named, here)
                continue
            with self._block(f"if {self._value(condition, here)}:"):
                self._put(made, named, here.only(condition, 1))
        return made

    def _put(self, made: str, named: list[tuple[str, Expr]], here: _Here) -> None:
        for name, value in named:
            there = value.value if isinstance(value, When) else value
            self._line(f"{made}[{name!r}] = {self._value(there, here)}")

    def _case(self, expr: Case, here: _Here) -> str:
        which, made = self._let(self._value(expr.which, here)), self._name()
        for number, option in enumerate(expr.options):
            with self._block(f"if {which} == {number}:"):
                self._line(f"{made} = {self._value(option, here.only(expr.which, number))}")
        return made

    def _name(self) -> str:
        self._names += 1
        return f"made{self._names}"

    def _let(self, source: str) -> str:
        name = self._name()
        self._line(f"{name} = {source}")
        return name

    def _line(self, source: str) -> None:
        self._lines.append("    " * self._indent + source)

    @contextmanager
    def _block(self, header: str) -> Iterator[None]:
        self._line(header)
        self._indent += 1
        yield
        self._indent -= 1


def _as_decimals(scaled: NDArray[Any], places: int) -> list[Decimal]:
    if scaled.min() >= 0 and scaled.max() < _SMALL:
        found: list[Decimal] = _small(places).take(scaled).tolist()
        return found
    return list(map(Decimal, joined(decimals_of(scaled, places), scaled.size)))


@cache
def _small(places: int) -> NDArray[Any]:
    texts = joined(decimals_of(np.arange(_SMALL), places), _SMALL)
    return np.array(list(map(Decimal, texts)), dtype=object)
