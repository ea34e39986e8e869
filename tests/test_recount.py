"""Reads counted by ourselves: as an engine counts them that is right, where another is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import orjson
import pytest

from loadstone.client.accounting import consumed
from loadstone.client.http import HttpAnswer
from loadstone.client.target import Target
from loadstone.embedded.binary import Binary
from loadstone.embedded.process import Engine
from loadstone.gate.recount import COUNTED_BY, Recount, recounted
from tests import shop
from tests.commands import loadstone
from tests.loaded import Heard, Loaded, loaded

READS = ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems")


@pytest.fixture(scope="module")
def shops(target: Target) -> Iterator[Loaded]:
    with loaded(shop.shop_dataset(800), target) as found:
        yield found


def heard(found: Loaded, pattern: str) -> Heard:
    client = Heard(found.client)
    player = found.player(client)
    for _ in range(5):
        list(player.play(shop.PATTERNS[pattern], perf_counter_ns()))
    return client


def is_whole(request: dict[str, Any]) -> bool:
    """Whether its answer has whole items, and all that were read."""
    parts = [request, *request.get("RequestItems", {}).values()]
    parts += [each["Get"] for each in request.get("TransactItems", ()) if "Get" in each]
    return not any(
        {"ProjectionExpression", "FilterExpression"} & each.keys() or each.get("Select") == "COUNT"
        for each in parts
    )


PLAYED = sorted(
    name
    for name, pattern in shop.PATTERNS.items()
    if pattern.operation.name in READS and not pattern.needs
)


@pytest.mark.parametrize("pattern", PLAYED)
def test_reads_are_counted_as_the_engine_counts_them(shops: Loaded, pattern: str) -> None:
    """Of answers with whole items our units are those of an engine that counts as DynamoDB does,
    and of others no more than those."""
    client = heard(shops, pattern)
    for (operation, request), answer in zip(client.sent, client.answers, strict=True):
        body = orjson.dumps(answer.json)
        ours = consumed(operation, recounted(operation, orjson.dumps(request), body))
        theirs = consumed(operation, body)
        assert theirs
        if is_whole(request):
            assert sorted(ours) == sorted(theirs)
        elif "FilterExpression" not in request:
            assert sum(each.read for each in ours) <= sum(each.read for each in theirs)


def test_what_nobody_asked_for_is_left_out() -> None:
    """Without ReturnConsumedCapacity an answer stays as it is, and so does one that has no items to
    count by."""
    answer = b'{"Item":{"a":{"S":"x"}}}'
    assert recounted("GetItem", b'{"TableName":"t","Key":{}}', answer) == answer
    asked = b'{"TableName":"t","Select":"COUNT","ReturnConsumedCapacity":"INDEXES"}'
    count = b'{"Count":3,"ScannedCount":3}'
    assert recounted("Query", asked, count) == count
    filtered = b'{"Items":[],"Count":0,"ScannedCount":3}'
    assert recounted("Query", asked, filtered) == filtered


def test_a_filter_takes_out_items_like_those_it_leaves() -> None:
    """Two rows of a kilobyte and a half each that are left of five that were read are as five."""
    row = {"a": {"S": "x" * 1535}}
    answer = orjson.dumps({"Items": [row, row], "Count": 2, "ScannedCount": 5})
    asked = b'{"TableName":"t","IndexName":"i","ReturnConsumedCapacity":"INDEXES"}'
    (units,) = consumed("Query", recounted("Query", asked, answer))
    assert (units.index, units.read) == ("i", 1.0)


def test_keys_without_items_cost_the_least() -> None:
    """A batch of three keys, one undone and one of no item, is one item and one empty read."""
    asked = {
        "RequestItems": {"t": {"Keys": [{}, {}, {}], "ConsistentRead": True}},
        "ReturnConsumedCapacity": "INDEXES",
    }
    said = {
        "Responses": {"t": [{"a": {"S": "x" * 5000}}]},
        "UnprocessedKeys": {"t": {"Keys": [{}]}},
    }
    found = recounted("BatchGetItem", orjson.dumps(asked), orjson.dumps(said))
    assert [each.read for each in consumed("BatchGetItem", found)] == [3.0]


class Refusing:
    """A gate that refuses all."""

    def enter(self, operation: str, body: bytes) -> HttpAnswer:
        return HttpAnswer(400, b"{}", None, True)


def test_what_a_gate_refuses_is_not_counted() -> None:
    """Behind a gate, its refusal goes through, and so does an answer that is an error."""
    refused = Recount(Refusing()).enter("Query", b"{}")
    assert isinstance(refused, HttpAnswer)
    passage = Recount().enter("Query", b'{"TableName":"t","ReturnConsumedCapacity":"INDEXES"}')
    assert not isinstance(passage, HttpAnswer)
    assert passage.leave(400, b'{"__type":"x"}') == b'{"__type":"x"}'


def test_a_run_against_ministack_says_who_counted(ministack: Binary, tmp_path: Path) -> None:
    """A run against an engine whose read units are constants counts more than those constants, and
    its report says who counted."""
    with Engine(ministack, folder=tmp_path) as engine:
        there = ("--endpoint", engine.url, "--region", "us-west-2")
        for command in (
            ["tables", "create", "cmz"],
            ["seed", "cmz", "--scale", "300"],
            ["run", "cmz", "--users", "2", "--duration", "3s", "--mix", "users-conversations"],
        ):
            ran = loadstone(*command, *there, cwd=tmp_path)
            assert ran.code == 0, ran.err
    report = json.loads(loadstone("report", "last", "--json", cwd=tmp_path).out)
    assert COUNTED_BY in json.dumps(report)
    figures = report["figures"]
    units = sum(row["read_units"] for row in figures["units"])
    assert units > 0.5 * figures["total"]["attempts"]
