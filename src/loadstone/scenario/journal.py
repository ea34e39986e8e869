"""What a run writes anew, noted before it is sent: nothing that may be in a table goes unnoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from loadstone.client.answer import Answer
from loadstone.entity import Entity
from loadstone.pattern import DeleteItem, ItemOperation, PutItem, UpdateItem
from loadstone.run.written import Kind, Row
from loadstone.scenario.batch import undone_in
from loadstone.table import Table
from loadstone.wire import encode

#: The token of a part that makes no item and deletes none.
NOTHING = 0


class Journal:
    """The new items of one process, and those of them that it deleted."""

    def __init__(self) -> None:
        self._tokens = count(NOTHING + 1)
        self._open: dict[int, tuple[Kind, Row]] = {}
        self._closed: defaultdict[Kind, list[Row]] = defaultdict(list)

    def begin(
        self,
        operation: ItemOperation,
        about: Entity,
        subject: int,
        fields: Mapping[str, Mapping[str, Any]],
    ) -> int:
        """An operation on one item is about to be sent; a token for what comes of it.

        It is made for the item `subject` of an entity, and `fields` are those of the request.
        """
        table = operation.table
        match operation:
            case PutItem() if operation.new is not about:
                item = fields["Item"]
                kind = Kind("put", table.name, operation.new.name, about.name, True)
                row = _row(table, item, item, subject)
            case PutItem() if operation.changed & set(table.key):
                item = fields["Item"]
                kind = Kind("upsert", table.name, operation.new.name, "", True)
                row = _row(table, item, item, 0)
            case UpdateItem() if operation.upsert and operation.key is not None:
                kind = Kind("upsert", table.name, operation.entity.name, "", True)
                row = _row(table, fields["Key"], {*fields["Key"], *operation.changed}, 0)
            case DeleteItem():
                kind = Kind("delete", table.name, operation.entity.name, "", True)
                row = _row(table, fields["Key"], (), 0)
            case _:
                return NOTHING
        token = next(self._tokens)
        self._open[token] = kind, row
        return token

    def end(self, token: int, answer: Answer) -> None:
        """What became of it; nothing to note when it was noted as cut off."""
        if token not in self._open:
            return
        kind, row = self._open.pop(token)
        if answer.ok and not undone_in(answer):
            self._closed[kind].append(row)
        elif answer.ok or any(
            attempt.code is None or attempt.status == 0 or attempt.status >= 500
            for attempt in answer.attempts
        ):
            self._closed[kind._replace(sure=False)].append(row)

    def take(self) -> Iterable[tuple[Kind, list[Row]]]:
        """What has been answered since the last time."""
        closed, self._closed = self._closed, defaultdict(list)
        return closed.items()

    def take_all(self) -> Iterable[tuple[Kind, list[Row]]]:
        """The same at the end: what was cut off may have been written."""
        for kind, row in self._open.values():
            self._closed[kind._replace(sure=False)].append(row)
        self._open.clear()
        return self.take()


def _row(table: Table, key: Mapping[str, Any], there: Collection[str], ancestor: int) -> Row:
    """`there` are the names of the item's attributes, or the item itself."""
    indexes = sum(
        1 << bit
        for bit, index in enumerate(table.indexes)
        if all(name in there for name in index.key)
    )
    expires = key.get(table.ttl, 0) if table.ttl else 0
    return Row(
        key=encode({name: key[name] for name in table.key}),
        ancestor=ancestor,
        indexes=indexes,
        expires_s=int(expires) if isinstance(expires, int | Decimal) else 0,
    )
