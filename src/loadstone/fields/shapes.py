"""Values that have a shape: maps and lists, what is there only sometimes, one thing or another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, groupby
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from loadstone.errors import BadContent
from loadstone.fields.choices import Lookup, nth
from loadstone.fields.expr import Constant, Expr, Kind, Numbers, Value, escape, lift
from loadstone.fields.frame import Frame
from loadstone.fields.links import OFTEN, Own
from loadstone.fields.numbers import whole
from loadstone.fields.pieces import Picked, Pieces, Words, joined, placed, spread, texts_column
from loadstone.fields.scope import Scope

if TYPE_CHECKING:
    from loadstone.entity import Entity


class When(Expr):
    """A value that is there only under a condition; within a map, a sparse attribute."""

    def __init__(self, condition: Expr, value: Expr) -> None:
        if condition.kind != "flag":
            raise BadContent(f"when() asks a flag, not a {condition.kind}")
        self.condition, self.value, self.kind = condition, value, value.kind
        self.places = value.places

    def inputs(self) -> Sequence[Expr]:
        return (self.condition, self.value)

    def one(self, scope: Scope) -> str:
        raise BadContent("when() stands for an attribute of a map; elsewhere use either()")

    def pieces(self, frame: Frame) -> Pieces:
        raise BadContent("when() stands for an attribute of a map; elsewhere use either()")


class Map(Expr):
    """Attributes by name, in the order they are written."""

    kind = "map"

    def __init__(self, attributes: Mapping[str, Value]) -> None:
        self.attributes = {name: lift(value) for name, value in attributes.items()}
        first = next(iter(self.attributes.values()), None)
        if isinstance(first, When):
            raise BadContent(
                "a map's first attribute must always be there; write a sparse one later"
            )

    def inputs(self) -> Sequence[Expr]:
        return tuple(self.attributes.values())

    def one(self, scope: Scope) -> str:
        for value in self.attributes.values():
            if not isinstance(value, When) and not value.sparing:
                scope.of(value)  # so that what is worked out only where it is due finds it made
        rest = list(self.attributes.items())
        plain: list[str] = []
        while rest and not isinstance(rest[0][1], When):
            name, value = rest.pop(0)
            plain.append(f"{name!r}: {scope.of(value)}")
        source = "{" + ", ".join(plain) + "}"
        if not rest:
            return source
        made = scope.code.let(source)
        for name, value in rest:
            if isinstance(value, When):
                with scope.where(value.condition, 1, f"if {scope.of(value.condition)}:"):
                    scope.code.line(f"{made}[{name!r}] = {scope.of(value.value)}")
            else:
                scope.code.line(f"{made}[{name!r}] = {scope.of(value)}")
        return made

    def pieces(self, frame: Frame) -> Pieces:
        pieces: Pieces = ["{"]
        for value in self.attributes.values():
            if value.kind not in ("map", "list", "decimal") and not isinstance(value, When):
                frame.pieces(value)  # so that what is deeper or sparse finds it made
                if value in self._again:
                    frame.cut(value)
        for condition, together in groupby(self.attributes.items(), condition_of):
            named = [(f',"{escape(name)}":', value) for name, value in together]
            if condition is not None:
                whens = [(lead, value) for lead, value in named if isinstance(value, When)]
                pieces += _sometimes(frame, condition, whens)
                continue
            if len(pieces) == 1:  # the map's first
                named[0] = named[0][0].removeprefix(","), named[0][1]
            for run in _runs(frame, named):
                pieces += _inherited(frame, run) if len(run) > 1 else _written(frame, run)
        pieces.append("}")
        return pieces

    @cached_property
    def _again(self) -> set[Expr]:
        """What stands in it more than once, all levels together."""
        seen = Counter(_values_in(self))
        return {value for value, times in seen.items() if times > 1}


class List(Expr):
    """Values one after the other."""

    kind = "list"

    def __init__(self, values: Sequence[Value]) -> None:
        self.values = tuple(lift(value) for value in values)

    def inputs(self) -> Sequence[Expr]:
        return self.values

    def one(self, scope: Scope) -> str:
        return "[" + ", ".join(scope.of(value) for value in self.values) + "]"

    def pieces(self, frame: Frame) -> Pieces:
        pieces: Pieces = ["["]
        for number, value in enumerate(self.values):
            if number:
                pieces.append(",")
            pieces.extend(wire(value, frame))
        pieces.append("]")
        return pieces


class Several(Expr):
    """Some different texts of a list, in a list."""

    kind = "list"

    def __init__(self, among: Sequence[str], count: Expr) -> None:
        self.among, self.count = tuple(among), count
        size = len(self.among)
        self.start = whole(0, size - 1)
        # Steps that share no factor with the size never come to the same text twice.
        steps = [step for step in range(1, size + 1) if gcd(step, size) == 1]
        self.step = nth(steps, whole(0, len(steps) - 1))

    def inputs(self) -> Sequence[Expr]:
        return (self.count, self.start, self.step)

    def one(self, scope: Scope) -> str:
        among = scope.code.constant(self.among)
        start, step, count = scope.of(self.start), scope.of(self.step), scope.of(self.count)
        place = f"({start} + i * {step}) % {len(self.among)}"
        return f"[{among}[{place}] for i in range({count})]"

    def pieces(self, frame: Frame) -> Pieces:
        entries = [f'{{"S":"{escape(text)}"}}' for text in self.among]
        drawn = [frame.numbers(each) for each in (self.start, self.step, self.count)]
        return [["[" + ",".join(texts) + "]" for texts in _steps_through(entries, *drawn)]]

    def lists(self, start: Numbers, step: Numbers, count: Numbers) -> list[list[str]]:
        """The lists that some draws make."""
        return list(_steps_through(self.among, start, step, count))


class Case(Expr):
    """One of several values, by a number from 0."""

    chooses = True

    def __init__(self, which: Expr, options: Sequence[Expr]) -> None:
        kinds = {option.kind for option in options}
        self.which, self.options = which, tuple(options)
        if len(kinds) == 2 and "null" in kinds:
            self.kind: Kind = "nullable"
            return
        if len(kinds) != 1 or len({option.places for option in options}) != 1:
            raise BadContent(f"the options of a case are of one kind, not {sorted(kinds)}")
        self.kind = kinds.pop()
        self.places = options[0].places

    def inputs(self) -> Sequence[Expr]:
        return (self.which, *self.options)

    def one(self, scope: Scope) -> str:
        code, which = scope.code, scope.of(self.which)
        last = len(self.options) - 1
        if last == 1 and all(isinstance(option, Constant) for option in self.options):
            otherwise, then = map(scope.of, self.options)
            return f"({then} if {which} else {otherwise})"
        made = code.name()
        for number, option in enumerate(self.options):
            test = f"{'el' if number else ''}if {which} == {number}:"
            with scope.where(self.which, number, "else:" if number == last and last else test):
                code.line(f"{made} = {scope.of(option)}")
        return made

    def numbers(self, frame: Frame) -> Numbers:
        which = frame.numbers(self.which)
        if len(self.options) == 2 and all(self._for_all):
            otherwise, then = map(frame.operand, self.options)
            found: Numbers = np.where(which, then, otherwise)
            return found
        made = np.zeros(frame.size, dtype=bool if self.kind == "flag" else np.int64)
        for number, option in enumerate(self.options):
            chosen = which == number
            if self._for_all[number]:
                np.copyto(made, frame.operand(option), where=chosen)
            elif (rows := np.flatnonzero(chosen)).size:
                made[rows] = frame.narrow(rows).numbers(option)
        return made

    @cached_property
    def _for_all(self) -> tuple[bool, ...]:
        """Which options are quicker computed for all items than for some."""
        return tuple(option.plain() or isinstance(option, Own) for option in self.options)

    @cached_property
    def _giver(self) -> Entity | None:
        """The one entity that all options are attributes of."""
        entities = {each.entity if isinstance(each, Own) else None for each in self.options}
        return entities.pop() if len(entities) == 1 and self.kind == "text" else None

    def plain(self) -> bool:
        return self.which.plain() and all(option.plain() for option in self.options)

    def pieces(self, frame: Frame) -> Pieces:
        if self.kind in ("whole", "flag", "decimal"):
            return super().pieces(frame)
        which = frame.numbers(self.which)
        if self._giver is not None and self._giver is not frame.entity:
            ancestors, own = frame.up(self._giver)
            texts = [ancestors.text(each.target) for each in self.options if isinstance(each, Own)]
            words = Words(list(chain.from_iterable(texts)))
            return [Picked(words, own + which * ancestors.size)]
        made = np.empty(frame.size, dtype=object)
        for number, option in enumerate(self.options):
            rows = np.flatnonzero(which == number)
            if isinstance(option, Constant) and option.kind == "text" == self.kind:
                made[rows] = option.value if frame.raw else escape(str(option.value))
            elif rows.size and isinstance(option, Own) and self.kind != "nullable":
                made[rows] = texts_column(spread(frame.pieces(option), rows), rows.size)
            elif rows.size:
                part = frame.narrow(rows)
                pieces = wire(option, part) if self.kind == "nullable" else part.pieces(option)
                made[rows] = texts_column(pieces, part.size)
        return [made.tolist()]


def when(condition: Expr, value: Value) -> Expr:
    """The attribute is there only where the condition holds."""
    return When(condition, lift(value))


def either(condition: Expr, then: Value, otherwise: Value) -> Expr:
    """One value where the condition holds, another where it does not."""
    if condition.kind != "flag":
        raise BadContent(f"either() asks a flag, not a {condition.kind}")
    return _one_of(condition, [lift(otherwise), lift(then)])


def case(which: Expr, *options: Value) -> Expr:
    """The option whose place, from 0, is `which`; None for a NULL."""
    return _one_of(which, [lift(option) for option in options])


def _one_of(which: Expr, options: Sequence[Expr]) -> Expr:
    """Texts that are known beforehand are looked up; anything else is computed where it is due."""
    if all(isinstance(option, Constant) and option.kind == "text" for option in options):
        return Lookup([option.value for option in options if isinstance(option, Constant)], which)
    return Case(which, options)


def several(among: Sequence[str], low: int, high: int) -> Expr:
    """Between low and high different texts of a list, in a list."""
    if not 0 <= low <= high <= len(among):
        raise BadContent(f"cannot take {low} to {high} different texts of {len(among)}")
    return Several(among, whole(low, high))


def wire(value: Expr, frame: Frame) -> Pieces:
    """A value in DynamoDB's JSON, with its type."""
    pieces = frame.pieces(value)
    match value.kind:
        case "text":
            return ['{"S":"', *pieces, '"}']
        case "whole" | "decimal":
            return ['{"N":"', *pieces, '"}']
        case "flag":
            return ['{"BOOL":', *pieces, "}"]
        case "null":
            return ['{"NULL":', *pieces, "}"]
        case "map":
            return ['{"M":', *pieces, "}"]
        case "list":
            return ['{"L":', *pieces, "}"]
        case "nullable":
            return pieces


def _steps_through(
    among: Sequence[str], start: Numbers, step: Numbers, count: Numbers
) -> Iterator[list[str]]:
    size = len(among)
    for first, by, times in zip(start.tolist(), step.tolist(), count.tolist(), strict=True):
        yield [among[(first + i * by) % size] for i in range(times)]


def _written(frame: Frame, attributes: Sequence[tuple[str, Expr]]) -> Pieces:
    """Attributes, each after its lead."""
    return [piece for lead, value in attributes for piece in (lead, *wire(value, frame))]


def _runs(frame: Frame, attributes: Sequence[tuple[str, Expr]]) -> Iterator[list[tuple[str, Expr]]]:
    """Attributes in a row that items have of their ancestors; each other one by itself."""
    for inherited, each in groupby(attributes, lambda named: named[1].inherited_by(frame.entity)):
        run = list(each)
        yield from [run] if inherited else ([one] for one in run)


def _inherited(frame: Frame, run: Sequence[tuple[str, Expr]]) -> Pieces:
    """What items have of their ancestors, put together once for each of the nearest of those."""
    owners = {value.entity for _, value in run if isinstance(value, Own)}
    nearest = next(each for each in frame.entity.ancestors if each in owners)
    ancestors, own = frame.up(nearest)
    if ancestors.size * OFTEN > frame.size:
        return _written(frame, run)
    return [Picked(Words(joined(_written(ancestors, run), ancestors.size)), own)]


def _values_in(value: Expr) -> Iterator[Expr]:
    """The values in maps within maps."""
    if isinstance(value, Map):
        for each in value.attributes.values():
            yield from _values_in(each)
    elif isinstance(value, When):
        yield from _values_in(value.value)
    else:
        yield value


def condition_of(attribute: tuple[str, Expr]) -> Expr | None:
    """What an attribute is there under; nothing, where it always is."""
    value = attribute[1]
    return value.condition if isinstance(value, When) else None


def _sometimes(frame: Frame, condition: Expr, whens: Sequence[tuple[str, When]]) -> Pieces:
    """Attributes that are there under one condition, each after its lead."""
    if isinstance(condition, Own) and condition.entity is not frame.entity:
        home, kept = condition.entity, [(lead, when.value) for lead, when in whens]
        owned = [(lead, value) for lead, value in kept if isinstance(value, Own)]
        if len(owned) == len(kept) and all(value.entity is home for _, value in owned):
            ancestors, own = frame.up(home)
            above = [(lead, When(condition.target, value.target)) for lead, value in owned]
            return spread(_sometimes(ancestors, condition.target, above), own)
    rows = np.flatnonzero(frame.numbers(condition))
    if not rows.size:
        return []
    part = frame.narrow(rows)
    there = [piece for lead, when in whens for piece in (lead, *wire(when.value, part))]
    if rows.size == frame.size:
        return there
    return [placed(joined(there, part.size), rows, frame.size).tolist()]
