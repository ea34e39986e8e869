"""The model of admission: closed forms, properties, and the rules of the AWS developer guide."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.admission import Admission, Need, Resource, Throttled
from loadstone.capacity.bucket import Bucket, Peaks
from loadstone.capacity.limits import (
    DOUBLING_S,
    Direction,
    Limit,
    OnDemand,
    Provisioned,
    partitions_needed,
)
from loadstone.errors import BadValue

TABLE = Resource("messages")
INDEX = Resource("messages", "ByUser")
TOP = 1 << 64


def admission(table: Limit | None, index: Limit | None = None) -> Admission:
    return Admission({TABLE: table, INDEX: index}.get)


def write(units: float, resource: Resource = TABLE, key: int | None = None) -> list[Need]:
    return [Need(resource, "write", units, key)]


def admitted(
    model: Admission,
    per_s: int,
    seconds: int,
    *,
    direction: Direction = "write",
    key: int | None = None,
    start_s: float = 0.0,
) -> list[int]:
    """How many of so many single units were admitted in each second."""
    need = [Need(TABLE, direction, 1.0, key)]
    return [
        sum(model.admit(need, start_s + second + n / per_s) is None for n in range(per_s))
        for second in range(seconds)
    ]


@pytest.mark.parametrize(("capacity", "offered"), [(10, 40), (50, 75), (7, 21)])
def test_a_burst_lasts_as_long_as_it_must(capacity: int, offered: int) -> None:
    """A full bucket of 300 s serves `offered` a second for 300 c / (offered - c) seconds, and then
    what comes in."""
    burst_s = 300 * capacity / (offered - capacity)
    counts = admitted(
        admission(Provisioned(read=1, write=capacity)), offered, math.ceil(burst_s) + 5
    )
    whole = int(burst_s)
    assert counts[: whole - 1] == [offered] * (whole - 1)
    assert all(abs(count - capacity) <= 1 for count in counts[math.ceil(burst_s) + 1 :])


def test_without_burst_a_second_is_all_there_is() -> None:
    """With burst=0 a table serves its capacity each second, and at once."""
    counts = admitted(admission(Provisioned(read=1, write=20, burst_s=0)), 100, 10)
    assert counts[0] <= 40
    assert counts[1:] == [20] * 9


def test_unused_capacity_comes_back() -> None:
    """An emptied bucket that rests for 100 s holds 100 s of capacity, and after 400 s 300 s."""
    bucket = Bucket(10, 3000, 0)
    bucket.take(3000, 0)
    assert bucket.level(100) == 1000
    assert bucket.level(500) == 3000


@given(
    capacity=st.integers(1, 2_000),
    burst_s=st.integers(0, 300),
    requests=st.lists(st.tuples(st.floats(0, 20), st.floats(0.5, 900)), min_size=1, max_size=60),
)
def test_the_limit_holds(capacity: int, burst_s: int, requests: list[tuple[float, float]]) -> None:
    """Over any time T, no more than capacity * T + burst is admitted of units known beforehand, but
    for one request that is larger than the bucket."""
    model = admission(Provisioned(read=1, write=capacity, burst_s=burst_s))
    cap = capacity * max(1, burst_s)
    now_s = used = largest = 0.0
    for pause_s, units in requests:
        now_s += pause_s
        if model.admit(write(units), now_s) is None:
            used += units
            largest = max(largest, units)
    assert used <= capacity * now_s + cap + max(0.0, largest - cap) + 1e-3


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.5, 500)), min_size=1, max_size=50))
def test_debts_are_paid_before_anything_else(reads: list[tuple[float, float]]) -> None:
    """What a read consumed beyond its minimum is taken afterwards, below zero where it must be, and
    nothing is admitted until it is made up for."""
    model = admission(Provisioned(read=10, write=1, burst_s=0))
    now_s = used = 0.0
    for pause_s, units in reads:
        now_s += pause_s
        arm = model.arm(TABLE, "read", now_s)
        assert arm is not None
        level = arm.level(now_s)
        refused = model.admit([Need(TABLE, "read", 0.5)], now_s)
        assert (refused is None) == (level + 1e-6 >= 0.5)
        if refused is None:
            model.settle(TABLE, "read", units - 0.5, [None], now_s)
            used += units
            assert arm.level(now_s) == pytest.approx(level - units, abs=1e-6)
    assert used <= 10 * now_s + 10 + 500


def test_a_request_larger_than_the_bucket_passes_once_it_is_full() -> None:
    """A 400 KB item can be written to a table of 1 WCU: when nothing is owed, and then not soon."""
    model = admission(Provisioned(read=1, write=1))
    assert model.admit(write(400), 0) is None
    assert model.admit(write(1), 100) is not None
    assert model.admit(write(1), 101.5) is None


def test_what_is_refused_takes_nothing() -> None:
    """A request that one arm cannot serve leaves the others as they were."""
    model = admission(Provisioned(read=1, write=100), Provisioned(read=1, write=1, burst_s=0))
    table = model.arm(TABLE, "write", 0)
    assert table is not None
    assert model.admit([*write(1), *write(1, INDEX)], 0) is None
    for _ in range(50):
        assert model.admit([*write(1), *write(1, INDEX)], 0) is not None
    assert table.level(0) == 300 * 100 - 1


def test_an_index_that_is_starved_throttles_its_table() -> None:
    """A write is throttled, for the index's reason, when its index cannot take it; a write that the
    index has no part in is not."""
    model = admission(Provisioned(read=1, write=1000), Provisioned(read=1, write=5, burst_s=0))
    counts = [
        sum(model.admit([*write(1), *write(1, INDEX)], second + n / 50) is None for n in range(50))
        for second in range(20)
    ]
    assert all(count == 5 for count in counts[2:])
    refused = model.admit([*write(1), *write(5, INDEX)], 20)
    assert isinstance(refused, Throttled)
    assert refused.need.resource == INDEX
    assert refused.reason == "IndexWriteProvisionedThroughputExceeded"
    assert model.admit(write(1), 20) is None


def test_an_index_in_debt_holds_up_what_may_write_it() -> None:
    """A write that may touch an index waits while that index owes units, whatever it will need."""
    model = admission(None, Provisioned(read=1, write=5, burst_s=0))
    unknown = [*write(1), *write(0, INDEX)]
    assert model.admit(unknown, 0) is None
    model.settle(INDEX, "write", 8, [None], 0)
    assert model.admit(unknown, 0.5) is not None
    assert model.admit(unknown, 0.7) is None


@pytest.mark.parametrize(("direction", "limit"), [("write", 1000), ("read", 3000)])
def test_one_key_has_one_partition(direction: Direction, limit: int) -> None:
    """However much a table may consume, one key is served 1,000 write or 3,000 read units a
    second, and the reason is its key range."""
    model = admission(Provisioned(read=30_000, write=30_000))
    counts = admitted(model, 2 * limit, 6, direction=direction, key=12345)
    assert all(abs(count - limit) <= 1 for count in counts[1:])
    refused = model.admit([Need(TABLE, direction, 900.0, 12345)], 6.0)
    assert refused is not None
    assert refused.reason == f"Table{direction.capitalize()}KeyRangeThroughputExceeded"


def test_a_hot_partition_may_have_what_the_others_leave() -> None:
    """The guide's example of adaptive capacity: of 400 WCU over 4 partitions, loads of 50, 50, 50
    and 150 a second are all served."""
    model = admission(Provisioned(read=1, write=400, burst_s=0, partitions=4))
    loads = {0: 50, 1: 50, 2: 50, 3: 150}
    for second in range(60):
        for partition, units in loads.items():
            key = partition * (TOP // 4) + 7
            assert model.admit(write(units, key=key), float(second + 1)) is None


def test_keys_spread_over_partitions() -> None:
    """Two keys of two partitions are served twice what one key is."""
    model = admission(Provisioned(read=30_000, write=30_000, partitions=2))
    for key in (5, TOP - 5):
        assert model.admit(write(1000, key=key), 0) is None
    assert model.admit(write(1, key=6), 0) is not None


@pytest.mark.parametrize(
    ("read", "write", "partitions"),
    [(1, 1, 1), (3000, 1000, 1), (3001, 1000, 2), (12_000, 4000, 4), (3000, 1001, 2)],
)
def test_partitions_are_as_many_as_the_units_need(read: int, write: int, partitions: int) -> None:
    """A partition serves 3,000 read or 1,000 write units; a new on-demand table has four."""
    assert partitions_needed(read, write) == partitions


@pytest.mark.parametrize(("direction", "start"), [("write", 4000), ("read", 12_000)])
def test_on_demand_starts_as_a_new_table(direction: Direction, start: int) -> None:
    """A new on-demand table serves 4,000 write and 12,000 read units a second, and no burst."""
    counts = admitted(admission(OnDemand()), 2 * start, 5, direction=direction)
    assert all(abs(count - start) <= 1 for count in counts[1:])


def test_on_demand_doubles_an_earlier_peak() -> None:
    """After half an hour at 4,000 a second a table serves 8,000, and not before; a quiet time does
    not take it away."""
    model = admission(OnDemand())
    for second in range(int(DOUBLING_S) + 2):
        model.admit(write(4000), float(second))
        assert model.admit(write(100), float(second)) is not None
    late = DOUBLING_S + 2
    assert admitted(model, 16_000, 3, start_s=late)[2] == pytest.approx(8000, abs=1)
    quiet = late + 3 * DOUBLING_S
    assert admitted(model, 40_000, 3, start_s=quiet)[2] > 8000


def test_on_demand_grows_from_its_own_peak_only() -> None:
    """A peak of 50,000 serves 100,000 half an hour later, as in the guide; 2,000 adds nothing."""
    model = admission(OnDemand(write=50_000))
    assert model.admit(write(50_000), 0) is None
    arm = model.arm(TABLE, "write", 0)
    assert arm is not None
    assert arm.whole(DOUBLING_S - 1) == 50_000
    assert arm.whole(DOUBLING_S + 1) == 100_000
    model.admit(write(2_000), DOUBLING_S + 2)
    assert arm.whole(3 * DOUBLING_S) == 100_000


def test_on_demand_that_has_not_grown_is_a_matter_of_its_key_ranges() -> None:
    """Nothing is provisioned on demand, so the reason is the key range."""
    model = admission(OnDemand())
    assert model.admit(write(4000), 0) is None
    refused = model.admit(write(4000), 0)
    assert refused is not None
    assert refused.reason == "TableWriteKeyRangeThroughputExceeded"
    assert refused.billing == "PAY_PER_REQUEST"


def test_a_maximum_on_demand_is_kept() -> None:
    """MaxWriteRequestUnits limits a table that could do more, with a reason of its own."""
    model = admission(OnDemand(max_write=50))
    assert admitted(model, 200, 4)[1:] == [50] * 3
    refused = model.admit(write(10), 3.999)
    assert refused is not None
    assert refused.reason == "TableWriteMaxOnDemandThroughputExceeded"


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(1, 1000)), max_size=60))
def test_peaks_are_the_highest_seconds_of_half_an_hour_ago(
    steps: list[tuple[int, float]],
) -> None:
    """The earlier peak is the maximum over whole seconds that ended half an hour ago."""
    peaks, sums, now_s = Peaks(), dict[int, float](), 0
    for pause_s, units in steps:
        now_s += pause_s
        peaks.add(units, now_s)
        sums[now_s] = sums.get(now_s, 0.0) + units
    later_s = now_s // 2 + DOUBLING_S
    expected = max((sums[s] for s in sums if s + 1 + DOUBLING_S <= later_s), default=0.0)
    assert peaks.earlier(max(later_s, now_s + 1)) >= expected
    assert peaks.earlier(now_s + 1 + DOUBLING_S) == max(sums.values(), default=0.0)


@given(share=st.floats(0.05, 1), capacity=st.integers(10, 1000))
def test_a_share_is_that_part_of_everything(share: float, capacity: int) -> None:
    """A process with a share of an arm has that part of its rate, its burst and its partitions."""
    model = Admission({TABLE: Provisioned(read=1, write=capacity)}.get, share=share)
    arm = model.arm(TABLE, "write", 0)
    assert arm is not None
    assert arm.level(0) == pytest.approx(300 * capacity * share)
    used = 0.0
    for n in range(2000):
        used += 10 if model.admit(write(10, key=1), n / 100) is None else 0
    assert used <= share * min(320 * capacity, 21_000) + 10


def test_a_share_of_nothing_admits_nothing() -> None:
    """A process that was leased nothing refuses, even what has no known units."""
    model = Admission({TABLE: Provisioned(read=1, write=100)}.get, share=0)
    assert model.admit(write(1), 0) is not None
    assert model.admit(write(0), 100) is not None


def test_what_has_no_limit_is_not_throttled() -> None:
    """A table without a rule is admitted, whatever it does."""
    assert admission(None).admit(write(1e9), 0) is None


def test_a_table_made_anew_starts_anew() -> None:
    """A table that was dropped and made again has its burst again."""
    model = admission(Provisioned(read=1, write=1))
    assert model.admit(write(300), 0) is None
    assert model.admit(write(300), 0) is not None
    model.forget("messages")
    assert model.admit(write(300), 0) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Provisioned(read=0, write=1),
        lambda: Provisioned(read=1, write=1, burst_s=301),
        lambda: Provisioned(read=1, write=1, partitions=0),
        lambda: OnDemand(max_read=-1),
    ],
)
def test_what_dynamodb_has_not_is_refused(make: object) -> None:
    """No capacity below 1 unit, no burst above 300 s, no table without a partition."""
    assert callable(make)
    with pytest.raises(BadValue):
        make()
