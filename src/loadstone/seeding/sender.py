"""Sends one operation until it went well, or waiting for it makes no sense any more."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from loadstone.client import retry
from loadstone.client.answer import Answer
from loadstone.client.transport import MALFORMED_ANSWER
from loadstone.errors import LoadstoneError
from loadstone.seeding.tally import Tally
from loadstone.seeding.verdict import Verdict, verdict

#: With full jitter from 25 ms, doubling: about 13 s in all.
GLITCHES = 10


class Sends(Protocol):
    """The part of `Client` that is needed, with its own retries off."""

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer: ...


class Halted(Exception):
    """Waiting has ended because somebody wants the work to end."""


class SeedStopped(LoadstoneError):
    """The target does not do what it is asked; what is written stays written."""

    exit_code = 1

    @classmethod
    def by(cls, answer: Answer) -> SeedStopped:
        said = f": {' '.join(answer.message.split())}" if answer.message else ""
        return cls(
            f"{answer.operation} failed for good ({answer.code or MALFORMED_ANSWER}{said}); when "
            "that is put right, the same command goes on where this one stopped"
        )


class Sender:
    """`wait` waits some seconds, and may raise Halted. `draw` is the jitter, of [0, 1)."""

    def __init__(
        self,
        client: Sends,
        tally: Tally,
        wait: Callable[[float], None],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._client, self._tally, self._wait, self._draw = client, tally, wait, draw

    def send(self, operation: str, body: bytes) -> Answer:
        """The answer of the last attempt: throttles are waited out, glitches for some time."""
        throttled = 0
        while verdict(answer := self.send_once(operation, body)) is Verdict.THROTTLED:
            throttled += 1
            self.wait_out_throttle(throttled)
        return answer

    def send_once(self, operation: str, body: bytes) -> Answer:
        """The answer of the last attempt: glitches are waited out for some time, throttles not."""
        glitched = 0
        while True:
            answer = self._client.send(operation, body)
            self._tally.account(answer)
            match verdict(answer):
                case Verdict.GLITCH:
                    glitched += 1
                    code = answer.code or MALFORMED_ANSWER
                    self._tally.failures[code] += 1
                    if glitched == GLITCHES:
                        return answer
                    self._wait(retry.backoff_s(glitched, code, answer.status, self._draw()))
                case Verdict.WELL:
                    self._tally.well += 1
                    return answer
                case _:
                    return answer

    def wait_out_throttle(self, times: int) -> None:
        """`times`: how often in a row the same was throttled, whole or in part."""
        self._wait(retry.backoff_s(min(times, 20), "ThrottlingException", 400, self._draw()))
