"""A token bucket, and the peaks that on-demand capacity grows by: arithmetic on times passed in."""

from __future__ import annotations

from collections import deque

from loadstone.capacity.limits import DOUBLING_S

# Sums of many small refills are off in the last digits.
_SLACK = 1e-6


class Bucket:
    """Units that come at a rate and are kept up to a cap; it starts full.

    What is known only afterwards may take it below zero; it then refuses until that is made up for.
    A request larger than the cap passes when the bucket is full, and leaves it below zero.
    """

    __slots__ = ("_at_s", "_level", "cap", "rate")

    def __init__(self, rate: float, cap: float, now_s: float) -> None:
        self.rate, self.cap = rate, cap
        self._level, self._at_s = cap, now_s

    def level(self, now_s: float) -> float:
        """The units at hand: min(cap, level + rate * seconds since)."""
        if now_s > self._at_s:
            self._level = min(self.cap, self._level + self.rate * (now_s - self._at_s))
            self._at_s = now_s
        return self._level

    def admits(self, units: float, now_s: float) -> bool:
        """Whether so many may be taken; 0 is a request whose units are not known yet."""
        level = self.level(now_s)
        if units > 0 and self.cap > 0:
            return level + _SLACK >= min(units, self.cap)
        return level > 0

    def take(self, units: float, now_s: float) -> None:
        """Take units, or with a negative number give them back; below zero, and never above cap."""
        self._level = min(self.cap, self.level(now_s) - units)

    def resize(self, rate: float, cap: float, now_s: float) -> None:
        """Another rate and cap from now on; what is above the new cap is lost."""
        self.level(now_s)
        self.rate, self.cap = rate, cap
        self._level = min(self._level, cap)


class Peaks:
    """The highest second that was served, as of half an hour ago.

    A peak of the last half hour does not count yet: doubling it again within that time throttles.
    """

    __slots__ = ("_earlier", "_highest", "_recent", "_second", "_units")

    def __init__(self) -> None:
        self._second, self._units = 0, 0.0
        self._highest, self._earlier = 0.0, 0.0
        self._recent: deque[tuple[int, float]] = deque()  # (second, units), rising

    def add(self, units: float, now_s: float) -> None:
        """So many units were served now."""
        if int(now_s) != self._second:
            self._close()
            self._second, self._units = int(now_s), 0.0
        self._units += units

    def earlier(self, now_s: float) -> float:
        """The highest second that ended half an hour ago or earlier."""
        if int(now_s) != self._second and self._units:
            self._close()
            self._units = 0.0
        while self._recent and self._recent[0][0] + 1 + DOUBLING_S <= now_s:
            self._earlier = self._recent.popleft()[1]
        return self._earlier

    def _close(self) -> None:
        if self._units > self._highest:
            self._highest = self._units
            self._recent.append((self._second, self._units))
