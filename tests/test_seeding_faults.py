"""Seeds through the real client to a server on a socket that fails as a script says."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.client.accounting import THROTTLE_CODES
from loadstone.client.client import Client
from loadstone.client.target import Credentials, Target
from loadstone.dataset import Dataset
from loadstone.seeding.place import Place
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.seed import seed
from loadstone.seeding.sender import SeedStopped
from loadstone.system import load_system
from tests.faultserver import (
    FaultServer,
    Request,
    Step,
    error,
    http,
    raw,
    reset_after,
    silence_after,
)
from tests.seeding_fakes import Heard, NoTime, items_of, key_of

SYSTEM = load_system("cmz")
DATASET = Dataset(SYSTEM, scale=700, as_of=datetime(2026, 1, 1, tzinfo=UTC))
COUNT = DATASET.count("Message")
PLACE = Place(table=SYSTEM.tables[0], name="cmz-test", arn="arn:cmz-test", table_id="1")
WIRE = {key_of(PLACE, wire): wire for wire in map(orjson.loads, DATASET.rows("Message", 0, COUNT))}

#: What a request gets, given the table that would serve it well.
Fault = Callable[["Table", Request], Step]


class Table:
    """What is written, whoever hears of it."""

    def __init__(self) -> None:
        self.items: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def write(self, request: Request, *, but: int = 0) -> dict[str, Any]:
        """The answer of a request that is served well; with `but`, each so-manieth is left out."""
        asked = json.loads(request.body)
        items = items_of(request.operation, asked)
        undone = items[::but] if but and request.operation == "BatchWriteItem" else []
        done = [item for item in items if item not in undone]
        with self._lock:
            self.items.update({key_of(PLACE, item): item for item in done})
        capacity = {"TableName": PLACE.name, "CapacityUnits": float(len(done))}
        if request.operation == "PutItem":
            return {"ConsumedCapacity": capacity}
        left = {PLACE.name: [{"PutRequest": {"Item": item}} for item in undone]} if undone else {}
        return {"UnprocessedItems": left, "ConsumedCapacity": [capacity]}

    def answer(self, request: Request, *, but: int = 0) -> bytes:
        return http(200, json.dumps(self.write(request, but=but)).encode())


def well(table: Table, request: Request) -> Step:
    return raw(table.answer(request))


def partly(table: Table, request: Request) -> Step:
    return raw(table.answer(request, but=3))


def not_at_all(table: Table, request: Request) -> Step:
    return raw(table.answer(request, but=1))


def reset(table: Table, request: Request) -> Step:
    return reset_after(b"")


def reset_in_the_middle(table: Table, request: Request) -> Step:
    answer = table.answer(request)
    return reset_after(answer[: len(answer) // 2])


def silent(table: Table, request: Request) -> Step:
    return silence_after()


def silent_in_the_middle(table: Table, request: Request) -> Step:
    return silence_after(table.answer(request)[:-3])


def slow(table: Table, request: Request) -> Step:
    answer = table.answer(request)

    def in_pieces(sock: socket.socket) -> bool:
        for start in range(0, len(answer), 50):
            sock.sendall(answer[start : start + 50])
        return True

    return in_pieces


def garbage(table: Table, request: Request) -> Step:
    return raw(http(200, b"<html>no table here</html>"))


def no_http(table: Table, request: Request) -> Step:
    return raw(b"\x00\xff no answer at all\r\n\r\n", stay=False)


def wrong_crc(table: Table, request: Request) -> Step:
    body = json.dumps(table.write(request)).encode()
    return raw(http(200, body, "x-amz-crc32: 12345"))


def failing(code: str, status: int) -> Fault:
    return lambda table, request: error(code, status=status)


#: Each may pass; when it does not, nothing can be done.
LASTING: dict[str, Fault] = {
    "reset": reset,
    "reset in the middle": reset_in_the_middle,
    "silent": silent,
    "silent in the middle": silent_in_the_middle,
    "garbage": garbage,
    "no HTTP": no_http,
    "wrong CRC": wrong_crc,
    "500": failing("InternalServerError", 500),
    "503": failing("ServiceUnavailable", 503),
}
SILENT: list[Fault] = [silent, silent_in_the_middle]
FAULTS: list[Fault] = [
    well,
    partly,
    not_at_all,
    slow,
    *LASTING.values(),
    *(failing(code, 400) for code in sorted(THROTTLE_CODES)),
]


class Scripted:
    """Faults in turn, then a table that serves well; some items it never takes."""

    def __init__(self, faults: Sequence[Fault], refused: frozenset[int] = frozenset()) -> None:
        self.table, self.faults = Table(), faults
        keys = list(WIRE)
        self._refused = {keys[number] for number in refused}

    def __call__(self, turn: int, request: Request) -> Step:
        items = items_of(request.operation, json.loads(request.body))
        if self._refused & {key_of(PLACE, item) for item in items}:
            return error("ValidationException", status=400)
        fault = self.faults[turn] if turn < len(self.faults) else well
        return fault(self.table, request)


@contextmanager
def serving(script: Scripted) -> Iterator[Target]:
    with FaultServer(reply=script) as server:
        yield Target(
            url=server.url,
            region="us-west-2",
            kind="endpoint",
            credentials=lambda: Credentials("key", "secret"),
        )
    assert server.problems == []


#: No answer of a server that gives one comes too late to be heard, however slow the machine.
PATIENT_S = 60.0
#: One that gives none is waited for so long. An item whose answers come later ten times in a row
#: counts as one that nobody takes: so no shorter, where items are counted.
IMPATIENT_S = 1.0


def load(
    target: Target, folder: Path, *, in_flight: int = 3, timeout_s: float = PATIENT_S, **more: Any
) -> LedgerReport:
    with Client(target, attempts=1, timeout_s=timeout_s) as client:
        return seed(
            DATASET,
            [PLACE],
            target,
            in_flight=in_flight,
            ledgers=folder,
            client=client,
            clock=NoTime(),
            **more,
        )


def scripts() -> st.SearchStrategy[list[Fault]]:
    """Of all faults, few of them silent: those take their time."""
    quick = st.lists(st.sampled_from([each for each in FAULTS if each not in SILENT]), max_size=37)
    rare = st.lists(st.sampled_from(SILENT), max_size=3)
    return st.tuples(quick, rare).flatmap(lambda both: st.permutations([*both[0], *both[1]]))


@settings(max_examples=15)
@given(
    scripts(),
    st.integers(1, 5),
    st.frozensets(st.integers(0, COUNT - 1), max_size=2),
)
def test_nothing_is_lost_on_the_wire(
    faults: list[Fault], in_flight: int, refused: frozenset[int]
) -> None:
    """For any script of faults the ledger closes, every item that is not refused is in the table as
    it should be, and every refused one in the dead-letter file."""
    script = Scripted(faults, refused)
    timeout_s = IMPATIENT_S if any(fault in SILENT for fault in faults) else PATIENT_S
    with tempfile.TemporaryDirectory() as name, serving(script) as target:
        report = None
        while report is None:
            try:
                report = load(target, Path(name), in_flight=in_flight, timeout_s=timeout_s)
            except SeedStopped:
                continue  # nobody answered for long: the same command goes on
        dead = report.tables[0].dead_letters
        lines = dead.read_bytes().splitlines() if dead else []
        assert sorted(orjson.loads(line)["number"] for line in lines) == sorted(refused)
    assert (report.asked, report.written, report.left) == (COUNT, COUNT - len(refused), 0)
    there = [each for n, each in enumerate(WIRE.items()) if n not in refused]
    assert script.table.items == dict(there)


@pytest.mark.parametrize("code", sorted(THROTTLE_CODES))
def test_throttles_have_no_limit(code: str, tmp_path: Path) -> None:
    """However often a server throttles, the load goes on."""
    script = Scripted([failing(code, 400)] * 200)
    with serving(script) as target:
        report = load(target, tmp_path, in_flight=2)
    assert report.left == 0
    assert sum(report.throttles.values()) == 200
    assert script.table.items == WIRE


@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_stops_the_load(fault: str, tmp_path: Path) -> None:
    """A server that does nothing else any more stops the load with the reason, and once it is well
    again the same command completes it."""
    script = Scripted([LASTING[fault]] * 200)
    with serving(script) as target:
        with pytest.raises(SeedStopped, match="the same command goes on"):
            load(target, tmp_path, in_flight=2, timeout_s=0.15)
        script.faults = ()
        report = load(target, tmp_path)
    assert report.left == 0
    assert script.table.items == WIRE


def test_without_batch_write_items_are_put(tmp_path: Path) -> None:
    """A server that allows no BatchWriteItem gets every item by PutItem, which is said once."""

    class NoBatches(Scripted):
        def __call__(self, turn: int, request: Request) -> Step:
            if request.operation == "BatchWriteItem":
                return error("AccessDeniedException", status=400)
            return super().__call__(turn, request)

    script, heard = NoBatches([partly] * 5), Heard()
    with serving(script) as target:
        report = load(target, tmp_path, progress=heard)
    assert script.table.items == WIRE
    assert report.written == COUNT
    assert len(heard.said) == 1
    assert "PutItem" in heard.said[0]
