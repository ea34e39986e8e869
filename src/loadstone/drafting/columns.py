"""The attributes of some items, one column each: which items have it, and of which type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadstone.drafting.given import WireItem

_NAME = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$@:-]{0,63}")
#: A name that ends in so many digits may be somebody's number.
_NUMBERED = re.compile(r"\d{3,}")
_OFTEN = 50  # an attribute that fewer than one in so many items have may be named after data


@dataclass(frozen=True, slots=True)
class Column:
    """`rows` are the places of the items that have it, and `values` what they have there."""

    name: str
    total: int
    rows: tuple[int, ...]
    values: tuple[Mapping[str, Any], ...]

    @property
    def always(self) -> bool:
        return len(self.rows) == self.total

    @property
    def types(self) -> list[tuple[str, int]]:
        """DynamoDB's types, the most frequent first."""
        return Counter(next(iter(value)) for value in self.values).most_common()

    @property
    def type(self) -> str:
        return self.types[0][0]

    def of_type(self, kind: str) -> list[Any]:
        return [value[kind] for value in self.values if kind in value]

    def texts(self) -> tuple[str | None, ...] | None:
        """What each item has as text or number, None where it has nothing; None when something
        else is in it."""
        if any(kind not in ("S", "N") for kind, _ in self.types):
            return None
        found: list[str | None] = [None] * self.total
        for row, value in zip(self.rows, self.values, strict=True):
            found[row] = str(value.get("S", value.get("N")))
        return tuple(found)


def columns_of(
    items: Sequence[WireItem], *, known: Iterable[str] = (), published: bool = False
) -> tuple[dict[str, Column], int]:
    """The columns, keys first and then by how many items have them; and how many attributes were
    left out, since their names look like data."""
    counts = Counter(name for item in items for name in item)
    first = [name for name in known if name in counts]
    others = [name for name, _ in counts.most_common() if name not in first]
    trusted = [name for name in others if published or is_named(name, counts[name], len(items))]
    columns = {name: _column(name, items) for name in (*first, *trusted)}
    return columns, len(others) - len(trusted)


def is_named(name: str, times: int, among: int) -> bool:
    """Whether a name that so many of some items have is the name of an attribute."""
    if not _NAME.fullmatch(name) or _NUMBERED.search(name):
        return False
    return times >= min(2, among) and times * _OFTEN >= among


def _column(name: str, items: Sequence[WireItem]) -> Column:
    rows = tuple(row for row, item in enumerate(items) if name in item)
    return Column(name, len(items), rows, tuple(items[row][name] for row in rows))
