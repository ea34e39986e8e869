"""Sends operations to DynamoDB and accounts for every attempt."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter_ns, time
from types import TracebackType
from typing import Self

import gevent

from loadstone.client import retry
from loadstone.client.answer import Answer, Attempt
from loadstone.client.dialer import Dialer
from loadstone.client.gate import Gate
from loadstone.client.http import HttpAnswer
from loadstone.client.outcome import failed, outcome_of
from loadstone.client.pool import Pool
from loadstone.client.signing import Signer
from loadstone.client.target import Target
from loadstone.client.transport import (
    ANSWER_TIMEOUT,
    CONNECT_TIMEOUT,
    DEADLINE_EXCEEDED,
    TransportError,
)
from loadstone.errors import BadValue

_log = logging.getLogger(__name__)

# Asking costs little: boto3 keeps credentials, and fetches new ones in time when asked.
RENEW_CREDENTIALS_S = 30.0


class Client:
    """Sends data-plane operations to one target, from any number of greenlets of one thread.

    What a server or a network does wrong is in the Answer; `send` raises for neither. `attempts` is
    how often an operation is sent at most when its failure is worth it; `timeout_s` holds for each
    attempt. Batches are not sent again for what they left undone: their leftovers are counted as
    throttles, and are the caller's. `draw` gives the random part of the back-off. A `gate` may
    answer in the target's place.
    """

    def __init__(
        self,
        target: Target,
        *,
        attempts: int = 4,
        timeout_s: float = 10.0,
        connect_timeout_s: float = 5.0,
        idle_limit_s: float = 50.0,
        draw: Callable[[], float] = random.random,
        gate: Gate | None = None,
    ) -> None:
        if attempts < 1:
            raise BadValue(f"an operation takes at least 1 attempt, not {attempts}")
        self.target = target
        self._attempts = attempts
        self._timeout_ns = int(timeout_s * 1e9)
        self._draw = draw
        self._gate = gate
        dialer = Dialer(target.url, connect_timeout_s=connect_timeout_s)
        self._pool = Pool(dialer.dial, idle_limit_s=idle_limit_s)
        self._signer = Signer(
            host=dialer.host, region=target.region, credentials=target.credentials()
        )
        self._renew_at_s = time() + RENEW_CREDENTIALS_S

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        """Send an operation until it went well, is not worth repeating, or has used its attempts.

        After `deadline_ns` (of `time.perf_counter_ns`) nothing is waited for any more: neither an
        answer nor the end of a back-off.
        """
        earlier: list[Attempt] = []
        sent = 0
        renewed = False
        while True:
            used = self._signer.credentials
            if self._gate is None:
                answer = self._attempt(operation, body, deadline_ns)
            else:
                answer = self._gated(self._gate, operation, body, deadline_ns)
            (attempt,) = answer.attempts
            code = attempt.code
            sent += 1
            if code is None:
                break
            if code in retry.EXPIRED_CODES and not renewed:
                # The fault is ours: sent again at once, and not counted as one of the attempts.
                renewed = True
                sent -= 1
                if self._signer.credentials == used:
                    self._renew_credentials()
                earlier.append(attempt)
                continue
            if sent >= self._attempts or not retry.is_retried(code, attempt.status):
                break
            backoff_s = retry.backoff_s(sent, code, attempt.status, self._draw())
            if deadline_ns is not None and perf_counter_ns() + backoff_s * 1e9 >= deadline_ns:
                break
            gevent.sleep(backoff_s)
            backoff_ns = perf_counter_ns() - attempt.answered_ns
            earlier.append(attempt._replace(backoff_ns=backoff_ns))
        if earlier:
            answer.attempts = (*earlier, attempt)
        return answer

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer, or for a connection."""
        return self._pool.in_flight

    @property
    def connections_opened(self) -> int:
        """How many connections were ever made; steady once the load is."""
        return self._pool.opened

    def open_ahead(self, connections: int) -> None:
        """Have so many connections before they are needed: opening one takes longer than a call."""
        with suppress(TransportError):  # the first call tells
            self._pool.open_ahead(connections, perf_counter_ns() + self._timeout_ns)

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until no request is in flight; whether that came to pass in time."""
        return self._pool.drain(timeout_s)

    def close(self) -> None:
        """Close the free connections, and those in flight when they have their answers."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _attempt(self, operation: str, body: bytes, deadline_ns: int | None) -> Answer:
        """What one request comes to."""
        now_s = time()
        if now_s >= self._renew_at_s:
            self._renew_credentials()
        request = self._signer.sign(operation, body, now_s)
        sent_ns = perf_counter_ns()
        limit_ns = sent_ns + self._timeout_ns
        if deadline_ns is not None and deadline_ns < limit_ns:
            limit_ns = deadline_ns
            if limit_ns <= sent_ns:
                said = "not sent: the deadline had passed"
                return failed(
                    operation, DEADLINE_EXCEEDED, said, sent_ns=sent_ns, answered_ns=sent_ns
                )
        try:
            connection = self._pool.acquire(sent_ns, limit_ns)
            try:
                sent_ns = perf_counter_ns()  # opening a connection is no part of the service time
                answer = connection.exchange(request, limit_ns)
            finally:
                answered_ns = perf_counter_ns()
                self._pool.release(connection, answered_ns)
        except TransportError as error:
            answered_ns = perf_counter_ns()
            code = error.code
            if code in (ANSWER_TIMEOUT, CONNECT_TIMEOUT) and limit_ns == deadline_ns:
                code = DEADLINE_EXCEEDED
            return failed(operation, code, error.detail, sent_ns=sent_ns, answered_ns=answered_ns)
        return outcome_of(operation, body, answer, sent_ns, answered_ns)

    def _gated(self, gate: Gate, operation: str, body: bytes, deadline_ns: int | None) -> Answer:
        entered = gate.enter(operation, body)
        if isinstance(entered, HttpAnswer):
            now_ns = perf_counter_ns()
            return outcome_of(operation, body, entered, now_ns, now_ns)
        answer = self._attempt(operation, entered.body, deadline_ns)
        (attempt,), came = answer.attempts, answer.body
        if not came or (left := entered.leave(attempt.status, came)) is came:
            return answer
        given = HttpAnswer(attempt.status, left, None, True)
        return outcome_of(operation, body, given, attempt.sent_ns, attempt.answered_ns)

    def _renew_credentials(self) -> None:
        # First: whoever sends while this one waits for a credential service uses what there is.
        self._renew_at_s = time() + RENEW_CREDENTIALS_S
        try:
            credentials = self.target.credentials()
            if credentials != self._signer.credentials:
                self._signer.use(credentials)
        except Exception as error:  # of any provider; the credentials at hand may still serve
            _log.warning("credentials could not be renewed: %s", error)
