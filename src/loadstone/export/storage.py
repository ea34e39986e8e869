"""Where an export is kept: a folder of this machine, or a prefix of a bucket.

A file has its final name when it is whole, and not before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from loadstone.errors import BadValue, LoadstoneError

S3 = "s3://"
#: Files that are being written. An import takes whatever is under a table's prefix, so not there.
UNFINISHED = ".unfinished"
_CHUNK_BYTES = 1024 * 1024


class ExportStopped(LoadstoneError, OSError):
    """The disk is full or gone in the middle of an export."""

    exit_code = 1


class NewFile(Protocol):
    """A file that is being written. Left without `finish`, it was never there."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def write(self, data: bytes, /) -> None: ...

    def finish(self) -> str:
        """Give it its name; what its storage knows the content by, where that has such a mark."""
        ...


class Storage(Protocol):
    """Files by name; a name has slashes."""

    def create(self, name: str) -> NewFile: ...

    def read(self, name: str) -> Iterator[bytes]:
        """The content in pieces; FileNotFoundError where there is no such file."""
        ...

    def names(self, prefix: str) -> list[str]: ...

    def holds(self, name: str, *, size_bytes: int, sha256: str, mark: str) -> bool:
        """Whether the file is there with that content."""
        ...

    def tidy(self) -> None:
        """Take away what killed writers have left, when nobody writes any more."""
        ...

    def source(self, prefix: str) -> dict[str, str]:
        """Where ImportTable finds files: its S3BucketSource, without a bucket for a folder."""
        ...


def open_storage(place: str, *, region: str | None = None, profile: str | None = None) -> Storage:
    """`s3://bucket/prefix`, or a folder."""
    if place.startswith(S3):
        from loadstone.aws.bucket import open_bucket

        return open_bucket(place, region=region, profile=profile)
    return Folder(Path(place))


def read_whole(storage: Storage, name: str) -> bytes:
    return b"".join(storage.read(name))


def write_whole(storage: Storage, name: str, content: bytes) -> None:
    with storage.create(name) as file:
        file.write(content)
        file.finish()


class Folder:
    """A folder of this machine, or one that it has mounted."""

    def __init__(self, root: Path) -> None:
        there = next(each for each in (root, *root.parents) if each.exists())
        if not there.is_dir():
            raise BadValue(f"{there} is a file: an export is a folder")
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def create(self, name: str) -> _FolderFile:
        return _FolderFile(self.root, name)

    def read(self, name: str) -> Iterator[bytes]:
        with (self.root / name).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk

    def names(self, prefix: str) -> list[str]:
        start = self.root / prefix
        found = (path for path in start.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def holds(self, name: str, *, size_bytes: int, sha256: str, mark: str) -> bool:
        try:
            if (self.root / name).stat().st_size != size_bytes:
                return False
        except FileNotFoundError:
            return False
        digest = hashlib.sha256()
        for chunk in self.read(name):
            digest.update(chunk)
        return digest.hexdigest() == sha256

    def tidy(self) -> None:
        shutil.rmtree(self.root / UNFINISHED, ignore_errors=True)

    def source(self, prefix: str) -> dict[str, str]:
        return {"S3KeyPrefix": prefix}


class _FolderFile:
    def __init__(self, root: Path, name: str) -> None:
        self._final = root / name
        self._path = root / UNFINISHED / f"{name.replace('/', '.')}.{os.getpid()}"
        try:
            self._final.parent.mkdir(parents=True, exist_ok=True)
            self._path.parent.mkdir(exist_ok=True)
            self._file: BinaryIO = self._path.open("wb")
        except OSError as error:
            raise BadValue(
                f"cannot write to {root}: {error.strerror}; pass another folder as --out"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except OSError as closing:
            if error is None:
                raise self._stopped(closing) from closing
        finally:
            self._path.unlink(missing_ok=True)

    def write(self, data: bytes, /) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._stopped(error) from error

    def finish(self) -> str:
        """On the disk before it has its name, so that no loss of power leaves half a file."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(self._final)
        except OSError as error:
            raise self._stopped(error) from error
        return ""

    def _stopped(self, error: OSError) -> ExportStopped:
        return ExportStopped(
            f"{self._final} could not be written: {error.strerror}; the shards that are done stay, "
            "and when that is put right, the same command goes on with the others"
        )
