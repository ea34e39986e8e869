"""Operations of DynamoDB at an engine of ours, with nothing but the standard library."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import orjson

from loadstone.errors import EngineError

TIMEOUT_S = 60.0
#: An engine wants to be told who asks, and checks no signature.
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=loadstone/20260101/us-east-1/dynamodb/"
    "aws4_request, SignedHeaders=host, Signature=0",
}
_OK = 200


class EngineRefused(EngineError):
    """The engine's own error, by its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Calls:
    """Sends one operation after the other over one connection."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def __call__(self, operation: str, request: Mapping[str, Any] | bytes) -> dict[str, Any]:
        """The answer; EngineRefused for an error."""
        body = request if isinstance(request, bytes) else orjson.dumps(request)
        headers = {**_HEADERS, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        try:
            self._connection.request("POST", "/", body, headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(
                f"the embedded engine did not answer {operation} ({error!r}): run the tests again"
            ) from error
        value: dict[str, Any] = orjson.loads(said)
        if answer.status != _OK:
            code = str(value.get("__type", "")).rpartition("#")[2]
            why = value.get("message") or value.get("Message") or "no more is said"
            raise EngineRefused(code, f"the embedded engine refused {operation} ({code}): {why}")
        return value

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
