"""Items as DynamoDB writes them on the wire, and back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from loadstone.errors import BadValue

Item: TypeAlias = dict[str, Any]


def encode(item: Mapping[str, Any]) -> Item:
    """Attributes with their types: {"name": "Ada"} becomes {"name": {"S": "Ada"}}."""
    return {
        # As most are, and it spares a call for each; so it is for `decode`.
        name: {"S": value} if type(value) is str else encode_value(value)
        for name, value in item.items()
    }


def decode(item: Mapping[str, Any]) -> Item:
    """Attributes as plain values; numbers become int where they are whole, else Decimal."""
    return {
        name: value["S"] if "S" in value else decode_value(value) for name, value in item.items()
    }


def encode_value(value: Any) -> dict[str, Any]:
    kind = type(value)
    if kind is str:  # as most are: a match over classes takes five times as long
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case Decimal():
            return {"N": f"{value:f}"}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": encode(value)}
        case list() | tuple():
            return {"L": [encode_value(each) for each in value]}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case set() | frozenset():
            return _encode_set(value)
    raise BadValue(f"{value!r} is of a type that DynamoDB has not; a fraction is a Decimal")


def decode_value(value: Mapping[str, Any]) -> Any:
    ((kind, held),) = value.items()
    match kind:
        case "S" | "BOOL":
            return held
        case "N":
            return number(held)
        case "NULL":
            return None
        case "M":
            return decode(held)
        case "L":
            return [decode_value(each) for each in held]
        case "B":
            return base64.b64decode(held)
        case "SS":
            return set(held)
        case "NS":
            return {number(each) for each in held}
        case "BS":
            return {base64.b64decode(each) for each in held}
    raise BadValue(f"{kind!r} is no type of DynamoDB's")


def number(text: str) -> int | Decimal:
    if len(text) <= 40:
        try:
            return int(text)
        except ValueError:
            pass  # has a fraction, or an exponent
    value = Decimal(text)
    whole = int(value) if value.adjusted() < 40 else None
    return whole if whole is not None and whole == value else value


def _encode_set(values: set[Any] | frozenset[Any]) -> dict[str, Any]:
    kinds = {
        ("N" if isinstance(each, (int, Decimal)) else next(iter(encode_value(each))))
        for each in values
    }
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise BadValue(
            f"a set holds texts, numbers or bytes, of one kind, and is not empty: {values}"
        )
    kind = kinds.pop()
    return {f"{kind}S": [encode_value(each)[kind] for each in sorted(values)]}
