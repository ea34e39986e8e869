"""Maps: which of their keys are attributes, and which are somebody's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadstone.drafting.columns import Column, columns_of
from loadstone.drafting.figures import quantile
from loadstone.drafting.vocabulary import Vocabulary

#: A key is an attribute when so many of the maps have it, and when there are so many to tell by.
_NEARLY_ALL, _LEAST_MAPS = 0.9, 5
#: One that fewer have is an attribute only beside values of other types, in so many of the maps.
_SOMETIMES, _MOST_SOMETIMES = 0.1, 12
_MOST_NAMES = 60
_MOST_MADE_UP = 8


@dataclass(frozen=True, slots=True)
class Keys:
    """`attributes` are columns of a map; `data` is what its other keys hold, under one made-up name
    for all of them, with `count` of those in a map and `lengths` from the shortest to the longest;
    `left_out` of the keys may not be written."""

    attributes: tuple[Column, ...]
    data: Column | None
    count: int
    lengths: tuple[int, int]
    left_out: int


def keys_of(maps: Sequence[Mapping[str, Any]], vocabulary: Vocabulary) -> Keys:
    """The keys of maps that are not empty, told apart."""
    columns, _ = columns_of(maps, published=vocabulary.published)
    if vocabulary.published:
        kept = set(columns) if len(columns) <= _MOST_NAMES else set()
    else:
        kept = _attributes(list(columns.values()), maps, vocabulary)
    others = [[name for name in each if name not in kept] for each in maps]
    names = {name for some in others for name in some}
    values = tuple(
        each[name] for each, some in zip(maps, others, strict=True) for name in sorted(some)
    )
    sizes = [len(some) for some in others if some]
    return Keys(
        attributes=tuple(column for name, column in columns.items() if name in kept),
        data=Column("key", len(values), tuple(range(len(values))), values) if values else None,
        count=min(int(quantile(sizes, 0.5)), _MOST_MADE_UP) if sizes else 0,
        lengths=(min(map(len, names)), max(map(len, names))) if names else (0, 0),
        left_out=len(names),
    )


def _attributes(
    columns: Sequence[Column], maps: Sequence[Mapping[str, Any]], vocabulary: Vocabulary
) -> set[str]:
    """Keys that nearly all of the maps have, and words of the schema or that are used everywhere;
    of the rest those that cannot be the same thing of different people."""
    known = {each.name for each in columns if vocabulary.knows(each.name)}
    if len(maps) < _LEAST_MAPS:
        return known
    always = {each.name for each in columns if len(each.rows) >= _NEARLY_ALL * len(maps)}
    rest = [each for each in columns if each.name not in always | known]
    if len(always) + len(rest) > _MOST_NAMES:
        return known
    return always | known | _sometimes(rest, maps, always | known)


def _sometimes(
    rest: Sequence[Column], maps: Sequence[Mapping[str, Any]], told: set[str]
) -> set[str]:
    """Keys of some maps are attributes where no two of them hold the same type, and no map has a
    key that is none."""
    if len(rest) > _MOST_SOMETIMES:
        return set()
    named = told | {each.name for each in rest}
    if any(name not in named for each in maps for name in each):
        return set()
    types = Counter(each.type for each in rest)
    alike = any(times > 1 for times in types.values()) or any(len(each.types) > 1 for each in rest)
    rare = any(len(each.rows) < _SOMETIMES * len(maps) for each in rest)
    alone = len(rest) == 1 and not told
    return set() if alike or rare or alone else {each.name for each in rest}
