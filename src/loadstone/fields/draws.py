"""Chance without state: a draw is a hash of who asks and of the item's number.

One law for a single item (Python integers) and for a column of items (numpy), so both agree to the
last bit. An item's number is mixed once; each draw multiplies that by an odd number of its own and
keeps the upper half (multiply-shift hashing), which costs a tenth of mixing anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
_ROUND = 0xBF58476D1CE4E5B9

DRAW_BITS = 32

Ints: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]


def derive(*names: object) -> int:
    """64 bits that depend on every name and on their order; the same on every machine."""
    text = "\x1f".join(map(str, names)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def odd(*names: object) -> int:
    """An odd multiplier of 64 bits, for one draw."""
    return derive(*names) | 1


def mix(number: int, key: int) -> int:
    """The hash of an item's number: one round of splitmix64's finalizer, a draw is the second."""
    z = (number * GOLDEN + key) & MASK
    z = ((z ^ (z >> 32)) * _ROUND) & MASK
    return z ^ (z >> 29)


def mix_source(number: str, key: int) -> list[str]:
    """`mix` as expressions for generated code, each made of the one before, which is `{z}`."""
    return [
        f"{number} * {GOLDEN} + {key} & {MASK}",
        f"({{z}} ^ {{z}} >> 32) * {_ROUND} & {MASK}",
        "{z} ^ {z} >> 29",
    ]


#: How far apart several hashes stand in one whole number.
LANE_BITS = 128


def lanes_source(number: str, keys: Sequence[int]) -> list[str]:
    """`mix` with several keys, all at once: Python takes hardly longer for a wide number.

    The last one's hash is in the lowest 64 bits, and so on; what stands between them is not zero.
    The number is not negative.
    """

    def lanes(values: Sequence[int]) -> int:
        return sum(value << LANE_BITS * lane for lane, value in enumerate(reversed(values)))

    size = len(keys)
    masks = lanes([MASK] * size)
    return [
        f"{number} * {lanes([GOLDEN] * size)} + {lanes(keys)} & {masks}",
        f"({{z}} ^ {{z}} >> 32 & {masks}) * {_ROUND} & {masks}",
        "{z} ^ {z} >> 29",
    ]


def mix_column(numbers: Ints, key: int) -> Hashes:
    """`mix` for many numbers."""
    z = numbers.astype(np.uint64) * np.uint64(GOLDEN) + np.uint64(key)
    z = (z ^ (z >> np.uint64(32))) * np.uint64(_ROUND)
    return z ^ (z >> np.uint64(29))


def draw(mixed: int, multiplier: int) -> int:
    """32 bits out of a mixed number."""
    return ((mixed * multiplier) & MASK) >> 32


def draw_column(mixed: Hashes, multiplier: int) -> Ints:
    """`draw` for many mixed numbers."""
    return ((mixed * np.uint64(multiplier)) >> np.uint64(32)).view(np.int64)
