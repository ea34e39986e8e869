"""ImportTable: files in S3 become a new table, without consuming capacity."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from loadstone.aws.faults import is_denied, is_unsupported, translated
from loadstone.aws.request import create_request
from loadstone.aws.session import dynamodb
from loadstone.client.target import Target
from loadstone.errors import LoadstoneError
from loadstone.table import Table

#: What TableCreationParameters has not (API reference of that name); it is set afterwards.
NOT_AT_IMPORT = ("Tags", "StreamSpecification", "DeletionProtectionEnabled")
UNDER_WAY = frozenset({"IN_PROGRESS", "CANCELLING"})
PAUSE_S = 10.0
SAY_EVERY_S = 60.0

_PACKED = {"zstd": "ZSTD", "gzip": "GZIP", "none": "NONE"}


class NoImport(LoadstoneError, NotImplementedError):
    """An engine without ImportTable."""


def import_request(
    table: Table,
    name: str,
    source: Mapping[str, str],
    compression: Literal["zstd", "gzip", "none"],
) -> dict[str, Any]:
    """The arguments of ImportTable; `source` is its S3BucketSource."""
    made = create_request(table, name, {})
    return {
        "S3BucketSource": dict(source),
        "InputFormat": "DYNAMODB_JSON",
        "InputCompressionType": _PACKED[compression],
        "TableCreationParameters": {
            key: value for key, value in made.items() if key not in NOT_AT_IMPORT
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What DescribeImport says of one import."""

    table: str
    arn: str
    status: str
    processed: int
    imported: int
    errors: int
    processed_bytes: int
    failure: str
    log_group: str

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY


class Imports:
    """The imports of one target."""

    def __init__(
        self,
        target: Target,
        *,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target, self._say, self._sleep = target, say, sleep
        with self._translating("connecting"):
            self._client: Any = dynamodb(target)

    def probe(self) -> None:
        """NoImport where the target does not know imports at all."""
        from botocore.exceptions import ClientError

        with self._translating("listing the imports"):
            try:
                self._client.list_imports(PageSize=1)
            except ClientError as error:
                if not is_denied(error):  # being denied takes somebody who knows the call
                    raise

    def start(self, request: Mapping[str, Any]) -> Imported:
        """Begin an import, or find the one that the same request began before."""
        name = request["TableCreationParameters"]["TableName"]
        with self._translating(f"importing table {name}"):
            return _imported(self._client.import_table(**request)["ImportTableDescription"])

    def earlier(self, table_arn: str, source: Mapping[str, str]) -> Imported | None:
        """The import that a table was made by, if it was of these files."""
        with self._translating("listing the imports"):
            listed = self._client.list_imports(TableArn=table_arn).get("ImportSummaryList", ())
            for each in listed:
                seen = each.get("S3BucketSource", {})
                if all(seen.get(key) == value for key, value in source.items()):
                    return self.read(each["ImportArn"])
        return None

    def read(self, arn: str) -> Imported:
        with self._translating("describing an import"):
            answer = self._client.describe_import(ImportArn=arn)
            return _imported(answer["ImportTableDescription"])

    def finished(self, begun: Imported) -> Imported:
        """Wait for the end of an import, however long that takes, and say how it goes."""
        seen, waited_s = begun, 0.0
        while seen.is_under_way:
            self._sleep(PAUSE_S)
            waited_s += PAUSE_S
            seen = self.read(begun.arn)
            if waited_s % SAY_EVERY_S < PAUSE_S:
                self._say(
                    f"{seen.table}: {seen.status}, {seen.imported:,} items imported, "
                    f"{seen.errors:,} errors"
                )
        return seen

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            yield
        except (BotoCoreError, ClientError, HTTPClientError) as error:
            if is_unsupported(error):
                raise NoImport(f"{self._target} has no ImportTable") from error
            raise translated(error, self._target, doing) from error


def _imported(found: Mapping[str, Any]) -> Imported:
    said = (found.get("FailureCode"), found.get("FailureMessage"))
    return Imported(
        table=found.get("TableCreationParameters", {}).get("TableName", ""),
        arn=str(found.get("ImportArn", "")),
        status=str(found.get("ImportStatus", "")),
        processed=int(found.get("ProcessedItemCount", 0)),
        imported=int(found.get("ImportedItemCount", 0)),
        errors=int(found.get("ErrorCount", 0)),
        processed_bytes=int(found.get("ProcessedSizeBytes", 0)),
        failure=": ".join(str(each) for each in said if each),
        log_group=str(found.get("CloudWatchLogGroupArn", "")),
    )
