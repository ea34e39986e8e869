"""Tables, and what is in them: put into an engine that has none, and put right after a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import InvalidOperation
from functools import cached_property
from typing import Any, TypeVar

import orjson

from loadstone.aws.request import create_request
from loadstone.dataset import Dataset
from loadstone.table import Table
from loadstone.testing.calls import Calls, EngineRefused
from loadstone.testing.written import Request, Touched, touched

BATCH_ITEMS = 25  # BatchWriteItem takes 25 at most: API reference, BatchWriteItem
#: Of more items than this it is quicker to build everything anew.
MOST_RESTORED = 250

T = TypeVar("T")


class Scene:
    """A system's tables under their names, with a data set in them or none."""

    def __init__(
        self, tables: Sequence[Table], names: Mapping[str, str], dataset: Dataset | None = None
    ) -> None:
        self._tables, self._names, self._dataset = tables, names, dataset
        self._keys = {names[table.name]: table.key for table in tables}
        self.streamed = frozenset(names[table.name] for table in tables if table.stream)

    def build(self, calls: Calls) -> None:
        """Have the tables, those that are there already too, and the items."""
        for table in self._tables:
            _create(calls, table, self._names[table.name], stream=self._dataset is None)
        for batch in self._batches:
            _write(calls, batch)
        if self._dataset is not None:
            self._switch_streams_on(calls)

    def restore(self, calls: Calls, requests: Sequence[Request]) -> bool:
        """Put right what these requests may have changed; False where it is not known, or too much,
        or left behind in a stream."""
        try:
            changed = touched(requests, self._keys)
        except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
            return False
        tables = {each.table for each in changed.values()}
        if len(changed) > MOST_RESTORED or tables & self.streamed:
            return False
        for some in _in_batches(list(changed.items())):
            requested: dict[str, list[Any]] = {}
            for place, each in some:
                requested.setdefault(each.table, []).append(self._as_it_was(place, each))
            _write(calls, orjson.dumps({"RequestItems": requested}))
        return True

    def _as_it_was(self, place: tuple[str, str], each: Touched) -> dict[str, Any]:
        original = self._originals.get(place)
        if original is None:
            return {"DeleteRequest": {"Key": each.key}}
        return {"PutRequest": {"Item": original}}

    @cached_property
    def _batches(self) -> list[bytes]:
        """The whole data set as requests of BatchWriteItem, made once."""
        return [
            b'{"RequestItems":{"%b":[%b]}}' % (table.encode(), b",".join(rows))
            for table, rows in self._rows()
        ]

    @cached_property
    def _originals(self) -> dict[tuple[str, str], Any]:
        """Every item by its place; looked for when a test has written."""
        found: dict[tuple[str, str], Any] = {}
        for batch in self._batches:
            for table, requests in orjson.loads(batch)["RequestItems"].items():
                for request in requests:
                    item = request["PutRequest"]["Item"]
                    key = {name: item[name] for name in self._keys[table]}
                    found[Touched(table, key).place] = item
        return found

    def _rows(self) -> Iterator[tuple[str, Sequence[bytes]]]:
        dataset = self._dataset
        for entity in dataset.system.stored if dataset else ():
            assert dataset is not None
            assert entity.table is not None
            count = dataset.count(entity)
            rows = dataset.rows(entity, 0, count, before='{"PutRequest":{"Item":', after="}}")
            for some in _in_batches(list(rows)):
                yield self._names[entity.table.name], some

    def _switch_streams_on(self, calls: Calls) -> None:
        """The engine is slow to load a table with its stream on, so that comes last."""
        for table in self._tables:
            name = self._names[table.name]
            if table.stream and not _described(calls, name).get("LatestStreamArn"):
                stream = {"StreamEnabled": True, "StreamViewType": table.stream}
                calls("UpdateTable", {"TableName": name, "StreamSpecification": stream})


def wipe(calls: Calls) -> None:
    """Drop every table, protected or not."""
    while names := calls("ListTables", {})["TableNames"]:
        for name in names:
            _drop(calls, name)


def _create(calls: Calls, table: Table, name: str, *, stream: bool) -> None:
    request = create_request(table, name, {})
    if not stream:
        request.pop("StreamSpecification", None)
    try:
        calls("CreateTable", request)
    except EngineRefused as refused:
        if refused.code != "ResourceInUseException":
            raise
        return
    if table.ttl:
        specification = {"Enabled": True, "AttributeName": table.ttl}
        calls("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": specification})


def _write(calls: Calls, batch: bytes) -> None:
    left = calls("BatchWriteItem", batch).get("UnprocessedItems")
    while left:
        again = orjson.dumps({"RequestItems": left})
        left = calls("BatchWriteItem", again).get("UnprocessedItems")


def _drop(calls: Calls, name: str) -> None:
    try:
        calls("DeleteTable", {"TableName": name})
    except EngineRefused as refused:
        if refused.code == "ResourceNotFoundException":
            return
        calls("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
        calls("DeleteTable", {"TableName": name})


def _in_batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), BATCH_ITEMS):
        yield values[start : start + BATCH_ITEMS]


def _described(calls: Calls, name: str) -> dict[str, Any]:
    found: dict[str, Any] = calls("DescribeTable", {"TableName": name})["Table"]
    return found
