"""The SDK in the place of our own client: the same answers, and the same accounts of them."""

from __future__ import annotations

import base64
import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from loadstone.aws.sdk_client import Flavour, SdkClient
from loadstone.capacity.throttle_rules import Rules
from loadstone.client import transport
from loadstone.client.answer import Answer, Throttle
from loadstone.client.client import Client
from loadstone.client.sender import Sender
from loadstone.client.target import Credentials, Target
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.errors import BadValue
from loadstone.gate.described import describing
from loadstone.gate.gate import Gate
from loadstone.gate.schema import Schemas
from loadstone.run import Run
from tests.commands import loadstone
from tests.counted import check_single_reads
from tests.faultserver import FaultServer, Step, error, good, http, raw, reset_after, silence_after

FLAVOURS = get_args(Flavour)
KEY = {"pk": {"S": "p"}, "sk": {"S": "1"}}
BLOB = base64.b64encode(bytes(range(256))).decode()
#: An attribute of every type, and an item that is on both indexes.
ITEM = {
    **KEY,
    "g": {"S": "g"},
    "l": {"S": "l"},
    "text": {"S": 'ünïcode "quoted" \\ \n'},
    "number": {"N": "-12.50"},
    "bytes": {"B": BLOB},
    "flag": {"BOOL": True},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [BLOB, "AA=="]},
    "list": {"L": [{"B": BLOB}, {"N": "1"}]},
    "map": {"M": {"B": {"B": BLOB}, "inner": {"L": [{"M": {}}]}}},
}
PLAIN = {"pk": {"S": "p"}, "sk": {"S": "2"}}
INDEXES = {"ReturnConsumedCapacity": "INDEXES"}
TABLE = "TABLE"  # stands for the table of each client

_numbers = itertools.count()


def both(target: Target, flavour: Flavour, **settings: Any) -> tuple[Client, SdkClient]:
    settings = {"draw": lambda: 0.0, **settings}
    return Client(target, **settings), SdkClient(target, flavour, **settings)


def target_of(url: str) -> Target:
    return Target(
        url=url,
        region="eu-west-1",
        kind="endpoint",
        credentials=lambda: Credentials("key", "secret"),
    )


def accounts(answer: Answer) -> dict[str, Any]:
    """What an answer tells, but for times."""
    return {
        "operation": answer.operation,
        "attempts": [(each.status, each.code, each.throttles) for each in answer.attempts],
        "units": sorted(answer.units, key=str),
        "message": answer.message,
        "json": answer.json,
    }


def filled_table(client: Sender) -> str:
    """Two items, one of them on a global index on g and a local one on l."""
    name = f"sdk-{next(_numbers):04}"
    hash_key = {"AttributeName": "pk", "KeyType": "HASH"}
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
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "local",
                "KeySchema": [hash_key, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }
    assert client.send("CreateTable", orjson.dumps(definition)).ok
    for item in (ITEM, PLAIN):
        assert client.send("PutItem", orjson.dumps({"TableName": name, "Item": item})).ok
    return name


def asked(client: Sender, operation: str, body: dict[str, Any], table: str) -> dict[str, Any]:
    """What a client answers of its own table, with that table's name taken out."""
    sent = json.dumps(body).replace(TABLE, table).encode()
    answer = client.send(operation, sent)
    told = accounts(answer)
    times = [(each.sent_ns, each.answered_ns) for each in answer.attempts]
    assert all(0 < sent_ns <= answered_ns for sent_ns, answered_ns in times)
    assert answer.service_ns > 0
    told["units"] = [
        unit._replace(table=unit.table.replace(table, TABLE)) for unit in told["units"]
    ]
    told["json"] = json.loads(json.dumps(told["json"], sort_keys=True).replace(table, TABLE))
    told["message"] = (told["message"] or "").replace(table, TABLE)
    return told


SET = {
    "UpdateExpression": "SET #b = :b",
    "ExpressionAttributeNames": {"#b": "blob"},
    "ExpressionAttributeValues": {":b": {"B": BLOB}},
}
EXISTS = {"ConditionExpression": "attribute_exists(pk)"}
MISSING = {"ConditionExpression": "attribute_not_exists(pk)"}
NEW = {"pk": {"S": "q"}, "sk": {"S": "9"}, "blob": {"B": BLOB}}
OF_P = {
    "KeyConditionExpression": "pk = :p",
    "ExpressionAttributeValues": {":p": {"S": "p"}},
}
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "get": ("GetItem", {"TableName": TABLE, "Key": KEY}),
    "get-consistent": ("GetItem", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    "get-nothing": ("GetItem", {"TableName": TABLE, "Key": {**KEY, "sk": {"S": "none"}}}),
    "put": ("PutItem", {"TableName": TABLE, "Item": NEW}),
    "put-again": ("PutItem", {"TableName": TABLE, "Item": ITEM, "ReturnValues": "ALL_OLD"}),
    "put-if": ("PutItem", {"TableName": TABLE, "Item": ITEM, **EXISTS}),
    "update": (
        "UpdateItem",
        {"TableName": TABLE, "Key": KEY, **SET, "ReturnValues": "ALL_NEW"},
    ),
    "delete": ("DeleteItem", {"TableName": TABLE, "Key": KEY, "ReturnValues": "ALL_OLD"}),
    "query": ("Query", {"TableName": TABLE, **OF_P}),
    "query-page": ("Query", {"TableName": TABLE, **OF_P, "Limit": 1}),
    "query-count": ("Query", {"TableName": TABLE, **OF_P, "Select": "COUNT"}),
    "query-global": (
        "Query",
        {
            "TableName": TABLE,
            "IndexName": "global",
            "KeyConditionExpression": "g = :g",
            "ExpressionAttributeValues": {":g": {"S": "g"}},
        },
    ),
    "query-local": ("Query", {"TableName": TABLE, "IndexName": "local", **OF_P}),
    "scan": ("Scan", {"TableName": TABLE}),
    "scan-segment": ("Scan", {"TableName": TABLE, "Segment": 0, "TotalSegments": 2}),
    "batch-get": ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY, PLAIN]}}}),
    "batch-write": (
        "BatchWriteItem",
        {
            "RequestItems": {
                TABLE: [{"PutRequest": {"Item": NEW}}, {"DeleteRequest": {"Key": PLAIN}}]
            }
        },
    ),
    "transact-get": (
        "TransactGetItems",
        {"TransactItems": [{"Get": {"TableName": TABLE, "Key": KEY}}]},
    ),
    "transact-write": (
        "TransactWriteItems",
        {
            "ClientRequestToken": TABLE,
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": NEW}},
                {"Update": {"TableName": TABLE, "Key": KEY, **SET}},
                {"Delete": {"TableName": TABLE, "Key": PLAIN}},
            ],
        },
    ),
}
ERRORS: dict[str, tuple[str, dict[str, Any], str]] = {
    "no-table": (
        "GetItem",
        {"TableName": "none-such", "Key": KEY},
        "ResourceNotFoundException",
    ),
    "half-a-key": (
        "GetItem",
        {"TableName": TABLE, "Key": {"pk": {"S": "p"}}},
        "ValidationException",
    ),
    "bad-expression": (
        "Query",
        {**OF_P, "TableName": TABLE, "KeyConditionExpression": "pk ="},
        "ValidationException",
    ),
    "condition": (
        "PutItem",
        {"TableName": TABLE, "Item": ITEM, **MISSING},
        "ConditionalCheckFailedException",
    ),
    "condition-with-item": (
        "UpdateItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            **SET,
            **MISSING,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
        "ConditionalCheckFailedException",
    ),
    "cancelled": (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": NEW}},
                {"Put": {"TableName": TABLE, "Item": ITEM, **MISSING}},
            ],
        },
        "TransactionCanceledException",
    ),
    "token-used-otherwise": (
        "TransactWriteItems",
        {
            "ClientRequestToken": TABLE,
            "TransactItems": [{"Delete": {"TableName": TABLE, "Key": PLAIN}}],
        },
        "IdempotentParameterMismatchException",
    ),
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("case", OPERATIONS)
def test_operations(target: Target, flavour: Flavour, case: str) -> None:
    """Every operation has the same answer, units and attempts through the SDK as through our own
    client, to the last byte of an item."""
    operation, body = OPERATIONS[case]
    mine, sdks = both(target, flavour)
    with mine:
        tables = [filled_table(mine), filled_table(mine)]
        here = asked(mine, operation, {**body, **INDEXES}, tables[0])
        there = asked(sdks, operation, {**body, **INDEXES}, tables[1])
        assert here == there
        assert here["attempts"] == [(200, None, ())]
        assert here["units"]
        scans = [asked(mine, "Scan", {"TableName": TABLE}, table)["json"] for table in tables]
        assert scans[0] == scans[1]
    sdks.close()


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("case", ERRORS)
def test_errors(target: Target, flavour: Flavour, case: str) -> None:
    """Every error of the database is told alike: code, message, body, and one attempt."""
    operation, body, code = ERRORS[case]
    mine, sdks = both(target, flavour)
    told = []
    with mine:
        for client in (mine, sdks):
            table = filled_table(mine)
            if case == "token-used-otherwise":
                put = [{"Put": {"TableName": TABLE, "Item": NEW}}]
                first = {"ClientRequestToken": TABLE, "TransactItems": put}
                assert asked(mine, operation, first, table)["attempts"] == [(200, None, ())]
            told.append(asked(client, operation, {**body, **INDEXES}, table))
    assert told[0] == told[1]
    assert told[0]["attempts"] == [(400, code, ())]
    sdks.close()


GET = b'{"TableName":"t","Key":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"INDEXES"}'
FOUND = {
    "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}},
    "Item": {"pk": {"S": "a"}},
}
REASON = Throttle("TableReadProvisionedThroughputExceeded", "arn:aws:dynamodb:::table/t")
THROTTLES: dict[str, Step] = {
    "provisioned": error("ProvisionedThroughputExceededException"),
    "provisioned-with-reasons": error(
        "ProvisionedThroughputExceededException", ThrottlingReasons=[REASON._asdict()]
    ),
    "throttling-with-reasons": error("ThrottlingException", throttlingReasons=[REASON._asdict()]),
    "request-limit": error("RequestLimitExceeded"),
    "too-many": error("Throttling", status=429),
}
GLITCHES: dict[str, Step] = {
    "internal": error("InternalServerError", status=500),
    "unavailable": error("ServiceUnavailable", status=503),
    "no-words": raw(http(502, b"<html>bad gateway</html>")),
    "hung-up": raw(b"", stay=False),
    "reset": reset_after(b""),
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("step", THROTTLES.values(), ids=THROTTLES)
def test_throttles(flavour: Flavour, step: Step) -> None:
    """A throttled attempt that the SDK hides is counted with its code, reason and resource, its
    back-off measured, and the operation goes well at the next."""
    told = []
    for number in range(2):
        with FaultServer([step, good(FOUND)]) as server:
            client = both(target_of(server.url), flavour)[number]
            answer = client.send("GetItem", GET)
            assert len(server.requests) == 2
            assert not server.problems
            assert answer.attempts[0].backoff_ns > 0
            told.append(accounts(answer))
    assert told[0] == told[1]
    (_, code, throttles), last = told[0]["attempts"]
    assert code is not None
    assert [(each.reason, each.resource) for each in throttles] in ([REASON], [(code, "t")])
    assert last == (200, None, ())


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("step", GLITCHES.values(), ids=GLITCHES)
def test_glitches(flavour: Flavour, step: Step) -> None:
    """A fault of a server or a connection is an attempt with the same code, and tried again."""
    told = []
    for number in range(2):
        with FaultServer([good(FOUND), step, good(FOUND)]) as server:
            client = both(target_of(server.url), flavour)[number]
            assert client.send("GetItem", GET).ok
            answer = client.send("GetItem", GET)
            assert len(server.requests) == 3
            told.append([(each.status, each.code) for each in answer.attempts])
    assert told[0] == told[1]
    assert told[0][1] == (200, None)


def test_attempts_run_out() -> None:
    """The tuned SDK sends as often as it is told; the other as its own configuration says."""
    for flavour, attempts in (("boto3-tuned", 2), ("boto3-tuned", 1), ("boto3", 4)):
        with FaultServer(then=error("InternalServerError", status=500)) as server:
            client = SdkClient(
                target_of(server.url),
                flavour,  # type: ignore[arg-type]
                attempts=attempts,
                draw=lambda: 0.0,
            )
            answer = client.send("GetItem", GET)
            assert len(server.requests) == len(answer.attempts) == attempts
            assert answer.code == "InternalServerError"


def test_its_configuration_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of retries holds for the SDK as it is, and not for the tuned one;
    both say what they have."""
    monkeypatch.setenv("AWS_RETRY_MODE", "standard")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    with FaultServer(then=error("InternalServerError", status=500)) as server:
        mine, sdks = both(target_of(server.url), "boto3")
        assert len(sdks.send("GetItem", GET).attempts) == 2
        assert sdks.settings.startswith("retry mode standard, 2 attempts; 10 connections")
        _, tuned = both(target_of(server.url), "boto3-tuned")
        assert len(tuned.send("GetItem", GET).attempts) == 4
        assert tuned.settings.startswith("up to 4 attempts, retried by Loadstone; 10000")
        mine.close()


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_checksums(flavour: Flavour) -> None:
    """An answer that is not what its checksum promises is an attempt of that name."""
    damaged = raw(http(200, json.dumps(FOUND).encode(), "x-amz-crc32: 1"))
    for number in range(2):
        with FaultServer([damaged, good(FOUND)]) as server:
            answer = both(target_of(server.url), flavour)[number].send("GetItem", GET)
            codes = [each.code for each in answer.attempts]
            assert codes == [transport.CRC32_MISMATCH, None]


def test_an_answer_that_does_not_come() -> None:
    """A time-out of the tuned SDK has our name for it."""
    with FaultServer(then=silence_after()) as server:
        sdks = SdkClient(target_of(server.url), "boto3-tuned", attempts=1, timeout_s=0.2)
        answer = sdks.send("GetItem", GET)
        assert [each.code for each in answer.attempts] == [transport.ANSWER_TIMEOUT]


def test_no_answer_of_dynamodb() -> None:
    """What is no JSON is a malformed answer, and not an exception."""
    with FaultServer(then=raw(http(200, b"<html>"))) as server:
        for client in both(target_of(server.url), "boto3-tuned", attempts=1):
            assert client.send("GetItem", GET).code == transport.MALFORMED_ANSWER


def test_nobody_listens() -> None:
    """A refused connection, and a name that nobody knows, are failures with our names."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    cases = {
        f"http://127.0.0.1:{port}": transport.CONNECT_FAILED,
        "http://no-such-host.invalid:8000": transport.RESOLVE_FAILED,
    }
    for url, code in cases.items():
        for client in both(target_of(url), "boto3-tuned", attempts=1):
            answer = client.send("GetItem", GET)
            assert (answer.code, answer.status) == (code, 0)
            assert answer.message


def test_what_the_sdk_refuses_itself(target: Target) -> None:
    """A parameter that the SDK does not let out is a failed call without a request; the tuned one
    asks the database, as our own client does."""
    body = orjson.dumps({"TableName": "t", "Key": KEY, "ConsistentRead": "yes"})
    refused, tuned = (SdkClient(target, flavour).send("GetItem", body) for flavour in FLAVOURS)
    assert (refused.code, refused.status) == ("ParamValidationError", 0)
    assert "ConsistentRead" in (refused.message or "")
    assert tuned.code == Client(target).send("GetItem", body).code
    assert tuned.status == 400


def test_an_operation_that_is_none(target: Target) -> None:
    """What boto3 has no method for is refused by name."""
    with pytest.raises(BadValue, match="no operation 'NoSuchOperation'"):
        SdkClient(target, "boto3").send("NoSuchOperation", b"{}")


def test_leftovers() -> None:
    """What a batch gives back undone is counted as throttles by both, and sent again by neither."""
    put = {"PutRequest": {"Item": PLAIN}}
    undone: dict[str, Any] = {"UnprocessedItems": {"t": [put] * 3}}
    body = orjson.dumps({"RequestItems": {"t": [put] * 4}})
    with FaultServer(then=good(undone)) as server:
        told = [
            accounts(client.send("BatchWriteItem", body))
            for client in both(target_of(server.url), "boto3")
        ]
        assert len(server.requests) == 2
    assert told[0] == told[1]
    assert told[0]["attempts"] == [(200, None, (Throttle("UnprocessedItems", "t"),) * 3)]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_gate_stands_before_the_sdk_too(target: Target, flavour: Flavour) -> None:
    """A gate throttles the SDK's attempts as it does our own client's: the same refusals, the same
    reasons, the same part of a batch, and nothing of it goes to the database."""
    told = []
    for number in range(2):
        with Client(target) as plain:
            table = filled_table(plain)
            gate = Gate(
                Rules.parse(["provisioned:1rcu,2wcu,burst=0s"]),
                Schemas(describing(plain)),
                clock=lambda: 0.0,
            )
            gate.prepare([table])
            items = [{"pk": {"S": "p"}, "sk": {"S": f"{n}"}} for n in range(5)]
            client = both(target, flavour, gate=gate, attempts=1)[number]
            batch = {
                "RequestItems": {TABLE: [{"PutRequest": {"Item": item}} for item in items]},
                **INDEXES,
            }
            put = {"TableName": TABLE, "Item": PLAIN, **INDEXES}
            asks = [("BatchWriteItem", batch), ("PutItem", put)]
            each = [asked_of(client, *ask, table) for ask in asks]
            held = plain.send("Scan", orjson.dumps({"TableName": table, "Select": "COUNT"}))
            told.append((each, held.json["Count"]))
    if flavour == "boto3":  # its retries are its own: told of, each of them throttled
        retried = told[1][0][1]["attempts"]
        assert len(retried) > 1
        assert len(set(retried)) == 1
        told[1][0][1]["attempts"] = retried[:1]
    assert told[0] == told[1]
    first, second = told[0][0]
    assert first["attempts"][0][2]  # some of the batch was let through, and some was not
    assert second["attempts"][0][1] == "ProvisionedThroughputExceededException"


def asked_of(client: Sender, operation: str, body: dict[str, Any], table: str) -> dict[str, Any]:
    sent = json.dumps(body).replace(TABLE, table).encode()
    told = json.dumps(accounts(client.send(operation, sent)), sort_keys=True, default=str)
    found: dict[str, Any] = json.loads(told.replace(table, TABLE))
    found["attempts"] = [(a, b, tuple(map(tuple, c))) for a, b, c in found["attempts"]]
    return found


def test_credentials_are_asked_for_anew() -> None:
    """Every request is signed with the credentials of that moment."""
    handed_out = iter(f"key{n}" for n in itertools.count())
    with FaultServer(then=good(FOUND)) as server:
        client = SdkClient(
            Target(
                url=server.url,
                region="eu-west-1",
                kind="endpoint",
                credentials=lambda: Credentials(next(handed_out), "secret", "token"),
            ),
            "boto3",
        )
        for _ in range(2):
            assert client.send("GetItem", GET).ok
        signed = [request.headers["authorization"] for request in server.requests]
    keys = [each.partition("Credential=")[2].partition("/")[0] for each in signed]
    assert keys[0] != keys[1]
    assert all("/eu-west-1/dynamodb/" in each for each in signed)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 1,000 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("sdk")
    for arguments in (["tables", "create", "cmz"], ["seed", "cmz", "--scale", "1000"]):
        ran = loadstone(*arguments, cwd=folder, environ=at(engine))
        assert ran.code == 0, ran.err
    yield folder
    assert loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=at(engine)).code == 0


def at(engine: Engine) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, "CONVERSATION_TABLE_NAME": "cmz-sdk"}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_scenario_through_the_sdk(place: Path, engine: Engine, flavour: Flavour) -> None:
    """`loadstone run --client` replays the same mix through the SDK: every answer is checked and
    right, every call has its units, and the record says what sent and with which settings."""
    asked_for = ("--client", flavour, "--duration", "3s", "--users", "10", "--sampled", "1")
    ran = loadstone("run", "cmz", *asked_for, "--name", flavour, cwd=place, environ=at(engine))
    assert ran.code == 0, ran.err
    assert "none failed" in ran.out
    assert f"client: {flavour} (" in ran.err
    run = Run.load(place / STATE / "runs" / flavour)
    assert run.header.configuration["client"].startswith(f"{flavour} (")
    assert run.header.versions["botocore"]
    counts = {name: tally.counts for name, tally in run.measured.items()}
    assert counts.keys() <= run.header.patterns.keys()
    check_single_reads(counts["one-message"], "cmz-sdk")
    assert all(each.attempts == each.calls and each.response_bytes for each in counts.values())


def test_retries_that_are_not_ours_are_refused(place: Path, engine: Engine) -> None:
    """`--retries` beside an SDK that retries as its user configured it says whom to ask."""
    asked_for = ("run", "cmz", "--client", "boto3", "--retries", "0", "--duration", "1s")
    ran = loadstone(*asked_for, cwd=place, environ=at(engine))
    assert ran.code == 2
    assert "--retries 0 with --client boto3" in ran.err
    assert "boto3-tuned" in ran.err
