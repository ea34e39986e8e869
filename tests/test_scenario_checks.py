"""Answers that are right while a run writes, and wrong ones that are found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter_ns
from typing import Any

import orjson
import pytest

from loadstone import Every, Pattern, Query, Touched
from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.errors import BadContent
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Touch
from loadstone.wire import encode
from tests import shop
from tests.loaded import Loaded, problems
from tests.systems import AS_OF


def test_checks_stay_exact_while_a_run_writes(written: Loaded) -> None:
    """Whatever a run has written, none of its own answers is taken for wrong."""
    patterns = [each for each in shop.PATTERNS.values() if not each.needs and each.id != "refused"]
    for _ in range(3):
        for pattern in patterns:
            assert problems(written.played(pattern, 10, skew=0.0)) == {None}, pattern.id
        assert problems(written.travelled(shop.shopping, 5)) == {None}


def test_what_nobody_may_write_must_not_change(written: Loaded) -> None:
    """An attribute that is not what was loaded is found out, unless the run may have set it."""
    for item in written.items("customers"):
        changed = {**item, "orders": 99, "settings": {"colour": "black"}}
        request = {"TableName": written.tables["customers"], "Item": encode(changed)}
        written.client.send("PutItem", orjson.dumps(request))
    seen = problems(written.played(shop.one_customer, 60, skew=0.0))
    assert seen == {None, "not what was loaded: orders, settings"}
    for item in written.items("customers"):
        request = {"TableName": written.tables["customers"], "Item": encode({**item, "shop": "x"})}
        written.client.send("PutItem", orjson.dumps(request))
    seen = problems(written.played(shop.one_customer, 60, skew=0.0))
    assert seen == {"not what was loaded: shop", "not what was loaded: orders, settings, shop"}


def test_what_moved_may_be_elsewhere(written: Loaded) -> None:
    """A key that the run itself moves empties a touched partition, and never one that is not."""
    for item in written.items("orders"):
        request = {
            "TableName": written.tables["orders"],
            "Item": encode({**item, "state": "sent#"}),
        }
        written.client.send("PutItem", orjson.dumps(request))
    calls = written.played(shop.paid_orders, 60, skew=0.0)
    assert problems(calls) == {None, "no row"}


class Spoiled:
    """A client whose good answers are changed on their way."""

    def __init__(self, found: Loaded, spoil: Callable[[dict[str, Any]], object]) -> None:
        self._client, self._spoil = found.client, spoil

    def send(self, operation: str, body: bytes, /) -> Answer:
        answer = self._client.send(operation, body)
        decoded = answer.json
        self._spoil(decoded)
        return Answer(operation, answer.attempts, answer.units, orjson.dumps(decoded))


def without_first(answer: dict[str, Any]) -> None:
    answer["Items"] = answer["Items"][1:]
    answer["Count"] -= 1


def foreign(answer: dict[str, Any]) -> None:
    for row in answer.get("Items", []):
        row["id"] = {"S": "somebody else's"}


def fewer_responses(answer: dict[str, Any]) -> None:
    answer["Responses"] = answer["Responses"][:1]


def other_responses(answer: dict[str, Any]) -> None:
    for response in answer["Responses"]:
        response["Item"]["shop"] = {"S": "nowhere"}


def fewer_rows(answer: dict[str, Any]) -> None:
    for rows in answer["Responses"].values():
        rows.pop()


def paler(answer: dict[str, Any]) -> None:
    answer["Item"]["settings"]["M"]["colour"] = {"S": "pale"}


def other_tea(answer: dict[str, Any]) -> None:
    for row in answer["Items"]:
        row["what"] = {"S": "coffee"}


@pytest.mark.parametrize(
    ("pattern", "spoil", "said"),
    [
        (shop.newest_orders, without_first, "fewer rows than there are"),
        (shop.paid_orders, without_first, "fewer rows than there are"),
        (shop.paid_orders, foreign, "a row that is not among those asked for"),
        (shop.by_mail, foreign, "a row that is not the one asked for"),
        (shop.by_mail, without_first, "no row"),
        (shop.some_of_lines, other_tea, "a row that is not among those asked for"),
        (shop.tea, other_tea, "not what was loaded: what"),
        (shop.owner_of_cart, paler, "not what was loaded"),
        (shop.order_and_owner, fewer_responses, "fewer rows than there are: 1 of 2"),
        (shop.order_and_owner, other_responses, "not what was loaded: shop"),
        (shop.several_lines, fewer_rows, "fewer rows than there are"),
    ],
    ids=lambda value: getattr(value, "id", getattr(value, "__name__", "")),
)
def test_wrong_answers_are_found_out(
    shops: Loaded, pattern: Pattern, spoil: Callable[[dict[str, Any]], object], said: str
) -> None:
    """Rows that are missing, another's, or not what was loaded are failures, however asked for."""
    player = shops.player(Spoiled(shops, spoil), skew=0.0)
    calls = [call for _ in range(40) for call in player.play(pattern, perf_counter_ns())]
    assert any(call.problem and call.problem.startswith(said) for call in calls), problems(calls)


def test_the_first_rows_are_the_first(shops: Loaded) -> None:
    """Where only some rows are asked for, others than the first of them are a failure."""
    asked = shop.newest_orders.operation
    assert isinstance(asked, Query)

    def oldest(answer: dict[str, Any]) -> None:
        answer["Items"].reverse()

    class Backwards:
        def send(self, operation: str, body: bytes, /) -> Answer:
            request = {**orjson.loads(body), "ScanIndexForward": True}
            answer = shops.client.send(operation, orjson.dumps(request))
            decoded = answer.json
            oldest(decoded)
            return Answer(operation, answer.attempts, answer.units, orjson.dumps(decoded))

    player = shops.player(Backwards(), skew=0.0)
    calls = [call for _ in range(40) for call in player.play(shop.newest_orders, perf_counter_ns())]
    assert "not the first rows of those there are" in problems(calls)


orders_of_the_shop = Pattern(
    "orders-of-the-shop",
    Query(
        shop.orders,
        index="state",
        key={"shop": shop.customer["shop"], "state": "paid#"},
        pages=None,
    ),
    of=shop.customer,
    expects=Every(shop.order, within=shop.shop),
    source=shop.SOURCE,
)


def test_rows_may_be_among_a_relatives(shops: Loaded) -> None:
    """Rows of a relative are right where the pattern says within whom they are; and all must be
    there, and none from elsewhere."""
    calls = shops.played(orders_of_the_shop, 20)
    assert problems(calls) == {None}
    assert max(call.rows for call in calls) > 1
    for spoil, said in (
        (without_first, "fewer rows than there are"),
        (foreign, "a row that is not among those asked for"),
    ):
        player = shops.player(Spoiled(shops, spoil), skew=0.0)
        found = [
            call for _ in range(40) for call in player.play(orders_of_the_shop, perf_counter_ns())
        ]
        assert any(call.problem and call.problem.startswith(said) for call in found)


def test_within_is_an_ancestor() -> None:
    """What the rows are within is above what was drawn, and the rows are below it."""
    for within in (shop.cart, shop.customer):
        with pytest.raises(BadContent, match=f"which {within.name} is not"):
            replace(orders_of_the_shop, expects=Every(shop.order, within=within))


def test_what_is_above_the_touched_is_touched_with_them(shops: Loaded) -> None:
    """An item is touched where the run may write to any of what descends from it."""
    system = replace(shops.dataset.system, touched=Touched(shop.customer, share=0.1))
    dataset = Dataset(system, scale=1200, as_of=AS_OF)
    touch = Touch(dataset, Settings(run="r"))
    found = set()
    for one in range(dataset.count(shop.shop)):
        below = dataset.children(shop.shop, one, shop.customer)
        expected = any(touch.touches(shop.customer, each) for each in below)
        assert touch.touches(shop.shop, one) is expected
        found.add(expected)
    assert found == {True, False}
