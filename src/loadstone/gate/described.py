"""What the gate asks of the engine behind it, and what others may ask of a gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from loadstone.client.answer import Answer

#: An operation that DynamoDB does not have: only a gate answers it.
WHO_THROTTLES = "DescribeSimulatedThrottling"
THROTTLING = "SimulatedThrottling"


class Sends(Protocol):
    """The part of `Client` that is needed."""

    def send(self, operation: str, body: bytes, /) -> Answer: ...


def describing(client: Sends) -> Callable[[str], Mapping[str, Any] | None]:
    """How tables are described; None for one that is not there."""

    def describe(table: str) -> Mapping[str, Any] | None:
        answer = client.send("DescribeTable", orjson.dumps({"TableName": table}))
        described: Mapping[str, Any] | None = answer.json.get("Table") if answer.ok else None
        return described

    return describe


def throttling_at(client: Sends) -> str | None:
    """What a gate at the client's target throttles by; None where there is no gate."""
    answer = client.send(WHO_THROTTLES, b"{}")
    said = answer.json.get(THROTTLING) if answer.ok else None
    return said if isinstance(said, str) else None
