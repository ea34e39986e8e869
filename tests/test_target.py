"""The target: chosen from flags and environment, and tried before it is used."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import click
import pytest
from click.testing import CliRunner

from loadstone.aws.control import Control
from loadstone.aws.endpoint import checked_url, choose_address, choose_region
from loadstone.aws.faults import translated
from loadstone.aws.request import create_request
from loadstone.aws.session import DUMMY
from loadstone.aws.target import embedded_target, probe, resolve_target
from loadstone.cli.options import open_target, say
from loadstone.client.target import Credentials, Target
from loadstone.embedded.binary import Binary
from loadstone.embedded.process import Engine
from loadstone.errors import BadValue, EngineDied, Refused, TargetError
from loadstone.naming import Naming
from loadstone.table import Index, Table
from loadstone.target import Where, opened_target, refuse_production

pytestmark = pytest.mark.usefixtures("no_aws")


def at(url: str) -> Target:
    return Target(url=url, region="us-east-1", kind="endpoint", credentials=lambda: DUMMY)


class Fixed(http.server.BaseHTTPRequestHandler):
    """Says the same to everybody."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b"<html>hello</html>"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def saying(status: int, body: bytes) -> Iterator[str]:
    handler = type("Handler", (Fixed,), {"status": status, "body": body})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def refusal(code: str) -> bytes:
    return json.dumps({"__type": f"com.amazon.coral.service#{code}", "message": "no"}).encode()


# ---- choosing


@pytest.mark.parametrize(
    ("endpoint", "environ", "url"),
    [
        ("http://h:1", {"AWS_ENDPOINT_URL": "http://e"}, "http://h:1"),
        (
            None,
            {"AWS_ENDPOINT_URL_DYNAMODB": "http://a", "AWS_ENDPOINT_URL": "http://b"},
            "http://a",
        ),
        (None, {"AWS_ENDPOINT_URL": "http://b", "DYNAMODB_ENDPOINT_URL": "http://c"}, "http://b"),
        (None, {"DYNAMODB_ENDPOINT_URL": "http://c:8000/"}, "http://c:8000"),
        ("aws", {"AWS_ENDPOINT_URL": "http://b"}, ""),
    ],
)
def test_the_first_that_names_an_endpoint_wins(
    endpoint: str | None, environ: Mapping[str, str], url: str
) -> None:
    """The flag goes before the variables, and these have an order."""
    address = choose_address(endpoint, environ)
    assert address is not None
    assert address.url == url


def test_credentials_alone_do_not_select_aws() -> None:
    """Keys, a profile and a region in the environment leave the project's own engine."""
    environ = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_REGION": "eu-west-1"}
    assert resolve_target(profile="anything", environ=environ) is None


MALFORMED = (
    "",
    "localhost:8000",
    "ftp://h",
    "http://",
    "http://h:0",
    "http://h:99999",
    "http://h/path",
    "http://h?x=1",
    "http://u@h",
    "http://a b",
    "http://[::1",
    "AWS2",
)


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_refused(url: str) -> None:
    """What is no scheme, host and port is refused with an example, in one line."""
    with pytest.raises(TargetError, match="it is http://HOST:PORT") as caught:
        checked_url(url, "--endpoint")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_aws", "loopback"),
    [
        ("https://dynamodb.us-west-2.amazonaws.com", True, False),
        ("https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com", True, False),
        ("https://amazonaws.com.example.org", False, False),
        ("http://localhost:8000", False, True),
        ("http://127.0.0.2:8000", False, True),
        ("http://[::1]:8000", False, True),
        ("http://db:8000", False, False),
    ],
)
def test_an_address_of_aws_is_aws(url: str, is_aws: bool, loopback: bool) -> None:
    """An address inside AWS is AWS however it was given, so that its rules of safety hold."""
    address = choose_address(url, {})
    assert address is not None
    assert (address.is_aws, address.is_loopback) == (is_aws, loopback)


def test_the_region_has_an_order() -> None:
    """Flag, an AWS address, environment, profile, documented, us-east-1."""
    address = choose_address("https://dynamodb.ap-south-1.amazonaws.com", {})
    environ = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}

    def chosen(drop: int) -> str:
        return choose_region(
            flag="sa-east-1" if drop < 1 else None,
            address=address if drop < 2 else None,
            environ=environ if drop < 3 else {},
            profile_region="us-west-1" if drop < 4 else None,
            documented="us-west-2" if drop < 5 else None,
        )

    assert [chosen(drop) for drop in range(6)] == [
        "sa-east-1",
        "ap-south-1",
        "eu-west-1",
        "us-west-1",
        "us-west-2",
        "us-east-1",
    ]
    with pytest.raises(BadValue, match="is no region"):
        choose_region(flag="Ohio!", environ={}, profile_region=None, documented=None, address=None)


def test_an_endpoint_without_credentials_gets_dummy_ones() -> None:
    """A loopback endpoint needs no account; credentials in the environment are used."""
    found = resolve_target(endpoint="http://127.0.0.1:8000", environ={})
    assert found is not None
    assert (found.kind, found.credentials()) == ("endpoint", DUMMY)


def test_credentials_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and a session token in the environment go to the endpoint that is named."""
    for name, value in (("ACCESS_KEY_ID", "A"), ("SECRET_ACCESS_KEY", "B"), ("SESSION_TOKEN", "C")):
        monkeypatch.setenv(f"AWS_{name}", value)
    found = resolve_target(endpoint="http://127.0.0.1:8000")
    assert found is not None
    assert found.credentials() == Credentials("A", "B", "C")


def test_aws_without_credentials_is_refused() -> None:
    """`--endpoint aws` with no credentials anywhere says how to give some."""
    with pytest.raises(TargetError, match=r"no AWS credentials.*--profile"):
        resolve_target(endpoint="aws", environ={})


def test_aws_out_of_reach_is_no_address_to_correct() -> None:
    """Where AWS itself does not answer, nothing can be started there: the network is looked at."""
    target = Target(
        url="https://dynamodb.eu-west-1.amazonaws.com",
        region="eu-west-1",
        kind="aws",
        credentials=lambda: Credentials("A", "B"),
    )
    said = str(translated(ConnectionRefusedError(), target, "listing a table"))
    assert said.endswith(": check the network, HTTPS_PROXY and --region")
    own = replace(target, kind="endpoint")
    assert "start what should listen" in str(translated(ConnectionRefusedError(), own, "listing"))


def test_aws_is_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--endpoint aws` is DynamoDB in the region, whatever address the environment names."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "B")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    found = resolve_target(endpoint="aws", region="eu-west-1")
    assert found is not None
    assert (found.kind, found.url) == ("aws", "https://dynamodb.eu-west-1.amazonaws.com")


def test_a_profile_gives_region_and_credentials(tmp_path: Path) -> None:
    """`--profile` is asked for its region and keys; an unknown one is named beside the known."""
    (tmp_path / "aws-config").write_text("[profile staging]\nregion = eu-north-1\n")
    (tmp_path / "aws-credentials").write_text(
        "[staging]\naws_access_key_id = A\naws_secret_access_key = B\n"
    )
    found = resolve_target(endpoint="aws", profile="staging", environ={})
    assert found is not None
    assert (found.region, found.credentials().access_key) == ("eu-north-1", "A")
    with pytest.raises(TargetError, match=r"--profile nobody: there is no such .* are staging"):
        resolve_target(endpoint="aws", profile="nobody", environ={})


# ---- trying


def test_the_engine_is_a_dynamodb(target: Target) -> None:
    """The embedded engine passes the probe."""
    probe(target)


def test_the_embedded_engine_is_nobodys(
    target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A profile that is not there, and files that cannot be read, do not keep the embedded engine
    from being used."""
    (tmp_path / "damaged").write_text("no section\n")
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "damaged"))
    probe(replace(target, kind="embedded"))


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_of_the_environment_is_named(
    variable: str, monkeypatch: pytest.MonkeyPatch, target: Target
) -> None:
    """Where the environment's profile is not there, the message says so, and not that nothing
    answers, also when it is found out late."""
    monkeypatch.setenv(variable, "nosuch")
    with pytest.raises(TargetError, match=f"{variable} nosuch: there are no AWS profiles"):
        resolve_target(endpoint="aws", environ={})
    with pytest.raises(TargetError, match=r"the AWS configuration cannot be used: .*nosuch"):
        probe(replace(target, kind="endpoint"))


def test_a_value_that_is_not_allowed_is_said(target: Target) -> None:
    """What boto3 refuses before it sends is told with the parameter, not as a silent endpoint."""
    bad = Table("orders", partition_key="id", indexes=(Index("", partition_key="day"),))
    control = Control(target, say=lambda _: None)
    with pytest.raises(TargetError, match=r"creating table orders .*IndexName") as caught:
        control.create(create_request(bad, "orders", {}))
    assert "nothing answers" not in str(caught.value)


def test_a_missing_ca_bundle_does_not_hinder_http(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_CA_BUNDLE is about TLS: one that is not there does not keep http from working."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "nowhere.pem")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    probe(target)


def test_a_missing_ca_bundle_is_named_for_https(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With https the variable is among what the message says to check."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "nowhere.pem")
    with pytest.raises(TargetError, match="AWS_CA_BUNDLE"):
        probe(at(engine.url.replace("http:", "https:")))


def test_an_endpoint_that_answers_nothing_is_said() -> None:
    """A closed port is one line that names the address."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with pytest.raises(TargetError, match=f"nothing answers at {url}"):
            probe(at(url))


@pytest.mark.parametrize("status", [200, 301, 400, 403, 404, 501, 500])
@pytest.mark.parametrize("body", [b"<html>hello</html>", b"{}", b"", b'{"message": "hello"}'])
def test_a_web_server_is_no_dynamodb(status: int, body: bytes) -> None:
    """Whatever a web server says, it is told apart from DynamoDB."""
    with (
        saying(status, body) as url,
        pytest.raises(TargetError, match="answers, but is no DynamoDB") as caught,
    ):
        probe(at(url))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredTokenException", "have expired: renew them"),
        ("UnrecognizedClientException", "does not know these credentials"),
        ("InvalidSignatureException", "secret key does not go with"),
        ("MissingAuthenticationTokenException", "saw no credentials"),
        ("InternalServerError", "InternalServerError"),
    ],
)
def test_refused_credentials_are_explained(code: str, said: str) -> None:
    """Each way to refuse credentials is translated into what to do."""
    with saying(400, refusal(code)) as url, pytest.raises(TargetError, match=said):
        probe(at(url))


def test_being_denied_the_probe_is_an_answer() -> None:
    """Credentials that may not list tables belong to a DynamoDB all the same."""
    with saying(400, refusal("AccessDeniedException")) as url:
        probe(at(url))


def test_http_on_a_tls_address_is_said(engine: Engine) -> None:
    """https to a server that speaks http is one line about TLS."""
    with pytest.raises(TargetError, match="does not speak TLS"):
        probe(at(engine.url.replace("http:", "https:")))


# ---- opening


def stderr_of(where: Where) -> str:
    @click.command()
    def command() -> None:
        with open_target(where) as target:
            click.echo(target.url)

    result = CliRunner().invoke(command)
    assert result.exception is None, result.exception
    return result.stderr


def test_the_target_is_said_first(engine: Engine) -> None:
    """Every command that opens a target prints it on stderr."""
    where = Where(endpoint=engine.url, region="eu-west-1")
    assert stderr_of(where) == f"target: {engine.url} (region eu-west-1)\n"


def test_without_an_endpoint_the_engine_is_used(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing given: the project's own engine, for as long as the command lasts."""
    monkeypatch.setattr("loadstone.embedded.registry.find_engine", lambda _, say: binary)
    assert "the embedded engine at http://127.0.0.1:" in stderr_of(Where(project=tmp_path))
    assert (tmp_path / ".loadstone" / "local.db").exists()
    assert not (tmp_path / ".loadstone" / "engine.json").exists()


def test_an_engine_that_dies_is_the_error(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails because the engine died is reported as its death."""
    monkeypatch.setattr("loadstone.embedded.registry.find_engine", lambda _, say: binary)

    def use() -> None:
        with opened_target(Where(project=tmp_path), say=say) as opened:
            assert opened.lease is not None
            assert opened.lease.engine is not None
            os.kill(opened.lease.engine.pid, signal.SIGKILL)
            os.waitid(os.P_PID, opened.lease.engine.pid, os.WEXITED | os.WNOWAIT)
            probe(opened.target)

    with pytest.raises(EngineDied, match="signal 9"):
        use()


def test_production_is_refused_but_on_our_own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that looks like production matters at any endpoint; on AWS the alias counts too."""
    monkeypatch.setattr("loadstone.target.account_aliases", lambda _: ["acme-live"])
    away = Target(url="https://x", region="r", kind="aws", credentials=lambda: DUMMY)

    def check(target: Target, *allowed: str) -> None:
        naming = Naming(stage="prod")
        refuse_production(target, naming=naming, tables=["t-prod"], allowed=allowed, say=say)

    check(embedded_target("http://x", environ={}))
    with pytest.raises(Refused, match="table 't-prod'"):
        check(at("http://x"))
    with pytest.raises(Refused, match="account 'acme-live'"):
        check(away, "prod")
    check(away, "prod", "live")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "acme-production")
    with pytest.raises(Refused, match="AWS profile 'acme-production'"):
        check(away, "prod", "live")
    check(away, "prod", "live", "acme-production")
