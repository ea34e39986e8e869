"""Batches of which a part is throttled: what is sent of them, and how their answers are completed.

"BatchWriteItem" and "BatchGetItem" in the API reference: what could not be done comes back as
UnprocessedItems or UnprocessedKeys, in the shape of a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loadstone.capacity.admission import Throttled
from loadstone.gate.needs import batch_keys, batch_requests
from loadstone.gate.passage import Completes
from loadstone.gate.refusals import statement_error

Verdicts = Sequence[Throttled | None]


def split(
    operation: str, request: Mapping[str, Any], verdicts: Verdicts
) -> tuple[dict[str, Any], Completes]:
    """The request without what was refused, and what puts that back into the answer."""
    match operation:
        case "BatchWriteItem":
            return _split_writes(request, verdicts)
        case "BatchGetItem":
            return _split_reads(request, verdicts)
        case _:
            return _split_statements(request, verdicts)


def _split_writes(
    request: Mapping[str, Any], verdicts: Verdicts
) -> tuple[dict[str, Any], Completes]:
    sent: dict[str, list[Any]] = {}
    refused: dict[str, list[Any]] = {}
    for (table, one), verdict in zip(batch_requests(request), verdicts, strict=True):
        (sent if verdict is None else refused).setdefault(table, []).append(one)

    def complete(answer: dict[str, Any]) -> None:
        undone = answer.setdefault("UnprocessedItems", {})
        for table, requests in refused.items():
            undone.setdefault(table, []).extend(requests)

    return {**request, "RequestItems": sent}, complete


def _split_reads(
    request: Mapping[str, Any], verdicts: Verdicts
) -> tuple[dict[str, Any], Completes]:
    sent: dict[str, list[Any]] = {}
    refused: dict[str, list[Any]] = {}
    for (asked, key), verdict in zip(batch_keys(request), verdicts, strict=True):
        (sent if verdict is None else refused).setdefault(asked["TableName"], []).append(key)
    tables = request["RequestItems"]

    def complete(answer: dict[str, Any]) -> None:
        undone = answer.setdefault("UnprocessedKeys", {})
        for table, keys in refused.items():
            undone.setdefault(table, {**tables[table], "Keys": []})["Keys"].extend(keys)
            # DynamoDB answers for every table that was asked.
            answer.setdefault("Responses", {}).setdefault(table, [])

    items = {table: {**tables[table], "Keys": keys} for table, keys in sent.items()}
    return {**request, "RequestItems": items}, complete


def _split_statements(
    request: Mapping[str, Any], verdicts: Verdicts
) -> tuple[dict[str, Any], Completes]:
    statements = request["Statements"]
    sent = [one for one, verdict in zip(statements, verdicts, strict=True) if verdict is None]

    def complete(answer: dict[str, Any]) -> None:
        done = iter(answer.get("Responses", ()))
        answer["Responses"] = [
            next(done, {}) if verdict is None else statement_error(verdict) for verdict in verdicts
        ]

    return {**request, "Statements": sent}, complete
