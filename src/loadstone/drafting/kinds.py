"""Telling a table's items apart: into kinds, by the labels in their keys, or by what names them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from loadstone.drafting.given import Facet, Given, WireItem
from loadstone.drafting.heads import heads_of
from loadstone.drafting.labels import values_among
from loadstone.drafting.names import pascal, without_id
from loadstone.drafting.vocabulary import Vocabulary
from loadstone.drafting.words import singular

DELIMITERS = ("#", "|", "::")
#: What designs call the attribute that says what an item is.
_SAYS_WHAT = {"entitytype", "entity", "itemtype", "recordtype", "objecttype", "type", "_type"}
_SAYS_WHAT |= {"__typename", "_et", "_entity", "__edb_e__", "doctype", "modeltype", "kind"}
_MOST_KINDS = 24
_OWN = {"meta", "metadata", "profile", "info", "details", "header", "root", "main", "summary"}
_LABELLED = re.compile(r"[A-Za-z_]+:(?!//)").match

Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Items of one kind. `labels` are those of the partition key and the sort key, empty where
    there is none; `places` say where in the table's items each is."""

    name: str
    labels: Key
    items: tuple[WireItem, ...]
    places: tuple[int, ...]
    said_by: str | None = None  # the attribute that names the kind

    @property
    def label(self) -> str:
        return self.labels[0]


def delimiter_in(texts: Iterable[str]) -> str | None:
    """What texts are put together with, where all of them are."""
    held = list(texts)
    for delimiter in DELIMITERS:
        if held and all(delimiter in text for text in held):
            return delimiter
    # A time has colons too: here one follows the same word in each.
    heads = {found.group() if (found := _LABELLED(text)) else "" for text in held}
    return ":" if len(heads) == 1 and heads != {""} else None


def label_of(text: str, vocabulary: Vocabulary) -> str:
    """The word that a key begins with: USER of USER#123, ORDER of #ORDER#9, or all of METADATA."""
    text = text.lstrip("#|:")
    head = next((text.split(each, maxsplit=1)[0] for each in DELIMITERS if each in text), None)
    if head is None and (found := _LABELLED(text)):
        head = found.group()[:-1]
    if head is None:
        return text if text.isupper() and vocabulary.labels(text) else ""
    return head if vocabulary.labels(head) else ""


def kinds_of(given: Given, vocabulary: Vocabulary) -> list[Kind]:
    """A table's items by kind, the most frequent first."""
    items = given.items
    table = given.table
    says = _names_what(items, table.key_attributes, vocabulary)
    stated = {name for name in table.key if _is_stated(items, name, {*table.key, says})}
    labels = [
        tuple(
            "" if name in stated else label_of(_text(item, name), vocabulary) for name in table.key
        )
        for item in items
    ]
    labels = _with_heads(
        given, _without_values(given, labels, says, vocabulary), stated, vocabulary
    )
    groups: defaultdict[tuple[str, Key], list[int]] = defaultdict(list)
    for place, (item, key) in enumerate(zip(items, labels, strict=True)):
        groups[_text(item, says) if says else "", key].append(place)
    if len(groups) > _MOST_KINDS:
        groups = defaultdict(list, {("", ("",) * len(table.key)): list(range(len(items)))})
    several = len(groups) > 1
    found = [
        Kind(
            name=_name(
                said if vocabulary.labels(said) else "",
                key,
                given,
                several=several,
                second=_second([items[place] for place in places], table.partition_key, vocabulary),
            ),
            labels=key,
            items=tuple(items[place] for place in places),
            places=tuple(places),
            said_by=says,
        )
        for (said, key), places in groups.items()
    ]
    found.sort(key=lambda kind: -len(kind.items))
    return _distinct(_renamed(found, given.facets))


def _without_values(
    given: Given, labels: Sequence[Key], says: str | None, vocabulary: Vocabulary
) -> list[Key]:
    """Labels of kinds alone: a word that turns out to be a value is none, in any key."""
    if given.published:
        return list(labels)
    items, table = given.items, given.table
    said = [_text(item, says) if says else "" for item in items]
    found: set[str] = set()
    for place, name in enumerate(table.key):
        # A word that is a whole sort key is told by the partitions that have it.
        keys = [
            " ".join(_text(item, each) for each in (table.key if place else [name]))
            for item in items
        ]
        own = [key[place] for key in labels]
        found |= values_among(own, keys, items, said, table.key_attributes, vocabulary)
    for word in found:
        vocabulary.refuse(word)
    return [tuple("" if label in found else label for label in key) for key in labels]


def _with_heads(
    given: Given, labels: Sequence[Key], stated: Collection[str], vocabulary: Vocabulary
) -> list[Key]:
    """Labels that no sign tells, in keys that have no other."""
    if given.published:
        return list(labels)
    table, items = given.table, given.items
    partitions = [_text(item, table.partition_key) for item in items]
    found = [list(key) for key in labels]
    for place, name in enumerate(table.key):
        free = [row for row, key in enumerate(labels) if not key[place]]
        if name in stated or not free:
            continue
        heads = heads_of(
            [_text(items[row], name) for row in free],
            [partitions[row] for row in free],
            [items[row] for row in free],
            table.key_attributes,
            vocabulary,
            is_sort_key=place == 1,
        )
        for row, head in zip(free, heads, strict=True):
            found[row][place] = head
    return [tuple(key) for key in found]


def _is_stated(items: Sequence[WireItem], key: str, apart: Collection[str | None]) -> bool:
    """Whether what a key begins with is an attribute of each item: a state, say, and no label."""
    heads = [re.split(r"[#|]|::", _text(item, key), maxsplit=1) for item in items]
    if any(len(head) < 2 for head in heads):
        return False
    named = set(items[0]).difference(apart) if items else set()
    return any(
        all(_text(item, name) == head[0] for item, head in zip(items, heads, strict=True))
        for name in named
    )


def _text(item: WireItem, name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _names_what(
    items: Sequence[WireItem], keys: Iterable[str], vocabulary: Vocabulary
) -> str | None:
    """The attribute that says what each item is: it is called so, all have it, few words are in
    it, half of which are known at least, and it goes with what attributes an item has."""
    for name in items[0] if items else ():
        called = name.lower().replace("-", "").replace(" ", "")
        if called.replace("_", "") not in {each.replace("_", "") for each in _SAYS_WHAT}:
            continue
        texts = [_text(item, name) for item in items]
        words = Counter(texts)
        if name in keys or len(words) < 2 or len(words) > _MOST_KINDS:
            continue
        known = sum(vocabulary.labels(word) for word in words)
        if known * 2 >= len(words) and _goes_with_shape(items, texts):
            return name
    return None


def _goes_with_shape(items: Sequence[WireItem], texts: Sequence[str]) -> bool:
    """Whether items of two kinds differ in what attributes they have: a status says nothing."""
    always: dict[str, frozenset[str]] = {}
    for text, item in zip(texts, items, strict=True):
        always[text] = always.get(text, frozenset(item)) & frozenset(item)
    return len(set(always.values())) * 2 > len(always)


def _second(items: Sequence[WireItem], key: str, vocabulary: Vocabulary) -> str:
    """The label within a key: ITEM of ORDER#17#ITEM#3."""
    inner = {tuple(_text(item, key).lstrip("#|:").split("#")[2:-1:2]) for item in items}
    words = inner.pop() if len(inner) == 1 else ()
    return words[-1] if words and all(map(vocabulary.knows, words)) else ""


def _name(said: str, labels: Key, given: Given, *, several: bool, second: str) -> str:
    """What it is called: by itself, by its labels, or as the table's items are."""
    if said:
        return pascal(said)
    labels = tuple(map(called, labels))
    own = [label for label in labels if label]
    if several and own and second:
        return pascal(f"{own[0]} {second}")
    if several and own:
        head, tail = labels[0], labels[-1]
        if len(labels) > 1 and tail and tail != head:
            return pascal(f"{head} {tail}") if _bare(given, tail) else pascal(tail)
        return pascal(own[0])
    return pascal(singular(table_word(given)))


def called(label: str) -> str:
    """A label in a name: what stands for one that is not for us to write is as short as it gets."""
    return re.sub(r"\AKINDX*([A-Z])\Z", r"KIND\1", label)


def _bare(given: Given, label: str) -> bool:
    """Whether a sort key is the label and nothing else: PROFILE, of whom says the partition."""
    sort_key = given.table.sort_key
    return sort_key is not None and any(
        called(_text(item, sort_key)) == label for item in given.items
    )


def says_own(kind: Kind) -> bool:
    """Whether its label is what designs call the item that a partition is about."""
    return kind.labels[-1].lower() in _OWN


def table_word(given: Given) -> str:
    """The last word of a table's name that says what is in it: orders of acme-orders-dev."""
    words = [word for word in re.split(r"[^A-Za-z]+", given.table.name) if len(word) > 1]
    skipped = {"dev", "test", "staging", "stage", "prod", "production", "qa", "table", "v"}
    kept = [word for word in words if word.lower() not in skipped]
    found = (kept or words or ["item"])[-1]
    return re.sub(r"(?i)table$", "", found) or found


def _renamed(kinds: Sequence[Kind], facets: Sequence[Facet]) -> list[Kind]:
    """Kinds by the names of the model's facets, where their attributes are those of one."""
    found = []
    for kind in kinds:
        named = _facet(kind, facets) if kind.said_by is None else None
        found.append(replace(kind, name=pascal(singular(named))) if named else kind)
    return found


def _facet(kind: Kind, facets: Sequence[Facet]) -> str | None:
    held = Counter(name for item in kind.items for name in item)

    def likeness(facet: Facet) -> float:
        both = facet.attributes & held.keys()
        return len(both) / max(1, len(facet.attributes | held.keys()))

    best = max(facets, key=likeness, default=None)
    return best.name if best is not None and likeness(best) > 0.5 else None


def _distinct(kinds: Sequence[Kind]) -> list[Kind]:
    taken: Counter[str] = Counter()
    held = Counter(kind.name for kind in kinds)
    # What is labelled USER and PROFILE comes to be called User, as its partition is.
    own = {pascal(called(kind.label)): kind for kind in kinds if kind.label and says_own(kind)}
    held.update(name for name, kind in own.items() if kind.name != name)
    heads = Counter((kind.name, kind.label) for kind in kinds)
    found = []
    for kind in kinds:
        name = kind.name
        if held[name] > 1 and kind.label and heads[name, kind.label] == 1:
            # Of two that are called the same each is called by whose partition it is in, too.
            name = pascal(f"{called(kind.label)} {name}")
        taken[name] += 1
        found.append(replace(kind, name=f"{name}{taken[name]}" if taken[name] > 1 else name))
    return found


def partition_word(name: str) -> str:
    """What a partition key names: customer of customerId; nothing where it is called pk."""
    return without_id(name)
