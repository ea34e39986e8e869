"""Maps: which of their keys are attributes, and which are somebody's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from loadstone.drafting.columns import Column, columns_of
from loadstone.drafting.figures import quantile, weights_of
from loadstone.drafting.vocabulary import Vocabulary

#: A key that so many of the maps have, where there are so many to tell by, has a stand-in of its
#: own: its values are not mixed with those of others.
_NEARLY_ALL, _LEAST_MAPS = 0.9, 5
_MOST_STAND_INS = 12
_MOST_NAMES = 60
_MOST_MADE_UP = 16
#: How many entries a map has is told by so many sizes, at these shares of the maps.
_SIZES = (0.1, 0.5, 0.8, 0.95)


@dataclass(frozen=True, slots=True)
class Keys:
    """`attributes` are columns of a map, `unknown` of them under a stand-in; `data` is what its
    other keys hold, as one column. `counts` says of how many entries that is in a map, and how
    often; `lengths` are those of the names, from the shortest to the longest; `left_out` of them
    may not be written."""

    attributes: tuple[Column, ...]
    unknown: tuple[str, ...]
    data: Column | None
    counts: tuple[tuple[int, int], ...]
    lengths: tuple[int, int]
    left_out: int

    def names(self) -> list[str]:
        """What the other keys are called."""
        most = max((size for size, _ in self.counts), default=0)
        taken = {column.name for column in self.attributes}
        free = (name for name in (f"key{n}" for n in count(1)) if name not in taken)
        return [next(free) for _ in range(most)]


def keys_of(maps: Sequence[Mapping[str, Any]], vocabulary: Vocabulary) -> Keys:
    """The keys of maps that are not empty, told apart."""
    columns, _ = columns_of(maps, published=vocabulary.published)
    if vocabulary.published:
        kept = set(columns) if len(columns) <= _MOST_NAMES else set()
    else:
        kept = {name for name in columns if vocabulary.describes(name)}
    stand_ins = {} if vocabulary.published else _stand_ins(columns.values(), maps, kept)
    vocabulary.hidden.update(stand_ins)
    named = kept | stand_ins.keys()
    others = [[name for name in each if name not in named] for each in maps]
    names = {name for some in others for name in some}
    values = tuple(
        each[name] for each, some in zip(maps, others, strict=True) for name in sorted(some)
    )
    return Keys(
        attributes=tuple(
            replace(column, name=stand_ins.get(name, name))
            for name, column in columns.items()
            if name in named
        ),
        unknown=tuple(stand_ins.values()),
        data=Column("key", len(values), tuple(range(len(values))), values) if values else None,
        counts=sizes_of([len(some) for some in others], _MOST_MADE_UP) if values else (),
        lengths=(min(map(len, names)), max(map(len, names))) if names else (0, 0),
        left_out=len(names),
    )


def sizes_of(counts: Sequence[int], most: int) -> tuple[tuple[int, int], ...]:
    """How many there are: a few sizes, each with the percentage that is nearest to it, so that few
    large ones do not become many middling ones. `most`: none is larger."""
    levels = sorted({min(int(quantile(counts, share)), most) for share in _SIZES})
    if 0 in counts and min(levels) > 0 and counts.count(0) * 20 >= len(counts):
        levels = [0, *levels]
    if len(set(counts)) <= len(_SIZES):
        levels = sorted({min(size, most) for size in counts})
    held = Counter(min(levels, key=lambda level: (abs(level - size), level)) for size in counts)
    sizes = sorted(held)
    weights = weights_of([held[size] for size in sizes])
    return tuple(zip(sizes, weights, strict=True))


def _stand_ins(
    columns: Iterable[Column], maps: Sequence[Mapping[str, Any]], kept: set[str]
) -> dict[str, str]:
    """Keys that are on no list and in nearly all of the maps, each by another name."""
    if len(maps) < _LEAST_MAPS:
        return {}
    always = [
        each.name
        for each in columns
        if each.name not in kept and len(each.rows) >= _NEARLY_ALL * len(maps)
    ]
    if len(always) > _MOST_STAND_INS:
        return {}
    free = (name for name in (f"key{n}" for n in count(1)) if name not in kept)
    return dict(zip(always, free, strict=False))
