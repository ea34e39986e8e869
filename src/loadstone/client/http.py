"""An incremental parser of HTTP/1.1 answers: bytes in, answers out, no sockets."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

MAX_HEAD_BYTES = 65_536
_MAX_LINE_BYTES = 8_192
_CONTENT_LENGTH = b"\r\ncontent-length:"
_CRC32 = b"\r\nx-amz-crc32:"
_TRANSFER_ENCODING = b"\r\ntransfer-encoding:"
_CONNECTION = b"\r\nconnection:"
_NUMBER = re.compile(rb"[ \t]*+([0-9]{1,18})[ \t]*+\r\n")
_CHUNK_SIZE = re.compile(rb"[0-9a-f]{1,15}", re.IGNORECASE)


class MalformedHttp(ValueError):
    """Bytes that are no HTTP/1.x answer."""


class HttpAnswer(NamedTuple):
    """A whole answer; `crc32` is what the header x-amz-crc32 promises of the body."""

    status: int
    body: bytes
    crc32: int | None
    keep_alive: bool


class Head(NamedTuple):
    """What a status line and headers say about the answer; `length` is None when unsaid."""

    status: int
    length: int | None
    chunked: bool
    crc32: int | None
    keep_alive: bool


class AnswerParser:
    """The answers of one connection, one after the other, however their bytes are cut."""

    __slots__ = ("_body", "_head", "_pending")

    def __init__(self) -> None:
        self._pending = b""  # of a head that is not whole yet
        self._head: Head | None = None
        self._body: _Body | None = None

    def feed(self, data: bytes) -> HttpAnswer | None:
        """Take what arrived; the answer when these bytes complete it."""
        if self._body is not None:
            return self._continue(data)
        if self._pending:
            data = self._pending + data
            self._pending = b""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._pending = _checked_start(data)
                return None
            status, length, chunked, crc32, keep_alive = said = _said(data[: end + 2])
            if length == len(data) - end - 4 and not chunked:
                return HttpAnswer(status, data[end + 4 :], crc32, keep_alive)
            data = data[end + 4 :]
            if status >= 200:
                self._head = Head(*said)
                self._body = _body_of(self._head)
                return self._continue(data)

    def end(self) -> HttpAnswer | None:
        """The stream ended: the answer whose body it delimits, None when one is left half."""
        if isinstance(self._body, _BodyUntilEnd) and self._head is not None:
            return self._finish(self._head, self._body)._replace(keep_alive=False)
        return None

    def _continue(self, data: bytes) -> HttpAnswer | None:
        assert self._head is not None
        assert self._body is not None
        if not self._body.feed(data):
            return None
        return self._finish(self._head, self._body)

    def _finish(self, head: Head, body: _Body) -> HttpAnswer:
        self._head = self._body = None
        # Bytes beyond the answer belong to no request of ours: what follows cannot be trusted.
        keep_alive = head.keep_alive and not body.surplus
        return HttpAnswer(head.status, body.content(), head.crc32, keep_alive)


def _said(head: bytes) -> tuple[int, int | None, bool, int | None, bool]:
    """What makes a Head: of the bytes up to and with the CRLF of its last line."""
    status = 200 if head.startswith(b"HTTP/1.1 200 ") else _status(head)
    # Five searches and no loop over lines: this runs for every answer.
    head = head.lower()
    length = None
    if status in {204, 304}:
        length = 0
    elif status >= 200 and (at := head.find(_CONTENT_LENGTH)) >= 0:
        if head.find(_CONTENT_LENGTH, at + 1) >= 0:
            raise MalformedHttp("two Content-Length headers")
        length = _number(head, at + len(_CONTENT_LENGTH))
    at = head.find(_CRC32)
    crc32 = _number(head, at + len(_CRC32)) if at >= 0 else None
    at = head.find(_TRANSFER_ENCODING)
    chunked = at >= 0
    if chunked and (coding := _text(head, at + len(_TRANSFER_ENCODING))) != b"chunked":
        raise MalformedHttp(f"transfer coding {coding!r}")
    at = head.find(_CONNECTION)
    keep_alive = not head.startswith(b"http/1.0")
    if at >= 0:
        at += len(_CONNECTION)
        keep_alive = head.startswith(b" keep-alive\r\n", at) or _keeps_alive(
            _text(head, at), keep_alive
        )
    return status, length, chunked, crc32, keep_alive


def _status(head: bytes) -> int:
    digits = head[9:12]
    if head[:7] != b"HTTP/1." or head[8:9] != b" " or not digits.isdigit():
        raise MalformedHttp(f"no HTTP/1.x status line: {head[:40]!r}")
    if not b"100" <= digits <= b"599" or digits == b"101" or head[12:13].isdigit():
        raise MalformedHttp(f"status {head[9:20]!r}")
    return int(digits)


def _keeps_alive(connection: bytes, default: bool) -> bool:
    tokens = {token.strip() for token in connection.split(b",")}
    return b"close" not in tokens and (default or b"keep-alive" in tokens)


def _text(head: bytes, at: int) -> bytes:
    return head[at : head.index(b"\r\n", at)].strip()


def _number(head: bytes, at: int) -> int:
    found = _NUMBER.match(head, at)
    if found is None:
        raise MalformedHttp(f"{_text(head, at)[:40]!r} is no number")
    return int(found[1])


def _checked_start(data: bytes) -> bytes:
    """The start of a head, as far as it has come."""
    if len(data) > MAX_HEAD_BYTES:
        raise MalformedHttp(f"a head of more than {MAX_HEAD_BYTES} bytes")
    if not b"HTTP/1.".startswith(data[:7]):
        raise MalformedHttp(f"no HTTP/1.x status line: {data[:40]!r}")
    return data


class _Body(Protocol):
    surplus: bool  # whether bytes came that are not of this body

    def feed(self, data: bytes) -> bool:
        """Take bytes; whether the body is whole."""

    def content(self) -> bytes: ...


def _body_of(head: Head) -> _Body:
    if head.chunked:
        return _ChunkedBody()
    if head.length is None:
        return _BodyUntilEnd()
    return _SizedBody(head.length)


class _SizedBody:
    __slots__ = ("_missing", "_parts", "surplus")

    def __init__(self, length: int) -> None:
        self._parts: list[bytes] = []
        self._missing = length
        self.surplus = False

    def feed(self, data: bytes) -> bool:
        self.surplus = len(data) > self._missing
        self._parts.append(data[: self._missing] if self.surplus else data)
        self._missing -= len(self._parts[-1])
        return self._missing == 0

    def content(self) -> bytes:
        return b"".join(self._parts)


class _BodyUntilEnd:
    __slots__ = ("_parts", "surplus")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.surplus = False

    def feed(self, data: bytes) -> bool:
        self._parts.append(data)
        return False

    def content(self) -> bytes:
        return b"".join(self._parts)


class _ChunkedBody:
    __slots__ = ("_buffer", "_missing", "_parts", "_trailing", "surplus")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._missing = 0  # bytes of the chunk at hand; 0 between chunks
        self._trailing = False  # past the last chunk
        self.surplus = False

    def feed(self, data: bytes) -> bool:
        self._buffer += data
        while True:
            if self._missing:
                if not self._take_chunk():
                    return False
                continue
            line = self._take_line()
            if line is None:
                return False
            if self._trailing:
                if not line:
                    self.surplus = bool(self._buffer)
                    return True
            else:
                self._missing = _chunk_size(line)
                self._trailing = self._missing == 0

    def content(self) -> bytes:
        return b"".join(self._parts)

    def _take_chunk(self) -> bool:
        size = self._missing
        if len(self._buffer) < size + 2:
            return False
        if self._buffer[size : size + 2] != b"\r\n":
            raise MalformedHttp("a chunk longer than it says")
        self._parts.append(bytes(self._buffer[:size]))
        del self._buffer[: size + 2]
        self._missing = 0
        return True

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, _MAX_LINE_BYTES)
        if end < 0:
            if len(self._buffer) >= _MAX_LINE_BYTES:
                raise MalformedHttp("a chunk header without an end")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not _CHUNK_SIZE.fullmatch(digits):
        raise MalformedHttp(f"chunk size {digits[:40]!r}")
    return int(digits, 16)
