"""A request that was let through, in whole or in part, until its answer is accounted for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from loadstone.capacity.admission import Admission, Resource
from loadstone.capacity.limits import Direction
from loadstone.client.accounting import consumed, failure
from loadstone.client.answer import Units
from loadstone.gate.needs import Part, is_select
from loadstone.gate.schema import Schemas, name_of

WANTED = "ReturnConsumedCapacity"
_CONSUMED = "ConsumedCapacity"
#: Refused by a condition that was looked at, and that costs as much as what it refused.
_CHARGED_FAILURES = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})
_OK = 200


@dataclass(frozen=True, slots=True)
class Through:
    """What the gate has nothing to do with."""

    body: bytes

    def leave(self, status: int, body: bytes) -> bytes:
        return body


class Completes(Protocol):
    """Puts what was refused back into an answer."""

    def __call__(self, answer: dict[str, Any], /) -> None: ...


@dataclass(slots=True, kw_only=True)
class Passed:
    """What the model admitted. The answer says what it consumed in truth; the rest is settled.

    Units are asked for with every request, and taken out of answers to those who did not ask.
    `complete` puts back into the answer the parts that were refused.
    """

    operation: str
    request: dict[str, Any]
    parts: Sequence[Part]
    admission: Admission
    schemas: Schemas
    clock: Callable[[], float]
    as_sent: bytes | None = None  # as it came, where nothing is to be changed
    complete: Completes | None = None
    body: bytes = field(init=False)
    _wanted: str = field(init=False)

    def __post_init__(self) -> None:
        self._wanted = str(self.request.get(WANTED, "NONE"))
        if self.as_sent is not None and self._wanted == "INDEXES":
            self.body = self.as_sent
        else:
            self.body = orjson.dumps({**self.request, WANTED: "INDEXES"})

    def leave(self, status: int, body: bytes) -> bytes:
        if status != _OK:
            if failure(status, body, b"").code not in _CHARGED_FAILURES:
                self._settle(())
            return body
        # Another engine may not say what was consumed: then what was known before must do.
        if units := consumed(self._direction, body):
            self._settle(units)
        if self._wanted == "INDEXES" and self.complete is None:
            return body
        answer = orjson.loads(body)
        _trim(answer, self._wanted)
        if self.complete:
            self.complete(answer)
        return orjson.dumps(answer)

    @property
    def _direction(self) -> str:
        """An operation that `consumed` takes for a read where a PartiQL statement reads."""
        if not self.operation.startswith(("Execute", "BatchExecute")):
            return self.operation
        lines = self.request.get("TransactStatements") or self.request.get("Statements")
        statement = (lines or [self.request])[0]["Statement"]
        return "Query" if is_select(statement) else self.operation

    def _settle(self, units: Sequence[Units]) -> None:
        beyond: dict[tuple[Resource, Direction], float] = defaultdict(float)
        keys: dict[tuple[Resource, Direction], list[int | None]] = defaultdict(list)
        for part in self.parts:
            for need in part:
                beyond[need.resource, need.direction] -= need.units
                keys[need.resource, need.direction].append(need.key)
        for arm in units:
            resource = self._resource(arm)
            beyond[resource, "read"] += arm.read
            beyond[resource, "write"] += arm.write
        now_s = self.clock()
        for (resource, direction), more in beyond.items():
            self.admission.settle(resource, direction, more, keys[resource, direction], now_s)

    def _resource(self, arm: Units) -> Resource:
        """A local index lives off its table."""
        table = name_of(arm.table)
        schema = self.schemas(table)
        index = schema.indexes.get(arm.index) if schema and arm.index else None
        return Resource(table, None if index is None or index.local else index.name)


def _trim(answer: dict[str, Any], wanted: str) -> None:
    found = answer.get(_CONSUMED)
    if found is None or wanted == "INDEXES":
        return
    if wanted != "TOTAL":
        del answer[_CONSUMED]
        return
    each: list[Mapping[str, Any]] = found if isinstance(found, list) else [found]
    totals = [
        {name: value for name, value in capacity.items() if not isinstance(value, dict)}
        for capacity in each
    ]
    answer[_CONSUMED] = totals if isinstance(found, list) else totals[0]
