"""Opening connections to an endpoint: resolve, connect, and shake hands where it is TLS."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gevent import socket as gevent_socket

from loadstone.client.connection import Connection
from loadstone.client.resolver import Address, Resolver
from loadstone.client.transport import (
    CONNECT_FAILED,
    CONNECT_TIMEOUT,
    TLS_FAILED,
    TransportError,
)
from loadstone.errors import BadValue

if TYPE_CHECKING:
    from loadstone.client.tls import TlsStream

_DEFAULT_PORTS = {"http": 80, "https": 443}
_READ_BYTES = 65_536


class Dialer:
    """Opens connections to one URL; `host` is how the endpoint is called in requests."""

    def __init__(self, url: str, *, connect_timeout_s: float) -> None:
        scheme, self._name, port = _parse(url)
        self.host = f"[{self._name}]" if ":" in self._name else self._name
        if port != _DEFAULT_PORTS[scheme]:
            self.host = f"{self.host}:{port}"
        self._resolver = Resolver(self._name, port)
        self._connect_timeout_ns = int(connect_timeout_s * 1e9)
        self._context = None
        if scheme == "https":
            # Here, not above: `ssl` must not be imported before Locust has patched it.
            from loadstone.client.tls import client_context

            self._context = client_context()

    def dial(self, deadline_ns: int) -> Connection:
        """A new connection, or a TransportError; tries the host's addresses in turn."""
        deadline_ns = min(deadline_ns, perf_counter_ns() + self._connect_timeout_ns)
        problem = TransportError(CONNECT_TIMEOUT, f"{self.host}: no connection in time")
        for address in self._resolver.addresses():
            if perf_counter_ns() >= deadline_ns:
                break
            try:
                return self._open(address, deadline_ns)
            except TransportError as error:
                problem = error
        raise problem

    def _open(self, address: Address, deadline_ns: int) -> Connection:
        sock = gevent_socket.socket(address.family, gevent_socket.SOCK_STREAM)
        try:
            sock.settimeout(_left_s(deadline_ns))
            sock.connect(address.sockaddr)
            sock.setsockopt(gevent_socket.IPPROTO_TCP, gevent_socket.TCP_NODELAY, 1)
            tls = self._shake_hands(sock, deadline_ns) if self._context else None
            return Connection(sock.detach(), tls)
        except TimeoutError:
            raise TransportError(CONNECT_TIMEOUT, f"{self.host}: no connection in time") from None
        except OSError as error:
            code = TLS_FAILED if _is_tls_error(error) else CONNECT_FAILED
            raise TransportError(code, f"{self.host}: {error}") from None
        finally:
            sock.close()

    def _shake_hands(self, sock: Any, deadline_ns: int) -> TlsStream:
        from loadstone.client.tls import TlsStream

        assert self._context is not None
        stream = TlsStream(self._context, self._name)
        received = b""
        while True:
            done = stream.handshake(received)
            sock.settimeout(_left_s(deadline_ns))
            if to_send := stream.pending():
                sock.sendall(to_send)
            if done:
                return stream
            received = sock.recv(_READ_BYTES)
            if not received:
                raise ConnectionResetError("the server ended the TLS handshake")


def _parse(url: str) -> tuple[str, str, int]:
    """Scheme, host name and port of `scheme://host[:port]`."""
    problem = BadValue(f"endpoint {url!r} is no http://HOST[:PORT] or https://HOST[:PORT]")
    try:
        parts = urlsplit(url)
        scheme, name, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise problem from None
    if port is None:
        port = _DEFAULT_PORTS.get(scheme)
    if scheme not in _DEFAULT_PORTS or not name or not port:
        raise problem
    if parts.path.strip("/") or parts.query or parts.username:
        raise problem
    return scheme, name, port


def _left_s(deadline_ns: int) -> float:
    # A time-out of 0 would mean "do not wait" to a socket.
    return max(0.000_001, (deadline_ns - perf_counter_ns()) / 1e9)


def _is_tls_error(error: OSError) -> bool:
    import ssl

    return isinstance(error, ssl.SSLError)
