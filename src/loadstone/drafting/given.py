"""What a draft is made from: tables as somebody else describes them, and items if there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loadstone.table import Table

#: Attributes with their types, as DynamoDB writes them: {"name": {"S": "Ada"}}.
WireItem = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A kind of item that a model names, with the attributes that it has beside its keys."""

    name: str
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A table, and what is known of its items.

    `runs` are the items in the order they were read, a list for each stretch of the table: the last
    partition of a stretch may go on beyond it. `declared` are attributes that are named without an
    item, with their types. `published`: the items are an example that somebody wrote to be read,
    few and telling. `count` is how many there are in the table, None where nobody knows. `notes`
    are what could not be taken over.
    """

    table: Table
    runs: Sequence[Sequence[WireItem]] = ()
    declared: Mapping[str, str] = field(default_factory=dict)
    facets: Sequence[Facet] = ()
    published: bool = False
    count: int | None = None
    notes: Sequence[str] = ()

    @property
    def items(self) -> list[WireItem]:
        return [item for run in self.runs for item in run]

    @property
    def factor(self) -> float:
        """How many items there are for each that was looked at; 1 where that is not known."""
        seen = sum(map(len, self.runs))
        return self.count / seen if self.count and seen else 1.0
