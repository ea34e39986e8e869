"""Rows that a pattern does not name beforehand, against what was loaded and what was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter_ns
from typing import Any

import orjson
import pytest

from loadstone import (
    Pattern,
    Touched,
    among,
    attribute,
    begins_with,
    below,
    contains,
    differs,
)
from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.fields.expr import Constant
from loadstone.pattern import Conditions
from loadstone.scenario.expressions import Expressions
from loadstone.scenario.known import Known
from loadstone.wire import encode
from tests import shop
from tests.loaded import Loaded, problems
from tests.systems import AS_OF


class Between:
    """A client whose requests or whose good answers are changed on their way."""

    def __init__(
        self,
        found: Loaded,
        *,
        asked: Callable[[dict[str, Any]], object] = lambda _: None,
        came: Callable[[dict[str, Any]], object] = lambda _: None,
    ) -> None:
        self._client, self._asked, self._came = found.client, asked, came

    def send(self, operation: str, body: bytes, /) -> Answer:
        request = orjson.loads(body)
        self._asked(request)
        answer = self._client.send(operation, orjson.dumps(request))
        decoded = answer.json
        self._came(decoded)
        return Answer(operation, answer.attempts, answer.units, orjson.dumps(decoded))


def whole_partition(request: dict[str, Any]) -> None:
    """Ask for the partition alone: the condition on the sort key and the filter are forgotten."""
    condition = request["KeyConditionExpression"].partition(" AND ")[0]
    request["KeyConditionExpression"] = condition
    request.pop("FilterExpression", None)
    for field, mark in (("ExpressionAttributeValues", ":"), ("ExpressionAttributeNames", "#")):
        used = re.findall(rf"{mark}\w+", condition)
        kept = {name: each for name, each in request.get(field, {}).items() if name in used}
        request[field] = kept
        if not kept:
            del request[field]


def dearer(answer: dict[str, Any]) -> None:
    for row in answer["Items"]:
        row["total"] = {"N": "9999"}


def without_first(answer: dict[str, Any]) -> None:
    answer["Items"] = answer["Items"][1:]
    answer["Count"] = len(answer["Items"])


def played(shops: Loaded, pattern: Pattern, client: Between, times: int = 40) -> set[str | None]:
    player = shops.player(client, skew=0.0)
    return problems(
        [call for _ in range(times) for call in player.play(pattern, perf_counter_ns())]
    )


@pytest.mark.parametrize(
    "pattern", [shop.paid_orders, shop.orders_since], ids=lambda pattern: pattern.id
)
def test_rows_that_were_not_asked_for_are_found_out(shops: Loaded, pattern: Pattern) -> None:
    """A database that forgets the condition on a sort key, or a filter, is found out."""
    said = "a row that the request's conditions leave out"
    assert said in played(shops, pattern, Between(shops, asked=whole_partition))
    assert said not in played(shops, pattern, Between(shops))


@pytest.mark.parametrize(
    "pattern", [shop.due_orders, shop.orders_since], ids=lambda pattern: pattern.id
)
def test_rows_of_whomever_are_what_was_loaded(shops: Loaded, pattern: Pattern) -> None:
    """Where a pattern does not say whose rows it finds, each is compared with its own item."""
    assert "not what was loaded: total" in played(shops, pattern, Between(shops, came=dearer))
    assert "not what was loaded: total" not in played(shops, pattern, Between(shops))


def test_what_is_said_to_be_missing_is(written: Loaded) -> None:
    """Of rows that were loaded and did not come fewer are told than were loaded, although new ones
    came with them."""
    written.played(shop.open_order, 60, skew=0.0)
    found = played(written, shop.orders_of, Between(written, came=without_first), times=200)
    told = [re.findall(r"fewer rows than there are: (\d+) of (\d+)", str(each)) for each in found]
    counts = [(int(came), int(of)) for each in told for came, of in each]
    assert counts
    assert all(came < of for came, of in counts), counts


def test_new_rows_do_not_hide_a_page_that_is_short(written: Loaded) -> None:
    """Where a run may write, what is limited still has as many rows as were loaded, if not more."""
    system = replace(written.dataset.system, touched=Touched(shop.customer, share=1.0))
    dataset = Dataset(system, scale=written.dataset.scale, as_of=AS_OF)
    everywhere = replace(written, dataset=dataset)
    everywhere.played(shop.open_order, 30, skew=0.0)
    found = played(everywhere, shop.newest_orders, Between(written, came=without_first))
    assert "fewer rows than there are: 1 of 2" in found
    assert played(everywhere, shop.newest_orders, Between(written)) == {None}


def test_items_are_known_by_their_keys(shops: Loaded) -> None:
    """Each item of a table is found by its key, and a key that none has finds nothing."""
    for table in (shop.customers, shop.orders, shop.lines):
        known = Known(shops.dataset, table)
        entities = [each for each in shops.dataset.system.stored if each.table is table]
        for entity in entities:
            for number in range(shops.dataset.count(entity)):
                item = shops.dataset.item(entity, number)
                row = {name: item[name] for name in table.key}
                assert known.find(row) == (entity, number, item)
        assert known.find(dict.fromkeys(table.key, "nobody's")) is None


def test_of_too_many_items_none_is_known(shops: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the keys of a table has a limit, beyond which rows are taken as they come."""
    monkeypatch.setattr(Known, "LIMIT", shops.dataset.count(shop.line) - 1)
    known = Known(shops.dataset, shop.lines)
    item = shops.dataset.item(shop.line, 0)
    assert known.find(item) is None


STORED = {"text": "x", "three": 3, "null": None, "list": [3, None]}
ASKED: list[Conditions] = [
    {"text": differs("x")},
    {"text": differs(attribute("gone"))},
    {"text": among(attribute("gone"), "x")},
    {"three": differs("x")},
    {"three": begins_with("x")},
    {"three": below(attribute("text"))},
    {"null": None},
    {"null": differs(None)},
    {"null": differs("x")},
    {"null": among("x", None)},
    {"null": begins_with("x")},
    {"null": below("x")},
    {"list": contains(None)},
    {"gone": None},
    {"gone": differs(None)},
    {"gone": differs("x")},
    {"gone": differs(attribute("lost"))},
    {"gone": attribute("lost")},
    {"gone": among("x", None)},
    {"gone": below(attribute("three"))},
    {"text.in": differs("x")},
]


@pytest.mark.parametrize("conditions", ASKED)
def test_conditions_hold_as_they_do_there(written: Loaded, conditions: Conditions) -> None:
    """What is not there differs from everything and is equal to nothing; a null is a value."""
    item = {"customer": "nulls", "id": "1", **STORED}
    table = written.tables["orders"]
    written.client.send("PutItem", orjson.dumps({"TableName": table, "Item": encode(item)}))
    expressions = Expressions()
    asked = expressions.all_of({"customer": "nulls"}), expressions.all_of(conditions)
    constants = expressions.values.items()
    values = {name: each.value for name, each in constants if isinstance(each, Constant)}
    request = {
        "TableName": table,
        "KeyConditionExpression": asked[0],
        "FilterExpression": asked[1],
        "ExpressionAttributeNames": expressions.names,
        "ExpressionAttributeValues": encode(values),
    }
    answer = written.client.send("Query", orjson.dumps(request)).json
    assert all(test.holds(item, values) for test in expressions.tests) == bool(answer["Count"])
