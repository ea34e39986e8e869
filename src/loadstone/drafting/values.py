"""Values of every type that DynamoDB has, in the words of content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from loadstone.drafting.columns import Column
from loadstone.drafting.expressions import Context, made_of, shared, words_of
from loadstone.drafting.figures import above, below, quantile, share_of
from loadstone.drafting.forms import Choice, Prose, form_of
from loadstone.drafting.mapped import indented, map_of, referring
from loadstone.drafting.maps import sizes_of
from loadstone.drafting.numeric import number_of
from loadstone.drafting.pieces import Made, quoted
from loadstone.drafting.python import fitted
from loadstone.drafting.vocabulary import Vocabulary

_MOST_ELEMENTS, _MOST_LARGE = 40, 20
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
    arguments = [f"chance({empty})", "None", made.source]
    if "\n" not in made.source:
        return Made(f"either({', '.join(arguments)})", made.notes)
    body = "".join(indented(f"{each},\n") for each in arguments)
    return Made(f"either(\n{body})", made.notes)


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
            return map_of(held, context, vocabulary, value_of)
        case "L":
            return _list(held, context, vocabulary)
        case "SS" | "NS":
            made = _set(kind, held, context, vocabulary)
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


def _set(
    kind: str, held: Sequence[Sequence[str]], context: Context, vocabulary: Vocabulary
) -> Made:
    """A list for a set: of a few words no two alike, as in the set."""
    if kind == "SS":
        form = form_of([each for some in held for each in some], vocabulary)
        if isinstance(form, Choice):
            words, notes = words_of(form, context)
            sizes = [len(some) for some in held]
            listed = ", ".join(quoted(word) for word in words)
            named = f"({listed},)" if len(words) == 1 else f"({listed})"
            return Made(f"several({named}, {min(sizes)}, {max(sizes)})", tuple(notes))
    element = "S" if kind == "SS" else "N"
    return _list([[{element: each} for each in some] for some in held], context, vocabulary)


def _list(held: Sequence[Sequence[Any]], context: Context, vocabulary: Vocabulary) -> Made:
    """A list as long as they are: a few lengths stand for all of them."""
    lengths = [len(each) for each in held]
    elements = [element for each in held for element in each]
    if not elements:
        return Made("[]", ("empty wherever it was seen",))
    column = Column(context.name, len(elements), tuple(range(len(elements))), tuple(elements))
    inner = replace(context, share=None)
    made = referring(column, inner) or value_of(column, inner, vocabulary)
    sizes = sizes_of(lengths, _MOST_LARGE if "\n" in made.source else _MOST_ELEMENTS)
    notes = list(made.notes)
    longest = above(max(lengths))
    if len(set(lengths)) > len(sizes) or max(lengths) > sizes[-1][0]:
        notes.append(f"a list of {min(lengths)} to {longest}, here of {_listed(sizes)}")
    if sizes == ((1, 100),):
        return Made(f"[\n{indented(made.source)},\n]", tuple(notes))
    times = [str(size) for size, _ in sizes]
    arguments = [f"lambda: {fitted(made.source)}", f"({', '.join(times)}{',' * (len(times) == 1)})"]
    if len(sizes) > 1:
        arguments.append(f"weights=({', '.join(str(weight) for _, weight in sizes)})")
    body = "".join(indented(f"{each},\n") for each in arguments)
    return Made(f"repeated(\n{body})", tuple(notes))


def _listed(sizes: Sequence[tuple[int, int]]) -> str:
    *first, last = (str(size) for size, _ in sizes)
    return f"{', '.join(first)} or {last}" if first else last


def _binary(held: Sequence[Any], context: Context) -> Made:
    """Bytes, or a set of bytes: content has no word for them, a text takes as much room."""
    sizes = [len(each) * 3 // 4 if isinstance(each, str) else 64 for each in held]
    low, high = below(quantile(sizes, 0.1)), above(quantile(sizes, 0.9))
    made = made_of(Prose(low, high, above(max(sizes)), spaced=False), context)
    return _noted(made, f"binary in the table, {low} to {high} bytes; a text has its size")


def _noted(made: Made, note: str) -> Made:
    return Made(made.source, (*made.notes, note), made.template, made.values)


def _percent(count: int, whole: int) -> str:
    return f"{max(1, round(count * 100 / whole))} %"
