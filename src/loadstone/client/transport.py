"""How a request can fail below DynamoDB: the names that stand in `Attempt.code`."""

from __future__ import annotations

from typing import Final

RESOLVE_FAILED: Final = "ResolveFailed"
CONNECT_FAILED: Final = "ConnectFailed"
CONNECT_TIMEOUT: Final = "ConnectTimeout"
TLS_FAILED: Final = "TLSFailed"
CONNECTION_CLOSED: Final = "ConnectionClosed"
ANSWER_TIMEOUT: Final = "AnswerTimeout"
MALFORMED_ANSWER: Final = "MalformedAnswer"
CRC32_MISMATCH: Final = "CRC32Mismatch"
DEADLINE_EXCEEDED: Final = "DeadlineExceeded"  # the caller's deadline, not a time-out of ours


class TransportError(Exception):
    """No answer that could be used; never leaves the client, which records it in the attempt."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
