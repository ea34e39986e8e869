"""A plan for what CloudWatch counted of live tables, from recorded answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from loadstone.aws import cloudwatch, sizes
from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import Side
from loadstone.cli import plan_observed
from loadstone.cli.plan import plan as command
from loadstone.client.target import Target
from loadstone.errors import BadValue
from loadstone.planning.observed import observed
from tests import shop
from tests.commands import loadstone
from tests.loaded import loaded

NOW_S = 1_767_311_999 + 300  # a minute before 2026-01-02 00:00:00 UTC, and five more
START = 1_767_225_540
TABLE = "cmz-conversations"
DAY = 24 * 60
WRITE, READ = Side(Resource(TABLE), "write"), Side(Resource(TABLE), "read")
SESSIONS = Side(Resource(TABLE, "SessionIndex"), "write")
DESCRIBED = {
    "ItemCount": 1_000,
    "TableSizeBytes": 500_000,
    "GlobalSecondaryIndexes": [
        {"IndexName": "SessionIndex", "ItemCount": 1_000, "IndexSizeBytes": 400_000}
    ],
}


class CloudWatch:
    """Half of the day 600 units a minute are written to the table and to an index, 1,200 read."""

    def __init__(self) -> None:
        self.client = boto3.Session(
            aws_access_key_id="recorded", aws_secret_access_key="recorded", region_name="us-west-2"
        ).client("cloudwatch")

    def get_metric_data(self, **request: Any) -> Any:
        answer = {"MetricDataResults": [self._row(q) for q in request["MetricDataQueries"]]}
        with Stubber(self.client) as stubber:
            stubber.add_response("get_metric_data", answer, dict(request))
            return self.client.get_metric_data(**request)

    def _row(self, query: Mapping[str, Any]) -> dict[str, Any]:
        metric = query["MetricStat"]["Metric"]
        name = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        index = name.get("GlobalSecondaryIndexName")
        units = {
            ("ConsumedWriteCapacityUnits", None): 600.0,
            ("ConsumedWriteCapacityUnits", "SessionIndex"): 600.0,
            ("ConsumedReadCapacityUnits", None): 1200.0,
        }.get((metric["MetricName"], index), 0.0)
        minutes = range(DAY // 2, DAY) if units else range(0)
        return {
            "Id": query["Id"],
            "Label": metric["MetricName"],
            "Timestamps": [datetime.fromtimestamp(START + each * 60, UTC) for each in minutes],
            "Values": [units for _ in minutes],
            "StatusCode": "Complete",
        }


class DynamoDB:
    """One table, as DescribeTable says."""

    def describe_table(self, TableName: str) -> Any:  # noqa: N803
        return {"Table": {"TableName": TableName, **DESCRIBED}}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch, "neighbour", lambda *_, **__: CloudWatch())
    monkeypatch.setattr(sizes, "dynamodb", lambda _: DynamoDB())
    monkeypatch.setattr(plan_observed, "time", lambda: float(NOW_S))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "recorded")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "recorded")


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments])


def test_live_tables_are_planned_for_as_aws_counted_them(recorded: None) -> None:
    """10 and 10 write units and 20 read units a second for half of every day are 26.28 million
    and as many a month: 16.43 USD twice and 6.57 USD on demand; it is said where it comes from."""
    ran = invoked("cmz", "--cloudwatch", "1", "--region", "us-east-1", "--json")
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    month_s = 730 * 3600 / 2
    expected = month_s * (20 * 0.625e-6 + 20 * 0.125e-6)
    on_demand = next(each for each in found["ways"] if each["name"] == "all on demand")
    assert on_demand["usd_per_month"] == pytest.approx(expected, rel=1e-3)
    assert found["basis"] == "measured"
    assert "CloudWatch's figures of 1 day from 2025-12-31 23:59 UTC" in found["points"][0]
    assert [row["items"] for row in found["storage"]] == [1_000]
    sessions = next(row for row in found["indexes"] if row["index"] == "SessionIndex")
    assert sessions["asked"] is False
    assert sessions["write_usd"] == pytest.approx(month_s * 10 * 0.625e-6, rel=1e-3)


def test_twice_as_much_costs_twice_as_much(recorded: None) -> None:
    """Growth multiplies what was counted, and what is stored."""
    one, two = (
        json.loads(
            invoked(
                "cmz", "--cloudwatch", "1", "--region", "us-east-1", "--growth", each, "--json"
            ).stdout
        )
        for each in ("1x", "2x")
    )
    assert two["ways"][0]["usd_per_month"] == pytest.approx(2 * one["ways"][0]["usd_per_month"])
    assert two["storage"][0]["items"] == 2 * one["storage"][0]["items"]


def test_what_was_throttled_had_been_asked_for() -> None:
    """A minute of throttled requests is as busy as it would have been."""
    minutes = {WRITE: [600.0] * DAY, SESSIONS: [600.0] * DAY, READ: [0.0] * DAY}
    load = observed("cmz", minutes, {}, {}, start_unix_s=START)
    (work,) = load.work
    assert work.per_s == pytest.approx(10)
    assert work.units == pytest.approx({WRITE: 1.0, SESSIONS: 1.0})
    assert load.timeline is not None
    assert load.timeline.of(WRITE)[:60] == pytest.approx(10.0)


def test_tables_that_nobody_asks_are_no_load() -> None:
    """That is said, and not planned for."""
    with pytest.raises(BadValue, match="CloudWatch counted no units of these tables"):
        observed("cmz", {WRITE: [0.0] * DAY}, {}, {}, start_unix_s=START)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cmz", "--cloudwatch", "1", "--peak", "5ops/s"), "--peak: leave it out"),
        (("cmz", "--cloudwatch", "1", "--shape", "flat"), "--shape: leave it out"),
        (("cmz", "--cloudwatch", "1", "--mix", "balanced"), "--mix: leave it out"),
        (("--run", "last", "--cloudwatch", "1"), "name the SYSTEM"),
    ],
)
def test_cloudwatch_brings_a_load_of_its_own(arguments: tuple[str, ...], said: str) -> None:
    """What would contradict it is asked wrongly."""
    assert said in str(invoked(*arguments).exception)


def test_tables_that_are_not_there_are_named(
    recorded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to name others."""
    monkeypatch.setattr("loadstone.aws.sizes.sizes", lambda *_: {})
    ran = invoked("cmz", "--cloudwatch", "1")
    assert "has none of the tables cmz-conversations" in str(ran.exception)


def test_without_credentials_it_says_what_they_are_for(tmp_path: Path) -> None:
    """No flag that was not given is named: what is read is, and what that needs."""
    environ = {"AWS_EC2_METADATA_DISABLED": "true"}
    prefix = ("--table-prefix", "mine-")
    ran = loadstone("plan", "cmz", "--cloudwatch", "7", *prefix, cwd=tmp_path, environ=environ)
    assert ran.code == 2
    assert ran.err == (
        "loadstone: no AWS credentials for DynamoDB in us-west-2 (--cloudwatch reads what AWS "
        "counted of the 1 table of cmz in 7 days, and writes nothing; `loadstone permissions cmz "
        "plan --table-prefix mine-` prints what that needs): pass --profile, or set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"
    )


def test_what_tables_hold_is_read_with_their_indexes(target: Target) -> None:
    """Of a real engine: every index beside its table, and no table that is not there."""
    with loaded(shop.shop_dataset(50), target) as place:
        found = sizes.sizes(target, [*place.tables.values(), "nobodys-table"])
    assert set(found) == set(place.tables.values())
    for table in shop.shop_dataset(50).system.tables:
        held = found[place.tables[table.name]]
        assert set(held) == {None, *(index.name for index in table.indexes)}
