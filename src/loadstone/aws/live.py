"""A table as it is: what DescribeTable and its neighbours say, and what they cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from loadstone.aws.faults import code_of, is_denied, is_unsupported
from loadstone.table import Throughput

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


class Unread(Enum):
    """Why a setting is not known."""

    UNSUPPORTED = "not supported by this engine"
    DENIED = "not allowed to ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveIndex:
    key: tuple[str, ...]
    projection: str
    include: frozenset[str]
    capacity: Throughput | None
    active: bool
    items: int = 0  # these two as DescribeTable knows them: up to six hours old
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTable:
    """A table's settings, in the words of `loadstone.table`."""

    name: str
    arn: str
    active: bool
    key: tuple[str, ...]
    key_types: Mapping[str, str]
    indexes: Mapping[str, LiveIndex]
    provisioned: bool
    capacity: Throughput | None
    stream: str | None
    kms_key: str | None  # its ARN; None for DynamoDB's own key
    deletion_protection: bool
    ttl: str | Unread | None
    pitr_days: int | Unread | None
    tags: Mapping[str, str] | Unread
    table_id: str = ""  # a table dropped and made again has another one
    items: int = 0  # as of an index
    size_bytes: int = 0

    def tag(self, key: str) -> str | Unread | None:
        return self.tags if isinstance(self.tags, Unread) else self.tags.get(key)


def describe(client: DynamoDBClient, name: str) -> Mapping[str, Any] | None:
    """DescribeTable; None when there is no such table."""
    from botocore.exceptions import ClientError

    try:
        return cast("Mapping[str, Any]", client.describe_table(TableName=name)["Table"])
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise


def read_live(client: DynamoDBClient, name: str) -> LiveTable | None:
    """Every setting of a table; None when there is no such table."""
    found = describe(client, name)
    if found is None:
        return None
    arn = str(found["TableArn"])
    return from_description(
        found,
        ttl=_asked(lambda: _ttl(client, name)),
        pitr_days=_asked(lambda: _pitr_days(client, name)),
        tags=_asked(lambda: _tags(client, arn)),
    )


def from_description(
    found: Mapping[str, Any],
    *,
    ttl: str | Unread | None,
    pitr_days: int | Unread | None,
    tags: Mapping[str, str] | Unread,
) -> LiveTable:
    """A table out of DescribeTable's answer."""
    stream = found.get("StreamSpecification", {})
    encryption = found.get("SSEDescription", {})
    encrypted = encryption.get("Status") in {"ENABLED", "ENABLING", "UPDATING"}
    capacity = _capacity(found)
    mode = found.get("BillingModeSummary", {}).get("BillingMode")
    return LiveTable(
        name=str(found["TableName"]),
        arn=str(found["TableArn"]),
        active=found.get("TableStatus") == "ACTIVE",
        key=_key(found["KeySchema"]),
        key_types={
            each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]
        },
        indexes={
            each["IndexName"]: LiveIndex(
                key=_key(each["KeySchema"]),
                projection=each.get("Projection", {}).get("ProjectionType", "ALL"),
                include=frozenset(each.get("Projection", {}).get("NonKeyAttributes", ())),
                capacity=_capacity(each),
                active=each.get("IndexStatus", "ACTIVE") == "ACTIVE",
                items=int(each.get("ItemCount", 0)),
                size_bytes=int(each.get("IndexSizeBytes", 0)),
            )
            for each in found.get("GlobalSecondaryIndexes", ())
        },
        # The summary is missing for a table that was never on-demand.
        provisioned=mode == "PROVISIONED" or (mode is None and capacity is not None),
        capacity=capacity,
        stream=stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
        kms_key=str(encryption.get("KMSMasterKeyArn", "")) if encrypted else None,
        deletion_protection=bool(found.get("DeletionProtectionEnabled")),
        ttl=ttl,
        pitr_days=pitr_days,
        tags=tags,
        table_id=str(found.get("TableId", "")),
        items=int(found.get("ItemCount", 0)),
        size_bytes=int(found.get("TableSizeBytes", 0)),
    )


def _asked(ask: Callable[[], T]) -> T | Unread:
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if is_unsupported(error):
            return Unread.UNSUPPORTED
        if is_denied(error):
            return Unread.DENIED
        raise


def _ttl(client: DynamoDBClient, name: str) -> str | None:
    found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    on = found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return found.get("AttributeName") if on else None


def _pitr_days(client: DynamoDBClient, name: str) -> int | None:
    found = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = found.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return None
    return int(recovery.get("RecoveryPeriodInDays", 35))


def _tags(client: DynamoDBClient, arn: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    token = ""
    while True:
        more = {"NextToken": token} if token else {}
        answer = client.list_tags_of_resource(ResourceArn=arn, **more)
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}
        token = answer.get("NextToken", "")
        if not token:
            return found


def _key(schema: list[Mapping[str, str]]) -> tuple[str, ...]:
    by_kind = {each["KeyType"]: each["AttributeName"] for each in schema}
    return tuple(by_kind[kind] for kind in ("HASH", "RANGE") if kind in by_kind)


def _capacity(found: Mapping[str, Any]) -> Throughput | None:
    units = found.get("ProvisionedThroughput", {})
    read, write = units.get("ReadCapacityUnits", 0), units.get("WriteCapacityUnits", 0)
    return Throughput(read_units=int(read), write_units=int(write)) if read and write else None
