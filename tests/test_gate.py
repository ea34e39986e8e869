"""The gate between our own client and the embedded engine: what it admits, and how it answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from loadstone.capacity.admission import Resource
from loadstone.capacity.throttle_rules import Rules
from loadstone.client.answer import Answer, Throttle
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.gate.described import describing, throttling_at
from loadstone.gate.gate import Gate
from loadstone.gate.schema import Schemas

ARN = "arn:aws:dynamodb:dynoxide:000000000000:table/"
INDEXES = {"ReturnConsumedCapacity": "INDEXES"}
PROVISIONED = "ProvisionedThroughputExceededException"

_numbers = itertools.count()


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plain(target: Target) -> Iterator[Client]:
    with Client(target) as client:
        yield client


@pytest.fixture
def table(plain: Client) -> str:
    """A table with a global index on g of p alone, and a local one on l of everything."""
    name = f"gated-{next(_numbers)}"
    hash_key = {"AttributeName": "pk", "KeyType": "HASH"}
    definition = {
        "TableName": name,
        "AttributeDefinitions": [
            {"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "g", "l")
        ],
        "KeySchema": [hash_key, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "byG",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["p"]},
                "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
            }
        ],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "byL",
                "KeySchema": [hash_key, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }
    assert send(plain, "CreateTable", definition).ok
    return name


Open = Callable[..., tuple[Client, Gate]]


@pytest.fixture
def gated(target: Target, plain: Client, clock: Clock) -> Iterator[Open]:
    """A client behind a gate with these rules, on the test's clock, and the gate."""
    clients = []

    def opened(*rules: str) -> tuple[Client, Gate]:
        gate = Gate(Rules.parse(rules), Schemas(describing(plain)), clock=clock)
        clients.append(Client(target, attempts=1, gate=gate))
        return clients[-1], gate

    yield opened
    for client in clients:
        client.close()


def send(client: Client, operation: str, body: dict[str, Any]) -> Answer:
    return client.send(operation, orjson.dumps(body))


def item(number: int, **more: str) -> dict[str, Any]:
    values = {"pk": "p", "sk": str(number), **more}
    return {name: {"S": value} for name, value in values.items()}


def put(client: Client, table: str, number: int, **more: str) -> Answer:
    return send(client, "PutItem", {"TableName": table, "Item": item(number, **more), **INDEXES})


def level(gate: Gate, table: str, direction: Any = "write", index: str | None = None) -> float:
    arm = gate.admission.arm(Resource(table, index), direction, 0)
    assert arm is not None
    return arm.level(0)


def test_writes_are_throttled_as_dynamodb_does(gated: Open, table: str, clock: Clock) -> None:
    """Five writes pass a table of 5 WCU, the sixth gets DynamoDB's error with reason and ARN, and a
    second later writes pass again."""
    client, _ = gated("provisioned:5rcu,5wcu,burst=0s")
    assert all(put(client, table, n).ok for n in range(5))
    refused = put(client, table, 6)
    assert (refused.status, refused.code) == (400, PROVISIONED)
    assert refused.throttles == (Throttle("TableWriteProvisionedThroughputExceeded", ARN + table),)
    assert refused.message is not None
    assert refused.message.startswith("The level of configured provisioned throughput")
    assert refused.json["__type"] == f"com.amazonaws.dynamodb.v20120810#{PROVISIONED}"
    clock.now_s = 1
    assert put(client, table, 6).ok


def test_on_demand_has_a_code_of_its_own(gated: Open, table: str) -> None:
    """On demand the code is ThrottlingException, with its reasons spelled in lower case."""
    client, _ = gated("on-demand:max=1rru,max=1wru")
    assert put(client, table, 1).ok
    refused = put(client, table, 2)
    assert refused.code == "ThrottlingException"
    assert refused.throttles == (Throttle("TableWriteMaxOnDemandThroughputExceeded", ARN + table),)
    assert "throttlingReasons" in refused.json


def test_a_starved_index_throttles_writes_to_its_table(gated: Open, table: str) -> None:
    """What would be written to an index without capacity is throttled with the index's ARN; what is
    not in the index is written."""
    client, _ = gated("provisioned:99rcu,99wcu", f"{table}/byG=provisioned:1rcu,1wcu,burst=0s")
    assert put(client, table, 1, g="x").ok
    refused = put(client, table, 2, g="x")
    assert refused.throttles == (
        Throttle("IndexWriteProvisionedThroughputExceeded", f"{ARN}{table}/index/byG"),
    )
    assert refused.message is not None
    assert "global secondary indexes" in refused.message
    assert put(client, table, 3).ok


def test_what_was_consumed_is_what_is_taken(gated: Open, table: str) -> None:
    """After each answer the buckets are short of what the engine says was consumed: of a put on
    table, local and global index, of a query, of an update whose effect on an index nobody knew."""
    client, gate = gated("provisioned:100rcu,100wcu")
    full = 30_000
    assert put(client, table, 1, g="x", l="y", p="z" * 3000).ok
    assert level(gate, table) == full - 3 - 3
    assert level(gate, table, index="byG") == full - 3
    update = {
        "TableName": table,
        "Key": {name: item(1)[name] for name in ("pk", "sk")},
        "UpdateExpression": "SET #p = :v",
        "ExpressionAttributeNames": {"#p": "p"},
        "ExpressionAttributeValues": {":v": {"S": "z" * 5000}},
        **INDEXES,
    }
    assert send(client, "UpdateItem", update).ok
    assert level(gate, table) == full - 6 - 5 - 5
    assert level(gate, table, index="byG") == full - 3 - 5
    query = {
        "TableName": table,
        "IndexName": "byG",
        "KeyConditionExpression": "g = :g",
        "ExpressionAttributeValues": {":g": {"S": "x"}},
        **INDEXES,
    }
    assert send(client, "Query", query).ok
    assert level(gate, table, "read", "byG") == full - 1
    assert level(gate, table, "read") == full


def test_a_read_may_leave_a_debt(gated: Open, table: str, clock: Clock) -> None:
    """A scan that costs more than there is passes, and those after it wait until that is paid."""
    client, gate = gated("provisioned:2rcu,99wcu,burst=0s")
    for n in range(10):
        assert put(client, table, n, p="z" * 4000).ok
    scan = {"TableName": table, "ConsistentRead": True}
    assert send(client, "Scan", scan).ok
    assert level(gate, table, "read") == 2 - 10
    refused = send(client, "Scan", scan)
    assert refused.throttles[0].reason == "TableReadProvisionedThroughputExceeded"
    clock.now_s = 4
    assert not send(client, "Scan", scan).ok
    clock.now_s = 4.6
    assert send(client, "Scan", scan).ok


def test_what_fails_costs_what_it_costs(gated: Open, table: str) -> None:
    """A malformed request costs nothing; one that its condition refused costs what a write does."""
    client, gate = gated("provisioned:9rcu,9wcu,burst=0s")
    assert put(client, table, 1).ok
    assert level(gate, table) == 8
    malformed = {"TableName": table, "Item": item(2), "ConditionExpression": "("}
    assert send(client, "PutItem", malformed).code == "ValidationException"
    assert level(gate, table) == 8
    refused = {
        "TableName": table,
        "Item": item(1, p="z" * 2000),
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    assert send(client, "PutItem", refused).code == "ConditionalCheckFailedException"
    assert level(gate, table) == 6


def test_a_batch_is_throttled_in_part(gated: Open, plain: Client, table: str) -> None:
    """Of a batch of 10 puts at 4 WCU four are written, six come back as UnprocessedItems, and six
    throttles are counted; a batch of which nothing can be done fails as a whole."""
    client, _ = gated("provisioned:9rcu,4wcu,burst=0s")
    requests = [{"PutRequest": {"Item": item(n)}} for n in range(10)]
    answer = send(client, "BatchWriteItem", {"RequestItems": {table: requests}})
    assert answer.ok
    assert answer.json == {"UnprocessedItems": {table: requests[4:]}}
    assert answer.throttles == (Throttle("UnprocessedItems", table),) * 6
    assert send(plain, "Scan", {"TableName": table}).json["Count"] == 4
    again = send(client, "BatchWriteItem", {"RequestItems": {table: requests[4:]}})
    assert again.code == PROVISIONED
    assert again.throttles[0].resource == ARN + table


def test_a_batch_of_reads_is_throttled_in_part(gated: Open, table: str) -> None:
    """Keys that cannot be read come back as UnprocessedKeys, as they were asked for."""
    client, _ = gated("provisioned:3rcu,99wcu,burst=0s")
    for n in range(8):
        assert put(client, table, n).ok
    keys = [{name: item(n)[name] for name in ("pk", "sk")} for n in range(8)]
    asked = {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "sk"}
    answer = send(client, "BatchGetItem", {"RequestItems": {table: asked}, **INDEXES})
    assert len(answer.json["Responses"][table]) == 3
    assert answer.json["UnprocessedKeys"] == {table: {**asked, "Keys": keys[3:]}}
    assert answer.units == ((table, None, 3.0, 0.0),)
    assert answer.throttles == (Throttle("UnprocessedKeys", table),) * 5


def test_a_batch_names_the_mode_that_comes_first(gated: Open, plain: Client, table: str) -> None:
    """Where nothing of a batch over two tables can be done, provisioned capacity names the code."""
    other = f"{table}-b"
    definition = {
        "TableName": other,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    assert send(plain, "CreateTable", definition).ok
    client, _ = gated(f"{other}=on-demand:max=1wru", f"{table}=provisioned:1rcu,1wcu,burst=0s")
    requests = {
        other: [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}],
        table: [{"PutRequest": {"Item": item(1)}}],
    }
    assert send(client, "BatchWriteItem", {"RequestItems": requests}).ok
    assert send(client, "BatchWriteItem", {"RequestItems": requests}).code == PROVISIONED
    alone = {"RequestItems": {other: requests[other]}}
    assert send(client, "BatchWriteItem", alone).code == "ThrottlingException"


def test_a_transaction_is_cancelled_as_a_whole(gated: Open, plain: Client, table: str) -> None:
    """A transaction that cannot have its double units is cancelled, with a reason for each item;
    nothing is written, and what it would have taken is there for others."""
    client, gate = gated("provisioned:9rcu,5wcu,burst=0s")
    puts = [{"Put": {"TableName": table, "Item": item(n)}} for n in range(3)]
    refused = send(client, "TransactWriteItems", {"TransactItems": puts})
    assert refused.code == "TransactionCanceledException"
    codes = [reason["Code"] for reason in refused.json["CancellationReasons"]]
    assert codes == ["None", "None", "ProvisionedThroughputExceeded"]
    assert refused.message is not None
    assert refused.message.endswith("[None, None, ProvisionedThroughputExceeded]")
    assert refused.throttles == (Throttle("ProvisionedThroughputExceeded", table),)
    assert level(gate, table) == 5
    assert send(plain, "Scan", {"TableName": table}).json["Count"] == 0
    assert send(client, "TransactWriteItems", {"TransactItems": puts[:2]}).ok
    assert level(gate, table) == 1


def test_a_transaction_on_demand_is_a_throttling_error(gated: Open, table: str) -> None:
    """On demand the cancellation code is ThrottlingError."""
    client, _ = gated("on-demand:max=1rru,max=1wru")
    for expected in (True, False):
        gets = [{"Get": {"TableName": table, "Key": {n: item(1)[n] for n in ("pk", "sk")}}}]
        answer = send(client, "TransactGetItems", {"TransactItems": gets})
        assert answer.ok is expected
    assert answer.json["CancellationReasons"][0]["Code"] == "ThrottlingError"


def test_statements_are_throttled_too(gated: Open, table: str) -> None:
    """PartiQL statements take what they consume, alone and in a batch, whose refused statements
    have errors of their own."""
    client, gate = gated("provisioned:2rcu,2wcu,burst=0s")

    def insert(n: int) -> dict[str, str]:
        return {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'p', 'sk': '{n}'}}"}

    assert send(client, "ExecuteStatement", insert(1)).ok
    answer = send(client, "BatchExecuteStatement", {"Statements": [insert(n) for n in (2, 3, 4)]})
    codes = [one.get("Error", {}).get("Code") for one in answer.json["Responses"]]
    assert codes == [None, "ProvisionedThroughputExceeded", "ProvisionedThroughputExceeded"]
    assert send(client, "ExecuteStatement", insert(3)).code == PROVISIONED
    select = {"Statement": f"SELECT * FROM \"{table}\" WHERE pk = 'p'", "ConsistentRead": True}
    found = send(client, "ExecuteStatement", select)
    assert {row["sk"]["S"] for row in found.json["Items"]} == {"1", "2"}
    assert level(gate, table, "read") == 1


@pytest.mark.parametrize("wanted", ["NONE", "TOTAL", "INDEXES", None])
def test_units_are_shown_to_those_who_asked(
    gated: Open, plain: Client, table: str, wanted: str | None
) -> None:
    """An answer through the gate is the one that the engine would have given."""
    client, _ = gated("provisioned:99rcu,99wcu")
    asked = {"ReturnConsumedCapacity": wanted} if wanted else {}

    def requests(n: int) -> list[tuple[str, dict[str, Any]]]:
        puts = [{"Put": {"TableName": table, "Item": item(n + 1, g="x")}}]
        return [
            ("PutItem", {"TableName": table, "Item": item(n, g="x"), **asked}),
            ("TransactWriteItems", {"TransactItems": puts, **asked}),
        ]

    direct = [send(plain, *request).json for request in requests(1)]
    assert [send(client, *request).json for request in requests(3)] == direct


def test_one_key_is_throttled_alone(gated: Open, table: str) -> None:
    """A table with capacity to spare throttles a single hot partition, by its key range."""
    client, _ = gated("provisioned:40000rcu,40000wcu")
    codes = [put(client, table, n, p="z" * 200_000).code for n in range(7)]
    assert codes == [None] * 5 + [PROVISIONED] * 2
    refused = put(client, table, 9, p="z" * 200_000)
    assert refused.throttles[0].reason == "TableWriteKeyRangeThroughputExceeded"


def test_tables_have_what_they_were_created_with(gated: Open, table: str) -> None:
    """as-created takes the capacity from each table and index."""
    client, gate = gated("as-created")
    assert put(client, table, 1, g="x").ok
    assert level(gate, table) == 300 * 4 - 1
    assert level(gate, table, index="byG") == 300 * 6 - 1


def test_what_is_no_request_is_the_engines_to_answer(gated: Open, plain: Client) -> None:
    """The gate has no opinion on nonsense, on tables that are not there, or on other operations."""
    client, _ = gated("provisioned:1rcu,1wcu,burst=0s")
    nonsense: list[tuple[str, dict[str, Any]]] = [
        ("PutItem", {"TableName": "not-there", "Item": item(1)}),
        ("PutItem", {}),
        ("GetItem", {"TableName": 5}),
        ("BatchWriteItem", {"RequestItems": []}),
        ("ExecuteStatement", {"Statement": "SELECT"}),
        ("NoSuchThing", {}),
        ("DescribeTable", {"TableName": "not-there"}),
    ]
    for operation, body in nonsense * 3:
        direct, through = send(plain, operation, body), send(client, operation, body)
        assert (through.status, through.code) == (direct.status, direct.code)
        assert not through.throttles


def test_an_engine_has_no_gate(plain: Client) -> None:
    """An engine that is asked who throttles there names nobody."""
    assert throttling_at(plain) is None
