"""Choosing: one of some words, one of some records, one of a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import Any, cast

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.distributions import Distribution, Weights, Zipf, whole_weights
from loadstone.fields.draws import DRAW_BITS
from loadstone.fields.expr import Constant, Expr, Kind, Numbers, escape, plain
from loadstone.fields.frame import Frame
from loadstone.fields.numbers import Draw, Evenly, Shaped
from loadstone.fields.pieces import Picked, Pieces, Words
from loadstone.fields.pools import Pool
from loadstone.fields.scope import Scope
from loadstone.fields.world import World
from loadstone.mistakes import shown


class Lookup(Expr):
    """The value at an index of a table of texts, whole numbers or flags."""

    def __init__(self, table: Sequence[Any] | Pool, index: Expr, field: str | None = None) -> None:
        self.table = table if isinstance(table, Pool) else tuple(map(_plain_choice, table))
        self.kind: Kind = "text" if isinstance(self.table, Pool) else _kind_of(self.table)
        self.index, self._field = index, field

    def values(self, world: World) -> tuple[Any, ...]:
        if not isinstance(self.table, Pool):
            return tuple(self.table)
        words = world.pool(self.table)
        return tuple(words if self._field is None else (word[self._field] for word in words))

    def one(self, scope: Scope) -> str:
        table = scope.code.constant(self.values(scope.world))
        return f"{table}[{scope.of(self.index)}]"

    def numbers(self, frame: Frame) -> Numbers:
        values = frame.world.memo(self, lambda: np.array(self.values(frame.world)))
        found: Numbers = values[frame.numbers(self.index)]
        return found

    def pieces(self, frame: Frame) -> Pieces:
        if self.kind != "text":
            return super().pieces(frame)
        words = frame.world.memo((self, frame.raw), lambda: self._words(frame))
        return [Picked(words, frame.numbers(self.index))]

    def _words(self, frame: Frame) -> Words:
        texts = self.values(frame.world)
        return Words(texts if frame.raw else map(escape, texts), lasting=True)

    def inputs(self) -> Sequence[Expr]:
        return (self.index,)


class Group(Expr):
    """An index into groups laid end to end: evenly, within the group that `by` names."""

    kind = "whole"

    def __init__(self, sizes: Sequence[int], by: Expr) -> None:
        if not sizes or min(sizes) < 1:
            raise BadContent("every group to pick from needs at least one entry")
        self.sizes = tuple(sizes)
        self.starts = tuple(int(start) for start in np.cumsum([0, *sizes[:-1]]))
        self.by, self.draw = by, Draw()

    def one(self, scope: Scope) -> str:
        sizes, starts = scope.code.constant(self.sizes), scope.code.constant(self.starts)
        by = scope.of(self.by)
        return f"{starts}[{by}] + ({self.draw.one(scope)} * {sizes}[{by}] >> {DRAW_BITS})"

    def numbers(self, frame: Frame) -> Numbers:
        by = frame.numbers(self.by)
        sizes, starts = self._columns
        drawn: Numbers = frame.numbers(self.draw) * sizes.take(by)
        drawn >>= DRAW_BITS
        drawn += starts.take(by)
        return drawn

    @cached_property
    def _columns(self) -> tuple[Numbers, Numbers]:
        return np.array(self.sizes, dtype=np.int64), np.array(self.starts, dtype=np.int64)

    def inputs(self) -> Sequence[Expr]:
        return (self.by, self.draw)


class OneOf(Expr):
    """One of some records; its fields are expressions."""

    kind = "whole"

    def __init__(self, records: Sequence[Mapping[str, Any]] | Pool, index: Expr) -> None:
        self.records, self.index = records, index

    def one(self, scope: Scope) -> str:
        return scope.of(self.index)

    def numbers(self, frame: Frame) -> Numbers:
        return frame.numbers(self.index)

    def inputs(self) -> Sequence[Expr]:
        return (self.index,)

    def field(self, name: str) -> Any:
        return record_field(self, self.records, name)


class Groups:
    """A field of records that holds several values each: something to pick from."""

    def __init__(self, groups: Sequence[Sequence[str]], by: Expr) -> None:
        self.entries = [entry for group in groups for entry in group]
        self.index = Group([len(group) for group in groups], by)


def record_field(choice: Expr, records: Sequence[Mapping[str, Any]] | Pool, name: str) -> Any:
    """A field of the record that `choice` is the index of."""
    if isinstance(records, Pool):
        return Lookup(records, choice, name)
    missing = [index for index, record in enumerate(records) if name not in record]
    if missing:
        raise BadContent(
            f"record {missing[0]} has no {name!r}; it has {sorted(records[missing[0]])}"
        )
    values = [record[name] for record in records]
    if all(isinstance(value, (tuple, list)) for value in values):
        return Groups(values, choice)
    return Lookup(values, choice)


def one_of(
    records: Sequence[Mapping[str, Any]] | Pool,
    *,
    by: Expr | None = None,
    skew: Distribution | float | None = None,
) -> Expr:
    """One of some records, or of a vocabulary of records.

    `skew`: how much more often the first than the later ones (Zipf's exponent, or a distribution).
    `by` says which one, instead of chance.
    """
    if isinstance(records, Pool):
        return OneOf(records, by if by is not None else _index(records.size, skew))
    return OneOf(tuple(records), by if by is not None else _index(len(records), skew))


def nth(values: Sequence[str | int | bool], index: Expr) -> Expr:
    """The value at an index, from 0."""
    return Lookup(tuple(values), index)


def pick(
    among: Sequence[Any] | Pool | Groups,
    *,
    by: Expr | None = None,
    skew: Distribution | float | None = None,
) -> Expr:
    """One of some texts, or of a vocabulary, or of a record's several.

    With `by`, `among` is a sequence of sequences and `by` says which of them to pick from.
    """
    if isinstance(among, Groups):
        return Lookup(among.entries, among.index)
    if by is not None:
        if isinstance(among, Pool):
            raise BadContent("a vocabulary has no groups")
        groups = Groups(among, by)
        return Lookup(groups.entries, groups.index)
    return Lookup(among, _index(among.size if isinstance(among, Pool) else len(among), skew))


def choose(
    *words: str | int | bool, weights: Sequence[float] | None = None, **shares: float
) -> Expr:
    """One of a few words: `choose("a", "b")`, or with shares `choose(active=9, closed=1)`."""
    if shares and not words:
        words, weights = tuple(shares), tuple(shares.values())
    if weights is None:
        return Lookup(words, Evenly(Constant(0), Constant(len(words))))
    if len(weights) != len(words):
        raise BadContent(f"{len(words)} words and {len(weights)} weights")
    return Lookup(words, Shaped(Weights(whole_weights(weights))))


def pools_in(values: Iterable[Expr]) -> list[Pool]:
    """The vocabularies that expressions pick from, by name."""
    found: set[Pool] = set()
    seen: set[Expr] = set()
    left = list(values)
    while left:
        expr = left.pop()
        if expr not in seen:
            seen.add(expr)
            left.extend(expr.inputs())
            if isinstance(expr, Lookup) and isinstance(expr.table, Pool):
                found.add(expr.table)
    return sorted(found, key=lambda pool: pool.name)


def _index(size: int, skew: Distribution | float | None) -> Expr:
    if size < 1:
        raise BadContent("there is nothing to choose from")
    if skew is None:
        return Evenly(Constant(0), Constant(size))
    if hasattr(skew, "table"):
        return Shaped(cast("Distribution", skew))
    return Shaped(Zipf(size, skew))


def _plain_choice(value: Any) -> Any:
    if not isinstance(value, (str, Integral, np.bool_)):
        raise BadContent(
            f"what is chosen from is texts, whole numbers or flags, not {shown(value)}; for "
            "fractions, decimal(…), and for expressions, case(…)"
        )
    return plain(value)


def _kind_of(table: Sequence[Any]) -> Kind:
    kinds: set[Kind] = {
        "flag" if isinstance(value, bool) else "whole" if isinstance(value, int) else "text"
        for value in table
    }
    if len(kinds) != 1:
        raise BadContent(f"a table holds values of one kind, not {sorted(kinds)}")
    return kinds.pop()
