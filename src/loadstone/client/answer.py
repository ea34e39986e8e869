"""What became of one operation: every attempt, what it consumed, and what was throttled."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson


class Units(NamedTuple):
    """Capacity consumed on a table, or on one of its indexes."""

    table: str
    index: str | None  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    read: float
    write: float


class Throttle(NamedTuple):
    """One throttled request, or one throttled item of a batch."""

    reason: str  # as in ThrottlingReasons; the error code where the server gives no reason
    resource: str  # the ARN that the server names, else the table's name


class Attempt(NamedTuple):
    """One request on the wire. Times are `time.perf_counter_ns()`."""

    sent_ns: int
    answered_ns: int
    status: int  # 0 when no whole answer came
    code: str | None  # DynamoDB's error code without its namespace, or a transport error's name
    throttles: tuple[Throttle, ...] = ()
    backoff_ns: int = 0  # waited after this attempt before the next


class Answer:
    """The outcome of one operation after its last attempt. `units` are those of all attempts.

    No dataclass: one is made for every call, and what writes its own `__init__` is made sooner.
    """

    def __init__(
        self,
        operation: str,
        attempts: tuple[Attempt, ...],
        units: tuple[Units, ...] = (),
        body: bytes = b"",
        message: str | None = None,
    ) -> None:
        self.operation, self.attempts, self.units = operation, attempts, units
        self.body, self.message = body, message
        self._json: dict[str, Any] | None = None

    @property
    def status(self) -> int:
        return self.attempts[-1].status

    @property
    def code(self) -> str | None:
        """The error code of the last attempt, None when it went well."""
        return self.attempts[-1].code

    @property
    def ok(self) -> bool:
        return self.attempts[-1].code is None

    @property
    def throttles(self) -> tuple[Throttle, ...]:
        if len(self.attempts) == 1:  # as most are
            return self.attempts[0].throttles
        return tuple(throttle for attempt in self.attempts for throttle in attempt.throttles)

    @property
    def service_ns(self) -> int:
        """How long the last attempt alone took."""
        last = self.attempts[-1]
        return last.answered_ns - last.sent_ns

    @property
    def json(self) -> dict[str, Any]:
        """The body, decoded when first asked for."""
        found = self._json
        if found is None:
            decoded = orjson.loads(self.body) if self.body else {}
            found = self._json = decoded if isinstance(decoded, dict) else {}
        return found
