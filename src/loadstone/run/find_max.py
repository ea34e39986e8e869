"""The search for the highest rate that keeps to its objectives, and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any, Literal, Self

RISE = 2.0
CLOSE = 1.05
LOWEST = 1.0
_ATTEMPTS = 3  # at a rate that the generator spoilt: a hiccup is not yet a limit

Outcome = Literal["held", "broke", "generator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One rate, held for some time, and what came of it. `why` is "" where all objectives were met.

    `patterns` is what its calls did, as tallies are written; records of older versions lack it.
    """

    number: int
    rate_per_s: float
    achieved_per_s: float
    measured_s: float
    asked: int
    calls: int
    p50_us: int
    p99_us: int
    throttled: int
    failed: int
    late: int
    delay_max_us: int
    outcome: Outcome
    why: str = ""
    patterns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in values.items() if name in known})


class Search:
    """Which rate to try next: doubled until one breaks, then halfway between, by ratio.

    Capacity that was not used is kept for a burst, and with it a rate can hold for a while that
    cannot be kept up. So the answer is one that held right after another broke, which had used up
    what was kept. So the rate below the first that broke is held again before any between them; and
    in the end the last, if it is not such a one, and before that, twice as much, where none just
    broke.

    Done when the lowest that broke is within 5 % of such a rate, when even 1 a second broke, at a
    ceiling that held, or when the generator could not keep up with a rate three times.
    """

    def __init__(self, start: float, ceiling: float | None = None) -> None:
        self._ceiling = ceiling
        self._next: float | None = min(start, ceiling) if ceiling else start
        self._broke: float | None = None
        self._spoilt = 0
        self._after_a_break = self._spending = False
        self._bounds: list[float] = []  # rates that held right after one that broke
        self._proven: float | None = None  # the last that was tried, when it is such a one
        self.held: float | None = None

    @property
    def rate(self) -> float | None:
        """The rate to try; None when the search is over."""
        return self._next

    def tried(self, outcome: Outcome) -> None:
        """What came of that rate."""
        rate = self._next
        if rate is None:
            raise ValueError("the search is over")
        if self._spending:
            self._spending, self._after_a_break, self._next = False, True, self.held
            return
        if outcome == "generator":
            self._spoilt += 1
            self._next = rate if self._spoilt < _ATTEMPTS else None
            return
        self._spoilt = 0
        self._proven = None
        if outcome == "held":
            self._holds(rate)
        else:
            self._breaks(rate)
        self._after_a_break = outcome == "broke"
        self._next = self._after()

    def _holds(self, rate: float) -> None:
        self.held = max(rate, self.held or 0.0)
        if self._after_a_break:
            self._proven = rate
            self._bounds.append(rate)

    def _breaks(self, rate: float) -> None:
        self._broke = min(rate, self._broke or rate)
        if self.held is not None and self.held >= rate:
            self._bounds = [each for each in self._bounds if each < rate]
            self.held = max(self._bounds, default=None)

    def _after(self) -> float | None:
        held, broke = self.held, self._broke
        if held is None:
            assert broke is not None
            return max(LOWEST, broke / RISE) if broke > LOWEST else None
        if broke is None:
            if self._ceiling is not None and held >= self._ceiling:
                return None
            return min(held * RISE, self._ceiling or held * RISE)
        if self._after_a_break and not self._bounds:
            return held
        if broke / held > CLOSE:
            return sqrt(held * broke)
        if held == self._proven:
            return None
        if self._after_a_break:
            return held
        self._spending = True
        return min(held * RISE, self._ceiling or held * RISE)


def highest(trials: Sequence[Trial]) -> Trial | None:
    """The evidence for the highest rate that held, below every rate that broke.

    Where one that had held broke later on, what else held by then is left out, unless it held right
    after a higher one.
    """
    held: list[Trial] = []
    lowest = float("inf")
    for trial in trials:
        if trial.outcome == "held":
            held.append(trial)
        elif trial.outcome == "broke":
            lowest = min(lowest, trial.rate_per_s)
            if any(each.rate_per_s >= trial.rate_per_s for each in held):
                held = [each for each in held if _after_a_higher(each, trials)]
    held = [each for each in held if each.rate_per_s < lowest]
    return max(held, key=lambda trial: (trial.rate_per_s, trial.number), default=None)


def telling(trials: Sequence[Trial]) -> Trial | None:
    """What objectives of a search are judged at: the highest rate that held; where none did, the
    lowest that broke."""
    broke = (trial for trial in trials if trial.outcome == "broke")
    return highest(trials) or min(broke, key=lambda trial: trial.rate_per_s, default=None)


def lasts(trials: Sequence[Trial]) -> bool:
    """Whether the highest rate held right after a higher one, which had used up what was kept."""
    best = highest(trials)
    return best is not None and _after_a_higher(best, trials)


def _after_a_higher(trial: Trial, trials: Sequence[Trial]) -> bool:
    before = [each for each in trials if each.number < trial.number and each.outcome != "generator"]
    return bool(before) and before[-1].rate_per_s > trial.rate_per_s


def limit(trials: Sequence[Trial]) -> Trial | None:
    """What stood in the way of more: the lowest rate that broke, or where the generator gave up."""
    best = highest(trials)
    above = [
        trial
        for trial in trials
        if trial.outcome != "held" and (best is None or trial.rate_per_s > best.rate_per_s)
    ]
    if trials and trials[-1].outcome == "generator":
        return trials[-1]
    return min(above, key=lambda trial: trial.rate_per_s, default=None)
