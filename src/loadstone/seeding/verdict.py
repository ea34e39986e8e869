"""What an answer means to somebody who must get every item written. Pure."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Any

import orjson

from loadstone.client import retry
from loadstone.client.accounting import THROTTLE_CODES
from loadstone.client.answer import Answer


class Verdict(Enum):
    WELL = "done, or done in part"
    THROTTLED = "too fast: wait, without end"
    GLITCH = "a failure that may pass: wait, within a limit"
    REJECTED = "something in the request is not acceptable"
    DENIED = "these credentials may not do this"
    HOPELESS = "no request like it can go well"


_REJECTED = frozenset(
    {
        "ValidationException",
        "ItemCollectionSizeLimitExceededException",
        "SerializationException",
        "HTTP413",  # larger than the server, or something before it, takes
    }
)


def verdict(answer: Answer) -> Verdict:
    code, status = answer.code, answer.status
    if code is None:
        # What cannot be read may have said that items were left undone.
        return Verdict.GLITCH if _said(answer.body) is None else Verdict.WELL
    if code in THROTTLE_CODES or status == 429:
        return Verdict.THROTTLED
    if code in _REJECTED:
        return Verdict.REJECTED
    if code == "AccessDeniedException":
        return Verdict.DENIED
    if retry.is_retried(code, status) or status >= 500:
        return Verdict.GLITCH
    return Verdict.HOPELESS


def undone(answer: Answer) -> Any:
    """What a batch that went well gave back undone: its UnprocessedItems, if it has any."""
    return (_said(answer.body) or {}).get("UnprocessedItems")


@lru_cache(maxsize=64)
def _said(body: bytes) -> dict[str, Any] | None:
    """An answer decoded, None where it cannot be: a load gets the same over and over."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return decoded if isinstance(decoded, dict) else None
