"""What a table or an index may have: fixed capacity, on demand, or capacity that follows its use.

The defaults of target tracking are those of "Managing throughput capacity automatically with
DynamoDB auto scaling" in the AWS developer guide. How long a change takes is documented nowhere:
`lag_s` counts from the end of the last minute of an alarm to the new capacity, and holds the delay
of CloudWatch's figures and UpdateTable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import (
    BURST_S,
    MOST_UNITS,
    Billing,
    Direction,
    Limit,
    OnDemand,
    Provisioned,
)
from loadstone.capacity.simulation.demand import MINUTE_S, Side
from loadstone.errors import BadValue

LAG_S = 180
LEAST_TARGET, MOST_TARGET = 0.2, 0.9
DEFAULT_TARGET = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Target tracking of the reads, or of the writes. It starts at `start`, else at `minimum`."""

    minimum: int
    maximum: int
    target: float = DEFAULT_TARGET
    start: int | None = None
    out_cooldown_s: int = 0
    in_cooldown_s: int = 0
    lag_s: int = LAG_S

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.maximum <= MOST_UNITS:
            raise BadValue(
                f"capacity is scaled between 1 and {MOST_UNITS:,} units, the minimum first, not "
                f"between {self.minimum:,} and {self.maximum:,}"
            )
        if not LEAST_TARGET <= self.target <= MOST_TARGET:
            raise BadValue(f"a target is 20 % to 90 % of the capacity, not {self.target:.0%}")
        if self.start is not None and not self.minimum <= self.start <= self.maximum:
            raise BadValue(f"scaling starts between its minimum and maximum, not at {self.start:,}")
        if min(self.out_cooldown_s, self.in_cooldown_s, self.lag_s) < 0:
            raise BadValue("a lag or a cool-down is 0 s or more")

    @property
    def first(self) -> int:
        return self.minimum if self.start is None else self.start

    @property
    def lag_minutes(self) -> int:
        return ceil(self.lag_s / MINUTE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoScaled:
    """Provisioned capacity that follows its use; each side apart."""

    read: Scaling
    write: Scaling
    burst_s: float = BURST_S
    partitions: int | None = None

    @property
    def billing(self) -> Billing:
        return "PROVISIONED"

    def side(self, direction: Direction) -> Scaling:
        return self.read if direction == "read" else self.write

    @property
    def begun(self) -> Provisioned:
        """What it starts with."""
        return Provisioned(
            read=self.read.first,
            write=self.write.first,
            burst_s=self.burst_s,
            partitions=self.partitions,
        )


Setting: TypeAlias = Provisioned | OnDemand | AutoScaled


def limit_of(setting: Setting) -> Limit:
    """The limit that it starts with."""
    return setting.begun if isinstance(setting, AutoScaled) else setting


def resolve(settings: Mapping[Resource, Setting], sides: Iterable[Side]) -> dict[Side, Setting]:
    """What holds for each side; an index without a setting of its own has one like its table's."""
    found: dict[Side, Setting] = {}
    for side in sides:
        table = settings.get(Resource(side.resource.table))
        setting = settings.get(side.resource, table)
        if setting is None:
            raise BadValue(f"there is no setting for {side}: say what its table is to have")
        if table is not None and table.billing != setting.billing:
            raise BadValue(
                f"{side}: DynamoDB bills a table and its indexes in one mode, and here the table "
                f"is {table.billing} and the index {setting.billing}"
            )
        found[side] = setting
    return found
