"""Signatures: the same as botocore's own signer makes."""

from __future__ import annotations

import datetime
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.client.signing import Signer
from loadstone.client.target import Credentials
from loadstone.errors import BadValue

OPERATIONS = ["GetItem", "PutItem", "Query", "BatchWriteItem", "TransactWriteItems"]
EPOCHS = st.integers(1_600_000_000, 4_000_000_000)
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
HOSTS = st.sampled_from(
    [
        "dynamodb.us-east-1.amazonaws.com",
        "127.0.0.1:8000",
        "[::1]:4566",
        "123456789012.ddb.eu-west-1.amazonaws.com",
    ]
)


def split(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST / HTTP/1.1"
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}, body


def botocore_authorization(
    signer: Signer, credentials: Credentials, operation: str, body: bytes, epoch: int
) -> str:
    """What botocore makes of the same request and the headers that belong to it."""
    host, region = signer.host, signer.region
    request = AWSRequest(
        method="POST",
        url=f"https://{host}/",
        data=body,
        headers={
            "Host": host,
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        },
    )
    now = datetime.datetime.fromtimestamp(epoch, tz=datetime.UTC)
    theirs = SigV4Auth(BotocoreCredentials(*credentials), "dynamodb", region)
    with patch("botocore.auth.get_current_datetime", return_value=now):
        theirs.add_auth(request)
    authorization = request.headers["Authorization"]
    assert isinstance(authorization, str)
    return authorization


@given(
    host=HOSTS,
    region=st.sampled_from(["us-east-1", "eu-central-1", "ap-southeast-2"]),
    credentials=st.builds(Credentials, KEYS, KEYS, st.none() | KEYS),
    requests=st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.binary(max_size=300), EPOCHS), min_size=1
    ),
)
@settings(max_examples=300, deadline=None)
def test_same_as_botocore(
    host: str,
    region: str,
    credentials: Credentials,
    requests: list[tuple[str, bytes, int]],
) -> None:
    """One signer, over any sequence of operations, bodies, seconds and days, signs as botocore."""
    signer = Signer(host=host, region=region, credentials=credentials)
    for operation, body, epoch in requests:
        for now_s in (float(epoch), epoch + 0.999):
            headers, sent = split(signer.sign(operation, body, now_s))
            expected = botocore_authorization(signer, credentials, operation, body, epoch)
            assert headers["authorization"] == expected
            assert sent == body


def test_every_signed_header_is_sent() -> None:
    """A request carries each header that its signature names, and the length of its body."""
    signer = Signer(host="h", region="r", credentials=Credentials("a", "b", "token"))
    headers, _ = split(signer.sign("GetItem", b"{}", 1_700_000_000))
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert names == sorted(names)
    assert set(names) <= set(headers)
    assert headers["x-amz-security-token"] == "token"
    assert headers["x-amz-date"] == "20231114T221320Z"
    assert headers["content-length"] == "2"


def test_new_credentials_at_once() -> None:
    """Credentials given to a signer sign the next request, in the same second too."""
    signer = Signer(host="h", region="r", credentials=Credentials("a", "b", "old"))
    signer.sign("GetItem", b"{}", 1_700_000_000)
    fresh = Credentials("c", "d")
    signer.use(fresh)
    headers, _ = split(signer.sign("GetItem", b"{}", 1_700_000_000))
    assert headers["authorization"] == botocore_authorization(
        signer, fresh, "GetItem", b"{}", 1_700_000_000
    )
    assert "x-amz-security-token" not in headers


@pytest.mark.parametrize("field", ["access_key", "secret_key", "token"])
def test_credentials_that_no_header_can_carry(field: str) -> None:
    """A line end in a credential is refused, and the refusal does not show the credential."""
    credentials = Credentials("a", "b", "c")._replace(**{field: "hush\r\nX: 1"})
    with pytest.raises(BadValue, match=field) as refused:
        Signer(host="h", region="r", credentials=credentials)
    assert "hush" not in str(refused.value)
