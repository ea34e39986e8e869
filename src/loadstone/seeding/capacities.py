"""How many write units a second tables may take: what they are provisioned with, where that holds.

DynamoDB holds a provisioned table to what DescribeTable says, and a gate before an engine to its
own rules. Both save up 300 seconds of what is not used; a load that spent them would leave none to
whoever else writes, and be throttled when they are gone. A local engine holds nobody to anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import gevent
from gevent.event import Event

from loadstone.aws.endpoint import is_local
from loadstone.aws.live import LiveTable
from loadstone.capacity.limits import Provisioned
from loadstone.capacity.throttle_rules import AS_CREATED, Rules
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import LoadstoneError
from loadstone.gate.described import throttling_at
from loadstone.seeding.clock import Clock
from loadstone.seeding.places import Found
from loadstone.table import Throughput

#: A capacity that scales changes within minutes.
FOLLOW_EVERY_S = 30.0


@dataclass(slots=True)
class Capacity:
    """`units`: provisioned write units of a table (None) and its indexes; empty where none are
    known. `holds`: more than that is not to be had, so that trying would only throttle."""

    units: Mapping[str | None, float] = field(default_factory=dict)
    holds: bool = False


def write_capacities(tables: Sequence[Found], target: Target) -> dict[str, Capacity]:
    """By the name of the table, for those that have one."""
    if target.kind == "aws":
        return {each.place.name: Capacity(provisioned(each.live), holds=True) for each in tables}
    with Client(target) as client:
        said = throttling_at(client)
    if said is not None:
        rules = Rules.parse([said], origin=f"the gate at {target.url}")
        return {each.place.name: Capacity(_given(rules, each), holds=True) for each in tables}
    if target.kind == "embedded" or is_local(target.url):
        return {}
    return {each.place.name: Capacity(provisioned(each.live)) for each in tables}


def provisioned(live: LiveTable | None) -> dict[str | None, float]:
    """What a table and its indexes are provisioned with; nothing when they are on demand."""
    if live is None or not live.provisioned:
        return {}
    held: dict[str | None, Throughput | None] = {None: live.capacity}
    held |= {name: index.capacity for name, index in live.indexes.items()}
    return {arm: float(units.write_units) for arm, units in held.items() if units}


@contextmanager
def followed(
    capacities: Mapping[str, Capacity],
    read: Callable[[str], LiveTable | None],
    clock: Clock,
) -> Iterator[None]:
    """Capacities are read anew now and then: they may scale while they are used."""
    over = Event()

    def follow() -> None:
        while not clock.wait(over, FOLLOW_EVERY_S):
            for table in [name for name, each in capacities.items() if each.units]:
                try:
                    live = read(table)
                except LoadstoneError:
                    continue  # what was known holds on
                capacities[table].units = provisioned(live)

    following = gevent.spawn(follow)
    try:
        yield
    finally:
        over.set()
        following.kill()


def _given(rules: Rules, found: Found) -> dict[str | None, float]:
    """What a gate gives a table and its indexes, where it is provisioned."""
    created = provisioned(found.live)
    name, units = found.place.name, dict[str | None, float]()
    for arm in (None, *(index.name for index in found.place.table.indexes)):
        given = rules.given([name], arm)
        if isinstance(given, Provisioned):
            units[arm] = float(given.write)
        elif given == AS_CREATED and arm in created:
            units[arm] = created[arm]
    return units
