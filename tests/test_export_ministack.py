"""An export into a bucket of ministack's, and its ImportTable: an S3 and an import not our own."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from loadstone.aws.bucket import PART_BYTES, open_bucket
from loadstone.embedded.binary import Binary
from loadstone.embedded.engines import launch
from loadstone.embedded.process import HOST
from loadstone.errors import TargetError
from tests.commands import Ran, free_port, loadstone
from tests.exported import read_items, sorted_items
from tests.test_export_files import dataset, expected

BUCKET = "exports"
REGION = "us-west-2"


class Cloud:
    """ministack with S3 beside its DynamoDB."""

    def __init__(self, binary: Binary, folder: Path) -> None:
        self.port = free_port()
        started = launch(binary, host=HOST, port=self.port, file=None, folder=folder)
        self._process = subprocess.Popen(
            started.command,
            env={**(started.environ or {}), "SERVICES": "dynamodb,s3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if started.listening in line:
                break
        else:
            raise AssertionError(f"ministack did not start: {''.join(said)}")
        self._reading = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._reading.start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def s3(self) -> Any:
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def objects(self, prefix: str) -> dict[str, bytes]:
        s3 = self.s3()
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        names = [each["Key"] for each in listed]
        return {name: s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in names}

    def uploads(self) -> list[Any]:
        found: list[Any] = self.s3().list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reading.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def cloud(ministack: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = Cloud(ministack, tmp_path_factory.mktemp("ministack"))
    try:
        place = {"LocationConstraint": REGION}
        running.s3().create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield running
    finally:
        running.stop()


@pytest.fixture
def reached(cloud: Cloud, no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """As seen from this process."""
    for name, value in cloud.environ.items():
        monkeypatch.setenv(name, value)
    return cloud


def export(cloud: Cloud, folder: Path, prefix: str, *more: str) -> Ran:
    given = ["--scale", "1000", "--as-of", "2026-01-01", "--shards", "2", "--region", REGION]
    place = f"s3://{BUCKET}/{prefix}"
    return loadstone(
        "export", "cmz", "--out", place, *given, *more, cwd=folder, environ=cloud.environ
    )


def import_(cloud: Cloud, folder: Path, prefix: str, *more: str) -> Ran:
    there = ["--endpoint", cloud.url, "--region", REGION, "--table-prefix", f"{prefix}-"]
    place = f"s3://{BUCKET}/{prefix}"
    return loadstone("import", place, *there, *more, cwd=folder, environ=cloud.environ)


def files_of(objects: Mapping[str, bytes], prefix: str) -> list[dict[str, Any]]:
    manifest = json.loads(objects[f"{prefix}/manifest.json"])
    return [file for table in manifest["tables"] for file in table["files"]]


def test_an_export_is_imported_by_an_engine_of_others(cloud: Cloud, tmp_path: Path) -> None:
    """What is in the bucket has the checksums of its manifest and the items of the data set;
    ImportTable takes it as it is, all of it, and `verify` finds table, indexes and a sample as they
    should be. The same command again begins no second import."""
    ran = export(cloud, tmp_path, "packed", "--compression", "gzip")
    assert ran.code == 0, ran.err
    objects = cloud.objects("packed/")
    files = files_of(objects, "packed")
    assert len(files) == 2
    for file in files:
        content = objects[f"packed/{file['name']}"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert (len(content), len(gzip.decompress(content))) == (
            file["size_bytes"],
            file["unpacked_bytes"],
        )
    made = dataset("cmz")
    (table,) = made.system.tables
    wanted = sorted_items(expected(made, table.name), table.key)
    assert sorted_items(read_items(objects, table.name), table.key) == wanted
    ran = import_(cloud, tmp_path, "packed")
    assert ran.code == 0, ran.err + ran.out
    assert "1,000 of 1,000 items, 0 errors: ok" in ran.out
    there = ["--endpoint", cloud.url, "--region", REGION, "--table-prefix", "packed-"]
    ran = loadstone("verify", "cmz", *there, cwd=tmp_path, environ=cloud.environ)
    assert ran.code == 0, ran.out + ran.err
    ran = import_(cloud, tmp_path, "packed")
    assert ran.code == 0, ran.err + ran.out
    assert "has begun already" in ran.err


def test_an_import_that_fails_says_why(cloud: Cloud, tmp_path: Path) -> None:
    """ministack cannot unpack zstd: its own words, exit 1, and nothing is called imported."""
    assert export(cloud, tmp_path, "zstd").code == 0
    ran = import_(cloud, tmp_path, "zstd")
    assert ran.code == 1
    assert "0 of 1,000 items" in ran.out
    assert "FAILED, InputCompressionTypeNotSupported: ZSTD" in ran.out
    there = f"--table-prefix zstd- --endpoint {cloud.url} --region {REGION}"
    assert f"`loadstone tables drop cmz {there}` removes what came of it" in ran.out


def test_an_import_looks_at_the_files_first(cloud: Cloud, tmp_path: Path) -> None:
    """A file that is missing, or one too many, is told before an import begins, and paid for."""
    assert export(cloud, tmp_path, "spoilt", "--compression", "none").code == 0
    (first, _) = files_of(cloud.objects("spoilt/"), "spoilt")
    s3, key = cloud.s3(), f"spoilt/{first['name']}"
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.delete_object(Bucket=BUCKET, Key=key)
    ran = import_(cloud, tmp_path, "spoilt")
    assert (ran.code, ran.out) == (2, "")
    assert f"{first['name']} is missing in s3://{BUCKET}/spoilt/" in ran.err
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    s3.put_object(Bucket=BUCKET, Key=f"{key}.copy", Body=content)
    ran = import_(cloud, tmp_path, "spoilt")
    assert (ran.code, ran.out) == (2, "")
    assert f"{first['name']}.copy in s3://{BUCKET}/spoilt/ is no file of this export" in ran.err


def test_large_files_go_up_in_parts(reached: Cloud) -> None:
    """Content of several parts is there whole, under the mark that the bucket knows it by."""
    content = random.Random(1).randbytes(2 * PART_BYTES + 1_000_000)
    bucket = open_bucket(f"s3://{BUCKET}/parts", region=REGION)
    with bucket.create("large") as file:
        for start in range(0, len(content), 1 << 20):
            file.write(content[start : start + (1 << 20)])
        mark = file.finish()
    assert mark.endswith('-3"')
    assert reached.uploads() == []
    assert reached.objects("parts/") == {"parts/large": content}
    assert b"".join(bucket.read("large")) == content
    assert bucket.holds("large", size_bytes=len(content), sha256="", mark=mark)


def test_a_killed_upload_is_taken_away(cloud: Cloud, tmp_path: Path) -> None:
    """Parts of an upload that nobody ended are no file, and the next export there aborts them;
    those of another place stay."""
    s3 = cloud.s3()
    for prefix in ("killed", "elsewhere"):
        where = {"Bucket": BUCKET, "Key": f"{prefix}/data/cmz-conversations/half"}
        begun = s3.create_multipart_upload(**where)["UploadId"]
        s3.upload_part(**where, UploadId=begun, PartNumber=1, Body=b"x" * 1000)
    ran = export(cloud, tmp_path, "killed")
    assert ran.code == 0, ran.err
    assert [each["Key"] for each in cloud.uploads()] == ["elsewhere/data/cmz-conversations/half"]
    assert not [name for name in cloud.objects("killed/") if name.endswith("half")]


def test_a_bucket_that_is_not_there_is_said(reached: Cloud, tmp_path: Path) -> None:
    """One line and exit 2, for an export and for an import."""
    for command in (("export", "cmz", "--out"), ("import",)):
        ran = loadstone(*command, "s3://no-such-bucket/x", cwd=tmp_path, environ=reached.environ)
        assert ran.code == 2
        assert "there is no bucket no-such-bucket: make it, or write to another one" in ran.err
        assert "Traceback" not in ran.err
    with pytest.raises(TargetError, match="there is no bucket"):
        open_bucket("s3://no-such-bucket", region=REGION).create("x").finish()
