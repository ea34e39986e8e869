"""Batches, sent again for what they left undone."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Protocol

import gevent
import orjson

from loadstone.client import retry
from loadstone.client.answer import Answer

#: What a batch gives back undone, and what asks for it.
UNDONE = {"BatchWriteItem": "UnprocessedItems", "BatchGetItem": "UnprocessedKeys"}
#: Undone items are throttled items: they are waited for as long as those are.
_THROTTLED = "ThrottlingException"


class Sends(Protocol):
    """What a client can do."""

    def send(self, operation: str, body: bytes, /) -> Answer: ...


def send_whole(
    client: Sends, operation: str, body: bytes, *, attempts: int, draw: Callable[[], float]
) -> list[Answer]:
    """Send a batch until nothing of it is left, it fails, or its attempts are used up."""
    answers: list[Answer] = []
    while True:
        answer = client.send(operation, body)
        answers.append(answer)
        undone = undone_in(answer)
        if not undone or len(answers) >= attempts:
            return answers
        gevent.sleep(retry.backoff_s(len(answers), _THROTTLED, 400, draw()))
        waited_ns = perf_counter_ns() - answer.attempts[-1].answered_ns
        *earlier, last = answer.attempts
        answer.attempts = (*earlier, last._replace(backoff_ns=waited_ns))
        body = orjson.dumps({**orjson.loads(body), "RequestItems": undone})


def undone_in(answer: Answer) -> dict[str, Any]:
    """What a good answer gave back undone."""
    name = UNDONE.get(answer.operation)
    if name is None or not answer.ok or b'"%b":{}' % name.encode() in answer.body:
        return {}
    found = answer.json.get(name)
    return found if isinstance(found, dict) else {}


def as_one(answers: list[Answer]) -> Answer:
    """Several answers as that of one operation, with every attempt and all units."""
    last = answers[-1]
    if len(answers) == 1:
        return last
    return Answer(
        last.operation,
        tuple(attempt for answer in answers for attempt in answer.attempts),
        tuple(units for answer in answers for units in answer.units),
        last.body,
        last.message,
    )
