"""The search for the highest rate that keeps to its objectives, and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any, Literal, Self

RISE = 2.0
CLOSE = 1.05
LOWEST = 1.0
#: What is found is held for so many times as long as any other rate.
CONFIRMED = 6
_ATTEMPTS = 3  # at a rate that the generator spoilt: a hiccup is not yet a limit
_LOWERED = 3  # times in a row that what could not be confirmed is followed down
_SPENT_WITH = 8.0  # times the answer: the most that is tried to spend what was kept
_ABOVE = 1.25  # times the answer: what is seen to break, where only far more did

Outcome = Literal["held", "broke", "generator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One rate, held for some time, and what came of it. `why` is "" where all objectives were met.

    `confirms`: it was held for so long, after what was kept for a burst had been used up, that this
    cannot have carried it. `served_per_s`: how many came to a good end in that time, where some
    were throttled: about what the capacity is. `spent`: what was kept was used up in that time.
    `patterns` is what its calls did, as tallies are written. Records of older versions lack these.
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
    confirms: bool = False
    served_per_s: float | None = None
    spent: bool = False
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
    cannot be kept up. So what is found is confirmed: held six times as long, after another rate
    broke, which had used up what was kept. What comes back in the pause between the two carries
    little of that time. Where nothing broke just before, twice as much and more is tried until it
    does.

    Only throttles prove that what was kept is used up: what is confirmed after a rate that broke by
    its latency alone is held for as long, and proves nothing. Nor does what follows a rate that the
    generator spoilt, for in that time more was kept: what is to be confirmed then waits for another
    that breaks.

    Where a rate was throttled, what was served of it is tried next, for that is near the capacity.
    The rate below the first that broke otherwise is held again before any between them.

    Where what was to be confirmed breaks, though it had held for a shorter time, only what is held
    for long tells more: lower rates are, by ratios that grow until one holds, and then what lies
    halfway between that and the lowest that broke.

    Done when a rate is confirmed, at a ceiling that held, when even 1 a second broke, or when the
    generator could not keep up with a rate three times. The lowest that broke is then within 5 % of
    the answer, or within 25 % where that is what was served of a rate that was throttled.
    """

    def __init__(self, start: float, ceiling: float | None = None) -> None:
        self._ceiling = ceiling
        self._next: float | None = min(start, ceiling) if ceiling else start
        self._broke: float | None = None
        self._spoilt = self._lowered = 0
        self._spent = False  # whether the last rate broke, by which what was kept may be used up
        self._proven = False  # whether it is
        self._spending = self._guided = self._looking_above = False
        self._bounds: list[float] = []  # rates that held when it was
        self._confirmed: float | None = None
        self._falls = 0  # how often what was to be confirmed broke
        self._found: float | None = None  # what is confirmed next
        self.confirming = False
        self.held: float | None = None

    @property
    def rate(self) -> float | None:
        """The rate to try, `confirming` or not; None when the search is over."""
        return self._next

    @property
    def proves(self) -> bool:
        """Whether this rate can only hold if it lasts."""
        return self.confirming and self._proven

    def tried(
        self, outcome: Outcome, served_per_s: float | None = None, *, spent: bool = False
    ) -> None:
        """What came of that rate; where it was throttled, how many a second were served, and
        whether a table's own capacity, with what was kept of it, was `spent`."""
        rate = self._next
        if rate is None:
            raise ValueError("the search is over")
        self._proven = outcome != "generator" and (spent or self._proven)
        if self._spending:
            self._next = self._after_spending(rate, outcome)
            return
        if outcome == "generator":
            self._next = self._after_spoilt(rate)
            return
        self._spoilt = 0
        if outcome == "held":
            self._next = self._after_held(rate)
        else:
            self._next = self._after_broke(rate, served_per_s)

    def _after_held(self, rate: float) -> float | None:
        guided, self._guided = self._guided, False
        if self.confirming:
            return self._after_confirmed(rate)
        self._looking_above = False
        self.held = max(rate, self.held or 0.0)
        if self._spent:
            self._bounds.append(rate)
            if guided:
                return self._confirm(rate)
        self._spent = self._proven = False
        return self._between()

    def _after_confirmed(self, rate: float) -> float | None:
        """Its neighbour above, where that is not known to break."""
        self.held = self._confirmed = rate
        self._bounds.append(rate)
        self.confirming = self._spent = self._proven = False
        if self._falls:
            return self._longer(rate)
        above = min(rate * _ABOVE, self._ceiling or rate * _ABOVE)
        if self._broke is None or self._broke <= above or above <= rate * CLOSE:
            return None
        self._looking_above = True
        return above

    def _after_broke(self, rate: float, served_per_s: float | None) -> float | None:
        was_spent, self._spent = self._spent, True
        was_confirming = self.confirming
        self._broke = min(rate, self._broke or rate)
        if self.held is not None and self.held >= rate:
            self._bounds = [each for each in self._bounds if each < rate]
            self.held = max(self._bounds, default=None)
        if self._looking_above:
            return None
        if served_per_s is not None and (guide := self._guide(rate, served_per_s)):
            # What was served has no burst in it where that was spent before.
            self._guided, self.confirming = not was_spent, was_spent
            return guide
        self._guided = self.confirming = False
        if was_confirming:
            self._falls += 1
            return self._longer(self._confirmed)
        return self._between()

    def _longer(self, lasting: float | None) -> float | None:
        """What is held for long next, where some that held for a short time did not; `lasting` has
        been."""
        broke = self._broke
        assert broke is not None
        if lasting is None:
            if broke <= LOWEST:
                return None
            ratio = min(RISE, CLOSE ** (2 ** (self._falls - 1)))
            return self._confirm(max(LOWEST, broke / ratio))
        if broke / lasting <= CLOSE:
            return None
        between = sqrt(lasting * broke)
        return self._confirm(between) if self._spent else self._spend_before(between)

    def _guide(self, rate: float, served_per_s: float) -> float | None:
        """What was served, and lower, where that broke as well."""
        lower = rate / sqrt(CLOSE)
        following = self._guided or self.confirming
        self._lowered = self._lowered + 1 if following else 0
        guide = min(served_per_s, lower)
        if (not following and guide == lower) or self._lowered > _LOWERED:
            return None
        return guide if guide > max(self._bounds, default=LOWEST) else None

    def _between(self) -> float | None:
        held, broke = self.held, self._broke
        if held is None:
            assert broke is not None
            return max(LOWEST, broke / RISE) if broke > LOWEST else None
        if broke is None:
            if self._ceiling is not None and held >= self._ceiling:
                return None
            return min(held * RISE, self._ceiling or held * RISE)
        if self._spent and not self._bounds:
            return held
        if broke / held > CLOSE:
            return sqrt(held * broke)
        if held == self._confirmed:
            return None
        return self._confirm(held) if self._spent else self._spend_before(held)

    def _confirm(self, rate: float) -> float:
        self.confirming, self._found = True, rate
        return rate

    def _spend_before(self, rate: float) -> float:
        """Twice as much comes before a rate is confirmed."""
        self._spending, self.confirming, self._found = True, False, rate
        return min(rate * RISE, self._ceiling or rate * RISE)

    def _after_spending(self, rate: float, outcome: Outcome) -> float:
        """Confirm what was found, unless there may be more to spend."""
        found = self._found
        assert found is not None
        more = min(rate * RISE, self._ceiling or rate * RISE)
        if outcome == "held" and rate < more <= found * _SPENT_WITH:
            return more
        self._spending, self._spent = False, outcome == "broke"
        return self._confirm(found)

    def _after_spoilt(self, rate: float) -> float | None:
        """Again; what was to be confirmed, only after what was kept meanwhile is spent."""
        self._spoilt += 1
        if self._spoilt == _ATTEMPTS:
            return None
        self._spent = self._guided = False
        return self._spend_before(rate) if self.confirming else rate


def highest(trials: Sequence[Trial]) -> Trial | None:
    """The evidence for the highest rate that held, below every rate that broke.

    One that was confirmed goes before all others, but for a higher one that held for as long right
    after another broke, where the generator spoilt none since what was kept was last used up; and
    else one that held for longer. Where one that had held broke later on, what else held by then is
    left out, unless it held right after a higher one.
    """
    held, proven = _standing(trials), confirmed(trials)
    if proven is None:
        return max(held, key=_longest, default=None)
    as_long = [
        each
        for each in held
        if each.measured_s >= proven.measured_s and (each.confirms or _unspoilt(each, trials))
    ]
    return max(as_long, key=lambda trial: (trial.rate_per_s, trial.number))


def confirmed(trials: Sequence[Trial]) -> Trial | None:
    """The highest rate that was confirmed; the highest that held may be above it."""
    proven = (trial for trial in _standing(trials) if trial.confirms)
    return max(proven, key=_longest, default=None)


def confirmed_below(trials: Sequence[Trial]) -> Trial | None:
    """The highest rate that was confirmed, where the highest that held is not."""
    best = highest(trials)
    return None if best is None or best.confirms else confirmed(trials)


def _longest(trial: Trial) -> tuple[float, float, int]:
    return trial.measured_s, trial.rate_per_s, trial.number


def _standing(trials: Sequence[Trial]) -> list[Trial]:
    """What held below every rate that broke, but for what later ones showed to be a burst's."""
    held: list[Trial] = []
    lowest = float("inf")
    for trial in trials:
        if trial.outcome == "held":
            held.append(trial)
        elif trial.outcome == "broke":
            lowest = min(lowest, trial.rate_per_s)
            if any(each.rate_per_s >= trial.rate_per_s for each in held):
                held = [each for each in held if each.confirms or _after_higher(each, trials)]
    return [each for each in held if each.rate_per_s < lowest]


def _unspoilt(trial: Trial, trials: Sequence[Trial]) -> bool:
    """Whether another broke right before, and the generator spoilt none since what was kept was
    last used up: while it sends nothing, more is kept, which may carry a rate for as long."""
    before = [each for each in trials if each.number < trial.number]
    if not before or before[-1].outcome != "broke":
        return False
    telling_most = (each for each in reversed(before) if each.spent or each.outcome == "generator")
    last = next(telling_most, None)
    return last is None or last.outcome != "generator"


def telling(trials: Sequence[Trial]) -> Trial | None:
    """What objectives of a search are judged at: the highest rate that held; where none did, the
    lowest that broke."""
    broke = (trial for trial in trials if trial.outcome == "broke")
    return highest(trials) or min(broke, key=lambda trial: trial.rate_per_s, default=None)


def lasts(trials: Sequence[Trial]) -> bool:
    """Whether the highest rate was confirmed, or held right after a higher one that used up what
    was kept: between the two the generator spoilt none, while which more is kept."""
    best = highest(trials)
    if best is None or best.confirms:
        return best is not None
    before = [each for each in trials if each.number < best.number][-1:]
    return any(
        each.outcome == "broke" and each.spent and each.rate_per_s > best.rate_per_s
        for each in before
    )


def _after_higher(trial: Trial, trials: Sequence[Trial]) -> Trial | None:
    """The higher rate that a rate came right after."""
    before = [each for each in trials if each.number < trial.number and each.outcome != "generator"]
    return before[-1] if before and before[-1].rate_per_s > trial.rate_per_s else None


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
