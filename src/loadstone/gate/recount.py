"""Read units counted by ourselves, from what an engine answered whose own are constants.

It stands where a gate does, and lets everything through: of a good answer it replaces the read
units, by the rules of `capacity.consumption`. Writes are left as the engine counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from loadstone.capacity import consumption
from loadstone.capacity.consumption import NOTHING, Consumption
from loadstone.capacity.layout import IndexLayout
from loadstone.client.gate import Gate, Passage
from loadstone.client.http import HttpAnswer
from loadstone.gate.passage import Through

#: What a record says of such units.
COUNTED_BY = (
    "Loadstone, for reads, from the items of the answers, since the engine's own are constants: at "
    "least so many where a part of each item was asked for, and its constants for counts without "
    "items; the engine, for writes"
)
_OK = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recount:
    """`gate`, where there is one, gets the units that are right."""

    gate: Gate | None = None

    def enter(self, operation: str, body: bytes) -> Passage | HttpAnswer:
        entered = self.gate.enter(operation, body) if self.gate else Through(body)
        if isinstance(entered, HttpAnswer) or operation not in _COUNTS:
            return entered
        return _Counted(operation, entered)


@dataclass(frozen=True, slots=True)
class _Counted:
    operation: str
    inner: Passage

    @property
    def body(self) -> bytes:
        return self.inner.body

    def leave(self, status: int, body: bytes) -> bytes:
        if status == _OK:
            body = recounted(self.operation, self.inner.body, body)
        return self.inner.leave(status, body)


def recounted(operation: str, request: bytes, answer: bytes) -> bytes:
    """The answer with our read units, where it was asked for units by index and they are known."""
    asked: Json = orjson.loads(request)
    if asked.get("ReturnConsumedCapacity") != "INDEXES":
        return answer
    said: Json = orjson.loads(answer)
    found = _COUNTS[operation](asked, said)
    if found is None:
        return answer
    arms = [_as_json(table, units) for table, units in found.items()]
    many = operation in {"BatchGetItem", "TransactGetItems"}
    return orjson.dumps({**said, "ConsumedCapacity": arms if many else arms[0]})


Counted = Mapping[str, Consumption]


def _one(asked: Json, said: Json) -> Counted:
    return {asked["TableName"]: consumption.get(said.get("Item"), _consistency(asked))}


def _search(asked: Json, said: Json) -> Counted | None:
    """What the filter took out is taken to be as large as what it left."""
    items, scanned = said.get("Items"), said.get("ScannedCount", 0)
    if items is None or (scanned and not items):
        return None
    whole, more = divmod(scanned, len(items)) if items else (0, 0)
    index = asked.get("IndexName")
    found = consumption.search(
        [*(items * whole), *items[:more]],
        index=IndexLayout(name=index, key=()) if index else None,
        consistency=_consistency(asked),
    )
    return {asked["TableName"]: found}


def _batch(asked: Json, said: Json) -> Counted:
    """A key without an item costs the least that a read costs."""
    found = {}
    for table, of_table in asked["RequestItems"].items():
        items = said.get("Responses", {}).get(table, [])
        undone = said.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        missing = len(of_table["Keys"]) - len(undone) - len(items)
        consistency = _consistency(of_table)
        found[table] = consumption.total(
            consumption.get(item, consistency) for item in [*items, *[None] * max(0, missing)]
        )
    return found


def _transaction(asked: Json, said: Json) -> Counted:
    found: dict[str, Consumption] = {}
    for part, answer in zip(asked["TransactItems"], said["Responses"], strict=True):
        table = part["Get"]["TableName"]
        units = consumption.get(answer.get("Item"), "transactional")
        found[table] = found.get(table, NOTHING) + units
    return found


_COUNTS: Mapping[str, Callable[[Json, Json], Counted | None]] = {
    "GetItem": _one,
    "Query": _search,
    "Scan": _search,
    "BatchGetItem": _batch,
    "TransactGetItems": _transaction,
}


def _consistency(asked: Json) -> Literal["strong", "eventual"]:
    return "strong" if asked.get("ConsistentRead") else "eventual"


def _as_json(table: str, units: Consumption) -> Json:
    found: Json = {"TableName": table, "CapacityUnits": units.total}
    found["Table"] = {"CapacityUnits": units.table}
    if units.indexes:
        found["GlobalSecondaryIndexes"] = {
            name: {"CapacityUnits": each} for name, each in units.indexes.items()
        }
    return found
