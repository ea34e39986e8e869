"""Maps in the words of content: attributes, some of them sparse, and entries with made-up names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from loadstone.drafting.columns import Column
from loadstone.drafting.expressions import Context
from loadstone.drafting.figures import above, share_of
from loadstone.drafting.maps import Keys, keys_of
from loadstone.drafting.pieces import Made, quoted
from loadstone.drafting.vocabulary import Vocabulary

_INDENT = "    "
_OFTEN_EMPTY = 0.05
_NAMES = {"S": "text", "N": "number", "BOOL": "flag", "NULL": "null", "M": "map", "L": "list"}

#: What draws up the values of a column: see `values.py`, which has maps in it.
ValueOf: TypeAlias = Callable[[Column, Context, Vocabulary], Made]


def map_of(
    held: Sequence[Mapping[str, Any]], context: Context, vocabulary: Vocabulary, value_of: ValueOf
) -> Made:
    """A map with its attributes; keys that may be somebody's data are made up."""
    filled = [each for each in held if each]
    if not filled:
        return Made("{}", ("empty wherever it was seen",))
    keys = keys_of(filled, vocabulary)
    lines, notes = _attributes(keys, context, vocabulary, value_of)
    if keys.unknown:
        notes.append(_renamed(keys.unknown))
    if keys.data is not None:
        made = value_of(keys.data, replace(context, name="value"), vocabulary)
        lines += _entries(keys, made.source, context, first=not lines)
        notes += [_made_up(keys), *(f".key: {note}" for note in made.notes)]
    source = "{\n" + "".join(indented(f"{line},\n") for line in lines) + "}"
    empty = len(held) - len(filled)
    if empty >= _OFTEN_EMPTY * len(held):
        arguments = [f"chance({share_of(empty, len(held))})", "{}", source] if empty else []
        body = "".join(indented(f"{each},\n") for each in arguments)
        source = f"either(\n{body})" if empty else source
    return Made(source, tuple(notes))


def _attributes(
    keys: Keys, context: Context, vocabulary: Vocabulary, value_of: ValueOf
) -> tuple[list[str], list[str]]:
    """A line for each; those that come and go together have one condition."""
    columns = keys.attributes
    first = [column for column in columns if column.always]
    ordered = first[:1] + [each for each in columns if each not in first[:1]]
    conditions = _conditions(ordered[1:], context)
    lines, notes = [], []
    for place, column in enumerate(ordered):
        made = referring(column, context) or value_of(
            column, replace(context, name=column.name), vocabulary
        )
        source = made.source
        if not column.always and place:
            source = sometimes(conditions[column.rows], source)
        notes += [f".{column.name}: {note}" for note in made.notes]
        lines.append(f"{quoted(column.name)}: {source}")
    return lines, notes


def referring(column: Column, context: Context) -> Made | None:
    """One of another entity, where a map names it."""
    texts = column.texts()
    if context.refer is None or texts is None or len(column.types) > 1:
        return None
    held = [text for text in texts if text]
    source = context.refer(column.name, held, column.type == "N", context.share is None)
    return Made(source) if source else None


def _conditions(columns: Sequence[Column], context: Context) -> dict[tuple[int, ...], str]:
    sparse: defaultdict[tuple[int, ...], list[Column]] = defaultdict(list)
    for column in columns:
        if not column.always:
            sparse[column.rows].append(column)
    found = {}
    for rows, some in sparse.items():
        source = f"chance({share_of(len(rows), some[0].total)})"
        if len(some) > 1 and context.share is not None:
            source = context.share(f"has_{context.name}_{some[0].name}", source)
        found[rows] = source
    return found


def _entries(keys: Keys, source: str, context: Context, *, first: bool) -> list[str]:
    """As many as the maps have: where there is one map in an item, one draw tells how many."""
    sizes = keys.counts
    counted = ""
    if len(sizes) > 1 and context.share is not None:
        levels = ", ".join(str(size) for size, _ in sizes)
        weights = ", ".join(str(weight) for _, weight in sizes)
        drawn = f"nth(({levels}), shaped(Weights(({weights}))))"
        counted = context.share(f"{context.name}_entries", drawn)
    lines = []
    total = sum(weight for _, weight in sizes)
    for place, name in enumerate(keys.names(), 1):
        there = sum(weight for size, weight in sizes if size >= place)
        if there == total or (first and place == 1):
            lines.append(f"{quoted(name)}: {source}")
            continue
        condition = f"{counted} >= {place}" if counted else f"chance({share_of(there, total)})"
        lines.append(f"{quoted(name)}: {sometimes(condition, source)}")
    return lines


def _renamed(stand_ins: Sequence[str]) -> str:
    if len(stand_ins) == 1:
        return f"{stand_ins[0]} stands for a key that all have and that is on no list of words"
    return f"{stand_ins[0]} to {stand_ins[-1]} stand for keys that all have and that are on no list"


def _made_up(keys: Keys) -> str:
    """What is said of keys that are not written."""
    assert keys.data is not None
    low, high = keys.lengths
    types = ", ".join(_NAMES.get(kind, kind) for kind, _ in keys.data.types)
    seen = "1 name was seen" if keys.left_out == 1 else f"{above(keys.left_out)} names were seen"
    names = keys.names()
    called = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    return (
        f"entries whose names look like data are called {called}: {seen} at the most, of {low} to "
        f"{high} characters; type of the values: {types}"
    )


def sometimes(condition: str, source: str) -> str:
    """What is there under a condition."""
    if "\n" not in source:
        return f"when({condition}, {source})"
    return f"when(\n{indented(condition)},\n{indented(source)},\n)"


def indented(text: str) -> str:
    """Every line of a text four columns further in."""
    return "".join(f"{_INDENT}{line}" if line.strip() else line for line in text.splitlines(True))
