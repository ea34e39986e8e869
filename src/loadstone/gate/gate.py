"""The gate: reads a request, asks the model, and answers or lets through; no sockets of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

import orjson

from loadstone.capacity.admission import Admission, Resource, Throttled
from loadstone.capacity.limits import DIRECTIONS, Limit
from loadstone.capacity.throttle_rules import AS_CREATED, Rules
from loadstone.client.http import HttpAnswer
from loadstone.gate import refusals
from loadstone.gate.batches import split
from loadstone.gate.needs import GATED, Part, parts_of
from loadstone.gate.passage import Completes, Passed, Through
from loadstone.gate.schema import Schemas

_ALL_OR_NOTHING = frozenset({"TransactGetItems", "TransactWriteItems", "ExecuteTransaction"})


class Gate:
    """Throttles as the rules say. `also_called` are more names of a table than its own."""

    def __init__(
        self,
        rules: Rules,
        schemas: Schemas,
        *,
        share: float = 1.0,
        also_called: Callable[[str], Iterable[str]] = lambda _: (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.rules = rules
        self._schemas, self._also_called, self._clock = schemas, also_called, clock
        self.admission = Admission(self._limit_of, share=share)

    def enter(self, operation: str, body: bytes) -> Through | Passed | HttpAnswer:
        """Admit a request, a part of it, or nothing."""
        if operation not in GATED:
            return Through(body)
        try:
            request = orjson.loads(body)
            parts = parts_of(operation, request, self._schemas)
        except (ValueError, TypeError, KeyError, AttributeError, AssertionError):
            # No request of DynamoDB's: whoever answers it says what is wrong with it.
            return Through(body)
        verdicts = self._admit(operation, parts)
        refused = [verdict for verdict in verdicts if verdict is not None]
        if not refused:
            return self._passed(operation, request, parts, as_sent=body)
        if operation in _ALL_OR_NOTHING:
            return _answer(refusals.cancellation(verdicts))
        if len(refused) < len(parts):
            rest, complete = split(operation, request, verdicts)
            admitted = [part for part, no in zip(parts, verdicts, strict=True) if no is None]
            return self._passed(operation, rest, admitted, complete=complete)
        if operation == "BatchExecuteStatement":
            return HttpAnswer(200, refusals.statement_errors(refused), None, True)
        return _answer(refusals.batch_refusal(refused, self._schemas))

    def prepare(self, tables: Iterable[str]) -> None:
        """Know these tables from now on, and fill their buckets."""
        for name in tables:
            schema = self._schemas(name)
            if schema is None:
                continue
            indexes = [index.name for index in schema.global_indexes]
            for index in (None, *indexes):
                for direction in DIRECTIONS:
                    self.admission.arm(Resource(schema.name, index), direction, self._clock())

    def forget(self, table: str) -> None:
        """A table was changed, dropped or made anew."""
        self._schemas.forget(table)
        self.admission.forget(table)

    def _admit(self, operation: str, parts: Sequence[Part]) -> list[Throttled | None]:
        now_s = self._clock()
        if operation not in _ALL_OR_NOTHING:
            return [self.admission.admit(part, now_s) for part in parts]
        verdicts: list[Throttled | None] = []
        admitted: list[Part] = []
        for part in parts:
            verdict = self.admission.admit(part, now_s)
            verdicts.append(verdict)
            if verdict is None:
                admitted.append(part)
        if len(admitted) < len(parts):
            for part in admitted:
                self.admission.undo(part, now_s)
        return verdicts

    def _passed(
        self,
        operation: str,
        request: dict[str, Any],
        parts: Sequence[Part],
        *,
        as_sent: bytes | None = None,
        complete: Completes | None = None,
    ) -> Passed:
        return Passed(
            operation=operation,
            request=request,
            parts=parts,
            admission=self.admission,
            schemas=self._schemas,
            clock=self._clock,
            as_sent=as_sent,
            complete=complete,
        )

    def _limit_of(self, resource: Resource) -> Limit | None:
        given = self.rules.given(
            (resource.table, *self._also_called(resource.table)), resource.index
        )
        if given != AS_CREATED:
            return given
        schema = self._schemas(resource.table)
        if schema is None:
            return None
        return schema.indexes[resource.index].created if resource.index else schema.created


def _answer(body: bytes) -> HttpAnswer:
    return HttpAnswer(refusals.BAD_REQUEST, body, None, True)
