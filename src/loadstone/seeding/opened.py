"""A slice that is being written: its rows on the wire, and what has become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from loadstone.dataset import Dataset, Rows
from loadstone.seeding.ledger import Rejection
from loadstone.seeding.place import Place
from loadstone.seeding.slices import Slice
from loadstone.wire import decode_value

_BEFORE, _AFTER = '{"PutRequest":{"Item":', "}},"
_ACCOUNTED = b'"ReturnConsumedCapacity":"INDEXES"}'


class OpenSlice:
    """Rows are counted from 0 within the slice."""

    def __init__(self, dataset: Dataset, of: Slice, place: Place) -> None:
        self.slice, self.place = of, place
        self.written = 0
        self.rejected: list[Rejection] = []
        self._rows: Rows = dataset.rows(of.entity, of.start, of.stop, before=_BEFORE, after=_AFTER)
        name = orjson.dumps(place.name)
        self._batch_head = b'{"RequestItems":{%b:[' % name
        self._put_head = b'{"TableName":%b,"Item":' % name

    @property
    def finished(self) -> bool:
        """Whether every row is written or rejected."""
        return self.written + len(self.rejected) == len(self.slice)

    def batch(self, rows: Sequence[int]) -> bytes:
        """A BatchWriteItem of these rows."""
        return b"%b%b]},%b" % (self._batch_head, self._joined(rows)[:-1], _ACCOUNTED)

    def put(self, row: int) -> bytes:
        """A PutItem of one row."""
        return b"%b%b,%b" % (self._put_head, self._item(row), _ACCOUNTED)

    def found_in(self, rows: Sequence[int], unprocessed: Any) -> list[int]:
        """Which of the rows a batch gave back undone: `unprocessed` is its UnprocessedItems.

        All of them when it gives back something that was not in it: writing twice does no harm.
        """
        by_key = {self._key(orjson.loads(self._item(row))): row for row in rows}
        try:
            requests = [each for of_table in unprocessed.values() for each in of_table]
            found = {by_key[self._key(each["PutRequest"]["Item"])] for each in requests}
        except (KeyError, TypeError, ValueError, AttributeError):
            return list(rows)
        return sorted(found)

    def reject(self, row: int, code: str, reason: str) -> None:
        self.rejected.append(
            Rejection(
                entity=self.slice.entity,
                number=self.slice.start + row,
                code=code,
                reason=reason,
                item=orjson.loads(self._item(row)),
            )
        )

    def _joined(self, rows: Sequence[int]) -> bytes:
        if isinstance(rows, range):
            return self._rows.joined(rows.start, rows.stop)
        return b"".join(self._rows.joined(row, row + 1) for row in rows)

    def _item(self, row: int) -> bytes:
        return self._rows.joined(row, row + 1)[len(_BEFORE) : -len(_AFTER)]

    def _key(self, item: Mapping[str, Any]) -> tuple[Any, ...]:
        """Compared as values: an engine may write the number 1.0 as 1."""
        return tuple(decode_value(item[name]) for name in self.place.table.key)
