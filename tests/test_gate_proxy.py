"""`loadstone local --throttle`: any application's client, boto3 here, meets real throttles."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from loadstone.aws.target import embedded_target
from loadstone.capacity.throttle_rules import Rules
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.embedded.registry import STATE, registered
from loadstone.errors import BadValue
from loadstone.gate.described import throttling_at
from loadstone.gate.proxy import Proxy
from tests.commands import loadstone
from tests.conftest import ENGINE_CACHE

LIMITS = ("provisioned:5rcu,5wcu,burst=0s", "roomy=provisioned:500rcu,500wcu")
LIMIT_S = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own, with the engine's binary from the checkout."""
    project = tmp_path_factory.mktemp("throttled")
    (project / STATE).mkdir()
    (project / STATE / "engine").symlink_to(ENGINE_CACHE)
    return project


@pytest.fixture(scope="module")
def serving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "loadstone", "local", "--memory"]
    for limits in LIMITS:
        command += ["--throttle", limits]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)


@pytest.fixture(scope="module")
def url(serving: subprocess.Popen[str]) -> str:
    assert serving.stdout is not None
    return serving.stdout.readline().strip()


@pytest.fixture(scope="module")
def dynamodb(url: str) -> Any:
    """boto3 as anybody has it, but for its retries, which would hide the throttles."""
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="anybody",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def create(dynamodb: Any, name: str) -> str:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return name


def puts(count: int) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(count)]


def test_boto3_meets_dynamodbs_exceptions(dynamodb: Any) -> None:
    """A table that is written faster than its 5 WCU raises boto3's own exception class, with the
    reason and the table's ARN; whatever it was, the answer's checksum and request id are there."""
    table = create(dynamodb, "raising")

    def fill() -> None:
        for n in range(100):
            answer = dynamodb.put_item(TableName=table, Item={"pk": {"S": str(n)}})
            assert "ConsumedCapacity" not in answer

    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException) as caught:
        fill()
    error = caught.value.response
    (reason,) = error["ThrottlingReasons"]
    assert reason["reason"] == "TableWriteProvisionedThroughputExceeded"
    assert reason["resource"] == dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    metadata = error["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 400
    assert len(metadata["RequestId"]) == 52
    assert "x-amz-crc32" in metadata["HTTPHeaders"]
    assert metadata["HTTPHeaders"]["x-loadstone-simulated-throttling"] == "; ".join(LIMITS)


def test_boto3_gets_unprocessed_items(dynamodb: Any) -> None:
    """Of a batch larger than what there is the rest comes back, as it can be sent again."""
    table = create(dynamodb, "batched")
    answer = dynamodb.batch_write_item(RequestItems={table: puts(25)})
    assert answer["UnprocessedItems"] == {table: puts(25)[5:]}


def test_a_transaction_is_cancelled_for_boto3(dynamodb: Any) -> None:
    """boto3 finds the reasons of a cancelled transaction where it always does."""
    table = create(dynamodb, "transacted")
    items = [{"Put": {"TableName": table, "Item": {"pk": {"S": str(n)}}}} for n in range(9)]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(TransactItems=items)
    codes = {reason["Code"] for reason in caught.value.response["CancellationReasons"]}
    assert codes == {"None", "ProvisionedThroughputExceeded"}


def test_limits_are_by_table(dynamodb: Any) -> None:
    """A table with limits of its own is not held by those of the others; reads come back whole, and
    as many as were written."""
    table = create(dynamodb, "roomy")
    for start in range(0, 100, 25):
        assert not dynamodb.batch_write_item(
            RequestItems={table: puts(100)[start : start + 25]}, ReturnConsumedCapacity="TOTAL"
        )["UnprocessedItems"]
    found = dynamodb.scan(TableName=table, ReturnConsumedCapacity="TOTAL")
    assert found["Count"] == 100
    assert found["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 0.5}


def test_what_the_engine_refuses_stays_its_own(dynamodb: Any) -> None:
    """Errors of the engine come through as they are."""
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.get_item(TableName="no-such-table", Key={"pk": {"S": "1"}})
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.put_item(TableName=create(dynamodb, "strict"), Item={"other": {"S": "1"}})


def test_a_table_that_is_made_anew_has_its_capacity_back(dynamodb: Any) -> None:
    """Dropping a table forgets what it had used, and its keys."""
    table = create(dynamodb, "again")
    for _ in range(2):
        answer = dynamodb.batch_write_item(RequestItems={table: puts(25)})
        assert len(answer["UnprocessedItems"][table]) == 20
        dynamodb.delete_table(TableName=table)
        create(dynamodb, table)


def test_every_answer_keeps_its_checksum(url: str) -> None:
    """The checksum is that of the body that is sent, also where the gate changed it."""
    host, _, port = url.removeprefix("http://").partition(":")
    body = b'{"TableName":"roomy","Key":{"pk":{"S":"1"}},"ReturnConsumedCapacity":"NONE"}'
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0\r\nX-Amz-Date: 20260101T000000Z\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), LIMIT_S) as connection:
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    headers, _, content = answer.partition(b"\r\n\r\n")
    assert json.loads(content) == {"Item": {"pk": {"S": "1"}}}
    assert f"x-amz-crc32: {crc32(content)}".encode() in headers


def test_only_this_machine_is_served(url: str) -> None:
    """The proxy listens on the loopback address and on no other."""
    assert url.startswith("http://127.0.0.1:")
    port = int(url.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no other address")
        own = probe.getsockname()[0]
    with pytest.raises(OSError, match=r".*"):
        socket.create_connection((own, port), 2).close()


def test_a_gate_says_that_it_is_one(url: str) -> None:
    """Who asks a gate learns its limits: a run says so in its report."""
    with Client(embedded_target(url, environ={})) as client:
        assert throttling_at(client) == "; ".join(LIMITS)


def test_later_commands_go_through_the_gate(folder: Path, url: str) -> None:
    """Commands of the project use the gate's address, as they would the engine's."""
    found = registered(folder / STATE)
    assert found is not None
    assert found.url == url
    ran = loadstone("tables", "create", "cmz", cwd=folder)
    assert f"target: the embedded engine at {url}" in ran.err


def test_an_application_is_told_how_to_connect(serving: subprocess.Popen[str], url: str) -> None:
    """After the address stand the variables that lead an SDK there, credentials of nobody among
    them: with these alone boto3 finds it."""
    assert serving.stdout is not None
    lines = [serving.stdout.readline().strip() for _ in range(6)]
    told = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    assert told["AWS_ENDPOINT_URL_DYNAMODB"] == told["DYNAMODB_ENDPOINT_URL"] == url
    asked = "import boto3; print(boto3.client('dynamodb').list_tables()['TableNames'])"
    environ = {"PATH": os.environ["PATH"], **told}
    ran = subprocess.run(
        [sys.executable, "-c", asked], env=environ, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_ctrl_c_ends_it_well(folder: Path, serving: subprocess.Popen[str], url: str) -> None:
    """Ctrl-C ends proxy and engine with exit code 0, and nothing stays registered."""
    serving.send_signal(signal.SIGINT)
    _, said = serving.communicate(timeout=LIMIT_S)
    assert serving.returncode == 0
    assert "simulated throttling: provisioned:5rcu,5wcu,burst=0s; roomy=" in said
    assert "there is no table 'roomy' yet: its limits hold once it is created" in said
    assert "Traceback" not in said
    assert registered(folder / STATE) is None


def test_wrong_limits_are_refused(folder: Path) -> None:
    """A limit that cannot be read is refused before anything starts, with an example."""
    ran = loadstone("local", "--throttle", "provisioned:100", cwd=folder)
    assert ran.code == 2
    assert "provisioned:100rcu,50wcu" in ran.err


def test_a_port_that_is_taken_is_said(target: Target) -> None:
    """A port that somebody else has is named."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BadValue, match=f"port {port}"):
            Proxy(target, Rules.parse(["on-demand"]), port=port)


def test_limits_are_held_against_what_is_there(target: Target) -> None:
    """A table that is not there yet may come; an index that a table has not is a mistake."""
    with Client(target) as client:
        assert client.send("CreateTable", json.dumps(CHECKED).encode()).ok
    with Proxy(target, Rules.parse(["on-demand", "checked=none", "later/X=on-demand"])) as proxy:
        assert proxy.check() == ["later"]
    wrong = Rules.parse(["checked/X=on-demand"])
    with Proxy(target, wrong) as proxy, pytest.raises(BadValue, match="has no global index 'X'"):
        proxy.check()


CHECKED = {
    "TableName": "checked",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}


def test_an_engine_that_is_gone_is_a_fault_of_the_server() -> None:
    """Where nothing answers behind the gate, a client gets an error that its SDK retries."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        nobody = embedded_target(f"http://127.0.0.1:{other.getsockname()[1]}", environ={})
        with Proxy(nobody, Rules.parse(["on-demand"])) as proxy:
            here = embedded_target(proxy.url, environ={})
            with Client(here, attempts=1) as client:
                answer = client.send("ListTables", b"{}")
    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert "did not answer" in str(answer.message)
