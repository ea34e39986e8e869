"""Standard or Standard-IA, table by table: storage is cheaper there, and throughput dearer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from loadstone.capacity.break_even import infrequent_access_ratio
from loadstone.capacity.month import Usage, bill, total_usd
from loadstone.planning.solutions import Solution
from loadstone.planning.storage import StorageRow
from loadstone.planning.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """A month of a table as it is paid for in the best way, in each class. Without the free tier
    and without reservations, neither of which Standard-IA has."""

    table: str
    throughput_usd: Decimal
    storage_usd: Decimal
    ia_throughput_usd: Decimal
    ia_storage_usd: Decimal

    @property
    def saves_usd(self) -> Decimal:
        """By going to Standard-IA; below zero where Standard is cheaper."""
        ia = self.ia_throughput_usd + self.ia_storage_usd
        return self.throughput_usd + self.storage_usd - ia

    @property
    def ratio(self) -> float | None:
        """Storage over throughput, in Standard."""
        return float(self.storage_usd / self.throughput_usd) if self.throughput_usd else None

    @property
    def pays_from(self) -> float | None:
        """The ratio from which Standard-IA is cheaper."""
        if not self.throughput_usd or not self.storage_usd:
            return None
        storage = self.ia_storage_usd / self.storage_usd
        return float(infrequent_access_ratio(storage, self.ia_throughput_usd / self.throughput_usd))


def class_rows(best: Solution, storage: tuple[StorageRow, ...], terms: Terms) -> Iterator[ClassRow]:
    """Of every table that is asked or holds something; NoPrice where a region has none of its
    prices."""
    held = {row.table: row.held for row in storage}
    for table in sorted({*best.ways, *held}):
        used = best.ways[table].usage if table in best.ways else Usage()
        stored = held.get(table, Usage())
        yield ClassRow(
            table=table,
            throughput_usd=_usd(used, terms),
            storage_usd=_usd(stored, terms),
            ia_throughput_usd=_usd(replace(used, table_class="infrequent"), terms),
            ia_storage_usd=_usd(replace(stored, table_class="infrequent"), terms),
        )


def _usd(usage: Usage, terms: Terms) -> Decimal:
    return total_usd(bill(usage, terms.prices, terms.region))
