"""Which failures are sent again, and after how long: decided from what is passed in."""

from __future__ import annotations

from loadstone.client import transport
from loadstone.client.accounting import THROTTLE_CODES

MAX_BACKOFF_S = 20.0
# The scales of the AWS SDKs' standard mode for DynamoDB: a throttle is waited out, a glitch is not.
THROTTLE_SCALE_S = 1.0
GLITCH_SCALE_S = 0.025

_SLOW_CODES = THROTTLE_CODES | {"TransactionInProgressException"}
_RETRIED_CODES = _SLOW_CODES | {
    "InternalServerError",
    "InternalFailure",
    "ReplicatedWriteConflictException",
    "ServiceUnavailable",
    transport.RESOLVE_FAILED,
    transport.CONNECT_FAILED,
    transport.CONNECT_TIMEOUT,
    transport.CONNECTION_CLOSED,
    transport.ANSWER_TIMEOUT,
    transport.MALFORMED_ANSWER,
    transport.CRC32_MISMATCH,
}
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})

EXPIRED_CODES = frozenset({"ExpiredTokenException", "ExpiredToken"})


def is_retried(code: str, status: int) -> bool:
    """Whether sending the same request again may help."""
    return code in _RETRIED_CODES or status in _RETRIED_STATUSES


def backoff_s(attempt: int, code: str, status: int, draw: float) -> float:
    """The wait after the `attempt`-th attempt, counted from 1, for a random `draw` of [0, 1).

    draw * min(20, scale * 2^(attempt - 1)): full jitter, so that users throttled together do not
    come back together.
    """
    slow = code in _SLOW_CODES or status == 429
    scale_s = THROTTLE_SCALE_S if slow else GLITCH_SCALE_S
    return draw * min(MAX_BACKOFF_S, scale_s * 2.0 ** (attempt - 1))
