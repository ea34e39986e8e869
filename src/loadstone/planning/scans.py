"""Patterns that the schema cannot serve: what the Scan costs, beside the index that would serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.admission import Resource
from loadstone.capacity.layout import IndexLayout
from loadstone.capacity.money import request_cost_usd, storage_usd_per_month
from loadstone.capacity.readings import Reading
from loadstone.capacity.simulation import Side
from loadstone.capacity.units import item_size_bytes, read_units, write_units
from loadstone.dataset import Dataset
from loadstone.pattern import Pattern, Scan
from loadstone.planning.load import Load, Stored
from loadstone.planning.terms import Terms
from loadstone.scenario.costing import Costing
from loadstone.table import Index

_SAMPLE = 100
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """A question that only a Scan answers, and the index that would answer it.

    `index_usd_per_month` is what the index costs to keep: an entry for every write, and its
    storage. From `pays_from_per_month` calls on it costs less than scanning.
    """

    pattern: str
    table: str
    index: Index
    scan_units: float
    scan_usd_per_million_calls: Decimal
    rows: float
    query_units: float
    query_usd_per_million_calls: Decimal
    index_usd_per_month: Decimal
    calls_per_month: float

    @property
    def pays_from_per_month(self) -> float | None:
        """None: the index is no cheaper, however often it is asked."""
        saved = (self.scan_usd_per_million_calls - self.query_usd_per_million_calls) / _MILLION
        return float(self.index_usd_per_month / saved) if saved > 0 else None


def scan_rows(
    load: Load, terms: Terms, dataset: Dataset, costing: Costing, growth: float
) -> tuple[ScanRow, ...]:
    """Of every pattern of the system that names an index it lacks, asked in this load or not."""
    return tuple(
        _row(pattern, pattern.missing_index, load, terms, dataset, costing, growth)
        for pattern in dataset.system.patterns.values()
        if pattern.missing_index is not None and isinstance(pattern.operation, Scan)
    )


def _row(
    pattern: Pattern,
    index: Index,
    load: Load,
    terms: Terms,
    dataset: Dataset,
    costing: Costing,
    growth: float,
) -> ScanRow:
    scanned = sum(costing.units(pattern).read.values()) * growth
    rows = costing.rows(pattern)
    sizes = list(_entry_sizes(pattern, index, dataset, costing.reading))
    mean = sum(sizes) / len(sizes) if sizes else 0.0
    queried = read_units(round(rows * mean))
    held = _held(pattern, sizes, dataset, load)
    return ScanRow(
        pattern=pattern.id,
        table=pattern.table.name,
        index=index,
        scan_units=scanned,
        scan_usd_per_million_calls=_usd(terms, scanned * _MILLION, 0.0),
        rows=rows,
        query_units=queried,
        query_usd_per_million_calls=_usd(terms, queried * _MILLION, 0.0),
        index_usd_per_month=_usd(terms, 0.0, _written(pattern, sizes, load, terms))
        + storage_usd_per_month(
            terms.prices, terms.region, [(round(held.entries), round(held.size_bytes))]
        ),
        calls_per_month=terms.peak_s_per_month
        * sum(each.per_s for each in load.work if each.pattern == pattern.id),
    )


def _entry_sizes(
    pattern: Pattern, index: Index, dataset: Dataset, reading: Reading
) -> Iterator[int]:
    """Of the items of the table that the index would hold, by a sample."""
    layout = IndexLayout(
        name=index.name,
        key=index.key,
        projected=None
        if index.projection == "ALL"
        else frozenset((*pattern.table.key, *index.key, *index.include)),
    )
    for entity in dataset.system.stored:
        if entity.table is pattern.table:
            for item in dataset.sample(entity, _SAMPLE):
                entry = layout.entry(item)
                if entry is not None:
                    yield item_size_bytes(entry, reading)


def _held(pattern: Pattern, sizes: list[int], dataset: Dataset, load: Load) -> Stored:
    """What the index would hold: as much of the table as of the sample."""
    entities = [each for each in dataset.system.stored if each.table is pattern.table]
    looked_at = sum(min(_SAMPLE, dataset.count(each)) for each in entities)
    items = load.stored.get(Resource(_live(load, pattern.table.name)), Stored(0, 0)).entries
    entries = items * len(sizes) / looked_at if looked_at else 0.0
    return Stored(entries, entries * sum(sizes) / len(sizes) if sizes else 0.0)


def _written(pattern: Pattern, sizes: list[int], load: Load, terms: Terms) -> float:
    """Write units a month: an entry for each write of the table, though an update that changes
    nothing of it would write none."""
    side = Side(Resource(_live(load, pattern.table.name)), "write")
    units = sum(write_units(0, size) for size in sizes) / len(sizes) if sizes else 0.0
    writes = sum(each.per_s for each in load.work if side in each.units)
    return writes * units * terms.peak_s_per_month


def _live(load: Load, documented: str) -> str:
    names = {name: live for live, name in load.documented.items()}
    return names.get(documented, documented)


def _usd(terms: Terms, reads: float, writes: float) -> Decimal:
    return request_cost_usd(terms.prices, terms.region, reads, writes)
