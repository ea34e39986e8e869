"""Files in a bucket of S3: streamed up in parts, so that no file is ever held in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from loadstone.aws.bucket_faults import in_words
from loadstone.aws.endpoint import choose_region
from loadstone.aws.faults import code_of
from loadstone.aws.session import open_session, profile_region
from loadstone.errors import BadValue, TargetError

PLACE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
#: A part has 5 MB at least and an object 10,000 parts at most: "Amazon S3 multipart upload limits".
PART_BYTES = 16 * 1024 * 1024
PARTS_AT_ONCE = 4

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})


def open_bucket(place: str, *, region: str | None = None, profile: str | None = None) -> Bucket:
    """`s3://bucket/prefix`; AWS_ENDPOINT_URL_S3 names another S3 than that of AWS."""
    from botocore.config import Config

    found = PLACE.fullmatch(place)
    if found is None:
        raise BadValue(f"{place!r} is no place in S3: write it as s3://BUCKET/PREFIX")
    session = open_session(profile)
    chosen = choose_region(
        flag=region,
        environ=os.environ,
        profile_region=profile_region(session),
        documented=None,
        address=None,
    )
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 6}, max_pool_connections=PARTS_AT_ONCE
    )
    client = session.create_client("s3", region_name=chosen, config=config)
    prefix = (found["prefix"] or "").strip("/")
    return Bucket(client, found["bucket"], f"{prefix}/" if prefix else "")


class Bucket:
    """A prefix of a bucket: names are what comes after it."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def create(self, name: str) -> _Upload:
        return _Upload(self, self.prefix + name)

    def read(self, name: str) -> Iterator[bytes]:
        with self.translating(f"reading {name}", absent=name):
            answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)
            yield from answer["Body"].iter_chunks(1024 * 1024)

    def names(self, prefix: str) -> list[str]:
        found: list[str] = []
        with self.translating("listing the files"):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                found += [each["Key"][len(self.prefix) :] for each in page.get("Contents", ())]
        return sorted(found)

    def holds(self, name: str, *, size_bytes: int, sha256: str, mark: str) -> bool:
        try:
            with self.translating(f"looking at {name}", absent=name):
                seen = self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)
        except FileNotFoundError:
            return False
        return bool(seen["ContentLength"] == size_bytes and seen["ETag"] == mark)

    def tidy(self) -> None:
        """Parts of an upload that was killed are stored, and paid for, until it is aborted."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            pages = self.client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix):
                for each in page.get("Uploads", ()):
                    self.client.abort_multipart_upload(
                        Bucket=self.bucket, Key=each["Key"], UploadId=each["UploadId"]
                    )
        except (BotoCoreError, ClientError):
            return  # not allowed, or not known there: a lifecycle rule does the same

    def source(self, prefix: str) -> dict[str, str]:
        return {"S3Bucket": self.bucket, "S3KeyPrefix": self.prefix + prefix}

    @contextmanager
    def translating(self, doing: str, *, absent: str = "") -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            yield
        except (BotoCoreError, ClientError, HTTPClientError) as error:
            if absent and code_of(error) in _ABSENT:
                raise FileNotFoundError(2, "no such file", f"{self}{absent}") from error
            said = in_words(
                error,
                place=str(self),
                bucket=self.bucket,
                endpoint=self.client.meta.endpoint_url,
                doing=doing,
            )
            raise TargetError(said) from error


class _Upload:
    """One object, there when `finish` has returned. Parts go up side by side, a few at a time."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._client = bucket, bucket.client
        self._where = {"Bucket": bucket.bucket, "Key": key}
        self._held = bytearray()
        self._upload: dict[str, str] = {}
        self._parts: list[Future[dict[str, Any]]] = []
        self._workers = ThreadPoolExecutor(PARTS_AT_ONCE)
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)
        if self._upload and not self._finished:
            self._abort()

    def write(self, data: bytes, /) -> None:
        self._held += data
        while len(self._held) >= PART_BYTES:
            self._send(bytes(self._held[:PART_BYTES]))
            del self._held[:PART_BYTES]

    def finish(self) -> str:
        """The ETag of the object."""
        with self._bucket.translating(f"writing {self._where['Key']}"):
            if not self._upload:
                answer = self._client.put_object(**self._where, Body=bytes(self._held))
            else:
                if self._held:
                    self._send(bytes(self._held))
                answer = self._client.complete_multipart_upload(
                    **self._where,
                    **self._upload,
                    MultipartUpload={"Parts": [part.result() for part in self._parts]},
                )
        self._finished = True
        return str(answer["ETag"])

    def _send(self, part: bytes) -> None:
        with self._bucket.translating(f"writing {self._where['Key']}"):
            if not self._upload:
                answer = self._client.create_multipart_upload(**self._where)
                self._upload = {"UploadId": str(answer["UploadId"])}
            number = len(self._parts) + 1
            self._parts.append(self._workers.submit(self._put_part, number, part))
            self._await_room()

    def _await_room(self) -> None:
        """No more parts in memory than are on their way; what failed is raised here."""
        under_way = {part for part in self._parts if not part.done()}
        while len(under_way) >= PARTS_AT_ONCE:
            _, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        for part in self._parts:
            if part.done():
                part.result()

    def _put_part(self, number: int, part: bytes) -> dict[str, Any]:
        answer = self._client.upload_part(
            **self._where, **self._upload, PartNumber=number, Body=part
        )
        checksums = {name: answer[name] for name in answer if name.startswith("ChecksumCRC")}
        return {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    def _abort(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            self._client.abort_multipart_upload(**self._where, **self._upload)
        except (BotoCoreError, ClientError, HTTPClientError):
            return  # `tidy` aborts it later
