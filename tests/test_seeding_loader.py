"""The loader against a table in memory that fails as a script says."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import gevent
import orjson
import pytest
from gevent.event import Event
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.client.accounting import THROTTLE_CODES
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from loadstone.seeding import loader
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.loader import FALLING_BACK
from loadstone.seeding.messages import Message
from loadstone.seeding.place import Place
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.seed import open_ledger, seed
from loadstone.seeding.sender import GLITCHES, SeedStopped
from loadstone.seeding.slices import SLICE_ITEMS
from loadstone.seeding.worker import Worker
from loadstone.system import load_system
from tests.seeding_fakes import (
    TARGET,
    FakeTable,
    Fault,
    Heard,
    Key,
    NoTime,
    Request,
    failing,
    garbage,
    items_of,
    key_of,
    load,
    lost,
    unprocessed,
    well,
)
from tests.seeding_time import ThrottlingTable, VirtualClock

SYSTEM = load_system("cmz")
DATASET = Dataset(SYSTEM, scale=1100, as_of=datetime(2026, 1, 1, tzinfo=UTC))
COUNT = DATASET.count("Message")
PLACE = Place(
    table=SYSTEM.tables[0], name="cmz-test", arn="arn:aws:dynamodb:::table/cmz-test", table_id="1"
)

WIRE = [
    (key_of(PLACE, wire), wire) for wire in map(orjson.loads, DATASET.rows("Message", 0, COUNT))
]
THROTTLES = [failing(code, 400) for code in sorted(THROTTLE_CODES)]
GLITCHING: list[Fault] = [
    failing("InternalServerError", 500),
    failing("ServiceUnavailable", 503),
    failing("HTTP429", 429),
    failing("HTTP502", 502),
    failing("ConnectionClosed", 0),
    failing("AnswerTimeout", 0),
    failing("CRC32Mismatch", 200),
    lost,
    garbage,
]
FAULTS: list[Fault] = [well, unprocessed(1), unprocessed(3), *THROTTLES, *GLITCHING]


def holds_everything(table: FakeTable, but: Sequence[int] = ()) -> bool:
    return table.items == {key: wire for n, (key, wire) in enumerate(WIRE) if n not in but}


def refusing(*numbers: int) -> Callable[[Request], bool]:
    """Items that a table never takes."""
    refused = {WIRE[number][0] for number in numbers}
    return lambda wire: key_of(PLACE, wire) in refused


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(FAULTS), max_size=60),
    st.integers(1, 6),
    st.sets(st.integers(0, COUNT - 1), max_size=3),
)
def test_nothing_is_lost(faults: list[Fault], in_flight: int, poison: set[int]) -> None:
    """For any script of faults, repeated calls end with a ledger that closes, every item in the
    table that is not refused, and every refused one in the dead-letter file."""
    table = FakeTable(PLACE, faults=faults, refuses=refusing(*poison))
    with tempfile.TemporaryDirectory() as name:
        report = None
        while report is None:
            try:
                report = load(DATASET, table, Path(name), in_flight=in_flight)
            except SeedStopped:
                continue  # the script was a long silence; the same command goes on
        assert holds_everything(table, but=sorted(poison))
        assert (report.asked, report.written, report.left) == (COUNT, COUNT - len(poison), 0)
        assert dead(report) == sorted(poison)


def dead(report: LedgerReport) -> list[int]:
    """The numbers in the dead-letter file."""
    (table,) = report.tables
    if table.dead_letters is None:
        return []
    lines = [orjson.loads(line) for line in table.dead_letters.read_bytes().splitlines()]
    assert all(line["item"] == WIRE[line["number"]][1] for line in lines)
    assert all(line["code"] == "ValidationException" and line["reason"] for line in lines)
    return sorted(line["number"] for line in lines)


@pytest.mark.parametrize("code", sorted(THROTTLE_CODES))
def test_throttles_are_waited_out(tmp_path: Path, code: str) -> None:
    """However often a table throttles, the load goes on, and says how often it was."""
    table = FakeTable(PLACE, faults=[failing(code, 400)] * 100)
    report = load(DATASET, table, tmp_path)
    assert holds_everything(table)
    assert report.failures == {}


def test_unprocessed_items_are_sent_again_alone(tmp_path: Path) -> None:
    """What a batch leaves undone is counted as throttled, and only that is sent again."""
    table = FakeTable(PLACE, faults=[unprocessed(5)])
    report = load(DATASET, table, tmp_path, in_flight=1)
    assert holds_everything(table)
    assert report.throttles == {"UnprocessedItems": 5}
    sizes = [len(request["RequestItems"][PLACE.name]) for _, request in table.sent]
    assert sizes[:2] == [25, 5]
    assert sum(sizes) == COUNT + 5


def test_units_are_those_of_the_answers(tmp_path: Path) -> None:
    """The ledger's units are what the table said that it consumed."""
    report = load(DATASET, FakeTable(PLACE), tmp_path)
    assert report.write_units == COUNT
    assert report.tables[0].write_units == {None: COUNT}


def test_one_poisoned_item_costs_only_itself(tmp_path: Path) -> None:
    """Of a batch with one bad item the other 24 are written, in few requests."""
    table = FakeTable(PLACE, refuses=refusing(30))
    report = load(DATASET, table, tmp_path)
    assert holds_everything(table, but=[30])
    assert report.rejected == 1
    assert len(table.sent) <= COUNT // 25 + 2 + 10


def test_an_item_that_breaks_the_server_is_rejected_in_the_end(tmp_path: Path) -> None:
    """A server that fails over one item, and works for others, does not stop the load."""
    table = FakeTable(PLACE, refuses=refusing(30), refusal=("InternalServerError", 500))
    report = load(DATASET, table, tmp_path)
    assert holds_everything(table, but=[30])
    assert report.tables[0].rejected == {"InternalServerError": 1}


def test_rejected_items_are_left_out_until_they_are_asked_for(tmp_path: Path) -> None:
    """Once a table takes what it had rejected, the next seed writes it when told to, and only that;
    until then it sends nothing and says so in its ledger."""
    load(DATASET, FakeTable(PLACE, refuses=refusing(3, 30, 700)), tmp_path)
    repaired = FakeTable(PLACE)
    report = load(DATASET, repaired, tmp_path)
    assert (report.written_now, report.rejected, repaired.sent) == (0, 3, [])
    report = load(DATASET, FakeTable(PLACE, refuses=refusing(30)), tmp_path, retry_rejected=True)
    assert (report.written_now, report.rejected) == (2, 1)
    report = load(DATASET, repaired, tmp_path, retry_rejected=True)
    assert (report.written_now, report.rejected, report.left) == (1, 0, 0)
    assert set(repaired.items) == {WIRE[30][0]}


def test_without_batch_write_items_are_put(tmp_path: Path) -> None:
    """Where BatchWriteItem is not allowed, PutItem does it, which is said once."""
    table = FakeTable(PLACE, denied=frozenset({"BatchWriteItem"}), refuses=refusing(3))
    heard = Heard()
    report = load(DATASET, table, tmp_path, progress=heard)
    assert holds_everything(table, but=[3])
    assert (report.written, report.rejected) == (COUNT - 1, 1)
    assert heard.said == [FALLING_BACK.format(single="PutItem")]


def test_without_any_write_it_stops(tmp_path: Path) -> None:
    """Where nothing is allowed, the load stops with the reason, and nothing is in the ledger."""
    table = FakeTable(PLACE, denied=frozenset({"BatchWriteItem", "PutItem"}))
    with pytest.raises(SeedStopped, match=r"PutItem failed for good \(AccessDenied"):
        load(DATASET, table, tmp_path)
    assert load(DATASET, FakeTable(PLACE), tmp_path).written_now == COUNT


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "UnrecognizedClientException"])
def test_what_cannot_go_well_stops_at_once(tmp_path: Path, code: str) -> None:
    """A missing table, or unknown credentials, are not tried again."""
    table = FakeTable(PLACE, faults=[failing(code, 400)] * 50)
    with pytest.raises(SeedStopped, match=code):
        load(DATASET, table, tmp_path, in_flight=3)
    assert len(table.sent) <= 3


def test_a_target_that_is_silent_stops_the_load(tmp_path: Path) -> None:
    """A target that answers nobody is tried a bounded number of times."""
    table = FakeTable(PLACE, faults=[failing("ConnectFailed", 0)] * 10_000)
    with pytest.raises(SeedStopped, match="the same command goes on"):
        load(DATASET, table, tmp_path, in_flight=2)
    assert len(table.sent) <= 2 * GLITCHES
    table = FakeTable(PLACE)
    load(DATASET, table, tmp_path)
    assert holds_everything(table)


def test_large_batches_are_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is larger than the limit."""
    limit = 2 * max(len(orjson.dumps(wire)) for _, wire in WIRE)
    monkeypatch.setattr(loader, "BATCH_BYTES", limit)
    table = FakeTable(PLACE)
    load(DATASET, table, tmp_path)
    assert holds_everything(table)
    assert all(len(orjson.dumps(request)) <= limit for _, request in table.sent)
    assert len(table.sent) > COUNT / 25


def test_a_second_call_writes_nothing(tmp_path: Path) -> None:
    """What the ledger has is not written again; the report is that of the whole."""
    table = FakeTable(PLACE)
    load(DATASET, table, tmp_path)
    table.sent.clear()
    report = load(DATASET, table, tmp_path)
    assert table.sent == []
    assert (report.written, report.written_now, report.tables[0].before) == (COUNT, 0, COUNT)


def test_stopped_it_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """Asked to stop, it sends no new batch; the ledger knows what is left, to the item, and the
    same command does exactly that."""
    stop = Event()

    def stopping(table: FakeTable, operation: str, request: Request) -> None:
        stop.set()

    table = FakeTable(PLACE, faults=[*[well] * 25, stopping])
    report = seed(DATASET, [PLACE], TARGET, in_flight=2, ledgers=tmp_path, client=table, stop=stop)
    assert len(table.sent) <= 30
    assert (report.written, report.unfinished) == (len(table.items), 0)
    assert 0 < report.left < COUNT
    assert load(DATASET, table, tmp_path).left == 0
    assert holds_everything(table)
    assert sum(len(items_of(*sent)) for sent in table.sent) == COUNT


def test_a_slow_slice_is_acknowledged_in_parts(tmp_path: Path) -> None:
    """What is done of slices that take long is in the ledger before they are: a kill costs what was
    written in the last second."""
    folder, before = tmp_path / "now", list[int]()
    clock = VirtualClock()
    table = ThrottlingTable(PLACE, clock, capacity=25)

    def look() -> None:
        clock.sleep(9.5)
        shutil.copytree(folder, tmp_path / "then")
        before.append(len(table.items))

    with clock.running():
        looking = gevent.spawn(look)
        seed(DATASET, [PLACE], TARGET, in_flight=1, ledgers=folder, client=table, clock=clock)
        looking.join()
    with open_ledger(DATASET, PLACE, tmp_path / "then") as ledger:
        assert 0 < before[0] - 50 <= ledger.written <= before[0] < SLICE_ITEMS


def test_stopped_it_waits_no_longer(tmp_path: Path) -> None:
    """A load that waits out a throttle ends when it is asked to."""
    stop = Event()
    table = FakeTable(PLACE, faults=[failing("ThrottlingException", 400)] * 10_000)
    gevent.spawn(stop.set)
    report = seed(DATASET, [PLACE], TARGET, ledgers=tmp_path, client=table, stop=stop)
    assert report.left == COUNT


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 44), st.integers(1, 6))
def test_killed_anywhere_it_goes_on(moment: int, in_flight: int) -> None:
    """From what is on the disk and in the table at any moment, the next call completes the load
    without sending again what the ledger has."""
    with tempfile.TemporaryDirectory() as name:
        folder, then = Path(name, "now"), Path(name, "then")
        items: dict[Key, Request] = {}

        def remember(table: FakeTable, operation: str, request: Request) -> None:
            shutil.copytree(folder, then)
            items.update(table.items)

        load(
            DATASET,
            FakeTable(PLACE, faults=[*[well] * moment, remember]),
            folder,
            in_flight=in_flight,
        )
        table = FakeTable(PLACE, items=items)
        report = load(DATASET, table, then)
        assert (report.written, report.left) == (COUNT, 0)
        assert report.written_now == COUNT - report.tables[0].before
        assert sum(len(items_of(*sent)) for sent in table.sent) == report.written_now
        assert holds_everything(table)


class Fainting:
    """One worker that is given up for lost when its first slice is done, and comes back."""

    def __init__(self, table: FakeTable) -> None:
        self.table, self.fainted, self.under_way = table, False, list[int]()

    def run(self, keeper: Keeper) -> None:
        def tell(message: Message) -> None:
            keeper.hear("worker", message)
            self.under_way.append(keeper.tally.done)
            if message["kind"] == "done" and not self.fainted:
                self.fainted = True
                keeper.lost("worker", "does not answer any more")
                gevent.spawn(keeper.found, "worker")

        shares = keeper.shares
        worker = Worker(DATASET, [PLACE], shares, self.table, tell, clock=NoTime())
        keeper.join("worker", worker.hear)
        worker.run(3)


@pytest.mark.parametrize("faults", [[], [unprocessed(3)] * 30])
def test_who_was_given_up_begins_anew(tmp_path: Path, faults: list[Fault]) -> None:
    """A worker that is thought to be lost drops what it has when it is found to be there: what is
    done is never more than what was asked for, and in the end it is all there."""
    table = FakeTable(PLACE, faults=faults)
    crew = Fainting(table)
    report = load(DATASET, table, tmp_path, crew=lambda job: crew)
    assert crew.fainted
    assert holds_everything(table)
    assert (report.written, report.left, report.unfinished) == (COUNT, 0, 0)
    assert max(crew.under_way) == COUNT


def test_in_flight_starts_at_one(tmp_path: Path) -> None:
    """Nothing in flight would write nothing."""
    with pytest.raises(BadValue, match="at least 1 batch"):
        load(DATASET, FakeTable(PLACE), tmp_path, in_flight=0)
