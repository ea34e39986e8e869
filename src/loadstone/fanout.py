"""How many children each parent has, and whose child a number is: looked up, never stored.

Parents are taken in blocks. A block owns an exact number of children, known in closed form, and
divides it among its parents by hashed weights; so a look-up computes one block whatever the size of
the data set. A few giant parents may be declared; they come first and own a share of their own.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.distributions import TABLE_BITS, LogNormal
from loadstone.fields.draws import DRAW_BITS, Ints, draw_column, mix_column

_BLOCK_BITS = 10
BLOCK = 1 << _BLOCK_BITS
BLOCKS_KEPT = 512
#: Those of columns come by in order, and a load would hold many that it is done with.
RUNS_KEPT = 128
#: A block of no more children than this says of each whose it is; of more, a search does.
_OWNED = 1 << 14
_GIANTS = -1  # the giants in place of a block
_FEW = 2  # children of each parent, or more, that are looked up together

_WEIGHT_MEDIAN = 4096
_WEIGHT_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class PerParent:
    """How children spread over parents: `mean` each, skewed by `spread`, at least `least`.

    `most=1` is for what a parent has or has not: the mean is then the share that has one.

    `spread` is the factor between the median parent and the 84th percentile; 1 is even. Children
    come in groups of `step` (2: question and answer). The `giants` largest parents own
    `giant_share` of all children.
    """

    mean: float
    _: KW_ONLY
    spread: float = 1.0
    least: int = 1
    most: int | None = None
    step: int = 1
    giants: int = 0
    giant_share: float = 0.0

    def __post_init__(self) -> None:
        if self.mean <= 0 or self.mean > 1_000_000:
            raise BadContent(
                f"PerParent({self.mean:g}): a mean is above 0 and at most 1,000,000 children; "
                "where few have any, PerParent(0.2, least=0) gives one to every fifth"
            )
        if self.spread < 1 or self.step < 1 or self.least < 0:
            raise BadContent(f"spread and step start at 1, least at 0: {self}")
        if self.most is not None and (self.most, self.least, self.step, self.giants) != (
            1,
            0,
            1,
            0,
        ):
            raise BadContent(f"most is 1, with least=0, or not said: {self}")
        if self.most is not None and self.mean > self.most:
            raise BadContent(f"the mean is above the most: {self}")
        if self.least * self.step > self.mean:
            raise BadContent(f"the mean is below the least; least=0 lets some have none: {self}")
        if (self.giants > 0) != (self.giant_share > 0) or not 0 <= self.giant_share < 1:
            raise BadContent(f"giants need a giant_share between 0 and 1: {self}")

    @property
    def exact_mean(self) -> Fraction:
        return Fraction(str(self.mean))


class Place(NamedTuple):
    """Where a child stands."""

    parent: int
    position: int  # among its parent's children, from 0
    siblings: int  # how many children its parent has


class Places(NamedTuple):
    """`Place` for many children."""

    parent: Ints
    position: Ints
    siblings: Ints


class _Block(NamedTuple):
    """Look-ups all over a data set wait for memory more than for anything: this is little of it."""

    first_parent: int
    first: int  # the first child's number, in groups
    end: int  # one past the last one's
    offsets: array[int]  # from `first`, where each parent's children start, and where the last end
    owners: array[int] | None  # of each child which of the parents is its own


class _Run(NamedTuple):
    """Parents that follow each other, and where their children start."""

    offsets: Ints  # from `first`, one more than there are parents
    first_parent: int
    first: int

    def between(self, first: int, last: int) -> tuple[Ints, int]:
        """Where the children of those start who have children from first to last, and where the
        last one's end; and who is the first of them."""
        low, high = self.offsets.searchsorted((first - self.first, last - self.first), "right")
        return self.offsets[low - 1 : high + 1] + self.first, self.first_parent + int(low) - 1


class FanOut:
    """The children of `parents` parents, `children` in all."""

    def __init__(self, spread: PerParent, parents: int, children: int, key: int) -> None:
        groups, rest = divmod(children, spread.step)
        most = parents * spread.most if spread.most else groups
        if rest or parents < 1 or not parents * spread.least <= groups <= most:
            raise BadContent(f"{children} children do not fit {parents} parents with {spread}")
        self._step = spread.step
        self._key = key
        self._least = spread.least
        self._at_most_one = spread.most == 1
        self._weights = np.array(
            LogNormal(_WEIGHT_MEDIAN, spread.spread, 1, _WEIGHT_MOST).table(), dtype=np.int64
        )
        giants = spread.giants if parents > 8 * spread.giants else 0
        others = groups - (parents - giants) * spread.least
        owned = max(giants * spread.least, int(groups * Fraction(str(spread.giant_share))))
        self._giant_groups = min(owned, others) if giants else 0
        self._giants = giants
        self._giant_offsets = _giant_offsets(giants, self._giant_groups)
        self._giant_column = np.array(self._giant_offsets, dtype=np.int64)
        self._parents = parents - giants
        self._groups = groups - self._giant_groups
        self._per_block = max(1, self._groups * BLOCK)  # over so much each block's guess is taken
        self._spare = self._groups - self._parents * self._least
        #: How many each parent has, where all have the same.
        self.even = spread.least * spread.step if not (self._spare or giants) else 0
        self._blocks: OrderedDict[int, _Block] = OrderedDict()
        self._runs: OrderedDict[int, _Run] = OrderedDict()

    def place(self, child: int) -> Place:
        """Whose child this is."""
        return Place(*self.locate(child))

    def locate(self, child: int) -> tuple[int, int, int]:
        """`place` for those who look up by the million: parent, position, siblings."""
        if self.even:
            parent, position = divmod(child, self.even)
            return parent, position, self.even
        step = self._step
        group, inside = divmod(child, step) if step > 1 else (child, 0)
        if group < self._giant_groups:
            offsets: Sequence[int] = self._giant_offsets
            parent = 0
            index = bisect_right(offsets, group) - 1
        else:
            group -= self._giant_groups
            block = self._blocks.get(group * self._parents // self._per_block)
            if block is None or not block[1] <= group < block[2]:
                block = self._block(self._block_of(group))
            parent, first, _, offsets, owners = block
            group -= first
            index = owners[group] if owners else bisect_right(offsets, group) - 1
        start = offsets[index]
        if step == 1:
            return parent + index, group - start, offsets[index + 1] - start
        return (
            parent + index,
            (group - start) * step + inside,
            (offsets[index + 1] - start) * step,
        )

    def places(self, children: Ints) -> Places:
        """`place` for many children, quickest when they are close together."""
        if self.even:
            parent, position = np.divmod(children, self.even)
            return Places(parent, position, np.full_like(children, self.even))
        groups = children // self._step if self._step > 1 else children
        parent, start, end = self._found(groups)
        position, siblings = groups - start, end - start
        if self._step > 1:
            position = position * self._step + children % self._step
            siblings = siblings * self._step
        return Places(parent, position, siblings)

    def _found(self, groups: Ints) -> tuple[Ints, Ints, Ints]:
        """Parents, and where their children start and end, block by block."""
        if (groups[1:] < groups[:-1]).any():
            order = np.argsort(groups, kind="stable")
            found = np.empty((3, groups.size), dtype=np.int64)
            found[:, order] = self._found(groups[order])
            parent, start, end = found
            return parent, start, end
        if not groups.size:
            return groups, groups, groups
        runs: list[tuple[Ints, int]] = []
        at, last = 0, int(groups[-1])
        while at < groups.size:
            run, beyond = self._run_of(first := int(groups[at]))
            at = groups.size if last < beyond else int(groups.searchsorted(beyond))
            runs.append(run.between(first, int(groups[at - 1])))
        # What the blocks say is looked up end to end, at once: they may be many.
        edges = np.concatenate([each for each, _ in runs])
        sizes = [each.size for each, _ in runs]
        index = _last_not_above(edges, groups)
        parents = np.repeat([parent for _, parent in runs], sizes)
        parents += np.arange(edges.size) - np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
        return parents.take(index), edges.take(index), edges[1:].take(index)

    def _run_of(self, group: int) -> tuple[_Run, int]:
        """The parents of a group and of those beside it, and the first that is beyond them."""
        if group < self._giant_groups:
            return self._run(_GIANTS), self._giant_groups
        number = self._block_of(group - self._giant_groups)
        return self._run(number), self._first_of(number + 1) + self._giant_groups

    def _run(self, number: int) -> _Run:
        if number < 0:
            return _Run(self._giant_column, 0, 0)
        run = self._runs.get(number)
        if run is None:
            run = self._runs[number] = self._compute(number)
            if len(self._runs) > RUNS_KEPT:
                self._runs.popitem(last=False)
        return run

    def children(self, parent: int) -> range:
        """The numbers of a parent's children."""
        if self.even:
            return range(parent * self.even, (parent + 1) * self.even)
        if parent < self._giants:
            first, last = self._giant_offsets[parent], self._giant_offsets[parent + 1]
        else:
            number, index = divmod(parent - self._giants, BLOCK)
            _, start, _, offsets, _ = self._blocks.get(number) or self._block(number)
            start += self._giant_groups
            first, last = start + offsets[index], start + offsets[index + 1]
        return range(first * self._step, last * self._step)

    def children_column(self, parents: Ints) -> tuple[Ints, Ints]:
        """First child and number of children, for many parents."""
        if self.even:
            return parents * self.even, np.full_like(parents, self.even)
        if (parents[1:] < parents[:-1]).any():
            order = np.argsort(parents, kind="stable")
            found = np.empty((2, parents.size), dtype=np.int64)
            found[:, order] = self.children_column(parents[order])
            return found[0], found[1]
        if not parents.size:
            return parents, parents
        within = parents - self._giants
        blocks = within >> _BLOCK_BITS
        within &= BLOCK - 1
        if blocks[0] < 0:
            giants = int(np.searchsorted(parents, self._giants))
            blocks[:giants], within[:giants] = _GIANTS, parents[:giants]
        first, count = self._looked_up(blocks, within)
        return (first, count) if self._step == 1 else (first * self._step, count * self._step)

    def _looked_up(self, blocks: Ints, within: Ints) -> tuple[Ints, Ints]:
        """The same in groups, of parents by their block and their place in it."""
        starts = [0, *(np.flatnonzero(blocks[1:] != blocks[:-1]) + 1).tolist()]
        stops = [*starts[1:], blocks.size]
        runs = [self._run(block) for block in blocks[starts].tolist()]
        lows, highs = within[starts].tolist(), within[[stop - 1 for stop in stops]].tolist()
        # There may be many blocks: what is asked of each is laid end to end, and looked up at once.
        spans = [
            run.offsets[low : high + 2] for run, low, high in zip(runs, lows, highs, strict=True)
        ]
        shifts = np.cumsum([0, *map(len, spans[:-1])]) - lows
        bases = np.array([run.first for run in runs])
        if len(runs) > 1:
            sizes = np.subtract(stops, starts)
            shifts, bases = shifts.repeat(sizes), bases.repeat(sizes)
        offsets = np.concatenate(spans)
        index = within + shifts
        first = offsets.take(index)
        index += 1
        count = offsets.take(index)
        count -= first
        first += bases
        return first, count

    def _first_of(self, block: int) -> int:
        before = min(block * BLOCK, self._parents)
        return before * self._least + self._spare * before // self._parents

    def _block_of(self, group: int) -> int:
        number = group * self._parents // self._per_block
        while self._first_of(number + 1) <= group:
            number += 1
        while self._first_of(number) > group:
            number -= 1
        return number

    def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            run = self._run(number)
            block = _block(run.first_parent, run.first - self._giant_groups, run.offsets)
            self._blocks[number] = block
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block

    def _compute(self, number: int) -> _Run:
        before = number * BLOCK
        size = min(BLOCK, self._parents - before)
        first, end = self._first_of(number), self._first_of(number + 1)
        parents = np.arange(before + self._giants, before + self._giants + size, dtype=np.int64)
        drawn = draw_column(mix_column(parents, self._key), 1)
        if self._at_most_one:
            has = np.zeros(size + 1, dtype=np.int64)
            has[np.argsort(drawn, kind="stable")[: end - first] + 1] = 1
            return _Run(np.cumsum(has), before + self._giants, first + self._giant_groups)
        ranks = drawn >> (DRAW_BITS - TABLE_BITS)
        upto = np.concatenate(([0], np.cumsum(self._weights[ranks])))
        spare = end - first - size * self._least
        column = np.arange(size + 1, dtype=np.int64) * self._least + spare * upto // upto[-1]
        return _Run(column, before + self._giants, first + self._giant_groups)


def _last_not_above(edges: Ints, groups: Ints) -> Ints:
    """For each group the place of the last edge that is not above it. Both ascend."""
    if edges.size * _FEW > groups.size:
        return edges.searchsorted(groups, "right") - 1
    # Few edges: looked for is where each one is among the groups, and not the other way round.
    begin = groups.searchsorted(edges)
    return np.arange(edges.size - 1).repeat(begin[1:] - begin[:-1])


def _block(first_parent: int, first: int, column: Ints) -> _Block:
    children = int(column[-1])
    owners = None
    if 0 < children <= _OWNED:
        parents = np.arange(len(column) - 1, dtype=np.uint16)
        owners = array("H", np.repeat(parents, np.diff(column)).tobytes())
    offsets = array("q", column.tobytes())
    return _Block(first_parent, first, first + children, offsets, owners)


def _giant_offsets(giants: int, groups: int) -> list[int]:
    """The r-th giant owns a share in proportion to 1 / r."""
    weights = [(1 << 20) // rank for rank in range(1, giants + 1)]
    total = sum(weights) or 1
    return [0, *(groups * upto // total for upto in accumulate(weights))]
