"""What writing, deleting or counting a data set will consume, from a sample of its items. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from loadstone.aws.live import LiveTable
from loadstone.aws.tables import Wanted
from loadstone.capacity.footprint import Footprint, footprints
from loadstone.capacity.spend import Arm, Estimate
from loadstone.capacity.units import read_units
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.seeding.feed import BATCH_ITEMS
from loadstone.seeding.places import Found
from loadstone.seeding.presence import stored_in
from loadstone.table import Index, Table, Throughput

#: A page of a Query or a Scan is at most this much: "Paginating the results".
PAGE_BYTES = 1024 * 1024

NOT_DESCRIBED = "may not be described: taken to be on demand"


class Size(NamedTuple):
    """What DescribeTable says is stored; it may be six hours old."""

    items: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """A table under its name, with how it is paid for: an arm without a capacity is on demand."""

    table: Table
    name: str
    capacity: Mapping[str | None, Throughput] = field(default_factory=dict)
    stored: Mapping[str | None, Size] = field(default_factory=dict)
    assumed: str = ""

    @property
    def arms(self) -> tuple[Index | None, ...]:
        """The table itself, and its indexes."""
        return (None, *self.table.indexes)


def as_found(found: Found) -> Billed:
    """As the live table is billed."""
    place, live = found.place, found.live
    if live is None:
        return Billed(table=place.table, name=place.name, assumed=f"{place.name} {NOT_DESCRIBED}")
    return Billed(
        table=place.table, name=place.name, capacity=_held(live), stored=dict(_stored(live))
    )


def as_documented(wanted: Wanted) -> Billed:
    """As a table that is not there yet would be made."""
    table = wanted.table
    held: dict[str | None, Throughput | None] = {None: table.provisioned}
    held |= {index.name: index.provisioned for index in table.indexes}
    return Billed(
        table=table,
        name=wanted.name,
        capacity={name: units for name, units in held.items() if units},
        assumed=f"{wanted.name} is not there yet: billed as documented",
    )


def writing(
    dataset: Dataset, tables: Sequence[Billed], counts: Mapping[str, int] | None = None
) -> Estimate:
    """Putting items, or deleting them: both cost what the item is. `counts`: how many of each
    entity; all of them where nothing is said."""
    arms: list[Arm] = []
    items = size_bytes = requests = 0
    for billed in tables:
        parts = [
            (_count(dataset, entity, counts), footprints(dataset, entity))
            for entity in stored_in(dataset, billed.table)
        ]
        found = [_arm(billed, index, parts) for index in billed.arms]
        arms += found
        items += sum(count for count, _ in parts)
        size_bytes += found[0].size_bytes
        requests += sum(-(-count // BATCH_ITEMS) for count, _ in parts)
    return Estimate(
        items=items,
        size_bytes=size_bytes,
        requests=requests,
        arms=tuple(arms),
        assumed=_assumed(tables),
    )


def counting(dataset: Dataset, tables: Sequence[Billed], *, sample: int) -> Estimate:
    """Counting every table and index, and reading a sample. A Scan reads whatever is there, so
    where DescribeTable tells of more than the data set, that is what counts."""
    arms: list[Arm] = []
    whole = writing(dataset, tables)
    for arm in whole.arms:
        (billed,) = (each for each in tables if each.name == arm.table)
        stored = billed.stored.get(arm.index, Size(0, 0))
        size_bytes = max(arm.size_bytes, stored.size_bytes)
        units = read_units(size_bytes, "eventual" if arm.index else "strong")
        if arm.index is None and whole.items:
            mean = arm.size_bytes / max(arm.items, 1)
            units += sample * arm.items / whole.items * read_units(round(mean), "strong")
        arms.append(
            Arm(
                table=arm.table,
                index=arm.index,
                items=max(arm.items, stored.items),
                size_bytes=size_bytes,
                read_units=units,
                capacity=arm.capacity,
            )
        )
    own = [arm for arm in arms if arm.index is None]
    return Estimate(
        items=sum(arm.items for arm in own),
        size_bytes=sum(arm.size_bytes for arm in own),
        requests=sum(1 + arm.size_bytes // PAGE_BYTES for arm in arms) + len(own),
        arms=tuple(arms),
        assumed=whole.assumed,
    )


def _count(dataset: Dataset, entity: Entity, counts: Mapping[str, int] | None) -> int:
    return dataset.count(entity) if counts is None else counts.get(entity.name, 0)


def _arm(
    billed: Billed,
    index: Index | None,
    parts: Sequence[tuple[int, Mapping[str | None, Footprint]]],
) -> Arm:
    name = index.name if index else None
    return Arm(
        table=billed.name,
        index=name,
        items=round(sum(count * found[name].share for count, found in parts)),
        size_bytes=round(sum(count * found[name].size_bytes for count, found in parts)),
        write_units=sum(count * found[name].write_units for count, found in parts),
        capacity=billed.capacity.get(name),
    )


def _held(live: LiveTable) -> dict[str | None, Throughput]:
    if not live.provisioned:
        return {}
    held: dict[str | None, Throughput | None] = {None: live.capacity}
    held |= {name: index.capacity for name, index in live.indexes.items()}
    return {name: capacity for name, capacity in held.items() if capacity}


def _stored(live: LiveTable) -> Iterator[tuple[str | None, Size]]:
    yield None, Size(live.items, live.size_bytes)
    for name, index in live.indexes.items():
        yield name, Size(index.items, index.size_bytes)


def _assumed(tables: Sequence[Billed]) -> tuple[str, ...]:
    return tuple(each.assumed for each in tables if each.assumed)
