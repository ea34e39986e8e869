"""CloudWatch as botocore speaks it: recorded answers, composed after the published shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from loadstone.aws.cloudwatch import MOST_POINTS, MOST_QUERIES, Measured, read_metrics
from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import Side, demand_of_minutes
from loadstone.client.target import Credentials, Target
from loadstone.errors import BadValue, TargetError

START = 1_767_225_600  # 2026-01-01 00:00:00 UTC
TARGET = Target(
    url="https://dynamodb.us-west-2.amazonaws.com",
    region="us-west-2",
    kind="aws",
    credentials=lambda: Credentials("recorded", "recorded"),
)
TABLES = {"orders": ("ByUser",)}


class Recorded:
    """A CloudWatch client that answers by what its queries ask for: `values` are by metric,
    statistic, index and operation, of minutes after the start."""

    def __init__(self, values: Mapping[tuple[str, str, str, str], Mapping[int, float]]) -> None:
        self.values = values
        self.asked: list[dict[str, Any]] = []
        self.client = boto3.Session(
            aws_access_key_id="recorded", aws_secret_access_key="recorded", region_name="us-west-2"
        ).client("cloudwatch")

    def get_metric_data(self, **request: Any) -> Any:
        """The answer goes through botocore's own checks of requests and answers."""
        self.asked.append(request)
        with Stubber(self.client) as stubber:
            stubber.add_response("get_metric_data", self._answer(request), dict(request))
            return self.client.get_metric_data(**request)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        results = []
        for query in request["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            named = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            key = (
                metric["MetricName"],
                query["MetricStat"]["Stat"],
                named.get("GlobalSecondaryIndexName", ""),
                named.get("Operation", ""),
            )
            points = self.values.get(key, {})
            results.append(
                {
                    "Id": query["Id"],
                    "Label": metric["MetricName"],
                    "Timestamps": [
                        datetime.fromtimestamp(START + minute * 60, UTC) for minute in points
                    ],
                    "Values": list(points.values()),
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results, "Messages": []}


VALUES = {
    ("ConsumedWriteCapacityUnits", "Sum", "", ""): {0: 600.0, 2: 1200.0},
    ("ConsumedWriteCapacityUnits", "SampleCount", "", ""): {0: 300.0, 2: 600.0},
    ("ConsumedWriteCapacityUnits", "Sum", "ByUser", ""): {0: 300.0, 2: 600.0},
    ("WriteThrottleEvents", "Sum", "", ""): {2: 30.0},
    ("WriteProvisionedThroughputThrottleEvents", "Sum", "", ""): {2: 30.0},
    ("ConditionalCheckFailedRequests", "Sum", "", ""): {0: 7.0},
    ("SuccessfulRequestLatency", "p99", "", "PutItem"): {0: 4.5, 2: 9.0},
}


def read(recorded: Any, minutes: int = 3, tables: Any = None) -> Measured:
    return read_metrics(
        TARGET,
        tables or TABLES,
        start_unix_s=START + 10,
        end_unix_s=START + minutes * 60 - 5,
        now_unix_s=START + 3600,
        client=recorded,
    )


def test_sums_are_by_minute_and_a_gap_is_a_zero() -> None:
    """Whole minutes around what was asked for; where nothing was consumed nothing is published."""
    found = read(Recorded(VALUES))
    assert (found.start_unix_s, found.minutes) == (START, 3)
    assert found.units[("orders", None), "write"] == [600.0, 0.0, 1200.0]
    assert found.total_units(("orders", "ByUser"), "write") == 900.0
    assert found.total_units(("orders", None), "read") == 0.0


def test_throttles_have_their_causes() -> None:
    """In all, and by cause, in the words of the metric."""
    found = read(Recorded(VALUES))
    assert found.total_throttles(("orders", None), "write") == 30.0
    causes = {cause for (_, _, cause), row in found.throttles.items() if cause and sum(row)}
    assert causes == {"ProvisionedThroughput"}
    assert found.failed_conditions["orders"] == [7.0, 0.0, 0.0]
    assert found.latency_ms["orders", "PutItem", "p99"] == [4.5, 0.0, 9.0]


def test_an_index_is_asked_for_by_itself() -> None:
    """A table's own metrics leave its indexes out, so both are asked for, each with its name."""
    recorded = Recorded(VALUES)
    read(recorded)
    (request,) = recorded.asked
    names = {
        tuple(sorted(each["Name"] for each in query["MetricStat"]["Metric"]["Dimensions"]))
        for query in request["MetricDataQueries"]
    }
    assert names == {
        ("TableName",),
        ("GlobalSecondaryIndexName", "TableName"),
        ("Operation", "TableName"),
    }
    assert {query["MetricStat"]["Period"] for query in request["MetricDataQueries"]} == {60}


def test_a_request_stays_within_the_limits_of_cloudwatch() -> None:
    """500 metrics and 100,800 points at once: more is asked in several requests."""
    recorded = Recorded({})
    read(recorded, minutes=1440, tables={f"orders-{n}": ("ByUser",) for n in range(28)})
    sizes = [len(request["MetricDataQueries"]) for request in recorded.asked]
    assert sum(sizes) == 28 * (2 * 14 + 1 + 20)
    assert max(sizes) <= min(MOST_QUERIES, MOST_POINTS // 1440)


def test_pages_are_followed_to_the_last() -> None:
    """An answer with a token is not the whole answer."""
    client = Recorded({}).client
    stamp = datetime.fromtimestamp(START, UTC)
    page = {"Id": "q0", "Timestamps": [stamp], "Values": [5.0], "StatusCode": "PartialData"}
    asked = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": ANY}
    with Stubber(client) as stubber:
        first = {"MetricDataResults": [page], "NextToken": "more"}
        later = datetime.fromtimestamp(START + 60, UTC)
        second = {"MetricDataResults": [page | {"Timestamps": [later], "Values": [6.0]}]}
        stubber.add_response("get_metric_data", first, asked)
        stubber.add_response("get_metric_data", second, asked | {"NextToken": "more"})
        found = read(client, minutes=2)
    assert found.units[("orders", None), "read"] == [5.0, 6.0]


def test_minutes_that_are_not_kept_any_more_are_not_asked_for() -> None:
    """After 15 days there are no figures of single minutes, and that is said."""
    with pytest.raises(BadValue, match="2026-01-01 00:00 UTC is more than 15 days ago"):
        read_metrics(
            TARGET,
            TABLES,
            start_unix_s=START,
            end_unix_s=START + 60,
            now_unix_s=START + 16 * 86_400,
            client=Recorded({}),
        )


def test_being_denied_says_what_was_asked() -> None:
    """An account may forbid it: the error says so in a line."""
    client = Recorded({}).client
    with Stubber(client) as stubber:
        stubber.add_client_error("get_metric_data", "AccessDenied", "no cloudwatch:GetMetricData")
        with pytest.raises(TargetError, match="does not allow reading CloudWatch"):
            read(client)


def test_minutes_become_a_demand() -> None:
    """Units of a second are a sixtieth; throttled requests count with what others consumed."""
    asked = read(Recorded(VALUES)).asked_units()
    minutes = {
        Side(Resource(table, index), direction): values
        for ((table, index), direction), values in asked.items()
    }
    demand = demand_of_minutes(minutes, start_unix_s=START)
    writes = demand.of(Side(Resource("orders"), "write"))
    assert writes[:60] == pytest.approx(10.0)
    assert not writes[60:120].any()
    assert writes[120:] == pytest.approx((1200 + 30 * 2) / 60)
    assert demand.of(Side(Resource("orders", "ByUser"), "write"))[:60] == pytest.approx(5.0)
