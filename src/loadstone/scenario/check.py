"""Whether an answer is right: as many rows as there are, in order, of whom was asked for, and on a
sample equal to what the data set says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.expr import lift
from loadstone.pattern import Every, Exactly, GetItem, Pattern, Query, Written
from loadstone.table import Table
from loadstone.wire import Item, decode

# Within an item a name is followed by an object, and a text's quotes are escaped: only the answer's
# own count has a bare number after it.
_COUNT = re.compile(rb'"Count":(\d+)')
_MORE = b'"LastEvaluatedKey":'
_ITEM = b'"Item":'

#: Beyond this many rows a sampled answer is checked for order and owner alone.
COMPARED_ROWS = 400


class Seen(NamedTuple):
    """What an answer holds, read without decoding it."""

    rows: int
    more: bool


def seen(operation: str, answer: Answer) -> Seen:
    """How many rows a good answer has, and whether more follow."""
    if operation == "GetItem":
        return Seen(int(_ITEM in answer.body), False)
    if operation == "PutItem":
        return Seen(1, False)
    found = _COUNT.search(answer.body)
    return Seen(int(found[1]) if found else 0, _MORE in answer.body)


class Check:
    """What is right for one pattern."""

    def __init__(self, pattern: Pattern, dataset: Dataset) -> None:
        self._pattern, self._dataset = pattern, dataset
        self._table: Table = pattern.table
        self._partition: Callable[[int], Any] | None = None
        if isinstance(pattern.operation, Query):
            asked = pattern.operation.key[pattern.operation.searched.partition_key]
            self._partition = dataset.compile(pattern.of, lift(asked))

    def count(
        self, subject: int, rows: int, *, whole: bool, touched: bool, now_s: float
    ) -> str | None:
        """What is wrong with the number of rows; `whole` when no more follow."""
        expects = self._pattern.expects
        if isinstance(expects, Written):
            return None
        if isinstance(expects, Every):
            numbers = self._dataset.children(self._pattern.of, subject, expects.entity)
            expected, entity = len(numbers), expects.entity
        else:
            numbers, expected = range(subject, subject + 1), 1
            entity = self._pattern.of
        if isinstance(expects, Every) and rows > expected and not touched:
            return f"more rows than there are: {rows} of {expected}"
        if rows >= expected or (rows and not whole) or (rows and not isinstance(expects, Every)):
            return None
        expired = self._expired(entity, numbers, now_s)
        if rows >= expected - expired:
            return None
        return "no row" if not rows else f"fewer rows than there are: {rows} of {expected}"

    def content(self, subject: int, answers: Sequence[Answer], *, touched: bool) -> str | None:
        """What is wrong with the rows themselves."""
        operation = self._pattern.operation
        if isinstance(operation, GetItem):
            found = answers[0].json.get("Item")
            return found and self._same(
                decode(found), self._dataset.item(self._pattern.of, subject)
            )
        if not isinstance(operation, Query):
            return None
        rows = [decode(row) for answer in answers for row in answer.json.get("Items", [])]
        assert self._partition is not None
        problem = _ordered(operation, rows, self._partition(subject))
        expects = self._pattern.expects
        if problem or not isinstance(expects, Every):
            return problem
        numbers = self._dataset.children(self._pattern.of, subject, expects.entity)
        if len(numbers) > COMPARED_ROWS:
            return None
        known = {
            self._key(item): item
            for item in (self._dataset.item(expects.entity, number) for number in numbers)
        }
        for row in rows:
            item = known.get(self._key(row))
            if item is None and not touched:
                return "a row that is not among those asked for"
            if item is not None and (problem := self._same(row, item)):
                return problem
        return None

    def _key(self, item: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(item.get(name) for name in self._table.key)

    def _same(self, row: Item, item: Mapping[str, Any]) -> str | None:
        if row == item:
            return None
        names = sorted(name for name in row.keys() | item.keys() if row.get(name) != item.get(name))
        return f"not what was loaded: {', '.join(names)}"

    def _expired(self, entity: Entity, numbers: range, now_s: float) -> int:
        """How many of the items may have been deleted by the table's TTL."""
        ttl = self._table.ttl
        if ttl is None or (isinstance(self._pattern.expects, Exactly) and not numbers):
            return 0
        items = (self._dataset.item(entity, number) for number in numbers)
        return sum(1 for item in items if 0 < item.get(ttl, 0) < now_s)


def _ordered(query: Query, rows: Sequence[Item], partition: Any) -> str | None:
    """The partition that was asked for, in the order of the sort key."""
    searched = query.searched
    if any(row.get(searched.partition_key) != partition for row in rows):
        return "rows of another partition than was asked for"
    if searched.sort_key is None:
        return None
    keys = [row[searched.sort_key] for row in rows]
    if keys != sorted(keys, reverse=query.newest_first):
        return "rows out of order"
    return None
