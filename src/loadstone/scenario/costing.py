"""What a pattern consumes, on average of playing it once: from sizes and counts, before any run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from loadstone.capacity.footprint import Footprint, footprints
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.units import Consistency, read_units
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.draws import derive
from loadstone.pattern import (
    BatchGetItem,
    ConditionCheck,
    Every,
    Exactly,
    GetItem,
    ItemOperation,
    Pattern,
    PutItem,
    Query,
    Scan,
    TransactGetItems,
    TransactWriteItems,
    UpdateItem,
    parts_of,
)
from loadstone.scenario.popularity import Popularity
from loadstone.scenario.standing import Standing
from loadstone.scenario.writing import Arms, Writing
from loadstone.table import Table

SAMPLE = 64
REDRAWS = 256
#: A Query or a Scan reads at most this much for a page: "Paginating the results".
PAGE_BYTES = 1024 * 1024
ROWS_OF_SOME = 50
#: A transaction prepares and commits: "Amazon DynamoDB Transactions: How it works".
TRANSACTED = 2.0

Resource = tuple[str, str | None]  # a table as it is documented, and one of its indexes


class Units(NamedTuple):
    """Of playing a pattern once."""

    requests: float
    read: Mapping[Resource, float]
    write: Mapping[Resource, float]


class Costing:
    """Units of patterns on a data set, whose items are drawn as a run draws them.

    What is not known before it is played is `assumed`, and said.
    """

    def __init__(self, dataset: Dataset, skew: float, reading: Reading = CONSERVATIVE) -> None:
        self._dataset, self._skew, self.reading = dataset, skew, reading
        self._random = Random(1)
        self._footprints: dict[Entity, Mapping[str | None, Footprint]] = {}
        self._standing = Standing(dataset)
        self._writing = Writing(dataset, skew, reading)
        self.assumed: tuple[str, ...] = ()

    def units(self, pattern: Pattern) -> Units:
        match pattern.operation:
            case Query() as query:
                sizes = self._entry_bytes(self._rows_of(pattern), query.table, query.index)
                return self._pages(query, self._rows(pattern, query), sizes)
            case Scan() as scan:
                return self._pages(scan, [self._entries(scan)], self._mean_bytes(scan))
            case BatchGetItem() as batch:
                rows = self._children(pattern, batch.entity)
                mean = sum(min(batch.most, each) for each in rows) / max(1, len(rows))
                one = self._read_one(batch.entity, "strong" if batch.consistent else "eventual")
                return Units(1.0, {(batch.table.name, None): mean * one}, {})
            case operation:
                if tried := self.tried(pattern):
                    return Units(1.0, {}, _mean(tried))
                if operation.writes:
                    self._assume(f"{pattern.id} is taken to write whole items of its entity")
                read: defaultdict[Resource, float] = defaultdict(float)
                write: defaultdict[Resource, float] = defaultdict(float)
                for part in parts_of(operation):
                    if isinstance(part, GetItem):
                        consistency: Consistency = "strong" if part.consistent else "eventual"
                        if isinstance(operation, TransactGetItems):
                            consistency = "transactional"
                        read[part.table.name, None] += self._read_one(part.entity, consistency)
                        continue
                    transacted = isinstance(operation, TransactWriteItems)
                    for index, units in self._write_one(part, transacted=transacted):
                        write[part.table.name, index] += units
                return Units(1.0, read, write)

    def tried(self, pattern: Pattern) -> Sequence[Arms]:
        """Each of a sample of writes, where it can be tried; their mean is what `units` tells."""
        return self._writing.tried(pattern) if pattern.writes else ()

    def rows(self, pattern: Pattern) -> float:
        """How many items a query or a scan of it finds in all, on average."""
        operation = pattern.operation
        found = self._rows(pattern, operation) if isinstance(operation, Query | Scan) else [1]
        return sum(found) / len(found)

    def _read_one(self, entity: Entity, consistency: Consistency) -> float:
        return self._footprint(entity)[None].read_blocks * read_units(0, consistency)

    def _write_one(
        self, part: ItemOperation, *, transacted: bool
    ) -> Iterator[tuple[str | None, float]]:
        """On the table, and on each index that the write reaches."""
        sizes = self._footprint(part.entity)
        whole = sizes[None].write_units
        yield None, whole * (TRANSACTED if transacted else 1.0)
        if isinstance(part, ConditionCheck):
            return
        changed = part.changed if isinstance(part, UpdateItem | PutItem) else None
        for index in part.table.indexes:
            units = sizes[index.name].write_units
            if changed is None or isinstance(part, PutItem):
                yield index.name, units
            elif changed & set(index.key):
                yield index.name, 2 * units  # the entry goes, and another comes
            elif index.projection == "ALL" or changed & set(index.include):
                yield index.name, units

    def _pages(self, search: Query | Scan, subjects: list[int], size: float) -> Units:
        """The mean over subjects: a popular one may have more rows than another."""
        consistency: Consistency = "strong" if search.consistent else "eventual"
        most = min(search.limit or (1 << 62), max(1, round(PAGE_BYTES / max(size, 1))))
        segments = search.segments if isinstance(search, Scan) else 1
        requests = units = 0.0
        for rows in subjects:
            full, rest = divmod(rows, most)
            pages = max(1, full + (rest > 0))
            if search.pages is not None and pages > search.pages:
                pages, full, rest = search.pages, search.pages, 0
            requests += max(pages, segments)
            units += full * read_units(round(most * size), consistency)
            if rest or not full:
                units += read_units(round(rest * size), consistency)
        share = 1 / len(subjects)
        return Units(requests * share, {(search.table.name, search.index): units * share}, {})

    def _rows_of(self, pattern: Pattern) -> Entity:
        return pattern.expects.entity if isinstance(pattern.expects, Every) else pattern.of

    def _rows(self, pattern: Pattern, query: Query | Scan) -> list[int]:
        if isinstance(pattern.expects, Every):
            return self._children(pattern, pattern.expects.entity)
        if isinstance(pattern.expects, Exactly):
            return [1]
        return self._guessed(pattern, query)

    def _guessed(self, pattern: Pattern, query: Query | Scan) -> list[int]:
        """What the declaration leaves open, and is said to be taken."""
        found = None
        if isinstance(query, Query):
            found = self._standing.rows(pattern, query, self._subjects(pattern))
        if found is not None:
            mean = sum(found) / len(found)
            self._assume(f"{pattern.id} is taken to find {mean:.3g} rows, as a sample of items has")
            return found
        rows = query.limit or ROWS_OF_SOME
        self._assume(f"{pattern.id} is taken to find {rows} rows")
        return [rows]

    def _children(self, pattern: Pattern, entity: Entity) -> list[int]:
        """How many items of an entity those have that are asked for."""
        of = above = pattern.of
        if of is entity:
            return [1]
        if of not in entity.ancestors and isinstance(pattern.expects, Every):
            above = pattern.expects.within or of
        found = [
            len(self._dataset.children(above, self._dataset.ancestor(of, subject, above), entity))
            for subject in self._subjects(pattern)
        ]
        return found or [0]

    def _subjects(self, pattern: Pattern) -> list[int]:
        key = derive(self._dataset.seed, "popularity", pattern.of.name)
        popular = Popularity(self._dataset.count(pattern.of), self._skew, key)
        fits = None if pattern.only is None else self._dataset.compile(pattern.of, pattern.only)
        drawn = (popular.draw(self._random) for _ in range(REDRAWS))
        return [number for number in drawn if fits is None or fits(number)][:SAMPLE]

    def _entries(self, scan: Scan) -> int:
        """How many entries there are to scan, of all entities."""
        shares = (
            self._dataset.count(entity) * self._footprint(entity)[scan.index].share
            for entity in self._stored_in(scan.table)
        )
        return round(sum(shares))

    def _mean_bytes(self, scan: Scan) -> float:
        total = sum(
            self._dataset.count(entity) * self._footprint(entity)[scan.index].size_bytes
            for entity in self._stored_in(scan.table)
        )
        return total / max(1, self._entries(scan))

    def _entry_bytes(self, entity: Entity, table: Table, index: str | None) -> float:
        """Of an entity's items; of one that is not in that table, the mean of what is."""
        if entity.table is table:
            return self._footprint(entity)[index].entry_bytes
        sizes = [self._footprint(each)[index].entry_bytes for each in self._stored_in(table)]
        return sum(sizes) / len(sizes) if sizes else 0.0

    def _stored_in(self, table: Table) -> list[Entity]:
        return [each for each in self._dataset.system.stored if each.table is table]

    def _footprint(self, entity: Entity) -> Mapping[str | None, Footprint]:
        found = self._footprints.get(entity)
        if found is None:
            found = self._footprints[entity] = footprints(self._dataset, entity, self.reading)
        return found

    def _assume(self, what: str) -> None:
        if what not in self.assumed:
            self.assumed += (what,)


def _mean(calls: Sequence[Arms]) -> dict[Resource, float]:
    found: defaultdict[Resource, float] = defaultdict(float)
    for arms in calls:
        for arm, units in arms.items():
            found[arm] += units
    return {arm: units / len(calls) for arm, units in found.items()}
