"""Which requests DynamoDB would admit, and which it would throttle, and why.

No clock, no sockets: `now_s` is whatever second the caller lives in, so the same model throttles a
running load and replays a recorded one. What it models: a table's or an index's own capacity with
its burst, the limit of a partition, on-demand's start, maximum and doubling, and a write that is
throttled because an index cannot take it. What it does not, since nothing documents its timing:
partitions that split by heat, and the isolation of hot items. Nor the quotas of an account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from loadstone.capacity.bucket import Bucket, Peaks
from loadstone.capacity.limits import (
    PARTITION_UNITS,
    Billing,
    Direction,
    Limit,
    OnDemand,
    Provisioned,
    kept_units,
    partitions_needed,
)

Cause = Literal[
    "ProvisionedThroughputExceeded", "KeyRangeThroughputExceeded", "MaxOnDemandThroughputExceeded"
]
_HASH_BITS = 64


class Resource(NamedTuple):
    """A table, or one of its global indexes; a local index lives off its table."""

    table: str
    index: str | None = None  # type: ignore[assignment]  # hides tuple.index, which nobody needs


class Need(NamedTuple):
    """Units that one item, or one read, asks of a resource, as far as they are known beforehand.

    0: perhaps some, which the answer tells. `key` is a 64-bit hash of the partition key; None where
    it is not known.
    """

    resource: Resource
    direction: Direction
    units: float
    key: int | None = None


class Throttled(NamedTuple):
    """Why a request is throttled: what could not be had, and how its table is billed."""

    need: Need
    cause: Cause
    billing: Billing

    @property
    def reason(self) -> str:
        """As in DynamoDB's ThrottlingReasons: IndexWriteProvisionedThroughputExceeded, say."""
        kind = "Index" if self.need.resource.index else "Table"
        return f"{kind}{self.need.direction.capitalize()}{self.cause}"


def cause_of_want(billing: Billing) -> Cause:
    """Why a table or an index is short of units."""
    # On demand there is nothing provisioned: what has not grown yet are its partitions.
    provisioned = billing == "PROVISIONED"
    return "ProvisionedThroughputExceeded" if provisioned else "KeyRangeThroughputExceeded"


def partition_of(key: int, partitions: int) -> int:
    """The number of the partition that a key's hash lies in."""
    return key * partitions >> _HASH_BITS


class Arm:
    """The reads, or the writes, of one resource. `share` is the part of it that this process has.

    `asked` and `used` count units over its life; `given` and `granted` those that moved between
    processes which share it.
    """

    def __init__(
        self, limit: Limit, direction: Direction, now_s: float, share: float = 1.0
    ) -> None:
        self.limit, self.direction, self.share = limit, direction, share
        self.asked = self.used = self.given = self.granted = 0.0
        self._grows = isinstance(limit, OnDemand)
        self._peaks = Peaks()
        self._peak = 0.0  # an earlier one that this process alone did not see
        self._partitions: dict[int, Bucket] = {}
        self._count = self._partition_count(now_s)
        self._bucket = Bucket(*self._size(now_s), now_s)
        maximum = limit.maximum(direction) if isinstance(limit, OnDemand) else None
        self._maximum = Bucket(maximum * share, maximum * share, now_s) if maximum else None

    def whole(self, now_s: float) -> float:
        """Units a second of the resource, over all processes."""
        if isinstance(self.limit, Provisioned):
            return float(self.limit.units(self.direction))
        return self.limit.served(self.direction, max(self._peak, self._peaks.earlier(now_s)))

    def whole_cap(self, now_s: float) -> float:
        """Units that the resource keeps."""
        return kept_units(self.limit, self.whole(now_s))

    def level(self, now_s: float) -> float:
        """Units at hand; below zero where they are owed."""
        return self._bucket.level(now_s)

    def take(self, need: Need, now_s: float) -> Cause | None:
        """Take what a request needs, unless it cannot be had: then why."""
        self.asked += need.units
        if self._grows:
            self._grow(now_s)
        if self._maximum and not self._maximum.admits(need.units, now_s):
            return "MaxOnDemandThroughputExceeded"
        if not self._bucket.admits(need.units, now_s):
            return cause_of_want(self.limit.billing)
        partition = self._partition(need.key, now_s)
        if partition and not partition.admits(need.units, now_s):
            return "KeyRangeThroughputExceeded"
        self._debit(need.units, need.key, now_s)
        return None

    def settle(self, units: float, keys: Sequence[int | None], now_s: float) -> None:
        """Take what the answer says beyond what was known before; negative: give back."""
        self.asked += max(0.0, units)
        for key in keys:
            self._debit(units / len(keys), key, now_s)

    def undo(self, need: Need, now_s: float) -> None:
        """Give back what a request took that is not sent after all."""
        self._debit(-need.units, need.key, now_s)

    def hold(self, share: float, keep: float, granted: float, peak: float, now_s: float) -> None:
        """From now on this share; units above `keep` are given up, `granted` ones come (in all)."""
        surplus = self.level(now_s) - max(0.0, keep)
        if surplus > 0:
            self._bucket.take(surplus, now_s)
            self.given += surplus
        self.share, self._peak = share, peak
        self._resize(now_s)
        self._bucket.take(self.granted - granted, now_s)
        self.granted = granted

    def _debit(self, units: float, key: int | None, now_s: float) -> None:
        self.used += units
        self._bucket.take(units, now_s)
        if self._grows:
            self._peaks.add(units, now_s)
        if self._maximum:
            self._maximum.take(units, now_s)
        if partition := self._partition(key, now_s):
            partition.take(units, now_s)

    def _partition(self, key: int | None, now_s: float) -> Bucket | None:
        if key is None:
            return None
        number = partition_of(key, self._count)
        bucket = self._partitions.get(number)
        if bucket is None:
            units = PARTITION_UNITS[self.direction] * self.share
            bucket = self._partitions[number] = Bucket(units, units, now_s)
        return bucket

    def _grow(self, now_s: float) -> None:
        rate, _ = self._size(now_s)
        if rate != self._bucket.rate:
            self._resize(now_s)

    def _resize(self, now_s: float) -> None:
        self._bucket.resize(*self._size(now_s), now_s)
        if self._maximum and isinstance(self.limit, OnDemand):
            maximum = (self.limit.maximum(self.direction) or 0) * self.share
            self._maximum.resize(maximum, maximum, now_s)
        count = self._partition_count(now_s)
        if count != self._count:
            self._count = count
            self._partitions.clear()
        units = PARTITION_UNITS[self.direction] * self.share
        for bucket in self._partitions.values():
            bucket.resize(units, units, now_s)

    def _size(self, now_s: float) -> tuple[float, float]:
        """Rate and cap of this share."""
        return self.whole(now_s) * self.share, self.whole_cap(now_s) * self.share

    def _partition_count(self, now_s: float) -> int:
        if self.limit.partitions:
            return self.limit.partitions
        if isinstance(self.limit, Provisioned):
            return partitions_needed(self.limit.read, self.limit.write)
        grown = self.whole(now_s) / self.limit.units(self.direction)
        return partitions_needed(self.limit.read * grown, self.limit.write * grown)


class Admission:
    """The arms of all tables. `limit_of` says what holds for a resource; None: no limit."""

    def __init__(self, limit_of: Callable[[Resource], Limit | None], *, share: float = 1.0) -> None:
        self._limit_of, self._share = limit_of, share
        self._arms: dict[tuple[Resource, Direction], Arm | None] = {}

    def admit(self, needs: Iterable[Need], now_s: float) -> Throttled | None:
        """Take all that a request needs; when one part of it cannot be had, take nothing."""
        taken: list[tuple[Arm, Need]] = []
        for need in needs:
            arm = self.arm(need.resource, need.direction, now_s)
            if arm is None:
                continue
            cause = arm.take(need, now_s)
            if cause is None:
                taken.append((arm, need))
                continue
            for earlier, its in taken:
                earlier.undo(its, now_s)
            return Throttled(need, cause, arm.limit.billing)
        return None

    def undo(self, needs: Iterable[Need], now_s: float) -> None:
        """Give back what was admitted and is not sent after all."""
        for need in needs:
            if arm := self.arm(need.resource, need.direction, now_s):
                arm.undo(need, now_s)

    def settle(
        self,
        resource: Resource,
        direction: Direction,
        units: float,
        keys: Sequence[int | None],
        now_s: float,
    ) -> None:
        """So many units beyond those admitted were consumed, evenly by those keys."""
        arm = self.arm(resource, direction, now_s)
        if arm is not None and units:
            arm.settle(units, keys or (None,), now_s)

    def arm(self, resource: Resource, direction: Direction, now_s: float) -> Arm | None:
        key = (resource, direction)
        if key not in self._arms:
            limit = self._limit_of(resource)
            arm = Arm(limit, direction, now_s, self._share) if limit is not None else None
            self._arms[key] = arm
        return self._arms[key]

    def arms(self) -> dict[tuple[Resource, Direction], Arm]:
        """Those that have been used so far, or asked for."""
        return {key: arm for key, arm in self._arms.items() if arm is not None}

    def forget(self, table: str) -> None:
        """A table was changed, dropped or made anew."""
        for key in [key for key in self._arms if key[0].table == table]:
            del self._arms[key]
