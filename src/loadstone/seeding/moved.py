"""How many entries of a table and its indexes a run may have moved by changing what was loaded.

A change that gives an item an attribute of an index's key, or takes it away, moves it into that
index or out of it. One of its TTL lets it expire at another time than the data set says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from loadstone.entity import Entity
from loadstone.fields.shapes import When
from loadstone.pattern import ItemOperation, Pattern, PutItem, UpdateItem, names_in, parts_of
from loadstone.run import Run
from loadstone.table import Table

#: None is the table itself.
Arms = Collection[str | None]


def moving(patterns: Iterable[Pattern], table: Table) -> dict[str, Counter[str | None]]:
    """By pattern, how many entries of each arm of a table one call of it may move."""
    found: dict[str, Counter[str | None]] = {}
    for pattern in patterns:
        arms = Counter(
            arm
            for part in parts_of(pattern.operation)
            if part.table.name == table.name
            for arm in _moved_by(part, pattern.of)
        )
        if arms:
            found[pattern.id] = arms
    return found


def moved(directory: Path, patterns: Mapping[str, Counter[str | None]]) -> Counter[str | None]:
    """At most so many entries of each arm, by the calls in a run's record."""
    found: Counter[str | None] = Counter()
    if not patterns:
        return found
    run = Run.load(directory)
    for tallies in (run.measured, run.warm_up):
        for pattern, tally in tallies.items():
            for arm, entries in patterns.get(pattern, {}).items():
                found[arm] += entries * tally.counts.calls
    return found


def _moved_by(part: ItemOperation, of: Entity) -> Iterator[str | None]:
    match part:
        case UpdateItem():
            entity, taken = part.entity, part.remove
        case PutItem() if part.new is of:
            entity, taken = part.new, part.without
        case _:
            return
    removed = {names_in(path)[0] for path in taken}
    if part.table.ttl in part.changed:
        yield None
    for index in part.table.indexes:
        keys = part.changed & set(index.key)
        comes_or_goes = any(name in removed or _may_lack(entity, name) for name in keys)
        if comes_or_goes or part.table.ttl in part.changed:
            yield index.name


def _may_lack(entity: Entity, name: str) -> bool:
    return name not in entity.item or isinstance(entity.value(name), When)
