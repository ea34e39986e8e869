"""Text: put together, or templates filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, cached_property
from string import Formatter
from typing import Any

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.choices import Groups, Lookup, pick
from loadstone.fields.digits import digits_of, padded
from loadstone.fields.expr import (
    Constant,
    Expr,
    Numbers,
    Value,
    escape,
    lift,
    quoted,
)
from loadstone.fields.frame import Frame
from loadstone.fields.links import Later, Reference
from loadstone.fields.pieces import Letters, Pieces, joined, placed
from loadstone.fields.scope import Scope
from loadstone.fields.shapes import When

_FORMATTER = Formatter()
_ZEROS = re.compile(r"0[1-9]|01[0-8]").fullmatch
#: What a text cannot hold, in words.
_NO_TEXT = {
    "flag": 'true or false, which either(…, "yes", "no") has words for',
    "null": "None",
    "nullable": "sometimes None, for which either(…) has another text",
    "map": "a map",
    "list": "a list",
}
#: A slot that so many of the templates have is worked out for all.
_MOSTLY = 0.6
#: A slot that one of so many items uses is made for all of them: other templates use it as well.
_OFTEN = 3


class Join(Expr):
    """Texts and numbers, one after the other; a number may be padded with zeros."""

    kind = "text"

    def __init__(self, parts: Sequence[tuple[Expr, str]]) -> None:
        self.parts = tuple(parts)

    def one(self, scope: Scope) -> str:
        return self.written(scope.of)

    def written(self, variable: Callable[[Expr], str]) -> str:
        """Python source of the text, made of variables that hold its parts."""
        if not self.parts:
            return "''"
        source = []
        for part, padding in self.parts:
            if isinstance(part, Constant):
                # JSON's escapes within quotes are Python's too.
                source.append(quoted(str(part.value)).replace("{", "{{").replace("}", "}}"))
            else:
                form = padding or ("f" if _may_be_tiny(part) else "")
                source.append("{" + variable(part) + (f":{form}" if form else "") + "}")
        return 'f"' + "".join(source) + '"'

    def pieces(self, frame: Frame) -> Pieces:
        if self._filled is not None:
            return frame.pieces(self._filled)
        pieces: Pieces = []
        for part, padding in self.parts:
            if padding:
                pieces.append(_padded(frame.numbers(part), padding))
            else:
                pieces.extend(frame.pieces(part))
        return pieces

    @cached_property
    def _filled(self) -> Fill | None:
        """The same as one template to fill in, where a part is one: what stands around a template
        is written with it, which spares each item a text that is only put into another."""
        fills = [part for part, _ in self.parts if isinstance(part, Fill)]
        if not fills or len(self.parts) == 1:
            return None
        return max(fills, key=Fill.width).within(self.parts)

    def inputs(self) -> Sequence[Expr]:
        return tuple(part for part, _ in self.parts)


class Fill(Expr):
    """A template whose slots are filled in; which template is itself picked."""

    kind = "text"
    chooses = True

    def __init__(self, template: Lookup, slots: dict[str, Expr]) -> None:
        if not isinstance(template.table, (list, tuple)):
            raise BadContent("templates are texts of our own, not a vocabulary")
        self._texts = tuple(template.table)
        used = [{name for _, name, _ in _parsed(text)} for text in self._texts]
        self.template = template
        self.slots = {name: slot for name, slot in slots.items() if any(name in u for u in used)}
        self._uses = {name: np.array([name in each for each in used]) for name in self.slots}
        self._escaped = tuple(map(escape, self._texts))
        apart = tuple(f"p{number}" for number in range(len(self.slots)))
        _fillers(self._texts, tuple(self.slots), apart, apart)

    def width(self) -> int:
        """How many templates there are."""
        return len(self._texts)

    def within(self, parts: Sequence[tuple[Expr, str]]) -> Fill:
        """Itself among other parts, which become slots of every template, or text in it.

        Where it is a part twice, the second is a slot as any other.
        """
        frame, slots = "", dict(self.slots)
        place = next(number for number, (part, _) in enumerate(parts) if part is self)
        unlike = "_" * (1 + max(map(len, slots), default=0))  # longer than any slot's name
        for number, (part, padding) in enumerate(parts):
            if number == place:
                before, frame = frame, ""
            elif isinstance(part, Constant):
                frame += str(part.value).replace("{", "{{").replace("}", "}}")
            else:
                name = f"{unlike}{number}"
                frame += f"{{{name}}}"
                slots[name] = Join([(part, padding)]) if padding else part
        table = [f"{before}{text}{frame}" for text in self._texts]
        return Fill(Lookup(table, self.template.index), slots)

    def one(self, scope: Scope) -> str:
        index = scope.of(self.template.index)
        seldom = self._seldom(scope)
        # First what most templates have: what the others are made of is then found made.
        held = {name: scope.held(slot) for name, slot in self.slots.items() if name not in seldom}
        held.update(self._where_due(scope, index, seldom))
        taken = [held[name] for name in self.slots]
        given = list(dict.fromkeys(name for name, _ in taken))
        sources = tuple(f"p{given.index(name)}{at}" for name, at in taken)
        parameters = tuple(f"p{number}" for number in range(len(given)))
        forms = scope.code.constant(_fillers(self._texts, tuple(self.slots), sources, parameters))
        return f"{forms}[{index}]({', '.join(given)})"

    def _seldom(self, scope: Scope) -> set[str]:
        """Slots that few of the templates have and that take something to work out."""
        few = (name for name in self.slots if self._uses[name].mean() < _MOSTLY)
        return {name for name in few if not scope.has(self.slots[name])}

    def _where_due(
        self, scope: Scope, index: str, names: Collection[str]
    ) -> dict[str, tuple[str, str]]:
        """Slots that are worked out only where they are asked for."""
        together: dict[bytes, list[str]] = {}
        for name in self.slots:
            if name in names:
                together.setdefault(self._uses[name].tobytes(), []).append(name)
        if not together:
            return {}
        code, found = scope.code, {}
        masks = tuple(
            sum(1 << place for place, uses in enumerate(columns) if uses)
            for columns in zip(*together, strict=True)
        )
        used = code.let(f"{code.constant(masks)}[{index}]")
        for place, slots in enumerate(together.values()):
            made = [code.name() for _ in slots]
            code.line(f"{' = '.join(made)} = None")
            with code.block(f"if {used} & {1 << place}:", (code.way(scope.number), self, place)):
                for name, variable in zip(slots, made, strict=True):
                    code.line(f"{variable} = {scope.of(self.slots[name])}")
                    found[name] = variable, ""
        return found

    def pieces(self, frame: Frame) -> Pieces:
        """Templates are given the columns that slots are in, and which row to read: that of the
        item (p1), or that of what has the text already, as an ancestor (p2 and on)."""
        rows: list[Sequence[int]] = [range(frame.size)]
        columns: list[list[str]] = []
        sources: dict[str, str] = {}
        for name, slot in self.slots.items():
            column, each = self._source(frame, name, slot)
            place = next((n for n, known in enumerate(rows) if known is each), len(rows))
            if each is None:
                place = 0
            elif place == len(rows):
                rows.append(each)
            sources[name] = f"p0[{len(columns)}][p{place + 1}]"
            columns.append(column)
        names, texts = tuple(sources), self._texts
        if not frame.raw:
            names, texts = tuple(map(escape, names)), self._escaped
        given = tuple(f"p{number}" for number in range(len(rows) + 1))
        forms = _fillers(texts, names, tuple(sources.values()), given)
        chosen = frame.numbers(self.template.index).tolist()
        return [_filling(len(rows))(forms, chosen, columns, rows)]

    def _source(self, frame: Frame, name: str, slot: Expr) -> tuple[list[str], list[int] | None]:
        """Texts that a slot is among, and which of them is each item's; None for one each."""
        if isinstance(slot, Reference) and slot.inherited_by(frame.entity):
            return frame.texts_up(slot.entity, slot.target)
        return frame.texts_seen(slot) or (self._column(frame, name, slot), None)

    def _column(self, frame: Frame, name: str, slot: Expr) -> list[str]:
        """The texts of a slot, at least where the item's template has it."""
        if isinstance(slot, (Lookup, Reference)) or frame.knows_text(slot):
            return frame.text(slot)  # as quick for all as for some
        rows = np.flatnonzero(self._uses[name].take(frame.numbers(self.template.index)))
        if not rows.size:
            return []
        if rows.size * _OFTEN > frame.size:
            return frame.text(slot)
        if slot.kind == "whole":
            texts = joined(digits_of(frame.numbers(slot).take(rows)), rows.size)
        else:
            texts = frame.narrow(rows).text(slot)
        column: list[str] = placed(texts, rows, frame.size).tolist()
        return column

    def inputs(self) -> Sequence[Expr]:
        return (self.template.index, *self.slots.values())


def _padded(values: Numbers, padding: str) -> list[str] | Letters:
    width = int(padding) if _ZEROS(padding) else 0
    if not width or not values.size or values.min() < 0 or values.max() >= 10**width:
        return list(map(f"{{:{padding}}}".format, values.tolist()))
    return Letters(padded(values, width))


def text(template: str, **values: Value) -> Expr:
    """`text("{session}#{at}", session=…, at=…)`; `{n:06}` pads a number with zeros."""
    parts: list[tuple[Expr, str]] = []
    used = set()
    for literal, name, padding in _parsed(template):
        if literal:
            parts.append((Constant(literal), ""))
        if name is not None:
            if name not in values:
                raise BadContent(
                    f"text {template!r} is given no {name!r}"
                    if name
                    else f"text {template!r}: each slot has a name, as {{n}} has"
                )
            used.add(name)
            part = _slot(name, values[name], repr(template))
            if padding and part.kind != "whole":
                raise BadContent(f"{name!r} in {template!r} is padded, but no whole number")
            parts.append((part, padding))
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
    parts = {name: _slot(name, value, "a template") for name, value in slots.items()}
    return Fill(template, {n: Join([(p, "")]) if _may_be_tiny(p) else p for n, p in parts.items()})


def _parsed(template: str) -> list[tuple[str, str | None, str]]:
    """What stands before each slot, the slot's name and its padding."""
    try:
        parts = [(text, name, how or "") for text, name, how, _ in _FORMATTER.parse(template)]
    except ValueError as error:
        raise BadContent(
            f"text {template!r}: {error}; a slot is {{name}}, and a brace itself is doubled"
        ) from error
    return parts


def _may_be_tiny(part: Expr) -> bool:
    """Whether Python writes a decimal in powers of ten, 6.8E-7, where JSON has 0.00000068."""
    return part.kind == "decimal" and part.places > 6


def _slot(name: str, value: Value, where: str) -> Expr:
    """What is filled in: a text or a number, whatever the item."""
    part = lift(value)
    if isinstance(part, Later):
        return part  # not known yet
    if isinstance(part, When) or part.kind in _NO_TEXT:
        held = "sometimes not there" if isinstance(part, When) else _NO_TEXT[part.kind]
        raise BadContent(f"{name!r} in {where} is {held}; what is filled in is a text or a number")
    return part


@cache
def _fillers(
    templates: tuple[str, ...],
    slots: tuple[str, ...],
    sources: tuple[str, ...],
    parameters: tuple[str, ...],
) -> tuple[Callable[..., str], ...]:
    """Each template as a function, which is twice as quick as formatting it.

    `sources` say where each slot is found among the function's `parameters`: p0, p1, p2[3].
    """
    known = dict(zip(slots, sources, strict=True))
    names = ", ".join(parameters)
    functions = ",\n".join(f"lambda {names}: f{_filled(each, known)!r}" for each in templates)
    made: tuple[Callable[..., str], ...] = eval(f"({functions},)")
    return made


@cache
def _filling(rows: int) -> Callable[..., list[str]]:
    """Calls the chosen template for each item: a loop in Python calls one without leaving it."""
    each = ", ".join(f"p{number}" for number in range(1, rows + 1))
    filled = f"[forms[n](p0, {each}) for n, {each} in zip(chosen, *rows)]"
    made: Callable[..., list[str]] = eval(f"lambda forms, chosen, p0, rows: {filled}")
    return made


def _filled(template: str, sources: Mapping[str, str]) -> str:
    """`{food}` becomes `{p2}`, so that a template is filled by position."""
    parts = []
    for literal, name, padding, conversion in _FORMATTER.parse(template):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if name is not None:
            if padding or conversion or name not in sources:
                raise BadContent(
                    f"template {template!r}: there is no slot {name!r} among {tuple(sources)}"
                )
            parts.append(f"{{{sources[name]}}}")
    return "".join(parts)
