"""The SDK in the place of our own client: the same operations, the same accounting.

boto3 must not be imported before Locust in one process, so this imports it when it is used.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Literal

import gevent
import orjson

from loadstone.aws.sdk_events import Events, Watch
from loadstone.aws.session import UNMOVED
from loadstone.client import retry
from loadstone.client.answer import Answer, Attempt
from loadstone.client.gate import Gate
from loadstone.client.target import Target
from loadstone.errors import BadValue

if TYPE_CHECKING:
    from botocore.config import Config

Flavour = Literal["boto3", "boto3-tuned"]

#: As many as there may be operations in flight: what a smaller pool throws away is dialled anew.
TUNED_CONNECTIONS = 10_000
_BINARY = (b'{"B":', b'{"BS":')


class SdkClient:
    """Sends through boto3's client of DynamoDB.

    `boto3` is that of the user's own configuration, unchanged: its retries are its own, and every
    one of them is counted as an attempt. `boto3-tuned` checks no parameters, has a connection for
    every operation in flight, and leaves retries to us: up to `attempts`, as our own client does.
    """

    def __init__(
        self,
        target: Target,
        flavour: Flavour,
        *,
        attempts: int = 4,
        timeout_s: float = 10.0,
        connect_timeout_s: float = 5.0,
        draw: Callable[[], float] = random.random,
        gate: Gate | None = None,
    ) -> None:
        self.target = target
        tuned = flavour == "boto3-tuned"
        self._attempts, self._draw = attempts if tuned else 1, draw
        config = _tuned(target, timeout_s, connect_timeout_s) if tuned else None
        self._client: Any = _session(target).client(
            "dynamodb", region_name=target.region, endpoint_url=target.url, config=config
        )
        self._events = Events(self._client.meta.events, gate)
        self._methods = {
            operation: getattr(self._client, method)
            for method, operation in self._client.meta.method_to_api_mapping.items()
        }
        self.in_flight = 0

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        """As our own client's; a deadline ends the waiting for another attempt, not an attempt."""
        self.in_flight += 1
        try:
            return self._send(operation, body, deadline_ns)
        finally:
            self.in_flight -= 1

    @property
    def settings(self) -> str:
        """What the SDK makes of its configuration, in a line."""
        config = self._client.meta.config
        retries = config.retries or {}
        most = retries.get("total_max_attempts") or retries.get("max_attempts")
        said = f"retry mode {retries.get('mode')}" + (f", {most} attempts" if most else "")
        if self._attempts > 1:
            said = f"up to {self._attempts} attempts, retried by Loadstone"
        return (
            f"{said}; {config.max_pool_connections} connections kept; time-outs "
            f"{config.connect_timeout:g} s to connect, {config.read_timeout:g} s to answer"
        )

    def open_ahead(self, connections: int) -> None:
        """The SDK opens its own connections, when it needs them."""

    def close(self) -> None:
        """Close the connections that are free."""
        self._client.close()

    def _send(self, operation: str, body: bytes, deadline_ns: int | None) -> Answer:
        parameters = self._parameters(operation, body)
        earlier: list[Attempt] = []
        sent = 0
        while True:
            *before, answer = self._call(operation, body, parameters)
            earlier += [attempt for each in before for attempt in each.attempts]
            (attempt,) = answer.attempts
            sent += 1
            code = attempt.code
            if code is None or sent >= self._attempts or not retry.is_retried(code, attempt.status):
                break
            backoff_s = retry.backoff_s(sent, code, attempt.status, self._draw())
            if deadline_ns is not None and perf_counter_ns() + backoff_s * 1e9 >= deadline_ns:
                break
            gevent.sleep(backoff_s)
            earlier.append(attempt._replace(backoff_ns=perf_counter_ns() - attempt.answered_ns))
        answer.attempts = (*earlier, attempt)
        return answer

    def _call(self, operation: str, body: bytes, parameters: Mapping[str, Any]) -> list[Answer]:
        """One call of the SDK: its attempts, of which there is one at least."""
        from botocore.exceptions import BotoCoreError, ClientError

        watch: Watch = self._events.watch(operation, body)
        try:
            self._methods[operation](**parameters)
        except (BotoCoreError, ClientError) as error:
            watch.fail(error)
        except Exception as error:
            if watch.sent_ns is None:
                raise
            watch.fail(error)  # an answer that the SDK cannot read
        return watch.outcomes

    def _parameters(self, operation: str, body: bytes) -> dict[str, Any]:
        """A request as the SDK takes it: as on the wire, but for bytes."""
        if operation not in self._methods:
            raise BadValue(f"boto3 has no operation {operation!r} of DynamoDB's")
        request: dict[str, Any] = orjson.loads(body)
        if not any(mark in body for mark in _BINARY):
            return request
        shape = self._client.meta.service_model.operation_model(operation).input_shape
        decoded: dict[str, Any] = _decoded(request, shape)
        return decoded


def _decoded(value: Any, shape: Any) -> Any:
    """With bytes where the service's model says so, in the place of Base64."""
    match shape.type_name:
        case "structure":
            known = shape.members
            return {
                name: _decoded(each, known[name]) if name in known else each
                for name, each in value.items()
            }
        case "map":
            return {name: _decoded(each, shape.value) for name, each in value.items()}
        case "list":
            return [_decoded(each, shape.member) for each in value]
        case "blob":
            return base64.b64decode(value)
    return value


def _session(target: Target) -> Any:
    """The user's own; credentials other than AWS's are those that the target was opened with."""
    import boto3
    from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
    from botocore.session import Session

    class Lent(Credentials):
        """Asked anew for each signature, as our own client asks."""

        def get_frozen_credentials(self) -> Any:
            return Credentials(*target.credentials()).get_frozen_credentials()

    class Lender(CredentialProvider):
        METHOD = CANONICAL_NAME = "loadstone"

        def load(self) -> Lent:
            return Lent(*target.credentials())

    session = Session()
    if target.kind != "aws":
        session.register_component("credential_provider", CredentialResolver([Lender()]))
    return boto3.Session(botocore_session=session)


def _tuned(target: Target, timeout_s: float, connect_timeout_s: float) -> Config:
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=connect_timeout_s,
        read_timeout=timeout_s,
        max_pool_connections=TUNED_CONNECTIONS,
        parameter_validation=False,
        tcp_keepalive=True,
        proxies=None if target.kind == "aws" else {},
        **UNMOVED,
    )
