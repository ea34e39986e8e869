"""The instants of arrivals, one after the other."""

from __future__ import annotations

from math import log
from random import Random

from loadstone.arrivals.schedule import Schedule


class Instants:
    """What one process takes of a schedule: a share of its arrivals, from an instant on.

    With `random` they come as those of many independent users do (a Poisson process whose rate is
    the schedule's), so the shares of several processes together are such a stream again. Without
    it they are even: the processes' `phase`s, above 0 and up to 1, keep them apart.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        share: float = 1.0,
        since_s: float = 0.0,
        random: Random | None = None,
        phase: float = 1.0,
    ) -> None:
        self._schedule, self._share = schedule, share
        self._before = schedule.count(since_s)
        self._since_s = since_s
        self._random = random
        self._taken = 0.0 if random else phase - 1.0

    def next_s(self) -> float:
        """The next instant, in seconds of the schedule; infinite when there is none."""
        # 1 - random() is never 0, which has no logarithm.
        self._taken += -log(1.0 - self._random.random()) if self._random else 1.0
        at_s = self._schedule.instant_s(self._before + self._taken / self._share)
        return at_s if at_s > self._since_s else self._since_s
