"""Whole numbers, flags and decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from numbers import Integral
from typing import Literal

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.digits import decimal_text
from loadstone.fields.distributions import TABLE_BITS, Distribution, exact
from loadstone.fields.draws import DRAW_BITS, MASK, draw_column, mix_column
from loadstone.fields.draws import mix as mix_number
from loadstone.fields.expr import Arithmetic, Constant, Expr, Numbers, lift
from loadstone.fields.frame import Frame
from loadstone.fields.scope import Scope
from loadstone.mistakes import shown


class Draw(Expr):
    """32 bits of chance. Each Draw object is a chance of its own, named by where it stands."""

    kind = "whole"
    label: str | None = None

    def one(self, scope: Scope) -> str:
        return f"({self.wide(scope)} >> {DRAW_BITS})"

    def wide(self, scope: Scope) -> str:
        """Source of 64 bits, of which the upper half is the chance."""
        return f"({scope.mixed()} * {scope.world.multiplier(self)} & {MASK})"

    def upper(self, scope: Scope, bits: int) -> str:
        """Source of so many of the chance's bits, the upper ones."""
        return f"({self.wide(scope)} >> {2 * DRAW_BITS - bits})"

    def numbers(self, frame: Frame) -> Numbers:
        world = frame.world
        return draw_column(frame.mixed(), world.memo(self, lambda: world.multiplier(self)))

    def plain(self) -> bool:
        return True


class Evenly(Expr):
    """low, low + 1, … low + span - 1, each as likely."""

    kind = "whole"

    def __init__(self, low: Expr, span: Expr) -> None:
        if isinstance(span, Constant) and not 1 <= int(span.value or 0) <= 1 << 31:
            raise BadContent(f"a draw covers 1 to 2^31 numbers, not {span.value}")
        self.low, self.span, self.draw = low, span, Draw()

    def one(self, scope: Scope) -> str:
        low, span = scope.of(self.low), scope.of(self.span)
        if span.isdigit() and (size := int(span)).bit_count() == 1:
            value = self.draw.upper(scope, size.bit_length() - 1)
        else:
            value = f"({self.draw.one(scope)} * {span} >> {DRAW_BITS})"
        return value if low == "0" else f"{low} + {value}"

    def numbers(self, frame: Frame) -> Numbers:
        drawn = frame.numbers(self.draw)
        within: Numbers = drawn * frame.operand(self.span)
        within >>= DRAW_BITS
        if not isinstance(self.low, Constant) or self.low.value:
            within += frame.operand(self.low)
        return within

    def plain(self) -> bool:
        return self.low.plain() and self.span.plain()

    def inputs(self) -> Sequence[Expr]:
        return (self.low, self.span, self.draw)


class Shaped(Expr):
    """A whole number with the shape of a distribution."""

    kind = "whole"

    def __init__(self, distribution: Distribution, draw: Expr | None = None) -> None:
        self.distribution, self.draw = distribution, draw or Draw()

    @cached_property
    def _column(self) -> Numbers:
        return np.array(self.distribution.table(), dtype=np.int64)

    def one(self, scope: Scope) -> str:
        table = scope.code.constant(self.distribution.table())
        if isinstance(self.draw, Draw):
            return f"{table}[{self.draw.upper(scope, TABLE_BITS)}]"
        return f"{table}[{scope.of(self.draw)} >> {DRAW_BITS - TABLE_BITS}]"

    def numbers(self, frame: Frame) -> Numbers:
        drawn = frame.numbers(self.draw) >> (DRAW_BITS - TABLE_BITS)
        return self._column.take(drawn)

    def plain(self) -> bool:
        return self.draw.plain()

    def inputs(self) -> Sequence[Expr]:
        return (self.draw,)


class Chance(Expr):
    """True as often as a probability says."""

    kind = "flag"

    def __init__(self, probability: float) -> None:
        share = exact(probability)
        if not 0 <= share <= 1:
            raise BadContent(f"a probability is between 0 and 1, not {probability}")
        self.limit, self.draw = int(share * (1 << DRAW_BITS)), Draw()

    def one(self, scope: Scope) -> str:
        return f"({self.draw.wide(scope)} < {self.limit << DRAW_BITS})"

    def numbers(self, frame: Frame) -> Numbers:
        below: Numbers = frame.numbers(self.draw) < self.limit
        return below

    def plain(self) -> bool:
        return True

    def inputs(self) -> Sequence[Expr]:
        return (self.draw,)


class Scaled(Expr):
    """A decimal: a whole number of hundredths, say."""

    kind = "decimal"

    def __init__(self, of: Expr, places: int) -> None:
        if of.kind != "whole":
            raise BadContent(f"a decimal is made of a whole number, not of a {of.kind}")
        self.whole, self.places = of, places

    def one(self, scope: Scope) -> str:
        return f"{scope.code.constant(_decimal)}({scope.of(self.whole)}, {self.places})"

    def numbers(self, frame: Frame) -> Numbers:
        return frame.numbers(self.whole)

    def inputs(self) -> Sequence[Expr]:
        return (self.whole,)


class Split(Expr):
    """A child's part of something that its parent has; the parts of all children make the whole."""

    kind = "whole"
    _FINE = 16

    def __init__(self, total: Expr, place: Expr, among: Expr) -> None:
        if total.kind != "whole":
            raise BadContent(f"what is split is a whole number, not a {total.kind}")
        self.total, self.place, self.among, self.draw = total, place, among, Draw()

    def one(self, scope: Scope) -> str:
        mix = scope.code.constant(mix_number)
        key, multiplier = scope.world.key(scope.entity), scope.world.multiplier(self.draw)
        total = scope.of(self.total)
        position, siblings = scope.of(self.place), scope.of(self.among)

        def upto(number: str, place: str) -> str:
            within = f"(({mix}({number}, {key}) * {multiplier} & {MASK}) >> {64 - self._FINE + 1})"
            return f"((({place}) << {self._FINE}) + {within}) * {total} // ({siblings} << 16)"

        start = scope.code.let(f"{upto(scope.number, position)} if {position} else 0")
        end = upto(f"{scope.number} + 1", f"{position} + 1")
        last = f"{position} + 1 == {siblings}"
        return f"({total} if {last} else {end}) - {start}"

    def numbers(self, frame: Frame) -> Numbers:
        key, multiplier = frame.world.key(frame.entity), frame.world.multiplier(self.draw)
        total, siblings = frame.numbers(self.total), frame.numbers(self.among)
        place = frame.numbers(self.place)

        def upto(items: Numbers, position: Numbers) -> Numbers:
            drawn = draw_column(mix_column(items, key), multiplier)
            within = drawn >> (DRAW_BITS - self._FINE + 1)
            whole_parts = (position << self._FINE) + within
            reached: Numbers = whole_parts * total // (siblings << self._FINE)
            return reached

        start = np.where(place > 0, upto(frame.items, place), 0)
        last = place + 1 == siblings
        end = np.where(last, total, upto(frame.items + 1, place + 1))
        shares: Numbers = end - start
        return shares

    def inputs(self) -> Sequence[Expr]:
        return (self.total, self.place, self.among, self.draw)


class _Known(Expr):
    """Something that every item knows of itself."""

    kind = "whole"

    def __init__(self, what: Literal["number", "position", "siblings", "parent", "as_of"]) -> None:
        self.what = what

    def one(self, scope: Scope) -> str:
        if self.what == "number":
            return scope.number
        if self.what == "as_of":
            return str(scope.world.as_of_ms)
        parent, position, siblings = scope.place()
        return {"parent": parent, "position": position, "siblings": siblings}[self.what]

    def numbers(self, frame: Frame) -> Numbers:
        if self.what == "number":
            return frame.items
        if self.what == "as_of":
            return np.full(frame.size, frame.world.as_of_ms, dtype=np.int64)
        column: Numbers = getattr(frame.places(), self.what)
        return column

    def plain(self) -> bool:
        return True


#: The item's own number, from 0.
number = _Known("number")
#: The item's place among its parent's children, from 0.
position = _Known("position")
#: How many children the item's parent has, this one included.
siblings = _Known("siblings")
#: The instant that the data set is seen at, in milliseconds.
as_of = _Known("as_of")


class Setting(Expr):
    """A setting of the system, as documented: an environment variable with a default."""

    kind = "whole"

    def __init__(self, name: str, default: int) -> None:
        whole_number = isinstance(default, Integral) and not isinstance(default, bool)
        if not isinstance(name, str) or not whole_number:
            raise BadContent(
                f"Setting(name, default) takes a text and a whole number, not {shown(name)} and "
                f"{shown(default)}"
            )
        self.name, self.default = name, int(default)

    def one(self, scope: Scope) -> str:
        return repr(scope.world.setting(self.name))

    def numbers(self, frame: Frame) -> Numbers:
        return np.full(frame.size, frame.world.setting(self.name), dtype=np.int64)


def whole(low: Expr | int, high: Expr | int) -> Expr:
    """A whole number from low to high, both included, each as likely."""
    if not isinstance(low, Expr) and not isinstance(high, Expr):
        if low > high:
            raise BadContent(f"from low to high, and {low} is above {high}")
        return Evenly(lift(low), lift(high - low + 1))
    return Evenly(lift(low), lift(high) - low + 1)


def shaped(distribution: Distribution) -> Expr:
    """A whole number with the shape of a distribution: LogNormal, Zipf, Weights."""
    return Shaped(distribution)


def chance(probability: float) -> Expr:
    """True for this share of the items."""
    return Chance(probability)


def decimal(low: float, high: float, places: int = 2) -> Expr:
    """A decimal from low to high, both included, with so many places."""
    if exact(low) > exact(high):
        raise BadContent(f"from low to high, and {low} is above {high}")
    scale = 10**places
    return Scaled(whole(int(exact(low) * scale), int(exact(high) * scale)), places)


def scaled(of: Expr, places: int) -> Expr:
    """A whole number of hundredths (places=2) as the decimal that it stands for."""
    return Scaled(of, places)


def split(total: Expr, *, place: Expr = position, among: Expr = siblings) -> Expr:
    """This child's part of its parent's total: uneven, and all children's parts add up to it.

    `place` and `among` where the total is not for all children: the place, from 0, among those
    that share it, whose numbers are consecutive, and how many they are.
    """
    return Split(total, place, among)


def least(left: Expr, right: Expr | int) -> Expr:
    """The smaller of two whole numbers."""
    return Arithmetic("min", left, right)


def most(left: Expr, right: Expr | int) -> Expr:
    """The larger of two whole numbers."""
    return Arithmetic("max", left, right)


@lru_cache(maxsize=8192)
def _decimal(scaled_value: int, places: int) -> Decimal:
    return Decimal(decimal_text(scaled_value, places))
