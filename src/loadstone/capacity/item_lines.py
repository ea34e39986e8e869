"""Items as people have them, one a line: plain JSON, DynamoDB's JSON, or lines of an export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from loadstone.errors import BadValue
from loadstone.wire import encode

Form = Literal["auto", "json", "dynamodb"]

_KINDS = frozenset({"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"})


class Line(NamedTuple):
    """An item in DynamoDB's JSON, or why the line is none; lines count from one."""

    number: int
    item: Mapping[str, Mapping[str, Any]]
    problem: str = ""


def read_lines(lines: Iterable[str], form: Form = "auto") -> Iterator[Line]:
    """Blank lines are left out."""
    for number, text in enumerate(lines, 1):
        if text.strip():
            try:
                yield Line(number, read_item(text, form))
            except BadValue as error:
                yield Line(number, {}, str(error))


def read_item(text: str, form: Form = "auto") -> Mapping[str, Mapping[str, Any]]:
    """The item in a line, in DynamoDB's JSON; BadValue where it is none."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except BadValue:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadValue(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadValue(f"no item: an item is an object, not a {type(value).__name__}")
    if "\\u" in text:
        _refuse_halves(value)
    if form != "json" and value.keys() == {"Item"} and isinstance(value["Item"], dict):
        value = value["Item"]  # as exports from DynamoDB have it
    if form == "dynamodb" or (form == "auto" and value and all(map(_is_typed, value.values()))):
        for name, typed in value.items():
            _check(name, typed)
        return value
    return encode(value)


def _refuse(constant: str) -> Any:
    raise BadValue(f"DynamoDB has no number {constant}")


def _refuse_halves(value: Any) -> None:
    r"""JSON can spell half a character, \ud800, which no text has."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise BadValue(f"no text that UTF-8 can hold: {error.reason}") from None


def _is_typed(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _KINDS


def _check(name: str, typed: Any) -> None:
    """Each kind holds what it is said to hold."""
    if not _is_typed(typed):
        raise BadValue(f'{name}: no typed value such as {{"S": "text"}}')
    ((kind, value),) = typed.items()
    if not _holds(kind, value) or (kind == "NS" and not _all_differ(value)):
        raise BadValue(f"{name}: {kind} does not hold {json.dumps(value, default=str)[:60]}")
    if kind == "L":
        for at, element in enumerate(value):
            _check(f"{name}[{at}]", element)
    elif kind == "M":
        for key, element in value.items():
            _check(f"{name}.{key}", element)


def _holds(kind: str, value: Any) -> bool:
    match kind:
        case "S" | "N" | "B":
            return isinstance(value, str)
        case "BOOL":
            return isinstance(value, bool)
        case "NULL":
            return value is True
        case "L":
            return isinstance(value, list)
        case "M":
            return isinstance(value, dict)
        case _:
            return _is_set(value)


def _all_differ(numbers: Iterable[str]) -> bool:
    """A set has no number twice, however it is spelled; what is no number is told elsewhere."""
    try:
        values = list(map(Decimal, numbers))
    except ArithmeticError:
        return True
    return len(set(values)) == len(values)


def _is_set(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, str) for each in value)
        and len(set(value)) == len(value)
    )
