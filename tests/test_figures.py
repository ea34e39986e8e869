"""Figures of runs whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.run import Gauges, Run
from loadstone.run.figures import Figures, figures
from loadstone.run.timeline import timeline
from tests.synthetic import ARN, MS, call, finished, known_seconds, write


@pytest.fixture
def known(tmp_path: Path) -> Figures:
    gauges = Gauges(asked=150, late=1, cpu_s=0.4)
    return figures(Run.load(finished(tmp_path, known_seconds(), warm_up_s=2.0, gauges=gauges)))


def test_rates_leave_out_the_warm_up(known: Figures) -> None:
    """Calls and seconds of the warm-up are not in the rate, and are counted apart."""
    assert known.measured_s == 8.0
    assert known.total.calls == 8 * 143
    assert known.per_s == 143.0
    assert known.warm_up_calls == 2 * 143


def test_latency_counts_from_the_intended_start(known: Figures) -> None:
    """Throttled attempts and back-off are in the latency, and not in the service time."""
    row = next(row for row in known.patterns if row.pattern == "write-message")
    assert row.service.max_us == pytest.approx(4000, rel=1e-3)
    assert row.latency.max_us == pytest.approx(24_000, rel=1e-3)
    assert row.latency.p50_us == pytest.approx(4000, rel=1e-3)


def test_percentiles_of_a_pattern(known: Figures) -> None:
    """Queries of 1 to 100 ms have a p90 of 90 ms."""
    row = next(row for row in known.patterns if row.pattern == "session-messages")
    assert row.latency.p50_us == pytest.approx(50_000, rel=1e-3)
    assert row.latency.p90_us == pytest.approx(90_000, rel=1e-3)
    assert row.latency.p99_us == pytest.approx(99_000, rel=1e-3)
    assert row.rows == 800 * 20


def test_outcomes(known: Figures) -> None:
    """Ok, failed and expected failures add up to the calls, each with its reason."""
    row = next(row for row in known.patterns if row.pattern == "write-message")
    assert (row.ok, row.failed, row.calls) == (41 * 8, 8, 43 * 8)
    assert row.declared == {"ConditionalCheckFailedException": 8}
    assert row.failures == {"ValidationException": 8}
    assert row.attempts_per_call == pytest.approx((43 + 2) / 43)


def test_units_by_table_and_index(known: Figures) -> None:
    """Totals hold the warm-up, rates do not."""
    rows = {(row.table, row.index): row for row in known.units}
    own, index = rows["cmz-conversations", None], rows["cmz-conversations", "SessionIndex"]
    assert (own.read_units, own.write_units) == (0, 410)
    assert (index.read_units, index.write_units) == (500, 410)
    assert (index.read_per_s, index.write_per_s) == (50, 41)


def test_throttles_by_reason_resource_and_pattern(known: Figures) -> None:
    """Each throttled attempt is counted once, under the pattern that met it."""
    (row,) = known.throttles
    assert (row.reason, row.resource) == ("TableWriteProvisionedThroughputExceeded", ARN)
    assert (row.pattern, row.count) == ("write-message", 20)


def test_asked_and_late_are_those_of_the_measured_time(known: Figures) -> None:
    """Achieved is what was done of what was asked after the warm-up."""
    assert known.asked == 8 * 150
    assert known.achieved == pytest.approx(143 / 150)
    assert known.late == 8
    assert known.cpu_share_max == pytest.approx(0.4)


def test_a_pattern_that_was_never_called_is_named(tmp_path: Path) -> None:
    """A documented pattern without a call is listed, so that nobody takes it for fast."""
    found = figures(Run.load(finished(tmp_path, [[call()]])))
    assert found.unplayed == ("write-message",)


def test_a_run_without_calls_has_figures_of_zero(tmp_path: Path) -> None:
    """An empty run divides nothing by zero."""
    found = figures(Run.load(finished(tmp_path, [[], []])))
    assert (found.total.calls, found.per_s, found.achieved) == (0, 0.0, None)
    assert found.latency.p99_us == 0


def test_processor_time_is_that_of_the_busiest_process(tmp_path: Path) -> None:
    """One process at its limit is not averaged away by idle ones."""
    for worker, cpu_s in ((0, 0.1), (1, 0.95)):
        write(tmp_path, [[call()]], worker=worker, workers=2, gauges=Gauges(cpu_s=cpu_s))
    assert figures(Run.load(tmp_path)).cpu_share_max == pytest.approx(0.95)


def test_the_timeline_holds_every_call(tmp_path: Path) -> None:
    """Rates times the length of their steps give the calls of the run."""
    seconds = known_seconds()
    run = Run.load(finished(tmp_path, seconds, warm_up_s=2.0))
    line = timeline(run)
    assert line.step_s == 1
    assert sum(step.ok_per_s for step in line.steps) == pytest.approx(1410)
    assert [step.start_s for step in line.steps] == list(range(10))
    assert line.steps[0].max_us == pytest.approx(100_000, rel=1e-3)
    assert line.steps[3].throttled_per_s == pytest.approx(2)
    units = {unit.index: unit for unit in line.steps[5].units}
    assert units["SessionIndex"].read_per_s == pytest.approx(50)
    assert units[None].write_per_s == pytest.approx(41)


def test_a_long_timeline_has_few_steps(tmp_path: Path) -> None:
    """More seconds than a chart can show are taken together, and the rates stay."""
    run = Run.load(finished(tmp_path, [[call(service_ns=5 * MS)] * 2] * 40))
    line = timeline(run, at_most=10)
    assert (line.step_s, len(line.steps)) == (5, 8)
    assert [step.ok_per_s for step in line.steps] == pytest.approx([2.0] * 8)
    assert line.steps[0].p50_us == pytest.approx(5000, rel=1e-3)
