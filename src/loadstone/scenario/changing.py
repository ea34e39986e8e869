"""What a run may make of the data: which attributes its patterns change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from loadstone.entity import Entity
from loadstone.pattern import Pattern, PutItem, UpdateItem, parts_of


def changing(patterns: Iterable[Pattern]) -> Mapping[Entity, frozenset[str]]:
    """The attributes of each entity's items that may not be what was loaded, where a run writes."""
    found: defaultdict[Entity, frozenset[str]] = defaultdict(frozenset)
    for pattern in patterns:
        for part in parts_of(pattern.operation):
            if isinstance(part, UpdateItem) or (
                isinstance(part, PutItem) and part.new is pattern.of
            ):
                found[part.entity] |= part.changed
    return found
