"""Which words at the head of keys are labels of kinds, and which are values: names of tenants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from loadstone.drafting.given import WireItem
from loadstone.drafting.vocabulary import Vocabulary

_LEAST_KEYS = 3  # a label stands before so many different keys
_SOMETIMES, _ALIKE = 0.1, 0.8
_MOST_UNKNOWN = 12


def values_among(
    labels: Sequence[str],
    keys: Sequence[str],
    items: Sequence[WireItem],
    said: Sequence[str],
    apart: Sequence[str],
    vocabulary: Vocabulary,
) -> set[str]:
    """Of the labels of one key, those that name no kind: they are known from nowhere, and few keys
    begin with them or their items have the same attributes as another label's. `keys` tell the
    items of a label apart, `said` is what an attribute calls each item, and the attributes `apart`
    are all items'."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        places[label].append(place)
    unknown = {label for label in places if label and not vocabulary.knows(label)}
    if len(unknown) > _MOST_UNKNOWN:
        return unknown
    named = {label: {said[place] for place in some} for label, some in places.items()}
    shapes = {
        label: attributes_of([items[place] for place in some], apart)
        for label, some in places.items()
        if label
    }
    found = set()
    for label in unknown:
        if len({keys[place] for place in places[label]}) < _LEAST_KEYS:
            found.add(label)
            continue
        others = [other for other in shapes if other != label]
        found |= {
            label
            for other in others
            if are_alike(shapes[label], shapes[other]) and not _are_told(named[label], named[other])
        }
    return found


def attributes_of(items: Sequence[WireItem], apart: Sequence[str]) -> frozenset[str]:
    """What more than a few of some items have."""
    held = Counter(name for item in items for name in item)
    least = _SOMETIMES * len(items)
    return frozenset(name for name, times in held.items() if times > least and name not in apart)


def are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _are_told(one: set[str], other: set[str]) -> bool:
    """Whether an attribute has a word for each of two kinds."""
    return len(one) == len(other) == 1 and one != other
