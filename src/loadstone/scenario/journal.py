"""What a run writes anew, noted before it is sent: nothing that may be in a table goes unnoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from itertools import count
from typing import Any

from loadstone.client.answer import Answer
from loadstone.entity import Entity
from loadstone.pattern import DeleteItem, ItemOperation, PutItem, UpdateItem
from loadstone.run.written import Kind, packed
from loadstone.scenario.batch import UNDONE, undone_in
from loadstone.table import Table
from loadstone.wire import encode_value

#: The token of a part that makes no item and deletes none.
NOTHING = 0


class Entry:
    """What is noted of an operation that may make an item, or delete one.

    `there` are the names of the attributes that the item is going to have; None where it is all in
    the request.
    """

    def __init__(self, kind: Kind, table: Table, *, there: Set[str] | None, below: bool) -> None:
        self.kind, self.unsure = kind, kind._replace(sure=False)
        self._holds = "Item" if there is None else "Key"
        self._key, self._ttl, self._below = table.key, table.ttl, below
        self._there = there
        self._indexes = [(1 << bit, {*each.key}) for bit, each in enumerate(table.indexes)]

    def row(self, subject: int, fields: Mapping[str, Mapping[str, Any]]) -> bytes:
        """Of the request that is made for the item `subject`, packed."""
        item = fields[self._holds]
        there = item.keys() if self._there is None else self._there
        indexes = expires_s = 0
        for bit, names in self._indexes:
            if names <= there:
                indexes += bit
        if self._ttl is not None and isinstance(expires := item.get(self._ttl), int | Decimal):
            expires_s = int(expires)
        key = {
            name: {"S": value} if type(value := item[name]) is str else encode_value(value)
            for name in self._key
        }
        return packed(key, subject if self._below else 0, indexes, expires_s)


def entry_of(operation: ItemOperation, about: Entity) -> Entry | None:
    """What is noted of an operation on one item, which is made for items of an entity."""
    table = operation.table
    match operation:
        case PutItem() if operation.new is not about:
            kind = Kind("put", table.name, operation.new.name, about.name, True)
            return Entry(kind, table, there=None, below=True)
        case PutItem() if operation.changed & set(table.key):
            kind = Kind("upsert", table.name, operation.new.name, "", True)
            return Entry(kind, table, there=None, below=False)
        case UpdateItem() if operation.upsert and operation.key is not None:
            kind = Kind("upsert", table.name, operation.entity.name, "", True)
            return Entry(kind, table, there={*table.key, *operation.changed}, below=False)
        case DeleteItem():
            kind = Kind("delete", table.name, operation.entity.name, "", True)
            return Entry(kind, table, there=frozenset(), below=False)
    return None


class Journal:
    """The new items of one process, and those of them that it deleted."""

    def __init__(self) -> None:
        self._tokens = count(NOTHING + 1)
        self._open: dict[int, tuple[Entry, bytes]] = {}
        self._closed: defaultdict[Kind, list[bytes]] = defaultdict(list)

    def begin(
        self, entry: Entry | None, subject: int, fields: Mapping[str, Mapping[str, Any]]
    ) -> int:
        """An operation on one item is about to be sent; a token for what comes of it.

        It is made for the item `subject`, and `fields` are those of the request.
        """
        if entry is None:
            return NOTHING
        token = next(self._tokens)
        self._open[token] = entry, entry.row(subject, fields)
        return token

    def end(self, token: int, answer: Answer) -> None:
        """What became of it; nothing to note when it was noted as cut off."""
        begun = self._open.pop(token, None)
        if begun is None:
            return
        entry, row = begun
        if answer.ok and not (answer.operation in UNDONE and undone_in(answer)):
            self._closed[entry.kind].append(row)
        elif answer.ok or any(
            attempt.code is None or attempt.status == 0 or attempt.status >= 500
            for attempt in answer.attempts
        ):
            self._closed[entry.unsure].append(row)

    def take(self) -> Iterable[tuple[Kind, list[bytes]]]:
        """What has been answered since the last time: packed rows."""
        closed, self._closed = self._closed, defaultdict(list)
        return closed.items()

    def take_all(self) -> Iterable[tuple[Kind, list[bytes]]]:
        """The same at the end: what was cut off may have been written."""
        for entry, row in self._open.values():
            self._closed[entry.unsure].append(row)
        self._open.clear()
        return self.take()
