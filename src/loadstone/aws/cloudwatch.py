"""What CloudWatch knows of tables: units, throttle events with their reasons, and latencies.

Sums are of minutes, and say nothing of the seconds in them; a minute without data point is a zero.
A table's own metrics leave out its global indexes, which are asked for one by one; those of local
indexes are in the table's. Data of one minute is kept for 15 days ("DynamoDB Metrics and
dimensions" in the AWS developer guide; GetMetricData in the CloudWatch API reference).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, NamedTuple

from loadstone.aws.faults import translated
from loadstone.aws.session import neighbour
from loadstone.client.target import Target
from loadstone.errors import BadValue

NAMESPACE = "AWS/DynamoDB"
MINUTE_S = 60
KEPT_DAYS = 15
MOST_QUERIES = 500
MOST_POINTS = 100_800

OPERATIONS = (
    *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
    *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
)
_CAUSES = ("ProvisionedThroughput", "AccountLimit", "KeyRangeThroughput", "MaxOnDemandThroughput")

Place = tuple[str, str | None]  # a table, and one of its global indexes
Direction = Literal["read", "write"]
DIRECTIONS: tuple[Direction, ...] = ("read", "write")


class Query(NamedTuple):
    """One metric of one place."""

    metric: str
    statistic: str
    place: Place
    operation: str = ""

    def as_json(self, name: str) -> dict[str, Any]:
        """As one of the MetricDataQueries of GetMetricData."""
        table, index = self.place
        dimensions = [{"Name": "TableName", "Value": table}]
        if index:
            dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": index})
        if self.operation:
            dimensions.append({"Name": "Operation", "Value": self.operation})
        metric = {"Namespace": NAMESPACE, "MetricName": self.metric, "Dimensions": dimensions}
        stat = {"Metric": metric, "Period": MINUTE_S, "Stat": self.statistic}
        return {"Id": name, "MetricStat": stat, "ReturnData": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Values by minute, the first at `start_unix_s`. Whatever had no data point is left out.

    `units` and `requests` are of consumed capacity, by place and direction; `throttles` count
    events, by place, direction and cause, and "" is all causes; `latency_ms` are mean and p99 of
    what went well, inside of DynamoDB, by table and operation.
    """

    start_unix_s: int
    minutes: int
    units: Mapping[tuple[Place, Direction], Sequence[float]]
    requests: Mapping[tuple[Place, Direction], Sequence[float]]
    throttles: Mapping[tuple[Place, Direction, str], Sequence[float]]
    failed_conditions: Mapping[str, Sequence[float]]
    latency_ms: Mapping[tuple[str, str, str], Sequence[float]]

    def total_units(self, place: Place, direction: Direction) -> float:
        return sum(self.units.get((place, direction), ()))

    def total_throttles(self, place: Place, direction: Direction) -> float:
        return sum(self.throttles.get((place, direction, ""), ()))

    def asked_units(self) -> dict[tuple[Place, Direction], list[float]]:
        """Units that were consumed, and those of throttled requests at what a request consumes on
        average: what was asked for, as well as sums can tell."""
        found: dict[tuple[Place, Direction], list[float]] = {}
        for (place, direction), units in self.units.items():
            requests = sum(self.requests.get((place, direction), ()))
            mean = sum(units) / requests if requests else 1.0
            events = self.throttles.get((place, direction, ""), [0.0] * self.minutes)
            found[place, direction] = [
                each + lost * mean for each, lost in zip(units, events, strict=True)
            ]
        return found


def read_metrics(
    target: Target,
    tables: Mapping[str, Sequence[str]],
    *,
    start_unix_s: float,
    end_unix_s: float,
    now_unix_s: float,
    client: Any = None,
) -> Measured:
    """The minutes from that of the start to that of the end; `tables` have the names of their
    global indexes. `client` is CloudWatch's, else one for the target."""
    start = int(start_unix_s) // MINUTE_S * MINUTE_S
    end = -(-int(end_unix_s) // MINUTE_S) * MINUTE_S
    if end <= start:
        raise BadValue("CloudWatch has whole minutes: ask for at least one")
    if now_unix_s - start > KEPT_DAYS * 86_400:
        raise BadValue(
            f"{_said(start)} is more than {KEPT_DAYS} days ago, and CloudWatch keeps figures of "
            "single minutes no longer: ask for a later start"
        )
    queries = list(_queries(tables))
    values = _asked(client, target, queries, start, end)
    return _measured(values, start, (end - start) // MINUTE_S)


def _queries(tables: Mapping[str, Sequence[str]]) -> Iterator[Query]:
    for table, indexes in tables.items():
        for index in (None, *indexes):
            for kind in ("Read", "Write"):
                consumed = f"Consumed{kind}CapacityUnits"
                yield Query(consumed, "Sum", (table, index))
                yield Query(consumed, "SampleCount", (table, index))
                for cause in ("", *_CAUSES):
                    yield Query(f"{kind}{cause}ThrottleEvents", "Sum", (table, index))
        yield Query("ConditionalCheckFailedRequests", "Sum", (table, None))
        for operation in OPERATIONS:
            for statistic in ("Average", "p99"):
                yield Query("SuccessfulRequestLatency", statistic, (table, None), operation)


def _asked(
    client: Any, target: Target, queries: Sequence[Query], start: int, end: int
) -> dict[Query, dict[int, float]]:
    """Values by the second that their minute begins at."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    at_once = max(1, min(MOST_QUERIES, MOST_POINTS // ((end - start) // MINUTE_S)))
    found: dict[Query, dict[int, float]] = defaultdict(dict)
    try:
        client = client or neighbour(target, "cloudwatch", patience="work")
        left = iter(queries)
        while batch := list(islice(left, at_once)):
            named = {f"q{at}": query for at, query in enumerate(batch)}
            for result in _pages(client, named, start, end):
                values = zip(result["Timestamps"], result["Values"], strict=True)
                found[named[result["Id"]]] |= {
                    int(stamp.timestamp()): float(value) for stamp, value in values
                }
    except (BotoCoreError, ClientError, HTTPClientError) as error:
        raise translated(error, target, "reading CloudWatch") from error
    return dict(found)


def _pages(
    client: Any, queries: Mapping[str, Query], start: int, end: int
) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {
        "MetricDataQueries": [query.as_json(name) for name, query in queries.items()],
        "StartTime": datetime.fromtimestamp(start, UTC),
        "EndTime": datetime.fromtimestamp(end, UTC),
        "ScanBy": "TimestampAscending",
    }
    while True:
        answer = client.get_metric_data(**request)
        yield from answer["MetricDataResults"]
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _measured(values: Mapping[Query, Mapping[int, float]], start: int, minutes: int) -> Measured:
    units: dict[tuple[Place, Direction], list[float]] = {}
    requests: dict[tuple[Place, Direction], list[float]] = {}
    throttles: dict[tuple[Place, Direction, str], list[float]] = {}
    conditions: dict[str, list[float]] = {}
    latency: dict[tuple[str, str, str], list[float]] = {}
    for query, points in values.items():
        row = [points.get(start + minute * MINUTE_S, 0.0) for minute in range(minutes)]
        direction: Direction = "read" if "Read" in query.metric else "write"
        if query.metric.startswith("Consumed"):
            where = units if query.statistic == "Sum" else requests
            where[query.place, direction] = row
        elif query.metric.endswith("ThrottleEvents"):
            cause = query.metric.removeprefix(direction.capitalize()).removesuffix("ThrottleEvents")
            throttles[query.place, direction, cause] = row
        elif query.operation:
            latency[query.place[0], query.operation, query.statistic] = row
        else:
            conditions[query.place[0]] = row
    return Measured(
        start_unix_s=start,
        minutes=minutes,
        units=units,
        requests=requests,
        throttles=throttles,
        failed_conditions=conditions,
        latency_ms=latency,
    )


def _said(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M} UTC"
