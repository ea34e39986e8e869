"""Which rows of a slice are done, as the bits of one number. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def bits_between(start: int, stop: int) -> int:
    """The rows from `start` up to `stop`."""
    return (1 << stop) - (1 << start)


def bits_of(rows: Sequence[int]) -> int:
    if isinstance(rows, range) and rows.step == 1:
        return bits_between(rows.start, rows.stop)
    return sum(1 << row for row in set(rows))


def runs_of(bits: int) -> Iterator[tuple[int, int]]:
    """Rows that follow one another: where each such run begins, and where it has ended."""
    at = 0
    while bits:
        gap = (bits & -bits).bit_length() - 1
        bits >>= gap
        length = (~bits & (bits + 1)).bit_length() - 1
        bits >>= length
        yield at + gap, at + gap + length
        at += gap + length
