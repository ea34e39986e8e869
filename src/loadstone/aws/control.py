"""Single changes to one table, each waited for, each error translated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from loadstone.aws.faults import code_of, is_unsupported, translated
from loadstone.aws.live import LiveTable, describe, read_live
from loadstone.aws.request import tag_list
from loadstone.aws.session import dynamodb
from loadstone.aws.waiting import until
from loadstone.client.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Control:
    """DynamoDB's control plane at one target."""

    def __init__(self, target: Target, *, say: Callable[[str], None]) -> None:
        self.target = target
        self._say = say
        with self._translating("connecting"):
            self._client: DynamoDBClient = dynamodb(target)

    def read(self, name: str) -> LiveTable | None:
        """A table with every setting; None when there is none."""
        with self._translating(f"describing table {name}"):
            return read_live(self._client, name)

    def create(self, request: Mapping[str, Any]) -> bool:
        """Whether the table was created; False when somebody else was faster."""
        name = request["TableName"]
        with self._translating(f"creating table {name}"):
            return self._unless("ResourceInUseException", self._client.create_table, **request)

    def delete(self, name: str) -> None:
        with self._translating(f"deleting table {name}"):
            self._unless("ResourceNotFoundException", self._client.delete_table, TableName=name)

    def update(self, name: str, **change: Any) -> bool:
        """One change of UpdateTable; a table takes the next one when this is through."""
        with self._translating(f"changing {', '.join(change)} of table {name}"):
            made = self._tried(lambda: self._client.update_table(TableName=name, **change))
        self.await_active(name)
        return made

    def set_ttl(self, name: str, attribute: str) -> bool:
        specification: Any = {"Enabled": True, "AttributeName": attribute}
        with self._translating(f"setting TTL of table {name}"):
            return self._tried(
                lambda: self._client.update_time_to_live(
                    TableName=name, TimeToLiveSpecification=specification
                )
            )

    def set_recovery(self, name: str, days: int) -> bool:
        """A table that is new refuses for a moment, while its backups are being made ready."""
        with self._translating(f"setting point-in-time recovery of table {name}"):
            return self._tried(
                lambda: until(
                    lambda: self._unless(
                        "ContinuousBackupsUnavailableException",
                        self._client.update_continuous_backups,
                        TableName=name,
                        PointInTimeRecoverySpecification={
                            "PointInTimeRecoveryEnabled": True,
                            "RecoveryPeriodInDays": days,
                        },
                    ),
                    what=f"point-in-time recovery of {name} can be set",
                    say=self._say,
                )
            )

    def tag(self, live: LiveTable, tags: Mapping[str, str]) -> bool:
        with self._translating(f"tagging table {live.name}"):
            return self._tried(
                lambda: self._client.tag_resource(ResourceArn=live.arn, Tags=tag_list(tags))
            )

    def untag(self, live: LiveTable, names: Sequence[str]) -> bool:
        with self._translating(f"untagging table {live.name}"):
            return self._tried(
                lambda: self._client.untag_resource(ResourceArn=live.arn, TagKeys=list(names))
            )

    def await_active(self, name: str) -> None:
        """Until the table and its indexes take changes."""

        def active() -> bool:
            found = self._described(name)
            return (
                found is not None
                and found.get("TableStatus") == "ACTIVE"
                and all(
                    index.get("IndexStatus", "ACTIVE") == "ACTIVE"
                    for index in found.get("GlobalSecondaryIndexes", ())
                )
            )

        until(active, what=f"table {name} is active", say=self._say)

    def await_gone(self, name: str) -> None:
        until(lambda: self._described(name) is None, what=f"table {name} is gone", say=self._say)

    def _described(self, name: str) -> Mapping[str, Any] | None:
        with self._translating(f"describing table {name}"):
            return describe(self._client, name)

    def _tried(self, change: Callable[[], object]) -> bool:
        """Whether the change was made; what an engine lacks stays undone, and `verify` says so."""
        from botocore.exceptions import ClientError

        try:
            change()
        except ClientError as error:
            if is_unsupported(error):
                return False
            raise
        return True

    def _unless(self, code: str, call: Callable[..., object], **arguments: Any) -> bool:
        """Whether the call went well; False when it was refused with this code."""
        from botocore.exceptions import ClientError

        try:
            call(**arguments)
        except ClientError as error:
            if code_of(error) == code:
                return False
            raise
        return True

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            yield
        except (BotoCoreError, ClientError, HTTPClientError) as error:
            raise translated(error, self.target, doing) from error
