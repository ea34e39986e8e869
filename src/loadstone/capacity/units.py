"""Exact item sizes, and the capacity units that reading and writing them consumes.

The rules are those of "DynamoDB read and write operations" and "Calculating capacity unit
consumption" in the AWS developer guide: an item is the UTF-8 bytes of its attribute names and the
bytes of its values; a KB is 1,024 bytes. The size of a number is documented as an approximation.
Here it is the length of its digits in base 100, which agrees with every size reported from the
service and is never below one, where published formulas differ.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from loadstone.errors import BadValue

Consistency = Literal["eventual", "strong", "transactional"]

READ_BLOCK_BYTES = 4096
WRITE_BLOCK_BYTES = 1024

_UNITS_PER_READ_BLOCK: Mapping[Consistency, float] = {
    "eventual": 0.5,
    "strong": 1.0,
    "transactional": 2.0,
}


def item_size_bytes(item: Mapping[str, Any]) -> int:
    """The size of an item of plain Python values."""
    return sum(_name_bytes(name) + _value_bytes(value) for name, value in item.items())


def wire_size_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item in DynamoDB JSON."""
    return sum(_name_bytes(name) + _wire_value_bytes(value) for name, value in item.items())


def number_size_bytes(number: Decimal | int | str) -> int:
    """Pairs of significant digits, aligned on the decimal point, and one byte more."""
    value = Decimal(number)
    if not value.is_finite():
        raise BadValue(f"DynamoDB has no number {number}")
    if not value:
        return 1
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    before_point = len(text) + exponent
    significant = len(text.rstrip("0"))
    pairs = (significant + before_point % 2 + 1) // 2
    return 1 + pairs + sign


def read_units(size_bytes: int, consistency: Consistency = "eventual") -> float:
    """One item, or the sum of what a Query or a Scan evaluated on a page; 0 bytes: nothing found.

    A batch or a transaction is the sum of its items, each rounded alone.
    """
    blocks = max(1, -(-size_bytes // READ_BLOCK_BYTES))
    return blocks * _UNITS_PER_READ_BLOCK[consistency]


def write_units(before_bytes: int, after_bytes: int, *, transactional: bool = False) -> float:
    """A put, an update or a delete: the larger of the item before and after; 0 bytes: no item."""
    blocks = max(1, -(-max(before_bytes, after_bytes) // WRITE_BLOCK_BYTES))
    return float(blocks * 2 if transactional else blocks)


def _name_bytes(name: str) -> int:
    return len(name.encode())


def _value_bytes(value: Any) -> int:
    match value:
        case bool() | None:  # before int, which bool is
            return 1
        case str():
            return len(value.encode())
        case int() | Decimal():
            return number_size_bytes(value)
        case bytes() | bytearray():
            return len(value)
        case Mapping():
            return 3 + len(value) + item_size_bytes(value)
        case list() | tuple():
            return 3 + _elements_bytes(value)
        case set() | frozenset():
            return sum(map(_value_bytes, value))
        case _:
            raise BadValue(f"DynamoDB has no type for {type(value).__name__} {value!r}")


def _elements_bytes(values: Iterable[Any]) -> int:
    return sum(1 + _value_bytes(value) for value in values)


def _wire_value_bytes(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return number_size_bytes(value)
        case "B":
            return len(base64.b64decode(value))
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(_wire_value_bytes({kind[0]: element}) for element in value)
        case "L":
            return 3 + sum(1 + _wire_value_bytes(element) for element in value)
        case "M":
            return 3 + len(value) + wire_size_bytes(value)
        case _:
            raise BadValue(f"DynamoDB has no type {kind!r}")
