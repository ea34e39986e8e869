"""A proxy before the engine that is slow, or that throttles above so many requests a second."""

from __future__ import annotations

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import uniform
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.faultserver import NAMESPACE

#: What a load sends; what is asked before it begins goes through untouched.
PLAYED = frozenset({"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"})
BURST_S = 0.2


class Between:
    """Serves on a port of its own while it is entered."""

    def __init__(
        self,
        url: str,
        *,
        delay_s: float = 0.0,
        give_or_take_s: float = 0.0,
        most_per_s: float | None = None,
    ) -> None:
        self.passed = self.throttled = 0
        self._engine = urlsplit(url).netloc
        self._delay_s, self._most_per_s = delay_s, most_per_s
        self._give_or_take_s = give_or_take_s
        self._lock = threading.Lock()
        self._tokens, self._filled_s = BURST_S * (most_per_s or 0.0), monotonic()
        self._local = threading.local()

    def __enter__(self) -> Self:
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # an answer in one piece

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                operation = self.headers["X-Amz-Target"].rpartition(".")[2]
                status, answer = between.answer(operation, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, operation: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if operation in PLAYED:
            if not self._let_through():
                return 400, json.dumps(
                    {"__type": f"{NAMESPACE}ThrottlingException", "message": "too fast"}
                ).encode()
            sleep(self._delay_s + uniform(-1, 1) * self._give_or_take_s)
        connection = self._connection()
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def _let_through(self) -> bool:
        with self._lock:
            if self._most_per_s is not None:
                now_s = monotonic()
                more = (now_s - self._filled_s) * self._most_per_s
                self._tokens = min(BURST_S * self._most_per_s, self._tokens + more)
                self._filled_s = now_s
                if self._tokens < 1:
                    self.throttled += 1
                    return False
                self._tokens -= 1
            self.passed += 1
            return True

    def _connection(self) -> http.client.HTTPConnection:
        """One for each thread, which is one for each connection of the client."""
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = http.client.HTTPConnection(self._engine)
        return found
