"""How many arrivals are promised, and by when: a rate over time, and its exact integral.

With the rate r(t), so many arrivals are due by t: N(t) = ∫ r from 0 to t. The k-th of an even
stream comes when N(t) = k, the k-th of a Poisson stream when N(t) is the sum of k exponential
draws. So one function, N's inverse, serves both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import cos, inf, isinf, pi, sin, sqrt
from typing import Protocol

_CLOSE = 1e-9  # of an arrival: how near the inverse of a wave comes


class Piece(Protocol):
    """A stretch of a schedule; times and counts are from its own start."""

    @property
    def length_s(self) -> float: ...

    @property
    def peak(self) -> float: ...

    def rate(self, at_s: float) -> float: ...

    def count(self, at_s: float) -> float: ...

    def instant_s(self, count: float) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A rate that goes straight from one value to another; an endless one stays at its first."""

    length_s: float
    first: float
    last: float

    @classmethod
    def flat(cls, rate: float, length_s: float = inf) -> Line:
        return cls(length_s=length_s, first=rate, last=rate)

    @property
    def peak(self) -> float:
        return max(self.first, self.last)

    @property
    def _slope(self) -> float:
        return 0.0 if isinf(self.length_s) else (self.last - self.first) / self.length_s

    def rate(self, at_s: float) -> float:
        return self.first + self._slope * at_s

    def count(self, at_s: float) -> float:
        return (self.first + self._slope * at_s / 2) * at_s

    def instant_s(self, count: float) -> float:
        """The root of slope/2 t² + first t = count, written so that no digits cancel."""
        divisor = self.first + sqrt(max(0.0, self.first**2 + 2 * self._slope * count))
        return min(2 * count / divisor, self.length_s) if divisor else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A rate that swings between two values for ever, beginning at the lower."""

    low: float
    high: float
    every_s: float
    length_s: float = inf

    @property
    def peak(self) -> float:
        return self.high

    @property
    def _middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def _swing(self) -> float:
        return (self.high - self.low) / 2

    def rate(self, at_s: float) -> float:
        return self._middle - self._swing * cos(2 * pi * at_s / self.every_s)

    def count(self, at_s: float) -> float:
        turn = 2 * pi / self.every_s
        return self._middle * at_s - self._swing / turn * sin(turn * at_s)

    def instant_s(self, count: float) -> float:
        """Newton's steps, kept between bounds that each of them narrows."""
        lead_s = self._swing * self.every_s / (2 * pi) / self._middle
        low_s, high_s = max(0.0, count / self._middle - lead_s), count / self._middle + lead_s
        at_s = count / self._middle
        for _ in range(100):
            missing = count - self.count(at_s)
            if abs(missing) < _CLOSE:
                break
            low_s, high_s = (at_s, high_s) if missing > 0 else (low_s, at_s)
            rate = self.rate(at_s)
            at_s += missing / rate if rate > 0 else inf
            if not low_s < at_s < high_s:
                at_s = (low_s + high_s) / 2
        return at_s


class Schedule:
    """The rate of a run in operations a second, piece after piece; the last one has no end."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        if not pieces or not isinf(pieces[-1].length_s):
            raise ValueError("the last piece of a schedule has no end")
        self._pieces = tuple(pieces)
        lengths_s = [piece.length_s for piece in pieces[:-1]]
        counts = [piece.count(piece.length_s) for piece in pieces[:-1]]
        self._starts_s = list(accumulate(lengths_s, initial=0.0))
        self._counts = list(accumulate(counts, initial=0.0))

    @classmethod
    def constant(cls, rate: float) -> Schedule:
        return cls([Line.flat(rate)])

    @property
    def peak(self) -> float:
        """The highest rate that it ever asks for."""
        return max(piece.peak for piece in self._pieces)

    def rate(self, at_s: float) -> float:
        number, within_s = self._at(at_s)
        return self._pieces[number].rate(within_s)

    def count(self, at_s: float) -> float:
        """How many arrivals are due by then."""
        number, within_s = self._at(at_s)
        return self._counts[number] + self._pieces[number].count(within_s)

    def instant_s(self, count: float) -> float:
        """When so many arrivals are due: the earliest such instant, or never."""
        number = max(0, bisect_left(self._counts, count) - 1)
        piece = self._pieces[number]
        if isinf(piece.length_s) and not piece.peak:
            return self._starts_s[number] if count <= self._counts[number] else inf
        return self._starts_s[number] + piece.instant_s(count - self._counts[number])

    def _at(self, at_s: float) -> tuple[int, float]:
        number = max(0, bisect_right(self._starts_s, at_s) - 1)
        return number, at_s - self._starts_s[number]
