"""What attributes refer to, as their values tell: those that are found among what tells the items
of another entity apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadstone.drafting.columns import Column
from loadstone.drafting.draft import DraftEntity
from loadstone.drafting.figures import exponent_of
from loadstone.drafting.names import plain
from loadstone.drafting.pieces import Made
from loadstone.drafting.templates import Part

_HALF = 0.5
_LEAST_COMMON = 3
_LONG = 16


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the items of an entity are told apart by: an attribute or fact, and its values."""

    entity: DraftEntity
    attribute: str
    values: frozenset[str]
    numeric: bool


def found_among(values: Collection[str], known: Collection[str]) -> bool:
    """Whether so many values are among the known ones that it is not by chance. Not all have to
    be, as both are of a sample; of long ones a few will do."""
    common = set(values) & set(known)
    if len(common) < _LEAST_COMMON:
        return False
    if all(len(value) >= _LONG for value in common):
        return True
    return len(common) >= _HALF * len(set(values)) and any(len(value) > 3 for value in common)


def referred(part: Part, told: Sequence[Told], own: DraftEntity) -> Told | None:
    """What a part names one of, if that is another entity. Numbers are alike by chance: they name
    what they are called after."""
    for each in told:
        if each.entity is own or each.numeric != part.numeric:
            continue
        if part.numeric and _is_called(part.name, each) and each.values & set(part.present):
            return each
        if not part.numeric and _is_among(part, each):
            return each
    return None


def _is_among(part: Part, told: Told) -> bool:
    """Whether texts are among those; of what is called so, all have to be, however few."""
    if found_among(part.present, told.values):
        return True
    return bool(part.present) and _is_called(part.name, told) and told.values >= set(part.present)


def _is_called(name: str, told: Told) -> bool:
    """Whether a name is that of what tells the others apart: productId."""
    names = {plain(told.attribute), plain(f"{told.entity.name}{told.attribute}")}
    return plain(name) in names - {"id", "pk", "sk", "key", "number"}


def inner_parts(columns: Mapping[str, Column]) -> list[Part]:
    """What stands in maps and lists, by the names that it has there."""
    found: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)

    def walk(name: str, value: Mapping[str, Any]) -> None:
        ((kind, held),) = value.items()
        if kind == "M":
            for key, each in held.items():
                walk(key, each)
        elif kind == "L":
            for each in held:
                walk(name, each)
        elif kind in ("S", "N"):
            found[name, kind == "N"].append(str(held))

    for column in columns.values():
        if column.type in ("M", "L"):
            for value in column.values:
                walk(column.name, value)
    return [Part(name, tuple(texts), numeric) for (name, numeric), texts in found.items()]


def any_of(named: Told, texts: Sequence[str]) -> Made:
    """One of them, the first ones as much more often as the texts name some."""
    exponent = exponent_of(texts, among=len(named.values))
    skew = f", skew={exponent}" if exponent else ""
    return Made(f'any_of({named.entity.variable}{skew})["{named.attribute}"]')


def known_first(told: Iterable[Told]) -> list[Told]:
    """Those with the most values first: what they have in common is the least by chance."""
    return sorted(told, key=lambda each: -len(each.values))
