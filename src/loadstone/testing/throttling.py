"""Throttles that a test asks for: which requests are refused, and why, in DynamoDB's own words.

The gate of `--throttle` reads the requests and words the refusals. Only its judgement is another:
what is refused is what the test has said, and no capacity is counted.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, get_args

from loadstone.capacity.admission import Admission, Cause, Need, Resource, Throttled, cause_of_want
from loadstone.capacity.limits import DIRECTIONS, Billing, Direction
from loadstone.capacity.throttle_rules import Rules
from loadstone.errors import BadValue, UnknownName
from loadstone.gate.gate import Gate
from loadstone.gate.schema import Schemas
from loadstone.testing.at_hand import AtHand
from loadstone.testing.front import Front

#: "ThrottlingReason" in DynamoDB's API reference; the account's own limits are not played.
REASONS = tuple(
    f"{kind}{direction.capitalize()}{cause}"
    for kind, direction, cause in itertools.product(("Table", "Index"), DIRECTIONS, get_args(Cause))
)
_REASON = re.compile(r"(Table|Index)(Read|Write)(\w+)")

Describe = Callable[[str], Mapping[str, Any] | None]


class Throttling:
    """One thing that a test has asked for. As a `with` block it ends with the block.

    `refused` counts what it has refused: requests, and of a batch or a transaction its items.
    """

    def __init__(
        self, reason: str | None, times: int | None, tables: frozenset[str], index: str | None
    ) -> None:
        if reason is not None and reason not in REASONS:
            raise UnknownName.among("reason for a throttle", reason, REASONS)
        if times is not None and (type(times) is not int or times < 1):
            raise BadValue(f"times is 1 or more, or None for as long as it lasts; not {times!r}")
        found = _REASON.fullmatch(reason) if reason else None
        self._cause: str | None = found[3] if found else None
        self._direction: Direction = "read" if found and found[2] == "Read" else "write"
        self.of_index = index is not None or bool(found and found[1] == "Index")
        if index is not None and found and found[1] == "Table":
            raise BadValue(f"{reason} is a table's: leave out index={index!r}")
        self._times, self._tables, self._index = times, tables, index
        self._lock = threading.Lock()
        self.refused = 0

    def end(self) -> None:
        """Refuse no more."""
        self._times = 0

    def take(self, part: Iterable[Need], schemas: Schemas) -> Throttled | None:
        """Why a part of a request is refused, if it is."""
        for need in part:
            if self._means(need) and self._counted():
                billing = _billing(need.resource, schemas)
                cause = self._cause or cause_of_want(billing)
                return Throttled(need, cause, _billing_of(cause) or billing)  # type: ignore[arg-type]
        return None

    def _means(self, need: Need) -> bool:
        table, index = need.resource
        return (
            need.direction == self._direction
            and (index is not None) == self.of_index
            and (not self._tables or table in self._tables)
            and (self._index is None or index == self._index)
        )

    def _counted(self) -> bool:
        with self._lock:
            if self._times is not None and self.refused >= self._times:
                return False
            self.refused += 1
            return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


class Throttler:
    """What the `throttled` fixture gives: call it to have requests refused."""

    def __init__(self, front: Front, describe: Describe, at_hand: AtHand) -> None:
        self._front, self._describe, self._at_hand = front, describe, at_hand
        self._asked: list[Throttling] = []

    def __call__(
        self,
        reason: str | None = None,
        *,
        times: int | None = None,
        table: str | None = None,
        index: str | None = None,
    ) -> Throttling:
        """Have the next `times` writes refused, or all until the block or the test ends.

        `reason` is one of DynamoDB's: TableWriteProvisionedThroughputExceeded, or
        IndexReadKeyRangeThroughputExceeded for queries of an index. Left out, it is that of a table
        whose capacity is used up, as the table is billed. `table` and `index` narrow what is
        refused, and must be there. An item of a batch counts as one, and comes back as unprocessed.
        """
        tables = frozenset() if table is None else self._at_hand.tables(table)
        asked = Throttling(reason, times, tables, index)
        if asked.of_index:
            self._at_hand.check_index(index, tables)
        self._asked.append(asked)
        self._front.gate = self._gate
        return asked

    def close(self) -> None:
        """Refuse nothing any more."""
        self._front.gate = None

    def _gate(self) -> Gate:
        """Made anew for each request: tables come and go in a test."""
        schemas = Schemas(self._describe)
        gate = Gate(Rules(()), schemas)
        gate.admission = _Judgement(self._asked, schemas)
        return gate


class _Judgement(Admission):
    """Refuses what was asked for, and has no capacity to count."""

    def __init__(self, asked: Sequence[Throttling], schemas: Schemas) -> None:
        super().__init__(lambda _: None)
        self._asked, self._schemas = asked, schemas

    def admit(self, needs: Iterable[Need], now_s: float) -> Throttled | None:
        part = list(needs)
        verdicts = (each.take(part, self._schemas) for each in self._asked)
        return next(filter(None, verdicts), None)


def _billing(resource: Resource, schemas: Schemas) -> Billing:
    schema = schemas(resource.table)
    return schema.created.billing if schema else "PAY_PER_REQUEST"


def _billing_of(cause: str) -> Billing | None:
    """The mode in which a cause occurs, where that is one alone."""
    if cause == "ProvisionedThroughputExceeded":
        return "PROVISIONED"
    return "PAY_PER_REQUEST" if cause == "MaxOnDemandThroughputExceeded" else None
