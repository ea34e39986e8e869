"""What an answer comes to, read without decoding it."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from loadstone.client.answer import Answer, Attempt
from loadstone.scenario.outcome import Seen, seen

ROWS = [
    {"id": {"S": "a"}, "Count": {"N": "7"}, "said": {"S": '"Count":9 "LastEvaluatedKey" "Item"'}},
    {"id": {"S": "b" * 200}},
]


def answer(operation: str, body: bytes) -> Answer:
    return Answer(operation, (Attempt(0, 1, 200, None),), (), body)


@pytest.mark.parametrize("spaces", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        {"Count": 2, "Items": ROWS, "ScannedCount": 3},
        {"Items": ROWS, "Count": 2, "ScannedCount": 3},
        {"Items": ROWS, "ScannedCount": 3, "LastEvaluatedKey": {"id": {"S": "b"}}, "Count": 2},
        {"Count": 0, "Items": []},
        {"Items": ROWS},
    ],
)
def test_rows_are_counted_wherever_the_count_stands(body: dict[str, Any], spaces: bool) -> None:
    """The count and the mark of more are the answer's own, in any order and with any spaces, and
    never what an item holds under the same name."""
    written = json.dumps(body).encode() if spaces else orjson.dumps(body)
    expected = Seen(body.get("Count", 0), "LastEvaluatedKey" in body)
    assert seen(answer("Query", written)) == expected


@pytest.mark.parametrize("body", [{"Item": ROWS[0]}, {"ConsumedCapacity": {}}, {}])
def test_an_item_is_there_or_not(body: dict[str, Any]) -> None:
    """GetItem brings one row where there is an item, and none otherwise."""
    for written in (orjson.dumps(body), json.dumps(body, indent=1).encode()):
        assert seen(answer("GetItem", written)) == Seen(int("Item" in body), False)


def test_rows_that_are_no_objects_are_counted() -> None:
    """What a server makes of its rows is no reason to lose count of the call."""
    batch = orjson.dumps({"Responses": {"orders": [ROWS[0], "row", 5, None]}})
    assert seen(answer("BatchGetItem", batch)) == Seen(4, False)
    parts = orjson.dumps({"Responses": [{"Item": ROWS[0]}, {}, {"Item": "row"}]})
    assert seen(answer("TransactGetItems", parts)) == Seen(2, False)
