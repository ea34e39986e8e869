"""What requests of a run may have consumed without saying so.

Those whose condition failed, cancelled transactions, and those whose answer never came: they are
reckoned from what their pattern consumes when it goes well, or from the items that are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from typing import NamedTuple

from loadstone.aws.cloudwatch import DIRECTIONS, Direction, Place
from loadstone.capacity.readings import Reading
from loadstone.capacity.units import read_units, write_units
from loadstone.client.transport import (
    ANSWER_TIMEOUT,
    CONNECTION_CLOSED,
    CRC32_MISMATCH,
    DEADLINE_EXCEEDED,
    MALFORMED_ANSWER,
)
from loadstone.run.record import Run
from loadstone.run.tally import Counts, Tally

FAILED_CONDITION = "ConditionalCheckFailedException"
_CANCELLED = "TransactionCanceledException"
#: A request that ended so may have been done all the same.
_NO_ANSWER = (
    *(ANSWER_TIMEOUT, CONNECTION_CLOSED, CRC32_MISMATCH, DEADLINE_EXCEEDED, MALFORMED_ANSWER),
    *("InternalServerError", "ServiceUnavailable"),
)
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})


class Allowance(NamedTuple):
    """Units that AWS may have counted and the client was not told of."""

    why: str
    least: float
    most: float


def direction_of(operation: str) -> Direction:
    return "read" if operation in _READS else "write"


def tallies_of(run: Run) -> dict[str, Tally]:
    """By pattern, the warm-up included."""
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for phase in (run.measured, run.warm_up):
        for pattern, tally in phase.items():
            found[pattern].merge(tally)
    return dict(found)


def allowances(run: Run) -> dict[tuple[Place, Direction], list[Allowance]]:
    """By place and direction, from the requests of each pattern that did not say."""
    spans: defaultdict[tuple[Place, Direction, str], list[float]] = defaultdict(lambda: [0, 0, 0])
    for pattern, tally in tallies_of(run).items():
        info = run.header.patterns.get(pattern)
        if info is None:
            continue
        own: tuple[Place, Direction] = ((info.table, None), direction_of(info.operation))
        usual = _usual(tally.counts)
        usual[own] = max(usual.get(own, 0.0), _stored_units(run, own))
        for silent in _silent(tally.counts):
            for (place, direction), units in usual.items():
                if silent.on_table_alone and place[1] is not None:
                    continue
                span = spans[place, direction, silent.why]
                span[0] += silent.requests
                span[1] += silent.requests * silent.least if (place, direction) == own else 0.0
                span[2] += silent.requests * max(units, silent.least)
    found: defaultdict[tuple[Place, Direction], list[Allowance]] = defaultdict(list)
    for (place, direction, why), (requests, least, most) in spans.items():
        found[place, direction].append(Allowance(f"{requests:,} {why}", least, most))
    return found


class _Silent(NamedTuple):
    """Requests that consumed something and did not say what."""

    why: str
    requests: int
    least: float
    on_table_alone: bool


def _silent(counts: Counts) -> Iterator[_Silent]:
    errors = counts.attempt_errors
    if conditions := errors[FAILED_CONDITION]:
        why = "failed conditions, whose answer has no ConsumedCapacity"
        yield _Silent(why, conditions, 1.0, on_table_alone=True)
    if cancelled := errors[_CANCELLED]:
        why = "cancelled transactions, whose answer has no ConsumedCapacity"
        yield _Silent(why, cancelled, 0.0, on_table_alone=False)
    if lost := sum(errors[code] for code in _NO_ANSWER):
        why = "requests without a whole answer, which DynamoDB may have done"
        yield _Silent(why, lost, 0.0, on_table_alone=False)


def _usual(counts: Counts) -> dict[tuple[Place, Direction], float]:
    """Units of one call that went well."""
    consuming = max(1, counts.ok)
    return {
        (place, direction): units / consuming
        for place, both in counts.units.items()
        for direction, units in zip(DIRECTIONS, both, strict=True)
        if units
    }


def failed_condition_units(
    run: Run, pattern: str, counts: Counts, reading: Reading
) -> dict[tuple[Place, Direction], float]:
    """What the calls of a pattern whose condition failed consumed, which no answer tells: on the
    table what one that went well did, unless the stored item alone is read to count."""
    info = run.header.patterns.get(pattern)
    failed = counts.attempt_errors[FAILED_CONDITION]
    if info is None or not failed:
        return {}
    own: tuple[Place, Direction] = ((info.table, None), "write")
    stored = _stored_units(run, own)
    units = _usual(counts).get(own, stored)
    if reading.failed_condition == "stored":
        units = min(units, stored)
    return {own: failed * units}


def _stored_units(run: Run, own: tuple[Place, Direction]) -> float:
    """Those of writing, or of reading, a stored item of average size: what is compared with."""
    place, direction = own
    for each in run.header.stored:
        if (each.table, each.index) == place and each.items:
            size = ceil(each.size_bytes / each.items)
            return write_units(0, size) if direction == "write" else read_units(size, "eventual")
    return 1.0
