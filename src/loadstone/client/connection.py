"""One connection: a request out, its answer back, straight to the greenlet that waits for it."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from gevent import get_hub, getcurrent
from gevent.monkey import get_original

from loadstone.client.http import AnswerParser, HttpAnswer, MalformedHttp
from loadstone.client.transport import (
    ANSWER_TIMEOUT,
    CONNECTION_CLOSED,
    MALFORMED_ANSWER,
    TransportError,
)

if TYPE_CHECKING:
    from loadstone.client.tls import TlsStream

_READ, _WRITE = 1, 2
_RECEIVE_BYTES = 65_536
_NEVER = 1 << 63
_MIN_ALARM_S = 0.001

_socket = get_original("socket", "socket")  # not gevent's: the watchers here do its waiting


class Connection:
    """A socket with one read watcher that is always on.

    Its callback runs in the hub, parses what came and switches to the waiting greenlet: no event,
    no queue and no watcher per request. While nobody waits it notices that the server hung up, so
    a stale connection is `open` no more before anyone tries it. One alarm serves one request after
    the other: each moves the deadline, and the alarm, when it rings, looks whether it has passed.
    """

    __slots__ = (
        "_alarm",
        "_alarm_ns",
        "_deadline_ns",
        "_hub",
        "_outcome",
        "_parser",
        "_reader",
        "_socket",
        "_tls",
        "_unsent",
        "_waiter",
        "_writer",
        "idle_since_ns",
        "open",
    )

    def __init__(self, descriptor: int, tls: TlsStream | None) -> None:
        self._socket = _socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._tls = tls
        self._parser = AnswerParser()
        self._hub = get_hub()
        self._waiter: Any = None
        self._outcome: HttpAnswer | TransportError | None = None
        self._unsent: memoryview | None = None
        self._writer: Any = None
        self._alarm: Any = None
        self._alarm_ns = _NEVER
        self._deadline_ns = _NEVER
        self.idle_since_ns = 0
        self.open = True
        # ref=False: idle connections do not keep a program's loop alive; the alarm does.
        self._reader: Any = self._hub.loop.io(descriptor, _READ, ref=False)
        self._reader.start(self._readable)

    def exchange(self, request: bytes, deadline_ns: int) -> HttpAnswer:
        """Send a request and wait for its answer; a TransportError leaves the connection closed."""
        self._outcome = None
        self._deadline_ns = deadline_ns
        if deadline_ns < self._alarm_ns:
            self._set_alarm()
        self._waiter = getcurrent()
        try:
            self._send(request if self._tls is None else self._tls.encrypt(request))
            outcome = self._come()
        except OSError as error:  # of the TLS session
            self.close()
            raise TransportError(CONNECTION_CLOSED, f"while sending: {error}") from None
        except BaseException:
            self.close()  # the user was stopped: the answer on its way is nobody's
            raise
        finally:
            self._waiter = None
        if isinstance(outcome, TransportError):
            raise outcome
        if not outcome.keep_alive or self._unsent is not None:
            self.close()
        return outcome

    def close(self) -> None:
        if not self.open:
            return
        self.open = False
        for watcher in (self._reader, self._writer, self._alarm):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._socket.close()

    def _come(self) -> HttpAnswer | TransportError:
        """What came, or comes, of the request."""
        while (outcome := self._outcome) is None:
            self._hub.switch()
        return outcome

    def _send(self, data: bytes | memoryview) -> None:
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._fail(CONNECTION_CLOSED, f"while sending: {error}")
            return
        if sent == len(data):
            if self._unsent is not None:
                self._unsent = None
                self._writer.stop()
            return
        self._unsent = memoryview(data)[sent:]
        if self._writer is None:
            self._writer = self._hub.loop.io(self._socket.fileno(), _WRITE)
        if not self._writer.active:
            self._writer.start(self._writable)

    def _writable(self) -> None:
        if self._unsent is not None:
            self._send(self._unsent)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
            if self._tls is not None and data:
                data = self._tls.decrypt(data)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(CONNECTION_CLOSED, str(error))
            return
        if data is None:
            return
        if self._waiter is None:
            self.close()  # the end of the stream, or bytes that nobody asked for
            return
        try:
            answer = self._parser.feed(data) if data else self._parser.end()
        except MalformedHttp as error:
            self._fail(MALFORMED_ANSWER, str(error))
            return
        if answer is not None:
            self._wake(answer)
        elif not data:
            self._fail(CONNECTION_CLOSED, "the server hung up before its answer was whole")

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.stop()
            self._alarm.close()
        left_s = (self._deadline_ns - perf_counter_ns()) / 1e9
        self._alarm_ns = self._deadline_ns
        self._alarm = self._hub.loop.timer(max(_MIN_ALARM_S, left_s))
        self._alarm.start(self._rings, update=True)

    def _rings(self) -> None:
        self._alarm_ns = _NEVER
        if self._waiter is None:
            return
        if perf_counter_ns() < self._deadline_ns:
            self._set_alarm()
        else:
            self._fail(ANSWER_TIMEOUT, "no whole answer in time")

    def _fail(self, code: str, detail: str) -> None:
        self.close()
        self._wake(TransportError(code, detail))

    def _wake(self, outcome: HttpAnswer | TransportError) -> None:
        """Hand over to the waiting greenlet: the last thing a callback does."""
        waiter, self._waiter = self._waiter, None
        if waiter is None:
            return
        self._outcome = outcome
        if getcurrent() is not waiter:
            waiter.switch()
