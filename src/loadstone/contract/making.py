"""Items that cannot be made: which attribute, of which item, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import LoadstoneError
from loadstone.fields.expr import Expr
from loadstone.fields.shapes import Map
from loadstone.pattern import walk

_BITS = 63  # and a sign: what a column has for each whole number
BEYOND_BITS = (
    "it is worked out with whole numbers of more than 64 bits, which columns do not have: stay "
    "below 9.2 * 10**18 on the way to it, or write its digits with text(…)"
)


class Unmade(NamedTuple):
    """The attribute that could not be made, where it is one of them alone, and what is wrong."""

    attribute: str | None
    says: str


def unmade(dataset: Dataset, entity: Entity, numbers: Iterable[int], error: Exception) -> Unmade:
    """What is to be said of an error that one of these items met."""
    numbers = list(numbers)
    key = entity.table.key if entity.table else ()
    for name in dict.fromkeys((*key, *entity.item)):
        # What is there only sometimes does not come first in a map.
        names = (name,) if name in key else (*key[:1], name)
        shown = Map({each: entity.value(each) for each in names})
        found = _first_that_fails(dataset, entity, shown, numbers)
        if found is not None:
            number, reason = found
            return Unmade(name, f"{_in_words(reason)} (item {number:,})")
        if any(beyond_bits(dataset, entity, name, number) for number in numbers[-1:]):
            return Unmade(name, BEYOND_BITS)
    return Unmade(None, _in_words(error))


def beyond_bits(dataset: Dataset, entity: Entity, name: str, number: int) -> bool:
    """Whether an attribute, or a number on the way to it, is larger than those of a column."""
    parts = walk([entity.value(name)])
    return any(part.kind == "whole" and _is_beyond(dataset, entity, part, number) for part in parts)


def _is_beyond(dataset: Dataset, entity: Entity, part: Expr, number: int) -> bool:
    try:
        value = dataset.compile(entity, part)(number)
    except Exception:  # worked out only where it is due
        return False
    return isinstance(value, int) and not -(1 << _BITS) <= value < 1 << _BITS


def _first_that_fails(
    dataset: Dataset, entity: Entity, value: Expr, numbers: list[int]
) -> tuple[int, Exception] | None:
    number = numbers[0] if numbers else 0
    try:
        make = dataset.compile(entity, value)
        for number in numbers:
            make(number)
    except Exception as error:
        return number, error
    return None


def _in_words(error: Exception) -> str:
    match error:
        case LoadstoneError():
            return str(error)
        case ZeroDivisionError():
            return "it divides by zero: most(…, 1) is never less than 1"
        case IndexError():
            return (
                "it asks for a value behind the last of several: nth(…) counts from 0, and "
                "least(…, 2) goes no further than the third"
            )
        case OverflowError():
            return BEYOND_BITS
        case RecursionError():
            return (
                "what it is made of is made of it: one of the two has to be drawn without the other"
            )
    return f"{type(error).__name__}: {error}"
