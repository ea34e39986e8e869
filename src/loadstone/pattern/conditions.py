"""What is asked of attributes, and what an update makes of them.

A plain value stands for itself: `{"status": "active"}` asks for that status, or sets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from loadstone.errors import BadContent
from loadstone.fields.expr import Expr, Value, lift
from loadstone.mistakes import shown

#: An attribute, or one within a map: "meta.sentiment.label". Where a name has a dot: a tuple.
Path: TypeAlias = str | tuple[str, ...]

Operator: TypeAlias = Literal[
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "begins_with",
    "contains",
    "among",
    "exists",
    "missing",
]

#: What a sort key can be narrowed by.
KEY_OPERATORS: frozenset[Operator] = frozenset(
    {"=", "<", "<=", ">", ">=", "between", "begins_with"}
)


def names_in(path: Path) -> tuple[str, ...]:
    """The names that a path leads through."""
    if not isinstance(path, (str, tuple)):
        raise BadContent(f"an attribute is named by a text, not {shown(path)}")
    return path if isinstance(path, tuple) else tuple(path.split("."))


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute of the item as it is stored, read by DynamoDB itself."""

    path: Path


Operand: TypeAlias = "Value | Attribute"


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """What an attribute is held against."""

    operator: Operator
    operands: tuple[Operand, ...] = ()


# By their paths. A Mapping is of one type of key and no other, hence Any: {"a": 1} is one of str.
Conditions: TypeAlias = "Mapping[Any, Operand | Condition]"


@dataclass(frozen=True, slots=True, eq=False)
class Increased:
    """The number that is stored, and so much more."""

    by: Operand
    start: Value = None


@dataclass(frozen=True, slots=True, eq=False)
class Appended:
    """The list that is stored, and these after it."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IfMissing:
    """What is stored, or this where nothing is."""

    value: Value


Change: TypeAlias = "Operand | Increased | Appended | IfMissing"
Changes: TypeAlias = "Mapping[Any, Change]"
Values: TypeAlias = "Mapping[Any, Value]"


def attribute(path: Path) -> Attribute:
    """Another attribute of the same item, as it is stored when the request arrives."""
    return Attribute(path)


def begins_with(prefix: Value) -> Condition:
    return Condition("begins_with", (prefix,))


def between(low: Operand, high: Operand) -> Condition:
    """From low to high, both included."""
    return Condition("between", (low, high))


def above(value: Operand) -> Condition:
    return Condition(">", (value,))


def at_least(value: Operand) -> Condition:
    return Condition(">=", (value,))


def below(value: Operand) -> Condition:
    return Condition("<", (value,))


def at_most(value: Operand) -> Condition:
    return Condition("<=", (value,))


def differs(value: Operand) -> Condition:
    return Condition("<>", (value,))


def contains(value: Value) -> Condition:
    """A text that has this in it, or a list that has it as an element."""
    return Condition("contains", (value,))


def among(*values: Operand) -> Condition:
    """One of these."""
    if not values:
        raise BadContent("among() needs at least one value")
    return Condition("among", values)


def exists() -> Condition:
    return Condition("exists")


def missing() -> Condition:
    return Condition("missing")


def increased(by: Operand = 1, *, start: Value = None) -> Increased:
    """The stored number plus `by`; `start` is what it counts from where there is none yet."""
    return Increased(by, start)


def appended(*values: Value) -> Appended:
    """The stored list with these at its end."""
    return Appended(values)


def if_missing(value: Value) -> IfMissing:
    """What is stored stays; this is set where nothing is."""
    return IfMissing(value)


def condition_of(asked: Operand | Condition) -> Condition:
    """A condition; a plain value asks for equality."""
    return asked if isinstance(asked, Condition) else Condition("=", (asked,))


def values_of(asked: Sequence[object]) -> Iterator[Expr]:
    """The expressions within conditions and changes."""
    for each in asked:
        match each:
            case Attribute():
                pass
            case Condition():
                yield from values_of(each.operands)
            case Increased():
                yield from values_of([each.by, *([] if each.start is None else [each.start])])
            case Appended():
                yield from values_of(each.values)
            case IfMissing():
                yield from values_of([each.value])
            case _:
                yield lift(each)  # type: ignore[arg-type]
