"""What attributes refer to, as their values tell: those that are found among what tells the items
of another entity apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from loadstone.drafting.draft import DraftEntity
from loadstone.drafting.templates import Part

_HALF = 0.5
_LEAST_COMMON = 3
_LONG = 16


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the items of an entity are told apart by: an attribute or fact, and its values. `first`
    of them can be named, whatever else there is: there are as many at the scale of a check."""

    entity: DraftEntity
    attribute: str
    values: frozenset[str]
    numeric: bool
    first: int = 1


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
    """What a part names one of, if that is another entity. Numbers are alike by chance."""
    if part.numeric:
        return None
    for each in told:
        if each.entity is not own and not each.numeric and found_among(part.present, each.values):
            return each
    return None


def known_first(told: Iterable[Told]) -> list[Told]:
    """Those with the most values first: what they have in common is the least by chance."""
    return sorted(told, key=lambda each: -len(each.values))
