"""What an answer says was consumed and throttled, read without decoding its items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple

import orjson

from loadstone.client.answer import Throttle, Units

THROTTLE_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "Throttling",
        "TooManyRequestsException",
    }
)
_THROTTLED_CANCELLATIONS = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
#: What a batch gives back undone, by operation.
LEFTOVERS = {"BatchWriteItem": "UnprocessedItems", "BatchGetItem": "UnprocessedKeys"}
_NOTHING_LEFT = {operation: b'"%b":{}' % name.encode() for operation, name in LEFTOVERS.items()}

_CONSUMED = b'"ConsumedCapacity"'
_SHORT_BYTES = 512
# Three levels of braces: the table's, the map of indexes, one index. The names in it have none.
_ONE = rb"\{[^{}]*+(?:\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}[^{}]*+)*+\}"
_CAPACITY = re.compile(rb"\s*:\s*(%b|\[\s*(?:%b[\s,]*+)*+\])" % (_ONE, _ONE))


class Failure(NamedTuple):
    """An error answer in DynamoDB's words."""

    code: str
    message: str | None
    throttles: tuple[Throttle, ...]


def consumed(operation: str, body: bytes) -> tuple[Units, ...]:
    """The units of a good answer, per table and index; arms that consumed nothing are left out.

    An item may have an attribute called ConsumedCapacity, but a typed attribute value never holds a
    bare number beside a TableName, so what has both is what DynamoDB reports.
    """
    reads = operation in _READS
    if len(body) <= _SHORT_BYTES:
        return _consumed_in_short(body, reads)
    at = body.rfind(_CONSUMED, -_SHORT_BYTES)
    if at > 0 and (units := _consumed_in_short(body[at - 1 :], reads)):
        return units
    return _consumed(body, reads)


@lru_cache(maxsize=4096)
def _consumed_in_short(body: bytes, reads: bool) -> tuple[Units, ...]:
    """Of an answer without items, as those to writes are, or of what one says after its items: a
    load gets the same over and over."""
    return _consumed(body, reads)


def _consumed(body: bytes, reads: bool) -> tuple[Units, ...]:
    # It stands first or last, so looking there first spares a search through the items.
    at = 1 if body.startswith(_CONSUMED, 1) else body.rfind(_CONSUMED)
    while at >= 0:
        match = _CAPACITY.match(body, at + len(_CONSUMED))
        if match is not None:
            units = _units(match[1], reads)
            if units is not None:
                return units
        at = body.rfind(_CONSUMED, 0, at)
    return ()


def leftovers(operation: str, body: bytes) -> tuple[Throttle, ...]:
    """One throttle for each item or key that a batch gave back undone."""
    nothing = _NOTHING_LEFT.get(operation)
    if nothing is None or nothing in body:
        return ()
    return (_left_in_short if len(body) <= _SHORT_BYTES else _left)(LEFTOVERS[operation], body)


def _left(name: str, body: bytes) -> tuple[Throttle, ...]:
    undone = _dict(_decoded(body).get(name))
    return tuple(Throttle(name, table) for table in undone for _ in _requests(undone[table]))


@lru_cache(maxsize=1024)
def _left_in_short(name: str, body: bytes) -> tuple[Throttle, ...]:
    """Of an answer that leaves nothing, or little, and may be written with blanks."""
    return _left(name, body)


def failure(status: int, body: bytes, request: bytes) -> Failure:
    """An error answer, and the request's body, which names the tables that the answer may not."""
    answer = _decoded(body)
    # "com.amazonaws.dynamodb.v20120810#ThrottlingException"; proxies answer with no code at all.
    kind = answer.get("__type") or answer.get("code") or f"HTTP{status}"
    code = str(kind).rpartition("#")[2]
    message = answer.get("message") or answer.get("Message")
    return Failure(
        code, None if message is None else str(message), tuple(_throttles(code, answer, request))
    )


def _throttles(code: str, answer: dict[str, Any], request: bytes) -> Iterator[Throttle]:
    if code == "TransactionCanceledException":
        yield from _cancelled(answer, request)
        return
    # AWS spells it in lower case on ThrottlingException, in upper case elsewhere.
    reasons = _list(answer.get("ThrottlingReasons") or answer.get("throttlingReasons"))
    for reason in map(_dict, reasons):
        resource = reason.get("resource") or _tables(request)
        yield Throttle(str(reason.get("reason") or code), str(resource))
    if code in THROTTLE_CODES and not reasons:
        yield Throttle(code, _tables(request))


def _cancelled(answer: dict[str, Any], request: bytes) -> Iterator[Throttle]:
    """Reasons stand in the order of the request's items."""
    reasons = map(_dict, _list(answer.get("CancellationReasons")))
    items = _list(_decoded(request).get("TransactItems"))
    for reason, item in zip_longest(reasons, items):
        code = (reason or {}).get("Code")
        if code in _THROTTLED_CANCELLATIONS:
            yield Throttle(code, _table_of(item))


def _requests(undone: Any) -> list[Any]:
    """What a table's part of UnprocessedItems, or of UnprocessedKeys, holds."""
    return _list(undone.get("Keys") if isinstance(undone, dict) else undone)


def _table_of(transact_item: Any) -> str:
    """`{"Put": {"TableName": ...}}`: an action and its arguments."""
    return ", ".join(
        str(_dict(action).get("TableName")) for action in _dict(transact_item).values()
    )


def _tables(request: bytes) -> str:
    """The table, or the tables of a batch or transaction, that a request names."""
    body = _decoded(request)
    if "TableName" in body:
        return str(body["TableName"])
    names = [*_dict(body.get("RequestItems")), *map(_table_of, _list(body.get("TransactItems")))]
    return ", ".join(dict.fromkeys(names))


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return _dict(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


# A server that answers in another shape than DynamoDB's says nothing that can be counted.


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@lru_cache(maxsize=4096)
def _units(fragment: bytes, reads: bool) -> tuple[Units, ...] | None:
    """The units in a ConsumedCapacity, or None if it is something else of that name.

    A load repeats a few of them over and over, hence the cache.
    """
    try:
        decoded = orjson.loads(fragment)
    except orjson.JSONDecodeError:
        return None
    tables = decoded if isinstance(decoded, list) else [decoded]
    if not all(map(_is_capacity, tables)):
        return None
    arms = (arm for table in tables for arm in _arms(table, reads))
    return tuple(arm for arm in arms if arm.read or arm.write)


def _is_capacity(table: Any) -> bool:
    return (
        isinstance(table, dict)
        and isinstance(table.get("TableName"), str)
        and isinstance(table.get("CapacityUnits"), int | float)
    )


def _arms(table: dict[str, Any], reads: bool) -> Iterator[Units]:
    name = table["TableName"]
    indexes = [
        (index, counts)
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index, counts in _dict(table.get(kind)).items()
    ]
    # Under TOTAL there are no arms: all is the table's.
    yield _arm(name, None, table.get("Table") or ({} if indexes else table), reads)
    for index, counts in indexes:
        yield _arm(name, index, counts, reads)


def _arm(table: str, index: str | None, counts: Any, reads: bool) -> Units:
    counts = _dict(counts)
    # Transactions say which: a repeated TransactWriteItems consumes read units.
    if "ReadCapacityUnits" in counts or "WriteCapacityUnits" in counts:
        read, write = _number(counts, "ReadCapacityUnits"), _number(counts, "WriteCapacityUnits")
        return Units(table, index, read, write)
    units = _number(counts, "CapacityUnits")
    return Units(table, index, units, 0.0) if reads else Units(table, index, 0.0, units)


def _number(counts: dict[str, Any], name: str) -> float:
    value = counts.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
