"""Exact item sizes, and the capacity units that reading and writing them consumes.

The rules are those of "DynamoDB read and write operations" and "Calculating capacity unit
consumption" in the AWS developer guide: an item is the UTF-8 bytes of its attribute names and the
bytes of its values; a KB is 1,024 bytes. The size of a number is documented as an approximation;
readings.py says which formula is followed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.errors import BadValue

Consistency = Literal["eventual", "strong", "transactional"]

READ_BLOCK_BYTES = 4096
WRITE_BLOCK_BYTES = 1024
#: "Data types: Number".
MOST_DIGITS = 38
LEAST_EXPONENT, MOST_EXPONENT = -130, 125
#: What is no number is shown as far as this.
LONGEST_SHOWN = 50

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNITS_PER_READ_BLOCK: Mapping[Consistency, float] = {
    "eventual": 0.5,
    "strong": 1.0,
    "transactional": 2.0,
}


def item_size_bytes(item: Mapping[str, Any], reading: Reading = CONSERVATIVE) -> int:
    """The size of an item of plain Python values."""
    return sum(_name_bytes(name) + _value_bytes(value, reading) for name, value in item.items())


def wire_size_bytes(item: Mapping[str, Mapping[str, Any]], reading: Reading = CONSERVATIVE) -> int:
    """The size of an item in DynamoDB JSON."""
    return sum(_name_bytes(name) + wire_value_bytes(value, reading) for name, value in item.items())


def number_size_bytes(number: Decimal | int | str, reading: Reading = CONSERVATIVE) -> int:
    """Pairs of significant digits, a byte more, and another below zero."""
    value = _decimal(number)
    if not value:
        return 1
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    before_point = len(text) + exponent
    significant = len(text.rstrip("0"))
    if significant > MOST_DIGITS or not LEAST_EXPONENT <= before_point - 1 <= MOST_EXPONENT:
        raise BadValue(
            f"DynamoDB has no number {_shown(number)}: it keeps {MOST_DIGITS} digits, and "
            f"exponents from {LEAST_EXPONENT} to {MOST_EXPONENT}"
        )
    if reading.numbers == "by-parts":
        whole = min(max(before_point, 0), significant)
        pairs = -(-whole // 2) - (-(significant - whole) // 2)
    else:
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


def wire_value_bytes(typed: Mapping[str, Any], reading: Reading = CONSERVATIVE) -> int:
    """The size of a value with its type, {"S": "Ada"}, without the attribute's name."""
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return number_size_bytes(value, reading)
        case "B":
            return len(_bytes_of(value))
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(wire_value_bytes({kind[0]: element}, reading) for element in value)
        case "L":
            return 3 + sum(1 + wire_value_bytes(element, reading) for element in value)
        case "M":
            return 3 + len(value) + wire_size_bytes(value, reading)
        case _:
            raise BadValue(f"DynamoDB has no type {kind!r}")


def _decimal(number: Decimal | int | str) -> Decimal:
    """Python reads more spellings than DynamoDB does: blanks around a number, 1_000, NaN."""
    if isinstance(number, str) and not _NUMBER.fullmatch(number):
        raise BadValue(f"DynamoDB has no number {_shown(number)!r}")
    value = Decimal(number)
    if not value.is_finite():
        raise BadValue(f"DynamoDB has no number {number}")
    return value


def _shown(number: Decimal | int | str) -> str:
    """As it is spelled, or its beginning."""
    text = str(number)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _bytes_of(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise BadValue(f"{value!r} is not in Base64, as bytes are on the wire") from None


def _name_bytes(name: str) -> int:
    return len(name.encode())


def _value_bytes(value: Any, reading: Reading) -> int:
    match value:
        case bool() | None:  # before int, which bool is
            return 1
        case str():
            return len(value.encode())
        case int() | Decimal():
            return number_size_bytes(value, reading)
        case bytes() | bytearray():
            return len(value)
        case Mapping():
            return 3 + len(value) + item_size_bytes(value, reading)
        case list() | tuple():
            return 3 + _elements_bytes(value, reading)
        case set() | frozenset():
            return sum(_value_bytes(each, reading) for each in value)
        case _:
            raise BadValue(f"DynamoDB has no type for {type(value).__name__} {value!r}")


def _elements_bytes(values: Iterable[Any], reading: Reading) -> int:
    return sum(1 + _value_bytes(value, reading) for value in values)
