"""Values of every type that DynamoDB has, in the words of content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from loadstone.drafting.columns import Column
from loadstone.drafting.expressions import Context, made_of, shared
from loadstone.drafting.figures import above, below, quantile, share_of
from loadstone.drafting.forms import Prose, form_of
from loadstone.drafting.maps import Keys, keys_of
from loadstone.drafting.numeric import number_of
from loadstone.drafting.pieces import Made, quoted
from loadstone.drafting.vocabulary import Vocabulary

_INDENT = "    "
_MOST_ELEMENTS = 4
_NAMES = {"S": "text", "N": "number", "BOOL": "flag", "NULL": "null", "M": "map", "L": "list"}
_NAMES |= {"SS": "set of texts", "NS": "set of numbers", "BS": "set of bytes", "B": "binary"}


def value_of(column: Column, context: Context, vocabulary: Vocabulary) -> Made:
    """What a column holds, by the type that most of its items have."""
    types = column.types
    kind, times = types[0]
    if kind == "NULL" and len(types) > 1:
        kind, times = types[1]
        return _nullable(column, kind, times, context, vocabulary)
    made = _typed(kind, column.of_type(kind), context, vocabulary)
    others = [f"{_NAMES[other]} in {_percent(count, len(column.rows))}" for other, count in types]
    if len(types) == 1:
        return made
    if types[1][0] == "NULL" and len(types) == 2:
        return _nullable(column, kind, times, context, vocabulary)
    return _noted(made, f"of several types: {', '.join(others)}")


def _nullable(
    column: Column, kind: str, times: int, context: Context, vocabulary: Vocabulary
) -> Made:
    """A value, or a NULL where items have that."""
    made = _typed(kind, column.of_type(kind), context, vocabulary)
    empty = share_of(len(column.rows) - times, len(column.rows))
    return Made(f"either(chance({empty}), None, {made.source})", made.notes)


def _typed(kind: str, held: Sequence[Any], context: Context, vocabulary: Vocabulary) -> Made:
    match kind:
        case "S":
            return text_of([text for text in held if text], context, vocabulary)
        case "N":
            return number_of(held)
        case "BOOL":
            return _flag(held)
        case "NULL":
            return Made("None")
        case "M":
            return _map(held, context, vocabulary)
        case "L":
            return _list(held, context, vocabulary)
        case "SS" | "NS":
            element = "S" if kind == "SS" else "N"
            listed = [[{element: each} for each in some] for some in held]
            made = _list(listed, context, vocabulary)
            return _noted(made, f"a {_NAMES[kind]} in the table; a list has its size")
        case _:
            return _binary(held, context)


def text_of(texts: Sequence[str], context: Context, vocabulary: Vocabulary) -> Made:
    """Of a column of texts that are not empty."""
    if not texts:
        return Made('""', ("empty wherever it was seen",))
    form = form_of(texts, vocabulary)
    return shared(texts, form) or made_of(form, context)


def _flag(held: Sequence[bool]) -> Made:
    if len(set(held)) == 1:
        return Made(str(held[0]))
    return Made(f"chance({share_of(sum(held), len(held))})")


def _map(held: Sequence[Mapping[str, Any]], context: Context, vocabulary: Vocabulary) -> Made:
    """A map with its attributes; keys that look like data are made up."""
    filled = [each for each in held if each]
    if not filled:
        return Made("{}", ("empty wherever it was seen",))
    keys = keys_of(filled, vocabulary)
    columns = keys.attributes
    first = [column for column in columns if column.always]
    ordered = first[:1] + [each for each in columns if each not in first[:1]]
    lines, notes = [], []
    for place, column in enumerate(ordered):
        made = value_of(column, replace(context, name=column.name), vocabulary)
        source = made.source
        if not column.always and place:
            source = f"when(chance({share_of(len(column.rows), column.total)}), {source})"
        notes += [f".{column.name}: {note}" for note in made.notes]
        lines.append(f"{quoted(column.name)}: {source}")
    if keys.data is not None:
        made = value_of(keys.data, replace(context, name="value"), vocabulary)
        taken = {column.name for column in columns}
        names = [f"key{place + 1}" for place in range(keys.count)]
        lines += [f"{quoted(name)}: {made.source}" for name in names if name not in taken]
        notes += [_made_up(keys), *(f".key: {note}" for note in made.notes)]
    return Made("{\n" + "".join(indented(f"{line},\n") for line in lines) + "}", tuple(notes))


def _made_up(keys: Keys) -> str:
    """What is said of keys that are not written."""
    assert keys.data is not None
    low, high = keys.lengths
    types = ", ".join(_NAMES[kind] for kind, _ in keys.data.types)
    seen = "1 name was seen" if keys.left_out == 1 else f"{above(keys.left_out)} names were seen"
    return (
        f"about {keys.count} entries whose names look like data are called key1 and so on: {seen} "
        f"at the most, of {low} to {high} characters; type of the values: {types}"
    )


def _list(held: Sequence[Sequence[Any]], context: Context, vocabulary: Vocabulary) -> Made:
    """A list as long as most are."""
    sizes = [len(each) for each in held]
    elements = [element for each in held for element in each]
    if not elements:
        return Made("[]", ("empty wherever it was seen",))
    column = Column(context.name, len(elements), tuple(range(len(elements))), tuple(elements))
    made = value_of(column, context, vocabulary)
    length = max(1, quantile(sizes, 0.5))
    count = int(min(length, _MOST_ELEMENTS))
    notes = list(made.notes)
    if len(set(sizes)) > 1 or count != length:
        notes.append(f"a list of {min(sizes)} to {above(max(sizes))}; here always {count}")
    body = "".join(indented(f"{made.source},\n") for _ in range(count))
    return Made(f"[\n{body}]", tuple(notes))


def _binary(held: Sequence[Any], context: Context) -> Made:
    """Bytes, or a set of bytes: content has no word for them, a text takes as much room."""
    sizes = [len(each) * 3 // 4 if isinstance(each, str) else 64 for each in held]
    low, high = below(quantile(sizes, 0.1)), above(quantile(sizes, 0.9))
    made = made_of(Prose(low, high, above(max(sizes)), spaced=False), context)
    return _noted(made, f"binary in the table, {low} to {high} bytes; a text has its size")


def indented(text: str) -> str:
    """Every line of a text four columns further in."""
    return "".join(f"{_INDENT}{line}" if line.strip() else line for line in text.splitlines(True))


def _noted(made: Made, note: str) -> Made:
    return Made(made.source, (*made.notes, note), made.template, made.values)


def _percent(count: int, whole: int) -> str:
    return f"{max(1, round(count * 100 / whole))} %"
