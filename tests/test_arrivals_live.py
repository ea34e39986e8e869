"""The line on the terminal: what was asked and done, by whom, and who could not keep up."""

from __future__ import annotations

from loadstone.run import Gauges
from loadstone.run.live_line import Busy, LiveLine, cpu
from loadstone.run.tally import SecondTally, Tally
from tests.synthetic import call


def tally(calls: int) -> Tally:
    second = SecondTally()
    for _ in range(calls):
        second.add(call())
    return second.fold().all()


def test_workers_are_added_up() -> None:
    """Two workers' calls and arrivals are summed, however their seconds fall into a line, and each
    has its own share of a core."""
    for told in ([0, 1, 0], [1, 0, 1, 0], [0, 1, 1, 0, 1]):
        line = LiveLine()
        for worker in told:
            gauges = Gauges(asked=60, cpu_s=0.25 + worker / 2)
            line.add(tally(50), gauges, span_s=1.0, worker=worker)
        text = line.text(4.0, simulated=False)
        assert text.startswith("    4 s  ")
        assert " 100 ops/s  of 120  " in text
        assert text.endswith("0 failed  25% 75% CPU")


def test_a_line_of_the_warm_up_says_so() -> None:
    """As long as there are calls of the warm-up in it."""
    for warm_up, said in (((True, True), True), ((False, True), True), ((False, False), False)):
        line = LiveLine()
        for each in warm_up:
            line.add(tally(1), Gauges(), span_s=1.0, warm_up=each)
        assert ("warm-up" in line.text(2.0, simulated=False)) is said


def test_trouble_is_told_live() -> None:
    """Late arrivals, and a generator that is behind with its worst delay, stand in the line."""
    line = LiveLine()
    gauges = Gauges(asked=100, late=7, behind=6, delay_max_us=340_000)
    line.add(tally(10), gauges, span_s=2.0)
    text = line.text(2.0, simulated=True)
    assert "7 late: --max-in-flight is reached" in text
    assert "THE GENERATOR IS BEHIND, by 340 ms" in text
    assert "0 throttled (simulated)" in text


def test_a_generator_that_keeps_up_is_not_blamed_live() -> None:
    """A few arrivals that are taken up late, of many, are no trouble."""
    line = LiveLine()
    line.add(tally(10), Gauges(asked=100, behind=5, delay_max_us=25_000), span_s=2.0)
    assert "BEHIND" not in line.text(2.0, simulated=False)


def test_closed_users_ask_for_no_rate() -> None:
    """Where nobody asks for a rate, the line names none."""
    line = LiveLine()
    line.add(tally(4), Gauges(), span_s=2.0)
    assert "  2 ops/s  p50" in line.text(2.0, simulated=False)


def test_a_line_fits_its_terminal() -> None:
    """In eighty columns there is room for the line, and for what went wrong where something did;
    where there is room for all, all is there."""
    for gauges in (Gauges(cpu_s=0.05), Gauges(asked=2_000, cpu_s=0.05)):
        line = LiveLine()
        line.add(tally(2000), gauges, span_s=0.1)
        text = line.text(1000.0, simulated=False, wide=80)
        assert len(text) <= 80
        assert "RCU/s" in text
        assert "CPU" in text
        assert "failed" not in text
        assert line.text(9.0, simulated=False, wide=200) == line.text(9.0, simulated=False)
    second = SecondTally()
    second.add(call(code="ValidationException", outcome="failed", rows=0))
    line.add(second.fold().all(), Gauges(), span_s=0.1)
    assert "1 failed" in line.text(1000.0, simulated=False, wide=80)


def test_many_workers_are_told_in_two_numbers() -> None:
    """Eight stand one by one; of more it is the least and the most."""
    busy = {worker: Busy(worker / 10, 1.0) for worker in range(9)}
    assert cpu({worker: busy[worker] for worker in range(8)}) == (
        "0% 10% 20% 30% 40% 50% 60% 70% CPU"
    )
    assert cpu(busy) == "0% to 80% CPU of 9 workers"
