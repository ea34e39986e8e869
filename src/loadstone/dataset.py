"""A data set: a system's items at a scale and a seed, each computable from its number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from loadstone.ahead import Ahead
from loadstone.entity import Entity
from loadstone.errors import BadContent, BadValue, UnknownName
from loadstone.fanout import FanOut
from loadstone.fields.choices import pools_in
from loadstone.fields.code import Code
from loadstone.fields.draws import derive, odd
from loadstone.fields.expr import Expr
from loadstone.fields.frame import Frame
from loadstone.fields.numbers import Draw
from loadstone.fields.pieces import Pieces, cells_of, joined, settled
from loadstone.fields.pools import Pool, drawn
from loadstone.fields.scope import Scope, compile_item

if TYPE_CHECKING:
    from loadstone.system import System

T = TypeVar("T")

SCALES = {"tiny": 1_000, "small": 20_000, "medium": 1_000_000, "large": 100_000_000}
LARGEST = 1_000_000_000
#: A sample takes so many items in a row.
NEIGHBOURS = 10
#: So many rows are joined at a time: few enough for their text to stay in the processor's cache,
#: and in memory that the process has already. A new page costs more than what is written on it.
TOGETHER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Everything that the data depends on. Two data sets with one identity are the same."""

    system: str
    content: str  # a fingerprint of the fixtures module
    seed: int
    scale: int
    as_of: str
    locale: str
    pools: str  # a fingerprint of the vocabularies: another Faker may draw other words
    settings: Mapping[str, int | str]

    def as_dict(self) -> dict[str, str]:
        settings = ",".join(f"{name}={value}" for name, value in sorted(self.settings.items()))
        return {
            "system": self.system,
            "content": self.content,
            "seed": str(self.seed),
            "scale": str(self.scale),
            "as-of": self.as_of,
            "locale": self.locale,
            "pools": self.pools,
            "settings": settings,
        }

    @property
    def fingerprint(self) -> str:
        parts = "\n".join(f"{name}={value}" for name, value in self.as_dict().items())
        return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()


class Dataset:
    """A system at a scale and a seed, seen at an instant."""

    def __init__(
        self,
        system: System,
        *,
        scale: int,
        as_of: datetime,
        seed: int = 1,
        locales: Sequence[str] = ("en_US",),
        settings: Mapping[str, int | str] | None = None,
    ) -> None:
        if not 1 <= scale <= LARGEST:
            raise BadValue(f"a scale is 1 to {LARGEST:,} items, not {scale}")
        if as_of.tzinfo is None:
            raise BadValue("as-of needs a time zone; UTC, most likely")
        self.system, self.scale, self.seed = system, scale, seed
        self.as_of_ms = int(as_of.timestamp()) * 1000
        self._locales = tuple(locales)
        self._settings = {**system.settings, **(settings or {})}
        self._counts = _counts(list(system.entities.values()), scale)
        self._keys = {e: derive(seed, system.id, e.name) for e in system.entities.values()}
        self._fan_outs: dict[Entity, FanOut] = {}
        self._between: dict[tuple[Entity, Entity], list[FanOut]] = {}
        self._pools: dict[Pool, tuple[str, ...]] = {}
        self._memo: dict[Hashable, Any] = {}
        self._aheads = _Aheads(self)

    @cached_property
    def identity(self) -> Identity:
        as_of = datetime.fromtimestamp(self.as_of_ms / 1000, UTC)
        return Identity(
            system=self.system.id,
            content=self.system.fingerprint,
            seed=self.seed,
            scale=self.scale,
            as_of=as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            locale=",".join(self._locales),
            pools=self._pools_fingerprint(),
            settings=self._settings,
        )

    # What there is.

    def count(self, entity: Entity | str) -> int:
        """How many items of an entity there are."""
        return self._counts[self._entity(entity)]

    @property
    def stored(self) -> int:
        """How many items there are in all tables."""
        return sum(self._counts[entity] for entity in self.system.stored)

    def children(self, parent: Entity, number: int, child: Entity) -> range:
        """The numbers of an item's descendants of an entity; they are consecutive."""
        found = range(number, number + 1)
        for fan_out in self._between.get((parent, child)) or self._fan_outs_between(parent, child):
            children = fan_out.children(found.start)
            if len(found) > 1:
                children = range(children.start, fan_out.children(found[-1]).stop)
            found = children
            if not found:
                return found
        return found

    def _fan_outs_between(self, parent: Entity, child: Entity) -> list[FanOut]:
        """From a parent down to a descendant."""
        line = [child]
        for ancestor in child.ancestors:
            if ancestor is parent:
                break
            line.append(ancestor)
        else:
            raise BadContent(f"{child.name} does not descend from {parent.name}")
        found = [self.fan_out(entity) for entity in reversed(line)]
        self._between[parent, child] = found
        return found

    def ancestor(self, entity: Entity, number: int, ancestor: Entity) -> int:
        """The number of an item's ancestor."""
        while entity is not ancestor:
            number = self.fan_out(entity).place(number).parent
            entity = entity.parent_entity
        return number

    # One item.

    def item(self, entity: Entity | str, number: int) -> dict[str, Any]:
        """The n-th item: what is stored, or the facts of an entity that is in no table."""
        try:
            return self._aheads[entity].item(number)
        except IndexError:
            kind = self._entity(entity)
            if 0 <= number < self._counts[kind]:
                raise  # it is made of a value that is not there
            raise BadValue(
                f"{kind.name} has the numbers 0 to {self._counts[kind] - 1} at this scale, "
                f"not {number}"
            ) from None

    def items(self, entity: Entity | str, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Items from start up to stop, which are quickest made together."""
        self._check_range(self._entity(entity), start, stop)
        return self._aheads[entity].items(start, stop)

    def items_of(self, entity: Entity | str, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Items of some numbers, in their order; a few hundred together are quicker than each
        alone, and thousands quickest."""
        if len(numbers):
            self._check_range(self._entity(entity), min(numbers), max(numbers) + 1)
        return self._aheads[entity].anywhere(numbers)

    def compile(self, entity: Entity, expr: Expr) -> Callable[[int], Any]:
        """A function that gives an expression's value for an item of an entity."""
        return compile_item(self, entity, expr)

    def compile_new(
        self, entity: Entity, under: Entity, expr: Expr
    ) -> Callable[[int, int, int, int, int], Any]:
        """The same for items that the data set does not hold, under an ancestor that it does.

        The function takes a number, that of the new items between it and the ancestor, the
        ancestor's, the position among its siblings, and the instant of creation in milliseconds.
        """
        if entity.created is None:
            raise BadContent(f"{entity.name} does not say when it is created")
        code = Code()
        scope = Scope(code, self, entity, "n")
        scope.bind(entity.created, "created")
        child, position = scope, "position"
        while child.entity.parent_entity is not under:
            parent = child.at(child.entity.parent_entity, code.let("line"))
            child.bind_place(parent.number, position, code.let(f"{position} + 1"))
            child, position = parent, "0"
        child.bind_place("ancestor", position, code.let(f"{position} + 1"))
        return code.function("n, line, ancestor, position, created", scope.of(expr))

    def sample(self, entity: Entity | str, size: int) -> list[dict[str, Any]]:
        """Items from all over an entity, the same ones each time; all when there are no more.

        A few neighbours at a time: what they have in common is made once.
        """
        count = self.count(entity)
        if count <= size:
            return list(self.items(entity, 0, count))
        starts = range(0, count, NEIGHBOURS)
        # One more than it needs: the last of them all may be a short one.
        drawn = Random(count).sample(starts, min(-(-size // NEIGHBOURS) + 1, len(starts)))
        numbers = [n for at in sorted(drawn) for n in range(at, min(at + NEIGHBOURS, count))]
        return list(self.items_of(entity, numbers[:size]))

    # Many items.

    def rows(
        self, entity: Entity | str, start: int, stop: int, *, before: str = "", after: str = ""
    ) -> Rows:
        """Items from start up to stop in DynamoDB's JSON, each between `before` and `after`."""
        return self.rows_of(entity, [range(start, stop)], before=before, after=after)[0]

    def rows_of(
        self,
        entity: Entity | str,
        ranges: Sequence[range],
        *,
        before: str = "",
        after: str = "",
    ) -> list[Rows]:
        """The same of several ranges, which together are quicker than each alone; ascending ones
        are quickest."""
        pieces, size = self._pieces_of(self._entity(entity), ranges)
        parts = settled([before, *pieces, after], size)
        ends = accumulate(map(len, ranges), initial=0)
        return [Rows(cells_of(parts, start, end), len(parts)) for start, end in pairwise(ends)]

    def texts_of(
        self, entity: Entity | str, ranges: Sequence[range], *, before: str = "", after: str = ""
    ) -> list[str]:
        """The same as one text for each item, a character for each byte."""
        pieces, size = self._pieces_of(self._entity(entity), ranges)
        return joined([before, *pieces, after], size)

    def _pieces_of(self, entity: Entity, ranges: Sequence[range]) -> tuple[Pieces, int]:
        """Items of some ranges in DynamoDB's JSON, and how many they are."""
        for each in ranges:
            self._check_range(entity, each.start, each.stop)
        numbers = [np.arange(each.start, each.stop, dtype=np.int64) for each in ranges]
        frame = Frame(self, entity, np.concatenate(numbers))
        return frame.pieces(entity.shown()), frame.size

    # What expressions ask (fields/world.py).

    def key(self, entity: Entity) -> int:
        return self._keys[entity]

    def multiplier(self, draw: Expr) -> int:
        assert isinstance(draw, Draw)
        if draw.label is None:
            raise BadContent("a draw that belongs to no entity")
        return odd(self.seed, self.system.id, draw.label)

    def fan_out(self, entity: Entity) -> FanOut:
        found = self._fan_outs.get(entity)
        if found is None:
            if entity.parent is None:
                raise BadContent(
                    f"{entity.name} has no parent, and so no siblings: `position`, `siblings` and "
                    "a `moment` in their order are of children (`in_order=False` needs no parent)"
                )
            key = derive(self.seed, self.system.id, entity.name, "fan-out")
            parents = self._counts[entity.parent_entity]
            found = FanOut(entity.spread, parents, self._counts[entity], key)
            self._fan_outs[entity] = found
        return found

    def setting(self, name: str) -> int | str:
        return self._settings[name]

    def pool(self, pool: Pool) -> Sequence[str]:
        words = self._pools.get(pool)
        if words is None:
            words = self._pools[pool] = drawn(pool, self._locales, self.seed)
        return words

    def memo(self, of: Hashable, make: Callable[[], T]) -> T:
        found = self._memo.get(of)
        if found is None:
            found = self._memo[of] = make()
        made: T = found
        return made

    def _pools_fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=8)
        entities = self.system.entities.values()
        for pool in pools_in(value for entity in entities for value in entity.values.values()):
            digest.update(repr((pool.name, self.pool(pool))).encode())
        return digest.hexdigest()

    def _check_range(self, entity: Entity, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self._counts[entity]:
            raise BadValue(
                f"{entity.name} has {self._counts[entity]} items at this scale: there are none "
                f"from {start} to {stop}"
            )

    def _entity(self, entity: Entity | str) -> Entity:
        if isinstance(entity, Entity):
            return entity
        if entity not in self.system.entities:
            raise UnknownName.among("entity", entity, list(self.system.entities))
        return self.system.entities[entity]


class _Aheads(dict[Entity | str, Ahead]):
    """The items of each entity that was asked for."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._dataset = dataset

    def __missing__(self, entity: Entity | str) -> Ahead:
        dataset = self._dataset
        found = self[entity] = Ahead(dataset, dataset._entity(entity))
        return found


class Rows:
    """Items on their way to the wire: text in cells, `width` cells an item."""

    def __init__(self, cells: list[str], width: int) -> None:
        self._cells, self._width = cells, width

    def __len__(self) -> int:
        return len(self._cells) // self._width

    def joined(self, start: int = 0, stop: int | None = None) -> bytes:
        """Items from start up to stop, one after the other."""
        end = len(self) if stop is None else stop
        if end - start > TOGETHER:
            return b"".join(self.parts(start, end))
        # Pieces hold UTF-8 already, a character for each byte: see `escape`.
        return "".join(self._cells[start * self._width : end * self._width]).encode("latin-1")

    def listed(self, rows: Sequence[int], before: str, after: str) -> bytes:
        """Some items between two texts, without the comma that ends the last of them."""
        width, cells = self._width, [before]
        for each in [rows] if isinstance(rows, range) else [range(row, row + 1) for row in rows]:
            cells += self._cells[each.start * width : each.stop * width]
        cells[-1] = cells[-1].removesuffix(",") + after
        return "".join(cells).encode("latin-1")

    def parts(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The same, some items at a time."""
        end = len(self) if stop is None else stop
        return (self.joined(at, min(at + TOGETHER, end)) for at in range(start, end, TOGETHER))

    def __iter__(self) -> Iterator[bytes]:
        return (self.joined(row, row + 1) for row in range(len(self)))


def _counts(entities: Sequence[Entity], scale: int) -> dict[Entity, int]:
    """How many of each, so that the stored items add up to the scale, nearly."""
    means: dict[Entity, Fraction] = {}
    for entity in entities:
        if entity.parent is None:
            means[entity] = Fraction(str(entity.share))
        else:
            means[entity] = means[entity.parent] * entity.spread.exact_mean
    stored = sum((means[entity] for entity in entities if entity.table), Fraction(0))
    if not stored:
        raise BadContent("no entity is in a table")
    counts: dict[Entity, int] = {}
    for entity in entities:
        step = entity.per_parent.step if entity.per_parent else 1
        groups = max(1, round(scale * means[entity] / stored / step))
        if entity.parent is not None:
            parents = counts[entity.parent]
            groups = max(groups, parents * entity.spread.least)
            if entity.spread.exact_mean == entity.spread.least * step:
                groups = parents * entity.spread.least
            if entity.spread.most is not None:
                groups = min(groups, parents * entity.spread.most)
        counts[entity] = groups * step
    return counts
