"""The client against a server that misbehaves: every failure is in the Answer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from time import perf_counter_ns
from typing import Any

import gevent
import pytest

from loadstone.client import client as client_module
from loadstone.client import transport
from loadstone.client.answer import Throttle
from loadstone.client.client import Client
from loadstone.client.target import Credentials, Target
from loadstone.errors import BadValue
from tests.faultserver import (
    FaultServer,
    Step,
    error,
    good,
    http,
    in_pieces,
    raw,
    reset_after,
    silence_after,
)

GET = b'{"TableName":"t","Key":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"INDEXES"}'
ITEM = {
    "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}},
    "Item": {"pk": {"S": "a"}},
}
BODY = json.dumps(ITEM).encode()
THROTTLES = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
]

ClientOf = Callable[..., Client]


def no_wait() -> float:
    return 0.0


def await_event(event: threading.Event) -> None:
    """Let other greenlets run until a thread of the server sets the event."""
    assert gevent.get_hub().threadpool.apply(event.wait, (5,))


def signalling(event: threading.Event, step: Step) -> Step:
    """A step that tells when its request has come."""

    def answer(sock: socket.socket) -> bool:
        event.set()
        return step(sock)

    return answer


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Makes clients of a URL that do not wait between attempts; closes them afterwards."""
    clients = []

    def make(url: str, **options: Any) -> Client:
        credentials = options.pop("credentials", lambda: Credentials("key", "secret"))
        target = Target(url=url, region="us-east-1", kind="endpoint", credentials=credentials)
        clients.append(Client(target, **{"draw": no_wait, **options}))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_a_good_answer(client_of: ClientOf) -> None:
    """An operation that goes well is one attempt with its units, body and time."""
    with FaultServer([good(ITEM)]) as server:
        answer = client_of(server.url).send("GetItem", GET)
    assert answer.ok
    assert answer.code is None
    assert answer.status == 200
    assert answer.json == ITEM
    assert [tuple(units) for units in answer.units] == [("t", None, 0.5, 0.0)]
    assert len(answer.attempts) == 1
    assert answer.service_ns > 0
    (request,) = server.requests
    assert (request.operation, request.body) == ("GetItem", GET)


def test_connections_are_kept(client_of: ClientOf) -> None:
    """Requests one after the other share a connection."""
    with FaultServer() as server:
        client = client_of(server.url)
        assert all(client.send("GetItem", GET).ok for _ in range(20))
        assert client.connections_opened == server.connections == 1


def test_connections_are_opened_ahead(client_of: ClientOf) -> None:
    """What is opened before it is needed is used then, and asking for as many again opens none."""
    with FaultServer() as server:
        client = client_of(server.url)
        for _ in range(2):
            client.open_ahead(5)
            assert client.connections_opened == 5
        users = [gevent.spawn(client.send, "GetItem", GET) for _ in range(5)]
        gevent.joinall(users, raise_error=True)
        assert client.connections_opened == server.connections == 5


def test_nobody_to_connect_to_is_the_first_calls_error(client_of: ClientOf) -> None:
    """Opening ahead fails in silence: the first call says what is wrong."""
    client = client_of("http://127.0.0.1:1")
    client.open_ahead(5)
    assert client.send("GetItem", GET).code == transport.CONNECT_FAILED


def test_a_connection_for_each_request_in_flight(client_of: ClientOf) -> None:
    """Thirty users at once are thirty connections: none waits for another, or opens a second."""
    users = 30
    together = threading.Barrier(users, timeout=5)

    def answer(sock: socket.socket) -> bool:
        together.wait()
        return good()(sock)

    with FaultServer(then=answer) as server:
        client = client_of(server.url)

        def user() -> None:
            assert client.send("GetItem", GET).ok
            assert client.send("GetItem", GET).ok

        gevent.joinall([gevent.spawn(user) for _ in range(users)], raise_error=True)
        assert client.connections_opened == users
        assert client.in_flight == 0


@pytest.mark.parametrize(
    "step",
    [
        in_pieces(http(200, BODY)),
        raw(http(200, BODY, "X-AMZN-REQUESTID: 1").replace(b"Content-Length", b"cOnTeNt-lEnGtH")),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" + http(200, BODY)),
        raw(
            http(
                200,
                b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
                "Transfer-Encoding: chunked",
                "X-Amz-Crc32:" + str(zlib.crc32(BODY)),
                length=False,
            )
        ),
        raw(http(200, BODY, "Connection: close"), stay=False),
        raw(http(200, BODY, length=False), stay=False),
        raw(http(200, BODY) + b"and more"),
    ],
    ids=["pieces", "header-case", "interim", "chunked", "close", "until-end", "surplus"],
)
def test_odd_but_right(client_of: ClientOf, step: Step) -> None:
    """An answer in any guise that HTTP allows is a good answer, and the next one too."""
    with FaultServer([step]) as server:
        client = client_of(server.url, attempts=1)
        assert client.send("GetItem", GET).body == BODY
        assert client.send("GetItem", GET).ok


@pytest.mark.parametrize(
    ("step", "code", "status"),
    [
        (error("InternalServerError", status=500), "InternalServerError", 500),
        (raw(http(503, b"<html>busy</html>")), "HTTP503", 503),
        (raw(http(503, b"")), "HTTP503", 503),
        (reset_after(http(200, BODY)[:-5]), transport.CONNECTION_CLOSED, 0),
        (raw(http(200, BODY)[:-5], stay=False), transport.CONNECTION_CLOSED, 0),
        (raw(b"", stay=False), transport.CONNECTION_CLOSED, 0),
        (reset_after(b""), transport.CONNECTION_CLOSED, 0),
        (raw(b"\x15\x03\x01 garbage\r\n\r\n"), transport.MALFORMED_ANSWER, 0),
        (raw(http(200, b"<html>It works!</html>")), transport.MALFORMED_ANSWER, 200),
        (raw(http(200, BODY, "x-amz-crc32: 1")), transport.CRC32_MISMATCH, 200),
        (raw(http(400, BODY, "x-amz-crc32: 1")), transport.CRC32_MISMATCH, 400),
    ],
)
def test_faults_are_retried(client_of: ClientOf, step: Step, code: str, status: int) -> None:
    """A fault is an attempt with its code, and the operation goes well at the next."""
    with FaultServer([step, good(ITEM)]) as server:
        answer = client_of(server.url).send("GetItem", GET)
    assert [(attempt.code, attempt.status) for attempt in answer.attempts] == [
        (code, status),
        (None, 200),
    ]
    assert answer.attempts[0].answered_ns <= answer.attempts[1].sent_ns
    assert answer.throttles == ()
    assert answer.json == ITEM


@pytest.mark.parametrize("spelling", ["ThrottlingReasons", "throttlingReasons"])
@pytest.mark.parametrize("code", THROTTLES)
def test_throttles_are_counted(client_of: ClientOf, code: str, spelling: str) -> None:
    """Each throttled attempt is counted with its reason and resource, and its back-off measured."""
    reason = Throttle("TableReadProvisionedThroughputExceeded", "arn:aws:dynamodb:::table/t")
    members: dict[str, Any] = {spelling: [reason._asdict()]}
    throttled = error(code, **members)
    with FaultServer([throttled, throttled, good(ITEM)]) as server:
        answer = client_of(server.url, draw=lambda: 0.001).send("GetItem", GET)
    assert answer.ok
    assert answer.throttles == (reason, reason)
    first, second, last = answer.attempts
    assert first.backoff_ns >= 1_000_000
    assert second.backoff_ns >= 2_000_000
    assert last.backoff_ns == 0


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_attempts_run_out(client_of: ClientOf, attempts: int) -> None:
    """An operation is sent as often as allowed, and the last failure is the answer."""
    with FaultServer(then=error("ThrottlingException")) as server:
        answer = client_of(server.url, attempts=attempts).send("GetItem", GET)
        assert len(server.requests) == attempts
    assert len(answer.attempts) == len(answer.throttles) == attempts
    assert answer.code == "ThrottlingException"
    assert answer.message == "ThrottlingException it is"
    assert not answer.ok


def test_a_final_failure_is_sent_once(client_of: ClientOf) -> None:
    """A failed condition is not sent again, and its body is there to read."""
    step = error("ConditionalCheckFailedException", Item={"pk": {"S": "a"}})
    with FaultServer([step]) as server:
        answer = client_of(server.url).send("PutItem", GET)
    assert len(answer.attempts) == 1
    assert answer.json["Item"] == {"pk": {"S": "a"}}


def test_leftovers_of_a_batch_are_not_resent(client_of: ClientOf) -> None:
    """What a batch left undone is counted as throttles of a good answer, and sent by nobody."""
    undone: dict[str, Any] = {"UnprocessedItems": {"t": [{"PutRequest": {"Item": {}}}] * 3}}
    with FaultServer([good(undone)]) as server:
        answer = client_of(server.url).send("BatchWriteItem", b'{"RequestItems":{}}')
        assert len(server.requests) == 1
    assert answer.ok
    assert answer.throttles == (Throttle("UnprocessedItems", "t"),) * 3


def test_a_stale_connection_is_not_used(client_of: ClientOf) -> None:
    """A connection that the server ended while it was idle costs no attempt."""
    with FaultServer() as server:
        client = client_of(server.url, attempts=1)
        assert client.send("GetItem", GET).ok
        server.hang_up()
        gevent.idle()
        assert client.send("GetItem", GET).ok
        assert client.connections_opened == 2


def test_a_connection_idle_for_long_is_not_used(client_of: ClientOf) -> None:
    """A connection idle for longer than the limit is closed: the network may have forgotten it."""
    with FaultServer() as server:
        client = client_of(server.url, idle_limit_s=0.0)
        assert client.send("GetItem", GET).ok
        assert client.send("GetItem", GET).ok
        assert client.connections_opened == 2


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200", http(200, BODY)[:-1]])
def test_timeout(client_of: ClientOf, said: bytes) -> None:
    """An answer that does not come whole in time is a time-out, and its connection is dropped."""
    with FaultServer([silence_after(said), good()]) as server:
        client = client_of(server.url, attempts=1, timeout_s=0.5)
        begun_ns = perf_counter_ns()
        answer = client.send("GetItem", GET)
        assert answer.code == transport.ANSWER_TIMEOUT
        assert answer.attempts[0].answered_ns - begun_ns >= 500_000_000
        assert client.send("GetItem", GET).ok
        assert client.connections_opened == 2


def test_a_later_deadline_outlives_the_alarm(client_of: ClientOf) -> None:
    """A request has its whole time-out, also where an earlier one on its connection had less."""
    with FaultServer([good(), silence_after()]) as server:
        client = client_of(server.url, attempts=1, timeout_s=1)
        assert client.send("GetItem", GET, deadline_ns=perf_counter_ns() + 500_000_000).ok
        begun_ns = perf_counter_ns()
        answer = client.send("GetItem", GET)
        assert answer.code == transport.ANSWER_TIMEOUT
        assert answer.attempts[0].answered_ns - begun_ns >= 1_000_000_000
        assert client.connections_opened == 1


def test_deadline_ends_the_wait(client_of: ClientOf) -> None:
    """The caller's deadline ends an attempt, under a name of its own, and no other follows."""
    with FaultServer(then=silence_after()) as server:
        client = client_of(server.url)
        answer = client.send("GetItem", GET, deadline_ns=perf_counter_ns() + 50_000_000)
        assert [attempt.code for attempt in answer.attempts] == [transport.DEADLINE_EXCEEDED]


def test_deadline_passed(client_of: ClientOf) -> None:
    """After its deadline an operation is not sent at all."""
    with FaultServer() as server:
        answer = client_of(server.url).send("GetItem", GET, deadline_ns=perf_counter_ns())
        assert answer.code == transport.DEADLINE_EXCEEDED
        assert server.requests == []


def test_no_backoff_beyond_the_deadline(client_of: ClientOf) -> None:
    """A back-off that would outlast the deadline is not begun."""
    with FaultServer(then=error("ThrottlingException")) as server:
        deadline_ns = perf_counter_ns() + 900_000_000
        client = client_of(server.url, draw=lambda: 0.999)
        answer = client.send("GetItem", GET, deadline_ns=deadline_ns)
        assert perf_counter_ns() < deadline_ns
    assert [attempt.code for attempt in answer.attempts] == ["ThrottlingException"]


def test_nobody_listens(client_of: ClientOf) -> None:
    """A refused connection is a failure of every attempt, not an exception."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = client_of(f"http://127.0.0.1:{port}").send("GetItem", GET)
    assert [attempt.code for attempt in answer.attempts] == [transport.CONNECT_FAILED] * 4
    assert "refused" in (answer.message or "")


def test_requests_larger_than_the_sockets_buffer(client_of: ClientOf) -> None:
    """A request that goes out in many parts arrives whole."""
    body = b"{%b}" % (b" " * 12_000_000)
    with FaultServer() as server:
        client = client_of(server.url, attempts=1)
        assert client.send("BatchWriteItem", body).ok
        assert client.send("GetItem", GET).ok
        assert [request.body for request in server.requests] == [body, GET]
        assert client.connections_opened == 1


def test_a_large_answer(client_of: ClientOf) -> None:
    """An answer of several megabytes arrives whole."""
    body = {"Items": ["x" * 5_000_000]}
    with FaultServer([good(body)]) as server:
        assert client_of(server.url).send("Query", GET).json == body


def test_a_killed_user(client_of: ClientOf) -> None:
    """A user killed while it waits leaves no request in flight, and nobody gets its answer."""
    asked = threading.Event()
    with FaultServer([signalling(asked, silence_after()), good(ITEM)]) as server:
        client = client_of(server.url)
        user = gevent.spawn(client.send, "GetItem", GET)
        await_event(asked)
        assert client.in_flight == 1
        user.kill()
        assert client.in_flight == 0
        assert client.send("GetItem", GET).json == ITEM
        assert client.connections_opened == 2


def test_others_run_while_one_waits(client_of: ClientOf) -> None:
    """A greenlet that waits for an answer stops no other."""
    asked = threading.Event()
    with FaultServer([signalling(asked, silence_after()), good()]) as server:
        client = client_of(server.url, attempts=1, timeout_s=1)
        slow = gevent.spawn(client.send, "GetItem", GET)
        await_event(asked)
        fast = client.send("GetItem", GET)
        assert not slow.ready()
        assert fast.ok
        assert slow.get().code == transport.ANSWER_TIMEOUT


def test_drain_and_close(client_of: ClientOf) -> None:
    """Draining waits for what is in flight; a closed client sends no more."""
    asked, release = threading.Event(), threading.Event()

    def answer(sock: socket.socket) -> bool:
        release.wait(5)
        return good()(sock)

    with FaultServer([signalling(asked, answer)]) as server:
        client = client_of(server.url)
        user = gevent.spawn(client.send, "GetItem", GET)
        await_event(asked)
        assert not client.drain(0.01)
        client.close()
        release.set()
        assert client.drain(5)
        assert user.get().ok
        with pytest.raises(RuntimeError, match="closed"):
            client.send("GetItem", GET)


def test_expired_credentials(client_of: ClientOf) -> None:
    """Expired credentials are asked for anew, once, and do not use up an attempt."""
    handed_out = iter([Credentials("old", "s", "t"), Credentials("new", "s", "t")])
    with FaultServer([error("ExpiredTokenException"), good(ITEM)]) as server:
        client = client_of(server.url, attempts=1, credentials=lambda: next(handed_out))
        answer = client.send("GetItem", GET)
    assert answer.ok
    assert [attempt.code for attempt in answer.attempts] == ["ExpiredTokenException", None]
    keys = [request.headers["authorization"].split("=")[1] for request in server.requests]
    assert [key.partition("/")[0] for key in keys] == ["old", "new"]


def test_credentials_that_stay_expired(client_of: ClientOf) -> None:
    """Credentials that are expired after renewal too are the answer, without an end of tries."""
    with FaultServer(then=error("ExpiredTokenException")) as server:
        answer = client_of(server.url).send("GetItem", GET)
        assert len(server.requests) == 2
    assert answer.code == "ExpiredTokenException"


def test_credentials_are_renewed_in_time(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials are asked for from time to time, and those at hand serve while none come."""
    monkeypatch.setattr(client_module, "RENEW_CREDENTIALS_S", 0.0)
    answers: list[Credentials | None] = [Credentials("a", "s"), Credentials("b", "s"), None]

    def credentials() -> Credentials:
        answer = answers.pop(0)
        if answer is None:
            raise OSError("no metadata service")
        return answer

    with FaultServer() as server:
        client = client_of(server.url, credentials=credentials)
        assert client.send("GetItem", GET).ok
        assert client.send("GetItem", GET).ok
        used = [request.headers["authorization"] for request in server.requests]
    assert ["Credential=b/" in header for header in used] == [True, True]


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://x", "http://", "http://h:x", "http://h/path", "http://h:0"]
)
def test_no_endpoint(client_of: ClientOf, url: str) -> None:
    """What is no endpoint is refused before anything is sent."""
    with pytest.raises(BadValue, match="endpoint"):
        client_of(url)


def test_no_attempts(client_of: ClientOf) -> None:
    """A client that may not try at all is refused."""
    with pytest.raises(BadValue, match="attempt"):
        client_of("http://127.0.0.1:1", attempts=0)


def test_what_the_client_imports() -> None:
    """The client imports neither boto3 nor Locust, nor `ssl` before an https endpoint needs it."""
    program = (
        "import sys, loadstone.client.client\n"
        "print(sorted({'boto3', 'botocore', 'locust', 'ssl'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.strip() == "[]"
