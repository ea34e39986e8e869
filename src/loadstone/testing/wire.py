"""Messages of HTTP/1.1 off a socket, as bytes, for whoever passes them on."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target:[ \t]*DynamoDB_20120810\.(\w+)", re.IGNORECASE)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_RECEIVED_BYTES = 65_536


class LengthUnsaid(ValueError):
    """A message whose end is marked in another way than by its length."""


class Message(NamedTuple):
    """A request or an answer: the head up to its empty line, and the body."""

    head: bytes
    body: bytes

    @property
    def operation(self) -> str | None:
        """The operation of DynamoDB's that a request asks for."""
        found = _TARGET.search(self.head)
        return found[1].decode() if found else None

    @property
    def status(self) -> int:
        """An answer's status."""
        return int(self.head[9:12])

    @property
    def whole(self) -> bytes:
        return self.head + self.body

    def with_body(self, body: bytes) -> Message:
        """The same about another body."""
        head = _LENGTH.sub(b"\r\ncontent-length: %d" % len(body), self.head)
        return Message(head, body)


class Wire:
    """One side of a connection."""

    def __init__(self, connected: socket.socket) -> None:
        # Without this a small answer may wait 40 ms for the acknowledgement of the one before.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket, self._rest = connected, b""

    def read(self) -> Message | None:
        """The next message; None when the other side has nothing more to say."""
        while (end := self._rest.find(_END)) < 0:
            if not self._receive():
                return None
        end += len(_END)
        head, self._rest = self._rest[:end], self._rest[end:]
        if _CHUNKED.search(head):
            raise LengthUnsaid
        if _EXPECT.search(head):
            head = _EXPECT.sub(b"", head)
            self.write(_CONTINUE)
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        while len(self._rest) < length:
            if not self._receive():
                return None
        body, self._rest = self._rest[:length], self._rest[length:]
        return Message(head, body)

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> bool:
        more = self._socket.recv(_RECEIVED_BYTES)
        self._rest += more
        return bool(more)
