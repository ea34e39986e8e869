"""Which items are in which file, and where: from the counts alone, so every machine agrees. Pure.

Neighbours by number are often neighbours by key, and items in the order of their keys make one
partition after the other hot while they are imported ("Best practices for importing from Amazon S3
into DynamoDB"). So a table is cut into slices that are quick to make, the slices come in a shuffled
order, and the lines of several slices at a time, a window, are shuffled among each other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import ceil

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadValue
from loadstone.export.shuffle import Permutation
from loadstone.fields.draws import derive
from loadstone.table import Table

#: Slices whose lines are shuffled together, and how many items one has at most.
LANES = 8
SLICE_ITEMS = 4096
#: About what the lines of a window may take in memory.
WINDOW_BYTES = 32 * 1024 * 1024
#: "For items under 1 KB, consider placing 4,000,000 items into each S3 object" (the page above).
FILE_ITEMS = 4_000_000
FILE_BYTES = FILE_ITEMS * 1024
#: "Each import job supports a maximum of 50,000 S3 objects" (the page above).
MOST_FILES = 50_000
#: An array job of AWS Batch has 10,000 children at most, an indexed Job of Kubernetes 100,000.
MOST_SHARDS = 100_000

_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Slice:
    """Items of an entity: the numbers from `start` up to `stop`."""

    entity: Entity
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, kw_only=True)
class TableLayout:
    """A table's slices in the order that they are exported in."""

    table: Table
    counts: Sequence[tuple[Entity, int]]
    line_bytes: int  # of a line on average, before compression
    shards: int
    key: int

    @property
    def items(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def size_bytes(self) -> int:
        """About what all lines take, before compression."""
        return self.items * self.line_bytes

    @cached_property
    def slice_items(self) -> int:
        """As long as memory allows; short enough for every shard of a small table to mix."""
        most = min(SLICE_ITEMS, WINDOW_BYTES // (LANES * self.line_bytes))
        return max(1, min(most, ceil(self.items / (self.shards * LANES))))

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(-(-count // self.slice_items) for _, count in self.counts))

    @cached_property
    def _order(self) -> Permutation:
        return Permutation(self._ends[-1], self.key)

    def windows(self, shard: int) -> Iterator[list[Slice]]:
        """A shard's slices, in groups whose lines are shuffled together."""
        total = self._ends[-1]
        first, last = (total * edge // self.shards for edge in (shard, shard + 1))
        for start in range(first, last, LANES):
            yield [self._slice(self._order[at]) for at in range(start, min(start + LANES, last))]

    def files(self, shard: int) -> Iterator[list[list[Slice]]]:
        """The windows of each of a shard's files; a table too small for all shards has none."""
        most = min(FILE_ITEMS, FILE_BYTES // self.line_bytes)
        held: list[list[Slice]] = []
        items = 0
        for window in self.windows(shard):
            size = sum(map(len, window))
            if held and items + size > most:
                yield held
                held, items = [], 0
            held.append(window)
            items += size
        if held:
            yield held

    def _slice(self, number: int) -> Slice:
        which = bisect_right(self._ends, number)
        entity, count = self.counts[which]
        start = (number - (self._ends[which - 1] if which else 0)) * self.slice_items
        return Slice(entity, start, min(start + self.slice_items, count))


def layouts(dataset: Dataset, shards: int | None) -> list[TableLayout]:
    """Every table that has items. Without a number of shards, as many as files of the recommended
    size need."""
    if shards is not None and not 1 <= shards <= MOST_SHARDS:
        raise BadValue(f"--shards is 1 to {MOST_SHARDS:,}, not {shards}")
    found = []
    for table in dataset.system.tables:
        stored = [each for each in dataset.system.stored if each.table is table]
        counts = [(each, dataset.count(each)) for each in stored]
        items = sum(count for _, count in counts)
        if items:
            size = sum(count * _line_bytes(dataset, each) for each, count in counts)
            found.append((table, counts, max(1, size // items)))
    if shards is None:
        shards = max(
            ceil(sum(count for _, count in counts) / min(FILE_ITEMS, FILE_BYTES // line_bytes))
            for _, counts, line_bytes in found
        )
    made = [
        TableLayout(
            table=table,
            counts=counts,
            line_bytes=line_bytes,
            shards=shards,
            key=derive(dataset.identity.fingerprint, table.name),
        )
        for table, counts, line_bytes in found
    ]
    for each in made:
        _check_files(each)
    return made


def _check_files(layout: TableLayout) -> None:
    most = min(FILE_ITEMS, FILE_BYTES // layout.line_bytes)
    files = max(layout.size_bytes // FILE_BYTES, min(layout.shards, layout.items), 1)
    if files > MOST_FILES:
        raise BadValue(
            f"{layout.table.name} would become about {files:,} files, and an import takes "
            f"{MOST_FILES:,}: pass fewer --shards; a file holds up to {most:,} of its items"
        )


def _line_bytes(dataset: Dataset, entity: Entity) -> int:
    """Of a line on average: of items out of the middle."""
    count = dataset.count(entity)
    size = min(_SAMPLE, count)
    start = (count - size) // 2
    rows = dataset.rows(entity, start, start + size, before='{"Item":', after="}\n")
    return max(1, len(rows.joined()) // size)
