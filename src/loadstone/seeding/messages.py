"""What the keeper of a load and its workers tell each other, however it is carried.

A message is a mapping of plain values, so that it goes through JSON and msgpack alike. From the
keeper: work, drop, pace, finish. From a worker: ready, part, done, beat, said, refused, failed,
ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from loadstone.seeding.lane import Lane
from loadstone.seeding.ledger import Rejection
from loadstone.seeding.opened import OpenSlice, Part
from loadstone.seeding.slices import Slice
from loadstone.seeding.tally import Arm, Tally

Message = Mapping[str, Any]

#: To one who was given up for lost: what it has is written by others.
DROP: Message = {"kind": "drop"}
FINISH: Message = {"kind": "finish"}
ENDED: Message = {"kind": "ended"}


def work(table: str, slices: Iterable[Slice]) -> Message:
    """Slices of a table to be written, and acknowledged one by one."""
    return {"kind": "work", "table": table, "slices": list(map(slice_json, slices))}


def pace(rates: Mapping[str, float | None], total: float | None) -> Message:
    """Units a second for each table, and for all together; None is no limit."""
    return {"kind": "pace", "rates": dict(rates), "total": total}


def ready(identity: Mapping[str, str]) -> Message:
    """A worker can begin; which data set it makes."""
    return {"kind": "ready", "identity": dict(identity)}


def done(table: str, opened: OpenSlice, under_way: int) -> Message:
    """A slice is written, but for what was rejected. `under_way` is what is left without it."""
    return _acknowledged("done", table, Part(opened.slice, opened.rejected), under_way)


def part(table: str, news: Part, under_way: int) -> Message:
    """The same of a part of a slice that is not finished."""
    return _acknowledged("part", table, news, under_way)


def _acknowledged(kind: str, table: str, part: Part, under_way: int) -> Message:
    return {
        "kind": kind,
        "table": table,
        "slice": slice_json(part.of),
        "written": len(part.of) - len(part.rejected),
        "rejected": [each.as_dict() for each in part.rejected],
        "under_way": under_way,
    }


def said(text: str) -> Message:
    return {"kind": "said", "text": text}


def refused(why: str) -> Message:
    """A worker cannot take part, and goes."""
    return {"kind": "refused", "why": why}


def failed(error: str) -> Message:
    return {"kind": "failed", "error": error}


def beat(tally: Tally, lanes: Mapping[str, Lane]) -> Message:
    """All that a worker has counted so far."""
    return {
        "kind": "beat",
        "requests": tally.requests,
        "well": tally.well,
        "write_units": [[*arm, units] for arm, units in tally.write_units.items()],
        "throttles": dict(tally.throttles),
        "failures": dict(tally.failures),
        "lanes": {
            name: {"spent": lane.spent, "throttled": lane.throttled, "under_way": lane.under_way}
            for name, lane in lanes.items()
        },
    }


def slice_json(of: Slice) -> list[Any]:
    return [of.entity, of.start, of.stop]


def slice_of(message: Message) -> Slice:
    return Slice(*message["slice"])


def slices_of(message: Message) -> list[Slice]:
    return [Slice(*each) for each in message["slices"]]


def rejections_of(message: Message) -> list[Rejection]:
    return [Rejection(**each) for each in message["rejected"]]


def units_of(message: Message) -> Counter[Arm]:
    """The write units of a beat."""
    found: Counter[Arm] = Counter()
    for table, index, units in message["write_units"]:
        found[table, index] = units
    return found
