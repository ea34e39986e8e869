"""The function that makes a single item works nothing out twice, and nothing that is not due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from loadstone import Entity, chance, either, fill, number, text, when, whole
from loadstone.fields.expr import Expr, Value
from loadstone.fields.scope import Scope
from loadstone.wire import encode
from tests.systems import dataset_of, things

COUNT = 200


class Told(Expr):
    """A whole number that keeps of which items it was worked out."""

    kind = "whole"

    def __init__(self) -> None:
        self.of = whole(0, 9)
        self.times = self.last = 0

    def one(self, scope: Scope) -> str:
        return f"{scope.code.constant(self._tell)}({scope.of(self.of)})"

    def inputs(self) -> Sequence[Expr]:
        return (self.of,)

    def _tell(self, value: int) -> int:
        self.times, self.last = self.times + 1, value
        return value


def made_of(item: Mapping[str, Value], told: Told) -> list[tuple[dict[str, Any], int]]:
    """Items, and how often each of them took to work something out."""
    thing = Entity(
        "Thing",
        table=things,
        item={"id": text("{n}", n=number), **item},
    )
    dataset = dataset_of(thing, scale=COUNT)
    make = dataset.compile(thing, thing.shown())
    found = []
    for each in range(COUNT):
        told.times = 0
        found.append((make(each), told.times))
    return found


def test_what_two_branches_of_one_condition_share_is_worked_out_once() -> None:
    """A text under a condition, and something of it under the same one, take one making."""
    told, asks = Told(), chance(0.5)
    item = {
        "said": either(asks, text("{t} and more", t=told), "nothing"),
        "size": either(asks, told + 1, 0),
        "again": when(asks & chance(0.7), told),
        "other": when(~asks, "no"),
    }
    for made, times in made_of(item, told):
        assert times == (made["said"] != "nothing")
        assert made["size"] == (int(made["said"][0]) + 1 if times else 0)
        assert made.get("again", 0) in (0, made["size"] - 1)
        assert ("other" in made) != times


def test_what_a_condition_excludes_is_worked_out_where_it_is_due() -> None:
    """Not known where the condition is the opposite, nor where only one of two holds."""
    told, first, second = Told(), chance(0.5), chance(0.5)
    item = {
        "first": first,
        "second": second,
        "a": when(first, told),
        "b": when(~first, told),
        "c": when(first | second, told),
    }
    for made, times in made_of(item, told):
        assert {"a", "b"} & set(made) == {"a" if made["first"] else "b"}
        assert ("c" in made) == (made["first"] or made["second"])
        assert 1 <= times <= 2
        assert made.get("c", made.get("a", made.get("b"))) == made.get("a", made.get("b"))


def test_what_is_needed_after_a_branch_is_worked_out_before_it() -> None:
    """Each branch needs it and so does what comes after: it is made before them."""
    told, which = Told(), whole(0, 2)
    item = {
        "sparse": when(chance(0.5), {"one": 1, "deep": when(chance(0.5), told)}),
        "picked": either(chance(0.5), text("<{t}>", t=told), "none"),
        "always": either(which.equals(0), told, told + which) + told,
    }
    for made, times in made_of(item, told):
        assert times == 1
        assert made["picked"] in (
            "none",
            f"<{made['always'] // 2}>",
            *(f"<{n}>" for n in range(10)),
        )


def test_what_only_a_branch_needs_is_not_worked_out_without_it() -> None:
    """Nothing is made for an item that does not show it."""
    told, shown = Told(), chance(0.3)
    item = {"is": shown, "sparse": when(shown, told), "more": when(shown, told + 1)}
    for made, times in made_of(item, told):
        assert times == made["is"]


def test_a_slot_that_few_templates_have_finds_made_what_most_have() -> None:
    """Of a template's slots, those made of each other are made once."""
    told = Told()
    templates = ("{a}", "{a} {b}", "{a} {c}", "{a} {b} {c}", "{b} {a}", "{a}!", "{a}?")
    item = {"said": fill(templates, b=told + 1, c=told + 2, a=told)}
    for made, times in made_of(item, told):
        assert times == 1
        assert made["said"]


def test_what_comes_before_branches_takes_nothing_from_them() -> None:
    """A label that is needed after its condition's branches is made before them, and so is what
    one of them has made meanwhile."""
    paid = chance(0.5)
    note = text("{n} days late", n=whole(1, 9))
    label = either(paid, "paid", note)
    thanks, reminder = text("{l}, thank you", l=label), text("Reminder: {s}", s=note)
    bill = Entity(
        "Bill",
        table=things,
        item={
            "id": text("{n}", n=number),
            "subject": either(paid, thanks, reminder),
            "label": label,
        },
    )
    dataset = dataset_of(bill, scale=COUNT)
    rows = list(dataset.rows(bill, 0, COUNT))
    assert [orjson.dumps(encode(dataset.item(bill, n))) for n in range(COUNT)] == rows
