"""How fast a load goes: a limit that is found, held, shared, and costs nothing where there is none.

Time is a clock's that nobody waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.aws.live import LiveTable
from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.errors import TargetError
from loadstone.seeding.capacities import FOLLOW_EVERY_S, Capacity, followed
from loadstone.seeding.pace import SAVED_S, Bucket, Pacer, provisioned_limit
from loadstone.seeding.place import Place
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.seed import seed
from loadstone.system import load_system
from loadstone.table import Throughput
from tests.seeding_fakes import TARGET
from tests.seeding_time import ThrottlingTable, VirtualClock

SYSTEM = load_system("cmz")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place(table=SYSTEM.tables[0], name="cmz-test", arn="arn:cmz-test", table_id="1")
NO_LIMIT = 1e9


def loaded(
    table: ThrottlingTable,
    folder: Path,
    *,
    scale: int,
    rate: float | None = None,
    capacity: Capacity | None = None,
) -> LedgerReport:
    with table.clock.running():
        return seed(
            Dataset(SYSTEM, scale=scale, as_of=AS_OF),
            [table.place],
            TARGET,
            in_flight=16,
            rate=rate,
            capacities={table.place.name: capacity} if capacity else None,
            ledgers=folder,
            client=table,
            clock=table.clock,
        )


def test_a_small_table_is_found_out_and_not_hammered(tmp_path: Path) -> None:
    """A table of 100 units a second, which says nothing of it, takes about 100, some of them saved
    up, and throttles a few per cent of the requests once that is found."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=100, saved=2000)
    report = loaded(table, tmp_path, scale=12_000)
    assert report.left == 0
    assert len(table.items) == report.written
    assert 75 < table.units(40, 90) < 130
    assert table.throttled(40, 90) < 0.08
    assert table.throttled(0, table.clock.now_s()) < 0.2


def test_a_provisioned_table_begins_with_what_it_has(tmp_path: Path) -> None:
    """Where the capacity is known there is nothing to find out: hardly a throttle from the start,
    although nothing was saved up."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=50, units_per_item=2)
    report = loaded(table, tmp_path, scale=3000, capacity=Capacity({None: 50}))
    assert report.left == 0
    assert 42 < table.units(0, 100) <= 51
    assert table.throttled(0, 100) < 0.08


def test_what_a_provisioned_table_has_saved_up_is_left_to_it(tmp_path: Path) -> None:
    """Where the capacity holds, no more than that is taken, although five minutes' worth is there:
    nobody else is throttled when it would be gone."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=50, saved=15_000)
    report = loaded(table, tmp_path, scale=8000, capacity=Capacity({None: 50}, holds=True))
    assert report.left == 0
    assert table.throttled(0, 1000) == 0
    assert all(47 < table.units(start, start + 20) < 53 for start in range(0, 140, 20))


def test_a_capacity_that_scales_is_followed(tmp_path: Path) -> None:
    """A table that gets more units while it is loaded is loaded faster from then on, one that gets
    fewer more slowly, and what cannot be read changes nothing."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=NO_LIMIT)
    capacity = Capacity({None: 50}, holds=True)
    lives = iter([described(400), None, described(100)])

    def read(name: str) -> LiveTable:
        assert name == PLACE.name
        found = next(lives, described(100))
        if found is None:
            raise TargetError("no answer")
        return found

    with followed({PLACE.name: capacity}, read, table.clock):
        loaded(table, tmp_path, scale=32_000, capacity=capacity)
    between = FOLLOW_EVERY_S + 5
    assert table.units(2, FOLLOW_EVERY_S) == pytest.approx(50, rel=0.06)
    assert table.units(between, 3 * FOLLOW_EVERY_S) == pytest.approx(400, rel=0.06)
    assert table.units(3 * FOLLOW_EVERY_S + 5, 110) == pytest.approx(100, rel=0.06)


def described(units: int) -> LiveTable:
    """A provisioned table without indexes."""
    return LiveTable(
        name=PLACE.name,
        arn=PLACE.arn,
        active=True,
        key=(),
        key_types={},
        indexes={},
        provisioned=True,
        capacity=Throughput(read_units=5, write_units=units),
        stream=None,
        kms_key=None,
        deletion_protection=False,
        ttl=None,
        pitr_days=None,
        tags={},
    )


def test_more_capacity_is_found_out(tmp_path: Path) -> None:
    """A table that takes more than it says, or more than before, is loaded faster by and by."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=NO_LIMIT)
    loaded(table, tmp_path, scale=30_000, capacity=Capacity({None: 100}))
    assert table.units(0, 10) < 115
    assert table.units(60, 100) > 150
    assert table.throttled(0, 1000) == 0


@pytest.mark.parametrize("rate", [20, 333, 5000])
def test_a_rate_is_held(tmp_path: Path, rate: int) -> None:
    """`--rate` is kept to by the units that were consumed, also where an item takes several."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=NO_LIMIT, units_per_item=3)
    loaded(table, tmp_path, scale=min(20_000, 20 * rate), rate=rate)
    assert table.throttled(0, 1000) == 0
    end_s = table.clock.now_s()
    assert end_s > 10
    assert table.units(2, end_s - 2) == pytest.approx(rate, rel=0.05)


def test_without_throttles_nothing_is_held_back(tmp_path: Path) -> None:
    """A table that takes everything has as many requests in flight as there may be, all the
    time."""
    table = ThrottlingTable(PLACE, VirtualClock(), capacity=NO_LIMIT, answers_in_s=0.01)
    report = loaded(table, tmp_path, scale=16_000)
    rounds = -(-report.requests // 16)
    assert table.clock.now_s() == pytest.approx(rounds * 0.01, rel=0.02)


class Several:
    """Tables behind one client."""

    def __init__(self, tables: Mapping[str, ThrottlingTable]) -> None:
        self.tables = tables

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        (table,) = (each for name, each in self.tables.items() if f'"{name}"'.encode() in body)
        return table.send(operation, body)


def test_a_throttled_table_slows_down_no_other(tmp_path: Path) -> None:
    """Of two tables one takes 20 units a second: the other is done as if it were alone."""
    system = load_system("agentserver")
    clock = VirtualClock()
    places = [
        Place(table=table, name=f"{table.name}-here", arn=table.name, table_id="1")
        for table in system.tables
    ]
    dataset = Dataset(system, scale=6000, as_of=AS_OF)
    slow, fast = (
        ThrottlingTable(place, clock, capacity=capacity)
        for place, capacity in zip(places, (20, NO_LIMIT), strict=True)
    )
    with clock.running():
        report = seed(
            dataset,
            places,
            TARGET,
            in_flight=8,
            ledgers=tmp_path,
            client=Several({slow.place.name: slow, fast.place.name: fast}),
            clock=clock,
        )
    assert report.left == 0
    alone_s = len(fast.items) / 25 * fast.answers_in_s / 8
    assert fast.seen[-1][0] < 3 * alone_s
    assert slow.seen[-1][0] > 10 * fast.seen[-1][0]


@given(
    st.floats(1, 10_000),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0.1, 500)), min_size=1, max_size=60),
)
def test_a_bucket_gives_what_it_may(rate: float, steps: list[tuple[float, float]]) -> None:
    """Whoever waits as told never takes more than the rate over all the time, but for what is
    saved up and for the last taking."""
    bucket, now_s, taken, last = Bucket(), 0.0, 0.0, 0.0
    bucket.set_rate(rate, now_s)
    for pause_s, units in steps:
        now_s += pause_s + bucket.wait_s(now_s + pause_s)
        assert taken <= rate * (now_s + SAVED_S) * (1 + 1e-9) + 1e-6
        bucket.take(units, now_s)
        taken, last = taken + units, units
    assert taken - last <= rate * (now_s + SAVED_S) * (1 + 1e-9) + 1e-6


def test_no_rate_is_no_wait() -> None:
    """Without a rate a bucket gives everything at once, and what it gave then is not held against
    it later."""
    bucket = Bucket()
    bucket.take(1e9, 1.0)
    assert bucket.wait_s(1.0) == 0
    bucket.set_rate(10, 2.0)
    assert bucket.wait_s(2.0) == 0
    bucket.take(20, 2.0)
    assert bucket.wait_s(2.0) == pytest.approx(2)
    bucket.set_rate(None, 3.0)
    assert bucket.wait_s(3.0) == 0


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 3)), min_size=2, max_size=200))
def test_a_limit_stays_above_zero(seconds: list[tuple[float, int]]) -> None:
    """Whatever a table takes and throttles, its limit is one that lets something through, and a
    throttle never raises it, unless the table has just taken twice as much."""
    pacer = Pacer()
    units, throttles = 0.0, 0
    took_before = 0.0
    for second, (took, more) in enumerate(seconds):
        before = pacer.limit
        units, throttles = units + took, throttles + more
        limit = pacer.read(float(second), units, throttles)
        assert limit is None or limit >= 1
        if second and more and before is not None:
            assert limit is not None
            best = max(took, took_before)
            assert limit <= (0.9 * best if best > 2 * before else before) * 1.000001
        if throttles == 0 or second == 0:
            assert limit is None
        took_before = took if second else 0.0


def test_the_tightest_index_decides() -> None:
    """A table of 100 whose index has 20 is begun at what the index takes; once it is seen that few
    items are in it, at more."""
    capacities: dict[str | None, float] = {None: 100, "ByUser": 20}
    assert provisioned_limit(capacities, {}) == 40
    assert provisioned_limit(capacities, {None: 50, "ByUser": 50}) == 40
    assert provisioned_limit(capacities, {None: 100, "ByUser": 10}) == 110
    assert provisioned_limit(capacities, {None: 100}) == 100


def test_a_limit_found_in_a_poor_second_is_put_right() -> None:
    """Where the first throttles come in a second in which little was sent, the next second shows
    what the table takes, and the limit follows it at once."""
    pacer = Pacer()
    pacer.read(1.0, 1900, 0)
    assert pacer.read(2.0, 1944, 44) == pytest.approx(0.9 * 44)
    assert pacer.read(3.0, 1944 + 121, 90) == pytest.approx(0.9 * 121)
    assert pacer.read(4.0, 1944 + 121 + 100, 95) == pytest.approx(0.9 * 0.9 * 121)


def test_what_a_poor_second_took_off_too_much_comes_back_soon() -> None:
    """A table of 50 that throttled while little came of what was sent has half its limit first, and
    nine tenths of it twenty seconds later, instead of a minute."""
    pacer = Pacer(50)
    pacer.read(1.0, 0, 0)
    assert pacer.read(2.0, 22, 3) == 25
    units = 22.0
    for second in range(3, 23):
        limit = pacer.limit
        assert limit is not None
        units += limit
        pacer.read(float(second), units, 3)
    assert pacer.limit is not None
    assert 44 < pacer.limit < 46
