"""A sample without the words that may be somebody's data: stand-ins are in their place before
anything is drafted of it.

Two kinds of words are looked at, since a draft writes both: names of attributes, and labels at the
head of keys. What stays is the schema's: what the table's description has, words that are used
everywhere, what nearly all items of a kind have and is nobody's name, and what a person has said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from string import ascii_uppercase
from typing import Any

from loadstone.drafting.columns import is_named
from loadstone.drafting.given import Given, WireItem
from loadstone.drafting.kinds import Kind, kinds_of
from loadstone.drafting.names import words_in
from loadstone.drafting.people import is_somebody
from loadstone.drafting.vocabulary import Vocabulary, vocabulary_of

_NEARLY_ALL, _LEAST_ITEMS = 0.9, 5
_MOST_STAND_INS = 12
_STEM = "KIND"
#: No name of an attribute: what is called so is counted, and left out.
_LEFT_OUT = "left out {}"


@dataclass(frozen=True, kw_only=True)
class Concealed:
    """The sample as it may be drafted, and the words that may be written."""

    givens: Sequence[Given]
    vocabulary: Vocabulary


def concealed(givens: Sequence[Given], words: Iterable[str] = ()) -> Concealed:
    """Of several tables at once: a word that is a value in one is none in another. `words` are said
    to be nobody's data."""
    published = any(given.published for given in givens)
    declared = [*words, *(name for given in givens for name in _declared(given))]
    if published:
        declared += [name for given in givens for item in given.items for name in item]
        return Concealed(givens=givens, vocabulary=vocabulary_of(declared, published=True))
    vocabulary = vocabulary_of(declared, published=False)
    kept = {name for given in givens for name in _schema(given, vocabulary)}
    attributes = _attributes(givens, kept)
    givens = [_renamed(given, attributes) for given in givens]
    vocabulary = vocabulary_of([*declared, *kept], published=False)
    labels = _labels(givens, vocabulary)
    for word, stand_in in labels.items():
        vocabulary.stands_for(stand_in, word)
    vocabulary.hidden.update(
        {word: name for word, name in attributes.items() if is_named(name, 2, 2)}
    )
    return Concealed(givens=[_relabelled(given, labels) for given in givens], vocabulary=vocabulary)


def _declared(given: Given) -> list[str]:
    """What the table's description has."""
    table = given.table
    indexes = [index.name for index in table.indexes]
    ttl = [table.ttl] if table.ttl else []
    return [table.name, *indexes, *table.key_attributes, *given.declared, *ttl]


def _schema(given: Given, vocabulary: Vocabulary) -> set[str]:
    """Attributes whose names may be written, of those that items have."""
    found = set(_declared(given))
    for kind in kinds_of(given, vocabulary):
        held = Counter(name for item in kind.items for name in item)
        found |= {
            name
            for name, times in held.items()
            if vocabulary.describes(name) or _is_general(name, times, kind)
        }
    return found


def _is_general(name: str, times: int, kind: Kind) -> bool:
    """Whether nearly all items of a kind have it, and it names nobody."""
    among = len(kind.items)
    if among < _LEAST_ITEMS or times < _NEARLY_ALL * among:
        return False
    return not any(map(is_somebody, words_in(name)))


def _attributes(givens: Sequence[Given], kept: set[str]) -> dict[str, str]:
    """A stand-in for each of the other attributes, where they are few."""
    held = Counter(name for given in givens for item in given.items for name in item)
    most = max((len(given.items) for given in givens), default=0)
    others = [name for name, times in held.items() if name not in kept and is_named(name, times, 1)]
    if len(others) > _MOST_STAND_INS:
        return {name: _LEFT_OUT.format(place) for place, name in enumerate(others)}
    free = (name for name in (f"attribute{n}" for n in count(1)) if name not in held)
    often = [name for name in others if is_named(name, held[name], most)]
    return {
        name: next(free) if name in often else _LEFT_OUT.format(place)
        for place, name in enumerate(others)
    }


def _renamed(given: Given, names: Mapping[str, str]) -> Given:
    def renamed(item: WireItem) -> WireItem:
        return {names.get(name, name): value for name, value in item.items()}

    return replace(given, runs=[[renamed(item) for item in run] for run in given.runs])


def _labels(givens: Sequence[Given], vocabulary: Vocabulary) -> dict[str, str]:
    """A stand-in for each label that is on no list, as long as the label is."""
    for given in givens:
        kinds_of(given, vocabulary)
    words = [word for word in vocabulary.taken if len(word) > 1]
    return {word: _stand_in(word, place) for place, word in enumerate(words)}


def _stand_in(word: str, place: int) -> str:
    """KINDA of ZEBRA, KB of oz."""
    tail = ascii_uppercase[place % len(ascii_uppercase)]
    return _STEM[: len(word) - 1].ljust(len(word) - 1, "X") + tail


def _relabelled(given: Given, labels: Mapping[str, str]) -> Given:
    """Texts with the stand-in wherever the word stood between delimiters."""
    if not labels:
        return given
    words = "|".join(map(re.escape, labels))
    whole = re.compile(rf"(?<![^#|:])({words})(?![^#|:])|\A({words})(?=[-_/.])")

    def relabelled(value: Mapping[str, Any]) -> Mapping[str, Any]:
        if "S" not in value:
            return value
        return {"S": whole.sub(lambda found: labels[found.group()], value["S"])}

    def of_item(item: WireItem) -> WireItem:
        return {name: relabelled(value) for name, value in item.items()}

    return replace(given, runs=[[of_item(item) for item in run] for run in given.runs])
