"""What may stand between a client and its socket, and answer in the database's place."""

from __future__ import annotations

from typing import Protocol

from loadstone.client.http import HttpAnswer


class Passage(Protocol):
    """A request that was let through, perhaps with another body."""

    @property
    def body(self) -> bytes:
        """What is to be sent."""

    def leave(self, status: int, body: bytes) -> bytes:
        """Take note of the answer, and give the one that the sender is to have."""


class Gate(Protocol):
    """Lets requests through, or answers them itself."""

    def enter(self, operation: str, body: bytes) -> Passage | HttpAnswer: ...
