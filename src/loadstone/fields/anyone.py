"""One of all the items of another entity, however many there are: evenly, or some more often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.distributions import TABLE_BITS, exact, zipf_ranks
from loadstone.fields.draws import DRAW_BITS
from loadstone.fields.expr import Expr, Numbers
from loadstone.fields.frame import Frame
from loadstone.fields.links import Link
from loadstone.fields.numbers import Draw
from loadstone.fields.scope import Scope

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fields.links import Named

#: What of a draw says where between two entries of a table.
_FINE_BITS = DRAW_BITS - TABLE_BITS
_FINE = (1 << _FINE_BITS) - 1
_STEEPEST = 5


class AnyNumber(Expr):
    """The number of any item of an entity, each as likely, or low ones more often."""

    kind = "whole"

    def __init__(self, of: Named, skew: float) -> None:
        if not 0 <= exact(skew) <= _STEEPEST:
            raise BadContent(f"a skew is between 0 (even) and {_STEEPEST}, not {skew}")
        self._of, self.skew, self.draw = of, skew, Draw()

    @property
    def entity(self) -> Entity:
        return self._of() if callable(self._of) else self._of

    def one(self, scope: Scope) -> str:
        count, drawn = scope.world.count(self.entity), scope.of(self.draw)
        if not self.skew:
            return f"({drawn} * {count} >> {DRAW_BITS})"
        table = scope.code.constant(zipf_ranks(count, self.skew))
        place = scope.code.let(f"{drawn} >> {_FINE_BITS}")
        low = scope.code.let(f"{table}[{place}]")
        return f"{low} + (({drawn} & {_FINE}) * ({table}[{place} + 1] - {low}) >> {_FINE_BITS})"

    def numbers(self, frame: Frame) -> Numbers:
        count, drawn = frame.world.count(self.entity), frame.numbers(self.draw)
        if not self.skew:
            evenly: Numbers = drawn * count >> DRAW_BITS
            return evenly
        table = frame.world.memo(self, lambda: np.array(zipf_ranks(count, self.skew)))
        place = drawn >> _FINE_BITS
        low = table.take(place)
        above = (drawn & _FINE) * (table.take(place + 1) - low) >> _FINE_BITS
        found: Numbers = low + above
        return found

    def plain(self) -> bool:
        return True

    def inputs(self) -> Sequence[Expr]:
        return (self.draw,)


def any_of(entity: Entity | Callable[[], Entity], *, skew: float = 0) -> Link:
    """Any item of an entity, at any scale; two attributes of one `any_of` are of the same item.

    `skew` is Zipf's exponent: at 0 each is as likely, at 1 the first is named twice as often as the
    second. An entity that is declared further down, or the item's own, is written `lambda: name`.
    """
    return Link(entity, AnyNumber(entity, skew))
