"""Units and throttles, read from answers of every shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.client.accounting import consumed, failure, leftovers
from loadstone.client.answer import Answer, Attempt, Throttle, Units

NAMES = st.from_regex(r"[A-Za-z0-9_.-]{3,20}", fullmatch=True)
COUNTS = st.sampled_from([0.5, 1, 1.0, 2.5, 12345.0])
READS = ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"]
WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"]
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/t"

#: Attributes that try to pass for what DynamoDB reports.
DECOYS: list[dict[str, Any]] = [
    {},
    {"ConsumedCapacity": {"S": "x"}},
    {"ConsumedCapacity": {"M": {"TableName": {"S": "t"}, "CapacityUnits": {"N": "9"}}}},
    {"note": {"S": '"ConsumedCapacity":{"TableName":"t","CapacityUnits":9.0}'}},
    {'"ConsumedCapacity': {"M": {"a": {"L": [{"S": "}"}]}}}},
]


def as_bytes(value: object, *, compact: bool = True) -> bytes:
    return json.dumps(value, separators=(",", ":") if compact else (" ,\n", " : ")).encode()


@st.composite
def capacities(draw: st.DrawFn, reads: bool) -> tuple[dict[str, Any], list[Units]]:
    """A table's ConsumedCapacity, and the units in it."""
    table = draw(NAMES)
    transaction = draw(st.booleans())
    expected = []

    def arm(index: str | None) -> dict[str, float]:
        units = draw(COUNTS)
        read, write = (units, 0.0) if reads else (0.0, units)
        expected.append(Units(table, index, read, write))
        counts = {"CapacityUnits": units}
        if transaction:
            counts["ReadCapacityUnits" if reads else "WriteCapacityUnits"] = units
        return counts

    if draw(st.booleans()):
        return {"TableName": table, **arm(None)}, expected
    capacity: dict[str, Any] = {"TableName": table, "Table": arm(None)}
    indexes = draw(st.lists(NAMES, max_size=4, unique=True))
    for at, index in enumerate(indexes):
        kind = "GlobalSecondaryIndexes" if at % 2 else "LocalSecondaryIndexes"
        capacity.setdefault(kind, {})[index] = arm(index)
    capacity["CapacityUnits"] = sum(unit.read + unit.write for unit in expected)
    return capacity, expected


@given(data=st.data(), operation=st.sampled_from(READS + WRITES), compact=st.booleans())
@settings(deadline=None, max_examples=200)
def test_units_of_every_shape(data: st.DataObject, operation: str, compact: bool) -> None:
    """Units are found per table and index, alone or in a list, before or behind any item."""
    made = data.draw(st.lists(capacities(operation in READS), min_size=1, max_size=3))
    capacity: Any = [each for each, _ in made]
    expected = [unit for _, units in made for unit in units]
    if len(made) == 1 and data.draw(st.booleans()):
        capacity = capacity[0]
    items = {"Items": [data.draw(st.sampled_from(DECOYS))], "Count": 1}
    whole = {"ConsumedCapacity": capacity}
    body = data.draw(st.sampled_from([{**items, **whole}, {**whole, **items}]))
    found = consumed(operation, as_bytes(body, compact=compact))
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("decoy", DECOYS)
def test_an_attribute_is_no_capacity(decoy: dict[str, Any]) -> None:
    """An item with an attribute of that name, and no capacity reported, consumed nothing known."""
    assert consumed("GetItem", as_bytes({"Item": decoy})) == ()


def test_a_repeated_transaction_reads() -> None:
    """TransactWriteItems sent again with its token consumes the read units that it says."""
    arms = {"CapacityUnits": 6.0, "ReadCapacityUnits": 6.0}
    body = as_bytes({"ConsumedCapacity": [{"TableName": "t", **arms, "Table": arms}]})
    assert consumed("TransactWriteItems", body) == (Units("t", None, 6.0, 0.0),)


def test_an_index_read_leaves_the_table_out() -> None:
    """An arm of 0 units is no arm: a query of an index consumed nothing of its table."""
    capacity = {
        "TableName": "t",
        "CapacityUnits": 2.0,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"g": {"CapacityUnits": 2.0}},
    }
    assert consumed("Query", as_bytes({"ConsumedCapacity": capacity})) == (
        Units("t", "g", 2.0, 0.0),
    )


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ConsumedCapacity":', b'{"ConsumedCapacity":{}}'])
def test_no_units(body: bytes) -> None:
    """An answer that reports no capacity has no units."""
    assert consumed("Query", body) == ()


@pytest.mark.parametrize("spelling", ["ThrottlingReasons", "throttlingReasons"])
@pytest.mark.parametrize(
    "code",
    ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"],
)
def test_throttles_with_reasons(code: str, spelling: str) -> None:
    """Both spellings of ThrottlingReasons give one throttle for each reason and resource."""
    reasons = [
        {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": ARN},
        {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": f"{ARN}/index/g"},
    ]
    answer = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "m"}
    failed = failure(400, as_bytes({**answer, spelling: reasons}), b"{}")
    assert (failed.code, failed.message) == (code, "m")
    assert failed.throttles == tuple(Throttle(r["reason"], r["resource"]) for r in reasons)


@pytest.mark.parametrize(
    ("request_body", "resource"),
    [
        ({"TableName": "t"}, "t"),
        ({"RequestItems": {"a": [], "b": []}}, "a, b"),
        ({"TransactItems": [{"Put": {"TableName": "a"}}, {"Delete": {"TableName": "a"}}]}, "a"),
    ],
)
def test_throttles_without_reasons(request_body: dict[str, Any], resource: str) -> None:
    """A throttle without a reason is known by its code, and by the table that was asked."""
    code = "ProvisionedThroughputExceededException"
    failed = failure(400, as_bytes({"__type": code}), as_bytes(request_body))
    assert failed.throttles == (Throttle(code, resource),)


def test_cancelled_by_throttles() -> None:
    """A cancelled transaction was throttled on the tables of the items whose reasons say so."""
    request = {
        "TransactItems": [
            {"Put": {"TableName": "a", "Item": {}}},
            {"Update": {"TableName": "b", "Key": {}}},
            {"ConditionCheck": {"TableName": "c", "Key": {}}},
        ]
    }
    reasons = [
        {"Code": "ProvisionedThroughputExceeded", "Message": "m"},
        {"Code": "None"},
        {"Code": "ThrottlingError"},
    ]
    answer = {"__type": "x#TransactionCanceledException", "Message": "cancelled"}
    body = as_bytes({**answer, "CancellationReasons": reasons})
    failed = failure(400, body, as_bytes(request))
    assert failed.message == "cancelled"
    assert failed.throttles == (
        Throttle("ProvisionedThroughputExceeded", "a"),
        Throttle("ThrottlingError", "c"),
    )


def test_a_failed_condition_is_no_throttle() -> None:
    """Neither a failed condition nor a transaction cancelled by one counts as throttled."""
    reasons = [{"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]
    cancelled = {"__type": "x#TransactionCanceledException", "CancellationReasons": reasons}
    for answer in (cancelled, {"__type": "x#ConditionalCheckFailedException"}):
        assert failure(400, as_bytes(answer), b"{}").throttles == ()


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b"{}"])
def test_an_error_without_a_code(body: bytes) -> None:
    """What a proxy answers is known by its status."""
    assert failure(502, body, b"{}").code == "HTTP502"


def test_an_answer_is_decoded_once() -> None:
    """However often it is looked at, its body is decoded the first time alone; what is no object
    has nothing in it."""
    attempts = (Attempt(0, 1, 200, None),)
    answer = Answer("GetItem", attempts, body=b'{"Item":{}}')
    assert answer.json == {"Item": {}}
    assert answer.json is answer.json
    assert Answer("GetItem", attempts, body=b"[1]").json == Answer("GetItem", attempts).json == {}


def test_leftovers_count_as_throttles() -> None:
    """Each item that a batch left undone is one throttle on its table."""
    undone: dict[str, Any] = {
        "a": [{"PutRequest": {}}, {"DeleteRequest": {}}],
        "b": [{"PutRequest": {}}],
    }
    assert leftovers("BatchWriteItem", as_bytes({"UnprocessedItems": undone})) == (
        Throttle("UnprocessedItems", "a"),
        Throttle("UnprocessedItems", "a"),
        Throttle("UnprocessedItems", "b"),
    )
    keys = {"Responses": {}, "UnprocessedKeys": {"a": {"Keys": [{}, {}], "ConsistentRead": True}}}
    assert leftovers("BatchGetItem", as_bytes(keys)) == (Throttle("UnprocessedKeys", "a"),) * 2


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("BatchWriteItem", {"UnprocessedItems": {}}),
        ("BatchGetItem", {"Responses": {"t": [{"UnprocessedKeys": {"S": "x"}}]}}),
        ("Query", {"UnprocessedItems": {"a": [{}]}}),
    ],
)
def test_no_leftovers(operation: str, body: dict[str, Any]) -> None:
    """A whole batch, an attribute of that name, and another operation left nothing undone."""
    assert leftovers(operation, as_bytes(body)) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "t"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "__type",
                    "message",
                    "ThrottlingReasons",
                    "CancellationReasons",
                    "Code",
                    "TransactItems",
                    "RequestItems",
                    "UnprocessedItems",
                    "ConsumedCapacity",
                    "TableName",
                    "CapacityUnits",
                    "Table",
                    "GlobalSecondaryIndexes",
                    "Keys",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON, st.sampled_from(["BatchWriteItem", "BatchGetItem", "Query"]))
@settings(deadline=None, max_examples=300)
def test_any_json_is_survived(answer: object, request: object, operation: str) -> None:
    """Accounting raises for no answer, of whatever shape."""
    body = as_bytes(answer)
    consumed(operation, body)
    leftovers(operation, body)
    failure(400, body, as_bytes(request))
    if isinstance(answer, dict):
        cancelled = {**answer, "__type": "TransactionCanceledException"}
        failure(400, as_bytes(cancelled), as_bytes(request))
