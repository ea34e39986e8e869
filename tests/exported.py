"""Reads an export as a stranger would: json, the packers' own libraries, boto3's deserializer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard
from boto3.dynamodb.types import TypeDeserializer

from loadstone.export.compression import Compression
from loadstone.export.job import Place, open_job
from loadstone.export.lines import Format
from loadstone.naming import Naming
from loadstone.seeding.identity import Asked
from loadstone.system import load_system

SCALE = 1000
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

Item = dict[str, Any]


def unpacked(name: str, content: bytes) -> bytes:
    if name.endswith(".zst"):
        return zstandard.ZstdDecompressor().stream_reader(content).read()
    return gzip.decompress(content) if name.endswith(".gz") else content


def files_in(folder: Path) -> dict[str, bytes]:
    """Everything under a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_items(files: Mapping[str, bytes], table: str) -> list[Item]:
    """A table's items in the order of the files, as boto3 gives them to its users."""
    deserialize = TypeDeserializer().deserialize
    found = []
    for name, content in files.items():
        if f"data/{table}/" in name:
            lines = unpacked(name, content).decode().split("\n")
            assert lines.pop() == ""  # every line ends
            for line in lines:
                record = json.loads(line)
                assert list(record) == ["Item"]
                found.append({key: deserialize(value) for key, value in record["Item"].items()})
    return found


def sorted_items(items: list[Item], key: tuple[str, ...]) -> list[Item]:
    return sorted(items, key=lambda item: tuple(str(item[name]) for name in key))


def made_export(
    out: str | Path,
    *,
    seed: int = 1,
    form: Format = "dynamodb-json",
    compression: Compression = "zstd",
    shards: int = 2,
) -> str:
    """A small export, made in this process."""
    job = open_job(
        load_system("cmz"),
        Asked(scale=SCALE, seed=seed, as_of=AS_OF),
        Place(out=str(out)),
        shards=shards,
        form=form,
        compression=compression,
    )
    for _ in job.run(range(shards), processes=1, heard=lambda _: None):
        pass
    job.merge(Naming())
    return str(out)
