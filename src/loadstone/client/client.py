"""Sends operations to DynamoDB and accounts for every attempt."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from time import perf_counter_ns, time
from types import TracebackType
from typing import NamedTuple, Self
from zlib import crc32

import gevent

from loadstone.client import retry
from loadstone.client.accounting import consumed, failure, leftovers
from loadstone.client.answer import Answer, Attempt, Units
from loadstone.client.dialer import Dialer
from loadstone.client.http import HttpAnswer
from loadstone.client.pool import Pool
from loadstone.client.signing import Signer
from loadstone.client.target import Target
from loadstone.client.transport import (
    ANSWER_TIMEOUT,
    CONNECT_TIMEOUT,
    CRC32_MISMATCH,
    DEADLINE_EXCEEDED,
    MALFORMED_ANSWER,
    TransportError,
)
from loadstone.errors import BadValue

_log = logging.getLogger(__name__)

# Asking costs little: boto3 keeps credentials, and fetches new ones in time when asked.
RENEW_CREDENTIALS_S = 30.0


class _Outcome(NamedTuple):
    """One attempt with what it brought."""

    attempt: Attempt
    units: tuple[Units, ...] = ()
    body: bytes = b""
    message: str | None = None


class Client:
    """Sends data-plane operations to one target, from any number of greenlets of one thread.

    What a server or a network does wrong is in the Answer; `send` raises for neither. `attempts` is
    how often an operation is sent at most when its failure is worth it; `timeout_s` holds for each
    attempt. Batches are not sent again for what they left undone: their leftovers are counted as
    throttles, and are the caller's. `draw` gives the random part of the back-off.
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
    ) -> None:
        if attempts < 1:
            raise BadValue(f"an operation takes at least 1 attempt, not {attempts}")
        self.target = target
        self._attempts = attempts
        self._timeout_ns = int(timeout_s * 1e9)
        self._draw = draw
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
            outcome = self._attempt(operation, body, deadline_ns)
            attempt = outcome.attempt
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
        return Answer(operation, (*earlier, attempt), outcome.units, outcome.body, outcome.message)

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer, or for a connection."""
        return self._pool.in_flight

    @property
    def connections_opened(self) -> int:
        """How many connections were ever made; steady once the load is."""
        return self._pool.opened

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

    def _attempt(self, operation: str, body: bytes, deadline_ns: int | None) -> _Outcome:
        now_s = time()
        if now_s >= self._renew_at_s:
            self._renew_credentials()
        request = self._signer.sign(operation, body, now_s)
        sent_ns = perf_counter_ns()
        limit_ns = sent_ns + self._timeout_ns
        if deadline_ns is not None and deadline_ns < limit_ns:
            limit_ns = deadline_ns
            if limit_ns <= sent_ns:
                late = Attempt(sent_ns, sent_ns, 0, DEADLINE_EXCEEDED)
                return _Outcome(late, message="not sent: the deadline had passed")
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
            return _Outcome(Attempt(sent_ns, answered_ns, 0, code), message=error.detail)
        return _outcome(operation, body, answer, sent_ns, answered_ns)

    def _renew_credentials(self) -> None:
        # First: whoever sends while this one waits for a credential service uses what there is.
        self._renew_at_s = time() + RENEW_CREDENTIALS_S
        try:
            credentials = self.target.credentials()
            if credentials != self._signer.credentials:
                self._signer.use(credentials)
        except Exception as error:  # of any provider; the credentials at hand may still serve
            _log.warning("credentials could not be renewed: %s", error)


def _outcome(
    operation: str, request: bytes, answer: HttpAnswer, sent_ns: int, answered_ns: int
) -> _Outcome:
    """What an answer means."""
    status, body, promised, _ = answer
    if promised is not None and crc32(body) != promised:
        attempt = Attempt(sent_ns, answered_ns, status, CRC32_MISMATCH)
        return _Outcome(attempt, message="the answer's body is not what its x-amz-crc32 promises")
    if status != 200:
        error = failure(status, body, request)
        attempt = Attempt(sent_ns, answered_ns, status, error.code, error.throttles)
        return _Outcome(attempt, (), body, error.message)
    if body[:1] != b"{":
        attempt = Attempt(sent_ns, answered_ns, status, MALFORMED_ANSWER)
        return _Outcome(attempt, message=f"no DynamoDB answer: {body[:40]!r}")
    attempt = Attempt(sent_ns, answered_ns, status, None, leftovers(operation, body))
    return _Outcome(attempt, consumed(operation, body), body)
