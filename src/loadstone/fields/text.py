"""Text: put together, or templates filled in."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import Any

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.choices import Groups, Lookup, pick
from loadstone.fields.expr import Constant, Expr, Numbers, Pieces, Value, escape, lift
from loadstone.fields.frame import Frame, joined
from loadstone.fields.scope import Scope

_FORMATTER = Formatter()


class Join(Expr):
    """Texts and numbers, one after the other; a number may be padded with zeros."""

    kind = "text"

    def __init__(self, parts: Sequence[tuple[Expr, str]]) -> None:
        self.parts = tuple(parts)

    def one(self, scope: Scope) -> str:
        if not self.parts:
            return "''"
        source = []
        for part, padding in self.parts:
            if isinstance(part, Constant):
                # JSON's escapes within quotes are Python's too.
                source.append(escape(str(part.value)).replace("{", "{{").replace("}", "}}"))
            else:
                source.append("{" + scope.of(part) + (f":{padding}" if padding else "") + "}")
        return 'f"' + "".join(source) + '"'

    def pieces(self, frame: Frame) -> Pieces:
        pieces: Pieces = []
        for part, padding in self.parts:
            if padding:
                form = f"{{:{padding}}}".format
                pieces.append(list(map(form, frame.numbers(part).tolist())))
            else:
                pieces.extend(frame.pieces(part))
        return pieces

    def inputs(self) -> Sequence[Expr]:
        return tuple(part for part, _ in self.parts)


class Fill(Expr):
    """A template whose slots are filled in; which template is itself picked."""

    kind = "text"

    def __init__(self, template: Lookup, slots: dict[str, Expr]) -> None:
        if not isinstance(template.table, (list, tuple)):
            raise BadContent("templates are texts of our own, not a vocabulary")
        used = {name for text in template.table for _, name, _, _ in _FORMATTER.parse(text)}
        self.template = template
        self.slots = {name: slot for name, slot in slots.items() if name in used}
        self._forms = [_positional(text, tuple(self.slots)) for text in template.table]

    def one(self, scope: Scope) -> str:
        forms = scope.code.constant(tuple(form.format for form in self._forms))
        slots = ", ".join(scope.of(slot) for slot in self.slots.values())
        return f"{forms}[{scope.of(self.template.index)}]({slots})"

    def pieces(self, frame: Frame) -> Pieces:
        forms = frame.world.memo(self, lambda: [escape(form).format for form in self._forms])
        chosen = map(forms.__getitem__, frame.numbers(self.template.index).tolist())
        slots = [joined(frame.pieces(slot), frame.size) for slot in self.slots.values()]
        return [[form(*values) for form, *values in zip(chosen, *slots, strict=True)]]

    def inputs(self) -> Sequence[Expr]:
        return (self.template.index, *self.slots.values())


class WordCount(Expr):
    """How many words a text has. Spaces are the same in a text and in its JSON."""

    kind = "whole"

    def __init__(self, of: Expr) -> None:
        self.text = of

    def one(self, scope: Scope) -> str:
        return f"({scope.of(self.text)}.count(' ') + 1)"

    def numbers(self, frame: Frame) -> Numbers:
        return np.array([text.count(" ") + 1 for text in frame.text(self.text)], dtype=np.int64)

    def inputs(self) -> Sequence[Expr]:
        return (self.text,)


def text(template: str, **values: Value) -> Expr:
    """`text("{session}#{at}", session=…, at=…)`; `{n:06}` pads a number with zeros."""
    parts: list[tuple[Expr, str]] = []
    used = set()
    for literal, name, padding, _ in _FORMATTER.parse(template):
        if literal:
            parts.append((Constant(literal), ""))
        if name is not None:
            if name not in values:
                raise BadContent(f"text {template!r} is given no {name!r}")
            used.add(name)
            part = lift(values[name])
            if padding and part.kind != "whole":
                raise BadContent(f"{name!r} in {template!r} is padded, but no whole number")
            parts.append((part, padding or ""))
    if used != set(values):
        raise BadContent(f"text {template!r} has no place for {sorted(set(values) - used)}")
    return Join(parts)


def fill(
    templates: Sequence[Any] | Groups | str, *, by: Expr | None = None, **slots: Value
) -> Expr:
    """One of some templates, picked, with its {slots} filled in.

    A template uses the slots that it needs. `by` picks among groups of templates, as in `pick`.
    """
    template = pick([templates] if isinstance(templates, str) else templates, by=by)
    assert isinstance(template, Lookup)
    return Fill(template, {name: lift(value) for name, value in slots.items()})


def word_count(of: Expr) -> Expr:
    """How many words a text has."""
    return WordCount(of)


def _positional(template: str, slots: tuple[str, ...]) -> str:
    """`{food}` becomes `{2}`, so that a template is filled by position."""
    parts = []
    for literal, name, padding, conversion in _FORMATTER.parse(template):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if name is not None:
            if padding or conversion or name not in slots:
                raise BadContent(f"template {template!r}: there is no slot {name!r} among {slots}")
            parts.append(f"{{{slots.index(name)}}}")
    return "".join(parts)
