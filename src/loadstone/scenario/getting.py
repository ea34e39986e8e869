"""What reads by key consume: the items that are asked for, sized one by one."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from loadstone.capacity.readings import Reading
from loadstone.capacity.units import Consistency, item_size_bytes, read_units
from loadstone.pattern import BatchGetItem, GetItem, Pattern, TransactGetItems
from loadstone.scenario.request import Part
from loadstone.scenario.trip import Trip, Unfit
from loadstone.scenario.trying import Trying, turn_of


def got_units(pattern: Pattern, trip: Trip, trying: Trying, reading: Reading, most: int) -> float:
    """Read units of a GetItem, of a transaction of reads, or of a batch, of which `most` items are
    looked at and stand for the others. Each is read whole, and rounded alone."""
    prepared = trying.prepare(pattern)
    if isinstance(pattern.operation, BatchGetItem):
        batch = pattern.operation
        assert prepared.below is not None
        numbers = prepared.below(trip.find(pattern.of))[: batch.most]
        consistency: Consistency = "strong" if batch.consistent else "eventual"
        return sum(
            times * read_units(item_size_bytes(item, reading), consistency)
            for item, times in trying.rows(batch.entity, numbers, turn_of(trip), most)
        )
    return sum(_units(pattern, part, trip, trying, reading) for part in prepared.parts)


def fields_of(part: Part, trip: Trip) -> Mapping[str, Any]:
    """What a request says, of items that no run has written."""
    now_ms = int(time() * 1000)
    fields: Mapping[str, Any] = part.make(trip.find(part.about), trip.line, trip.line, now_ms, trip)
    return fields


def _units(pattern: Pattern, part: Part, trip: Trip, trying: Trying, reading: Reading) -> float:
    assert isinstance(part.operation, GetItem)
    item = trying.stored(part, fields_of(part, trip)["Key"], trip)
    if item is None:
        raise Unfit(f"nobody knows what {pattern.id} reads")
    consistency: Consistency = "strong" if part.operation.consistent else "eventual"
    if isinstance(pattern.operation, TransactGetItems):
        consistency = "transactional"
    return read_units(item_size_bytes(item, reading), consistency)
