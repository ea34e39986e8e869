"""What one request on the wire comes to."""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

from loadstone.client.accounting import consumed, failure, leftovers
from loadstone.client.answer import Attempt, Units
from loadstone.client.http import HttpAnswer
from loadstone.client.transport import CRC32_MISMATCH, MALFORMED_ANSWER

_OK = 200


class Outcome(NamedTuple):
    """One attempt with what it brought."""

    attempt: Attempt
    units: tuple[Units, ...] = ()
    body: bytes = b""
    message: str | None = None


def outcome_of(
    operation: str, request: bytes, answer: HttpAnswer, sent_ns: int, answered_ns: int
) -> Outcome:
    """What an answer means."""
    status, body, promised, _ = answer
    if promised is not None and crc32(body) != promised:
        attempt = Attempt(sent_ns, answered_ns, status, CRC32_MISMATCH)
        return Outcome(attempt, message="the answer's body is not what its x-amz-crc32 promises")
    if status != _OK:
        error = failure(status, body, request)
        attempt = Attempt(sent_ns, answered_ns, status, error.code, error.throttles)
        return Outcome(attempt, (), body, error.message)
    if body[:1] != b"{":
        attempt = Attempt(sent_ns, answered_ns, status, MALFORMED_ANSWER)
        return Outcome(attempt, message=f"no DynamoDB answer: {body[:40]!r}")
    attempt = Attempt(sent_ns, answered_ns, status, None, leftovers(operation, body))
    return Outcome(attempt, consumed(operation, body), body)
