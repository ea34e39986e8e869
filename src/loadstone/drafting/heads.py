"""Words at the head of keys where no sign like # tells that they are labels: DId of DId-9349823681,
invite of invite_17, or all of a key: Details.

Any text may begin so. They are taken for labels only where the items tell the same: those behind
one word have other attributes than all others.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from loadstone.drafting.given import WireItem
from loadstone.drafting.labels import are_alike, attributes_of
from loadstone.drafting.vocabulary import Vocabulary

_WHOLE = re.compile(r"[A-Za-z][A-Za-z_ -]{0,31}")
_HEAD = re.compile(r"([A-Za-z]{1,24})([-_/.:])(?=\S+\Z)")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-")
_LEAST_KEYS, _MOST_HEADS = 3, 12


def head_of(text: str) -> tuple[str, str] | None:
    """The word that a text begins with and the sign behind it: order- of order-123."""
    found = None if _UUID.match(text) else _HEAD.match(text)
    return (found[1], found[2]) if found else None


def heads_of(
    texts: Sequence[str],
    partitions: Sequence[str],
    items: Sequence[WireItem],
    apart: Sequence[str],
    vocabulary: Vocabulary,
    *,
    is_sort_key: bool,
) -> list[str]:
    """The label of each text, "" where it has none. `apart` are attributes that all items have."""
    whole = _whole_keys(texts, partitions) if is_sort_key else frozenset[str]()
    found = [_candidate(text, whole, vocabulary) for text in texts]
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, head in enumerate(found):
        places[head].append(place)
    keys = list(zip(partitions, texts, strict=True)) if is_sort_key else list(texts)
    kept = {
        head
        for head, some in places.items()
        if head and (vocabulary.knows(head) or len({keys[place] for place in some}) >= _LEAST_KEYS)
    }
    if not kept or len(places) > _MOST_HEADS:
        return [""] * len(texts)
    if len(places) > 1:
        shapes = {
            head: attributes_of([items[place] for place in some], apart)
            for head, some in places.items()
        }
        kept = {head for head in kept if not _has_twin(head, shapes)}
    elif not all(map(vocabulary.knows, kept)):
        kept = set()
    for head in kept:
        vocabulary.take(head)
    return [head if head in kept else "" for head in found]


def _whole_keys(texts: Sequence[str], partitions: Sequence[str]) -> frozenset[str]:
    """Words that are the whole sort key in several partitions."""
    held = Counter(text for text, _ in set(zip(texts, partitions, strict=True)))
    return frozenset(
        text for text, times in held.items() if times >= _LEAST_KEYS and _WHOLE.fullmatch(text)
    )


def _candidate(text: str, whole: frozenset[str], vocabulary: Vocabulary) -> str:
    if text in whole:
        return text
    found = head_of(text)
    if found is None:
        return ""
    head, rest = found[0], text[len(found[0]) :]
    return head if any(map(str.isdigit, rest)) or vocabulary.knows(head) else ""


def _has_twin(head: str, shapes: dict[str, frozenset[str]]) -> bool:
    return any(other != head and are_alike(shapes[head], shapes[other]) for other in shapes)
