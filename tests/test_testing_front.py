"""The address that tests see: requests as clients of any kind send them."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from typing import Any
from zlib import crc32

import orjson
import pytest

from loadstone.client.signing import Signer
from loadstone.client.target import Credentials
from loadstone.testing.asked import Database, Seed, Throttled

CREDENTIALS = Credentials("any", "body")


def signed(dynamodb: Database, operation: str, **request: Any) -> bytes:
    """A request, head and body."""
    host = dynamodb.endpoint.removeprefix("http://")
    signer = Signer(host=host, region="us-east-1", credentials=CREDENTIALS)
    return signer.sign(operation, orjson.dumps(request), 1_767_225_600.0)


def connected(dynamodb: Database) -> socket.socket:
    host, port = dynamodb.endpoint.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def answers(client: socket.socket, count: int = 1) -> list[tuple[int, Any]]:
    """Status and body of the next answers of a connection."""
    file = client.makefile("rb")
    found = []
    for _ in range(count):
        status = int(file.readline().split()[1])
        length = 0
        while line := file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        found.append((status, file.read(length)))
    return found


def test_requests_in_a_row(dynamodb: Database) -> None:
    """Two requests that are sent at once over one connection are answered in their order."""
    with connected(dynamodb) as client:
        client.sendall(
            signed(dynamodb, "ListTables") + signed(dynamodb, "DescribeTable", TableName="none")
        )
        first, second = answers(client, 2)
    assert first == (200, b'{"TableNames":[]}')
    assert second[0] == 400
    assert b"ResourceNotFoundException" in second[1]


def test_a_request_in_pieces(dynamodb: Database) -> None:
    """A request whose bytes come one by one is a request."""
    with connected(dynamodb) as client:
        for byte in signed(dynamodb, "ListTables"):
            client.sendall(bytes([byte]))
        assert answers(client) == [(200, b'{"TableNames":[]}')]


def test_a_client_that_waits_to_be_asked(dynamodb: Database) -> None:
    """`Expect: 100-continue` is answered, and the engine's answer comes after it."""
    request = signed(dynamodb, "ListTables")
    head, _, body = request.partition(b"\r\n\r\n")
    with connected(dynamodb) as client:
        client.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(body)
        assert answers(client) == [(200, b'{"TableNames":[]}')]


def test_a_length_is_asked_for(dynamodb: Database) -> None:
    """A request in chunks, which no SDK sends, is told what is missing."""
    with connected(dynamodb) as client:
        client.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        ((status, body),) = answers(client)
    assert status == 411
    assert b"Content-Length" in body


@pytest.mark.parametrize("gated", [False, True])
def test_large_items_go_both_ways(
    seeded: Seed, dynamodb: Database, throttled: Throttled, gated: bool
) -> None:
    """An item of 300 KB is written and read, also while something else is refused."""
    ds = seeded("cmz", scale=20)
    if gated:
        other = seeded("agentserver", scale=20).session.table
        throttled("TableReadKeyRangeThroughputExceeded", table=other)
    name = ds.message.table
    key = {"userId": {"S": "large"}, "sessionIdTimestamp": {"S": "1"}}
    item = {**key, "content": {"S": "ä" * 150_000}}
    with connected(dynamodb) as client:
        client.sendall(signed(dynamodb, "PutItem", TableName=name, Item=item))
        assert answers(client) == [(200, b"{}")]
        client.sendall(signed(dynamodb, "GetItem", TableName=name, Key=key))
        ((status, body),) = answers(client)
    assert status == 200
    assert orjson.loads(body)["Item"] == item


def test_many_clients_at_one_time(seeded: Seed, dynamodb: Database) -> None:
    """Threads with connections of their own each read what they asked for."""
    ds = seeded("cmz", scale=20)
    found: dict[int, Any] = {}

    def read(number: int) -> None:
        key = {name: {"S": value} for name, value in ds.message.key(number).items()}
        with connected(dynamodb) as client:
            for _ in range(5):
                client.sendall(signed(dynamodb, "GetItem", TableName=ds.message.table, Key=key))
                found[number] = orjson.loads(answers(client)[0][1])["Item"]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(ds.message))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: item["content"]["S"] for number, item in found.items()} == {
        number: ds.message(number)["content"] for number in range(len(ds.message))
    }


def test_an_event_loop_in_the_test(dynamodb: Database) -> None:
    """A test whose own event loop waits for the answer gets it: nothing of ours is in that loop."""

    async def ask() -> bytes:
        host, port = dynamodb.endpoint.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(signed(dynamodb, "ListTables"))
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        return head

    async def several() -> list[bytes]:
        return await asyncio.gather(*(ask() for _ in range(20)))

    assert all(head.startswith(b"HTTP/1.1 200") for head in asyncio.run(several()))


def test_what_is_no_operation_passes(dynamodb: Database) -> None:
    """The engine's health check answers at the same address."""
    connection = http.client.HTTPConnection(dynamodb.endpoint.removeprefix("http://"))
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"healthy" in answer.read()
    connection.close()


def test_an_answer_of_the_gate_has_its_checksum(
    seeded: Seed, dynamodb: Database, throttled: Throttled
) -> None:
    """A refusal comes with the CRC32 of its body, which SDKs compare."""
    ds = seeded("cmz", scale=20)
    throttled()
    key = {name: {"S": value} for name, value in ds.message.key(0).items()}
    with connected(dynamodb) as client:
        client.sendall(signed(dynamodb, "DeleteItem", TableName=ds.message.table, Key=key))
        head, _, body = client.recv(65_536).partition(b"\r\n\r\n")
    assert b"ThrottlingException" in body
    assert b"x-amz-crc32: %d\r\n" % crc32(body) in head
