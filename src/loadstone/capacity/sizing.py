"""How large items are, and what reading and writing each costs, on a table and on its indexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadstone.capacity.item_limits import MAX_ITEM_BYTES
from loadstone.capacity.layout import Layout
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.units import read_units, wire_size_bytes, write_units
from loadstone.errors import BadValue
from loadstone.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """An item, or its entry in an index: bytes, and the units of reading and of putting it."""

    size_bytes: int

    @property
    def eventual(self) -> float:
        return read_units(self.size_bytes)

    @property
    def strong(self) -> float:
        return read_units(self.size_bytes, "strong")

    @property
    def write(self) -> float:
        return write_units(0, self.size_bytes)

    def as_dict(self) -> dict[str, float]:
        return {
            "bytes": self.size_bytes,
            "read_units_eventual": self.eventual,
            "read_units_strong": self.strong,
            "write_units": self.write,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """An item by the number of its line. `entries` are by index, None where it is in none."""

    line: int
    item: Size
    entries: Mapping[str, Size | None] = field(default_factory=dict)

    @property
    def put_units(self) -> float:
        """Of putting it where nothing is: the table and every index."""
        return self.item.write + sum(each.write for each in self.entries.values() if each)

    def as_dict(self) -> dict[str, Any]:
        entries = {name: entry and entry.as_dict() for name, entry in self.entries.items()}
        found: dict[str, Any] = {"line": self.line, **self.item.as_dict()}
        return found | {"indexes": entries} if entries else found


def sized(
    line: int,
    item: Mapping[str, Mapping[str, Any]],
    table: Table | None = None,
    reading: Reading = CONSERVATIVE,
) -> Sized:
    """BadValue where DynamoDB, or the table, would refuse the item."""
    size_bytes = wire_size_bytes(item, reading)
    if size_bytes > MAX_ITEM_BYTES:
        raise BadValue(
            f"{size_bytes:,} bytes, and DynamoDB takes at most {MAX_ITEM_BYTES:,} an item"
        )
    entries: dict[str, Size | None] = {}
    if table is not None:
        _refuse_wrong_keys(item, table)
        for index in Layout.of(table).indexes:
            entry = index.entry(item)
            entries[index.name] = (
                None if entry is None else Size(size_bytes=wire_size_bytes(entry, reading))
            )
    return Sized(line=line, item=Size(size_bytes=size_bytes), entries=entries)


def _refuse_wrong_keys(item: Mapping[str, Mapping[str, Any]], table: Table) -> None:
    for name in table.key_attributes:
        kind = table.key_type(name)
        if name not in item:
            if name in table.key:
                raise BadValue(f"it lacks {name}, a key of {table.name}")
        elif kind not in item[name]:
            (found,) = item[name]
            raise BadValue(f"{name} is of type {found}, and as a key of {table.name} it is {kind}")


@dataclass(slots=True)
class Sum:
    """Of many items, or of their entries in one index."""

    items: int = 0
    size_bytes: int = 0
    least_bytes: int = 0
    most_bytes: int = 0
    eventual: float = 0.0
    strong: float = 0.0
    write: float = 0.0

    def add(self, size: Size) -> None:
        self.least_bytes = min(self.least_bytes, size.size_bytes) if self.items else size.size_bytes
        self.most_bytes = max(self.most_bytes, size.size_bytes)
        self.items += 1
        self.size_bytes += size.size_bytes
        self.eventual += size.eventual
        self.strong += size.strong
        self.write += size.write

    def as_dict(self) -> dict[str, float]:
        return {
            "items": self.items,
            "bytes": self.size_bytes,
            "least_bytes": self.least_bytes,
            "most_bytes": self.most_bytes,
            "read_units_eventual": self.eventual,
            "read_units_strong": self.strong,
            "write_units": self.write,
        }


def summed(found: Iterable[Sized], indexes: Iterable[str] = ()) -> dict[str | None, Sum]:
    """By index, None for the table."""
    sums: dict[str | None, Sum] = {None: Sum(), **{name: Sum() for name in indexes}}
    for each in found:
        sums[None].add(each.item)
        for name, entry in each.entries.items():
            if entry is not None:
                sums[name].add(entry)
    return sums
