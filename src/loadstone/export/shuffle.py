"""Orders that look random and are computed: any position of a billion, without the others. Pure."""

from __future__ import annotations

import numpy as np

from loadstone.fields.draws import derive, mix, mix_column

ROUNDS = 4


class Permutation:
    """Every number below `size` once, in an order that follows from the key.

    A Feistel network permutes the next power of four; what lands outside is sent on until it lands
    inside (cycle walking).
    """

    def __init__(self, size: int, key: int) -> None:
        self._size = size
        self._half_bits = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
        self._keys = [derive(key, number) for number in range(ROUNDS)]

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, position: int) -> int:
        if not 0 <= position < self._size:
            raise IndexError(position)
        while True:
            position = self._round_trip(position)
            if position < self._size:
                return position

    def _round_trip(self, number: int) -> int:
        bits = self._half_bits
        mask = (1 << bits) - 1
        left, right = number >> bits, number & mask
        for key in self._keys:
            left, right = right, left ^ (mix(right, key) & mask)
        return left << bits | right


def shuffled(size: int, key: int) -> list[int]:
    """The numbers below `size` in an order of the key's, all at once."""
    hashes = mix_column(np.arange(size, dtype=np.int64), key)
    # No two hashes are alike, as `mix` can be undone, so any way of sorting gives the same order.
    order: list[int] = np.argsort(hashes).tolist()
    return order
