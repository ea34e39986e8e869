"""Whatever an item is made of, and whatever its parts share: it is the same alone and in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone import (
    Entity,
    PerParent,
    case,
    chance,
    either,
    fill,
    least,
    number,
    pick,
    text,
    when,
    whole,
    word_count,
)
from loadstone.wire import encode
from tests.systems import dataset_of, things

DEPTH, ATTRIBUTES = 3, 7
#: A slot may be called anything, a number as well.
TEMPLATES = ("{a} {0}", "{a}", "{0} of them", "so {c}", "{a}, {c}", "none", "{0}")


class Drawn:
    """Expressions drawn at random, that share parts with those drawn before."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._drawn: Mapping[str, list[Any]] = {"whole": [], "flag": [], "text": []}
        self._making: Mapping[str, Callable[[int], Any]] = {
            "whole": self._whole,
            "flag": self._flag,
            "text": self._text,
        }

    def attribute(self) -> Any:
        """An expression, or a map or list that has some, or one that is there sometimes."""
        value = self._any(DEPTH)
        return self._one_of(
            lambda: value,
            lambda: when(self.of("flag", DEPTH), value),
            lambda: {"one": value, "more": when(self.of("flag", DEPTH), self._any(DEPTH))},
            lambda: [
                value,
                {"one": value, "more": when(self.of("flag", DEPTH), self._any(DEPTH))},
            ],
            lambda: either(self.of("flag", DEPTH), {"a": value}, {"b": self._any(DEPTH)}),
        )

    def keep(self, kind: str, expr: Any) -> None:
        """Have an expression be a part of others."""
        self._drawn[kind].append(expr)

    def _any(self, depth: int) -> Any:
        return self.of(self._random.choice(list(self._making)), depth)

    def of(self, kind: str, depth: int) -> Any:
        """An expression of a kind, so many steps deep at most."""
        drawn = self._drawn[kind]
        if drawn and (depth == 0 or self._random.random() < 0.45):
            return self._random.choice(drawn)
        drawn.append(expr := self._making[kind](depth - 1))
        return expr

    def _one_of(self, *ways: Callable[[], Any]) -> Any:
        return self._random.choice(ways)()

    def _whole(self, depth: int) -> Any:
        first = whole(0, self._random.randint(1, 4))
        if depth < 0:
            return first
        return self._one_of(
            lambda: first,
            lambda: self.of("whole", depth) + self.of("whole", depth),
            lambda: either(
                self.of("flag", depth), self.of("whole", depth), self.of("whole", depth)
            ),
            lambda: case(self.of("whole", depth) % 2, self.of("whole", depth), first),
            lambda: least(self.of("whole", depth), 3),
            lambda: word_count(self.of("text", depth)),
        )

    def _flag(self, depth: int) -> Any:
        first = chance(self._random.choice((0.2, 0.5, 0.8)))
        if depth < 0:
            return first
        return self._one_of(
            lambda: first,
            lambda: self.of("flag", depth) & self.of("flag", depth),
            lambda: self.of("flag", depth) | first,
            lambda: ~self.of("flag", depth),
            lambda: self.of("whole", depth).equals(1),
        )

    def _text(self, depth: int) -> Any:
        first = pick(("a word", "another", "and a third one"))
        if depth < 0:
            return first
        return self._one_of(
            lambda: first,
            lambda: text("{a}-{b}", a=self.of("whole", depth), b=self.of("text", depth)),
            lambda: either(self.of("flag", depth), self.of("text", depth), first),
            lambda: self._twice(self.of("text", depth), self.of("text", depth)),
            lambda: fill(
                TEMPLATES,
                a=self.of("text", depth),
                c=self.of("text", depth),
                **{"0": self.of("whole", depth)},
            ),
        )

    def _twice(self, one: Any, other: Any) -> Any:
        """A text that stands in another twice, with one between them."""
        return text("{a} {b}, {c}", a=one, b=other, c=one)


def written(random: Random) -> tuple[Entity, Entity]:
    """A parent with facts, and a child whose attributes are made of anything."""
    parents, children = Drawn(random), Drawn(random)
    facts = {f"fact{n}": parents.of("whole", DEPTH) for n in range(2)}
    parent = Entity("Parent", share=0.2, facts=facts)
    for name in facts:
        children.keep("whole", parent[name])
    item = {f"of{n}": children.attribute() for n in range(ATTRIBUTES)}
    child = Entity(
        "Child",
        table=things,
        parent=parent,
        per_parent=PerParent(4, spread=2),
        item={"id": text("{n}", n=number), **item},
    )
    return parent, child


@settings(deadline=None, max_examples=150)
@given(random=st.integers(0, 10**9).map(Random))
def test_an_item_by_itself_is_the_one_in_its_row(random: Random) -> None:
    """Singly in any order, one after the other, some together, and in columns: the same bytes."""
    parent, child = written(random)
    dataset = dataset_of(parent, child, scale=120)
    count = dataset.count(child)
    rows = list(dataset.rows(child, 0, count))
    numbers = random.sample(range(count), count)
    in_line = dataset.compile(child, child.shown())
    assert [orjson.dumps(encode(in_line(each))) for each in range(count)] == rows
    alone = {each: orjson.dumps(encode(dataset.item(child, each))) for each in numbers}
    assert [alone[each] for each in range(count)] == rows
    together = dataset.items_of(child, numbers)
    assert [orjson.dumps(encode(each)) for each in together] == [rows[each] for each in numbers]
