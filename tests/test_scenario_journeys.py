"""Journeys played against the engine: steps that know of each other."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter_ns

import pytest

from loadstone import Each, Journey, Pattern, PutItem, Think, Written
from loadstone.client.answer import Answer, Attempt
from loadstone.errors import BadContent
from loadstone.wire import decode
from tests import shop
from tests.loaded import Heard, Loaded, problems


def test_steps_know_of_each_other(written: Loaded) -> None:
    """Later steps name what earlier ones wrote and were answered; what was put is gone again."""
    orders_before = sorted(item["id"] for item in written.items("orders"))
    client = Heard(written.client)
    player = written.player(client)
    calls = list(player.travel(shop.shopping, perf_counter_ns(), lambda _: perf_counter_ns()))
    assert problems(calls) == {None}
    puts = {name: request["Item"] for name, request in client.sent if name == "PutItem"}
    by_operation = dict(client.sent)
    opened = next(request["Item"] for name, request in client.sent if name == "PutItem")
    assert puts["PutItem"]["order"] == opened["id"]
    for name in ("GetItem", "UpdateItem", "DeleteItem"):
        assert by_operation[name]["Key"]["id"] == opened["id"]
    total = {"N": str(int(opened["total"]["N"]) + 7)}
    assert total in by_operation["UpdateItem"]["ExpressionAttributeValues"].values()
    assert total in by_operation["DeleteItem"]["ExpressionAttributeValues"].values()
    assert sorted(item["id"] for item in written.items("orders")) == orders_before


def test_a_journey_ends_where_it_cannot_go_on(written: Loaded) -> None:
    """Where a put fails, the steps that would refer to its item are not played."""

    class Refusing:
        def send(self, operation: str, body: bytes, /) -> Answer:
            if operation != "PutItem":
                return written.client.send(operation, body)
            return Answer(operation, (Attempt(0, 1, 400, "ThrottlingException"),), ())

    player = written.player(Refusing())
    calls = list(player.travel(shop.shopping, perf_counter_ns(), lambda _: perf_counter_ns()))
    assert [call.pattern for call in calls if call.pattern != "orders-of"] == ["open-order"]
    assert calls[-1].problem == "ThrottlingException"


def test_a_journey_stays_with_what_it_met(shops: Loaded) -> None:
    """Steps about one entity are about one item: its owner, its order, its lines."""
    client = Heard(shops.client)
    player = shops.player(client)
    for _ in range(10):
        client.sent.clear()
        calls = list(player.travel(shop.browsing, perf_counter_ns(), lambda _: perf_counter_ns()))
        assert problems(calls) == {None}
        of_customer = client.sent[0][1]["Key"]["id"]
        asked = next(request for name, request in client.sent if name == "Query")
        assert asked["ExpressionAttributeValues"][":0"] == of_customer
        both = next(request for name, request in client.sent if name == "TransactGetItems")
        of_order, of_owner = (each["Get"]["Key"] for each in both["TransactItems"])
        assert of_owner == {"id": of_customer}
        assert of_order["customer"] == of_customer
        (keys,) = next(r for name, r in client.sent if name == "BatchGetItem")[
            "RequestItems"
        ].values()
        assert {key["order"]["S"] for key in keys["Keys"]} == {of_order["id"]["S"]}


def test_a_step_is_played_for_each(shops: Loaded) -> None:
    """A step for each is played once for every item that there is, in order, and is about it."""
    visit = Journey(
        "visit",
        of=shop.customer,
        steps=(shop.orders_of, Think(1, 1), Each(shop.how_many_lines), shop.one_customer),
        source=shop.SOURCE,
    )
    client, pauses = Heard(shops.client), list[float]()

    def pause(seconds: float) -> int:
        pauses.append(seconds)
        return perf_counter_ns()

    calls = list(shops.player(client).travel(visit, perf_counter_ns(), pause))
    assert problems(calls) == {None}
    asked = [request for name, request in client.sent if name == "Query"]
    carts = [each for each in asked if each.get("Select") == "COUNT"]
    about = client.sent[-1][1]["Key"]["id"]["S"]
    ids = [item["id"] for item in shops.items("orders") if item["customer"] == about]
    assert len(ids) > 1
    assert [each["ExpressionAttributeValues"][":0"]["S"] for each in carts] == sorted(ids)
    assert pauses == [1, *[0] * len(carts)]


def test_a_step_for_each_needs_something_below() -> None:
    """What a step is played for each of descends from what the journey is about."""
    with pytest.raises(BadContent, match="does not descend from a Cart"):
        Journey("j", of=shop.cart, steps=(Each(shop.one_customer),), source=shop.SOURCE)


arrive = Pattern(
    "arrive",
    PutItem(shop.customer, values={"orders": 0}),
    of=shop.shop,
    expects=Written(),
    source=shop.SOURCE,
)


first_order = Pattern(
    "first-order",
    PutItem(shop.order, values={"lines": 0}),
    of=shop.shop,
    expects=Written(),
    source=shop.SOURCE,
)


def test_what_is_put_below_a_new_item_is_its(written: Loaded) -> None:
    """What a step puts between an item and those of other steps is the parent of those, in any
    order; a second one is another."""
    for steps in ((arrive, first_order, arrive), (first_order, arrive, arrive)):
        journey = Journey("opening", of=shop.shop, steps=steps, source=shop.SOURCE)
        client = Heard(written.client)
        travelled = written.player(client).travel(journey, perf_counter_ns(), lambda _: 0)
        assert problems(list(travelled)) == {None}
        items = [decode(request["Item"]) for _, request in client.sent]
        one, other = (item for item in items if "joined" in item)
        (order,) = (item for item in items if "state" in item)
        assert order["customer"] == one["id"] != other["id"]


def test_a_journey_may_end_with_an_outcome(written: Loaded) -> None:
    """Where a step says that its declared outcome ends the journey, nothing is played after it."""
    for ends in (False, True):
        refused = replace(shop.ship, expects=Written(unless="over the limit", ends=ends))
        journey = Journey("j", of=shop.cart, steps=(refused, shop.one_customer), source=shop.SOURCE)
        calls = written.travelled(journey, 1)
        assert calls[0].outcome == "over the limit"
        assert len(calls) == (1 if ends else 2)
