"""Writes one shard: a number, a part of every table, and files that nobody else writes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from loadstone.dataset import Dataset
from loadstone.export.compression import SUFFIX as PACKED
from loadstone.export.compression import packer
from loadstone.export.layout import Slice, TableLayout
from loadstone.export.lines import SUFFIX as WRITTEN
from loadstone.export.lines import window_lines
from loadstone.export.manifest import (
    Description,
    File,
    ShardManifest,
    shard_manifest_name,
    table_prefix,
)
from loadstone.export.storage import Storage, read_whole, write_whole

#: Called with the items that have been written since the last call.
Heard = Callable[[int], None]


def write_shard(
    dataset: Dataset,
    layouts: Sequence[TableLayout],
    shard: int,
    storage: Storage,
    description: Description,
    heard: Heard = lambda _: None,
) -> ShardManifest:
    """Every file of a shard, and then its manifest, which says that they are whole."""
    tables = {
        layout.table.name: [
            write_file(dataset, name, windows, storage, description, heard)
            for name, windows in _named(layout, shard, description)
        ]
        for layout in layouts
    }
    manifest = ShardManifest(description=description, shard=shard, tables=tables)
    write_whole(storage, shard_manifest_name(shard, description.shards), manifest.as_json())
    return manifest


def written_shard(storage: Storage, shard: int, description: Description) -> ShardManifest | None:
    """The manifest of a shard whose files are all there and whole; None where one is not."""
    name = shard_manifest_name(shard, description.shards)
    try:
        manifest = ShardManifest.from_json(read_whole(storage, name), name)
    except FileNotFoundError:
        return None
    if manifest.description != description:
        return None
    whole = all(
        storage.holds(file.name, size_bytes=file.size_bytes, sha256=file.sha256, mark=file.mark)
        for file in manifest.files
    )
    return manifest if whole else None


def _named(
    layout: TableLayout, shard: int, description: Description
) -> Iterator[tuple[str, list[list[Slice]]]]:
    ending = WRITTEN[description.format] + PACKED[description.compression]
    stem = f"{table_prefix(layout.table.name)}{shard:05}-of-{description.shards:05}"
    for part, windows in enumerate(layout.files(shard)):
        yield f"{stem}.{part:03}{ending}", windows


def write_file(
    dataset: Dataset,
    name: str,
    windows: Sequence[Sequence[Slice]],
    storage: Storage,
    description: Description,
    heard: Heard = lambda _: None,
) -> File:
    """One file, whole or not there."""
    pack, digest = packer(description.compression), hashlib.sha256()
    items = size_bytes = unpacked_bytes = 0
    with storage.create(name) as file:

        def put(data: bytes) -> None:
            nonlocal size_bytes
            if data:
                digest.update(data)
                size_bytes += len(data)
                file.write(data)

        for window in windows:
            for count, lines in window_lines(dataset, window, description.format):
                items += count
                unpacked_bytes += len(lines)
                put(pack.compress(lines))
            heard(sum(map(len, window)))
        put(pack.flush())
        mark = file.finish()
    return File(
        name=name,
        items=items,
        size_bytes=size_bytes,
        unpacked_bytes=unpacked_bytes,
        sha256=digest.hexdigest(),
        mark=mark,
    )
