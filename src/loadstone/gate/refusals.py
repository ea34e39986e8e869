"""A throttled request's answer, in DynamoDB's words: code by billing mode, reason by cause.

The texts are those of the API reference, and of "Error handling with DynamoDB".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from loadstone.capacity.admission import Throttled
from loadstone.gate.schema import Schemas

BAD_REQUEST = 400

_TYPE = "com.amazonaws.dynamodb.v20120810#"
_PROVISIONED_TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API."
)
_PROVISIONED_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the under-provisioned "
    "global secondary indexes with the UpdateTable API."
)
_ON_DEMAND_TABLE = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
    "scaling your table or index so please try again shortly. If exceptions persist, check if you "
    "have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "bp-partition-key-design.html."
)
_ON_DEMAND_INDEX = (
    "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is "
    "automatically scaling your index so please try again shortly."
)
_MAXIMUM = "Throughput exceeds the maximum OnDemandThroughput configured on table or index."


def refusal(throttled: Throttled, schemas: Schemas) -> bytes:
    """The error of a whole request."""
    reasons = [{"reason": throttled.reason, "resource": resource_arn(throttled, schemas)}]
    answer: dict[str, Any]
    if throttled.billing == "PROVISIONED":
        answer = {
            "__type": f"{_TYPE}ProvisionedThroughputExceededException",
            "message": _message(throttled),
            "ThrottlingReasons": reasons,
        }
    else:
        answer = {
            "__type": f"{_TYPE}ThrottlingException",
            "message": _message(throttled),
            "throttlingReasons": reasons,
        }
    return orjson.dumps(answer)


def batch_refusal(throttled: Sequence[Throttled], schemas: Schemas) -> bytes:
    """The error of a batch of which nothing was done: provisioned capacity comes first."""
    provisioned = [each for each in throttled if each.billing == "PROVISIONED"]
    return refusal((provisioned or throttled)[0], schemas)


def cancellation(parts: Sequence[Throttled | None]) -> bytes:
    """The error of a transaction, with a reason for each of its items."""
    reasons = [_reason(part) for part in parts]
    codes = ", ".join(reason["Code"] for reason in reasons)
    return orjson.dumps(
        {
            "__type": f"{_TYPE}TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific "
            f"reasons [{codes}]",
            "CancellationReasons": reasons,
        }
    )


def statement_errors(throttled: Sequence[Throttled]) -> bytes:
    """The answer to a BatchExecuteStatement of which nothing was done: an error for each."""
    return orjson.dumps({"Responses": list(map(statement_error, throttled))})


def statement_error(throttled: Throttled) -> dict[str, Any]:
    """The answer to one statement of a BatchExecuteStatement."""
    return {"Error": _reason(throttled), "TableName": throttled.need.resource.table}


def resource_arn(throttled: Throttled, schemas: Schemas) -> str:
    table, index = throttled.need.resource
    schema = schemas(table)
    if schema is None:
        return table
    return schema.indexes[index].arn if index else schema.arn


def _reason(throttled: Throttled | None) -> dict[str, str]:
    if throttled is None:
        return {"Code": "None"}
    provisioned = throttled.billing == "PROVISIONED"
    code = "ProvisionedThroughputExceeded" if provisioned else "ThrottlingError"
    return {"Code": code, "Message": _message(throttled)}


def _message(throttled: Throttled) -> str:
    if throttled.cause == "MaxOnDemandThroughputExceeded":
        return _MAXIMUM
    index = throttled.need.resource.index is not None
    if throttled.billing == "PROVISIONED":
        return _PROVISIONED_INDEX if index else _PROVISIONED_TABLE
    return _ON_DEMAND_INDEX if index else _ON_DEMAND_TABLE
