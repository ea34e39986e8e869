"""What a request asks of tables and indexes, as far as its body tells before it is sent.

A put tells all but what it replaces. A read tells its minimum. An update or a delete tells the
minimum on its table; whether an index is written depends on the item that is there, so an index
that it may write must not owe anything, and what it consumed is taken afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from loadstone.capacity.admission import Need, Resource
from loadstone.capacity.units import read_units, wire_size_bytes, write_units
from loadstone.gate.schema import IndexSchema, Schema, Schemas

Body = Mapping[str, Any]
Part = list[Need]  # of one item of a batch or a transaction, or of a whole request

_EQUALS = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")
_IDENTIFIER = re.compile(r"[#A-Za-z_][\w-]*")
_STATEMENT = re.compile(
    r"\s*(?P<verb>SELECT|INSERT|UPDATE|DELETE|EXISTS)\b.*?"
    r"(?:\bFROM|\bINTO|\bUPDATE|^\s*UPDATE)\s+\"?(?P<table>[\w.-]+)\"?(?:\.\"?(?P<index>[\w.-]+)\"?)?",
    re.IGNORECASE | re.DOTALL,
)
_UPDATE = re.compile(r"\s*UPDATE\s+\"?(?P<table>[\w.-]+)\"?", re.IGNORECASE)

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
STATEMENTS = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})
GATED = READS | WRITES | STATEMENTS


def parts_of(operation: str, body: Body, schemas: Schemas) -> list[Part]:
    """The parts of a request that are admitted one by one, in the order in which they stand."""
    match operation:
        case "GetItem":
            return [_get(body, body["Key"], schemas)]
        case "Query" | "Scan":
            return [_search(operation, body, schemas)]
        case "PutItem" | "UpdateItem" | "DeleteItem":
            return [_write(operation.removesuffix("Item"), body, schemas)]
        case "BatchGetItem":
            return [_get(asked, key, schemas) for asked, key in batch_keys(body)]
        case "BatchWriteItem":
            return [
                _write(kind.removesuffix("Request"), {"TableName": table, **arguments}, schemas)
                for table, request in batch_requests(body)
                for kind, arguments in request.items()
            ]
        case "TransactGetItems":
            gets = [item["Get"] for item in body["TransactItems"]]
            return [_get(get, get["Key"], schemas, transactional=True) for get in gets]
        case "TransactWriteItems":
            return [
                _write(action, arguments, schemas, transactional=True)
                for item in body["TransactItems"]
                for action, arguments in item.items()
            ]
        case "ExecuteStatement":
            return [_statement(body, schemas)]
        case "BatchExecuteStatement":
            return [_statement(one, schemas) for one in body["Statements"]]
        case "ExecuteTransaction":
            return [
                _statement(one, schemas, transactional=True) for one in body["TransactStatements"]
            ]
        case _:
            raise ValueError(f"{operation} is not gated")


def batch_keys(body: Body) -> Iterator[tuple[Body, Body]]:
    """What a BatchGetItem asks of a key's table, with that table's name, and the key."""
    for table, asked in body["RequestItems"].items():
        for key in asked["Keys"]:
            yield {**asked, "TableName": table}, key


def batch_requests(body: Body) -> Iterator[tuple[str, Body]]:
    """A BatchWriteItem's tables, each with one of its requests."""
    for table, requests in body["RequestItems"].items():
        for request in requests:
            yield table, request


def is_select(statement: str) -> bool:
    """Whether a PartiQL statement reads."""
    return statement.lstrip()[:6].upper() in {"SELECT", "EXISTS"}


def hashed(value: Mapping[str, Any]) -> int:
    """64 bits of a key's value; which ones DynamoDB makes of it nobody knows."""
    ((kind, plain),) = value.items()
    return int.from_bytes(blake2b(f"{kind}{plain}".encode(), digest_size=8).digest())


def _get(asked: Body, key: Body, schemas: Schemas, *, transactional: bool = False) -> Part:
    schema = schemas(asked["TableName"])
    if schema is None:
        return []
    units = _minimum(asked, transactional=transactional)
    return [Need(Resource(schema.name), "read", units, hashed(key[schema.partition_key]))]


def _search(operation: str, body: Body, schemas: Schemas) -> Part:
    schema = schemas(body["TableName"])
    if schema is None:
        return []
    index = schema.indexes.get(body.get("IndexName", ""))
    searched = index.keys[0] if index else schema.partition_key
    key = _queried_key(body, searched) if operation == "Query" else None
    resource = Resource(schema.name, index.name if index and not index.local else None)
    return [Need(resource, "read", _minimum(body), key)]


def _queried_key(body: Body, attribute: str) -> int | None:
    names = body.get("ExpressionAttributeNames") or {}
    for name, value in _EQUALS.findall(body.get("KeyConditionExpression") or ""):
        if names.get(name, name) == attribute:
            return hashed(body["ExpressionAttributeValues"][value])
    return None


def _write(action: str, arguments: Body, schemas: Schemas, *, transactional: bool = False) -> Part:
    """A Put, an Update, a Delete or a ConditionCheck. A transaction doubles the table's part."""
    schema = schemas(arguments["TableName"])
    if schema is None:
        return []
    if action == "Put":
        return list(_put(schema, arguments["Item"], transactional=transactional))
    key = hashed(arguments["Key"][schema.partition_key])
    part = [
        Need(Resource(schema.name), "write", write_units(0, 0, transactional=transactional), key)
    ]
    if action == "Update":
        changed = _changed(arguments)
        touched = [index for index in schema.global_indexes if _may_write(index, changed)]
    else:
        touched = list(schema.global_indexes) if action == "Delete" else []
    return part + [Need(Resource(schema.name, index.name), "write", 0.0) for index in touched]


def _put(schema: Schema, item: Body, *, transactional: bool) -> Iterator[Need]:
    size = wire_size_bytes(item)
    key = hashed(item[schema.partition_key])
    table = Resource(schema.name)
    yield Need(table, "write", write_units(0, size, transactional=transactional), key)
    for index in schema.indexes.values():
        if not all(name in item for name in index.keys):
            continue
        entry_bytes = size
        if index.projected is not None:
            entry_bytes = wire_size_bytes({n: item[n] for n in index.projected if n in item})
        units = write_units(0, entry_bytes)
        if index.local:
            yield Need(table, "write", units, key)
        else:
            its_key = hashed(item[index.keys[0]])
            yield Need(Resource(schema.name, index.name), "write", units, its_key)


def _changed(arguments: Body) -> frozenset[str]:
    """The attributes that an update may change: every name in it, its words and functions too."""
    names = arguments.get("ExpressionAttributeNames") or {}
    words = _IDENTIFIER.findall(arguments.get("UpdateExpression") or "")
    return frozenset(
        (*(names.get(word, word) for word in words), *arguments.get("AttributeUpdates", ()))
    )


def _may_write(index: IndexSchema, changed: frozenset[str]) -> bool:
    return index.projected is None or not changed.isdisjoint(index.projected)


def _statement(body: Body, schemas: Schemas, *, transactional: bool = False) -> Part:
    statement = body["Statement"]
    found = _UPDATE.match(statement) or _STATEMENT.match(statement)
    schema = schemas(found["table"]) if found else None
    if found is None or schema is None:
        return []
    if is_select(statement):
        name = found["index"]
        index = schema.indexes.get(name) if name else None
        resource = Resource(schema.name, index.name if index and not index.local else None)
        return [Need(resource, "read", _minimum(body, transactional=transactional))]
    units = write_units(0, 0, transactional=transactional)
    part = [Need(Resource(schema.name), "write", units)]
    return part + [
        Need(Resource(schema.name, index.name), "write", 0.0) for index in schema.global_indexes
    ]


def _minimum(asked: Body, *, transactional: bool = False) -> float:
    if transactional:
        return read_units(0, "transactional")
    return read_units(0, "strong" if asked.get("ConsistentRead") else "eventual")
