"""What botocore does on the wire, attempt by attempt, told by its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from gevent.local import local

from loadstone.client import transport
from loadstone.client.answer import Answer
from loadstone.client.gate import Gate, Passage
from loadstone.client.http import HttpAnswer
from loadstone.client.outcome import failed, outcome_of

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse

#: botocore's names of what goes wrong below DynamoDB, and ours.
_TRANSPORT_CODES = {
    "ConnectTimeoutError": transport.CONNECT_TIMEOUT,
    "EndpointConnectionError": transport.CONNECT_FAILED,
    "ProxyConnectionError": transport.CONNECT_FAILED,
    "SSLError": transport.TLS_FAILED,
    "ReadTimeoutError": transport.ANSWER_TIMEOUT,
    "ConnectionClosedError": transport.CONNECTION_CLOSED,
    "ResponseStreamingError": transport.CONNECTION_CLOSED,
    "IncompleteReadError": transport.CONNECTION_CLOSED,
    "ResponseParserError": transport.MALFORMED_ANSWER,
    "JSONDecodeError": transport.MALFORMED_ANSWER,
}


@dataclass(slots=True)
class Watch:
    """One operation under way. `sent_ns` is None but between sending and an answer."""

    operation: str
    body: bytes
    outcomes: list[Answer] = field(default_factory=list)
    sent_ns: int | None = None
    answered_ns: int | None = None
    passage: Passage | None = None
    refusal: HttpAnswer | None = None

    def end(self, outcome: Answer) -> None:
        self.outcomes.append(outcome)
        self.sent_ns = self.answered_ns = None

    def fail(self, error: BaseException) -> None:
        """What the SDK raised, unless that is an answer that its events have told of."""
        if self.sent_ns is None and self.outcomes:
            return
        now_ns = perf_counter_ns()
        sent_ns, answered_ns = self.sent_ns or now_ns, self.answered_ns or now_ns
        self.end(
            failed(
                self.operation,
                code_of(error),
                str(error),
                sent_ns=sent_ns,
                answered_ns=answered_ns,
            )
        )


class Events:
    """Listens to one botocore client; what it hears belongs to the greenlet's own operation."""

    def __init__(self, emitter: Any, gate: Gate | None) -> None:
        self._gate = gate
        self._here = local()
        # A request is signed when it is created: a gate may change it only before.
        emitter.register_first("request-created.dynamodb", self._created)
        emitter.register_last("before-send.dynamodb", self._sending)
        emitter.register_first("before-parse.dynamodb", self._answered)
        emitter.register_first("response-received.dynamodb", self._received)

    def watch(self, operation: str, body: bytes) -> Watch:
        """Begin an operation of this greenlet."""
        self._here.watch = watch = Watch(operation, body)
        return watch

    def _created(self, request: AWSRequest, **_: Any) -> None:
        watch: Watch = self._here.watch
        watch.passage = watch.refusal = None
        if self._gate is None:
            return
        entered = self._gate.enter(watch.operation, bytes(request.data or b""))
        if isinstance(entered, HttpAnswer):
            watch.refusal = entered
        else:
            watch.passage = entered
            request.data = entered.body

    def _sending(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        watch: Watch = self._here.watch
        watch.sent_ns = now_ns = perf_counter_ns()
        if watch.outcomes:
            (attempt,) = watch.outcomes[-1].attempts
            waited_ns = now_ns - attempt.answered_ns
            watch.outcomes[-1].attempts = (attempt._replace(backoff_ns=waited_ns),)
        if watch.refusal is None:
            return None
        watch.answered_ns = now_ns
        return _as_response(request.url, watch.refusal)

    def _answered(self, **_: Any) -> None:
        watch: Watch = self._here.watch
        watch.answered_ns = watch.answered_ns or perf_counter_ns()

    def _received(
        self,
        response_dict: Mapping[str, Any] | None,
        exception: Exception | None,
        **_: Any,
    ) -> None:
        watch: Watch = self._here.watch
        if response_dict is None:
            watch.fail(exception or RuntimeError("neither an answer nor an exception"))
            return
        promised = response_dict["headers"].get("x-amz-crc32")
        came = HttpAnswer(
            response_dict["status_code"],
            response_dict["body"],
            None if promised is None else int(promised),
            True,
        )
        watch.end(_outcome(watch, came))


def code_of(error: BaseException) -> str:
    """Our name of what the SDK raised."""
    if any("NameResolution" in type(each).__name__ for each in _causes(error)):
        return transport.RESOLVE_FAILED
    names = [each.__name__ for each in type(error).__mro__]
    return next(
        (_TRANSPORT_CODES[name] for name in names if name in _TRANSPORT_CODES),
        type(error).__name__,
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _outcome(watch: Watch, came: HttpAnswer) -> Answer:
    now_ns = perf_counter_ns()
    sent_ns, answered_ns = watch.sent_ns or now_ns, watch.answered_ns or now_ns
    outcome = outcome_of(watch.operation, watch.body, came, sent_ns, answered_ns)
    if watch.passage is None or not outcome.body:
        return outcome
    left = watch.passage.leave(came.status, outcome.body)
    if left is outcome.body:
        return outcome
    given = HttpAnswer(came.status, left, None, True)
    return outcome_of(watch.operation, watch.body, given, sent_ns, answered_ns)


class _Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _as_response(url: str, answer: HttpAnswer) -> AWSResponse:
    from botocore.awsrequest import AWSResponse

    headers: Any = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(url, answer.status, headers, _Raw(answer.body))
