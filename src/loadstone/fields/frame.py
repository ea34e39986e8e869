"""A column of items: an entity's expressions computed for many numbers at once, with numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loadstone.fields import draws
from loadstone.fields.draws import Hashes, Ints
from loadstone.fields.expr import Constant, Expr, Numbers
from loadstone.fields.pieces import Letters, Picked, Pieces, joined, spread

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fanout import Places
    from loadstone.fields.world import World


class Frame:
    """Items of `entity` by their numbers, and what has been computed of them."""

    def __init__(self, world: World, entity: Entity, items: Ints, *, raw: bool = False) -> None:
        self.world, self.entity, self.items = world, entity, items
        self.raw = raw  # whether text is as it is, and not escaped for JSON
        self.size = len(items)
        self._numbers: dict[Expr, Numbers] = {}
        self._pieces: dict[Expr, Pieces] = {}
        self._texts: dict[Expr, list[str]] = {}
        self._mixed: Hashes | None = None
        self._places: Places | None = None
        self._ups: dict[Entity, tuple[Frame, Ints]] = {}
        self._up_each: dict[Entity, list[int]] = {}
        self._up_wider: dict[Entity, list[int]] = {}
        self._others: dict[tuple[Entity, Expr], Frame] = {}
        self._wider: tuple[Frame, Ints] | None = None
        self._rows: list[int] = []

    def numbers(self, expr: Expr) -> Numbers:
        found = self._numbers.get(expr)
        if found is None:
            made = expr.numbers(self) if self._wider is None else self._seen_wider(expr)
            found = self._numbers[expr] = made
        return found

    def operand(self, expr: Expr) -> Any:
        """The same as a column, or as the one number that it is for all."""
        return expr.number() if isinstance(expr, Constant) else self.numbers(expr)

    def pieces(self, expr: Expr) -> Pieces:
        found = self._pieces.get(expr)
        if found is None:
            if self._wider is not None and expr in (wider := self._wider[0])._pieces:
                found = spread(wider._pieces[expr], self._wider[1])
            else:
                found = expr.pieces(self)
            self._pieces[expr] = found
        return found

    def text(self, expr: Expr) -> list[str]:
        """The expression as one list of texts."""
        found = self._texts.get(expr)
        if found is None:
            pieces = self.pieces(expr)
            found = self._texts[expr] = joined(pieces, self.size)
            picked = len(pieces) == 1 and isinstance(pieces[0], Picked) and pieces[0].words.lasting
            if not picked:
                self._pieces[expr] = [found]  # so that it is joined once
        return found

    def knows_text(self, expr: Expr) -> bool:
        """Whether the expression is a list of texts already."""
        return expr in self._texts

    def cut(self, expr: Expr) -> None:
        """Letters of an expression that is asked for again are best cut once."""
        if any(isinstance(piece, Letters) for piece in self.pieces(expr)):
            self.text(expr)

    def mixed(self) -> Hashes:
        """The hashes of the items' numbers."""
        if self._mixed is None:
            wider, rows = self._wider or (self, self.items)
            if wider._mixed is not None:
                self._mixed = wider._mixed.take(rows)
            else:
                self._mixed = draws.mix_column(self.items, self.world.key(self.entity))
        return self._mixed

    def places(self) -> Places:
        if self._places is None:
            wider, rows = self._wider or (self, self.items)
            if (known := wider._places) is not None:
                self._places = type(known)(*(column.take(rows) for column in known))
            else:
                self._places = self.world.fan_out(self.entity).places(self.items)
        return self._places

    def up(self, ancestor: Entity) -> tuple[Frame, Ints]:
        """The distinct ancestors of the items, and for each item which one is its own."""
        found = self._ups.get(ancestor)
        if found is None:
            parent = self.entity.parent_entity
            if self._wider is not None:
                frame, rows = self._wider
                ancestors, which = frame.up(ancestor)
                numbers, own = _distinct(which[rows])
                every = len(numbers) == ancestors.size
                found = ancestors if every else ancestors.narrow(numbers), own
            elif ancestor is parent:
                numbers, own = _distinct(self.places().parent)
                found = Frame(self.world, parent, numbers, raw=self.raw), own
            else:
                parents, own = self.up(parent)
                frame, further = parents.up(ancestor)
                found = frame, further[own]
            self._ups[ancestor] = found
        return found

    def up_each(self, ancestor: Entity) -> list[int]:
        """For each item which of the distinct ancestors is its own, as Python reads it."""
        found = self._up_each.get(ancestor)
        if found is None:
            found = self._up_each[ancestor] = self.up(ancestor)[1].tolist()
        return found

    def texts_up(self, ancestor: Entity, expr: Expr) -> tuple[list[str], list[int]]:
        """An ancestor's expression as texts, and for each item which of them is its own."""
        if self._wider is not None:
            wider, rows = self._wider
            ancestors, own = wider.up(ancestor)
            if ancestors.knows_text(expr):
                if ancestor not in self._up_wider:
                    self._up_wider[ancestor] = own.take(rows).tolist()
                return ancestors.text(expr), self._up_wider[ancestor]
        ancestors, _ = self.up(ancestor)
        return ancestors.text(expr), self.up_each(ancestor)

    def texts_seen(self, expr: Expr) -> tuple[list[str], list[int]] | None:
        """Texts of the frame that this one is a part of, where it has them, and for each item
        which of them is its own."""
        if self._wider is None or not self._wider[0].knows_text(expr):
            return None
        wider, rows = self._wider
        self._rows = self._rows or rows.tolist()
        return wider.text(expr), self._rows

    def at(self, entity: Entity, index: Expr) -> Frame:
        """The items of another entity that an index names, one for each item."""
        found = self._others.get((entity, index))
        if found is None:
            found = Frame(self.world, entity, self.numbers(index), raw=self.raw)
            self._others[entity, index] = found
        return found

    def _seen_wider(self, expr: Expr) -> Numbers:
        """From the frame that this one is a part of, where that has computed it already."""
        assert self._wider is not None
        frame, rows = self._wider
        seen = frame._numbers.get(expr)
        return expr.numbers(self) if seen is None else seen.take(rows)

    def narrow(self, rows: Ints) -> Frame:
        """Some of the items."""
        frame = Frame(self.world, self.entity, self.items.take(rows), raw=self.raw)
        frame._wider = (self, rows)
        return frame


def _distinct(numbers: Ints) -> tuple[Ints, Ints]:
    """The distinct numbers, and which of them each is; quick where they ascend, as parents do."""
    if not numbers.size:
        return numbers, numbers
    before, after = numbers[:-1], numbers[1:]
    if (after < before).any():
        distinct, which = np.unique(numbers, return_inverse=True)
        return distinct, which.astype(np.int64)
    new = np.ones(numbers.size, dtype=bool)
    np.not_equal(after, before, out=new[1:])
    return numbers[new], new.cumsum() - 1
