"""The simulation against closed forms, and against the gate that throttles live requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.capacity.admission import Admission, Need, Resource
from loadstone.capacity.limits import OnDemand, Provisioned
from loadstone.capacity.simulation import (
    AutoScaled,
    Demand,
    Flow,
    HotKey,
    Outcome,
    Scaling,
    Setting,
    Side,
    demand_of_minutes,
    find_fixed,
    find_scaled,
    simulate,
)
from loadstone.capacity.simulation.groups import Group
from loadstone.capacity.simulation.search import Found
from loadstone.capacity.simulation.settings import limit_of
from loadstone.errors import BadValue

ORDERS = Resource("orders")
BY_USER = Resource("orders", "ByUser")
READ, WRITE, INDEX = Side(ORDERS, "read"), Side(ORDERS, "write"), Side(BY_USER, "write")
HOUR_S = 3600


def flow(
    name: str, calls: float | Sequence[float], units: Mapping[Side, float], **keys: object
) -> Flow:
    """So many calls in each second of an hour, or those."""
    each = np.full(HOUR_S, float(calls)) if isinstance(calls, int | float) else np.array(calls)
    return Flow(name=name, calls=each.astype(float), units=units, **keys)  # type: ignore[arg-type]


def met(settings_: Setting | Mapping[Resource, Setting], *flows: Flow) -> Outcome:
    held = settings_ if isinstance(settings_, Mapping) else {ORDERS: settings_}
    return simulate(Demand(flows=flows), held)


def throttled(outcome: Outcome, side: Side = WRITE) -> np.ndarray:
    found = outcome.throttled_units(side)
    return sum(found.values(), np.zeros(outcome.demand.seconds))


def test_a_bucket_empties_and_then_the_rate_holds() -> None:
    """300 s of 10 units last 598 s at 15 a second; from then on 5 of them are too many."""
    found = throttled(met(Provisioned(read=1, write=10), flow("put", 15, {WRITE: 1.0})))
    assert not found[:598].any()
    assert found[598:] == pytest.approx(5.0)


def test_a_shorter_burst_empties_sooner() -> None:
    """Without burst there is a second's worth, and no more."""
    setting = Provisioned(read=1, write=10, burst_s=0)
    found = throttled(met(setting, flow("put", 15, {WRITE: 1.0})))
    assert found == pytest.approx(5.0)


def test_an_idle_hour_fills_the_bucket_again_and_no_further() -> None:
    """After a pause of whatever length, 300 s of capacity are there at once."""
    calls = [0.0] * 3000 + [600.0] * 10 + [0.0] * 590
    found = throttled(met(Provisioned(read=1, write=10), flow("put", calls, {WRITE: 1.0})))
    # 3,000 kept units serve 5 seconds; each of the last 4 refills is served too.
    assert found.sum() == pytest.approx(10 * 600 - 3000 - 9 * 10)


def test_what_is_asked_is_served_or_throttled() -> None:
    """No unit is lost, and none is served twice."""
    outcome = met(Provisioned(read=1, write=10), flow("put", 15, {WRITE: 2.0}))
    side = outcome.sides[WRITE]
    assert side.asked_units == 15 * 2 * HOUR_S
    assert side.consumed_units == pytest.approx(side.asked_units - throttled(outcome).sum())
    assert outcome.throttled_calls == pytest.approx(throttled(outcome).sum() / 2)


def test_a_minute_says_nothing_of_its_seconds() -> None:
    """3,600 writes of a minute fit into 60 units a second, unless they come in one second."""
    minutes = {WRITE: np.full(60, 3600.0)}
    setting = {ORDERS: Provisioned(read=1, write=60)}
    even = simulate(demand_of_minutes(minutes), setting)
    assert even.throttled_calls == 0
    packed = simulate(demand_of_minutes(minutes, packed=60), setting)
    # A partition serves 1,000 of them in that second.
    assert packed.throttled_calls == pytest.approx(2600 * 60)
    assert {each.reason for each in packed.throttlings} == {"TableWriteKeyRangeThroughputExceeded"}


def test_a_starved_index_throttles_writes_of_its_table() -> None:
    """Those that write the index alone, with the index as the resource."""
    both = {WRITE: 1.0, INDEX: 1.0}
    settings_ = {
        ORDERS: Provisioned(read=1, write=1000),
        BY_USER: Provisioned(read=1, write=10),
    }
    outcome = met(settings_, flow("place", 20, both), flow("note", 20, {WRITE: 1.0}))
    (found,) = outcome.throttlings
    assert (found.flow, found.side) == ("place", INDEX)
    assert found.reason == "IndexWriteProvisionedThroughputExceeded"
    # 3,000 kept units are used up at 10 a second.
    assert found.seconds[0] == 299
    assert found.calls[1:] == pytest.approx(10.0)
    unserved = outcome.sides[WRITE].unserved
    assert unserved[found.seconds] == pytest.approx(found.calls)


def test_what_an_index_stops_is_left_for_others() -> None:
    """Writes that the index refuses take nothing from the table."""
    settings_ = {
        ORDERS: Provisioned(read=1, write=30, burst_s=0),
        BY_USER: Provisioned(read=1, write=10, burst_s=0),
    }
    outcome = met(
        settings_, flow("place", 40, {WRITE: 1.0, INDEX: 1.0}), flow("note", 20, {WRITE: 1.0})
    )
    # Both begin together: the index stops `place` after 10 of 40, which leaves 20 for `note`.
    assert outcome.throttled_calls == pytest.approx(30 * HOUR_S)
    assert {each.flow for each in outcome.throttlings} == {"place"}


def test_a_transaction_needs_every_table() -> None:
    """A call over two tables is throttled when either has nothing left, and takes from neither."""
    other = Side(Resource("stock"), "write")
    settings_ = {
        ORDERS: Provisioned(read=1, write=1000),
        other.resource: Provisioned(read=1, write=5, burst_s=0),
    }
    outcome = met(settings_, flow("buy", 10, {WRITE: 2.0, other: 2.0}))
    (found,) = outcome.throttlings
    assert found.side == other
    assert outcome.sides[WRITE].consumed_units == pytest.approx(5 * HOUR_S)


def test_a_hot_key_meets_the_limit_of_its_partition() -> None:
    """With 4 partitions a key of 1,500 writes shares 1,000 with a fourth of the 1,500 others."""
    hot = (HotKey("user-1", 1 << 63, 0.5),)
    outcome = met(OnDemand(), flow("put", 3000, {WRITE: 1.0}, keyed=WRITE, hot=hot))
    assert {each.reason for each in outcome.throttlings} == {"TableWriteKeyRangeThroughputExceeded"}
    # Half an hour later the table serves twice its peak, and so has a fifth partition.
    assert throttled(outcome)[:1800] == pytest.approx(1500 + 375 - 1000)
    assert throttled(outcome)[1860:] == pytest.approx(1500 + 300 - 1000)


def test_even_keys_use_all_partitions() -> None:
    """The same writes without a hot key are all served."""
    assert met(OnDemand(), flow("put", 3000, {WRITE: 1.0}, keyed=WRITE)).throttled_calls == 0


def test_burst_does_not_lift_the_limit_of_a_partition() -> None:
    """A small table has one partition: however much it has kept, a second serves 1,000."""
    calls = [0.0] * 600 + [2000.0] * 5 + [0.0] * 2995
    outcome = met(Provisioned(read=1, write=100), flow("put", calls, {WRITE: 1.0}, keyed=WRITE))
    assert throttled(outcome)[600:605] == pytest.approx(1000.0)


def test_on_demand_begins_at_its_floor_and_doubles_half_an_hour_later() -> None:
    """5,000 writes a second: 4,000 are served until that peak is half an hour old."""
    outcome = met(OnDemand(), flow("put", 5000, {WRITE: 1.0}))
    found = throttled(outcome)
    assert found[:1801] == pytest.approx(1000.0)
    assert not found[1860:].any()
    assert outcome.sides[WRITE].changes[-1].units == 8000
    assert outcome.sides[WRITE].unit_hours == 0


def test_an_on_demand_maximum_has_its_own_reason() -> None:
    """What is above the maximum is throttled for that, whatever else would serve it."""
    outcome = met(OnDemand(max_write=100), flow("put", 150, {WRITE: 1.0}))
    assert throttled(outcome) == pytest.approx(50.0)
    (found,) = outcome.throttlings
    assert found.reason == "TableWriteMaxOnDemandThroughputExceeded"


def test_reads_and_writes_are_apart() -> None:
    """Writes that run short throttle no read."""
    outcome = met(
        Provisioned(read=100, write=1), flow("put", 9, {WRITE: 1.0}), flow("get", 50, {READ: 1.0})
    )
    assert {each.flow for each in outcome.throttlings} == {"put"}
    assert outcome.of_table("orders")[0] == pytest.approx(59 * HOUR_S)


def test_throttling_is_told_in_episodes() -> None:
    """Two bursts an hour apart are two stretches of time, with their calls."""
    calls = [0.0] * HOUR_S
    calls[600:660] = calls[3000:3060] = [400.0] * 60
    outcome = met(Provisioned(read=1, write=10), flow("put", calls, {WRITE: 1.0}))
    first, second = outcome.episodes()
    assert (first.until_s, second.until_s) == (660, 3060)
    assert 600 < first.from_s < 610
    assert first.calls + second.calls == pytest.approx(outcome.throttled_calls)


def test_a_demand_without_a_setting_is_an_error() -> None:
    """A table of which nothing is said is named."""
    with pytest.raises(BadValue, match="reads of orders: say what its table"):
        simulate(Demand(flows=(flow("put", 1, {WRITE: 1.0}),)), {})


def test_an_index_is_billed_like_its_table() -> None:
    """On-demand tables have no provisioned indexes."""
    settings_: dict[Resource, Setting] = {ORDERS: OnDemand(), BY_USER: Provisioned(read=1, write=1)}
    with pytest.raises(BadValue, match="in one mode"):
        met(settings_, flow("put", 1, {WRITE: 1.0, INDEX: 1.0}))


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.integers(0, 60), min_size=1, max_size=200),
    write=st.integers(1, 40),
    burst_s=st.integers(0, 5),
)
def test_the_gate_throttles_the_same_requests(calls: list[int], write: int, burst_s: int) -> None:
    """Request by request, the live model serves in each second what the simulation says."""
    limit = Provisioned(read=1, write=write, burst_s=burst_s)
    outcome = met(limit, flow("put", calls, {WRITE: 1.0}))
    gate = Admission(lambda _: limit)
    need = [Need(ORDERS, "write", 1.0)]
    gate.arm(ORDERS, "write", 0.0)
    refused = [
        sum(gate.admit(need, float(second)) is not None for _ in range(asked))
        for second, asked in enumerate(calls)
    ]
    assert throttled(outcome) == pytest.approx(refused)


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=120),
    table=st.integers(5, 40),
    index=st.integers(1, 20),
)
def test_the_gate_throttles_the_same_with_an_index(
    calls: list[tuple[int, int]], table: int, index: int
) -> None:
    """Evenly mixed requests of two kinds meet the same back-pressure, to a request a second."""
    held: dict[Resource, Setting] = {
        ORDERS: Provisioned(read=1, write=table, burst_s=2),
        BY_USER: Provisioned(read=1, write=index, burst_s=2),
    }
    place, note = zip(*calls, strict=True)
    outcome = met(
        held, flow("place", place, {WRITE: 1.0, INDEX: 1.0}), flow("note", note, {WRITE: 1.0})
    )
    limits = {resource: limit_of(setting) for resource, setting in held.items()}
    gate = Admission(limits.get)
    for resource in held:
        gate.arm(resource, "write", 0.0)
    own, its = Need(ORDERS, "write", 1.0), Need(BY_USER, "write", 1.0)
    refused = 0
    for second, (placed, noted) in enumerate(calls):
        each = [((n + 0.5) / placed, [own, its]) for n in range(placed)]
        each += [((n + 0.5) / noted, [own]) for n in range(noted)]
        for _, needs in sorted(each, key=lambda one: one[0]):
            refused += gate.admit(needs, float(second)) is not None
    assert outcome.throttled_calls == pytest.approx(refused, abs=2 + len(calls))


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=60, max_size=240),
    table=st.integers(5, 60),
    index=st.integers(1, 40),
)
def test_a_minute_in_closed_form_is_that_minute_stepped(
    calls: list[tuple[int, int]], table: int, index: int
) -> None:
    """Where one arm makes all stops of a minute, nothing differs from going second by second."""
    held: dict[Resource, Setting] = {
        ORDERS: Provisioned(read=1, write=table, burst_s=20),
        BY_USER: Provisioned(read=1, write=index, burst_s=20),
    }
    place, note = zip(*calls, strict=True)
    flows = flow("place", place, {WRITE: 1.0, INDEX: 1.0}), flow("note", note, {WRITE: 1.0})
    closed = met(held, *flows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Group, "_stopped_by_one", lambda *_: None)
        stepped = met(held, *flows)
    assert closed.throttled_calls == pytest.approx(stepped.throttled_calls)
    for side in (WRITE, INDEX):
        assert closed.sides[side].unserved == pytest.approx(stepped.sides[side].unserved, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(calls=st.lists(st.integers(0, 200), min_size=60, max_size=400), units=st.integers(1, 100))
def test_more_capacity_never_throttles_more(calls: list[int], units: int) -> None:
    """Moving one input moves the answer the right way."""
    less, more = (
        met(Provisioned(read=1, write=write), flow("put", calls, {WRITE: 1.0})).throttled_calls
        for write in (units, units + 1)
    )
    assert more <= less + 1e-6


def a_day() -> Demand:
    seconds = np.arange(24 * HOUR_S)
    calls = 100 * (1 - np.cos(2 * np.pi * seconds / len(seconds))) / 2
    return Demand(
        flows=(
            Flow(name="place", calls=calls, units={WRITE: 2.0, INDEX: 1.0}),
            Flow(name="get", calls=4 * calls, units={READ: 0.5}),
        )
    )


def test_the_least_capacity_that_is_enough_is_found() -> None:
    """What is found keeps to what is allowed, and 3 % less of it does not."""
    found = find_fixed(a_day(), allowed=0.001)
    assert found.met
    assert found.outcome.throttled_share <= 0.001
    least = found.settings[ORDERS]
    assert isinstance(least, Provisioned)
    tighter = {
        **found.settings,
        ORDERS: Provisioned(read=least.read, write=int(least.write * 0.97)),
    }
    assert simulate(a_day(), tighter).throttled_share > 0.001


def test_following_a_day_costs_less_than_its_peak() -> None:
    """Auto scaling is found that meets the same, with fewer unit-hours than fixed capacity."""
    fixed = find_fixed(a_day(), allowed=0.001)
    scaled = find_scaled(a_day(), allowed=0.001)
    assert scaled.met
    assert scaled.outcome.unit_hours < fixed.outcome.unit_hours


def test_a_load_that_is_followed_has_room() -> None:
    """A maximum of twice what is planned costs nothing, and half as much again is followed too."""
    found = find_scaled(a_day(), allowed=0.001)
    for place in (ORDERS, BY_USER):
        setting = found.settings[place]
        assert isinstance(setting, AutoScaled)
        reached = float(found.outcome.sides[Side(place, "write")].by_minute.max())
        assert setting.write.maximum >= 1.9 * reached
    assert simulate(a_day().scaled(1.5), found.settings).throttled_share < 0.001


def test_following_a_load_never_costs_more_than_standing_still() -> None:
    """Where a load leaps about too quickly to be followed, auto scaling stays where fixed capacity
    would be: it is never provisioned more."""
    calls = np.where(np.arange(6 * HOUR_S) % 1200 < 240, 50.0, 2.0)
    leaps = Demand(flows=(Flow(name="place", calls=calls, units={WRITE: 1.0}),))
    fixed, scaled = (find(leaps, allowed=0.001) for find in (find_fixed, find_scaled))
    assert scaled.met
    assert scaled.outcome.unit_hours <= fixed.outcome.unit_hours + 1e-6


@pytest.mark.parametrize("find", [find_fixed, find_scaled])
def test_capacity_with_too_few_partitions_is_not_the_answer(
    find: Callable[..., Found],
) -> None:
    """4,800 units a second and what is kept for bursts would carry a busy minute of 5,200, but five
    partitions serve no more than 5,000: there are six of what is found, which costs no more than
    that many need."""
    calls = np.full(2 * HOUR_S, 4000.0)
    calls[HOUR_S : HOUR_S + 60] = 5200.0
    demand = Demand(flows=(Flow(name="put", calls=calls, units={WRITE: 1.0}),))
    found = find(demand, allowed=1e-6)
    assert found.met
    assert found.outcome.throttled_share <= 1e-6
    assert found.outcome.sides[Side(ORDERS, "write")].by_minute.max() <= 5001


def test_no_capacity_helps_a_hot_key() -> None:
    """Where one key is the limit, the search says that nothing meets it, and the outcome why."""
    hot = (HotKey("user-1", 1 << 63, 1.0),)
    demand = Demand(flows=(flow("put", 2000, {WRITE: 1.0}, keyed=WRITE, hot=hot),))
    found = find_fixed(demand, allowed=0.01)
    assert not found.met
    assert {each.cause for each in found.outcome.throttlings} == {"KeyRangeThroughputExceeded"}


def test_scaled_and_fixed_capacity_are_the_same_where_nothing_may_move() -> None:
    """Scaling between 20 and 20 units is 20 units, of reads and of writes."""
    pinned = Scaling(minimum=20, maximum=20)
    asked = flow("put", 31, {WRITE: 1.0})
    scaled = met(AutoScaled(read=pinned, write=pinned), asked)
    fixed = met(Provisioned(read=20, write=20), asked)
    assert throttled(scaled) == pytest.approx(throttled(fixed))
    assert scaled.unit_hours == fixed.unit_hours == 40
