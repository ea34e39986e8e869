"""What it costs to keep what is stored: items, index entries, and copies of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.admission import Resource
from loadstone.capacity.month import Line, Usage, bill, total_usd
from loadstone.planning.load import Load, Stored
from loadstone.planning.terms import Terms
from loadstone.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageRow:
    """A table with its indexes. Bytes are without what DynamoDB adds to each entry, the costs with
    it. `entries` are items and index entries; `pitr_usd` is of point-in-time recovery, where the
    document asks for it."""

    table: str
    items: int
    entries: int
    item_bytes: int
    index_bytes: int
    usd: Decimal
    pitr_usd: Decimal

    @property
    def total_usd(self) -> Decimal:
        return self.usd + self.pitr_usd

    @property
    def held(self) -> Usage:
        """What is stored, without point-in-time recovery."""
        return Usage(entries=self.entries, stored_bytes=self.item_bytes + self.index_bytes)


def stored_usd(rows: Sequence[StorageRow], terms: Terms) -> Decimal:
    """All of them together, and what is free of it taken off."""
    held = Usage(
        entries=sum(row.entries for row in rows),
        stored_bytes=sum(row.item_bytes + row.index_bytes for row in rows),
    )
    given = sum((line.free * line.price.usd for line in _bill(held, terms)), Decimal(0))
    return sum((row.total_usd for row in rows), Decimal(0)) - given


def storage_rows(load: Load, terms: Terms, tables: Mapping[str, Table]) -> Iterator[StorageRow]:
    """`tables` are those of the document, by the names of the load."""
    for table in load.tables:
        arms = {place: held for place, held in load.stored.items() if place.table == table}
        if not arms:
            continue
        own = arms.get(Resource(table), Stored(0, 0))
        every = sum((held.size_bytes for held in arms.values()), 0.0)
        documented = tables.get(table)
        kept = documented is not None and documented.pitr_days is not None
        yield StorageRow(
            table=table,
            items=round(own.entries),
            entries=round(sum(held.entries for held in arms.values())),
            item_bytes=round(own.size_bytes),
            index_bytes=round(every - own.size_bytes),
            usd=_usd(
                Usage(
                    entries=round(sum(held.entries for held in arms.values())),
                    stored_bytes=round(every),
                ),
                terms,
            ),
            pitr_usd=_usd(Usage(recoverable_bytes=round(own.size_bytes) if kept else 0), terms),
        )


def _usd(usage: Usage, terms: Terms) -> Decimal:
    return total_usd(bill(usage, terms.prices, terms.region))


def _bill(usage: Usage, terms: Terms) -> tuple[Line, ...]:
    return bill(usage, terms.prices, terms.region, terms.free)
