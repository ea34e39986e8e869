"""From a pattern and the item it asks for to the body of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.shapes import Map
from loadstone.pattern import GetItem, Pattern, PutItem, Query
from loadstone.wire import encode

Values = Callable[[int], Mapping[str, Any]]


class Ask(Protocol):
    """The body of a read, for an item's number; a later page starts after a key."""

    def __call__(self, subject: int, after: Mapping[str, Any] | None = None) -> bytes: ...


class Write(Protocol):
    """A new item, and the body that writes it."""

    def __call__(
        self, number: int, line: int, ancestor: int, created_ms: int
    ) -> tuple[dict[str, Any], bytes]: ...


def asking(pattern: Pattern, dataset: Dataset, table: str) -> Ask:
    """How a read pattern asks, of a table by that name."""
    match pattern.operation:
        case Query() as query:
            return _query(query, dataset.compile(pattern.of, Map(_named(query))), table)
        case GetItem() as get:
            return _get(get, dataset.compile(pattern.of, Map(get.key)), table)
        case PutItem():
            raise TypeError("a write does not ask")


def writing(put: PutItem, under: Entity, dataset: Dataset, table: str) -> Write:
    """How a write pattern writes, under items of an entity."""
    make = dataset.compile_new(put.new, under, put.new.shown())
    head = b'{"TableName":%b,"ReturnConsumedCapacity":"INDEXES","Item":' % orjson.dumps(table)

    def write(
        number: int, line: int, ancestor: int, created_ms: int
    ) -> tuple[dict[str, Any], bytes]:
        item = make(number, line, ancestor, put.position, created_ms)
        return item, b"%b%b}" % (head, orjson.dumps(encode(item)))

    return write


def _named(query: Query) -> dict[str, Any]:
    """The values of a query, by their placeholders."""
    partition_key = query.searched.partition_key
    return {
        ":p" if name == partition_key else ":s": value
        for name, value in {**query.key, **query.begins_with}.items()
    }


def _query(query: Query, values: Values, table: str) -> Ask:
    names = {"#p": query.searched.partition_key}
    condition = "#p = :p"
    if query.begins_with or len(query.key) > 1:
        names["#s"] = str(query.searched.sort_key)
        condition += " AND begins_with(#s, :s)" if query.begins_with else " AND #s = :s"
    head: dict[str, Any] = {"TableName": table}
    if query.index:
        head["IndexName"] = query.index
    if query.limit:
        head["Limit"] = query.limit
    if query.newest_first:
        head["ScanIndexForward"] = False
    head |= {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ReturnConsumedCapacity": "INDEXES",
    }
    start = orjson.dumps(head)[:-1] + b',"ExpressionAttributeValues":'

    def ask(subject: int, after: Mapping[str, Any] | None = None) -> bytes:
        body = start + orjson.dumps(encode(values(subject)))
        if after is None:
            return body + b"}"
        return b'%b,"ExclusiveStartKey":%b}' % (body, orjson.dumps(after))

    return ask


def _get(get: GetItem, key: Values, table: str) -> Ask:
    head = {"TableName": table, "ReturnConsumedCapacity": "INDEXES"}
    if get.consistent:
        head["ConsistentRead"] = True  # type: ignore[assignment]
    start = orjson.dumps(head)[:-1] + b',"Key":'

    def ask(subject: int, after: Mapping[str, Any] | None = None) -> bytes:
        return b"%b%b}" % (start, orjson.dumps(encode(key(subject))))

    return ask
