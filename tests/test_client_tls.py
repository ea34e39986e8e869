"""TLS: verified, kept, and as capable as without."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import gevent
import pytest

from loadstone.client import transport
from loadstone.client.client import Client
from loadstone.client.target import Credentials, Target
from tests.faultserver import FaultServer, good, http, in_pieces, raw, silence_after

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate and its key; `name` as in "IP:127.0.0.1"."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "1", "-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def context(
    request: pytest.FixtureRequest,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> ssl.SSLContext:
    """A server's context, of a certificate that clients made in the test trust."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = request.param
    context.load_cert_chain(*certificate)
    return context


def client_of(url: str, **options: Any) -> Client:
    target = Target(
        url=url, region="us-east-1", kind="endpoint", credentials=lambda: Credentials("a", "b")
    )
    return Client(target, attempts=int(options.pop("attempts", 1)), draw=lambda: 0.0, **options)


def test_requests_over_tls(context: ssl.SSLContext) -> None:
    """Small and large requests and answers go over one verified connection."""
    large = {"Items": ["x" * 3_000_000]}
    with FaultServer([good(), good(large)], tls=context) as server, client_of(server.url) as client:
        assert client.send("GetItem", b"{}").ok
        assert client.send("Query", b"{%b}" % (b" " * 6_000_000)).json == large
        for _ in range(10):
            assert client.send("GetItem", b"{}").ok
        assert client.connections_opened == 1
        assert len(server.requests[1].body) == 6_000_002


def test_many_at_once_over_tls(context: ssl.SSLContext) -> None:
    """Users at the same time each have their answer."""
    with FaultServer(tls=context) as server, client_of(server.url) as client:
        users = [gevent.spawn(client.send, "GetItem", b'{"n":%d}' % n) for n in range(20)]
        gevent.joinall(users, raise_error=True)
        assert all(user.get().ok for user in users)
        assert {request.body for request in server.requests} == {b'{"n":%d}' % n for n in range(20)}


def test_answers_in_pieces_over_tls(context: ssl.SSLContext) -> None:
    """An answer of one record for each byte is put together, and a body that the end delimits."""
    until_end = raw(http(200, b'{"a":1}', length=False), stay=False)
    with (
        FaultServer([in_pieces(http(200, b"{}")), until_end], tls=context) as server,
        client_of(server.url) as client,
    ):
        assert client.send("GetItem", b"{}").body == b"{}"
        assert client.send("GetItem", b"{}").body == b'{"a":1}'
        assert client.send("GetItem", b"{}").ok
        assert client.connections_opened == 2


def test_stale_and_silent_over_tls(context: ssl.SSLContext) -> None:
    """A connection ended while idle costs no attempt; a silent server is a time-out."""
    with (
        FaultServer([good(), good(), silence_after()], tls=context) as server,
        client_of(server.url, timeout_s=1) as client,
    ):
        assert client.send("GetItem", b"{}").ok
        server.hang_up()
        gevent.idle()
        assert client.send("GetItem", b"{}").ok
        assert client.connections_opened == 2
        assert client.send("GetItem", b"{}").code == transport.ANSWER_TIMEOUT


def test_an_unknown_certificate(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose certificate nobody vouches for is not spoken to, nor tried again."""
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with FaultServer(tls=context) as server, client_of(server.url, attempts=4) as client:
        answer = client.send("GetItem", b"{}")
        assert [attempt.code for attempt in answer.attempts] == [transport.TLS_FAILED]
        assert "certificate" in (answer.message or "")
        assert server.requests == []


def test_a_certificate_of_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trusted certificate of another host is refused."""
    certificate, key = make_certificate(tmp_path, "DNS:elsewhere.example")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with FaultServer(tls=context) as server, client_of(server.url) as client:
        assert client.send("GetItem", b"{}").code == transport.TLS_FAILED
        assert server.requests == []


def test_no_tls_on_the_other_side(context: ssl.SSLContext) -> None:
    """A server that never answers the handshake is a connect time-out."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with client_of(f"https://127.0.0.1:{port}", connect_timeout_s=0.1) as client:
            answer = client.send("GetItem", b"{}")
    assert answer.code == transport.CONNECT_TIMEOUT
