"""Which partition keys a run asked for: counted, written, read again, and used."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import orjson
import pytest

from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import Side
from loadstone.client.answer import Answer, Attempt, Units
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.gate.needs import hashed
from loadstone.pattern import PutItem
from loadstone.run import Ending, Run, RunWriter, finish
from loadstone.run.demand import demand_of_run, profiles_of_run
from loadstone.run.heat import KEPT, WRITTEN, KeyCounter, heat_of
from loadstone.scenario.player import Player
from loadstone.scenario.settings import Settings
from loadstone.system import load_system, system_names
from tests import shop
from tests.loaded import Heard, Loaded, loaded
from tests.synthetic import START_MS, START_NS, call, finished, header, known_seconds
from tests.systems import AS_OF

QUERIES = Side(Resource("cmz-conversations", "SessionIndex"), "read")
WRITES = Side(Resource("cmz-conversations"), "write")
INDEX_WRITES = Side(Resource("cmz-conversations", "SessionIndex"), "write")


def line(counter: KeyCounter, worker: int = 0) -> dict[str, Any]:
    return {"kind": "heat", "worker": worker, **counter.to_json()}


def test_few_keys_are_counted_exactly() -> None:
    """Every call of every key, over many seconds."""
    drawn = random.Random(1)
    counter, truth = KeyCounter(), Counter[str]()
    for _ in range(50):
        for _ in range(100):
            key = f"user-{int(drawn.paretovariate(0.8)) % 200}"
            counter.count("inbox", "mail", key)
            truth[key] += 1
        counter.fold()
    (heat,) = heat_of([line(counter)])
    assert heat.calls == 5000
    assert len(heat.hottest) == WRITTEN
    assert [key.calls for key in heat.hottest] == [n for _, n in truth.most_common(WRITTEN)]
    assert all(truth[key.key] == key.calls for key in heat.hottest)


def test_hot_keys_among_very_many_are_found() -> None:
    """What is kept in mind is bounded; a key with 1 % of the calls loses next to nothing."""
    counter = KeyCounter()
    for second in range(20):
        for number in range(5000):
            counter.count("inbox", "mail", f"user-{second * 5000 + number}")
        for _ in range(50):
            counter.count("inbox", "mail", "celebrity")
        counter.fold()
    (heat,) = heat_of([line(counter)])
    assert heat.calls == 20 * 5050
    assert heat.hottest[0].key == "celebrity"
    assert heat.hottest[0].calls == 1000
    assert sum(len(kept) for kept in counter._kept.values()) <= 2 * KEPT


def test_keys_that_are_asked_for_once_are_counted_alone() -> None:
    """A call for a key that nobody else asks for counts as one, and takes no hot key's place."""
    counter = KeyCounter()
    for _ in range(3):
        for _ in range(50):
            counter.count_own("open", "mail")
        counter.count("open", "mail", "user-1")
        counter.fold()
    (heat,) = heat_of([line(counter)])
    assert heat.calls == 153
    assert [(key.key, key.calls) for key in heat.hottest] == [("user-1", 3)]


def test_the_last_lines_of_all_processes_add_up() -> None:
    """Each line holds everything since the start, so earlier ones of a process are not added."""
    first, second = KeyCounter(), KeyCounter()
    lines = []
    for _ in range(3):
        first.count("inbox", "mail", "ada")
        first.fold()
        lines.append(line(first))
    second.count("inbox", "mail", "ada")
    second.fold()
    (heat,) = heat_of([*lines, line(second, worker=1)])
    assert (heat.calls, heat.hottest[0].calls) == (4, 4)


def test_a_key_lies_where_the_gate_has_it() -> None:
    """Numbers and texts of the same letters are different keys, hashed as the gate hashes them."""
    counter = KeyCounter()
    for key in ("7", 7):
        counter.count("inbox", "mail", key)
    counter.fold()
    (heat,) = heat_of([line(counter)])
    assert {key.hash for key in heat.hottest} == {hashed({"S": "7"}), hashed({"N": "7"})}


def test_a_scan_has_no_key() -> None:
    """What asks for no partition is not counted."""
    counter = KeyCounter()
    counter.count("export", "mail", None)
    counter.fold()
    assert heat_of([line(counter)]) == ()


def test_a_record_keeps_its_heat(tmp_path: Path) -> None:
    """Written beside the seconds, folded into one file, and read again."""
    counter = KeyCounter()
    writer = RunWriter.start(tmp_path, header(), now_ns=START_NS, unix_ms=START_MS)
    for second in range(1, 11):
        counter.count("session-messages", "cmz-conversations", f"s-{second % 2}")
        counter.fold()
        writer.tick(START_NS + second * 10**9)
    writer.note("heat", counter.to_json(), START_NS)
    writer.close(Ending("completed"), START_NS + 10**10)
    before = Run.load(tmp_path).heat
    finish(tmp_path, Ending("completed"), unix_ms=START_MS)
    assert Run.load(tmp_path).heat == before
    assert [(key.key, key.calls) for key in before[0].hottest] == [("s-1", 5), ("s-0", 5)]


def test_a_timeline_has_the_units_of_its_run(tmp_path: Path) -> None:
    """Each second's units, the index's beside the table's, times the factor."""
    run = Run.load(finished(tmp_path, known_seconds()))
    demand = demand_of_run(run, factor=3.0)
    assert demand.seconds == 10
    assert demand.start_unix_s == START_MS // 1000
    assert demand.of(QUERIES) == pytest.approx(3 * 50)
    # 41 writes of a unit, and none of what failed: its units were consumed by nobody.
    assert demand.of(WRITES) == pytest.approx(3 * 41)
    assert demand.of(INDEX_WRITES) == pytest.approx(3 * 41)
    assert any("throttled itself, 20 times" in note for note in demand.notes)


def test_a_call_that_was_throttled_to_the_end_counts_with_its_units(tmp_path: Path) -> None:
    """It consumed nothing, and asked for what others of its pattern consumed."""
    units = (Units("cmz-conversations", None, 0.0, 4.0),)
    lost = call(
        "write-message",
        code="ThrottlingException",
        units=(),
        outcome="failed",
        problem="ThrottlingException",
    )
    seconds = [[call("write-message", units=units)] * 3 + [lost]] * 5
    demand = demand_of_run(Run.load(finished(tmp_path, seconds)))
    assert demand.of(WRITES) == pytest.approx(16.0)


def test_profiles_are_the_measured_rates(tmp_path: Path) -> None:
    """Without the warm-up: calls a second, and units of a call; the one whose condition failed
    wrote its unit on the table, and none on the index."""
    run = Run.load(finished(tmp_path, known_seconds(), warm_up_s=2.0))
    queries, writes = sorted(profiles_of_run(run), key=lambda each: each.name)
    assert (queries.per_s, queries.units) == (100.0, {QUERIES: 0.5})
    assert writes.per_s == 43.0
    assert writes.units[WRITES] == pytest.approx(42 / 43)
    assert writes.units[INDEX_WRITES] == pytest.approx(41 / 43)


@pytest.fixture(scope="module")
def shops(target: Target) -> Iterator[Loaded]:
    with loaded(shop.shop_dataset(), target) as found:
        yield found


def test_a_played_pattern_is_counted_by_the_keys_that_it_sent(shops: Loaded) -> None:
    """For every pattern: what the requests say, read by other code, is what was counted."""
    seen = 0
    for pattern in shop.PATTERNS.values():
        if pattern.needs:
            continue
        heard = Heard(shops.client)
        player = shops.player(heard)
        for _ in range(5):
            list(player.play(pattern, perf_counter_ns()))
        player.keys.fold()
        sent = Counter(
            key for operation, body in heard.sent for key in keys_sent(operation, body, shops)
        )
        counted = Counter[tuple[str, bytes]]()
        for _, table, _, hottest in player.keys.to_json()["heat"]:
            counted.update({(table, orjson.dumps(key)): calls for key, calls in hottest})
        assert counted == sent, pattern.id
        seen += len(sent)
    assert seen > 50


class Yes:
    """A client that takes whatever it is given."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, operation: str, body: bytes, /) -> Answer:
        self.sent.append(orjson.loads(body))
        return Answer(operation, (Attempt(0, 1, 200, None),), body=b"{}")


def test_new_items_are_counted_where_others_can_be_asked_for() -> None:
    """A new item's partition is counted by its key unless it is the item's alone; its key is kept
    in mind unless no other item can have it."""
    found = set()
    for system in map(load_system, system_names()):
        dataset = Dataset(system, scale=2000, as_of=AS_OF)
        tables = {table.name: table.name for table in system.tables}
        for pattern in system.patterns.values():
            put = pattern.operation
            if not isinstance(put, PutItem) or put.new is pattern.of or pattern.needs:
                continue
            client = Yes()
            player = Player(dataset, tables, client, Settings(skew=2.0), random=random.Random(1))
            for _ in range(WRITTEN):
                list(player.play(pattern, perf_counter_ns()))
            player.keys.fold()
            ((_, _, calls, hottest),) = player.keys.to_json()["heat"]
            sent = Counter(
                orjson.dumps(each["Item"][put.table.partition_key]) for each in client.sent
            )
            assert calls == sent.total() == WRITTEN
            assert hottest == [] or {orjson.dumps(key): n for key, n in hottest} == sent
            assert hottest or set(sent.values()) == {1}, pattern.id
            kept = player._asking._making._recent._young
            found.add((bool(hottest), bool(kept)))
    assert found == {(True, True), (True, False), (False, False)}


def keys_sent(operation: str, body: dict[str, Any], there: Loaded) -> Iterator[tuple[str, bytes]]:
    """The partition keys of a request; those of a further page or of a repeated batch are none."""
    attributes = {
        there.tables[table.name]: table.partition_key for table in there.dataset.system.tables
    }

    def key(table: str, held: dict[str, Any]) -> tuple[str, bytes]:
        return table, orjson.dumps(held[attributes[table]])

    if "ExclusiveStartKey" in body:
        return
    match operation:
        case "Query":
            ((first, _),) = [
                each.split(" = ") for each in [body["KeyConditionExpression"].split(" AND ")[0]]
            ]
            assert first == "#0"
            yield body["TableName"], orjson.dumps(body["ExpressionAttributeValues"][":0"])
        case "GetItem" | "UpdateItem" | "DeleteItem":
            yield key(body["TableName"], body["Key"])
        case "PutItem":
            yield key(body["TableName"], body["Item"])
        case "BatchGetItem":
            for table, asked in body["RequestItems"].items():
                yield from (key(table, each) for each in asked["Keys"])
        case "BatchWriteItem":
            for table, requests in body["RequestItems"].items():
                for request in requests:
                    (one,) = request.values()
                    yield key(table, one.get("Item") or one["Key"])
        case "TransactGetItems" | "TransactWriteItems":
            for item in body["TransactItems"]:
                (one,) = item.values()
                yield key(one["TableName"], one.get("Item") or one["Key"])
