"""The gate as an HTTP server of its own, before an engine: for any client in any language."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Self
from zlib import crc32

import orjson
from gevent import socket
from gevent.pywsgi import WSGIHandler, WSGIServer

from loadstone.capacity.throttle_rules import Rules
from loadstone.client.client import Client
from loadstone.client.dialer import Dialer
from loadstone.client.http import HttpAnswer
from loadstone.client.pool import Pool
from loadstone.client.target import Target
from loadstone.client.transport import TransportError
from loadstone.errors import BadValue
from loadstone.gate.described import THROTTLING, WHO_THROTTLES, describing
from loadstone.gate.gate import Gate
from loadstone.gate.schema import Schemas

HOST = "127.0.0.1"
DYNAMODB = "DynamoDB_20120810"
HEADER = "X-Loadstone-Simulated-Throttling"
TIMEOUT_S = 60.0
STOP_S = 2.0

#: After these a table's keys, indexes or capacity may be others.
_CHANGES = frozenset({"CreateTable", "UpdateTable", "DeleteTable", "RestoreTableFromBackup"})
_STATUS = {200: "200 OK", 400: "400 Bad Request", 500: "500 Internal Server Error"}
_FORWARDED = ("CONTENT_TYPE", "HTTP_AUTHORIZATION", "HTTP_X_AMZ_DATE", "HTTP_X_AMZ_SECURITY_TOKEN")

Environ = Mapping[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]


class _Handler(WSGIHandler):  # type: ignore[misc]
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        # Head and body are two writes: without this the second waits 40 ms for the first's ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, *arguments, **options)


class Proxy:
    """Listens on this machine alone; `port` None takes a free one.

    What is no data-plane operation of DynamoDB's goes through as it is, streams among them.
    """

    def __init__(
        self, target: Target, rules: Rules, *, port: int | None = None, engine: str = "dynoxide"
    ) -> None:
        self._engine = engine
        self._client = Client(target, timeout_s=TIMEOUT_S)
        self._schemas = Schemas(describing(self._client))
        self.gate = Gate(rules, self._schemas)
        dialer = Dialer(target.url, connect_timeout_s=5.0)
        self._pool = Pool(dialer.dial, idle_limit_s=50.0)
        self._host = dialer.host
        self._server = WSGIServer(
            (HOST, port or 0), self._serve, log=None, error_log=None, handler_class=_Handler
        )
        try:
            self._server.start()
        except OSError as error:
            why = os.strerror(error.errno or 0)  # gevent adds the address to its own
            raise BadValue(
                f"cannot listen on port {port} ({why}): pass another --port, or leave it out for a "
                "free one"
            ) from None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    def check(self) -> list[str]:
        """The tables that limits name and that are not there yet; BadValue where one that is there
        has no such index."""
        rules = self.gate.rules.rules
        there = {rule.table: self._schemas(rule.table) is not None for rule in rules if rule.table}
        checked = Rules(tuple(rule for rule in rules if there.get(rule.table or "", True)))
        checked.check([self._schemas.named(table) for table in there if there[table]])
        return sorted(table for table in there if not there[table])

    def close(self) -> None:
        """Finish what is in flight, for a moment, and listen no more."""
        self._server.stop(timeout=STOP_S)
        self._pool.close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self, environ: Environ, start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        if service == DYNAMODB:
            answer = self._operate(environ, operation, body)
        else:
            answer = self._forward(environ, body)
        start(_STATUS.get(answer.status, f"{answer.status} -"), self._headers(answer.body))
        return [answer.body]

    def _operate(self, environ: Environ, operation: str, body: bytes) -> HttpAnswer:
        if operation == WHO_THROTTLES:
            return HttpAnswer(200, orjson.dumps({THROTTLING: str(self.gate.rules)}), None, True)
        entered = self.gate.enter(operation, body)
        if isinstance(entered, HttpAnswer):
            return entered
        answer = self._forward(environ, entered.body)
        if operation in _CHANGES:
            self._forget(answer.body)
        return answer._replace(body=entered.leave(answer.status, answer.body))

    def _forget(self, body: bytes) -> None:
        """Forget what was known of a table that an answer describes as changed."""
        try:
            self.gate.forget(orjson.loads(body)["TableDescription"]["TableName"])
        except (ValueError, KeyError, TypeError):
            return  # it was refused, and nothing changed

    def _forward(self, environ: Environ, body: bytes) -> HttpAnswer:
        now_ns = perf_counter_ns()
        deadline_ns = now_ns + int(TIMEOUT_S * 1e9)
        try:
            connection = self._pool.acquire(now_ns, deadline_ns)
            try:
                return connection.exchange(self._request(environ, body), deadline_ns)
            finally:
                self._pool.release(connection, perf_counter_ns())
        except TransportError as error:
            fault = {
                "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
                "message": f"the engine behind Loadstone's gate did not answer: {error.detail}",
            }
            return HttpAnswer(500, orjson.dumps(fault), None, True)

    def _request(self, environ: Environ, body: bytes) -> bytes:
        """The request as it came, its signature included: an engine does not check that."""
        lines = [f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO') or '/'} HTTP/1.1"]
        lines += [f"host: {self._host}", f"content-length: {len(body)}"]
        for name in (*_FORWARDED, "HTTP_X_AMZ_TARGET"):
            if value := environ.get(name):
                lines.append(f"{name.removeprefix('HTTP_').replace('_', '-').lower()}: {value}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _headers(self, body: bytes) -> list[tuple[str, str]]:
        return [
            ("Content-Type", "application/x-amz-json-1.0"),
            ("Content-Length", str(len(body))),
            ("x-amz-crc32", str(crc32(body))),
            ("x-amzn-RequestId", _request_id()),
            # Commands of this project know their engine by its name.
            ("Server", f"Loadstone ({self._engine} behind it)"),
            (HEADER, str(self.gate.rules)),
        ]


def _request_id() -> str:
    """52 letters and digits, as DynamoDB's are."""
    return base64.b32hexencode(os.urandom(32)).decode().rstrip("=")
