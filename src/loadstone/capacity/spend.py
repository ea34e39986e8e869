"""What a piece of work will consume, take and cost, and what it has cost so far. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from loadstone.capacity.money import request_cost_usd
from loadstone.capacity.prices import PUBLISHED, Price, Prices
from loadstone.table import Throughput

#: What a new table takes at once, and each of its indexes: "DynamoDB on-demand capacity mode".
NEW_ON_DEMAND = Throughput(read_units=12_000, write_units=4_000)
BYTES_PER_IMPORTED_GB = 1024**3

Resource = tuple[str, str | None]  # a table, and one of its indexes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A table or one of its indexes, and what the work does there. No capacity is on demand."""

    table: str
    index: str | None = None
    items: int = 0
    size_bytes: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    capacity: Throughput | None = None

    @property
    def least_s(self) -> float:
        """How long its units take at its capacity; on demand, at that of a new table."""
        held = self.capacity or NEW_ON_DEMAND
        return max(self.read_units / held.read_units, self.write_units / held.write_units)

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "index": self.index,
            "billing": "provisioned" if self.capacity else "on-demand",
            "capacity": self.capacity
            and {
                "read_units": self.capacity.read_units,
                "write_units": self.capacity.write_units,
            },
            "items": self.items,
            "size_bytes": self.size_bytes,
            "read_units": round(self.read_units, 1),
            "write_units": round(self.write_units, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`items` and `size_bytes` are of the tables alone; `assumed` is what could not be known."""

    items: int
    size_bytes: int
    requests: int
    arms: tuple[Arm, ...]
    assumed: tuple[str, ...] = ()

    @property
    def read_units(self) -> float:
        return sum(arm.read_units for arm in self.arms)

    @property
    def write_units(self) -> float:
        return sum(arm.write_units for arm in self.arms)

    @property
    def provisioned(self) -> frozenset[str]:
        """The tables whose capacity is paid by the hour."""
        return frozenset(arm.table for arm in self.arms if arm.capacity)

    @property
    def least_s(self) -> float:
        """No sooner than this: tables and indexes work side by side, the slowest one decides."""
        return max((arm.least_s for arm in self.arms), default=0.0)

    def joined(self, other: Estimate) -> Estimate:
        """This, and after it another piece of work on the same items."""
        arms = {(arm.table, arm.index): arm for arm in self.arms}
        for arm in other.arms:
            before = arms.get((arm.table, arm.index), arm)
            arms[arm.table, arm.index] = replace(
                before,
                read_units=arm.read_units + (before.read_units if before is not arm else 0),
                write_units=arm.write_units + (before.write_units if before is not arm else 0),
            )
        return replace(
            self,
            requests=self.requests + other.requests,
            arms=tuple(arms.values()),
            assumed=tuple(dict.fromkeys((*self.assumed, *other.assumed))),
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "items": self.items,
            "size_bytes": self.size_bytes,
            "requests": self.requests,
            "read_units": round(self.read_units, 1),
            "write_units": round(self.write_units, 1),
            "arms": [arm.as_dict() for arm in self.arms],
            "least_s": round(self.least_s, 1),
            "assumed": list(self.assumed),
        }


def evenly(estimates: Sequence[Estimate]) -> Estimate:
    """Of loads of different tables that share one amount evenly, by what each alone comes to."""
    part = 1 / len(estimates)
    return Estimate(
        items=round(sum(each.items for each in estimates) * part),
        size_bytes=round(sum(each.size_bytes for each in estimates) * part),
        requests=round(sum(each.requests for each in estimates) * part),
        arms=tuple(
            replace(arm, read_units=arm.read_units * part, write_units=arm.write_units * part)
            for each in estimates
            for arm in each.arms
        ),
        assumed=tuple(dict.fromkeys(what for each in estimates for what in each.assumed)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the work adds to the bill, and what provisioned capacity costs with or without it."""

    on_demand_usd: Decimal
    provisioned_usd_per_hour: Decimal
    prices: tuple[Price, ...]

    @property
    def as_of(self) -> str:
        """The date of the oldest price in it."""
        return min((price.as_of for price in self.prices), default="")

    @property
    def unpublished(self) -> tuple[str, ...]:
        """How prices were made that no source states: "estimated"."""
        made = (price.basis for price in self.prices if price.basis != PUBLISHED)
        return tuple(dict.fromkeys(made))

    def as_dict(self) -> dict[str, Any]:
        return {
            "on_demand_usd": float(self.on_demand_usd),
            "provisioned_usd_per_hour": float(self.provisioned_usd_per_hour),
            "prices": [price.to_json() for price in self.prices],
        }


def bill(estimate: Estimate, prices: Prices, region: str) -> Bill:
    """On demand each unit is paid for; provisioned, each hour of capacity, used or not."""
    meter = Meter(prices, region, estimate.provisioned)
    reads: dict[Resource, float] = defaultdict(float)
    writes: dict[Resource, float] = defaultdict(float)
    for arm in estimate.arms:
        reads[arm.table, arm.index] += arm.read_units
        writes[arm.table, arm.index] += arm.write_units
    read_hour, write_hour = (
        prices.price(region, f"{kind}_capacity_hour") for kind in ("read", "write")
    )
    held = [arm.capacity for arm in estimate.arms if arm.capacity]
    used = [read_hour, write_hour] if held else []
    if len(estimate.provisioned) < len({arm.table for arm in estimate.arms}):
        used += [prices.price(region, f"{kind}_request_million") for kind in ("read", "write")]
    return Bill(
        on_demand_usd=meter.usd(reads, writes),
        provisioned_usd_per_hour=sum(
            (each.read_units * read_hour.usd + each.write_units * write_hour.usd for each in held),
            Decimal(0),
        ),
        prices=tuple(used),
    )


class Meter:
    """Turns units consumed into money. Tables that are not `provisioned` are on demand."""

    def __init__(self, prices: Prices, region: str, provisioned: Collection[str] = ()) -> None:
        self._prices, self._region = prices, region
        self._provisioned = frozenset(provisioned)
        self.usd({}, {})  # a price that is not known shows before anything is spent

    def usd(self, reads: Mapping[Resource, float], writes: Mapping[Resource, float]) -> Decimal:
        """What these units cost; those of provisioned tables are in their hourly price."""
        read, write = (
            sum(count for (table, _), count in units.items() if table not in self._provisioned)
            for units in (reads, writes)
        )
        return request_cost_usd(self._prices, self._region, read, write)


def import_cost_usd(prices: Prices, region: str, size_bytes: int) -> Decimal:
    """An import from S3 is paid by the uncompressed size of its files, and by nothing else."""
    return Decimal(size_bytes) / BYTES_PER_IMPORTED_GB * prices.price(region, "import_gb").usd
