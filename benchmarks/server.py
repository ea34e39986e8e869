"""A server that answers each operation with a constant, as a process of its own.

So that what is measured is the client: nothing is stored, looked up or waited for, unless it is
told to take some time over an answer. It counts what it got, and how long it really took; the
operation `Statistics` tells. Where there are several processors it has one to itself: else the
system moves it beside the client now and then, and each takes the other's caches.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import ssl
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from time import perf_counter
from typing import Any, NamedTuple
from urllib.request import Request, urlopen
from zlib import crc32

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search
_OPERATION = re.compile(rb"\r\nx-amz-target: *[^.\r]+\.(\w+)", re.IGNORECASE).search
_ENDED = b"\r\n\r\n"
_RECORD_BYTES = 16_384


class Statistics(NamedTuple):
    """What a server has seen."""

    connections: int
    requests: dict[str, int]
    took_ms: list[float]  # its own time over an answer: p50, p99, the longest


class _Session:
    """TLS as a filter of bytes: half the calls of a socket that is wrapped, for a server that takes
    longer over an answer than a client does over a request keeps the client waiting."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._greeting = True

    def hear(self, received: bytes) -> bytes:
        """The plain bytes that these complete."""
        self._incoming.write(received)
        plain = b""
        try:
            if self._greeting:
                self._object.do_handshake()
                self._greeting = False
            while self._incoming.pending:
                plain += self._object.read(_RECORD_BYTES)
        except ssl.SSLWantReadError:
            pass
        return plain

    def say(self, plain: bytes = b"") -> bytes:
        """What goes to the peer: this, and what the session has to say by itself."""
        if plain:
            self._object.write(plain)
        return self._outgoing.read()


@dataclass(slots=True, eq=False)
class _Peer:
    """A connection: its socket, and what has come of a request."""

    socket: socket.socket
    got: bytearray
    session: _Session | None


class _Due(NamedTuple):
    at_s: float
    came_s: float
    peer: _Peer
    answer: bytes


class _Server:
    def __init__(
        self, answers: Mapping[str, str], delay_s: float, tls: tuple[str, str] | None
    ) -> None:
        self._answers = {name.encode(): _wire(body.encode()) for name, body in answers.items()}
        self._delay_s, self._context = delay_s, None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*tls)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._listener.setblocking(False)
        self._sockets = selectors.DefaultSelector()
        self._sockets.register(self._listener, selectors.EVENT_READ, None)
        self._due: deque[_Due] = deque()
        self._connections = 0
        self._requests: Counter[str] = Counter()
        self._took_s: list[float] = []

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        """Answer until the process is ended."""
        while True:
            if self._due:
                self._rest(self._due[0].at_s - perf_counter())
            for key, _ in self._sockets.select(0 if self._due else None):
                if key.data is None:
                    self._accept()
                elif not self._hear(key.data):
                    self._sockets.unregister(key.data.socket)
                    key.data.socket.close()
            while self._due and self._due[0].at_s <= perf_counter():
                self._send(self._due.popleft())

    def _rest(self, pause_s: float) -> None:
        """Until an answer is due, or somebody speaks; a selector waits in whole milliseconds."""
        if pause_s > 0:
            select([self._sockets], [], [], pause_s)

    def _accept(self) -> None:
        """Everybody who waits: a handshake goes on beside the others, step by step."""
        while True:
            try:
                accepted, _ = self._listener.accept()
            except BlockingIOError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.setblocking(False)
            session = _Session(self._context) if self._context else None
            peer = _Peer(accepted, bytearray(), session)
            self._connections += 1
            self._sockets.register(accepted, selectors.EVENT_READ, peer)

    def _hear(self, peer: _Peer) -> bool:
        """Take what has come; False when the connection has ended."""
        try:
            came = peer.socket.recv(1 << 18)
            if peer.session is None:
                peer.got += came
            elif came:
                peer.got += peer.session.hear(came)
                if own := peer.session.say():
                    self._write(peer.socket, own)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._take(peer, perf_counter())
        return bool(came)

    def _take(self, peer: _Peer, came_s: float) -> None:
        """Take the requests that have come whole."""
        got = peer.got
        while (end := got.find(_ENDED)) >= 0:
            head = bytes(got[:end])
            length = _LENGTH(head)
            size = end + len(_ENDED) + (int(length[1]) if length else 0)
            if len(got) < size:
                return
            del got[:size]
            operation = _OPERATION(head)
            self._answer(operation[1] if operation else b"", peer, came_s)

    def _answer(self, name: bytes, peer: _Peer, came_s: float) -> None:
        if name == b"Statistics":
            body = json.dumps(self._statistics()._asdict()).encode()
            self._send(_Due(came_s, came_s, peer, _wire(body)))
            return
        self._requests[name.decode()] += 1
        due = _Due(came_s + self._delay_s, came_s, peer, self._answers.get(name, _UNKNOWN))
        if self._delay_s:
            self._due.append(due)
        else:
            self._send(due)

    def _send(self, due: _Due) -> None:
        session = due.peer.session
        try:
            self._write(due.peer.socket, session.say(due.answer) if session else due.answer)
        except OSError:
            return  # gone; the selector tells
        self._took_s.append(perf_counter() - due.came_s)

    def _write(self, to: socket.socket, answer: bytes) -> None:
        """All at once, as a buffer that is empty takes it; else the peer is waited for."""
        try:
            sent = to.send(answer)
        except BlockingIOError:
            sent = 0
        if sent < len(answer):
            to.setblocking(True)
            to.sendall(answer[sent:])
            to.setblocking(False)

    def _statistics(self) -> Statistics:
        took_ms = sorted(1000 * each for each in self._took_s) or [0.0]
        places = (len(took_ms) // 2, len(took_ms) * 99 // 100, -1)
        return Statistics(self._connections, self._requests, [took_ms[at] for at in places])


def _wire(body: bytes, status: str = "200 OK") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"x-amzn-RequestId: CONSTANT\r\nx-amz-crc32: {crc32(body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_UNKNOWN = _wire(b'{"__type":"UnknownOperationException","message":""}', "400 Bad Request")


class Constant(NamedTuple):
    """A server that runs."""

    url: str
    tls: ssl.SSLContext | None

    def statistics(self) -> Statistics:
        asked = Request(self.url, b"{}", {"X-Amz-Target": "DynamoDB_20120810.Statistics"})
        with urlopen(asked, context=self.tls) as answer:
            return Statistics(**json.load(answer))


@contextmanager
def _apart(server: int) -> Iterator[None]:
    """A process has the last processor to itself; this one, and those that it starts, the others.

    Where there is but one, or a system that cannot be told, all is left as it is.
    """
    with ExitStack() as after:
        with suppress(OSError):  # a sandbox may forbid it
            if hasattr(os, "sched_setaffinity") and len(usable := os.sched_getaffinity(0)) > 1:
                last = {max(usable)}
                os.sched_setaffinity(server, last)
                os.sched_setaffinity(0, usable - last)
                after.callback(os.sched_setaffinity, 0, usable)
        yield


@contextmanager
def constant_server(
    answers: Mapping[str, object],
    *,
    delay_ms: float = 0,
    tls: tuple[Path, Path] | None = None,
) -> Iterator[Constant]:
    """A server that answers operations with these objects; `tls`: its certificate, and the key."""
    asked = {
        "answers": {operation: json.dumps(answer) for operation, answer in answers.items()},
        "delay_s": delay_ms / 1000,
        "tls": [str(path) for path in tls] if tls else None,
    }
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(asked))
        process.stdin.close()
        try:
            url = process.stdout.readline().strip()
            with _apart(process.pid):
                yield Constant(url, ssl.create_default_context(cafile=tls[0]) if tls else None)
        finally:
            process.kill()


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    server = _Server(**asked)
    print(server.url, flush=True)
    server.run()


if __name__ == "__main__":
    main()
