"""An export into a bucket: streamed in parts, whole or not there, skipped when it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loadstone.aws import bucket as bucket_module
from loadstone.aws.bucket import Bucket, open_bucket
from loadstone.errors import BadValue, TargetError
from loadstone.export.storage import write_whole
from tests.commands import Ran, free_port, loadstone
from tests.exported import files_in, read_items, sorted_items
from tests.s3server import BUCKET, S3Server
from tests.test_export_files import dataset, expected

WHERE = f"s3://{BUCKET}/kept/here"


@pytest.fixture
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server, no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in s3.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bucket_module, "PART_BYTES", 1000)
    return open_bucket(WHERE)


def exported(s3: S3Server, folder: Path, *arguments: str) -> Ran:
    given = ["--scale", "1000", "--as-of", "2026-01-01", "--shards", "2", *arguments]
    return loadstone("export", "cmz", *given, cwd=folder, environ=s3.environ)


def test_an_export_into_a_bucket_is_that_into_a_folder(s3: S3Server, tmp_path: Path) -> None:
    """The objects are the files of a folder, byte for byte; a second run puts no data again."""
    ran = exported(s3, tmp_path, "--out", WHERE)
    assert ran.code == 0, ran.err
    assert exported(s3, tmp_path, "--out", "folder").code == 0
    there = {key.removeprefix("kept/here/"): content for key, content in s3.objects.items()}
    in_folder = files_in(tmp_path / "folder")
    data = {name for name in in_folder if name.startswith("data/")}
    assert {name: there[name] for name in data} == {name: in_folder[name] for name in data}
    made = dataset("cmz")
    (table,) = made.system.tables
    wanted = sorted_items(expected(made, table.name), table.key)
    assert sorted_items(read_items(there, table.name), table.key) == wanted
    assert b'"S3KeyPrefix": "kept/here/data/cmz-conversations/"' in there["manifest.json"]
    s3.requests.clear()
    ran = exported(s3, tmp_path, "--out", WHERE)
    assert ran.code == 0, ran.err
    assert "there already, whole" in ran.err
    assert [key for method, key in s3.requests if method == "PUT"] == ["kept/here/manifest.json"]


def test_files_go_up_in_parts(s3: S3Server, bucket: Bucket) -> None:
    """Content of many parts arrives whole and in order; a small one goes in one piece."""
    content = bytes(range(256)) * 40
    with bucket.create("large") as file:
        for start in range(0, len(content), 300):
            file.write(content[start : start + 300])
        mark = file.finish()
    assert s3.objects["kept/here/large"] == content
    assert sum(method == "PUT" for method, _ in s3.requests) == 11
    assert b"".join(bucket.read("large")) == content
    assert bucket.holds("large", size_bytes=len(content), sha256="", mark=mark)
    assert not bucket.holds("large", size_bytes=len(content), sha256="", mark='"other"')
    assert not bucket.holds("absent", size_bytes=1, sha256="", mark=mark)
    s3.requests.clear()
    with bucket.create("small") as file:
        file.write(b"few")
        file.finish()
    assert s3.requests == [("PUT", "kept/here/small")]
    assert bucket.names("") == ["large", "small"]


def test_what_is_not_finished_is_not_there(s3: S3Server, bucket: Bucket) -> None:
    """An upload that ends in an error, ours or the bucket's, leaves neither an object nor parts
    that are paid for; what a killed one leaves is aborted later."""

    def upload(name: str, *, fails: bool) -> None:
        with bucket.create(name) as file:
            file.write(b"x" * 9000)
            if fails:
                raise RuntimeError
            file.finish()

    with pytest.raises(RuntimeError):
        upload("ours", fails=True)
    s3.most_parts = 3
    with pytest.raises(TargetError, match="does not allow writing kept/here/theirs"):
        upload("theirs", fails=False)
    assert s3.objects == {}
    assert s3.uploads == {}
    s3.uploads["killed"] = ("kept/here/x", {1: b"x"})
    s3.uploads["another's"] = ("elsewhere/x", {1: b"x"})
    bucket.tidy()
    assert list(s3.uploads) == ["another's"]


def test_what_is_wrong_with_a_bucket_is_said(s3: S3Server, bucket: Bucket) -> None:
    """No such bucket, no such file, a name that is none: each in one line."""
    other = open_bucket("s3://no-such-bucket")
    with pytest.raises(TargetError, match="there is no bucket no-such-bucket"):
        other.names("")
    with pytest.raises(FileNotFoundError):
        list(bucket.read("absent"))
    for place in ("s3://", "s3://A/b", "s3://x"):
        with pytest.raises(BadValue, match="s3://BUCKET/PREFIX"):
            open_bucket(place)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "InvalidAccessKeyId", "does not know these credentials: pass another --profile"),
        (403, "SignatureDoesNotMatch", "the secret key does not go with the access key"),
        (403, "RequestTimeTooSkewed", "set this machine's clock"),
        (400, "ExpiredToken", "the credentials have expired: renew them"),
        (403, "AccessDenied", "need s3:PutObject, s3:GetObject, s3:ListBucket"),
        (301, "PermanentRedirect", "bucket exports is in another region: pass --region eu-north-1"),
        (400, "AuthorizationHeaderMalformed", "another region: pass --region eu-north-1"),
        (400, "Unheard", r"refused writing kept/here/x \(Unheard\): Unheard it is"),
    ],
)
def test_what_a_bucket_refuses_is_said(
    s3: S3Server, bucket: Bucket, status: int, code: str, said: str
) -> None:
    """Credentials, rights and regions that are wrong are each one line with what to do."""
    s3.refusal = status, code
    with pytest.raises(TargetError, match=said) as caught:
        write_whole(bucket, "x", b"few")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("bucket")
def test_nobody_at_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing answers, the address is named, and where it comes from."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(TargetError, match=r"nothing answers at http.*check AWS_ENDPOINT_URL_S3"):
        open_bucket(WHERE).names("")


@pytest.mark.usefixtures("no_aws")
def test_no_credentials_are_said(s3: S3Server, tmp_path: Path) -> None:
    """Without credentials it is one line and exit 2."""
    environ = {"AWS_ENDPOINT_URL_S3": s3.url, "AWS_EC2_METADATA_DISABLED": "true"}
    ran = loadstone("export", "cmz", "--out", WHERE, cwd=tmp_path, environ=environ)
    assert ran.code == 2
    assert "no AWS credentials for s3://exports/kept/here/" in ran.err
    assert "Traceback" not in ran.err
