"""One address for a whole test session, whichever engine stands behind it.

Threads, and no event loop: an application's own loop is its own, and clients of any kind come here.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from zlib import crc32

import orjson

from loadstone.client.http import HttpAnswer
from loadstone.testing.wire import LengthUnsaid, Message, Wire
from loadstone.testing.written import WRITES, Request

if TYPE_CHECKING:
    from loadstone.gate.gate import Gate

HOST = "127.0.0.1"
PATIENCE_S = 60.0
#: Of more than this nobody keeps what they were.
MOST_WRITTEN = 1000

#: After these and no others the tables are what they were.
READS = frozenset(
    {
        "BatchGetItem",
        "DescribeContinuousBackups",
        "DescribeEndpoints",
        "DescribeLimits",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetItem",
        "ListTables",
        "ListTagsOfResource",
        "Query",
        "Scan",
        "TransactGetItems",
    }
)
#: What a request says that sets a table's stream.
STREAM = b"StreamSpecification"
_REASONS = {200: "OK", 400: "Bad Request", 411: "Length Required", 500: "Internal Server Error"}


class Front:
    """Listens on a free port of this machine, and passes on what comes.

    `behind` is the port of the engine that is meant now. `written` are the writes of items that
    have passed, `changed` tells whether something has that is neither those nor a read, and
    `streamed` whether that was about a stream. `gate`, where there is one, may refuse a request in
    DynamoDB's words.
    """

    def __init__(self) -> None:
        self.behind = 0
        self.forget()
        self.gate: Callable[[], Gate] | None = None
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False
        threading.Thread(target=self._accept, name="loadstone", daemon=True).start()

    def forget(self) -> None:
        """Nothing has passed so far."""
        self.written: list[Request] = []
        self.changed = self.streamed = False

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Listen no more, and end what is open."""
        with self._lock:
            self._closed = True
            ending = [*self._open]
        for each in (self._listener, *ending):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(client)
            threading.Thread(
                target=self._serve, args=(client,), name="loadstone client", daemon=True
            ).start()

    def _serve(self, client: socket.socket) -> None:
        """One client's requests, one after the other, over one connection to the engine."""
        engine = _Behind()
        with client, contextlib.suppress(OSError):
            wire = Wire(client)
            try:
                while request := wire.read():
                    wire.write(self._answered(request, engine))
            except LengthUnsaid:
                wire.write(_answer(411, _fault("a request says how long it is (Content-Length)")))
        engine.close()
        with self._lock:
            self._open.discard(client)

    def _answered(self, request: Message, engine: _Behind) -> bytes:
        operation = request.operation
        if operation in WRITES and len(self.written) < MOST_WRITTEN:
            self.written.append(Request(operation, request.body))
        elif operation is not None and operation not in READS:
            self.changed = True
            self.streamed |= STREAM in request.body
        gate = self.gate
        try:
            if operation is None or gate is None:
                return engine.exchange(request, self.behind).whole
            return self._gated(gate(), operation, request, engine)
        except OSError as error:
            return _answer(500, _fault(f"the embedded engine does not answer: {error}"))

    def _gated(self, gate: Gate, operation: str, request: Message, engine: _Behind) -> bytes:
        entered = gate.enter(operation, request.body)
        if isinstance(entered, HttpAnswer):
            return _answer(entered.status, entered.body)
        answer = engine.exchange(request.with_body(entered.body), self.behind)
        return _answer(answer.status, entered.leave(answer.status, answer.body))


class _Behind:
    """A connection to the engine that is meant now."""

    def __init__(self) -> None:
        self._port, self._wire = 0, None

    _wire: Wire | None

    def exchange(self, request: Message, port: int) -> Message:
        if port != self._port:
            self.close()
        known = self._wire
        if known is not None:
            with contextlib.suppress(OSError):
                known.write(request.whole)
                if answer := known.read():
                    return answer
            self.close()
        fresh = Wire(socket.create_connection((HOST, port), timeout=PATIENCE_S))
        self._port, self._wire = port, fresh
        fresh.write(request.whole)
        answer = fresh.read()
        if answer is None:
            raise ConnectionResetError("it ended the connection")
        return answer

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def _answer(status: int, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, '-')}\r\n"
        "Content-Type: application/x-amz-json-1.0\r\n"
        f"x-amz-crc32: {crc32(body)}\r\n"
        "x-amzn-RequestId: LOADSTONE\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _fault(message: str) -> bytes:
    kind = "com.amazonaws.dynamodb.v20120810#InternalServerError"
    return orjson.dumps({"__type": kind, "message": message})
