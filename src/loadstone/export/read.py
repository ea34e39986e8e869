"""Reads an export back, file by file, each held against its checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from loadstone.errors import BadRecord, BadValue
from loadstone.export.compression import Compression, unpacked
from loadstone.export.manifest import MANIFEST, File, Manifest
from loadstone.export.storage import Storage, read_whole


def read_manifest(storage: Storage) -> Manifest:
    """The manifest of the whole; BadValue where there is none yet."""
    try:
        return Manifest.from_json(read_whole(storage, MANIFEST), f"{storage}/{MANIFEST}")
    except FileNotFoundError as error:
        raise BadValue(
            f"no {MANIFEST} in {storage}: it is there when all shards of `loadstone export` are; "
            "`loadstone export … --manifest` says which are missing"
        ) from error


def read_lines(storage: Storage, file: File, compression: Compression) -> Iterator[bytes]:
    """The lines of a file, without their ends. BadRecord, at its end, if it is not as written."""
    counted = 0
    rest = b""
    try:
        for chunk in unpacked(_checked(storage, file), compression):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            counted += len(lines)
            yield from lines
    except BadRecord as error:
        raise BadRecord(f"{file.name} in {storage} is {error}; export it again") from error
    except FileNotFoundError as error:
        raise BadRecord(f"{file.name} is missing in {storage}; export it again") from error
    if rest or counted != file.items:
        raise BadRecord(
            f"{file.name} in {storage} has {counted:,} items and its manifest says "
            f"{file.items:,}; export it again"
        )


def _checked(storage: Storage, file: File) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in storage.read(file.name):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != file.sha256:
        raise BadRecord("not what was written: its checksum differs")
