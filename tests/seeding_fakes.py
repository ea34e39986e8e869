"""A table in memory behind the client's interface, with faults by a script."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import orjson
from gevent.event import Event

from loadstone.client.answer import Answer, Attempt, Throttle, Units
from loadstone.client.target import Credentials, Target
from loadstone.dataset import Dataset
from loadstone.seeding.place import Place
from loadstone.seeding.progress import Progress, Silent
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.seed import seed

TARGET = Target(
    url="http://nowhere.invalid",
    region="us-west-2",
    kind="endpoint",
    credentials=lambda: Credentials("key", "secret"),
)

Request = dict[str, Any]
Key = tuple[str, ...]
#: Answers instead of the table, or lets it answer (None).
Fault = Callable[["FakeTable", str, Request], Answer | None]


def answer(
    operation: str,
    body: Any = None,
    *,
    code: str | None = None,
    status: int = 200,
    units: tuple[Units, ...] = (),
    throttles: tuple[Throttle, ...] = (),
    raw: bytes | None = None,
) -> Answer:
    attempt = Attempt(0, 1, status, code, throttles)
    content = orjson.dumps(body or {}) if raw is None else raw
    return Answer(operation, (attempt,), units, content, f"{code} it is" if code else None)


def well(table: FakeTable, operation: str, request: Request) -> None:
    return None


def failing(code: str, status: int) -> Fault:
    return lambda _table, operation, _request: answer(operation, code=code, status=status)


def lost(table: FakeTable, operation: str, request: Request) -> Answer:
    """The items are written, and nobody hears of it."""
    table.write(operation, request)
    return answer(operation, code="ConnectionClosed", status=0)


def garbage(table: FakeTable, operation: str, request: Request) -> Answer:
    return answer(operation, raw=b'{"UnprocessedItems":{"cm')


def unprocessed(share: int) -> Fault:
    """Every `share`-th item is left undone."""

    def some(table: FakeTable, operation: str, request: Request) -> Answer | None:
        if operation != "BatchWriteItem":
            return None
        ((name, requests),) = request["RequestItems"].items()
        undone = requests[::share]
        table.write(operation, {"RequestItems": {name: [r for r in requests if r not in undone]}})
        throttles = tuple(Throttle("UnprocessedItems", name) for _ in undone)
        return answer(operation, {"UnprocessedItems": {name: undone}}, throttles=throttles)

    return some


@dataclass
class FakeTable:
    """`refuses` says which items it never takes; `denied` which operations it does not allow."""

    place: Place
    faults: Iterable[Fault] = ()
    refuses: Callable[[Request], bool] = lambda item: False
    refusal: tuple[str, int] = ("ValidationException", 400)
    denied: frozenset[str] = frozenset()
    items: dict[Key, Request] = field(default_factory=dict)
    sent: list[tuple[str, Request]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._faults = iter(self.faults)

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        gevent.sleep(0)
        request: Request = orjson.loads(body)
        self.sent.append((operation, request))
        if operation in self.denied:
            return answer(operation, code="AccessDeniedException", status=400)
        if any(map(self.refuses, items_of(operation, request))):
            code, status = self.refusal
            return answer(operation, code=code, status=status)
        fault = next(self._faults, well)
        return fault(self, operation, request) or self.write(operation, request)

    def write(self, operation: str, request: Request) -> Answer:
        items = items_of(operation, request)
        assert len(items) <= 25
        for item in items:
            self.items[self.key(item)] = item
        units = (Units(self.place.name, None, 0.0, float(len(items))),) if items else ()
        return answer(operation, {"UnprocessedItems": {}}, units=units)

    def key(self, item: Request) -> Key:
        return key_of(self.place, item)


def key_of(place: Place, item: Request) -> Key:
    return tuple(next(iter(item[name].values())) for name in place.table.key)


def items_of(operation: str, request: Request) -> list[Request]:
    if operation == "PutItem":
        return [request["Item"]]
    ((_, requests),) = request["RequestItems"].items()
    return [each["PutRequest"]["Item"] for each in requests]


class Heard(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


class NoTime:
    """Waits take no time, and the clock stands still but for them."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    def wait(self, event: Event, seconds: float | None) -> bool:
        if seconds is None:
            event.wait()
            return True
        gevent.sleep(0)
        self._now_s += seconds
        return bool(event.is_set())


def load(
    dataset: Dataset,
    table: FakeTable,
    folder: Path,
    *,
    in_flight: int = 4,
    progress: Progress | None = None,
    **more: Any,
) -> LedgerReport:
    """A seed whose waits take no time."""
    return seed(
        dataset,
        [table.place],
        TARGET,
        progress=progress,
        in_flight=in_flight,
        ledgers=folder,
        client=table,
        clock=NoTime(),
        **more,
    )
