"""Requests signed with AWS Signature Version 4, as bytes ready to send."""

from __future__ import annotations

import hashlib
import hmac
import time
from importlib.metadata import version
from typing import TypeAlias

from loadstone.client.target import Credentials
from loadstone.errors import BadValue

_SERVICE = "dynamodb"
_CONTENT_TYPE = "application/x-amz-json-1.0"
_USER_AGENT = f"loadstone/{version('loadstone')}"
_SHA256_BLOCK_BYTES = 64

sha256 = hashlib.sha256


#: All of a request of one operation that is the same within a second: a hash that has taken the
#: canonical request up to the body's, and the head up to the signature.
_Prefix: TypeAlias = "tuple[hashlib._Hash, bytes]"


class Signer:
    """Makes the requests of one endpoint.

    Only the body's hash and the signature differ between the requests of an operation within a
    second, so the rest is hashed once and the state copied. The signing key holds for a day.
    """

    def __init__(self, *, host: str, region: str, credentials: Credentials) -> None:
        self.host = host
        self.region = region
        self.use(credentials)

    def use(self, credentials: Credentials) -> None:
        """Sign with these credentials from now on."""
        for name, value in zip(credentials._fields, credentials, strict=True):
            if value is not None and (not value.isprintable() or value != value.strip()):
                raise BadValue(f"the credentials' {name} has a blank, a line end or the like in it")
        self.credentials = credentials
        self._second = -1
        self._day = ""

    def sign(self, operation: str, body: bytes, now_s: float) -> bytes:
        """The request, head and body, signed for the Unix time `now_s`."""
        second = int(now_s)
        if second != self._second:
            self._turn(second)
        canonical, head = self._prefixes.get(operation) or self._prefix(operation)
        canonical = canonical.copy()
        canonical.update(sha256(body).hexdigest().encode())
        inner = self._inner.copy()
        inner.update(canonical.hexdigest().encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (
            head,
            outer.hexdigest().encode(),
            len(body),
            body,
        )

    def _turn(self, second: int) -> None:
        self._timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = self._timestamp[:8]
        if day != self._day:
            self._day = day
            self._scope = f"{day}/{self.region}/{_SERVICE}/aws4_request"
            self._key_inner, self._outer = _keyed_hashes(self._signing_key())
        self._inner = self._key_inner.copy()
        self._inner.update(f"AWS4-HMAC-SHA256\n{self._timestamp}\n{self._scope}\n".encode())
        self._prefixes: dict[str, _Prefix] = {}
        self._second = second

    def _signing_key(self) -> bytes:
        key = f"AWS4{self.credentials.secret_key}".encode()
        for part in self._scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key

    def _prefix(self, operation: str) -> _Prefix:
        signed = {
            "content-type": _CONTENT_TYPE,
            "host": self.host,
            "x-amz-date": self._timestamp,
            "x-amz-security-token": self.credentials.token,
            "x-amz-target": f"DynamoDB_20120810.{operation}",
        }
        headers = [(name, value) for name, value in signed.items() if value]
        names = ";".join(name for name, _ in headers)
        canonical_headers = "".join(f"{name}:{value}\n" for name, value in headers)
        credential = f"{self.credentials.access_key}/{self._scope}"
        head = [
            "POST / HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers),
            "accept-encoding: identity",
            f"user-agent: {_USER_AGENT}",
            f"authorization: AWS4-HMAC-SHA256 Credential={credential},"
            f" SignedHeaders={names}, Signature=",
        ]
        canonical = sha256(f"POST\n/\n\n{canonical_headers}\n{names}\n".encode())
        prefix = (canonical, "\r\n".join(head).encode())
        self._prefixes[operation] = prefix
        return prefix


def _keyed_hashes(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two states of HMAC-SHA256 that have taken the key, and nothing yet (RFC 2104)."""
    padded = key.ljust(_SHA256_BLOCK_BYTES, b"\0")
    return (
        sha256(bytes(byte ^ 0x36 for byte in padded)),
        sha256(bytes(byte ^ 0x5C for byte in padded)),
    )
