"""A month's bill: everything that DynamoDB bills for, by what is used of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from loadstone.capacity.break_even import RESERVED_UNITS, YEARS, Term
from loadstone.capacity.money import BYTES_PER_GB, HOURS_PER_MONTH, OVERHEAD_BYTES
from loadstone.capacity.prices import Price, Prices
from loadstone.errors import BadValue

TableClass = Literal["standard", "infrequent"]

#: Billed for each item of a global table beside OVERHEAD_BYTES.
REPLICA_BYTES = 48
_MILLION, _STREAM_CALLS, _MONTHS = 1_000_000, 100_000, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What tables of one class in one region use in a month. What is not said is not used.

    Requests are request units, on demand; capacity hours are units times hours, beyond what is
    reserved. Replicated writes are of global tables, and a delete by TTL in another region is one.
    `entries` are items and index entries, whose `stored_bytes` are without overhead.
    """

    table_class: TableClass = "standard"
    read_requests: float = 0
    write_requests: float = 0
    replicated_write_requests: float = 0
    read_capacity_hours: float = 0
    write_capacity_hours: float = 0
    replicated_write_capacity_hours: float = 0
    reserved_reads: int = 0
    reserved_writes: int = 0
    term: Term = "1y"
    entries: int = 0
    stored_bytes: int = 0
    replicated_items: int = 0
    recoverable_bytes: int = 0
    backup_bytes: int = 0
    restored_bytes: int = 0
    exported_bytes: int = 0
    incrementally_exported_bytes: int = 0
    imported_bytes: int = 0
    stream_calls: float = 0
    kinesis_changes: float = 0
    sent_out_bytes: int = 0
    sent_to_regions_bytes: int = 0

    def __post_init__(self) -> None:
        for name in ("reserved_reads", "reserved_writes"):
            units = getattr(self, name)
            if units % RESERVED_UNITS:
                raise BadValue(f"capacity is reserved by the {RESERVED_UNITS} units, not {units}")
        if self.table_class == "infrequent" and (self.reserved_reads or self.reserved_writes):
            raise BadValue("capacity can be reserved for tables of the Standard class alone")


class Line(NamedTuple):
    """A line of the bill; `quantity` is in units of the price, the free part taken off."""

    price: Price
    quantity: Decimal
    free: Decimal

    @property
    def usd(self) -> Decimal:
        return self.quantity * self.price.usd


#: By dimension, in its units: "Amazon DynamoDB pricing". Of Standard tables, provisioned; nothing
#: on demand but storage. An account has it once a month: over all of its tables and regions.
FREE: Mapping[str, Decimal] = {
    "storage_gb_month": Decimal(25),
    "read_capacity_hour": Decimal(18_600),
    "write_capacity_hour": Decimal(18_600),
    "stream_read_100k": Decimal(25),
    "data_out_gb": Decimal(100),
}
NO_FREE_TIER: Mapping[str, Decimal] = {}


def bill(
    usage: Usage, prices: Prices, region: str, free: Mapping[str, Decimal] = NO_FREE_TIER
) -> tuple[Line, ...]:
    """NoPrice where something is used whose price is not known; `free` is FREE, or what is left
    of it."""
    lines = []
    for dimension, quantity in _used(usage):
        if quantity:
            given = min(quantity, free.get(dimension, Decimal(0)))
            lines.append(Line(prices.price(region, dimension), quantity - given, given))
    return tuple(lines)


def total_usd(lines: tuple[Line, ...]) -> Decimal:
    return sum((line.usd for line in lines), Decimal(0))


def free_left(lines: tuple[Line, ...], free: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What a bill leaves of the free tier for the next one."""
    taken = {line.price.dimension: line.free for line in lines}
    return {name: quantity - taken.get(name, 0) for name, quantity in free.items()}


def _used(usage: Usage) -> Iterator[tuple[str, Decimal]]:
    """Each dimension with how much of it."""
    ia = "ia_" if usage.table_class == "infrequent" else ""
    for kind in ("read", "write", "replicated_write"):
        yield f"{ia}{kind}_request_million", _exact(getattr(usage, f"{kind}_requests")) / _MILLION
        yield f"{ia}{kind}_capacity_hour", _exact(getattr(usage, f"{kind}_capacity_hours"))
    yield from _reserved(usage)
    stored = usage.stored_bytes + usage.entries * OVERHEAD_BYTES
    yield f"{ia}storage_gb_month", _gb(stored + usage.replicated_items * REPLICA_BYTES)
    for dimension, size_bytes in (
        ("pitr_gb_month", usage.recoverable_bytes),
        ("backup_gb_month", usage.backup_bytes),
        ("restore_gb", usage.restored_bytes),
        ("export_gb", usage.exported_bytes),
        ("incremental_export_gb", usage.incrementally_exported_bytes),
        ("import_gb", usage.imported_bytes),
        ("data_out_gb", usage.sent_out_bytes),
        ("data_between_regions_gb", usage.sent_to_regions_bytes),
    ):
        yield dimension, _gb(size_bytes)
    yield "stream_read_100k", _exact(usage.stream_calls) / _STREAM_CALLS
    yield "kinesis_change_million", _exact(usage.kinesis_changes) / _MILLION


def _reserved(usage: Usage) -> Iterator[tuple[str, Decimal]]:
    """Paid for whether it is used or not; the upfront payment is spread over the term."""
    for kind, units in (("read", usage.reserved_reads), ("write", usage.reserved_writes)):
        hundreds = Decimal(units) / RESERVED_UNITS
        upfront = hundreds / (_MONTHS * YEARS[usage.term])
        yield f"reserved_{usage.term}_{kind}_upfront", upfront
        yield f"reserved_{usage.term}_{kind}_hour", hundreds * HOURS_PER_MONTH


def _gb(size_bytes: int) -> Decimal:
    return Decimal(size_bytes) / BYTES_PER_GB


def _exact(quantity: float) -> Decimal:
    return Decimal(str(quantity))
