"""The client against the embedded engine: every operation, its units, and its errors."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import gevent
import orjson
import pytest

from loadstone.client.answer import Answer, Units
from loadstone.client.client import Client
from loadstone.client.target import Target

KEY = {"pk": {"S": "p"}, "sk": {"S": "1"}}
ITEM = {**KEY, "g": {"S": "g"}, "l": {"S": "l"}}
PLAIN = {"pk": {"S": "p"}, "sk": {"S": "2"}}
INDEXES = {"ReturnConsumedCapacity": "INDEXES"}

Arms = dict[str | None, tuple[float, float]]  # index -> (read units, write units)

_numbers = itertools.count()


@pytest.fixture
def client(target: Target) -> Iterator[Client]:
    with Client(target) as client:
        yield client


@pytest.fixture
def table(client: Client) -> str:
    """An empty table with a global index on g and a local one on l, both of all attributes."""
    name = f"client-{next(_numbers)}"
    hash_key = {"AttributeName": "pk", "KeyType": "HASH"}
    everything = {"ProjectionType": "ALL"}
    names = ("pk", "sk", "g", "l")
    definition = {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
        "KeySchema": [hash_key, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "global",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": everything,
            }
        ],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "local",
                "KeySchema": [hash_key, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": everything,
            }
        ],
    }
    created = send(client, "CreateTable", definition)
    assert created.ok, created
    return name


def send(client: Client, operation: str, body: dict[str, Any]) -> Answer:
    return client.send(operation, orjson.dumps(body))


def put(client: Client, table: str, *items: dict[str, Any]) -> None:
    for item in items:
        assert send(client, "PutItem", {"TableName": table, "Item": item}).ok


def capacity_units(answer: Answer) -> Counter[tuple[str, str | None]]:
    """Units per table and index, decoded here and by other means than the client's."""
    found = json.loads(answer.body)["ConsumedCapacity"]
    units: Counter[tuple[str, str | None]] = Counter()
    for entry in found if isinstance(found, list) else [found]:
        units[entry["TableName"], None] += entry["Table"]["CapacityUnits"]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for index, arm in entry.get(kind, {}).items():
                units[entry["TableName"], index] += arm["CapacityUnits"]
        assert sum(units.values()) >= entry["CapacityUnits"]
    return +units


def check(answer: Answer, table: str, arms: Arms) -> None:
    """The answer consumed what is expected, and what its own ConsumedCapacity says."""
    assert answer.ok, answer
    assert len(answer.attempts) == 1
    assert set(answer.units) == {Units(table, index, *units) for index, units in arms.items()}
    totals = {(unit.table, unit.index): unit.read + unit.write for unit in answer.units}
    assert totals == dict(capacity_units(answer))


def test_put(client: Client, table: str) -> None:
    """A put consumes write units on its table and on each index that has its key attributes."""
    body = {"TableName": table, "Item": ITEM, **INDEXES}
    arms: Arms = {None: (0, 1), "global": (0, 1), "local": (0, 1)}
    check(send(client, "PutItem", body), table, arms)
    plain = {"TableName": table, "Item": PLAIN, **INDEXES}
    check(send(client, "PutItem", plain), table, {None: (0, 1)})
    large = {**PLAIN, "text": {"S": "x" * 2500}}
    body = {"TableName": table, "Item": large, **INDEXES}
    check(send(client, "PutItem", body), table, {None: (0, 3)})


def test_get(client: Client, table: str) -> None:
    """A get consumes half a read unit, or a whole one when consistent, found or not."""
    put(client, table, ITEM)
    body = {"TableName": table, "Key": KEY, **INDEXES}
    answer = send(client, "GetItem", body)
    check(answer, table, {None: (0.5, 0)})
    assert answer.json["Item"] == ITEM
    check(send(client, "GetItem", {**body, "ConsistentRead": True}), table, {None: (1, 0)})
    missing = send(client, "GetItem", {**body, "Key": {**KEY, "sk": {"S": "no"}}})
    check(missing, table, {None: (0.5, 0)})
    assert "Item" not in missing.json


def test_update_and_delete(client: Client, table: str) -> None:
    """An update and a delete consume write units wherever the item is."""
    put(client, table, ITEM)
    update = {
        "TableName": table,
        "Key": KEY,
        "UpdateExpression": "SET remark = :o",
        "ExpressionAttributeValues": {":o": {"S": "o"}},
        **INDEXES,
    }
    arms: Arms = {None: (0, 1), "global": (0, 1), "local": (0, 1)}
    check(send(client, "UpdateItem", update), table, arms)
    check(send(client, "DeleteItem", {"TableName": table, "Key": KEY, **INDEXES}), table, arms)


@pytest.mark.parametrize(
    ("index", "key", "value"),
    [(None, "pk", "p"), ("global", "g", "g"), ("local", "pk", "p")],
)
def test_query(client: Client, table: str, index: str | None, key: str, value: str) -> None:
    """A query consumes read units on the table or index that it asks, and there alone."""
    put(client, table, ITEM)
    body = {
        "TableName": table,
        "KeyConditionExpression": f"{key} = :v",
        "ExpressionAttributeValues": {":v": {"S": value}},
        **({"IndexName": index} if index else {}),
        **INDEXES,
    }
    answer = send(client, "Query", body)
    check(answer, table, {index: (0.5, 0)})
    assert answer.json["Items"] == [ITEM]


def test_scan(client: Client, table: str) -> None:
    """A scan of 20 items of 1 KB consumes the read units of their sum."""
    items = [{**KEY, "sk": {"S": f"{n:03}"}, "x": {"S": "x" * 1013}} for n in range(20)]
    put(client, table, *items)
    answer = send(client, "Scan", {"TableName": table, **INDEXES})
    check(answer, table, {None: (2.5, 0)})
    assert answer.json["Count"] == 20


def test_batches(client: Client, table: str) -> None:
    """A batch consumes the units of each of its items."""
    writes = [{"PutRequest": {"Item": item}} for item in (ITEM, PLAIN)]
    written = send(client, "BatchWriteItem", {"RequestItems": {table: writes}, **INDEXES})
    check(written, table, {None: (0, 2), "global": (0, 1), "local": (0, 1)})
    keys = {"Keys": [KEY, PLAIN]}
    read = send(client, "BatchGetItem", {"RequestItems": {table: keys}, **INDEXES})
    check(read, table, {None: (1, 0)})
    assert written.throttles == read.throttles == ()
    assert len(read.json["Responses"][table]) == 2


def test_transactions(client: Client, table: str) -> None:
    """A transaction writes at twice the units; the same again, with its token, reads."""
    body = {
        "TransactItems": [{"Put": {"TableName": table, "Item": PLAIN}}],
        "ClientRequestToken": "once",
        **INDEXES,
    }
    check(send(client, "TransactWriteItems", body), table, {None: (0, 2)})
    check(send(client, "TransactWriteItems", body), table, {None: (2, 0)})
    gets = [{"Get": {"TableName": table, "Key": PLAIN}}]
    read = send(client, "TransactGetItems", {"TransactItems": gets, **INDEXES})
    check(read, table, {None: (2, 0)})


def test_totals_without_indexes(client: Client, table: str) -> None:
    """Under TOTAL all units are the table's; under NONE there are none."""
    body = {"TableName": table, "Item": ITEM}
    total = send(client, "PutItem", {**body, "ReturnConsumedCapacity": "TOTAL"})
    assert total.units == (Units(table, None, 0.0, 3.0),)
    assert send(client, "PutItem", body).units == ()


def test_errors(client: Client, table: str) -> None:
    """An error has its code without a namespace and its message, and is not tried again."""
    condition = {"ConditionExpression": "attribute_exists(pk)"}
    failing = {"Put": {"TableName": table, "Item": ITEM, **condition}}
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("GetItem", {"TableName": "none-such", "Key": KEY}, "ResourceNotFoundException"),
        ("GetItem", {"TableName": table, "Key": {"pk": {"S": "p"}}}, "ValidationException"),
        (
            "PutItem",
            {"TableName": table, "Item": ITEM, **condition},
            "ConditionalCheckFailedException",
        ),
        ("TransactWriteItems", {"TransactItems": [failing]}, "TransactionCanceledException"),
        ("NoSuchOperation", {}, "UnknownOperationException"),
    ]
    for operation, body, code in cases:
        answer = send(client, operation, body)
        assert (answer.code, answer.status, len(answer.attempts)) == (code, 400, 1)
        assert (answer.throttles, answer.units) == ((), ())
        assert answer.message or code == "UnknownOperationException"


def test_many_users(client: Client, table: str) -> None:
    """Twenty users at once write each item once, and their units add up."""
    answers: list[Answer] = []

    def user(number: int) -> None:
        for ordinal in range(10):
            item = {"pk": {"S": f"{number}"}, "sk": {"S": f"{ordinal}"}}
            answers.append(send(client, "PutItem", {"TableName": table, "Item": item, **INDEXES}))

    gevent.joinall([gevent.spawn(user, number) for number in range(20)], raise_error=True)
    assert all(answer.ok for answer in answers)
    assert sum(unit.write for answer in answers for unit in answer.units) == 200
    assert send(client, "Scan", {"TableName": table, "Select": "COUNT"}).json["Count"] == 200
    assert client.connections_opened == 20
