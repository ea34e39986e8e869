"""Which part of an arm's requests goes to which of its partitions.

Keys are spread over partitions by their hashes, as the live gate spreads them. A partition that
holds a hot key has that key's share and its even part of everything else; the others are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from loadstone.capacity.admission import partition_of
from loadstone.capacity.limits import PARTITION_UNITS, Direction
from loadstone.capacity.simulation.demand import HotKey

ELSEWHERE = -1


class Spread(NamedTuple):
    """The limits of an arm's partitions in units a second, those without hot keys as one; and for
    each flow its shares of them, under the same numbers."""

    limits: Mapping[int, float]
    shares: Sequence[Mapping[int, float]]


def spread(flows: Sequence[Sequence[HotKey]], partitions: int, direction: Direction) -> Spread:
    """`flows` are the hot keys of each flow that the arm is asked by."""
    limit = PARTITION_UNITS[direction]
    held: list[dict[int, float]] = []
    for hot in flows:
        shares: dict[int, float] = {}
        for key in hot:
            number = partition_of(key.hash, partitions)
            shares[number] = shares.get(number, 0.0) + key.share
        held.append(shares)
    hot_ones = sorted({number for shares in held for number in shares})
    cool_ones = partitions - len(hot_ones)
    limits = dict.fromkeys(hot_ones, limit)
    if cool_ones:
        limits[ELSEWHERE] = limit * cool_ones
    return Spread(limits, [_shares(each, hot_ones, partitions) for each in held])


def _shares(
    held: Mapping[int, float], hot_ones: Sequence[int], partitions: int
) -> Mapping[int, float]:
    even = max(0.0, 1 - sum(held.values())) / partitions
    found = {number: held.get(number, 0.0) + even for number in hot_ones}
    cool_ones = partitions - len(hot_ones)
    return found | ({ELSEWHERE: even * cool_ones} if cool_ones else {})
