"""Objectives, and the search for the highest rate that keeps to them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from heapq import heappop, heappush
from math import ceil, log2, sqrt
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.admission import Admission, Need, Resource
from loadstone.capacity.limits import Provisioned
from loadstone.client.retry import backoff_s
from loadstone.errors import BadValue, UnknownName
from loadstone.run.evidence import Evidence
from loadstone.run.find_max import CLOSE, CONFIRMED, Search, Trial, highest, lasts, limit
from loadstone.run.objectives import Scope, Verdict, judge, kept_to, objective
from loadstone.run.tally import SecondTally, Tally
from loadstone.run.trial_outcome import Seen, outcome_of
from tests.synthetic import MS, call


def tallies() -> dict[str, Tally]:
    """A hundred queries of 1 to 100 ms, and ten writes of 5 ms: two of them throttled once, one of
    them failed. Each took half a read unit of an index."""
    second = SecondTally()
    for ms in range(1, 101):
        second.add(call("inbox", service_ns=ms * MS))
    for n in range(10):
        second.add(call("send", service_ns=5 * MS, throttled=int(n < 2)))
    second.add(call("send", service_ns=5 * MS, outcome="failed", code="Boom"))
    return second.fold().measured


def seen(**changes: Any) -> Evidence:
    """The same over ten seconds, of 120 arrivals."""
    values: dict[str, Any] = {
        "tallies": tallies(),
        "measured_s": 10.0,
        "asked": 120,
        "region": "us-east-1",
        "documented": {"cmz-conversations": "conversations"},
    }
    return Evidence(**values | changes)


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("p99 < 100ms", True),
        ("p99(inbox) < 99ms", False),
        ("p99(inbox) <= 99.1ms", True),
        ("p50(inbox)<=51ms", True),
        ("p50( inbox ) < 50ms", False),
        ("max < 0.2s", True),
        ("max(send) < 10000us", False),
        ("service_max(send) < 5.1ms", True),
        ("service_p99.9(send) < 5ms", False),
        ("error_rate < 1%", True),
        ("error_rate(send) < 5%", False),
        ("error_rate(send) < 0.1", True),
        ("throttle_rate < 2%", True),
        ("throttle_rate(send) < 10%", False),
        ("throttle_rate(inbox) <= 0%", True),
        ("throughput >= 11.1ops/s", True),
        ("throughput(send) > 1.1/s", False),
        ("hit_rate > 99%", True),
        ("calls(send) >= 11", True),
        ("failed <= 0", False),
        ("throttled(send) < 3", True),
        ("attempts_per_call(send) < 1.1", False),
        ("units_per_call(inbox) <= 0.5", True),
        ("achieved > 90%", True),
        ("achieved > 95%", False),
        ("rcu < 6/s", True),
        ("rcu(cmz-conversations/SessionIndex) > 5.5/s", True),
        ("rcu(conversations/SessionIndex) > 5.5rcu/s", True),
        ("rcu(conversations) > 0/s", False),
        ("wcu(conversations/SessionIndex) <= 0wcu/s", True),
        ("usd_per_month < 2", True),  # 5.55 units a second, 2,628,000 s, $0.125 a million: 1.82
        ("usd_per_month > 1.8 USD", True),
        ("usd_per_month(send) < 0.19", True),
        ("total_usd_per_month < 999", False),  # what is stored was not recorded
        ("highest_rate > 1/s", False),  # no rate was looked for
    ],
)
def test_objectives_are_judged(text: str, met: bool) -> None:
    """Figures of the whole run and of one pattern are held against limits with their units."""
    (verdict,) = judge([objective(text)], seen())
    assert verdict.met is met, str(verdict)


def test_latency_is_from_the_intended_start() -> None:
    """A throttled write's back-off counts in `max`, and not in `service_max`."""
    latency, service = judge(
        [objective("max(send) < 1s"), objective("service_max(send) < 1s")], seen()
    )
    assert latency.value is not None
    assert service.value is not None
    assert latency.value == pytest.approx(16_000, rel=1e-3)
    assert service.value == pytest.approx(5_000, rel=1e-3)


def test_a_verdict_says_what_it_was() -> None:
    """The figure stands beside the objective, in its unit."""
    texts = ("p99(inbox) < 20ms", "error_rate(send) < 1%", "throughput > 100/s", "p50(nobody) < 1s")
    said = [str(v) for v in judge([objective(text) for text in texts], seen())]
    assert said == [
        "p99(inbox) < 20ms: 99.01 ms",
        "error_rate(send) < 1%: 9.09%",
        "throughput > 100/s: 11.1/s",
        "p50(nobody) < 1s: no call was made",
    ]


def test_no_call_holds_nothing() -> None:
    """An objective of a pattern that was not called is not kept to."""
    (verdict,) = judge([objective("error_rate(nobody) < 1%")], seen())
    assert not verdict.met


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fast", "is not understood: write it as 'p99 < 20ms'"),
        ("p99 < ", "is not understood"),
        ("p100 < 5ms", "is not understood"),
        ("p99 = 5ms", "is not understood"),
        ("p99 < 5", "p99 is in us, µs, ms, s"),
        ("failed < 5%", "failed has no unit"),
        ("wcu(mail) < 5ms", "wcu is in /s, wcu/s"),
        ("p99 < 5%", "p99 is in us"),
        ("error_rate < 5ms", "error_rate is in %"),
        ("throughput > 5%", "throughput is in /s"),
        ("speed > 5/s", "is not understood"),
    ],
)
def test_an_objective_that_is_none_is_refused(text: str, said: str) -> None:
    """What cannot be read is answered with the grammar."""
    with pytest.raises(BadValue) as caught:
        objective(text)
    assert said in str(caught.value)


SCOPE = Scope(patterns=("inbox",), places=("mail", "mail/ByUser"), asks=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p99(outbox) < 5ms", "no pattern in this load 'outbox'; there is inbox"),
        ("wcu(post) < 5/s", "no table or index in this load 'post'; there are mail, mail/ByUser"),
        ("achieved > 95%", "the run asks for no rate"),
        ("highest_rate > 5/s", "the run looks for no rate"),
        ("achieved(inbox) > 5%", "leave out (inbox)"),
    ],
)
def test_an_objective_of_what_is_not_there_is_refused(text: str, said: str) -> None:
    """A misspelled pattern or table is named with those that there are; what the load does not
    have is said. One that a scenario declares is left out, with the same words."""
    SCOPE.refuse([objective("p99(inbox) < 5ms"), objective("wcu(mail/ByUser) < 5/s")])
    with pytest.raises((BadValue, UnknownName)) as caught:
        SCOPE.refuse([objective(text)])
    assert said in str(caught.value)
    kept = kept_to([], [objective(text), objective("p99 < 5ms")], SCOPE)
    assert [each.text for each in kept.objectives] == ["p99 < 5ms"]
    (left_out,) = kept.left_out
    assert left_out.startswith(text)
    assert said in left_out


def test_what_is_given_goes_before_what_is_declared() -> None:
    """An objective of the command line takes the place of the scenario's on the same side of the
    same figure, and of no other."""
    declared = ["p99(inbox) < 5ms", "p99 < 9ms", "calls > 5"]
    kept = kept_to(
        [objective("p99(inbox) <= 50ms"), objective("calls < 9")],
        list(map(objective, declared)),
        SCOPE,
    )
    assert [each.text for each in kept.objectives] == [
        "p99(inbox) <= 50ms",
        "calls < 9",
        "p99 < 9ms",
        "calls > 5",
    ]


def searched(limit_per_s: float, start: float, ceiling: float | None = None) -> list[float]:
    """The rates that a search tries where those up to a limit hold."""
    search, tried = Search(start, ceiling), []
    while (rate := search.rate) is not None:
        tried.append(rate)
        search.tried("held" if rate <= limit_per_s else "broke")
    return tried


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_a_search_ends_close_below_the_limit(limit_per_s: float, start: float) -> None:
    """The highest rate that held is within 5 % of the limit, whatever the search begins with."""
    tried = searched(limit_per_s, start)
    best = max(rate for rate in tried if rate <= limit_per_s)
    assert best <= limit_per_s <= best * CLOSE
    assert tried[-1] == best  # the last that is tried confirms it
    # Doublings or halvings to the limit, and the last that held once more; then half of the ratio
    # at each step: 2 to 1.05 in 4; and the highest once more, after twice as much, where it did not
    # hold right after one that broke.
    assert len(tried) <= abs(log2(limit_per_s / start)) + 6 + ceil(log2(1 / log2(CLOSE)))


@given(
    st.floats(2, 1e5),
    st.floats(0.01, 10),
    st.sampled_from([0, 10, 60, 300]),
    st.floats(0.1, 5),
    st.booleans(),
)
def test_a_search_is_not_deceived_by_a_burst(
    limit_per_s: float, from_share: float, burst_s: int, rests: float, told: bool
) -> None:
    """Where unused capacity is kept, as DynamoDB does, the rate that is found can be kept up, with
    or without knowing what was served of those that broke; it is confirmed where throttles are
    known to have broken them."""
    search = Search(max(1.0, limit_per_s * from_share))
    kept = limit_per_s * burst_s
    trials: list[Trial] = []
    while (rate := search.rate) is not None:
        seconds = 10.0 * (CONFIRMED if search.confirming else 1)
        kept = min(limit_per_s * burst_s, kept + rests * limit_per_s)
        served = min(rate, limit_per_s + kept / seconds)
        kept += (limit_per_s - rate) * seconds
        found, spent = trial(len(trials), rate, "held" if kept >= 0 else "broke"), told and kept < 0
        trials.append(replace(found, measured_s=seconds, confirms=search.proves, spent=spent))
        search.tried(trials[-1].outcome, served if spent else None, spent=spent)
        kept = max(0.0, min(limit_per_s * burst_s, kept))
    assert search.held is not None
    best = highest(trials)
    assert best is not None
    assert best.rate_per_s == search.held  # what is told is what was found
    assert best.confirms == told
    assert lasts(trials) == told
    # What comes while nothing is asked for, before each rate, carries one that is so much higher.
    assert search.held <= limit_per_s * (1 + rests / (10 * CONFIRMED)) * (1 + 1e-9)
    assert search.held * CLOSE >= limit_per_s
    assert len(trials) < 60


def test_what_held_before_the_first_break_is_held_again_at_once() -> None:
    """Below the first rate that broke nothing is tried before the last that held has held again:
    a burst that carried all of them is found out by halving, not by trying what lies between."""
    search = Search(100)
    for _ in range(3):
        search.tried("held")
    rates = []
    for _ in range(4):
        rates.append(search.rate)
        search.tried("broke")
    assert rates == [800, 400, 200, 100]


def test_a_search_goes_by_what_was_served_of_a_throttled_rate() -> None:
    """It is tried next; once a burst is spent it is confirmed at once, and then less and less, each
    time of what was served, until that holds."""
    search = Search(100)
    search.tried("held")
    search.tried("broke", 150, spent=True)
    assert (search.rate, search.confirming) == (150, False)
    search.tried("broke", 120, spent=True)
    assert (search.rate, search.confirming, search.proves) == (120, True, True)
    search.tried("broke", 119)
    assert search.rate == pytest.approx(120 / sqrt(CLOSE))
    search.tried("broke", 104)
    assert search.rate == 104
    search.tried("held")
    assert search.rate is None
    assert search.held == 104


def test_what_is_found_has_a_neighbour_that_broke() -> None:
    """Where only far more than what was served is known to break, a quarter more is tried at last:
    where that holds, the search goes on, and comes back where nothing else is confirmed."""
    search = Search(1000)
    for outcome, served in (("broke", 100.0), ("held", None), ("held", None)):
        search.tried(outcome, served)  # type: ignore[arg-type]
    assert (search.rate, search.confirming) == (125, False)
    again = deepcopy(search)
    search.tried("broke", 101)
    assert (search.rate, search.held) == (None, 100)
    again.tried("held")
    assert again.rate == sqrt(125 * 1000)
    while again.rate is not None:
        again.tried("broke")
    assert again.held == 100


def test_a_rate_that_was_served_and_held_is_confirmed() -> None:
    """Nothing lies between it and the rate of which so much was served."""
    search = Search(100)
    search.tried("broke", 60, spent=True)
    search.tried("held")
    assert (search.rate, search.confirming, search.proves) == (60, True, True)
    search.tried("held")
    assert search.held == 60


def test_what_was_served_is_no_answer_by_itself() -> None:
    """Where calls break that are not those which were throttled, what was served may never hold:
    after the fourth that broke in a row the search goes on by halves."""
    search = Search(800)
    for _ in range(40):
        if (rate := search.rate) is not None:
            search.tried("held" if rate <= 100 else "broke", 0.99 * rate)
    assert search.rate is None
    assert search.held is not None
    assert search.held <= 100 <= search.held * CLOSE


def test_a_rate_that_does_not_hold_again_was_no_answer() -> None:
    """What held at first and not once more is left for what lies below it."""
    search = Search(100)
    for _ in range(2):
        search.tried("held")
    while search.rate != 200:
        search.tried("broke")
    search.tried("broke")
    assert search.held is None
    assert search.rate == pytest.approx(100)


def test_a_burst_is_spent_before_the_answer_is_confirmed() -> None:
    """Where the last rates held one after the other, twice as much comes, and more until that
    breaks, before the last of them is held for long; and what came of that is no answer."""
    search = Search(100, ceiling=2000)
    for outcome in ("held", "held", "held", "broke"):
        search.tried(outcome)
    while (rate := search.rate) is not None and rate < 800:
        last = rate
        search.tried("held")
    assert rate == 2 * last
    search.tried("held")
    assert search.rate == 2000
    search.tried("broke", spent=True)
    assert (search.rate, search.held, search.proves) == (last, last, True)
    search.tried("held")
    assert search.rate is None
    assert search.held == last


def test_what_could_not_be_spent_confirms_nothing() -> None:
    """At a ceiling that held what is kept for a burst may be left, and carry the answer."""
    search = Search(100, ceiling=150)
    search.tried("held")
    search.tried("broke")
    while (rate := search.rate) != 150:
        last = rate
        search.tried("held")
    search.tried("held")
    assert (search.rate, search.confirming, search.proves) == (last, True, False)
    search.tried("held")
    assert search.rate is None


class Gated:
    """A gate of so many units a second and arrivals at a rate, each of a unit, which are sent again
    as the client does. No clock: time passes from one arrival to the next."""

    def __init__(self, units_per_s: int, seed: int) -> None:
        limit = Provisioned(read=units_per_s, write=1)
        self._admission = Admission(lambda _: limit)
        self._random = Random(seed)
        self._again: list[tuple[float, float, int]] = []  # when, meant for when, which attempt
        self._now_s = 0.0
        self._ended: list[tuple[float, bool]] = []  # meant for when, and whether it was served
        self._served: list[float] = []  # when
        self._throttled: list[float] = []  # meant for when

    def hold(self, number: int, rate: float, length_s: float, *, confirms: bool) -> Trial:
        """What comes of a rate that is measured for so long after three seconds, and after what the
        one before left behind."""
        while self._again:
            self._retry()
        start_s = self._now_s + 3.0
        stop_s = start_s + length_s
        at_s = self._now_s
        while (at_s := at_s + self._random.expovariate(rate)) < stop_s:
            while self._again and self._again[0][0] <= at_s:
                self._retry()
            self._now_s = at_s
            self._attempt(at_s, 1)
        self._now_s = stop_s
        while self._again and self._again[0][0] <= stop_s + 5.0:
            self._retry()
        served = [good for meant_s, good in self._ended if start_s <= meant_s < stop_s]
        throttled = sum(start_s <= meant_s < stop_s for meant_s in self._throttled)
        few = throttled < 0.001 * (len(served) + throttled)
        in_time = sum(start_s <= served_s < stop_s for served_s in self._served)
        return replace(
            trial(number, rate, "held" if few else "broke"),
            measured_s=length_s,
            calls=len(served),
            failed=served.count(False),
            throttled=throttled,
            confirms=confirms,
            served_per_s=in_time / length_s if throttled else None,
            spent=throttled > 0,
        )

    def _retry(self) -> None:
        self._now_s, meant_s, attempt = heappop(self._again)
        self._attempt(meant_s, attempt)

    def _attempt(self, meant_s: float, attempt: int) -> None:
        refused = self._admission.admit([Need(Resource("mail"), "read", 1.0)], self._now_s)
        if refused is None or attempt == 4:
            self._ended.append((meant_s, refused is None))
        else:
            wait_s = backoff_s(attempt, "ThrottlingException", 400, self._random.random())
            heappush(self._again, (self._now_s + wait_s, meant_s, attempt + 1))
        if refused is not None:
            self._throttled.append(meant_s)
        else:
            self._served.append(self._now_s)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("start", [40.0, 130.0, 1000.0])
def test_a_search_reads_a_gate_right(start: float, seed: int) -> None:
    """Before a gate of 100 units a second, which keeps five minutes of them for a burst, arrivals
    at random and the client's own attempts, the answer is 100 within a twentieth, and confirmed."""
    gate, search = Gated(100, seed), Search(start)
    trials: list[Trial] = []
    while (rate := search.rate) is not None:
        length_s = 10.0 * (CONFIRMED if search.confirming else 1)
        trials.append(gate.hold(len(trials), rate, length_s, confirms=search.proves))
        search.tried(trials[-1].outcome, trials[-1].served_per_s, spent=trials[-1].spent)
    best = highest(trials)
    assert best is not None
    assert best.confirms
    assert 95 <= best.rate_per_s <= 105


def test_a_search_gives_up_where_nothing_holds() -> None:
    """When even one operation a second breaks an objective, there is no rate."""
    assert searched(0.5, 4) == [4, 2, 1]


def test_a_search_stops_at_its_ceiling() -> None:
    """A ceiling that held ends the search; one that broke is searched below."""
    assert searched(1e9, 100, ceiling=350) == [100, 200, 350]
    assert max(rate for rate in searched(300, 100, ceiling=350) if rate <= 300) >= 300 / CLOSE


def test_a_search_ends_where_the_generator_does() -> None:
    """A rate that the generator could not offer is tried twice more, and then ends the search."""
    search = Search(100)
    search.tried("held")
    search.tried("generator")
    assert search.rate == 200
    search.tried("held")
    assert search.rate == 400
    search.tried("generator")
    search.tried("generator")
    assert search.rate == 400
    search.tried("generator")
    assert search.rate is None
    assert search.held == 200


def trial(number: int, rate: float, outcome: str) -> Trial:
    return Trial(
        number=number,
        rate_per_s=rate,
        achieved_per_s=rate,
        measured_s=10,
        asked=int(rate * 10),
        calls=int(rate * 10),
        p50_us=1000,
        p99_us=2000,
        throttled=0,
        failed=0,
        late=0,
        delay_max_us=0,
        outcome=outcome,  # type: ignore[arg-type]
    )


def test_the_evidence_names_what_held_and_what_did_not() -> None:
    """Of all trials the highest that held and the lowest above it that did not are the answer."""
    outcomes = [(100, "held"), (200, "held"), (400, "broke"), (283, "broke"), (238, "held")]
    trials = [trial(n, rate, outcome) for n, (rate, outcome) in enumerate(outcomes)]
    best, stood = highest(trials), limit(trials)
    assert best is not None
    assert stood is not None
    assert (best.rate_per_s, stood.rate_per_s) == (238, 283)
    assert highest([trial(0, 100, "broke")]) is None
    assert limit([trial(0, 100, "held")]) is None
    assert Trial.from_json({**best.to_json(), "kind": "trial"}) == best
    spent = [*trials[:2], replace(trials[2], spent=True)]
    assert lasts([*spent, trial(3, 200, "held")])
    assert not lasts([*trials[:3], trial(3, 200, "held")])
    # While the generator sends nothing, more is kept for a burst.
    assert not lasts([*spent, trial(3, 200, "generator"), trial(4, 200, "held")])
    assert not lasts(trials[:3])
    assert not lasts([trial(0, 400, "broke")])


@pytest.mark.parametrize(
    ("text", "value", "was"),
    [
        ("hit_rate > 99%", 0.98999, "98.999%"),
        ("hit_rate > 99%", 0.5, "50%"),
        ("achieved > 99.99%", 0.99958, "99.96%"),
        ("achieved > 95%", 0.99958, "99.96%"),
        ("achieved > 95%", 1.0, "100%"),
        ("error_rate < 0.0414%", 0.00041356, "0.04136%"),
        ("usd_per_month < 300", 300.0049, "300.005 USD"),
        ("usd_per_month < 300", 299.0, "299.00 USD"),
        ("p99 < 20ms", 20_000.4, "20.0004 ms"),
        ("calls > 20000", 19_999.6, "19,999.6"),
    ],
)
def test_what_it_was_is_told_apart_from_the_limit(text: str, value: float, was: str) -> None:
    """No rounding makes a figure that missed its limit look like the limit."""
    assert Verdict(objective=objective(text), value=value, met=False).was == was


@pytest.mark.parametrize(
    ("objectives", "arrived", "lost", "outcome", "why"),
    [
        (["p99(send) < 1s"], Seen(asked=100), 0, "held", ""),
        (["p99 < 50ms", "error_rate < 0.1%"], Seen(asked=100), 0, "broke", "p99 < 50ms: 99"),
        (["p99 < 1s"], Seen(asked=100, undone=5), 0, "held", ""),
        (["p99 < 1s"], Seen(asked=100, undone=6), 0, "broke", "6 of 100 arrivals were not"),
        (
            ["p99 < 1s"],
            Seen(asked=100, behind=6, delay_max_us=30_000),
            0,
            "generator",
            "took up 6%",
        ),
        (
            ["p99 < 50ms"],
            Seen(asked=100, behind=2, delay_max_us=60_000),
            0,
            "generator",
            "took up 2%",
        ),
        (["p99 < 50ms"], Seen(asked=100, behind=2, delay_max_us=30_000), 0, "broke", "p99 < 50ms"),
        (
            ["p99 < 50ms", "throttle_rate < 1%"],
            Seen(asked=100, behind=2, delay_max_us=60_000),
            0,
            "broke",
            "throttle_rate < 1%",
        ),
        (["p99 < 50ms"], Seen(asked=100, behind=1), 0, "broke", "p99 < 50ms"),
        (["p99 < 1s"], Seen(asked=100, behind=2), 0, "held", ""),
        (["throttle_rate < 90%"], Seen(asked=100, behind=60, delay_max_us=900_000), 0, "held", ""),
        (
            ["throttle_rate < 90%"],
            Seen(asked=100, behind=60, delay_max_us=1_100_000),
            0,
            "generator",
            "by 1,100 ms at most",
        ),
        (["service_p99 < 1us"], Seen(asked=100, behind=9, delay_max_us=90_000), 0, "broke", ""),
        (["p99 < 1s"], Seen(asked=0), 0, "generator", "make the --step longer"),
        (["p99 < 1us"], Seen(asked=100), 1, "generator", "1 of the workers did not say"),
        (["p99 < 1s"], Seen(asked=100, late=5), 0, "held", ""),
        (
            ["p99 < 1s"],
            Seen(asked=100, late=6),
            0,
            "broke",
            "6 of 100 arrivals found no",
        ),
        (["p99 < 50ms"], Seen(asked=100, late=6), 0, "broke", "p99 < 50ms: 99"),
        (["p99 < 1s", "p99(rare) < 20ms"], Seen(asked=100), 0, "held", ""),
        (["p99(rare) < 20ms"], Seen(asked=100), 0, "generator", "no call was made"),
        (["p99(rare) < 20ms"], Seen(asked=100, undone=90), 0, "broke", "not answered in time"),
    ],
)
def test_a_trial_shows_what_it_can(
    objectives: list[str], arrived: Seen, lost: int, outcome: str, why: str
) -> None:
    """An objective breaks a rate, and so do answers that do not come, or so slowly that arrivals
    queue; a generator whose own delay is in what the objective is about has shown nothing, unless
    it is missed without that as well, nor has one that made no call of what they are about."""
    verdicts = judge([objective(text) for text in objectives], seen())
    found, said = outcome_of(verdicts, arrived, lost=lost)
    assert found == outcome
    assert why in said
    assert bool(said) is (found != "held")
