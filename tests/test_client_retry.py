"""What is sent again, and after how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.client import transport
from loadstone.client.retry import MAX_BACKOFF_S, backoff_s, is_retried

DRAWS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ProvisionedThroughputExceededException", 400),
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
        ("TransactionInProgressException", 400),
        ("InternalServerError", 500),
        ("HTTP503", 503),
        ("HTTP502", 502),
        ("HTTP429", 429),
        (transport.CONNECTION_CLOSED, 0),
        (transport.CONNECT_TIMEOUT, 0),
        (transport.ANSWER_TIMEOUT, 0),
        (transport.CRC32_MISMATCH, 200),
        (transport.CRC32_MISMATCH, 400),
    ],
)
def test_retried(code: str, status: int) -> None:
    """Throttles, faults of the server and of the network are sent again."""
    assert is_retried(code, status)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ConditionalCheckFailedException", 400),
        ("TransactionCanceledException", 400),
        ("TransactionConflictException", 400),
        ("ValidationException", 400),
        ("ResourceNotFoundException", 400),
        ("ExpiredTokenException", 400),
        ("HTTP404", 404),
        (transport.TLS_FAILED, 0),
        (transport.DEADLINE_EXCEEDED, 0),
    ],
)
def test_not_retried(code: str, status: int) -> None:
    """An answer that would come again is final; a cancelled transaction too, as in the SDKs."""
    assert not is_retried(code, status)


@given(st.integers(1, 60), DRAWS, st.sampled_from(["ThrottlingException", "InternalServerError"]))
def test_backoff_is_bounded(attempt: int, draw: float, code: str) -> None:
    """A back-off is between nothing and its bound, which doubles with each attempt up to 20 s."""
    scale_s = 1.0 if code == "ThrottlingException" else 0.025
    wait_s = backoff_s(attempt, code, 400, draw)
    assert 0 <= wait_s <= min(MAX_BACKOFF_S, scale_s * 2 ** (attempt - 1))
    assert wait_s == draw * backoff_s(attempt, code, 400, 1.0)
