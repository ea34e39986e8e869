"""What each index costs, whether anything asks it, and what a smaller projection would save."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.admission import Resource
from loadstone.capacity.layout import IndexLayout
from loadstone.capacity.money import request_cost_usd, storage_usd_per_month
from loadstone.capacity.simulation import Side
from loadstone.capacity.units import item_size_bytes, read_units, write_units
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.pattern import (
    ConditionCheck,
    GetItem,
    Pattern,
    Query,
    Scan,
    UpdateItem,
    names_in,
    parts_of,
)
from loadstone.pattern.operations import ItemOperation
from loadstone.planning.load import Load, Stored
from loadstone.planning.terms import Terms
from loadstone.scenario.costing import Costing
from loadstone.table import Index, Table

_SAMPLE = 100
_SAME_PARTITION = "the table's partition key, sorted otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smaller:
    """Another projection: what it saves a month in writes and storage, and what fetching whole
    items would cost those that want them."""

    projection: str
    saves_usd: Decimal
    fetches_usd: Decimal = Decimal(0)
    wanted_whole_by: tuple[str, ...] = ()

    @property
    def net_usd(self) -> Decimal:
        return self.saves_usd - self.fetches_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """An index at on-demand prices. `used_by` are all declared patterns that ask it, and `asked`
    whether this load does; `repeats` says whose key it has again."""

    table: str
    index: str
    key: tuple[str, ...]
    projection: str
    write_usd: Decimal
    storage_usd: Decimal
    read_usd: Decimal
    used_by: tuple[str, ...]
    asked: bool
    repeats: str
    smaller: tuple[Smaller, ...]

    @property
    def repeats_key(self) -> bool:
        """Whether a Query of it could ask the table, or that other index, with the same key."""
        return bool(self.repeats) and self.repeats != _SAME_PARTITION

    @property
    def usd_per_month(self) -> Decimal:
        """To keep it: what asking it costs, another way of asking would cost too."""
        return self.write_usd + self.storage_usd


def index_rows(
    load: Load, terms: Terms, dataset: Dataset, costing: Costing
) -> tuple[IndexRow, ...]:
    """The dearest first."""
    found = _Indexes(load, terms, dataset, costing)
    rows = [found.row(table, index) for table in dataset.system.tables for index in table.indexes]
    return tuple(sorted(rows, key=lambda row: (-row.usd_per_month, row.table, row.index)))


def repeated(table: Table, index: Index) -> str:
    """Whose key an index has again: the table's, or that of an index before it."""
    if index.key == table.key or (index.sort_key is None and index.partition_key == table.key[0]):
        return "the table's key"
    for other in table.indexes:
        if other is index:
            break
        if other.key[: len(index.key)] == index.key:
            return f"index {other.name}"
    if index.partition_key == table.partition_key:
        return _SAME_PARTITION
    return ""


class _Indexes:
    def __init__(self, load: Load, terms: Terms, dataset: Dataset, costing: Costing) -> None:
        self._load, self._terms, self._dataset = load, terms, dataset
        self._costing = costing
        self._live = {documented: live for live, documented in load.documented.items()}
        self._patterns = dataset.system.patterns
        self._samples: dict[Entity, list[Mapping[str, object]]] = {}

    def row(self, table: Table, index: Index) -> IndexRow:
        where = Resource(self._live.get(table.name, table.name), index.name)
        readers = [
            each
            for each in self._patterns.values()
            if each.table is table and each.index == index.name
        ]
        return IndexRow(
            table=where.table,
            index=index.name,
            key=index.key,
            projection=" ".join((index.projection, *index.include)),
            write_usd=self._usd(Side(where, "write")),
            read_usd=self._usd(Side(where, "read")),
            storage_usd=self._storage_usd(self._load.stored.get(where, Stored(0, 0))),
            used_by=tuple(each.id for each in readers),
            asked=any(Side(where, "read") in each.units for each in self._load.work),
            repeats=repeated(table, index),
            # What fetching would cost, only patterns tell.
            smaller=()
            if self._load.timeline
            else tuple(self._smaller(table, index, where, readers)),
        )

    def _usd(self, side: Side) -> Decimal:
        per_s = sum(each.per_s * each.units.get(side, 0.0) for each in self._load.work)
        units = per_s * self._terms.peak_s_per_month
        reads, writes = (units, 0.0) if side.direction == "read" else (0.0, units)
        return request_cost_usd(self._terms.prices, self._terms.region, reads, writes)

    def _storage_usd(self, held: Stored) -> Decimal:
        entries = [(round(held.entries), round(held.size_bytes))]
        return storage_usd_per_month(self._terms.prices, self._terms.region, entries)

    def _smaller(
        self, table: Table, index: Index, where: Resource, readers: list[Pattern]
    ) -> Iterator[Smaller]:
        """KEYS_ONLY, and what the patterns that ask it read, where each of them says that."""
        if index.projection == "KEYS_ONLY":
            return
        keys = frozenset((*table.key, *index.key))
        whole = [each for each in readers if _read(each) is None]
        read = frozenset().union(*(_read(each) or () for each in readers)) - keys
        wanted = tuple(each.id for each in readers if _read(each) is None or read)
        yield Smaller(
            projection="KEYS_ONLY",
            saves_usd=self._saved(table, index, where, keys),
            fetches_usd=sum(
                (self._fetches(each) for each in readers if each.id in wanted), Decimal(0)
            ),
            wanted_whole_by=wanted,
        )
        if read and not whole and read < frozenset(index.include or read | {""}):
            yield Smaller(
                projection=f"INCLUDE {', '.join(sorted(read))}",
                saves_usd=self._saved(table, index, where, keys | read),
            )

    def _saved(
        self, table: Table, index: Index, where: Resource, projected: frozenset[str]
    ) -> Decimal:
        """Of writes and storage, a month."""
        now = IndexLayout(
            name=index.name,
            key=index.key,
            projected=None
            if index.projection == "ALL"
            else frozenset((*table.key, *index.key, *index.include)),
        )
        then = IndexLayout(name=index.name, key=index.key, projected=projected)
        side = Side(where, "write")
        saved = 0.0
        for each in self._load.work:
            pattern = self._patterns.get(each.pattern)
            if pattern is None or side not in each.units:
                continue
            parts = [part for part in parts_of(pattern.operation) if part.table is table]
            before, after = (
                sum(self._entry_units(part, layout) for part in parts) for layout in (now, then)
            )
            if before > after:
                saved += each.per_s * each.units[side] * (1 - after / before)
        held = self._load.stored.get(where, Stored(0, 0))
        before_bytes, after_bytes = (self._mean_bytes(table, layout) for layout in (now, then))
        share = 1 - after_bytes / before_bytes if before_bytes else 0.0
        writes = request_cost_usd(
            self._terms.prices, self._terms.region, 0.0, saved * self._terms.peak_s_per_month
        )
        return writes + self._storage_usd(Stored(0, held.size_bytes * share))

    def _entry_units(self, part: ItemOperation, layout: IndexLayout) -> float:
        """Of an index, by one write: as the forecast reckons them."""
        if isinstance(part, ConditionCheck | GetItem):
            return 0.0
        sizes = self._sizes(part.entity, layout)
        units = sum(write_units(0, size) for size in sizes) / max(1, len(sizes))
        if not isinstance(part, UpdateItem):
            return units
        if part.changed & set(layout.key):
            return 2 * units
        reached = layout.projected is None or part.changed & layout.projected
        return units if reached else 0.0

    def _mean_bytes(self, table: Table, layout: IndexLayout) -> float:
        """Of all entries together, as one."""
        total = 0.0
        for entity in self._dataset.system.stored:
            if entity.table is table:
                sizes = self._sizes(entity, layout)
                share = sum(sizes) / len(self._sample(entity))
                total += self._dataset.count(entity) * share
        return total

    def _sizes(self, entity: Entity, layout: IndexLayout) -> list[int]:
        entries = (layout.entry(item) for item in self._sample(entity))
        reading = self._costing.reading
        return [item_size_bytes(entry, reading) for entry in entries if entry is not None]

    def _sample(self, entity: Entity) -> list[Mapping[str, object]]:
        found = self._samples.get(entity)
        if found is None:
            found = self._samples[entity] = list(self._dataset.sample(entity, _SAMPLE))
        return found

    def _fetches(self, pattern: Pattern) -> Decimal:
        """What reading the items themselves costs a month, one by one, in batches."""
        rows = self._costing.rows(pattern)
        sizes = [
            item_size_bytes(item, self._costing.reading)
            for entity in self._dataset.system.stored
            if entity.table is pattern.table
            for item in self._sample(entity)
        ]
        units = sum(read_units(size) for size in sizes) / max(1, len(sizes))
        per_s = sum(each.per_s for each in self._load.work if each.pattern == pattern.id)
        asked = per_s * rows * units * self._terms.peak_s_per_month
        return request_cost_usd(self._terms.prices, self._terms.region, asked, 0.0)


def _read(pattern: Pattern) -> frozenset[str] | None:
    """The attributes that a query or a scan makes use of; None for all of them."""
    operation = pattern.operation
    assert isinstance(operation, Query | Scan)
    if not operation.projection and not operation.count_only:
        return None
    named: defaultdict[str, None] = defaultdict(lambda: None)
    for path in (*operation.projection, *operation.filter):
        named[names_in(path)[0]] = None
    return frozenset(named)
