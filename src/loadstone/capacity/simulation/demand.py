"""What is asked of tables, second by second: flows of requests, and their units on each arm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import Direction
from loadstone.errors import BadValue

Amounts: TypeAlias = NDArray[np.float64]
MINUTE_S = 60


class Side(NamedTuple):
    """The reads, or the writes, of a table or of one of its global indexes."""

    resource: Resource
    direction: Direction

    def __str__(self) -> str:
        table, index = self.resource
        return f"{self.direction}s of {table}/{index}" if index else f"{self.direction}s of {table}"


class HotKey(NamedTuple):
    """A partition key, by name and by its 64-bit hash, and its share of a flow's calls."""

    name: str
    hash: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A pattern at its peak: calls a second, and the units of one call by side.

    A call needs all of its sides at once. `keyed` is the side that its partition keys are of, and
    `hot` those of them that are asked for more than others; the rest spreads evenly.
    """

    name: str
    per_s: float
    units: Mapping[Side, float]
    keyed: Side | None = None
    hot: tuple[HotKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """The calls of a pattern in each second, and the units of one call by side: always the same,
    or those of each second. For `keyed` and `hot` see Profile."""

    name: str
    calls: Amounts
    units: Mapping[Side, float | Amounts]
    keyed: Side | None = None
    hot: tuple[HotKey, ...] = ()

    def __post_init__(self) -> None:
        if self.keyed is not None and self.keyed not in self.units:
            raise BadValue(f"{self.name} has keys of {self.keyed}, and asks nothing of it")
        if sum(key.share for key in self.hot) > 1 + 1e-9:
            raise BadValue(f"the hot keys of {self.name} have more than all of its calls")

    def asked(self, side: Side) -> Amounts:
        """Units in each second."""
        return self.calls * self.units[side]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """All flows over the same seconds. `start_unix_s` is when the first of them begins: decreases
    of capacity are counted by the day, in UTC. `notes` say what was assumed."""

    flows: tuple[Flow, ...]
    start_unix_s: int = 0
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        lengths = {len(flow.calls) for flow in self.flows}
        if len(lengths) != 1 or not min(lengths):
            raise BadValue("a demand is at least one flow, and all flows have the same seconds")

    @property
    def seconds(self) -> int:
        return len(self.flows[0].calls)

    @property
    def sides(self) -> tuple[Side, ...]:
        found = {side for flow in self.flows for side in flow.units}
        return tuple(sorted(found, key=_by_name))

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(side.resource.table for side in self.sides))

    def of(self, side: Side) -> Amounts:
        """Units in each second, over all flows."""
        found = np.zeros(self.seconds)
        for flow in self.flows:
            if side in flow.units:
                found += flow.asked(side)
        return found

    def scaled(self, factor: float) -> Demand:
        """The same at another rate."""
        flows = tuple(replace(flow, calls=flow.calls * factor) for flow in self.flows)
        return replace(self, flows=flows)

    def only(self, wanted: Callable[[Flow], bool]) -> Demand:
        """Some of the flows."""
        return replace(self, flows=tuple(filter(wanted, self.flows)))


def demand_of_day(
    profiles: Iterable[Profile],
    day: Amounts,
    *,
    start_unix_s: int = 0,
    notes: tuple[str, ...] = (),
) -> Demand:
    """Patterns at their peak, over a day that says for each second which share of it is asked."""
    flows = tuple(
        Flow(
            name=each.name,
            calls=each.per_s * day,
            units=each.units,
            keyed=each.keyed,
            hot=each.hot,
        )
        for each in profiles
    )
    return Demand(flows=flows, start_unix_s=start_unix_s, notes=notes)


def demand_of_minutes(
    minutes: Mapping[Side, Sequence[float] | Amounts], *, start_unix_s: int = 0, packed: float = 1.0
) -> Demand:
    """Sums of units by the minute, as CloudWatch has them.

    A sum does not say when in its minute the units were asked for. `packed` 1 spreads them evenly;
    with 3 they all come in the first 20 seconds of it. The writes of a table and of its indexes are
    one flow: what an index cannot take, its table throttles.
    """
    if not 1 <= packed <= MINUTE_S:
        raise BadValue(f"a minute's units fit into a 1st to a {MINUTE_S}th of it, not {packed:g}")
    busy = max(1, round(MINUTE_S / packed))
    flows = [
        Flow(
            name=name,
            calls=_unpacked(calls, busy),
            units={
                side: np.repeat(each, MINUTE_S) if isinstance(each, np.ndarray) else each
                for side, each in units.items()
            },
        )
        for name, calls, units in _minute_flows(
            {side: np.asarray(sums, float) for side, sums in minutes.items()}
        )
    ]
    how = "evenly over it" if busy == MINUTE_S else f"in the first {busy} s of it"
    notes = (f"what was asked in a minute is taken to have come {how}",)
    return Demand(flows=tuple(flows), start_unix_s=start_unix_s, notes=notes)


def _minute_flows(
    minutes: Mapping[Side, Amounts],
) -> Iterable[tuple[str, Amounts, dict[Side, float | Amounts]]]:
    """A flow of units for the reads of each resource, and one for the writes of each table."""
    for side in sorted(minutes, key=_by_name):
        if side.direction == "read":
            yield str(side), minutes[side], {side: 1.0}
    written = [side for side in minutes if side.direction == "write"]
    for table in sorted({side.resource.table for side in written}):
        own = sorted((side for side in written if side.resource.table == table), key=_by_name)
        calls = np.maximum.reduce([minutes[side] for side in own])
        shares = {side: minutes[side] / np.where(calls, calls, 1.0) for side in own}
        yield f"writes of {table}", calls, dict(shares)


def _unpacked(sums: Amounts, busy: int) -> Amounts:
    seconds = np.zeros((len(sums), MINUTE_S))
    seconds[:, :busy] = (sums / busy)[:, None]
    return seconds.ravel()


def _by_name(side: Side) -> tuple[str, str, str]:
    return side.resource.table, side.resource.index or "", side.direction
