"""Messages over a socket between two processes: a line of JSON each, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import gevent.queue
import orjson
from gevent import socket

from loadstone.seeding.messages import Message

_CHUNK = 1 << 16


class Link:
    """One end. `tell` never waits: a greenlet of the link's own writes."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._out: gevent.queue.Queue[bytes | None] = gevent.queue.Queue()
        self._writing = gevent.spawn(self._write)

    def tell(self, message: Message) -> None:
        self._out.put(orjson.dumps(message) + b"\n")

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the other end tells, until it is gone."""
        rest = b""
        while True:
            try:
                chunk = self._sock.recv(_CHUNK)
            except OSError:
                return
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from map(orjson.loads, lines)

    def close(self) -> None:
        """After all that was told is written, or cannot be."""
        self._out.put(None)
        self._writing.join()
        self._sock.close()

    def _write(self) -> None:
        try:
            while (line := self._out.get()) is not None:
                self._sock.sendall(line)
        except OSError:
            pass  # the other end is gone, which `messages` tells
