"""Which item is asked for: popular ones more often, the same ones throughout a run."""

from __future__ import annotations

from math import exp, expm1, gcd, log, log1p, sqrt
from random import Random

from loadstone.errors import BadValue

_GOLDEN = (sqrt(5) - 1) / 2


def evenly(nth: int) -> float:
    """The n-th of a sequence between 0 and 1 that is even however long it is, and in step with
    nothing: it goes on by the golden ratio."""
    return (nth + 0.5) * _GOLDEN % 1


class Popularity:
    """Numbers below `count`, drawn by Zipf's law: the r-th hottest as often as 1 / r ** skew.

    A skew of 0 is even. Which numbers are hot depends on `key` alone. Drawing is by
    rejection-inversion (Hörmann and Derflinger 1996), at one cost for ten items or a billion.
    """

    def __init__(self, count: int, skew: float, key: int) -> None:
        if count < 1:
            raise BadValue("there is nothing to ask for")
        if not 0 <= skew <= 5:
            raise BadValue(f"a skew is between 0 (even) and 5, not {skew:g}")
        self._count, self._skew, self._power = count, skew, 1 - skew
        self._step = _coprime(key % count, count)
        self._shift = key // count % count
        self._first = self._area(1.5) - 1
        self._last = self._area(count + 0.5)
        self._sure = 2 - self._inverse(self._area(2.5) - self._height(2.0))

    def draw(self, random: Random) -> int:
        """One of the numbers."""
        return self.number(self._rank(random) if self._skew else random.randrange(self._count) + 1)

    def typical(self, nth: int) -> int:
        """The n-th of numbers that stand for draws: any amount of them, one after the other, comes
        far closer to how often each is drawn than as many draws do."""
        share = evenly(nth)
        if not self._skew:
            return self.number(int(share * self._count) + 1)
        x = self._inverse(self._first + share * (self._last - self._first))
        return self.number(min(max(int(x + 0.5), 1), self._count))

    def number(self, rank: int) -> int:
        """The one that is asked for most at rank 1, and less from rank to rank."""
        return ((rank - 1) * self._step + self._shift) % self._count

    def _rank(self, random: Random) -> int:
        while True:
            area = self._last + random.random() * (self._first - self._last)
            x = self._inverse(area)
            rank = min(max(int(x + 0.5), 1), self._count)
            if rank - x <= self._sure:
                return rank
            if area >= self._area(rank + 0.5) - self._height(rank):
                return rank

    def _height(self, x: float) -> float:
        return exp(-self._skew * log(x))

    def _area(self, x: float) -> float:
        """The integral of the height; through 1 - skew = 0 without a break."""
        at = log(x)
        power = self._power * at
        return (expm1(power) / power if abs(power) > 1e-8 else 1 + power / 2) * at

    def _inverse(self, area: float) -> float:
        if not self._power:
            return exp(area)
        return exp(log1p(max(area * self._power, -1.0)) / self._power)


def _coprime(start: int, count: int) -> int:
    """The next number from `start` that shares no factor with `count`, so steps reach all."""
    step = max(start, 1)
    while gcd(step, count) != 1:
        step += 1
    return step
