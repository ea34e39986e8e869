"""What was meant, perhaps, where a word was given something of another kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

#: What is said where Python asks for a value that only an item has.
UNKNOWN_YET = (
    "a value is not known before there is an item, so no f-string, str() or % can hold it: a text "
    'with a number in it is text("pet_{n:06}", n=number)'
)
#: What the classes of expressions are called; each says so itself.
EXPRESSIONS: set[str | None] = set()
#: What Python says of an expression where only a value that is known would do.
_AS_VALUE = re.compile(
    r"format: a(?:n integer| real number) is required, not (?P<a>\w+)"
    r"|float\(\) argument must be .+, not '(?P<b>\w+)'"
    r"|object of type '(?P<c>\w+)' has no len\(\)"
)


def meant_by(word: str, given: Any) -> str:
    """`; its table is 'visits'`, where there is something to add to what a word takes."""
    if isinstance(given, date):
        return (
            "; data are made as seen at as_of, whenever that is done: an instant is "
            "as_of - days(3) or moment(days=30)"
        )
    if word == "choose":
        return _choice(given)
    if isinstance(given, (set, frozenset)):
        return "; a set has no order: each process would make other items of it"
    table = getattr(given, "table", None)
    if type(given).__name__ == "Entity" and table is not None:
        return f", whose items are in the Table {table.name!r}"
    if type(given).__name__ == "Table":
        return ", but the Entity whose items are in it"
    return ""


def _choice(given: Any) -> str:
    if isinstance(given, Mapping):
        return "; shares are written choose(active=9, closed=1), or choose(**shares)"
    if isinstance(given, (list, tuple, set, frozenset)):
        return '; words are written one by one, choose("a", "b"), or choose(*words), or pick(words)'
    return ""


def asks_a_value(said: str) -> bool:
    """Whether Python was to make a text or a number of an expression."""
    found = _AS_VALUE.search(said)
    return found is not None and not EXPRESSIONS.isdisjoint(found.groups())
