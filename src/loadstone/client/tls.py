"""TLS as a filter of bytes: what came off the wire in, plain bytes out, and the reverse."""

from __future__ import annotations

import os
import ssl

#: As many as a record holds at most, so that one read takes it whole.
_RECORD_BYTES = 16_384


def client_context() -> ssl.SSLContext:
    """Verifies certificates and names; AWS_CA_BUNDLE replaces the system's roots, as in the SDKs.

    Reading the roots takes some 15 ms, so one context serves all connections of a client.
    """
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    # Renegotiation (TLS 1.2) would make a write wait for a read.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


class TlsStream:
    """One client-side session. `handshake` first; then `encrypt` and `decrypt`."""

    __slots__ = ("_incoming", "_object", "_outgoing")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def handshake(self, received: bytes = b"") -> bool:
        """Take a step; whether the handshake is done. Send what is `pending` either way."""
        if received:
            self._incoming.write(received)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def pending(self) -> bytes:
        """What the session has to say to the peer."""
        return self._outgoing.read()

    def encrypt(self, plain: bytes) -> bytes:
        self._object.write(plain)
        return self._outgoing.read()

    def decrypt(self, received: bytes) -> bytes | None:
        """The plain bytes that these complete; b"" at the session's end, None when there are none.

        A session has business of its own: half a record, or a ticket for later.
        """
        incoming, read = self._incoming, self._object.read
        parts: list[bytes] = []
        incoming.write(received)
        try:
            while True:
                part = read(_RECORD_BYTES)
                if not parts and not incoming.pending:
                    return part
                parts.append(part)
                if not part or not incoming.pending:
                    break
        except ssl.SSLWantReadError:
            pass
        return b"".join(parts) if parts else None
