"""Schedules of open arrivals: how many are due by when, and when each is."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import inf, isclose, sqrt
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.arrivals.grammar import SHAPE_EXAMPLES, rate_of, schedule_of, seconds_of
from loadstone.arrivals.instants import Instants
from loadstone.arrivals.plan import plan_of, refuse_long_warm_up
from loadstone.arrivals.schedule import Line, Piece, Schedule, Wave
from loadstone.errors import BadValue

rates = st.one_of(st.just(0.0), st.floats(0.01, 5000))
lengths = st.floats(0.01, 500)
lines = st.builds(lambda s, a, b: Line(length_s=s, first=a, last=b), lengths, rates, rates)
flat_ends = rates.map(Line.flat)
waves = st.builds(
    lambda low, more, every: Wave(low=low, high=low + more, every_s=every),
    rates,
    st.floats(0.1, 1000),
    st.floats(0.5, 500),
)
schedules = st.builds(
    lambda pieces, end: Schedule([*pieces, end]), st.lists(lines, max_size=5), flat_ends | waves
)


def integral(schedule: Schedule, start_s: float, end_s: float, slices: int = 400) -> float:
    """The rate summed up by the midpoint rule, which is exact for straight lines."""
    width_s = (end_s - start_s) / slices
    return sum(schedule.rate(start_s + (n + 0.5) * width_s) * width_s for n in range(slices))


def take(instants: Instants, until_s: float) -> list[float]:
    found: list[float] = []
    while (at_s := instants.next_s()) < until_s:
        found.append(at_s)
    return found


@given(schedules, st.floats(0, 100), st.floats(0, 50))
def test_the_count_is_the_integral_of_the_rate(
    schedule: Schedule, start_s: float, more_s: float
) -> None:
    """Between any two instants as many arrivals are due as the rate sums up to."""
    slices = 20_000
    due = schedule.count(start_s + more_s) - schedule.count(start_s)
    summed = integral(schedule, start_s, start_s + more_s, slices)
    # A slice that holds a jump of the rate is wrong by no more than the jump times its width.
    assert due == pytest.approx(summed, abs=1e-6 + 12 * schedule.peak * more_s / slices, rel=1e-3)


@given(schedules, st.floats(0.001, 100_000))
def test_the_instant_is_the_inverse_of_the_count(schedule: Schedule, count: float) -> None:
    """At the instant of the n-th arrival n arrivals are due, and a moment before not yet."""
    at_s = schedule.instant_s(count)
    if at_s == inf:
        assert schedule.count(1e9) < count
        return
    assert schedule.count(at_s) == pytest.approx(count, rel=1e-9, abs=1e-6)
    earlier_s = at_s - max(1e-4, at_s * 1e-6)
    if earlier_s > 0:
        assert schedule.count(earlier_s) <= count


@given(schedules, st.floats(0, 50), st.integers(0, 2**32), st.booleans())
def test_arrivals_come_in_order(schedule: Schedule, since_s: float, seed: int, even: bool) -> None:
    """No arrival comes before the one before it, nor before the stream begins."""
    instants = Instants(schedule, since_s=since_s, random=None if even else Random(seed))
    found = [instants.next_s() for _ in range(200)]
    assert found == sorted(found)
    assert found[0] >= since_s


@given(schedules, st.floats(0.1, 20), st.integers(1, 5))
def test_even_shares_are_the_even_whole(schedule: Schedule, until_s: float, workers: int) -> None:
    """Even arrivals are as many as are due, and several workers' are those of one worker."""
    until_s = min(until_s, 20_000 / (schedule.peak + 1))
    whole = take(Instants(schedule), until_s)
    assert abs(len(whole) - schedule.count(until_s)) <= 1
    parts = [
        take(Instants(schedule, share=1 / workers, phase=(n + 1) / workers), until_s)
        for n in range(workers)
    ]
    together = sorted(at_s for part in parts for at_s in part)
    assert abs(len(together) - len(whole)) <= 1
    for ours, theirs in zip(together, whole, strict=False):
        assert isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-5)


@pytest.mark.parametrize("shape", [*SHAPE_EXAMPLES[:-1], None])
@pytest.mark.parametrize("workers", [1, 3])
def test_poisson_arrivals_keep_the_rate_second_by_second(shape: str | None, workers: int) -> None:
    """Over many seeds each ten seconds hold what is due in them, as a Poisson count varies."""
    schedule = schedule_of("200ops/s", shape)
    counts: Counter[int] = Counter()
    seeds = 30
    for seed in range(seeds):
        for worker in range(workers):
            random = Random(f"{seed} {worker}")
            found = take(Instants(schedule, share=1 / workers, random=random), 100)
            counts.update(int(at_s // 10) for at_s in found)
    for ten in range(10):
        due = seeds * (schedule.count(ten * 10 + 10) - schedule.count(ten * 10))
        assert abs(counts[ten] - due) <= 5 * sqrt(due)


def test_poisson_gaps_vary_as_they_do_for_many_users() -> None:
    """Gaps are exponential: their spread is their mean, and 1 in e is longer than it."""
    instants = Instants(Schedule.constant(100.0), random=Random(7))
    found = [instants.next_s() for _ in range(20_000)]
    gaps = [later - earlier for earlier, later in pairwise(found)]
    mean = sum(gaps) / len(gaps)
    spread = sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.01, rel=0.03)
    assert spread == pytest.approx(mean, rel=0.05)
    assert sum(gap > 0.01 for gap in gaps) / len(gaps) == pytest.approx(0.3679, abs=0.02)


def test_the_same_seed_gives_the_same_arrivals() -> None:
    """Two runs with one seed ask at the same instants."""
    schedule = schedule_of("50ops/s", "wave:low=5,every=10s")
    one, two = (take(Instants(schedule, random=Random(3)), 30) for _ in range(2))
    assert one == two


def test_a_share_that_changes_loses_nothing() -> None:
    """Two workers, then one from 5 s on: even arrivals go on at the same rate."""
    schedule = Schedule.constant(10.0)
    first = [take(Instants(schedule, share=0.5, phase=(n + 1) / 2), 5.0001) for n in range(2)]
    after = take(Instants(schedule, since_s=5.0001), 10)
    assert len(first[0]) + len(first[1]) == 50
    assert len(after) in (49, 50)
    assert min(after) >= 5.0001


def test_shapes_go_where_they_say(tmp_path: Path) -> None:
    """Each shape has the rates that its words promise, and keeps its last one."""
    ramp = schedule_of("200ops/s", "ramp:from=10,over=60s")
    assert [ramp.rate(at) for at in (0, 30, 60, 600)] == pytest.approx([10, 105, 200, 200])
    down = schedule_of("10ops/s", "ramp:from=200,over=1m")
    assert [down.rate(at) for at in (0, 30, 90)] == pytest.approx([200, 105, 10])
    step = schedule_of("200ops/s", "step:from=50,by=60,every=30s")
    assert [step.rate(at) for at in (0, 29, 31, 61, 91, 900)] == [50, 50, 110, 170, 200, 200]
    spike = schedule_of("200ops/s", "spike:to=1000,at=30s,for=10s")
    assert [spike.rate(at) for at in (0, 29, 31, 39, 41)] == [200, 200, 1000, 1000, 200]
    wave = schedule_of("200ops/s", "wave:low=50,every=4m")
    assert [wave.rate(at) for at in (0, 60, 120, 180, 240)] == pytest.approx(
        [50, 125, 200, 125, 50]
    )
    day = tmp_path / "day.csv"
    day.write_text("time,rate\n1000,10\n1060,20\n1060,0\n1090,0\n1100,40\n")
    told = schedule_of(None, f"csv:{day}")
    assert [told.rate(at) for at in (0, 30, 70, 95, 500)] == pytest.approx([10, 15, 0, 20, 40])
    assert told.count(100) == pytest.approx(900 + 0 + 200)
    assert schedule_of("400ops/s", f"csv:{day}").rate(0) == pytest.approx(100)


def test_a_rate_of_nothing_has_no_arrivals() -> None:
    """Where the last rate is 0, the arrivals before it come, and none after."""
    pieces: list[Piece] = [Line.flat(10.0, 2.0), Line.flat(0.0)]
    instants = Instants(Schedule(pieces))
    found = [instants.next_s() for _ in range(22)]
    assert found[:20] == pytest.approx([(n + 1) / 10 for n in range(20)])
    assert found[20:] == [inf, inf]


@pytest.mark.parametrize(
    ("rate", "shape", "said"),
    [
        ("fast", None, "--rate fast: write it as 200ops/s"),
        ("0ops/s", None, "--rate 0ops/s: write it as"),
        ("200wcu/s", None, "--rate 200wcu/s: write it as"),
        ("200", None, "--rate 200: write it as 200ops/s, with its unit"),
        ("1.2.3", None, "--rate 1.2.3: write it as"),
        ("200ops/s", "zigzag", "no shape 'zigzag'; there are constant, ramp:from=10"),
        (None, "ramp:from=10,over=60s", "goes with a rate: add --rate"),
        ("200ops/s", "ramp:from=10", "write it as ramp:from=10,over=60s; it lacks over"),
        ("200ops/s", "ramp:from=10,over=60s,to=3", "'to=3' is not understood"),
        ("200ops/s", "ramp:from=10,from=10,over=60s", "'from=10' is not understood"),
        ("200ops/s", "ramp:from=x,over=60s", "from=x: write it as 200ops/s"),
        ("200ops/s", "ramp:from=10,over=soon", "over=soon: write it as 30s"),
        ("200ops/s", "ramp:from=10,over=0s", "over is more than 0"),
        ("200ops/s", "step:from=300,by=50,every=30s", "from=300 is to be below the --rate"),
        ("200ops/s", "step:from=1,by=0.001,every=30s", "by large enough"),
        ("200ops/s", "step:from=1,by=0,every=30s", "by is more than 0"),
        ("200ops/s", "wave:low=200,every=30s", "low=200 is to be below the --rate"),
        (None, "csv:nosuch.csv", "nosuch.csv cannot be read: No such file"),
        (None, "csv:", "cannot be read"),
    ],
)
def test_what_is_written_wrongly_is_said(rate: str | None, shape: str | None, said: str) -> None:
    """A rate or a shape that makes no sense is answered with how it is written."""
    with pytest.raises(BadValue) as caught:
        schedule_of(rate, shape)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no time,rate row"),
        ("time,rate\n", "holds no time,rate row"),
        ("0,0\n10,0\n", "holds no time,rate row with a rate above 0"),
        ("0,10\nlater,20\n", "line 2 of"),
        ("0,10,5\n1,2,3\n", "line 2 of"),
        ("0,10\n5,-1\n", "line 2 of"),
        ("0,10\n5,inf\n", "line 2 of"),
        ("10,10\n5,20\n", "the time 5 comes after 10"),
    ],
)
def test_a_csv_that_is_wrong_is_named_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    """A row that is no time and rate is refused by its number."""
    path = tmp_path / "rates.csv"
    path.write_text(text)
    with pytest.raises(BadValue) as caught:
        schedule_of(None, f"csv:{path}")
    assert said in str(caught.value)


def test_units_are_read() -> None:
    """Rates and spans of time are read as they are written everywhere."""
    assert (rate_of("200ops/s"), rate_of("12.5 ops/s")) == (200, 12.5)
    assert [seconds_of(text, "--step") for text in ("90", "90s", "1m30s", "1h", "2.5s")] == [
        90,
        90,
        90,
        3600,
        2.5,
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rate": None, "find_max": True}, "say where it begins"),
        ({"rate": "9ops/s", "find_max": True, "shape": "constant"}, "leave out --shape"),
        ({"rate": "9ops/s", "find_max": True, "step": "0s"}, "--step 0s: a rate is held"),
        ({"rate": "9ops/s", "find_max": True, "up_to": "5ops/s"}, "it is below the --rate"),
        ({"rate": "9ops/s", "arrivals": "sometimes"}, "there are poisson and even"),
        ({"rate": "9ops/s", "max_in_flight": 0}, "at least one call is in flight"),
        ({"rate": "9ops/s", "objectives": ["p99 < soon"]}, "is not understood"),
    ],
)
def test_options_that_do_not_go_together_are_refused(asked: dict[str, object], said: str) -> None:
    """What contradicts itself is said before anything is sent."""
    with pytest.raises(BadValue, match=said):
        plan_of(**asked)  # type: ignore[arg-type]


def test_a_warm_up_that_takes_everything_is_refused() -> None:
    """A warm-up as long as the run leaves nothing to measure; a shorter one does."""
    refuse_long_warm_up(10, 11)
    refuse_long_warm_up(10, None)
    refuse_long_warm_up(0, 0)
    with pytest.raises(BadValue, match="--warm-up 10 takes all of the 10 s"):
        refuse_long_warm_up(10, 10)
