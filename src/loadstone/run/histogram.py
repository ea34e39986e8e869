"""Latencies in microseconds, in HDR histograms: 1 µs to 1 h, three significant digits."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hdrh.histogram import HdrHistogram

from loadstone.run.decoded import Counters, Integers, decoded

HIGHEST_US = 3_600_000_000
SIGNIFICANT_DIGITS = 3

_PLACE_BITS = 10  # three significant digits
_SETTINGS = struct.pack(">iqq", SIGNIFICANT_DIGITS, 1, HIGHEST_US)


def counters_of(encoded: str) -> Counters:
    """A written histogram, for adding it to several."""
    found = decoded(encoded, _SETTINGS)
    if found is not None:
        return found
    counts = Histogram.merged([encoded])._counts.copy()
    at = np.flatnonzero(counts)
    return Counters(at, counts[at])


class Histogram:
    """Counts of latencies; values outside 1 µs to 1 h count as the nearest of the two."""

    __slots__ = ("_hdr",)

    def __init__(self) -> None:
        self._hdr = HdrHistogram(1, HIGHEST_US, SIGNIFICANT_DIGITS)

    @classmethod
    def of_ns(cls, values_ns: Sequence[int]) -> Histogram:
        """One pass over many raw values: cheap to call once a second, not once a call."""
        histogram = cls()
        if values_ns:
            values_us = np.clip((np.asarray(values_ns, np.int64) + 500) // 1000, 1, HIGHEST_US)
            counts = np.bincount(_places(values_us))
            at = np.flatnonzero(counts)
            histogram.count_all([Counters(at, counts[at])])
        return histogram

    @classmethod
    def merged(cls, encoded: Iterable[str]) -> Histogram:
        """One out of many in their written form."""
        histogram = cls()
        known: list[Counters] = []
        for text in encoded:
            counters = decoded(text, _SETTINGS)
            if counters is None:
                histogram._hdr.decode_and_add(text)
            else:
                known.append(counters)
        histogram.count_all(known)
        return histogram

    def count_all(self, parts: Iterable[Counters]) -> None:
        """Add histograms that have been read."""
        counts = self._counts
        for part in parts:
            counts[part.at] += part.counts
        counted = np.flatnonzero(counts)
        if len(counted):
            least, most = int(counted[0]), int(counted[-1])
            self._hdr.set_internal_tacking_values(least, most, int(counts[counted].sum()))

    def add(self, other: Histogram) -> None:
        self._hdr.add(other._hdr)

    def encode(self) -> str:
        """HdrHistogram's compressed V2 form in base64, which its tools in other languages read."""
        encoded: bytes = self._hdr.encode()
        return encoded.decode("ascii")

    @property
    def count(self) -> int:
        return int(self._hdr.get_total_count())

    def percentile_us(self, *percents: float) -> tuple[int, ...]:
        """Nearest rank: the smallest values that so many percent do not exceed; 0 for no values.

        The library rounds ranks to the nearest instead of up, which is one too low for some counts.
        """
        if not self.count:
            return (0,) * len(percents)
        cumulated = np.cumsum(self._counts)
        ranks = [max(1, math.ceil(round(percent * self.count / 100, 9))) for percent in percents]
        return tuple(map(self._value_us, np.searchsorted(cumulated, ranks).tolist()))

    def counts_between(self, edges_us: Sequence[int]) -> list[int]:
        """How many values lie between an edge and the next, the lower one included."""
        cumulated = np.cumsum(self._counts)
        ends = (min(self._index(edge_us), len(cumulated)) for edge_us in edges_us)
        below = [int(cumulated[end - 1]) if end else 0 for end in ends]
        return [high - low for low, high in pairwise(below)]

    @property
    def _counts(self) -> Integers:
        """The library's own counters."""
        return np.frombuffer(self._hdr.counts, np.int64)

    def _index(self, value_us: int) -> int:
        return int(self._hdr.get_counts_array_index(value_us)) if value_us else 0

    def _value_us(self, index: int) -> int:
        lowest = self._hdr.get_value_from_index(index)
        return int(self._hdr.get_highest_equivalent_value(lowest))

    @classmethod
    def values_us(cls, buckets: Iterable[int]) -> list[int]:
        """The highest value of each of the places of Counters, as percentiles tell it."""
        empty = cls()
        return [empty._value_us(bucket) for bucket in buckets]

    @property
    def max_us(self) -> int:
        return int(self._hdr.get_max_value()) if self.count else 0


def _places(values_us: Integers) -> Integers:
    """Where each value is counted: a bucket for each power of two from 2,048 on, of 1,024 places;
    below that, a place for each value."""
    _, bits = np.frexp(values_us.astype(np.float64))
    buckets = np.maximum(bits.astype(np.int64) - _PLACE_BITS - 1, 0)
    places: Integers = (buckets << _PLACE_BITS) + (values_us >> buckets)
    return places


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """What a reader asks of a histogram, in microseconds."""

    count: int
    p50_us: int
    p90_us: int
    p99_us: int
    p999_us: int
    max_us: int

    @classmethod
    def of(cls, histogram: Histogram) -> Percentiles:
        p50, p90, p99, p999 = histogram.percentile_us(50, 90, 99, 99.9)
        return cls(
            count=histogram.count,
            p50_us=p50,
            p90_us=p90,
            p99_us=p99,
            p999_us=p999,
            max_us=histogram.max_us,
        )
