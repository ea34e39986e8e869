"""Which items a test may have changed, as its requests tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from loadstone.gate.schema import name_of

#: Those whose bodies name every item that they change.
WRITES = frozenset({"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"})


class Request(NamedTuple):
    operation: str
    body: bytes


class Touched(NamedTuple):
    """An item by its primary key, in DynamoDB's JSON."""

    table: str
    key: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """What two ways of naming one item have in common: 1 and 1.0 are one number."""
        return self.table, repr(sorted((name, _plain(self.key[name])) for name in self.key))


def touched(
    requests: Iterable[Request], keys: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, str], Touched]:
    """The items of these tables that requests are about. A ValueError, a KeyError or the like where
    one cannot be read: then nobody knows."""
    found: dict[tuple[str, str], Touched] = {}
    for request in requests:
        for table, item in _items(request.operation, orjson.loads(request.body)):
            name = name_of(table)
            if name in keys:
                each = Touched(name, {attribute: item[attribute] for attribute in keys[name]})
                found[each.place] = each
    return found


def _items(operation: str, body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    match operation:
        case "PutItem":
            yield body["TableName"], body["Item"]
        case "UpdateItem" | "DeleteItem":
            yield body["TableName"], body["Key"]
        case "BatchWriteItem":
            for table, requests in body["RequestItems"].items():
                for request in requests:
                    for change in request.values():
                        yield table, change["Item"] if "Item" in change else change["Key"]
        case "TransactWriteItems":
            for action in body["TransactItems"]:
                for change in action.values():
                    yield change["TableName"], change["Item"] if "Item" in change else change["Key"]
        case _:
            raise ValueError(f"{operation} does not name the items that it changes")


def _plain(value: Mapping[str, Any]) -> tuple[str, Any]:
    ((kind, plain),) = value.items()
    return (kind, str(Decimal(plain).normalize())) if kind == "N" else (kind, plain)
