"""A table as the capacity model sees it: its keys, and what of an item each index holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from loadstone.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLayout:
    """A global or a local secondary index; `projected` None: every attribute."""

    name: str
    key: tuple[str, ...]
    projected: frozenset[str] | None = None
    local: bool = False

    def entry(self, item: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """What the index holds of an item, in whichever form; one that lacks its key is not in."""
        if item is None or not all(name in item for name in self.key):
            return None
        if self.projected is None:
            return dict(item)
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The keys of a table, and its indexes."""

    key: tuple[str, ...]
    indexes: tuple[IndexLayout, ...] = ()

    @classmethod
    def of(cls, table: Table) -> Self:
        """A table as its document declares it: its indexes are global ones."""
        return cls(
            key=table.key,
            indexes=tuple(
                IndexLayout(
                    name=index.name,
                    key=index.key,
                    projected=None
                    if index.projection == "ALL"
                    else frozenset((*table.key, *index.key, *index.include)),
                )
                for index in table.indexes
            ),
        )
