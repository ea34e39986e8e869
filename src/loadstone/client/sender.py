"""What a load asks of a client, whichever it is."""

from __future__ import annotations

from typing import Protocol

from loadstone.client.answer import Answer


class Sender(Protocol):
    """Sends operations and accounts for every attempt."""

    def send(self, operation: str, body: bytes, /) -> Answer: ...

    @property
    def in_flight(self) -> int:
        """Operations that wait for an answer."""

    def open_ahead(self, connections: int) -> None:
        """Have so many connections before they are needed, where that can be done."""

    def close(self) -> None:
        """Close the connections."""
