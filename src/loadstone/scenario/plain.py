"""Requests and answers in DynamoDB's words, with the values of items as Python has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadstone.wire import decode, encode

#: What holds an item, wherever it stands in a request.
_ASKED_ITEMS = frozenset({"Item", "Key", "ExclusiveStartKey", "ExpressionAttributeValues"})
_ANSWERED_ITEMS = frozenset({"Item", "Attributes", "LastEvaluatedKey"})


def on_the_wire(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with their items as DynamoDB writes them."""
    return {name: _asked(name, value) for name, value in parameters.items()}


def as_plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with its items as plain values."""
    return {name: _answered(name, value) for name, value in answer.items()}


def _asked(name: str, value: Any) -> Any:
    if name in _ASKED_ITEMS:
        return encode(value)
    if name == "Keys":
        return [encode(each) for each in value]
    if name == "RequestItems":
        # By table, whose names may be anything.
        return {table: _inside(each) for table, each in value.items()}
    return _inside(value)


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return on_the_wire(value)
    if isinstance(value, list | tuple):
        return [_inside(each) for each in value]
    return value


def _answered(name: str, value: Any) -> Any:
    if name in _ANSWERED_ITEMS:
        return decode(value)
    if name == "Items":
        return [decode(each) for each in value]
    if name == "Responses" and isinstance(value, Mapping):
        return {table: [decode(each) for each in items] for table, items in value.items()}
    if name == "Responses":
        return [{"Item": decode(each["Item"])} if each.get("Item") else {} for each in value]
    return value
