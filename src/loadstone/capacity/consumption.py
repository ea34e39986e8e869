"""What an operation consumes: on its table, and on each index apart. Items are in DynamoDB JSON.

"Global secondary indexes: read and write considerations" and "Local secondary indexes" say what a
write costs an index; a transaction doubles the table's part alone. An arm that is not reached is
not there, as in the ConsumedCapacity of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from loadstone.capacity.layout import IndexLayout, Layout
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.units import Consistency, read_units, wire_size_bytes, write_units

#: A Query or a Scan reads at most this much for a page: "Paginating table query results".
PAGE_BYTES = 1024 * 1024

Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """Units of one table. `unplaced` are in the total, and on no arm."""

    table: float = 0.0
    indexes: Mapping[str, float] = field(default_factory=dict)
    unplaced: float = 0.0

    @property
    def total(self) -> float:
        return self.table + sum(self.indexes.values()) + self.unplaced

    def __add__(self, other: Consumption) -> Consumption:
        indexes = dict(self.indexes)
        for name, units in other.indexes.items():
            indexes[name] = indexes.get(name, 0.0) + units
        return Consumption(
            table=self.table + other.table,
            indexes=indexes,
            unplaced=self.unplaced + other.unplaced,
        )


NOTHING = Consumption()


def total(parts: Iterable[Consumption]) -> Consumption:
    """A batch or a transaction on one table: each of its items is rounded alone."""
    return sum(parts, NOTHING)


def get(
    item: Item | None, consistency: Consistency = "eventual", reading: Reading = CONSERVATIVE
) -> Consumption:
    """One item, whatever is projected of it; one that is not there costs the minimum."""
    return Consumption(table=read_units(_size(item, reading), consistency))


def search(
    evaluated: Iterable[Item],
    *,
    index: IndexLayout | None = None,
    consistency: Consistency = "eventual",
    fetched: Iterable[Item] = (),
    reading: Reading = CONSERVATIVE,
) -> Consumption:
    """One page of a Query or a Scan: what it evaluated, before filter and projection, rounded once.

    Of an index, `evaluated` are its entries. `fetched` are the items that a local index does not
    project enough of: each is read whole, and rounded alone.
    """
    units = read_units(sum(_size(item, reading) for item in evaluated), consistency)
    base = sum(read_units(_size(item, reading), consistency) for item in fetched)
    if index is None:
        return Consumption(table=units)
    return Consumption(table=base, indexes={index.name: units})


def pages(sizes: Sequence[int], limit: int | None = None) -> Iterator[Sequence[int]]:
    """The bytes of what is evaluated, page by page: at most 1 MB or `limit` items each.

    An item that would go beyond begins the next page. Nothing to evaluate is a page too.
    """
    page: list[int] = []
    held = 0
    for size in sizes:
        if page and (held + size > PAGE_BYTES or len(page) == limit):
            yield page
            page, held = [], 0
        page.append(size)
        held += size
    yield page


def write(
    layout: Layout,
    before: Item | None,
    after: Item | None,
    *,
    transactional: bool = False,
    reading: Reading = CONSERVATIVE,
) -> Consumption:
    """A put, an update or a delete: the item before it and after it, None where there is none."""
    units = write_units(_size(before, reading), _size(after, reading), transactional=transactional)
    reached = (
        (index.name, entry_units(index.entry(before), index.entry(after), index.key, reading))
        for index in layout.indexes
    )
    return Consumption(table=units, indexes={name: each for name, each in reached if each})


def entry_units(
    before: Item | None, after: Item | None, key: Sequence[str], reading: Reading = CONSERVATIVE
) -> float:
    """What a write costs an index: its entry before and after, and the names of the index's key."""
    if before is None and after is None:
        return 0.0
    if before is None or after is None:
        return write_units(_size(before, reading), _size(after, reading))
    if _same(before, after, reading):
        return 0.0
    sizes = _size(before, reading), _size(after, reading)
    if not all(_same_value(before[name], after[name], reading) for name in key):
        return sum(write_units(0, size) for size in sizes)
    return write_units(*sizes)


def condition_check(stored: Item | None, reading: Reading = CONSERVATIVE) -> Consumption:
    """A ConditionCheck of a transaction, which is a write of the item as it is."""
    return Consumption(table=write_units(_size(stored, reading), 0, transactional=True))


def failed_condition(
    stored: Item | None, attempted: Item | None, reading: Reading = CONSERVATIVE
) -> Consumption:
    """A write whose condition does not hold; `attempted` is the item that it would have made."""
    counts = reading.failed_condition == "attempted" or (
        reading.failed_condition == "larger" and stored is not None
    )
    tried = _size(attempted, reading) if counts else 0
    return Consumption(table=write_units(_size(stored, reading), tried))


def replayed(
    before: Item | None, after: Item | None, reading: Reading = CONSERVATIVE
) -> Consumption:
    """An action of a transaction sent again with its token: read units, of the larger item."""
    larger = max(_size(before, reading), _size(after, reading))
    return Consumption(table=read_units(larger, "transactional"))


def batch_statements(
    succeeded: Sequence[Consumption],
    failed: Sequence[tuple[Item | None, Item | None]],
    reading: Reading = CONSERVATIVE,
) -> Consumption | None:
    """BatchExecuteStatement on one table: the failed ones, as stored and attempted, add to the
    total alone; where nothing succeeded, nothing is reported (None)."""
    if not succeeded:
        return None
    lost = sum(write_units(_size(old, reading), _size(new, reading)) for old, new in failed)
    return total(succeeded) + Consumption(unplaced=lost)


def _size(item: Item | None, reading: Reading) -> int:
    return 0 if item is None else wire_size_bytes(item, reading)


def _same(before: Item, after: Item, reading: Reading) -> bool:
    return before.keys() == after.keys() and all(
        _same_value(value, after[name], reading) for name, value in before.items()
    )


def _same_value(one: Mapping[str, Any], other: Mapping[str, Any], reading: Reading) -> bool:
    """The order of a set does not count, that of a list does."""
    ((kind, value),), ((other_kind, other_value),) = one.items(), other.items()
    if kind != other_kind:
        return False
    match kind:
        case "N":
            return _same_number(value, other_value, reading)
        case "NS":
            if reading.respelled == "change":
                return set(value) == set(other_value)
            return set(map(Decimal, value)) == set(map(Decimal, other_value))
        case "SS" | "BS":
            return set(value) == set(other_value)
        case "L":
            return len(value) == len(other_value) and all(
                _same_value(*pair, reading) for pair in zip(value, other_value, strict=True)
            )
        case "M":
            return _same(value, other_value, reading)
        case _:
            return bool(value == other_value)


def _same_number(one: str, other: str, reading: Reading) -> bool:
    return one == other or (reading.respelled == "same" and Decimal(one) == Decimal(other))
