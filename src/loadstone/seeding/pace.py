"""How fast a table is written to: found by trying, or held. Pure: time is passed in.

Units are write units of a table and its indexes together, as the table says that it consumed them.
"""

from __future__ import annotations

from collections.abc import Mapping

#: After a throttle: this much of what the table took, and never less than half the limit before,
#: as what it took in one second may be little for other reasons.
DECREASE = 0.9
MOST_DECREASE = 0.5
#: Each second without a throttle adds this much of the limit at the last one. When it stays
#: without, what is added doubles: the table's capacity may have grown.
INCREASE = 0.01
DOUBLED_EVERY_S = 30.0
#: What a throttle took off beyond DECREASE comes back by this share of the rest each second: what
#: was taken in one second, the first one above all, may have been little for other reasons.
RETURN = 0.1
#: A limit below which the load was all the time is none, and is not increased.
BINDING = 0.7
LEAST_UNITS = 1.0
#: A table that takes so many times its limit was misjudged, in a second in which little was sent.
MISJUDGED = 2.0
#: What a bucket saves for later while nobody takes from it.
SAVED_S = 0.25
#: Shorter waits would be lost in rounding, and be waited again and again.
LEAST_WAIT_S = 0.001


class Pacer:
    """Additive increase, multiplicative decrease, on units a second of one table.

    There is no limit before the first throttle, unless there is one to start with.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self._step = (limit or 0.0) * INCREASE
        self._returns_to = 0.0
        self._quiet_s = 0.0
        self._last: tuple[float, float, int] | None = None
        self._took_before: float | None = None

    def read(
        self, now_s: float, units: float, throttles: int, most: float | None = None
    ) -> float | None:
        """The limit from now on, which is `most` at the most. `units` consumed and `throttles` met
        so far, counted from 0."""
        self._read(now_s, units, throttles)
        if most is not None:
            self.limit = most if self.limit is None else min(self.limit, most)
        return self.limit

    def _read(self, now_s: float, units: float, throttles: int) -> None:
        before, self._last = self._last, (now_s, units, throttles)
        if before is None or now_s <= before[0]:
            return
        elapsed_s = now_s - before[0]
        took = (units - before[1]) / elapsed_s
        if throttles > before[2]:
            self._decrease(took)
        elif self.limit is not None:
            self._increase(took, elapsed_s)
        self._took_before = took

    def start_at(self, limit: float) -> None:
        """Another limit to start with, as long as nothing has been found by trying."""
        self.limit, self._step = limit, limit * INCREASE

    def _decrease(self, took: float) -> None:
        # The better one of two seconds: after a throttle nothing is sent for a while.
        best = max(took, self._took_before or 0.0)
        limit = best
        if self.limit is not None and best <= self.limit * MISJUDGED:
            limit = min(best, self.limit)
        self._returns_to = max(limit, self.limit or 0.0) * DECREASE
        least = LEAST_UNITS if self.limit is None else self.limit * MOST_DECREASE
        self.limit = max(limit * DECREASE, least, LEAST_UNITS)
        self._step = self.limit * INCREASE
        self._quiet_s = 0.0

    def _increase(self, took: float, elapsed_s: float) -> None:
        assert self.limit is not None
        self._quiet_s += elapsed_s
        if took >= self.limit * BINDING:
            doubled = 2.0 ** (self._quiet_s // DOUBLED_EVERY_S)
            away = max(0.0, self._returns_to - self.limit)
            self.limit += (self._step * doubled + away * RETURN) * elapsed_s


def provisioned_limit(
    capacities: Mapping[str | None, float], consumed: Mapping[str | None, float]
) -> float:
    """Units a second at which the tightest of a table and its indexes is just used up.

    `consumed` shows how units are spread over them; before anything is, evenly.
    """
    total = sum(consumed.values())
    evenly = min(capacities.values()) * len(capacities)
    limits = [
        capacity * total / consumed[arm]
        for arm, capacity in capacities.items()
        if consumed.get(arm)
    ]
    return min(limits, default=evenly)


class Bucket:
    """Units that may be taken at a rate; what was taken too many is waited for afterwards."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._level = 0.0
        self._filled_s = 0.0

    def set_rate(self, rate: float | None, now_s: float) -> None:
        """Units a second from now on; None is no limit."""
        self._fill(now_s)
        if self.rate is None or rate is None:
            self._level = 0.0
        self.rate = rate

    def take(self, units: float, now_s: float) -> None:
        """Units were consumed, or, below zero, were not."""
        if self.rate is not None:
            self._fill(now_s)
            self._level -= units

    def wait_s(self, now_s: float) -> float:
        """How long until units may be taken again."""
        if self.rate is None:
            return 0.0
        self._fill(now_s)
        if self._level >= 0:
            return 0.0
        return max(-self._level / self.rate, LEAST_WAIT_S)

    def _fill(self, now_s: float) -> None:
        if self.rate is not None:
            filled = self._level + self.rate * (now_s - self._filled_s)
            self._level = min(filled, self.rate * SAVED_S)
        self._filled_s = now_s
