"""One replayed operation, as a run records it."""

from __future__ import annotations

from typing import NamedTuple

from loadstone.client.answer import Answer


class Call(NamedTuple):
    """An operation that a pattern asked for, and what came of it.

    `intended_ns`, `answered_ns`: `time.perf_counter_ns()`. Latency counts from the intended start,
    so it holds the wait before sending, every attempt and every back-off.
    """

    pattern: str
    intended_ns: int
    answered_ns: int
    answer: Answer
    rows: int  # items that came back or were written
    request_bytes: int
    outcome: str = "ok"  # "ok", "failed", or a failure that the pattern declares, by its code
    problem: str | None = None  # why it failed: an error code, or what was wrong with the answer
    warm_up: bool = False
