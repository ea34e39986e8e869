"""A slice that is being written: its rows on the wire, and what has become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from loadstone.dataset import Dataset, Rows
from loadstone.seeding.ledger import Rejection
from loadstone.seeding.place import Place
from loadstone.seeding.rows_done import bits_of, runs_of
from loadstone.seeding.slices import Slice
from loadstone.wire import decode_value

_ACCOUNTED = b'"ReturnConsumedCapacity":"INDEXES"}'
_BATCH_TAIL = f"]}},{_ACCOUNTED.decode()}"


class Verb(NamedTuple):
    """What is done with rows: how a batch spells it, what it holds of a row, the operation that
    does the same to one, and what a person calls it when it is done."""

    request: str
    holds: str
    single: str
    past: str

    @property
    def before(self) -> str:
        return f'{{"{self.request}":{{"{self.holds}":'

    @property
    def after(self) -> str:
        return "}},"


class Part(NamedTuple):
    """Items of a slice that are done, though it is not; those of them that were rejected."""

    of: Slice
    rejected: list[Rejection]


PUT = Verb("PutRequest", "Item", "PutItem", "written")
DELETE = Verb("DeleteRequest", "Key", "DeleteItem", "deleted")


def open_puts(dataset: Dataset, slices: Sequence[Slice], place: Place) -> list[OpenSlice]:
    """Puts of the items of some slices of one entity, made together."""
    in_order = sorted(slices)
    ranges = [range(each.start, each.stop) for each in in_order]
    rows = dataset.rows_of(slices[0].entity, ranges, before=PUT.before, after=PUT.after)
    made = dict(zip(in_order, rows, strict=True))
    return [OpenSlice(each, place, made[each]) for each in slices]


class OpenSlice:
    """Rows are counted from 0 within the slice; each stands between what the verb has before and
    after it."""

    def __init__(self, of: Slice, place: Place, rows: Rows, *, verb: Verb = PUT) -> None:
        self.slice, self.place = of, place
        self._size = len(of)
        self.written = 0
        self._done = self._told = 0  # rows, as bits
        self.dropped = False  # somebody else writes it now
        self.rejected: list[Rejection] = []
        self._verb, self._rows = verb, rows
        name = orjson.dumps(place.name)
        # A character for each byte, as in the rows.
        self._batch_head = f'{{"RequestItems":{{{name.decode("latin-1")}:['
        self._alone_head = b'{"TableName":%b,"%b":' % (name, verb.holds.encode())

    @property
    def single(self) -> str:
        """The operation that does to one row what BatchWriteItem does to several."""
        return self._verb.single

    @property
    def done(self) -> int:
        """How many rows are written or rejected."""
        return self.written + len(self.rejected)

    @property
    def untold(self) -> int:
        """How many of those nobody has been told of."""
        return self.done - self._told.bit_count()

    @property
    def finished(self) -> bool:
        return self.written + len(self.rejected) == self._size

    def batch(self, rows: Sequence[int]) -> bytes:
        """A BatchWriteItem of these rows."""
        return self._rows.listed(rows, self._batch_head, _BATCH_TAIL)

    def alone(self, row: int) -> bytes:
        """The same of one row, as a request of its own."""
        return b"%b%b,%b" % (self._alone_head, self._item(row), _ACCOUNTED)

    def found_in(self, rows: Sequence[int], unprocessed: Any) -> list[int]:
        """Which of the rows a batch gave back undone: `unprocessed` is its UnprocessedItems.

        All of them when it gives back something that was not in it: writing twice does no harm.
        """
        by_key = {self._key(orjson.loads(self._item(row))): row for row in rows}
        try:
            requests = [each for of_table in unprocessed.values() for each in of_table]
            request, holds = self._verb.request, self._verb.holds
            found = {by_key[self._key(each[request][holds])] for each in requests}
        except (KeyError, TypeError, ValueError, AttributeError):
            return list(rows)
        return sorted(found)

    def write(self, rows: Sequence[int], left: Sequence[int] = ()) -> int:
        """These rows are in the table, but for those that are left; how many."""
        written = len(rows) - len(left)
        self.written += written
        self._done |= bits_of(rows) & ~bits_of(left) if left else bits_of(rows)
        return written

    def news(self) -> list[Part]:
        """What is done and was not told before, to be told now."""
        fresh, self._told = self._done & ~self._told, self._done
        name, first = self.slice.entity, self.slice.start
        parts = [Slice(name, first + start, first + stop) for start, stop in runs_of(fresh)]
        return [
            Part(of, [each for each in self.rejected if of.start <= each.number < of.stop])
            for of in parts
        ]

    def reject(self, row: int, code: str, reason: str) -> None:
        self._done |= 1 << row
        self.rejected.append(
            Rejection(
                entity=self.slice.entity,
                number=self.slice.start + row,
                code=code,
                reason=reason,
                item=orjson.loads(self._item(row)),
            )
        )

    def _item(self, row: int) -> bytes:
        return self._rows.joined(row, row + 1)[len(self._verb.before) : -len(self._verb.after)]

    def _key(self, item: Mapping[str, Any]) -> tuple[Any, ...]:
        """Compared as values: an engine may write the number 1.0 as 1."""
        return tuple(decode_value(item[name]) for name in self.place.table.key)
