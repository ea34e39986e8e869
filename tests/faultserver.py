"""A server that answers as a script says: well, badly, in pieces, or not at all."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Step = Callable[[socket.socket], bool]  # answers on a socket; whether the connection stays open

NAMESPACE = "com.amazonaws.dynamodb.v20120810#"


def http(status: int, body: bytes, *headers: str, length: bool = True) -> bytes:
    """An HTTP answer, with DynamoDB's checksum unless a header gives another."""
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/x-amz-json-1.0", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    if not any(header.lower().startswith("x-amz-crc32:") for header in headers):
        lines.append(f"x-amz-crc32: {zlib.crc32(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def good(body: dict[str, Any] | None = None) -> Step:
    return raw(http(200, json.dumps(body or {}).encode()))


def error(code: str, *, status: int = 400, **members: Any) -> Step:
    body = {"__type": NAMESPACE + code, "message": f"{code} it is", **members}
    return raw(http(status, json.dumps(body).encode()))


def raw(data: bytes, *, stay: bool = True) -> Step:
    def answer(sock: socket.socket) -> bool:
        sock.sendall(data)
        return stay

    return answer


def in_pieces(data: bytes) -> Step:
    def answer(sock: socket.socket) -> bool:
        for at in range(len(data)):
            sock.sendall(data[at : at + 1])
        return True

    return answer


def reset_after(data: bytes) -> Step:
    def answer(sock: socket.socket) -> bool:
        sock.sendall(data)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return answer


def silence_after(data: bytes = b"") -> Step:
    """Say no more, and wait for the client to hang up."""

    def answer(sock: socket.socket) -> bool:
        sock.sendall(data)
        while sock.recv(4096):
            pass
        return False

    return answer


@dataclass
class Request:
    operation: str
    headers: dict[str, str]
    body: bytes
    connection: int  # which connection it came on, counted from 0


@dataclass
class FaultServer:
    """Plays one step for each request, over all connections; after the last, `then` for ever.

    With `reply` instead, that finds the step for each request, by what it asks for; `turn` counts
    them from 0.
    """

    script: Sequence[Step] = ()
    then: Step = field(default_factory=good)
    reply: Callable[[int, Request], Step] | None = None
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    problems: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sockets.append(self._listener)
        self.hang_up()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def hang_up(self) -> None:
        """End every connection, as a server does with idle ones."""
        for sock in self._sockets:
            # Closing alone would not wake a thread in accept or recv.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _spawn(self, run: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(sock)
            self._spawn(self._serve, sock, len(self._sockets) - 1)

    def _step(self, turn: int, request: Request) -> Step:
        if self.reply is not None:
            return self.reply(turn, request)
        return self.script[turn] if turn < len(self.script) else self.then

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self.tls is not None:
                sock = self._sockets[number] = self.tls.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as stream:
                while (request := _read(stream, number)) is not None:
                    with self._lock:
                        turn = len(self.requests)
                        self.requests.append(request)
                    if not self._step(turn, request)(sock):
                        return
        except OSError:
            pass  # the client hung up, as some scripts want it to
        except BaseException as problem:
            self.problems.append(problem)


def _read(stream: Any, number: int) -> Request | None:
    line = stream.readline()
    if not line:
        return None
    assert line == b"POST / HTTP/1.1\r\n", line
    headers: dict[str, str] = {}
    while (line := stream.readline()) != b"\r\n":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers["content-length"]))
    return Request(headers["x-amz-target"].rpartition(".")[2], headers, body, number)
