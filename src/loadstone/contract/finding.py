"""Whether what patterns ask for is there when there are more items than they are played with: those
that could answer are computed, and nothing is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from time import time
from typing import Any, NamedTuple

from loadstone.contract.problem import Problem
from loadstone.contract.values import short
from loadstone.dataset import Dataset
from loadstone.errors import LoadstoneError
from loadstone.fields.shapes import Map
from loadstone.pattern import Attribute, GetItem, Pattern, Query, Some, names_in
from loadstone.scenario.expressions import Test
from loadstone.scenario.prepared import Prepared, prepare
from loadstone.scenario.trip import Trip, Unfit
from loadstone.table import Table

#: For so many it is asked, from all over; for all, where there are no more.
_SUBJECTS = 1_000
#: Of a partition so many are looked at; where none of them passes a filter, a later one may.
_LOOKED_AT = 1_000
_CURE = (
    "ask for those that have some (another `of`, or `only=`), let every one be referred to "
    "(any_of), or expect Maybe()"
)

_Item = Mapping[str, Any]


class _Ready(NamedTuple):
    pattern: Pattern
    prepared: Prepared
    searched: tuple[str, ...]  # the key of the table or the index that is asked
    tests: Sequence[Test]


def finding_problems(dataset: Dataset) -> Iterator[Problem]:
    """Patterns that are to find something and would not, each once."""
    tables = {table.name: table.name for table in dataset.system.tables}
    asked: dict[Table, list[_Ready]] = defaultdict(list)
    for pattern in dataset.system.patterns.values():
        if _is_looked_at(pattern):
            try:
                asked[pattern.table].append(_ready(pattern, dataset, tables))
            except LoadstoneError as error:
                yield Problem(about=pattern.id, says=f"it cannot be played: {error}")
    for table, every in asked.items():
        items = _items(dataset, table, {name for ready in every for name in _names(ready)})
        for ready in every:
            yield from _of(dataset, ready, _partitions(items, ready.searched))


def _is_looked_at(pattern: Pattern) -> bool:
    """Whether it asks for what is not there by its nature, as an item is by its own key."""
    if pattern.needs:
        return False
    match pattern.operation, pattern.expects:
        case Query(), Some():
            return True
        case GetItem(key=key), Some():
            return key is not None
    return False


def _ready(pattern: Pattern, dataset: Dataset, tables: Mapping[str, str]) -> _Ready:
    prepared = prepare(pattern, dataset, tables, {})
    operation = pattern.operation
    if isinstance(operation, Query):
        return _Ready(pattern, prepared, operation.searched.key, prepared.parts[0].tests)
    key = pattern.table.key
    tests = [Test((name,), "=", (name,)) for name in key]
    return _Ready(pattern, prepared, key, tests)


def _of(
    dataset: Dataset, ready: _Ready, partitions: Mapping[Any, Sequence[_Item]]
) -> Iterator[Problem]:
    """A problem, when some of those whom it is asked for have nothing."""
    pattern, random = ready.pattern, Random(5)
    count = dataset.count(pattern.of)
    asked, lost = 0, []
    for number in sorted(random.sample(range(count), min(count, _SUBJECTS))):
        trip = Trip(dataset, random, pattern.of, number)
        values = _values(ready, trip)
        if values is None:
            continue
        asked += 1
        if not _is_found(ready, values, partitions):
            lost.append((number, values))
    if lost:
        number, values = lost[0]
        key = ", ".join(f"{name}={short(values[at])}" for name, at in _equals(ready))
        yield Problem(
            about=pattern.id,
            says=f"at scale {dataset.scale:,} it finds nothing for {_share(len(lost), asked)} of "
            f"the {pattern.of.name}s that it asks for: no item has {key} "
            f"({pattern.of.name} {number:,}); {_CURE}",
        )


def _values(ready: _Ready, trip: Trip) -> Mapping[str, Any] | None:
    """What it asks with; None where it is not asked for this one."""
    part = ready.prepared.parts[0]
    try:
        if not ready.prepared.suits(ready.pattern, trip):
            return None
        chance = trip.find(part.about)
        fields = part.make(chance, chance, 0, int(time() * 1000), trip)
    except Unfit:
        return None
    found: Mapping[str, Any] = fields[
        "ExpressionAttributeValues" if isinstance(ready.pattern.operation, Query) else "Key"
    ]
    return found


def _is_found(
    ready: _Ready, values: Mapping[str, Any], partitions: Mapping[Any, Sequence[_Item]]
) -> bool:
    partition = next(at for name, at in _equals(ready) if name == ready.searched[0])
    among = partitions.get(values[partition], ())
    if len(among) > _LOOKED_AT:
        return True
    return any(all(test.holds(item, values) for test in ready.tests) for item in among)


def _equals(ready: _Ready) -> Iterator[tuple[str, str]]:
    """The parts of the key that are given, and where their values stand."""
    for test in ready.tests:
        if test.operator == "=" and test.path[0] in ready.searched:
            (at,) = test.operands
            assert isinstance(at, str)
            yield test.path[0], at


def _names(ready: _Ready) -> Iterator[str]:
    """The attributes of items that it goes by."""
    yield from ready.searched
    for test in ready.tests:
        yield test.path[0]
        yield from (names_in(each.path)[0] for each in test.operands if isinstance(each, Attribute))


def _items(dataset: Dataset, table: Table, names: set[str]) -> list[_Item]:
    """Every item of a table, as far as these attributes go."""
    items: list[_Item] = []
    for entity in dataset.system.stored:
        if entity.table is table:
            others = [name for name in entity.item if name in names - {*table.key}]
            known = Map({name: entity.value(name) for name in (*table.key, *others)})
            make = dataset.compile(entity, known)
            items += map(make, range(dataset.count(entity)))
    return items


def _partitions(items: Sequence[_Item], key: tuple[str, ...]) -> Mapping[Any, Sequence[_Item]]:
    """The items that have a key, by its first attribute."""
    found: dict[Any, list[_Item]] = defaultdict(list)
    for item in items:
        if all(name in item for name in key):
            found[item[key[0]]].append(item)
    return found


def _share(lost: int, asked: int) -> str:
    return "all" if lost == asked else f"{lost / asked:.1%}"
