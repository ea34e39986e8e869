"""What is true of several entities' items together, written down apart from the fixtures.

A module has the name of its system. Each of its facts is a function that yields what contradicts
it; tests/test_together.py holds every whole data set of a small scale against them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, Any]
#: Every item of a data set, by the names of the entities.
Items: TypeAlias = Mapping[str, Sequence[Item]]
Fact: TypeAlias = Callable[[Items], Iterator[object]]

AS_OF = datetime(2026, 6, 20, 15, 30, tzinfo=UTC)


def by(items: Sequence[Item], *attributes: str) -> dict[Any, Item]:
    """The items by what is unique to each."""
    found = {_key(item, attributes): item for item in items}
    assert len(found) == len(items), attributes
    return found


def grouped(items: Sequence[Item], *attributes: str) -> dict[Any, list[Item]]:
    """The items by what several of them may share."""
    found: dict[Any, list[Item]] = defaultdict(list)
    for item in items:
        found[_key(item, attributes)].append(item)
    return found


def _key(item: Item, attributes: tuple[str, ...]) -> Any:
    return tuple(item[each] for each in attributes) if attributes[1:] else item[attributes[0]]


def differ(what: object, **pairs: tuple[object, object]) -> Iterator[object]:
    """What is said, where it isn't what is true."""
    for name, (said, true) in pairs.items():
        if said != true:
            yield what, name, said, true


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
