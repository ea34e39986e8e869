"""Global tables: what the same tables cost in every further region.

Each write of a table is a replicated write in all of its regions; what that changes in an index is
an ordinary write there ("Understanding Amazon DynamoDB billing for global tables").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from loadstone.capacity.admission import Resource
from loadstone.capacity.money import HOURS_PER_MONTH
from loadstone.capacity.month import Usage, bill, total_usd
from loadstone.capacity.simulation import Side
from loadstone.errors import NoPrice
from loadstone.planning.load import Load
from loadstone.planning.modes import Way
from loadstone.planning.storage import StorageRow
from loadstone.planning.terms import Terms
from loadstone.table import Table

_UNIT_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A further region, USD a month. `writes_usd` are those of this load, paid for as its tables
    are; `expiries_usd` is for deletes by TTL, of as many items as are put; `sent_usd` for the way
    there, None where there is no price. `at_home_usd` is what being replicated adds in the first
    region. Reads that are asked there come on top."""

    region: str
    writes_usd: Decimal
    expiries_usd: Decimal
    storage_usd: Decimal
    sent_usd: Decimal | None
    at_home_usd: Decimal

    @property
    def usd(self) -> Decimal:
        spent = self.writes_usd + self.expiries_usd + self.storage_usd + self.at_home_usd
        return spent + (self.sent_usd or 0)


def replicas(
    ways: Mapping[str, Way],
    load: Load,
    storage: tuple[StorageRow, ...],
    terms: Terms,
    tables: Mapping[str, Table],
) -> tuple[Replica, ...]:
    return tuple(_replica(region, ways, load, storage, terms, tables) for region in terms.replicas)


def _replica(
    region: str,
    ways: Mapping[str, Way],
    load: Load,
    storage: tuple[StorageRow, ...],
    terms: Terms,
    tables: Mapping[str, Table],
) -> Replica:
    expired = {name: _expired(name, load, terms) for name, held in tables.items() if held.ttl}
    written = [_written(way) for way in ways.values()]
    with_expired = [_written(way, expired.get(name, 0.0)) for name, way in ways.items()]
    writes = _sum(written, terms, region)
    there = [
        replace(row.held, replicated_items=row.items, recoverable_bytes=_recoverable(row))
        for row in storage
    ]
    return Replica(
        region=region,
        writes_usd=writes,
        expiries_usd=_sum(with_expired, terms, region) - writes,
        storage_usd=_sum(there, terms, region),
        sent_usd=_sent(ways, terms),
        at_home_usd=_at_home(ways, storage, terms),
    )


def _at_home(ways: Mapping[str, Way], storage: tuple[StorageRow, ...], terms: Terms) -> Decimal:
    """What replicated writes and the bytes of replicated items add."""
    stored = [row.held for row in storage]
    before = [*stored, *(way.usage for way in ways.values())]
    after = [replace(row.held, replicated_items=row.items) for row in storage]
    for way in ways.values():
        own = _written(way)
        reads = replace(way.usage, write_requests=0, write_capacity_hours=0)
        after += [reads, replace(own, read_capacity_hours=0)]
    return _sum(after, terms, terms.region) - _sum(before, terms, terms.region)


def _written(way: Way, expired: float = 0.0) -> Usage:
    """The writes of a table in a further region, those of its indexes, and what expires there by
    the way. Provisioned, a table and an index have a read unit too, where nothing reads."""
    on_demand = way.mode == "on demand"
    units = way.consumed if on_demand else way.unit_hours
    writes = {side: each for side, each in units.items() if side.direction == "write"}
    table = Side(Resource(way.table), "write")
    own = writes.get(table, 0.0)
    consumed = way.consumed.get(table, 0.0)
    # Capacity has to be as much larger as there is more to write.
    replicated = own * (1 + expired / consumed) if consumed else own
    of_indexes = sum(writes.values()) - own
    if on_demand:
        return Usage(write_requests=of_indexes, replicated_write_requests=replicated)
    return Usage(
        write_capacity_hours=of_indexes,
        replicated_write_capacity_hours=replicated,
        read_capacity_hours=len(writes) * HOURS_PER_MONTH,
    )


def _expired(table: str, load: Load, terms: Terms) -> float:
    """Units a month: each item that is put goes again, and that is a write in another region."""
    side = Side(Resource(table), "write")
    put = [each for each in load.work if each.operation == "PutItem" and each.table == table]
    per_s = sum(each.per_s * each.units.get(side, 0.0) for each in put)
    return per_s * terms.peak_s_per_month


def _sent(ways: Mapping[str, Way], terms: Terms) -> Decimal | None:
    """A write unit is a KB at most."""
    units = sum(way.consumed.get(Side(Resource(way.table), "write"), 0.0) for way in ways.values())
    try:
        return _usd(Usage(sent_to_regions_bytes=round(units * _UNIT_BYTES)), terms, terms.region)
    except NoPrice:
        return None


def _recoverable(row: StorageRow) -> int:
    return row.item_bytes if row.pitr_usd else 0


def _sum(usages: list[Usage], terms: Terms, region: str) -> Decimal:
    return sum((_usd(each, terms, region) for each in usages), Decimal(0))


def _usd(usage: Usage, terms: Terms, region: str) -> Decimal:
    return total_usd(bill(usage, terms.prices, region))
