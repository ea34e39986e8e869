"""The search for the highest rate before tables that keep unused capacity: what is confirmed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log2
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loadstone.run.find_max import (
    CLOSE,
    CONFIRMED,
    Outcome,
    Search,
    Trial,
    confirmed_below,
    highest,
    lasts,
)

STEP_S = 10.0
SETTLE_S = 3.0


@dataclass
class Keeping:
    """A table that serves so many a second, and keeps what is not used for so long; calls are slow
    from another rate on, and the generator spoils a share of the trials: it sends nothing then.
    """

    capacity: float
    burst_s: float = 300.0
    slow_from: float = float("inf")
    spoils: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._most = self._kept = self.capacity * self.burst_s
        self._random = Random(self.seed)

    def hold(self, number: int, rate: float, length_s: float) -> Trial:
        """What comes of a rate that is left alone for three seconds, and then measured."""
        if self._random.random() < self.spoils:
            self._take(0.0, SETTLE_S + length_s)
            return trial(number, rate, "generator", length_s)
        self._take(rate, SETTLE_S)
        lacking = self._take(rate, length_s)
        if lacking:
            served = rate - lacking / length_s
            return replace(trial(number, rate, "broke", length_s), served_per_s=served, spent=True)
        return trial(number, rate, "broke" if rate >= self.slow_from else "held", length_s)

    def _take(self, rate: float, seconds: float) -> float:
        """How much of it could not be had."""
        left = min(self._most, self._kept + (self.capacity - rate) * seconds)
        self._kept = max(0.0, left)
        return max(0.0, -left)


def trial(number: int, rate: float, outcome: Outcome, length_s: float) -> Trial:
    return Trial(
        number=number,
        rate_per_s=rate,
        achieved_per_s=rate,
        measured_s=length_s,
        asked=1,
        calls=1,
        p50_us=1,
        p99_us=1,
        throttled=0,
        failed=0,
        late=0,
        delay_max_us=0,
        outcome=outcome,
    )


def searched(table: Keeping, start: float) -> list[Trial]:
    search = Search(start)
    trials: list[Trial] = []
    while (rate := search.rate) is not None:
        length_s = STEP_S * (CONFIRMED if search.confirming else 1)
        found = replace(table.hold(len(trials), rate, length_s), confirms=search.proves)
        trials.append(found)
        search.tried(found.outcome, found.served_per_s, spent=found.spent)
        assert len(trials) < 200
    return trials


@pytest.mark.parametrize("burst_s", [60.0, 150.0, 300.0])
@pytest.mark.parametrize("capacity", [10.0, 37.7, 100.0, 5000.0])
@pytest.mark.parametrize("slow", [1.2, 1.5, 2.0, 3.0, 5.0, 10.0])
def test_a_burst_that_latency_left_confirms_nothing(
    slow: float, capacity: float, burst_s: float
) -> None:
    """Where calls get slow at a rate above the capacity, a burst may carry what held below that;
    such a rate is not called confirmed, and not one that lasts."""
    for start in (1.0, 10.0, 50.0, 100.0, 1000.0):
        trials = searched(Keeping(capacity, burst_s, slow_from=slow * capacity), start)
        best = highest(trials)
        assert best is not None
        if best.rate_per_s > 1.05 * capacity:
            assert not best.confirms
            assert not lasts(trials)


@given(
    st.floats(5, 1e4),
    st.floats(0.02, 20),
    st.sampled_from([0.0, 10.0, 60.0, 300.0, 900.0]),
    st.floats(0.5, 12),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.integers(0, 1 << 32),
)
def test_what_is_confirmed_lasts(
    capacity: float, from_share: float, burst_s: float, slow: float, spoils: float, seed: int
) -> None:
    """Whatever breaks the rates, and whatever the generator spoils, a rate that is confirmed is
    within a twentieth of what the table can keep up, or below it."""
    table = Keeping(capacity, burst_s, slow * capacity, spoils, seed)
    trials = searched(table, max(1.0, capacity * from_share))
    best = highest(trials)
    if best is not None and best.confirms:
        assert lasts(trials)
        assert best.rate_per_s <= 1.05 * capacity


@given(st.floats(5, 1e4), st.floats(0.02, 20), st.sampled_from([0.0, 10.0, 60.0, 300.0]))
def test_what_throttles_show_is_confirmed(
    capacity: float, from_share: float, burst_s: float
) -> None:
    """Where nothing but throttles breaks a rate, the answer is the capacity, and confirmed."""
    trials = searched(Keeping(capacity, burst_s), max(1.0, capacity * from_share))
    best = highest(trials)
    assert best is not None
    assert best.confirms
    assert capacity / 1.06 <= best.rate_per_s <= 1.05 * capacity


@pytest.mark.parametrize("capacity", [10.0, 100.0, 5000.0])
def test_a_higher_rate_that_held_for_as_long_is_the_answer(capacity: float) -> None:
    """Where calls are slow before any capacity is used up, a lower rate that is proven is not the
    answer instead; nor is the higher one called confirmed."""
    trials = searched(Keeping(capacity, 10, slow_from=0.6 * capacity), 2 * capacity)
    best = highest(trials)
    assert best is not None
    assert 0.6 * capacity / 1.06 <= best.rate_per_s < 0.6 * capacity
    proven = confirmed_below(trials)
    assert proven is not None
    assert proven.confirms
    assert proven.rate_per_s < 0.9 * best.rate_per_s
    assert not lasts(trials)


@pytest.mark.parametrize(
    ("between", "answer"),
    [
        ([(220, "broke", False)], 110),
        ([(220, "broke", False), (110, "generator", False), (220, "generator", False)], 100),
        ([(110, "generator", False), (220, "broke", False)], 100),
        ([(110, "generator", True), (220, "broke", False)], 100),
        ([(110, "generator", False), (105, "held", False), (220, "broke", False)], 100),
        ([(110, "generator", False), (240, "broke", True), (220, "broke", False)], 110),
        ([(240, "broke", True), (110, "generator", False), (220, "broke", False)], 100),
    ],
)
def test_what_the_generator_let_be_kept_is_no_answer_before_a_proven_one(
    between: list[tuple[float, Outcome, bool]], answer: float
) -> None:
    """While it sends nothing more is kept, and may carry a higher rate for as long, until that is
    used up again; not only where it spoilt the trial right before."""
    first = [
        replace(trial(0, 240, "broke", 10), spent=True),
        replace(trial(1, 100, "held", 60), confirms=True),
    ]
    middle = [
        replace(trial(n, rate, outcome, 10), spent=spent)
        for n, (rate, outcome, spent) in enumerate(between, len(first))
    ]
    trials = [*first, *middle, trial(len(first) + len(middle), 110, "held", 60)]
    best, proven = highest(trials), confirmed_below(trials)
    assert best is not None
    assert best.rate_per_s == answer
    assert best.confirms == (proven is None) == (answer == 100)
    assert proven is None or proven.rate_per_s == 100


@given(
    st.floats(5, 1e4),
    st.floats(0.02, 20),
    st.sampled_from([0.0, 10.0, 60.0, 300.0, 900.0]),
    st.floats(0.3, 12),
    st.sampled_from([0.0, 0.02, 0.1, 0.3]),
    st.integers(0, 1 << 32),
)
def test_a_rate_that_goes_before_a_confirmed_one_lasts_as_well(
    capacity: float, from_share: float, burst_s: float, slow: float, spoils: float, seed: int
) -> None:
    """Though nothing proves it, and whatever the generator spoils."""
    table = Keeping(capacity, burst_s, slow * capacity, spoils, seed)
    trials = searched(table, max(1.0, capacity * from_share))
    best = highest(trials)
    if best is not None and confirmed_below(trials) is not None:
        assert best.rate_per_s <= 1.05 * capacity


@pytest.mark.parametrize(("start", "seed"), [(150.0, 87), (200.0, 264), (50.0, 286)])
def test_a_confirmed_rate_is_not_replaced_by_what_a_spoilt_trial_let_carry(
    start: float, seed: int
) -> None:
    """Trials that were spoilt well before let a rate above the capacity hold for as long."""
    trials = searched(Keeping(100.0, slow_from=300.0, spoils=0.1, seed=seed), start)
    best = highest(trials)
    assert best is not None
    long_ones = [each for each in trials if each.measured_s == STEP_S * CONFIRMED]
    assert any(each.outcome == "held" and each.rate_per_s > 105 for each in long_ones)
    assert best.confirms
    assert best.rate_per_s <= 105


@given(
    st.floats(5, 1e4),
    st.floats(0.02, 20),
    st.sampled_from([10.0, 60.0, 300.0, 900.0]),
    st.floats(0.3, 12),
    st.sampled_from([0.02, 0.1, 0.3]),
    st.integers(0, 1 << 32),
)
@example(100.0, 0.5, 300.0, 3.0, 0.1, 1)  # 116 a second
@example(100.0, 0.5, 300.0, 3.0, 0.1, 23)  # 219 a second
@example(100.0, 0.5, 300.0, 3.0, 0.1, 596)  # 105.3 a second
def test_a_rate_that_is_said_to_last_does(
    capacity: float, from_share: float, burst_s: float, slow: float, spoils: float, seed: int
) -> None:
    """Confirmed or not: what held after a trial that the generator spoilt is not said to, though a
    higher rate had used up what was kept before that."""
    table = Keeping(capacity, burst_s, slow * capacity, spoils, seed)
    trials = searched(table, max(1.0, capacity * from_share))
    best = highest(trials)
    if best is not None and lasts(trials):
        assert best.rate_per_s <= 1.05 * capacity


@given(st.floats(2, 1e5), st.floats(1.06, 1000), st.floats(0.02, 50))
def test_what_holds_for_a_short_time_alone_costs_few_long_trials(
    lasting: float, shortly: float, from_share: float
) -> None:
    """Where any rate holds for a short time up to a far higher limit than for a long one, the
    answer is within a twentieth of what lasts, after as many long trials as halving takes."""
    search, long_ones, tried = Search(max(1.0, lasting * from_share)), 0, 0
    while (rate := search.rate) is not None:
        long_ones, tried = long_ones + search.confirming, tried + 1
        limit = lasting if search.confirming else lasting * shortly
        search.tried("held" if rate <= limit else "broke")
    assert search.held is not None
    assert search.held <= lasting <= search.held * CLOSE
    # Ratios that grow to 2 take five, halvings down to what lasts, and halves of a ratio of 2 four.
    assert long_ones <= log2(shortly) + 12
    assert tried <= 5 * long_ones + log2(max(from_share * lasting, 1) * shortly) + 30


def test_a_confirmation_that_the_generator_spoilt_is_made_again_after_a_break() -> None:
    """While the generator sends nothing more is kept: a higher rate comes first, to spend that."""
    search = Search(100)
    search.tried("broke", 60, spent=True)
    search.tried("held")
    assert (search.rate, search.confirming, search.proves) == (60, True, True)
    search.tried("generator")
    assert (search.rate, search.confirming) == (120, False)
    search.tried("broke", 60, spent=True)
    assert (search.rate, search.confirming, search.proves) == (60, True, True)
    for _ in range(2):
        search.tried("generator")
        if search.rate is not None:
            search.tried("broke", 60, spent=True)
    assert search.rate is None
    assert search.held == 60


def test_what_a_spoilt_trial_used_up_is_no_proof() -> None:
    """While the generator was behind, more was kept: that some of it had been used up says nothing
    of what is confirmed next."""
    search = Search(80)
    search.tried("held")
    search.tried("broke", 100, spent=True)
    search.tried("held")
    while not search.confirming:
        search.tried("held")
    search.tried("generator", spent=True)
    while not search.confirming:
        assert search.rate is not None
        search.tried("held")
    assert not search.proves
