"""What a table or an index may consume: provisioned, or on demand.

The numbers are those of "Quotas in Amazon DynamoDB", "Best practices for designing and using
partition keys", "DynamoDB burst and adaptive capacity" and "DynamoDB on-demand capacity mode" in
the AWS developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal, TypeAlias

from loadstone.errors import BadValue

Direction = Literal["read", "write"]
Billing = Literal["PROVISIONED", "PAY_PER_REQUEST"]

DIRECTIONS: tuple[Direction, ...] = ("read", "write")
PARTITION_UNITS: Mapping[Direction, float] = {"read": 3000.0, "write": 1000.0}
ON_DEMAND_START: Mapping[Direction, int] = {"read": 12_000, "write": 4_000}
BURST_S = 300.0
#: On demand serves up to twice an earlier peak; a higher one counts as earlier after half an hour.
GROWTH = 2.0
DOUBLING_S = 1800.0
#: Far above what DynamoDB gives anybody: beyond it somebody has mistyped.
MOST_UNITS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """Units a second, and for how many seconds they are kept when nobody uses them."""

    read: int
    write: int
    burst_s: float = BURST_S
    partitions: int | None = None  # None: as many as the units need

    def __post_init__(self) -> None:
        _check_units(self.read, self.write)
        _check_partitions(self.partitions)
        if not 0 <= self.burst_s <= BURST_S:
            raise BadValue(f"DynamoDB keeps unused capacity for 0 to 300 s, not {self.burst_s:g}")

    @property
    def billing(self) -> Billing:
        return "PROVISIONED"

    def units(self, direction: Direction) -> int:
        return self.read if direction == "read" else self.write

    def __str__(self) -> str:
        said = f"provisioned:{self.read}rcu,{self.write}wcu"
        if self.burst_s != BURST_S:
            said += f",burst={self.burst_s:g}s"
        return said + _said(self.partitions)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """What is served from the start (a new table's, or its warm throughput), and a maximum."""

    read: int = ON_DEMAND_START["read"]
    write: int = ON_DEMAND_START["write"]
    max_read: int | None = None
    max_write: int | None = None
    partitions: int | None = None

    def __post_init__(self) -> None:
        _check_units(self.read, self.write, self.max_read, self.max_write)
        _check_partitions(self.partitions)

    @property
    def billing(self) -> Billing:
        return "PAY_PER_REQUEST"

    def units(self, direction: Direction) -> int:
        return self.read if direction == "read" else self.write

    def maximum(self, direction: Direction) -> int | None:
        return self.max_read if direction == "read" else self.max_write

    def served(self, direction: Direction, earlier_peak: float) -> float:
        """Units a second that are served after such a peak."""
        return max(float(self.units(direction)), GROWTH * earlier_peak)

    def __str__(self) -> str:
        fields = []
        if (self.read, self.write) != (ON_DEMAND_START["read"], ON_DEMAND_START["write"]):
            fields += [f"{self.read}rru", f"{self.write}wru"]
        fields += [f"max={self.max_read}rru"] if self.max_read else []
        fields += [f"max={self.max_write}wru"] if self.max_write else []
        said = ",".join(fields) + _said(self.partitions)
        return f"on-demand:{said.strip(',')}" if said else "on-demand"


Limit: TypeAlias = Provisioned | OnDemand


def kept_units(limit: Limit, rate: float) -> float:
    """What is kept at such a rate. Without burst a second's worth is still served at once."""
    return rate * max(1.0, limit.burst_s if isinstance(limit, Provisioned) else 0.0)


def partitions_needed(read: float, write: float) -> int:
    """The fewest that can serve so many units a second, at 3,000 read or 1,000 write units each."""
    by_read = ceil(read / PARTITION_UNITS["read"])
    return max(1, by_read, ceil(write / PARTITION_UNITS["write"]))


def _check_units(*every: int | None) -> None:
    for units in every:
        if units is not None and not 1 <= units <= MOST_UNITS:
            raise BadValue(f"capacity is 1 to {MOST_UNITS:,} units a second, not {units:,}")


def _check_partitions(partitions: int | None) -> None:
    if partitions is not None and partitions < 1:
        raise BadValue(f"a table has at least 1 partition, not {partitions}")


def _said(partitions: int | None) -> str:
    return f",partitions={partitions}" if partitions else ""
