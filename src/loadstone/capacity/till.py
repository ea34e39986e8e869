"""What units have cost so far, of tables in several regions, as they are consumed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from loadstone.capacity.prices import Prices
from loadstone.capacity.spend import Meter, Resource


class Billed(NamedTuple):
    """Tables of a region that AWS bills, and those of them whose capacity is paid by the hour."""

    region: str
    tables: frozenset[str] | None  # None: every one that no other names
    provisioned: frozenset[str] = frozenset()


class Till:
    """Adds up. NoPrice, before anything is spent, where a region has no price."""

    def __init__(self, billed: Collection[Billed], prices: Prices) -> None:
        self._meters = {each: Meter(prices, each.region, each.provisioned) for each in billed}
        self._named = frozenset[str]().union(*(each.tables or () for each in billed))
        self._units: defaultdict[Resource, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))

    def add(self, units: Mapping[Resource, tuple[float, float]]) -> Decimal:
        """More units, read and written; what all of them cost."""
        for arm, (read, write) in units.items():
            read_before, write_before = self._units[arm]
            self._units[arm] = read_before + read, write_before + write
        return sum(self._each(), Decimal(0))

    def _each(self) -> Iterator[Decimal]:
        for billed, meter in self._meters.items():
            own = {arm: units for arm, units in self._units.items() if self._is_of(arm, billed)}
            reads = {arm: read for arm, (read, _) in own.items()}
            yield meter.usd(reads, {arm: write for arm, (_, write) in own.items()})

    def _is_of(self, arm: Resource, billed: Billed) -> bool:
        table, _ = arm
        return table not in self._named if billed.tables is None else table in billed.tables
