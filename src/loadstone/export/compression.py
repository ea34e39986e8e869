"""What the files are packed with, both ways."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from loadstone.errors import BadRecord

Compression = Literal["zstd", "gzip", "none"]
COMPRESSIONS: tuple[Compression, ...] = ("zstd", "gzip", "none")
SUFFIX = {"zstd": ".zst", "gzip": ".gz", "none": ""}

#: The quickest levels: the files are read once, and an import is paid by their unpacked size.
ZSTD_LEVEL = 1
GZIP_LEVEL = 1
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Packer(Protocol):
    """As zlib's and zstandard's compression objects are."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def packer(compression: Compression) -> Packer:
    match compression:
        case "zstd":
            import zstandard

            zstd = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
            return zstd.compressobj()
        case "gzip":
            return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        case "none":
            return _Plain()


def unpacked(chunks: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """What was packed. BadRecord when it is damaged, or ends too early."""
    match compression:
        case "zstd":
            yield from _from_zstd(filter(None, chunks))
        case "gzip":
            yield from _from_gzip(filter(None, chunks))
        case "none":
            yield from chunks


def _from_zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    reader = zstandard.ZstdDecompressor().decompressobj()
    try:
        for chunk in chunks:
            yield reader.decompress(chunk)
    except zstandard.ZstdError as error:
        raise BadRecord(f"damaged, {error}") from error
    if not reader.eof:
        raise BadRecord("cut short")


def _from_gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    reader = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for chunk in chunks:
            yield reader.decompress(chunk)
    except zlib.error as error:
        raise BadRecord(f"damaged, {error}") from error
    if not reader.eof:
        raise BadRecord("cut short")
