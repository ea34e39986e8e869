"""Target tracking: its alarms by the minute, and what they change when."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import (
    AutoScaled,
    Demand,
    Flow,
    Outcome,
    Scaling,
    Side,
    simulate,
)
from loadstone.capacity.simulation.scaling import wanted
from loadstone.errors import BadValue

ORDERS = Resource("orders")
READ, WRITE = Side(ORDERS, "read"), Side(ORDERS, "write")
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
IDLE = Scaling(minimum=1, maximum=1)


def met(scaling: Scaling, units: np.ndarray, start_unix_s: int = 0) -> Outcome:
    demand = Demand(
        flows=(Flow(name="put", calls=units.astype(float), units={WRITE: 1.0}),),
        start_unix_s=start_unix_s,
    )
    return simulate(demand, {ORDERS: AutoScaled(read=IDLE, write=scaling)})


def changes(outcome: Outcome) -> list[tuple[int, float]]:
    return [tuple(change) for change in outcome.sides[WRITE].changes]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("sums", "up", "down"),
    [
        ([4201, 4300], 103, 0),
        ([4200, 4200], 0, 0),
        ([4300, 4200], 0, 0),
        ([2999] * 15, 0, 72),
        ([3000] * 15, 0, 0),
        ([2999] * 14, 0, 0),
        ([3000] + [2999] * 15, 0, 72),
        ([2999] * 7 + [0] + [2999] * 7, 0, 0),
    ],
)
def test_alarms_go_off_as_observed(sums: list[float], up: int, down: int) -> None:
    """100 units at a target of 70 %: two minutes above it, or fifteen below 50 %."""
    found = wanted(np.array([sums], dtype=float), np.array([100.0]), np.array([0.7]))
    assert [each.tolist() for each in found] == [[up], [down]]


@pytest.mark.parametrize(
    ("capacity", "target", "over", "under"),
    [(1, 0.7, 42, 30), (5, 0.7, 210, None), (12, 0.7, None, 360), (2, 0.75, None, 66)],
)
def test_alarms_have_the_thresholds_of_live_tables(
    capacity: float, target: float, over: float | None, under: float | None
) -> None:
    """A threshold itself sets nothing off; a unit beyond it does."""

    def alarms(units: float) -> list[bool]:
        sums = np.full((1, 15), units)
        return [bool(each[0]) for each in wanted(sums, np.array([capacity]), np.array([target]))]

    if over is not None:
        assert alarms(over)[0] is False
        assert alarms(over + 1)[0] is True
    if under is not None:
        assert alarms(under)[1] is False
        assert alarms(under - 1)[1] is True


def test_the_first_alarm_raises_capacity_after_its_lag() -> None:
    """100 a second on 100 units: two minutes of alarm, three of lag, then 143 units."""
    outcome = met(Scaling(minimum=100, maximum=1000), np.full(HOUR_S, 100))
    assert changes(outcome) == [(0, 100), (5 * MINUTE_S, 143)]
    assert outcome.throttled_calls == 0
    assert outcome.unit_hours == pytest.approx((300 * 100 + 3300 * 143) / HOUR_S + 1)


def test_a_longer_lag_throttles_what_burst_does_not_cover() -> None:
    """Ten times the capacity: the burst is gone after 33 s, and help comes when the lag is over."""
    quick, slow = (
        met(Scaling(minimum=10, maximum=200, lag_s=lag_s), np.full(HOUR_S, 100))
        for lag_s in (0, 600)
    )
    assert changes(quick)[1][0] == 2 * MINUTE_S
    assert changes(slow)[1][0] == 12 * MINUTE_S
    assert slow.throttled_calls > quick.throttled_calls > 0


def test_consumption_that_is_throttled_hides_what_was_asked() -> None:
    """Alarms see what was served: from an empty bucket capacity grows step by step."""
    outcome = met(Scaling(minimum=10, maximum=10_000, lag_s=0), np.full(HOUR_S, 900))
    sizes = [units for _, units in changes(outcome)]
    assert len(sizes) > 4
    assert sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(900 / 0.7, rel=0.01)


def test_capacity_stays_between_its_bounds() -> None:
    """However much or little is asked."""
    busy = met(Scaling(minimum=10, maximum=50), np.full(HOUR_S, 1000))
    calm = met(Scaling(minimum=10, maximum=50, start=50), np.full(HOUR_S, 1))
    assert changes(busy)[-1][1] == 50
    assert changes(calm)[-1][1] == 10


def test_capacity_comes_down_after_fifteen_minutes() -> None:
    """And its lag: 10 a second of 100 units at 70 % become 15 units."""
    outcome = met(Scaling(minimum=1, maximum=100, start=100), np.full(HOUR_S, 10))
    assert changes(outcome) == [(0, 100), (18 * MINUTE_S, 15)]


def test_an_idle_table_keeps_its_capacity() -> None:
    """A minute in which nothing is consumed has no data point, and sets off no alarm."""
    outcome = met(Scaling(minimum=1, maximum=100, start=100), np.zeros(HOUR_S))
    assert changes(outcome) == [(0, 100)]


def falling() -> np.ndarray:
    """A day that wants less capacity at every look."""
    seconds = np.arange(DAY_S)
    return 1e8 * 0.8 ** (seconds / (18 * MINUTE_S))


def test_decreases_are_limited() -> None:
    """Four as fast as they are wanted, then one an hour: 27 a day at most."""
    outcome = met(Scaling(minimum=1, maximum=300_000_000, start=300_000_000), falling())
    times = [second for second, _ in changes(outcome)[1:]]
    assert 20 < len(times) <= 27
    assert sum(second < 4 * HOUR_S for second in times) > 5
    assert sum(second >= 12 * HOUR_S for second in times) <= 13


def test_midnight_brings_four_decreases_back() -> None:
    """In UTC, wherever the day of the demand begins."""
    begun_at_noon = met(
        Scaling(minimum=1, maximum=300_000_000, start=300_000_000), falling(), 12 * HOUR_S
    )
    times = [second for second, _ in changes(begun_at_noon)[1:]]
    before = sum(9 * HOUR_S <= second < 12 * HOUR_S for second in times)
    after = sum(12 * HOUR_S <= second < 15 * HOUR_S for second in times)
    assert before <= 4
    assert after > before


def test_a_cool_down_holds_further_changes_back() -> None:
    """With a cool-down of 20 minutes the second increase comes 20 minutes after the first."""
    units = np.full(HOUR_S, 900)
    eager, patient = (
        met(Scaling(minimum=10, maximum=10_000, lag_s=0, out_cooldown_s=cool_s), units)
        for cool_s in (0, 1200)
    )
    times = [second for second, _ in changes(patient)[1:]]
    assert min(np.diff(times)) >= 1200
    assert len(changes(eager)) > len(changes(patient))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"minimum": 0, "maximum": 5}, "between 1 and"),
        ({"minimum": 6, "maximum": 5}, "the minimum first"),
        ({"minimum": 1, "maximum": 5, "target": 0.95}, "20 % to 90 %"),
        ({"minimum": 2, "maximum": 5, "start": 1}, "not at 1"),
        ({"minimum": 1, "maximum": 5, "lag_s": -1}, "0 s or more"),
    ],
)
def test_settings_that_aws_refuses_are_refused(values: dict[str, float], said: str) -> None:
    """Bounds, targets and times are checked where they are written."""
    with pytest.raises(BadValue, match=said):
        Scaling(**values)  # type: ignore[arg-type]
