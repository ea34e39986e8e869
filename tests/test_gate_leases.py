"""Shares of capacity: never more than the whole, fair, and nothing gets lost on the way."""

from __future__ import annotations

import random
from collections import deque
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.admission import Admission, Arm, Need, Resource
from loadstone.capacity.limits import DOUBLING_S, Limit, OnDemand, Provisioned
from loadstone.gate.leases import EXPIRES_S, Book, Lease, Report, Tenancy, fair_shares

TABLE = Resource("messages")


@given(
    asked=st.dictionaries(st.text(max_size=3), st.floats(0, 1e5), min_size=1, max_size=8),
    whole=st.floats(1, 1e5),
)
def test_shares_are_fair(asked: dict[str, float], whole: float) -> None:
    """Shares add up to 1; all have what they ask for where that can be; else nobody has more than
    somebody who goes short."""
    shares = fair_shares(asked, whole)
    assert sum(shares.values()) == pytest.approx(1)
    units = {name: share * whole for name, share in shares.items()}
    short = [name for name in asked if units[name] < asked[name] - 1e-6]
    if sum(asked.values()) <= whole:
        assert not short
    for name in short:
        assert units[name] >= max(units.values()) - 1e-6 * whole


class Worker:
    """A process whose messages take their time."""

    def __init__(self, name: str, share: float, capacity: int | Limit) -> None:
        self.name = name
        limit = Provisioned(read=1, write=capacity) if isinstance(capacity, int) else capacity
        self.model = Admission({TABLE: limit}.get, share=share)
        arm = self.model.arm(TABLE, "write", 0)
        assert arm is not None
        self.arm: Arm = arm
        self.tenancy = Tenancy(self.arm, 0)
        self.out: deque[Report] = deque()
        self.to: deque[Lease] = deque()
        self.used = 0.0

    def ask(self, units: float, times: int, now_s: float) -> None:
        for _ in range(times):
            if self.model.admit([Need(TABLE, "write", units)], now_s) is None:
                self.used += units


Message = TypeVar("Message", Report, Lease)


def deliver(messages: deque[Message], most: int) -> list[Message]:
    return [messages.popleft() for _ in range(min(most, len(messages)))]


@given(
    seed=st.integers(0, 10_000),
    capacity=st.integers(10, 500),
    processes=st.integers(2, 4),
    late=st.booleans(),
)
def test_the_sum_is_never_above_the_whole(
    seed: int, capacity: int, processes: int, late: bool
) -> None:
    """Whatever is asked for and however messages are delayed, shares never exceed 1 together, and
    what is admitted never exceeds capacity * T + burst."""
    draw = random.Random(seed)
    workers = [Worker(f"w{n}", 1 / processes, capacity) for n in range(processes)]
    if late:
        workers.append(Worker("late", 0.0, capacity))
    book = Book(processes)
    for second in range(1, 60):
        for worker in workers:
            worker.ask(draw.choice([1, 5, 20]), draw.choice([0, 0, 3, 30, 200]), second)
            worker.out.append(worker.tenancy.report(second))
            for report in deliver(worker.out, draw.randint(0, 2)):
                book.report(worker.name, report, second)
        for name, lease in book.leases(second).items():
            next(worker for worker in workers if worker.name == name).to.append(lease)
        for worker in workers:
            for lease in deliver(worker.to, draw.randint(0, 2)):
                worker.tenancy.hold(lease, second)
            assert sum(worker.arm.share for worker in workers) <= 1 + 1e-9
        assert sum(worker.used for worker in workers) <= capacity * (second + 300) + 1e-3


def play(loads: list[tuple[Worker, int]], seconds: int, book: Book) -> list[float]:
    """Seconds of single units with messages that arrive at once; the total of each second."""
    totals = []
    for second in range(1, seconds + 1):
        before = sum(worker.used for worker, _ in loads)
        for step in range(20):
            for worker, load in loads:
                worker.ask(1, load // 20, second - 1 + step / 20)
        for worker, _ in loads:
            book.report(worker.name, worker.tenancy.report(second), second)
        leases = book.leases(second)
        for worker, _ in loads:
            worker.tenancy.hold(leases[worker.name], second)
        totals.append(sum(worker.used for worker, _ in loads) - before)
    return totals


def test_shares_follow_use() -> None:
    """Where one process asks for nearly everything, it is soon leased nearly everything, and the
    whole is used: nothing idles at the one that does not ask."""
    busy, idle = Worker("busy", 0.5, 100), Worker("idle", 0.5, 100)
    for worker in (busy, idle):
        worker.arm.settle(15_000, [None], 0)  # no burst is left
    totals = play([(busy, 1000), (idle, 0)], 10, Book(2))
    assert busy.arm.share > 0.9
    assert sum(totals[5:]) == pytest.approx(500, rel=0.05)


def test_two_that_ask_for_more_than_there_is_get_the_same() -> None:
    """Processes that each ask for more than their part are served alike, and fully together."""
    workers = [Worker(name, 0.5, 100) for name in ("a", "b")]
    for worker in workers:
        worker.arm.settle(15_000, [None], 0)
    totals = play([(workers[0], 200), (workers[1], 2000)], 10, Book(2))
    assert sum(totals[2:]) == pytest.approx(800, rel=0.05)
    assert workers[0].used == pytest.approx(workers[1].used, rel=0.1)


def test_the_burst_moves_to_where_it_is_used() -> None:
    """One process of two can use up the whole burst: what the other keeps is granted to it."""
    busy, idle = Worker("busy", 0.5, 100), Worker("idle", 0.5, 100)
    totals = play([(busy, 2000), (idle, 0)], 40, Book(2))
    assert sum(totals) == pytest.approx(30_000 + 100 * 40, rel=0.05)


def test_on_demand_doubles_what_all_served_together() -> None:
    """After half an hour at 2,000 a second in each of two processes the table serves 8,000, though
    neither saw a peak of 4,000."""
    workers = [Worker(name, 0.5, OnDemand()) for name in ("a", "b")]
    book = Book(2)
    for second in range(1, int(DOUBLING_S) + 6):
        for worker in workers:
            worker.ask(500, 4, second)
            book.report(worker.name, worker.tenancy.report(second), second)
        leases = book.leases(second)
        for worker in workers:
            worker.tenancy.hold(leases[worker.name], second)
    assert [worker.arm.whole(DOUBLING_S + 6) for worker in workers] == [8000, 8000]


def test_a_process_that_hears_nothing_stops() -> None:
    """A lease that is not renewed ends: what its holder had is free for others before long."""
    lost, kept = Worker("lost", 0.5, 100), Worker("kept", 0.5, 100)
    book = Book(2)
    play([(lost, 100), (kept, 100)], 3, book)
    for second in range(4, 40):
        lost.tenancy.report(second)
        book.report("kept", kept.tenancy.report(second), second)
        lease = book.leases(second)["kept"]
        kept.tenancy.hold(lease, second)
        assert lost.arm.share + kept.arm.share <= 1 + 1e-9
        if second > 3 + EXPIRES_S + 1:
            assert lost.arm.share == 0
    assert kept.arm.share == pytest.approx(1)


def test_a_process_that_comes_back_is_leased_again() -> None:
    """One that was given up for lost and reports again grows from nothing."""
    lost, kept = Worker("lost", 0.5, 100), Worker("kept", 0.5, 100)
    book = Book(2)
    play([(lost, 100), (kept, 100)], 3, book)
    for second in range(4, 40):
        back = second > 30
        report = lost.tenancy.report(second)
        if back:
            book.report("lost", report, second)
        book.report("kept", kept.tenancy.report(second), second)
        leases = book.leases(second)
        kept.tenancy.hold(leases["kept"], second)
        if back:
            lost.tenancy.hold(leases["lost"], second)
        assert lost.arm.share + kept.arm.share <= 1 + 1e-9
    assert lost.arm.share == pytest.approx(0.5, abs=0.05)
