"""Names to addresses, without blocking other users, and remembered for a while."""

from __future__ import annotations

import time
from typing import NamedTuple

from gevent import get_hub
from gevent.lock import BoundedSemaphore

from loadstone.client.transport import RESOLVE_FAILED, TransportError

TTL_S = 30.0
_SOCK_STREAM = 1


class Address(NamedTuple):
    family: int
    sockaddr: tuple[str | int, ...]


class Resolver:
    """The addresses of one host, each call starting with another, to spread connections."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._addresses: tuple[Address, ...] = ()
        self._expires_s = 0.0
        self._next = 0
        self._lock = BoundedSemaphore(1)

    def addresses(self) -> tuple[Address, ...]:
        if time.monotonic() >= self._expires_s:
            with self._lock:
                # Whoever waited for the lock finds the work done.
                if time.monotonic() >= self._expires_s:
                    self._refresh()
        self._next = (self._next + 1) % len(self._addresses)
        return self._addresses[self._next :] + self._addresses[: self._next]

    def _refresh(self) -> None:
        try:
            found = get_hub().resolver.getaddrinfo(self._host, self._port, 0, _SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            # Addresses that served so far are better than none.
            if not self._addresses:
                raise TransportError(RESOLVE_FAILED, f"{self._host}: {error}") from None
        else:
            self._addresses = tuple(dict.fromkeys(Address(info[0], info[4]) for info in found))
        self._expires_s = time.monotonic() + TTL_S
