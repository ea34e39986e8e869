"""What one request on the wire comes to."""

from __future__ import annotations

from zlib import crc32

from loadstone.client.accounting import LEFTOVERS, consumed, failure, leftovers
from loadstone.client.answer import Answer, Attempt
from loadstone.client.http import HttpAnswer
from loadstone.client.transport import CRC32_MISMATCH, MALFORMED_ANSWER

_OK = 200


def outcome_of(
    operation: str, request: bytes, answer: HttpAnswer, sent_ns: int, answered_ns: int
) -> Answer:
    """What an answer means: an Answer of this one attempt."""
    status, body, promised, _ = answer
    if promised is not None and crc32(body) != promised:
        attempt = Attempt(sent_ns, answered_ns, status, CRC32_MISMATCH)
        problem = "the answer's body is not what its x-amz-crc32 promises"
        return Answer(operation, (attempt,), message=problem)
    if status != _OK:
        error = failure(status, body, request)
        attempt = Attempt(sent_ns, answered_ns, status, error.code, error.throttles)
        return Answer(operation, (attempt,), (), body, error.message)
    if body[:1] != b"{":
        attempt = Attempt(sent_ns, answered_ns, status, MALFORMED_ANSWER)
        return Answer(operation, (attempt,), message=f"no DynamoDB answer: {body[:40]!r}")
    undone = leftovers(operation, body) if operation in LEFTOVERS else ()
    attempt = Attempt(sent_ns, answered_ns, status, None, undone)
    return Answer(operation, (attempt,), consumed(operation, body), body)


def failed(operation: str, code: str, message: str, *, sent_ns: int, answered_ns: int) -> Answer:
    """An Answer of one attempt that no whole answer came to."""
    return Answer(operation, (Attempt(sent_ns, answered_ns, 0, code),), message=message)
