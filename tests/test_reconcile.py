"""What a client counted beside what AWS counted: agreement, explanation, and what is flagged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loadstone.aws import cloudwatch
from loadstone.aws.cloudwatch import Measured
from loadstone.cli.reconcile import reconcile as command
from loadstone.run import Run
from loadstone.run.reconcile import Reconciled, places_of, reconcile
from tests.synthetic import START_MS, call, finished, known_seconds
from tests.test_cloudwatch import Recorded

TABLE = "cmz-conversations"
INDEX = "SessionIndex"
NOW_S = START_MS / 1000 + 3600
#: Of known_seconds: what the server told the client.
TRUE: dict[Any, float] = {
    ((TABLE, None), "write"): 410.0,
    ((TABLE, INDEX), "write"): 410.0,
    ((TABLE, INDEX), "read"): 500.0,
}
THROTTLES: dict[Any, list[float]] = {
    ((TABLE, None), "write", cause): [20.0] for cause in ("", "ProvisionedThroughput")
}


def measured(
    units: Mapping[Any, float] | None = None, throttles: Mapping[Any, Any] | None = None
) -> Measured:
    return Measured(
        start_unix_s=START_MS // 1000,
        minutes=1,
        units={key: [value] for key, value in (TRUE | dict(units or {})).items()},
        requests={},
        throttles=THROTTLES if throttles is None else throttles,
        failed_conditions={},
        latency_ms={(TABLE, "PutItem", "p99"): [3.0]},
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.load(finished(tmp_path, known_seconds(), target_kind="aws"))


def units_row(found: Reconciled, index: str | None, direction: str) -> Any:
    return next(row for row in found.units if (row.index, row.direction) == (index, direction))


def test_the_same_figures_agree(run: Run) -> None:
    """Tables, indexes and throttles, each beside its twin."""
    found = reconcile(run, measured({((TABLE, None), "write"): 420.0}), now_unix_s=NOW_S)
    assert found.holds
    assert units_row(found, INDEX, "read").verdict == "agrees"
    (throttle,) = found.throttles
    assert (throttle.client_events, throttle.aws_events, throttle.verdict) == (20, 20.0, "agrees")
    assert throttle.client == throttle.aws == {"ProvisionedThroughput": 20}


def test_failed_conditions_explain_units_that_nobody_told(run: Run) -> None:
    """Ten of them consumed at least ten units, and their answers have no ConsumedCapacity."""
    row = units_row(
        reconcile(run, measured({((TABLE, None), "write"): 420.0}), now_unix_s=NOW_S), None, "write"
    )
    assert row.verdict == "explained"
    assert row.difference == 10
    assert "10 failed conditions" in row.said


def test_units_of_nobody_are_flagged(run: Run) -> None:
    """More than anything that the run knows of: others used the table."""
    found = reconcile(run, measured({((TABLE, INDEX), "read"): 800.0}), now_unix_s=NOW_S)
    row = units_row(found, INDEX, "read")
    assert not found.holds
    assert row.verdict == "unexplained"
    assert "300.0 units are nobody's" in row.said


def test_what_an_explanation_does_not_cover_is_flagged(run: Run) -> None:
    """Failed conditions explain ten units of a hundred, and no more."""
    found = reconcile(run, measured({((TABLE, None), "write"): 510.0}), now_unix_s=NOW_S)
    row = units_row(found, None, "write")
    assert row.verdict == "unexplained"
    assert "10 failed conditions" in row.said
    assert "beyond that" in row.said


def test_missing_minutes_are_flagged_as_such(run: Run) -> None:
    """AWS has less than the server told: its figures come late."""
    found = reconcile(
        run, measured({((TABLE, INDEX), "write"): 100.0}), now_unix_s=START_MS / 1000 + 60
    )
    row = units_row(found, INDEX, "write")
    assert row.verdict == "unexplained"
    assert "310.0 units less" in row.said
    assert any("ended less than 5 minutes ago" in note for note in found.notes)


def test_throttles_of_others_are_flagged(run: Run) -> None:
    """More throttles than this run met."""
    more = {((TABLE, None), "write", ""): [120.0]}
    found = reconcile(run, measured({((TABLE, None), "write"): 420.0}, more), now_unix_s=NOW_S)
    assert [row.verdict for row in found.throttles] == ["unexplained"]
    assert not found.holds


def test_throttles_where_this_run_met_none_are_flagged(run: Run) -> None:
    """CloudWatch may tell how many there were and not why: on a place that nobody else named."""
    units: dict[Any, float] = {((TABLE, None), "write"): 420.0}
    told = {((TABLE, None), "write", ""): [3.0], ((TABLE, INDEX), "read", ""): [500.0]}
    found = reconcile(run, measured(units, told), now_unix_s=NOW_S)
    (row,) = [row for row in found.throttles if row.index == INDEX]
    assert (row.direction, row.client_events, row.aws_events) == ("read", 0, 500.0)
    assert row.verdict == "unexplained"
    assert not found.holds


def test_simulated_throttles_are_none_of_amazons(tmp_path: Path) -> None:
    """A gate of ours answered, so AWS need not know of them."""
    path = finished(
        tmp_path, known_seconds(), target_kind="aws", simulated=("throttling: provisioned:1rcu",)
    )
    found = reconcile(
        Run.load(path), measured({((TABLE, None), "write"): 420.0}, {}), now_unix_s=NOW_S
    )
    assert found.holds
    assert not found.throttles
    assert any("simulated" in note for note in found.notes)


def test_requests_without_an_answer_may_have_been_done(tmp_path: Path) -> None:
    """Up to what a call of their pattern consumes, on the table and on the index."""
    lost = call(
        "session-messages",
        code="AnswerTimeout",
        units=(),
        outcome="failed",
        problem="AnswerTimeout",
    )
    run = Run.load(finished(tmp_path, [[call()] * 100 + [lost] * 20], target_kind="aws"))
    figures: dict[Any, float] = {((TABLE, INDEX), "read"): 58.0}
    bare = Measured(
        start_unix_s=0,
        minutes=1,
        units={key: [value] for key, value in figures.items()},
        requests={},
        throttles={},
        failed_conditions={},
        latency_ms={},
    )
    (row,) = reconcile(run, bare, now_unix_s=NOW_S).units
    assert (row.client_units, row.verdict) == (50.0, "explained")
    assert "20 requests without a whole answer" in row.said


def test_every_index_is_asked_for(run: Run) -> None:
    """Those that the run consumed of, and those that its tables have."""
    assert places_of(run) == {TABLE: (INDEX,)}


# The command.


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """AWS's side of known_seconds; ten failed conditions consumed a unit each."""
    found = Recorded(
        {
            ("ConsumedWriteCapacityUnits", "Sum", "", ""): {0: 420.0},
            ("ConsumedWriteCapacityUnits", "Sum", INDEX, ""): {0: 410.0},
            ("ConsumedReadCapacityUnits", "Sum", INDEX, ""): {0: 500.0},
            ("WriteThrottleEvents", "Sum", "", ""): {0: 20.0},
            ("WriteProvisionedThroughputThrottleEvents", "Sum", "", ""): {0: 20.0},
        }
    )
    monkeypatch.setattr(cloudwatch, "neighbour", lambda *_, **__: found)
    monkeypatch.setattr("loadstone.cli.reconcile.time", lambda: NOW_S)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "recorded")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "recorded")
    return found


def test_the_command_says_what_agrees(recorded: Recorded, tmp_path: Path) -> None:
    """Both figures of every table and index, the explanation, and exit code 0."""
    path = finished(tmp_path, known_seconds(), target_kind="aws")
    ran = CliRunner().invoke(command, [str(path)])
    assert ran.exit_code == 0, ran.output
    assert "writes of cmz-conversations/SessionIndex" in ran.output
    assert "10 failed conditions" in ran.output
    assert "Every figure agrees, or its difference is explained." in ran.output
    assert recorded.asked


def test_the_command_flags_and_exits_with_1(recorded: Recorded, tmp_path: Path) -> None:
    """A difference without an explanation is the answer no; machines read the same."""
    recorded.values = {
        **recorded.values,
        ("ConsumedReadCapacityUnits", "Sum", INDEX, ""): {0: 900.0},
    }
    path = finished(tmp_path, known_seconds(), target_kind="aws")
    ran = CliRunner().invoke(command, [str(path), "--json"])
    assert ran.exit_code == 1
    found = json.loads(ran.stdout)
    assert found["holds"] is False
    verdicts = {(row["index"], row["direction"]): row["verdict"] for row in found["units"]}
    assert verdicts[INDEX, "read"] == "unexplained"
    assert verdicts[None, "write"] == "explained"


def test_a_run_that_was_not_on_aws_has_nothing_to_compare(tmp_path: Path) -> None:
    """The engine of a project publishes no metrics: that is asked wrongly."""
    path = finished(tmp_path, known_seconds())
    ran = CliRunner().invoke(command, [str(path)])
    assert ran.exit_code != 0
    assert "CloudWatch counts on AWS alone" in str(ran.exception)
