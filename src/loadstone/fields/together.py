"""Many items as values: columns of values, and a loop that puts them together.

The loop is written for the entity, as the function for a single item is: interpreting what an item
is made of costs several times what making it does. What is there only sometimes has a column of
those items alone, and the loop takes the next one of it where it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from decimal import Context, Decimal
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loadstone.fields.code import Code
from loadstone.fields.digits import decimals_of
from loadstone.fields.draws import Ints
from loadstone.fields.expr import Constant, Expr
from loadstone.fields.frame import Frame
from loadstone.fields.links import Another, Own
from loadstone.fields.pieces import Picked, Words, joined
from loadstone.fields.shapes import Case, List, Map, Several, When, condition_of
from loadstone.fields.text import Join

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Item: TypeAlias = dict[str, Any]
Column: TypeAlias = list[Any]
#: Gives an item by its number, and nothing where another is the next; a StopIteration at the end.
Next: TypeAlias = Callable[[int], Any]

#: So many of the smallest decimals are made beforehand.
_SMALL = 10_000
#: Whatever precision the application rounds to, an item's decimals keep theirs.
_EXACT = Context(prec=40)


def compile_items(world: World, entity: Entity, shown: Map) -> Callable[[Sequence[int]], Next]:
    """A function that makes items of some numbers, ascending ones most quickly, to be asked for
    one by one."""
    loop = _Loop()
    put_together = loop.compile(shown, _Here(entity))
    # First what all items have: what only some have is then found made.
    order = sorted(range(len(loop.columns)), key=lambda place: len(loop.columns[place].path))

    def made(numbers: Sequence[int]) -> Next:
        top = _Where(Frame(world, entity, _column_of(numbers), raw=True))
        found = {place: loop.columns[place].values(top) for place in order}
        items = put_together(numbers, *map(found.__getitem__, range(len(order))))
        next(items)  # it waits for a number
        return items.send

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


def _found(expr: Expr, here: _Here) -> tuple[Expr, _Here]:
    """What an expression refers to, and where that is; a number is found where it is."""
    match expr:
        case Own() if expr.entity is here.entity:
            return _found(expr.target, here)
        case Own() if expr.kind not in ("whole", "flag"):
            return _found(expr.target, here.up(expr.entity))
        case Another() if expr.kind not in ("whole", "flag"):
            return _found(expr.target, here.at(expr.entity, expr.index))
    return expr, here


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

    def compile(self, shown: Map, here: _Here) -> Callable[..., Generator[Any, int, None]]:
        for value in shown.attributes.values():
            if value.kind in ("text", "whole") and not isinstance(value, When | Join):
                self._value(value, here)  # so that what joins them finds them taken
        self._line(f"asked = yield {self._value(shown, here)}")
        names = range(len(self.columns))
        some = [place for place in names if place not in self._each.values()]
        lines = [f"def made({', '.join(['numbers', *(f'c{place}' for place in names)])}):"]
        lines += [f"    n{place} = iter(c{place}).__next__" for place in some]
        each = "".join(f"v{place}, " for place in self._each.values())
        columns = "".join(f"c{place}, " for place in self._each.values())
        # Of two threads that ask for the same item one gets it, and the other is told.
        lines.append("    asked = yield")
        lines.append(f"    for {each}n in zip({columns}numbers):")
        lines.append("        while asked != n: asked = yield")
        return Code().made([*lines, *self._lines])

    def _value(self, expr: Expr, here: _Here) -> str:
        """Source of a value of the item that the loop is at."""
        expr, here = _found(expr, here)
        match expr:
            case Constant():
                return repr(expr.value)
            case Join() if self._has_parts(expr, here):
                return expr.written(lambda part: self._part(part, here))
            case Map():
                return self._map(expr, here)
            case List():
                return "[" + ", ".join(self._value(value, here) for value in expr.values) + "]"
            case Case() if expr.kind in ("map", "list", "nullable"):
                return self._case(expr, here)
        return self._taken(_Column(expr, here.path), here.each)

    def _part(self, expr: Expr, here: _Here) -> str:
        """A part of a text, which the loop has taken: f-strings in one another need Python 3.12."""
        expr, here = _found(expr, here)
        return self._taken(_Column(expr, here.path), here.each)

    def _has_parts(self, expr: Join, here: _Here) -> bool:
        """Whether a text of the item itself is made of what the loop takes anyway."""
        parts = [_found(part, here) for part, _ in expr.parts if not isinstance(part, Constant)]
        taken = (_Column(part, at.path) in self._each for part, at in parts)
        return not here.path and all(taken)

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


def _column_of(numbers: Sequence[int]) -> Ints:
    if isinstance(numbers, range):
        return np.arange(numbers.start, numbers.stop, dtype=np.int64)
    return np.array(numbers, dtype=np.int64)


def _as_decimals(scaled: NDArray[Any], places: int) -> list[Decimal]:
    if scaled.min() < 0 or scaled.max() >= _SMALL * _SMALL:
        return list(map(Decimal, joined(decimals_of(scaled, places), scaled.size)))
    if scaled.max() < _SMALL:
        found: list[Decimal] = _small(places, 1).take(scaled).tolist()
        return found
    # A sum of two that are known is quicker than a new one, and has no more digits than it needs.
    upper = scaled // _SMALL
    lower = _small(places, 1).take(scaled - upper * _SMALL)
    return list(map(_EXACT.add, _small(places, _SMALL).take(upper).tolist(), lower.tolist()))


@cache
def _small(places: int, step: int) -> NDArray[Any]:
    """The decimals of the first multiples of a step."""
    texts = joined(decimals_of(np.arange(_SMALL) * step, places), _SMALL)
    return np.array(list(map(Decimal, texts)), dtype=object)
