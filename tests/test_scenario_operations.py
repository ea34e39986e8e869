"""Every operation played against the engine: what it asks, what it does, what comes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from time import time
from typing import Any

import orjson
import pytest

from loadstone import Pattern, PutItem, Written
from loadstone.fields.times import iso_seconds
from loadstone.wire import decode, encode
from tests import shop
from tests.loaded import Loaded, heard, problems

READS = [each.id for each in shop.PATTERNS.values() if not each.writes and not each.needs]


@pytest.mark.parametrize("pattern", READS)
def test_reads_are_answered_rightly(shops: Loaded, pattern: str) -> None:
    """Each way of reading finds rows, and the engine's answers pass every check."""
    calls = shops.played(shop.PATTERNS[pattern], 15)
    assert problems(calls) == {None}
    assert sum(call.rows for call in calls)
    assert all(call.answer.units for call in calls)


def expressions_in(request: Any) -> Iterator[str]:
    """The expressions of a request, those of its parts included."""
    for name, value in request.items():
        if name.endswith("Expression"):
            yield value
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and name != "ExpressionAttributeValues":
                yield from expressions_in(part)


def test_names_and_values_stand_behind_placeholders(written: Loaded) -> None:
    """No expression names an attribute or holds a value: names may be reserved, or not ASCII."""
    words = {word for entity in (shop.customer, shop.order, shop.line) for word in entity.item}
    found = 0
    for pattern in shop.PATTERNS.values():
        for _, request in heard(written, pattern, 1)[1].sent if not pattern.needs else []:
            for expression in expressions_in(request):
                found += 1
                assert expression.isascii()
                assert not words & set(re.findall(r"[^\s,()=<>+.]+", expression))
    assert found > len(shop.PATTERNS) // 2


def test_pages_are_bounded(shops: Loaded) -> None:
    """A pattern follows LastEvaluatedKey as often as it says, and no further."""
    calls, client = heard(shops, shop.two_pages, 10)
    firsts = [request for _, request in client.sent if "ExclusiveStartKey" not in request]
    assert len(firsts) == 10
    assert len(calls) == 20
    assert all(call.rows == 1 for call in calls)


def test_segments_are_scanned_each(shops: Loaded) -> None:
    """A parallel scan asks for every segment, and finds every row once."""
    calls, client = heard(shops, shop.all_of_a_shop, 1)
    segments = Counter(request["Segment"] for _, request in client.sent)
    assert set(segments) == {0, 1, 2}
    assert {request["TotalSegments"] for _, request in client.sent} == {3}
    rows = [row["id"]["S"] for answer in client.answers for row in answer.json["Items"]]
    assert len(rows) == len(set(rows)) == sum(call.rows for call in calls)


def test_a_batch_reads_what_is_there(shops: Loaded) -> None:
    """A batch of reads asks for as many items as it says at most, and they are the drawn one's."""
    calls, client = heard(shops, shop.several_lines, 10)
    for call, (_, request) in zip(calls, client.sent, strict=True):
        (asked,) = request["RequestItems"].values()
        assert asked["ConsistentRead"] is True
        assert call.rows == len(asked["Keys"]) <= 4


def before_and_after(
    found: Loaded, pattern: Pattern, key: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The item that a write is about, before it and after it."""
    items = {item["id"]: item for item in found.items("customers")}
    calls, client = heard(found, pattern, 1)
    assert problems(calls) == {None}, client.answers
    ((_, request),) = client.sent
    about = decode(request[key])["id"]
    now_there = {item["id"]: item for item in found.items("customers")}
    assert [each for each in items if items[each] != now_there[each]] in ([], [about])
    return items[about], now_there[about]


def test_an_update_does_what_it_says(written: Loaded) -> None:
    """Numbers grow, lists get longer, what is there stays, attributes go; and nothing else."""
    old, new = before_and_after(written, shop.change_customer, "Key")
    assert new["größe"] == old["größe"] + 1
    assert old["orders"] < new["orders"] <= old["orders"] + 3
    assert new["tags"] == [*old["tags"], "seen"]
    assert new["copy"] == old["joined"]
    assert new["settings"]["colour"] in {"green", "grey"}
    assert "news" not in new["settings"]
    assert new["since"] > "2026"
    changed = {"größe", "orders", "tags", "copy", "settings", "since"}
    assert {name: new[name] for name in set(new) - changed} == {
        name: old[name] for name in set(old) - changed
    }


def test_an_item_is_written_over(written: Loaded) -> None:
    """A put of the drawn entity itself writes that item again, with the pattern's own values."""
    old, new = before_and_after(written, shop.write_over, "Item")
    settings = {**old["settings"], "colour": "white"}
    assert new == {**old, "orders": old["orders"] + 1, "settings": settings}


def test_an_update_makes_no_item(written: Loaded) -> None:
    """What is not there is not made by an update; that it is missing is a failure."""
    (call,) = written.played(shop.change_customer, 1)
    for item in written.items("customers"):
        request = {"TableName": written.tables["customers"], "Key": encode({"id": item["id"]})}
        written.client.send("DeleteItem", orjson.dumps(request))
    (call,) = written.played(shop.change_customer, 1)
    assert (call.outcome, call.problem) == ("failed", "ConditionalCheckFailedException")
    assert written.items("customers") == []


def test_draws_of_a_pattern_are_made_anew(written: Loaded) -> None:
    """What a pattern chooses itself is chosen for each call, not for each item."""
    calls, client = heard(written, shop.change_customer, 60)
    assert problems(calls) == {None}
    colours: dict[str, set[str]] = {}
    for _, request in client.sent:
        values = request["ExpressionAttributeValues"].values()
        colour = {value["S"] for value in values if value.get("S") in ("green", "grey")}
        colours.setdefault(request["Key"]["id"]["S"], set()).update(colour)
    assert {"green", "grey"} in colours.values()


def test_a_new_item_is_of_now_and_holds_nothing(written: Loaded) -> None:
    """A new item under one that is there is created now, and what it would count is not there."""
    since = time() * 1000
    lines_before = len(written.items("lines"))
    calls, client = heard(written, replace_values(shop.open_order, {}), 10)
    assert problems(calls) == {None}
    items = [decode(request["Item"]) for _, request in client.sent]
    assert len({item["id"] for item in items}) == 10
    assert {item["lines"] for item in items} == {0}
    assert all(item["at"] >= iso_seconds(int(since)) for item in items)
    assert len(written.items("lines")) == lines_before


def replace_values(pattern: Pattern, values: dict[str, Any]) -> Pattern:
    assert isinstance(pattern.operation, PutItem)
    return replace(pattern, operation=replace(pattern.operation, values=values))


def test_failed_conditions_that_are_declared_are_outcomes(written: Loaded) -> None:
    """A condition that may fail is counted under its name; one that may not is a failure."""
    assert {call.outcome for call in written.played(shop.ship, 5)} == {"over the limit"}
    assert {call.outcome for call in written.played(shop.order_never, 5)} == {"known already"}
    for call in written.played(shop.refused, 5):
        assert (call.outcome, call.problem) == ("failed", "ConditionalCheckFailedException")
        assert call.rows == 0


def test_a_cancelled_transaction_says_why(written: Loaded) -> None:
    """What cancelled a transaction is in the call's problem, beside the code."""
    strict = replace(shop.order_never, id="strict", expects=Written())
    (call,) = written.played(strict, 1)
    assert call.problem == "TransactionCanceledException: ConditionalCheckFailed"


def test_a_transaction_does_all(written: Loaded) -> None:
    """The parts of a transaction are done together, at twice the units of the table."""
    orders_before = len(written.items("orders"))
    (call,) = written.played(shop.order_at_once, 1)
    assert call.rows == 3
    assert len(written.items("orders")) == orders_before + 1
    units = {(unit.table, unit.index): unit.write for unit in call.answer.units}
    assert units[written.tables["orders"], None] == 4  # the new order, and the one that is checked
    assert units[written.tables["customers"], None] == 2


def test_a_transaction_has_a_token(written: Loaded) -> None:
    """Each transaction that writes has a token of its own, so that it is never done twice."""
    _, client = heard(written, shop.order_at_once, 5)
    tokens = {request["ClientRequestToken"] for _, request in client.sent}
    assert len(tokens) == 5
    assert all(1 <= len(token) <= 36 for token in tokens)
