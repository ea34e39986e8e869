"""Many items as values: written in columns as plain JSON, and read by a parser of native code.

A loop in Python that puts each item together costs several times what writing it and reading it
back does. JSON has no decimals, so a nought stands for each until it is read, and is then replaced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from loadstone.fields.digits import decimals_of
from loadstone.fields.draws import Ints
from loadstone.fields.expr import Expr
from loadstone.fields.frame import Frame
from loadstone.fields.links import Another, Own, Reference
from loadstone.fields.pieces import cells_of, joined
from loadstone.fields.shapes import Case, List, Map, When

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.world import World

Item: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str | int, ...]

#: So many are read at a time: few enough to stay in the processor's cache until they are used.
READ = 32
#: So many of the smallest decimals are made beforehand.
_SMALL = 10_000


def compile_items(
    world: World, entity: Entity, shown: Map
) -> Callable[[Ints], Iterator[list[Item]]]:
    """A function that gives the items that have some numbers, a few at a time."""
    fixed = has_decimals(shown)

    def made(numbers: Ints) -> Iterator[list[Item]]:
        frame = Frame(world, entity, numbers, typed=False)
        cells, width = cells_of([*frame.pieces(shown), ","], frame.size)
        decimals = list(_decimals_in(shown, _Where(frame), ())) if fixed else []
        for start in range(0, frame.size, READ):
            text = "".join(cells[start * width : (start + READ) * width])
            items: list[Item] = orjson.loads(f"[{text[:-1]}]".encode("latin-1"))
            for each in decimals:
                each.put_into(items, start)
            yield items

    return made


class _Where:
    """Values that are to be replaced: the items that they are in, and what they are computed by:
    a frame, and for each of them which of the frame's items it is of."""

    def __init__(self, frame: Frame, rows: Ints | None = None, items: Ints | None = None) -> None:
        self.frame = frame
        self.rows = np.arange(frame.size) if rows is None else rows
        self.items = self.rows if items is None else items

    def chosen(self, which: NDArray[np.bool_]) -> _Where:
        """Only those where a column of the frame says so."""
        place = np.cumsum(which) - 1
        these = np.flatnonzero(which[self.rows])
        narrow = self.frame.narrow(np.flatnonzero(which))
        return _Where(narrow, place[self.rows[these]], self.items[these])

    def of(self, frame: Frame, own: Ints) -> _Where:
        """The same, computed by a frame of other items: those that `own` names for each."""
        return _Where(frame, own[self.rows], self.items)


class _Decimals(NamedTuple):
    """What stands at one path in some items."""

    path: Path
    items: list[int]
    values: list[Decimal]

    def put_into(self, items: Sequence[Item], start: int) -> None:
        """`items` are those from `start` on."""
        first, last = (bisect_left(self.items, at) for at in (start, start + len(items)))
        holders: list[Any] = (
            list(items)
            if last - first == len(items)
            else [items[number - start] for number in self.items[first:last]]
        )
        *above, name = self.path
        for key in above:
            holders = [holder[key] for holder in holders]
        for holder, value in zip(holders, self.values[first:last], strict=True):
            holder[name] = value


def has_decimals(expr: Expr) -> bool:
    """Whether a decimal is, or may be, somewhere in a value."""
    if isinstance(expr, Reference):
        return has_decimals(expr.target)
    parts = expr.inputs() if isinstance(expr, (Map, List, Case, When)) else ()
    return expr.kind == "decimal" or any(map(has_decimals, parts))


def _decimals_in(expr: Expr, where: _Where, path: Path) -> Iterator[_Decimals]:
    frame = where.frame
    if not where.rows.size or not has_decimals(expr):
        return
    if isinstance(expr, When):
        there = where.chosen(frame.numbers(expr.condition))
        yield from _decimals_in(expr.value, there, path)
    elif expr.kind == "decimal":
        values = _as_decimals(frame.numbers(expr).take(where.rows), expr.places)
        yield _Decimals(path, where.items.tolist(), values)
    elif isinstance(expr, (Map, List)):
        named = expr.attributes.items() if isinstance(expr, Map) else enumerate(expr.values)
        for name, value in named:
            yield from _decimals_in(value, where, (*path, name))
    elif isinstance(expr, Case):
        column = frame.numbers(expr.which)
        for number, option in enumerate(expr.options):
            if has_decimals(option):
                yield from _decimals_in(option, where.chosen(column == number), path)
    elif isinstance(expr, Own):
        if expr.entity is not frame.entity:
            where = where.of(*frame.up(expr.entity))
        yield from _decimals_in(expr.target, where, path)
    elif isinstance(expr, Another):
        others = frame.at(expr.entity, expr.index)
        yield from _decimals_in(expr.target, where.of(others, np.arange(others.size)), path)


def _as_decimals(scaled: NDArray[Any], places: int) -> list[Decimal]:
    if scaled.min() >= 0 and scaled.max() < _SMALL:
        found: list[Decimal] = _small(places).take(scaled).tolist()
        return found
    return list(map(Decimal, joined(decimals_of(scaled, places), scaled.size)))


@cache
def _small(places: int) -> NDArray[Any]:
    texts = joined(decimals_of(np.arange(_SMALL), places), _SMALL)
    return np.array(list(map(Decimal, texts)), dtype=object)
