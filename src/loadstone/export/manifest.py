"""What was exported: a manifest of each shard, and one of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import orjson

from loadstone.errors import BadRecord
from loadstone.export.compression import COMPRESSIONS, Compression
from loadstone.export.lines import FORMATS, Format

VERSION = 1
MANIFEST = "manifest.json"
MANIFESTS = "manifests/"
DATA = "data/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What all shards of an export have in common."""

    identity: Mapping[str, str]
    format: Format
    compression: Compression
    shards: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "identity": dict(self.identity),
            "format": self.format,
            "compression": self.compression,
            "shards": self.shards,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        form, compression = values["format"], values["compression"]
        if form not in FORMATS or compression not in COMPRESSIONS:
            raise BadRecord(f"written as {form}, {compression}")
        return cls(
            identity=dict(values["identity"]),
            format=form,
            compression=compression,
            shards=int(values["shards"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file. `mark` is what its storage knows the content by, beside the checksum."""

    name: str
    items: int
    size_bytes: int
    unpacked_bytes: int
    sha256: str
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardManifest:
    """What one shard wrote: its files by table."""

    description: Description
    shard: int
    tables: Mapping[str, Sequence[File]]

    @property
    def files(self) -> list[File]:
        return [file for files in self.tables.values() for file in files]

    def as_json(self) -> bytes:
        return _dump(
            {
                "loadstone_export": VERSION,
                **self.description.as_dict(),
                "shard": self.shard,
                "tables": {name: _files(files) for name, files in self.tables.items()},
            }
        )

    @classmethod
    def from_json(cls, content: bytes, name: str) -> Self:
        values = _load(content, name)
        try:
            return cls(
                description=Description.from_dict(values),
                shard=int(values["shard"]),
                tables={table: _to_files(files) for table, files in values["tables"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(name, error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTable:
    """`import_table`: the parameters of ImportTable. None for a format that it does not take."""

    name: str  # as documented
    prefix: str
    files: Sequence[File]
    import_table: Mapping[str, Any] | None

    @property
    def items(self) -> int:
        return sum(file.items for file in self.files)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def unpacked_bytes(self) -> int:
        return sum(file.unpacked_bytes for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.name,
            "prefix": self.prefix,
            "items": self.items,
            "size_bytes": self.size_bytes,
            "unpacked_bytes": self.unpacked_bytes,
            "import_table": self.import_table,
            "files": _files(self.files),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole export."""

    description: Description
    tables: Sequence[ExportedTable]

    @property
    def items(self) -> int:
        return sum(table.items for table in self.tables)

    @property
    def unpacked_bytes(self) -> int:
        return sum(table.unpacked_bytes for table in self.tables)

    def as_json(self) -> bytes:
        return _dump(
            {
                "loadstone_export": VERSION,
                **self.description.as_dict(),
                "tables": [table.as_dict() for table in self.tables],
            }
        )

    @classmethod
    def from_json(cls, content: bytes, name: str) -> Self:
        values = _load(content, name)
        try:
            return cls(
                description=Description.from_dict(values),
                tables=[
                    ExportedTable(
                        name=str(each["table"]),
                        prefix=str(each["prefix"]),
                        files=_to_files(each["files"]),
                        import_table=each["import_table"],
                    )
                    for each in values["tables"]
                ],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(name, error) from error


def shard_manifest_name(shard: int, shards: int) -> str:
    return f"{MANIFESTS}shard-{shard:05}-of-{shards:05}.json"


def table_prefix(table: str) -> str:
    """ImportTable takes whatever begins like this: the slash keeps `v2` from being `v2-old` too."""
    return f"{DATA}{table}/"


def _files(files: Sequence[File]) -> list[dict[str, Any]]:
    return [asdict(file) for file in files]


def _to_files(values: Sequence[Mapping[str, Any]]) -> list[File]:
    return [File(**each) for each in values]


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _load(content: bytes, name: str) -> Any:
    try:
        values = orjson.loads(content)
        version = values["loadstone_export"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _damaged(name, error) from error
    if version != VERSION:
        raise BadRecord(
            f"{name} is of version {version} and this Loadstone knows {VERSION}: "
            "read it with the one that wrote it"
        )
    return values


def _damaged(name: str, error: Exception) -> BadRecord:
    return BadRecord(
        f"{name} is no manifest of an export ({type(error).__name__}: {error}); remove it and run "
        "`loadstone export` again"
    )
