"""Steps that need what an earlier one was answered, and patterns that only a journey names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns

import pytest

from loadstone import (
    GetItem,
    Journey,
    Mix,
    Pattern,
    PutItem,
    UpdateItem,
    Written,
    answered,
    increased,
)
from loadstone.client.answer import Answer, Attempt
from loadstone.client.target import Target
from loadstone.errors import BadContent
from loadstone.system import load_system
from tests import shop
from tests.loaded import Heard, Loaded, loaded

count_up = Pattern(
    "count-up",
    UpdateItem(shop.customer, set={"orders": increased()}, returns="UPDATED_NEW"),
    of=shop.customer,
    expects=Written(),
    source=shop.SOURCE,
)
numbered = Pattern(
    "numbered",
    PutItem(shop.order, values={"total": answered(count_up, "orders") * 10, "lines": 0}),
    of=shop.customer,
    expects=Written(),
    source=shop.SOURCE,
)
numbering = Journey(
    "numbering",
    of=shop.customer,
    steps=(count_up, numbered, count_up, numbered),
    source=shop.SOURCE,
)


@pytest.fixture
def shops(target: Target) -> Iterator[Loaded]:
    with loaded(shop.shop_dataset(300), target) as found:
        yield found


def test_a_counter_numbers_what_is_put_next(shops: Loaded) -> None:
    """What an update returns is what the next put is made of, anew at each pass."""
    client = Heard(shops.client)
    player = shops.player(client)
    calls = list(player.travel(numbering, perf_counter_ns(), lambda _: perf_counter_ns()))
    assert [call.problem for call in calls] == [None] * 4
    counts = [
        int(answer.json["Attributes"]["orders"]["N"])
        for answer in client.answers
        if answer.operation == "UpdateItem"
    ]
    totals = [int(said["Item"]["total"]["N"]) for name, said in client.sent if name == "PutItem"]
    assert counts[1] == counts[0] + 1
    assert totals == [count * 10 for count in counts]


def test_what_was_not_answered_is_not_built_upon(shops: Loaded) -> None:
    """Where the counter fails, the put that it would number is not sent."""

    class Refusing:
        def send(self, operation: str, body: bytes, /) -> Answer:
            return Answer(operation, (Attempt(0, 1, 400, "ThrottlingException"),), ())

    player = shops.player(Refusing())
    calls = list(player.travel(numbering, perf_counter_ns(), lambda _: perf_counter_ns()))
    assert {call.pattern for call in calls} == {"count-up"}


def test_an_answer_without_the_attribute_is_a_mistake(shops: Loaded) -> None:
    """A step that relies on what another does not return says so, and which."""

    class Silent:
        def send(self, operation: str, body: bytes, /) -> Answer:
            answer = shops.client.send(operation, body)
            answer.body = b'{"Attributes":{"tags":{"L":[]}}}'
            return answer

    player = shops.player(Silent())
    with pytest.raises(BadContent, match="count-up was answered no 'orders': see what it returns"):
        list(player.travel(numbering, perf_counter_ns(), lambda _: perf_counter_ns()))


def test_it_is_played_in_such_a_journey_alone() -> None:
    """Neither a mix nor a journey may play it without the step that it refers to."""
    assert numbered.needs == {count_up}
    with pytest.raises(BadContent, match="wrote or was answered"):
        Mix("alone", {numbered: 1})
    with pytest.raises(BadContent, match="numbered comes after count-up"):
        Journey("late", of=shop.customer, steps=(numbered, count_up), source=shop.SOURCE)


def test_what_is_referred_to_must_be_there() -> None:
    """An attribute that the item lacks, or a pattern that is answered many, is refused."""
    with pytest.raises(BadContent, match="count-up is answered no 'colour'"):
        answered(count_up, "colour")
    with pytest.raises(BadContent, match="orders-of has no one item for an answer"):
        answered(shop.orders_of, "total")
    assert isinstance(shop.one_customer.operation, GetItem)
    assert answered(shop.one_customer, "settings.colour").kind == "text"


FIXTURE = """
from loadstone import Entity, Table, number, text

DOCUMENT = "A test"
things = Table("things", partition_key="id")
thing = Entity("Thing", table=things, item={"id": text("thing_{n}", n=number)})
"""
HELPER = """
from fixtures.own import thing
from loadstone import Exactly, GetItem, Journey, Pattern

here = Pattern("here", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
there = Pattern("there", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
unused = Pattern("unused", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
tour = Journey("tour", of=thing, steps=(here,), source="A test: x")
"""
SCENARIO = """
from loadstone import Mix
from scenarios._own import there, tour

balanced = Mix("balanced", {tour: 1, there: 1})
"""


def test_what_is_played_is_declared(tmp_path: Path) -> None:
    """A pattern that a mix or a journey plays belongs to the system, wherever it is written."""
    for name, content in (
        ("fixtures/own.py", FIXTURE),
        ("scenarios/_own.py", HELPER),
        ("scenarios/own.py", SCENARIO),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    system = load_system("own", tmp_path)
    assert set(system.patterns) == {"here", "there"}
    assert set(system.journeys) == {"tour"}
    assert {pattern.id for pattern in system.mix("here:3,tour").patterns} == {"here"}
