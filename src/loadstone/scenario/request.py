"""From a pattern, and the item that it asks for, to the body of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import and_, itemgetter
from secrets import token_hex
from typing import Any

import orjson

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.apart import tells_apart
from loadstone.fields.expr import Expr
from loadstone.fields.shapes import Map
from loadstone.pattern import (
    BatchGetItem,
    BatchWriteItem,
    ConditionCheck,
    Conditions,
    DeleteItem,
    GetItem,
    ItemOperation,
    Operation,
    Pattern,
    PutItem,
    Query,
    Scan,
    TransactGetItems,
    TransactWriteItems,
    UpdateItem,
    exists,
    item_of,
    line_of,
)
from loadstone.scenario.compiled import Make, compile_call, compile_new
from loadstone.scenario.expressions import Edit, Expressions, Test
from loadstone.scenario.journal import Entry, entry_of
from loadstone.scenario.template import Fields, Template
from loadstone.wire import encode

ACCOUNTED = {"ReturnConsumedCapacity": "INDEXES"}


class Part:
    """One operation as a template: a head that is always the same, and fields that are made.

    `about` is the entity that it is made for items of. `tests` are the conditions that it puts to
    items, by the placeholders of their values, and `edits` what it changes of them. `fits` says of
    which items it can be asked, and `body` gives the request, or its part of one.
    """

    def __init__(
        self,
        operation: ItemOperation | Query | Scan,
        about: Entity,
        head: Mapping[str, Any],
        fields: Mapping[str, Map],
        expressions: Expressions,
        make: Make,
        fits: Callable[[int], object] | None,
    ) -> None:
        self.operation, self.name, self.about = operation, operation.name, about
        self.tests: Sequence[Test] = expressions.tests
        self.edits: Sequence[Edit] = expressions.edits
        self.make, self.fits = make, fits
        #: The put, where it is one of a new item; its key; and whether that, and its partition key
        #: too, are sure to be nobody else's.
        self.new: PutItem | None = None
        self._new_key: Callable[[Mapping[str, Any]], Any] = itemgetter(*operation.table.key)
        self.own_key = self.own_partition = False
        if isinstance(operation, PutItem) and operation.new is not about:
            self.new = operation
            own = {
                name: tells_apart(fields["Item"].attributes[name], operation.new)
                for name in operation.table.key
            }
            self.own_key = any(own.values())
            self.own_partition = own[operation.table.partition_key]
        #: Whose item it is that the data set knows under its key.
        self.names = about
        if not isinstance(operation, Query | Scan | PutItem) and operation.key is None:
            self.names = operation.entity
        self.entry: Entry | None = None
        if not isinstance(operation, Query | Scan):
            self.entry = entry_of(operation, about)
        self._keyed = _keyed(operation)
        names = {"ExpressionAttributeNames": expressions.names} if expressions.names else {}
        self.body = Template({**head, **names}, fields).body

    def partition_key(self, fields: Fields) -> Any:
        """The value that the request is about, in the table or in the index that it reads."""
        if self._keyed is None:
            return None
        where, name = self._keyed
        return fields[where].get(name)

    def new_key(self, fields: Fields) -> Any:
        """The key of a new item."""
        return self._new_key(fields["Item"])


def search_part(pattern: Pattern, dataset: Dataset, table: str) -> Part:
    """A query, or a scan."""
    search = pattern.operation
    assert isinstance(search, Query | Scan)
    expressions = Expressions()
    head: dict[str, Any] = {"TableName": table, **ACCOUNTED}
    if search.index:
        head["IndexName"] = search.index
    if isinstance(search, Query):
        head["KeyConditionExpression"] = expressions.all_of(_partition_first(search))
        if search.newest_first:
            head["ScanIndexForward"] = False
    elif search.segments > 1:
        head["TotalSegments"] = search.segments
    if search.limit:
        head["Limit"] = search.limit
    if search.filter:
        head["FilterExpression"] = expressions.all_of(search.filter)
    if search.projection:
        head["ProjectionExpression"] = expressions.projection(search.projection)
    if search.count_only:
        head["Select"] = "COUNT"
    if search.consistent:
        head["ConsistentRead"] = True
    fields = {"ExpressionAttributeValues": Map(expressions.values)}
    make = compile_call(dataset, pattern.id, pattern.of, Map(fields))
    fits = _fits(dataset, pattern.of, expressions.only)
    return Part(search, pattern.of, head, fields, expressions, make, fits)


def item_part(
    operation: ItemOperation, pattern: Pattern, dataset: Dataset, head: Mapping[str, Any]
) -> Part:
    """An operation on one item, by itself or within a batch or a transaction."""
    if isinstance(operation, PutItem):
        return _put_part(operation, pattern, dataset, head)
    about = _about(operation, pattern.of)
    expressions = Expressions()
    said = dict(head)
    if isinstance(operation, GetItem):
        if operation.consistent:
            said["ConsistentRead"] = True
        if operation.projection:
            said["ProjectionExpression"] = expressions.projection(operation.projection)
    else:
        if isinstance(operation, UpdateItem):
            said["UpdateExpression"] = expressions.update(operation)
        if guarded := _guarded(operation):
            said["ConditionExpression"] = expressions.all_of(guarded)
        if not isinstance(operation, ConditionCheck) and operation.returns != "NONE":
            said["ReturnValues"] = operation.returns
    key = {name: expressions.always(value) for name, value in operation.keys.items()}
    fields = {"Key": Map(key), "ExpressionAttributeValues": Map(expressions.values)}
    make = compile_call(dataset, pattern.id, about, Map(fields))
    fits = _fits(dataset, about, expressions.only)
    return Part(operation, about, said, fields, expressions, make, fits)


def keys_of(batch: BatchGetItem, dataset: Dataset) -> Callable[[int], Mapping[str, Any]]:
    """The keys of an entity's items, by number."""
    return dataset.compile(batch.entity, Map(GetItem(batch.entity).keys))


def _put_part(put: PutItem, pattern: Pattern, dataset: Dataset, head: Mapping[str, Any]) -> Part:
    expressions = Expressions()
    said = dict(head)
    if put.condition:
        said["ConditionExpression"] = expressions.all_of(put.condition)
    over = put.new is pattern.of
    item = item_of(put, written_over=over)
    fields = {"Item": item, "ExpressionAttributeValues": Map(expressions.values)}
    whole = Map(fields)
    if over:
        make = compile_call(dataset, pattern.id, pattern.of, whole)
    else:
        make = compile_new(dataset, put.new, pattern.of, put.position, whole)
    fits = _fits(dataset, pattern.of, expressions.only)
    return Part(put, pattern.of, said, fields, expressions, make, fits)


def _about(operation: ItemOperation, of: Entity) -> Entity:
    """Whose values its arguments are: the drawn item's, or that of its entity nearest to it."""
    if operation.entity in line_of(of) or (
        not isinstance(operation, PutItem) and operation.key is not None
    ):
        return of
    return operation.entity


def _guarded(operation: UpdateItem | DeleteItem | ConditionCheck) -> Conditions:
    """Its condition; and that there is an item, where it does not mean to make one."""
    asks = isinstance(operation, UpdateItem) and not operation.upsert
    asks = asks or (isinstance(operation, ConditionCheck) and not operation.condition)
    there: Conditions = {(operation.table.partition_key,): exists()} if asks else {}
    return {**there, **operation.condition}


def _partition_first(query: Query) -> Conditions:
    partition = query.searched.partition_key
    return dict(
        sorted(query.key.items(), key=lambda asked: asked[0] not in (partition, (partition,)))
    )


def _keyed(operation: ItemOperation | Query | Scan) -> tuple[str, str] | None:
    """Which of the fields holds the partition key, and under what name; a scan has none."""
    match operation:
        case Scan():
            return None
        case Query():
            return "ExpressionAttributeValues", ":0"  # the partition comes first
        case PutItem():
            return "Item", operation.table.partition_key
        case _:
            return "Key", operation.table.partition_key


def _fits(
    dataset: Dataset, about: Entity, conditions: Sequence[Expr]
) -> Callable[[int], object] | None:
    return dataset.compile(about, reduce(and_, conditions)) if conditions else None


#: What an operation is called within a batch, and within a transaction.
_IN_BATCH = {"PutItem": b"PutRequest", "DeleteItem": b"DeleteRequest"}
_IN_TRANSACTION = {
    "GetItem": b"Get",
    "PutItem": b"Put",
    "UpdateItem": b"Update",
    "DeleteItem": b"Delete",
    "ConditionCheck": b"ConditionCheck",
}
_ACCOUNTED = b'"ReturnConsumedCapacity":"INDEXES"'


def head_of(operation: Operation, table: str) -> dict[str, Any]:
    """What a part says first: its table, unless the batch that it is in does."""
    match operation:
        case BatchWriteItem():
            return {}
        case TransactGetItems() | TransactWriteItems():
            return {"TableName": table}
        case _:
            return {"TableName": table, **ACCOUNTED}


def together(operation: Operation, parts: Sequence[tuple[str, str, bytes]]) -> bytes:
    """The request of parts, each with its operation's name, its table and its body."""
    match operation:
        case BatchWriteItem():
            by_table: dict[str, list[bytes]] = {}
            for name, table, body in parts:
                by_table.setdefault(table, []).append(b'{"%b":%b}' % (_IN_BATCH[name], body))
            tables = b",".join(
                b"%b:[%b]" % (orjson.dumps(table), b",".join(bodies))
                for table, bodies in by_table.items()
            )
            return b'{"RequestItems":{%b},%b}' % (tables, _ACCOUNTED)
        case TransactGetItems() | TransactWriteItems():
            items = b",".join(
                b'{"%b":%b}' % (_IN_TRANSACTION[name], body) for name, _, body in parts
            )
            once = b""
            if operation.writes:  # sent again, it is not done again
                once = b'"ClientRequestToken":"%b",' % token_hex(16).encode()
            return b'{"TransactItems":[%b],%b%b}' % (items, once, _ACCOUNTED)
    ((_, _, body),) = parts
    return body


def batch_of_keys(batch: BatchGetItem, table: str, keys: Sequence[Mapping[str, Any]]) -> bytes:
    """A BatchGetItem."""
    expressions = Expressions()
    asked: dict[str, Any] = {"Keys": [encode(key) for key in keys]}
    if batch.consistent:
        asked["ConsistentRead"] = True
    if batch.projection:
        asked["ProjectionExpression"] = expressions.projection(batch.projection)
        asked["ExpressionAttributeNames"] = expressions.names
    return orjson.dumps({"RequestItems": {table: asked}, **ACCOUNTED})
