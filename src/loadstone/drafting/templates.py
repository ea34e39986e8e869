"""Texts that are put together: ORDER#2026-05-01#17 is a label, a day and a number, and which other
attributes of the item those are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from loadstone.drafting.columns import Column
from loadstone.drafting.forms import time_of
from loadstone.drafting.heads import head_of
from loadstone.drafting.kinds import delimiter_in
from loadstone.drafting.names import words_in
from loadstone.drafting.vocabulary import Vocabulary

#: What each item has, None where it has nothing.
Texts: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True)
class Part:
    """Something that differs from item to item."""

    name: str
    texts: Texts
    numeric: bool = False

    @property
    def present(self) -> list[str]:
        return [text for text in self.texts if text]


Template: TypeAlias = tuple["str | Part", ...]


def templates_of(
    columns: Mapping[str, Column], vocabulary: Vocabulary, keys: Collection[str]
) -> dict[str, Template]:
    """Every column of texts and numbers, and what it is made of. `keys` are called by what they
    are made of, where that has a name."""
    plain = {
        name: Part(name, texts, column.type == "N")
        for name, column in columns.items()
        if (texts := column.texts()) is not None
    }
    pieces = {
        name: tuple(_pieces(part, vocabulary)) if columns[name].type == "S" else (part,)
        for name, part in plain.items()
    }
    whole = {name: part for name, part in plain.items() if pieces[name] == (part,)}
    named = sorted(whole.values(), key=lambda part: part.name in keys)
    found: dict[str, Template] = {}
    for name, template in pieces.items():
        headed = None
        if name in keys and template == (plain[name],) and columns[name].type == "S":
            headed = _headed(plain[name], named, vocabulary)
        found[name] = headed or tuple(
            part if isinstance(part, str) else _named(part, name, named) for part in template
        )
    return _each_once(found, plain)


def parts_in(template: Template) -> list[Part]:
    """What of it differs from item to item."""
    return [part for part in template if isinstance(part, Part)]


def together(parts: Sequence[Part]) -> list[str | None]:
    """What each item has of several parts, as one text; None where it lacks one."""
    rows = zip(*(part.texts for part in parts), strict=True)
    return [None if None in row else "\x00".join(map(str, row)) for row in rows]


def _each_once(
    templates: Mapping[str, Template], attributes: Collection[str]
) -> dict[str, Template]:
    """What stands in several keys and is no attribute is one part in all of them."""
    inner: list[Part] = []

    def first(part: str | Part) -> str | Part:
        if isinstance(part, str) or part.name in attributes:
            return part
        known = next((each for each in inner if same(part, each)), part)
        if known is part:
            inner.append(part)
        return known

    return {name: tuple(map(first, template)) for name, template in templates.items()}


def same(part: Part, other: Part) -> bool:
    """Whether one is the other wherever it is there, and that cannot be by chance: several values,
    or one name."""
    pairs = zip(part.texts, other.texts, strict=True)
    held = [(one, another) for one, another in pairs if one is not None]
    if not held or any(one != another for one, another in held):
        return False
    named = words_in(part.name) in (words_in(other.name), [*words_in(other.name), "id"])
    return named or len({one for one, _ in held}) > 1


def _pieces(part: Part, vocabulary: Vocabulary) -> Iterable[str | Part]:
    """The parts of a text between its delimiters; itself where it has none."""
    if _is_label(part, vocabulary):
        return [part.present[0]]
    delimiter = delimiter_in(part.present)
    rows = [None if text is None else text.split(delimiter) for text in part.texts]
    widths = {len(row) for row in rows if row is not None}
    if delimiter is None or len(widths) != 1:
        return [part]
    pieces: list[str | Part] = []
    before = ""
    for place in range(widths.pop()):
        texts = tuple(None if row is None else row[place] for row in rows)
        distinct = {text for text in texts if text is not None}
        literal = distinct.pop() if len(distinct) == 1 else None
        if literal is not None and (not literal or vocabulary.writes(literal)):
            pieces.append(literal if place == 0 else delimiter + literal)
            before = literal or before
            continue
        if place:
            pieces.append(delimiter)
        label = "".join(word.capitalize() for word in words_in(before))
        name = f"{label[:1].lower()}{label[1:]}Id" if label else f"{part.name}Part{place + 1}"
        pieces.append(Part(name, texts))
        before = ""
    return _merged(pieces)


def _headed(part: Part, named: Sequence[Part], vocabulary: Vocabulary) -> Template | None:
    """A word that all begin with, and behind it what is an attribute, or a time: Month-05-2026.
    What is an attribute as a whole is no word and a part."""
    heads = {head_of(text) for text in part.present}
    head = heads.pop() if len(heads) == 1 else None
    if head is None or not vocabulary.writes(head[0]):
        return None
    if any(other.name != part.name and same(part, other) for other in named):
        return None
    before = "".join(head)
    rest = Part(
        f"{part.name}Part2",
        tuple(None if text is None else text[len(before) :] for text in part.texts),
    )
    other = next((each for each in named if same(rest, each)), None)
    return (before, other or rest) if other is not None or time_of(rest.present) else None


def _is_label(part: Part, vocabulary: Vocabulary) -> bool:
    """Whether it is one word for all of them, which may be written."""
    distinct = set(part.present)
    word = part.present[0] if len(distinct) == 1 else ""
    if not word:
        return False
    return vocabulary.keeps(word) or word in vocabulary.taken or vocabulary.published_label(word)


def _merged(pieces: Sequence[str | Part]) -> list[str | Part]:
    """Literals that follow one another, as one."""
    merged: list[str | Part] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _named(part: Part, own: str, named: Sequence[Part]) -> Part:
    """The attribute that a part is, where it is one."""
    for other in named:
        if other.name != own and same(part, other):
            return other
        if other.name == own:
            break  # the first of equal ones is itself
    return part
