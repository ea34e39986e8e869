"""A run while it goes on: what processes tell, summed up, and the tables made of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from loadstone.capacity.prices import Prices, builtin_prices
from loadstone.client.answer import Answer, Attempt, Throttle, Units
from loadstone.run.board import EVERY_S, MOST_ROWS, Board
from loadstone.run.call import Call
from loadstone.run.live import SILENT_S, About, Live, Part
from loadstone.run.live_tables import TABLES, Table, as_csv, hit_rate
from loadstone.run.tally import Counts, Phases, SecondTally

HERE = About(region="us-east-1", kind="embedded")
TABLES_BY_KEY = {table.key: table for table in TABLES}


def call(
    pattern: str = "read",
    *,
    took_us: int = 1000,
    waited_us: int = 0,
    rows: int = 1,
    units: tuple[Units, ...] = (Units("t", None, 2.0, 0.0),),
    throttles: tuple[Throttle, ...] = (),
    outcome: str = "ok",
    warm_up: bool = False,
) -> Call:
    sent_ns = 1_000_000 + waited_us * 1000
    answered_ns = sent_ns + took_us * 1000
    answer = Answer("GetItem", (Attempt(sent_ns, answered_ns, 200, None, throttles),), units)
    problem = "wrong" if outcome == "failed" else None
    return Call(pattern, 1_000_000, answered_ns, answer, rows, 10, outcome, problem, warm_up)


def part(*calls: Call, span_s: float = 1.0, system: str = "shop", about: About = HERE) -> Part:
    second = SecondTally()
    for each in calls:
        second.add(each)
    return Part(system, about, span_s, second.fold())


def rows(live: Live, key: str, *, now_s: float = 0.0, prices: Prices | None = None) -> list[Any]:
    return list(TABLES_BY_KEY[key].rows(live, prices or builtin_prices(), now_s))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.key)
def test_a_page_says_that_a_table_is_empty(table: Table) -> None:
    """Where nothing was counted a page says so in the first column, and a download has no row."""
    found = list(table.rows(Live(), builtin_prices(), 0.0))
    assert found == []
    (shown,) = table.shown(found)
    assert shown == {table.columns[0].key: table.nothing}
    assert table.shown(found, "no worker") == [{table.columns[0].key: "no worker"}]
    assert as_csv(table, found).count("\n") == 1
    assert table.shown([{"total": 1}]) == [{"total": 1}]


def test_parts_survive_the_journey() -> None:
    """What a worker tells arrives as it was, through the JSON of a message."""
    about = About(region="eu-west-1", kind="aws", simulated=True, provisioned=("t",))
    throttled = (Throttle("Why", "arn"),)
    sent = part(call(throttles=throttled), call("warm", warm_up=True), span_s=2.5, about=about)
    came = Part.from_json(json.loads(json.dumps(sent.to_json())))
    assert (came.system, came.about, came.span_s) == (sent.system, about, 2.5)
    assert came.phases.measured.keys() == {"read"}
    assert came.phases.warm_up.keys() == {"warm"}
    assert came.phases.measured["read"].counts == sent.phases.measured["read"].counts
    assert came.to_json() == sent.to_json()


def test_processes_add_up() -> None:
    """Units of all processes are summed per table and index; rates are of each one's last while."""
    live = Live()
    index = Units("t", "by", 1.0, 0.0)
    write = Units("t", None, 0.0, 3.0)
    for at_s in range(1, 11):
        live.hear("one", part(call(units=(Units("t", None, 2.0, 0.0), index))), float(at_s))
    live.hear("two", part(call("write", units=(write,)), span_s=3.0), 9.0)
    live.hear("two", part(call("write", units=(write,) * 5), span_s=3.0), 10.0)
    assert rows(live, "capacity", now_s=10.0) == [
        {
            "table": "t",
            "index": "",
            "read_now": 2.0,
            "write_now": 3.0,
            "read_total": 20.0,
            "write_total": 18.0,
        },
        {
            "table": "t",
            "index": "by",
            "read_now": 1.0,
            "write_now": 0.0,
            "read_total": 10.0,
            "write_total": 0.0,
        },
        {
            "table": "total",
            "index": "",
            "read_now": 3.0,
            "write_now": 3.0,
            "read_total": 30.0,
            "write_total": 18.0,
        },
    ]


def test_now_is_not_the_beginning() -> None:
    """What a process did long ago is no part of its rate now; of one that is silent nothing is."""
    live = Live()
    live.hear("one", part(call(units=(Units("t", None, 1000.0, 0.0),))), 1.0)
    for at_s in range(2, 12):
        live.hear("one", part(call()), float(at_s))
    (row,) = rows(live, "capacity", now_s=11.0)
    assert (row["read_now"], row["read_total"]) == (2.0, 1020.0)
    (row,) = rows(live, "capacity", now_s=11.5 + SILENT_S)
    assert (row["read_now"], row["read_total"]) == (0.0, 1020.0)


def test_throttles_by_reason_and_resource() -> None:
    """Throttles are counted by reason and resource, the most frequent first, and say whose they
    are."""
    live = Live()
    some, more = Throttle("Some", "arn:a"), Throttle("More", "arn:b")
    simulated = About(region="us-east-1", kind="embedded", simulated=True)
    live.hear("", part(call(throttles=(some, more, more)), about=simulated), 1.0)
    assert rows(live, "throttles", now_s=1.0) == [
        {"reason": "More", "resource": "arn:b", "now": 2.0, "total": 2, "by": "simulated"},
        {"reason": "Some", "resource": "arn:a", "now": 1.0, "total": 1, "by": "simulated"},
    ]
    assert rows(Live(), "throttles") == []


def test_cost() -> None:
    """A table's cost so far is that of its units on demand, its hour that of going on as now; once
    all is silent, as the run did on the whole."""
    live = Live()
    million = Units("t", None, 1_000_000.0, 0.0)
    for at_s in range(1, 21):
        live.hear("", part(call(units=(million,))), float(at_s))
    price = float(builtin_prices().price("us-east-1", "read_request_million").usd)
    (row,) = rows(live, "cost", now_s=20.0)
    assert float(row["so_far"]) == pytest.approx(20 * price)
    assert float(row["per_hour"]) == pytest.approx(3600 * price)
    assert float(row["per_month"]) == pytest.approx(730 * 3600 * price)
    assert row["basis"] == "what it would cost on demand in us-east-1, list price"
    live.hear("", part(span_s=20.0), 40.0)
    (later,) = rows(live, "cost", now_s=100.0)
    assert float(later["per_hour"]) == pytest.approx(1800 * price)


def test_cost_of_what_is_paid_otherwise() -> None:
    """Units of a provisioned table cost nothing of their own, and where there is no price the row
    says what to do."""
    live = Live()
    about = About(region="us-east-1", kind="aws", provisioned=("t",))
    units = (Units("t", None, 1e6, 0.0), Units("other", None, 1e6, 0.0))
    live.hear("", part(call(units=units), about=about), 1.0)
    other, provisioned, total = rows(live, "cost", now_s=1.0)
    assert provisioned["so_far"] == "0.000000"
    assert provisioned["basis"] == "provisioned: paid by the hour, used or not"
    assert other["basis"] == "on demand in us-east-1, list price"
    assert total["so_far"] == other["so_far"] != "0.000000"
    (row,) = rows(live, "cost", now_s=1.0, prices=Prices([]))
    assert "--prices FILE" in row["basis"]


def test_patterns() -> None:
    """A pattern's corrected latency holds the wait that its service time leaves out; the warm-up is
    in neither; of several systems each pattern says whose it is."""
    live = Live()
    live.hear("", part(call(took_us=500, waited_us=9500, rows=0), call(warm_up=True)), 1.0)
    (row,) = rows(live, "patterns")
    assert (row["name"], row["calls"], row["rows"], row["hit_rate"]) == ("read", 1, 0, "0.0%")
    assert row["p50"] == row["p99"] == pytest.approx(10_000, rel=0.001)
    assert row["service_p99"] == pytest.approx(500, rel=0.001)
    live.hear("", part(call("list"), system="other"), 1.0)
    assert [row["name"] for row in rows(live, "patterns")] == ["other: list", "shop: read"]


def test_hit_rate() -> None:
    """The hit rate is of what could be found: what had expired does not count."""
    counts = Counts()
    for each in (call(), call(rows=0), call(rows=0, outcome="expired"), call(rows=5)):
        counts.add(each)
    assert hit_rate(counts) == "66.7%"
    assert hit_rate(Counts()) == ""


def test_csv() -> None:
    """A download has the columns of its tab, and a line for each row."""
    live = Live()
    live.hear("", part(call()), 1.0)
    for table in TABLES:
        found = rows(live, table.key, now_s=1.0)
        lines = list(csv.reader(io.StringIO(as_csv(table, found))))
        assert lines[0] == [column.title for column in table.columns]
        assert lines[1:] == [[str(row[c.key]) for c in table.columns] for row in found]


def board_of(patterns: Mapping[str, int]) -> list[str]:
    board = Board()
    board.begin(100.0)
    calls = [call(name) for name, count in patterns.items() for _ in range(count)]
    board.hear(part(*calls))
    return board.lines(100.0 + EVERY_S)


def test_the_board_is_compact() -> None:
    """The terminal's table comes every few seconds, the busiest pattern first, with what it did in
    that time alone, and no more rows than fit."""
    board = Board()
    board.begin(0.0)
    board.hear(part(call("b"), call("b"), call("a"), call(warm_up=True, outcome="failed")))
    assert board.lines(EVERY_S - 0.1) == []
    head, first, second, warm_up = board.lines(EVERY_S)
    assert head.split()[:5] == ["10", "s", "last", "10", "s"]
    assert first.split() == ["b", "0.2", "1.00", "1.00", "0.4", "0.0", "0", "0", "100.0%"]
    assert second.split()[:2] == ["a", "0.1"]
    assert warm_up.split()[:2] == ["(warm-up)", "0.1"]
    assert len({len(line) for line in (head, first, second, warm_up)}) == 1
    assert board.lines(EVERY_S * 2) == []
    many = board_of({f"pattern-{number:02}": 1 for number in range(MOST_ROWS + 4)})
    assert len(many) == MOST_ROWS + 2
    assert many[-1].split() == ["and", "4", "more"]


@pytest.mark.parametrize("wide", [120, 80, 60, 45])
def test_the_board_fits_its_terminal(wide: int) -> None:
    """No line is wider than the terminal; what is left out of a narrow one is what did not happen,
    and then what tells least, but never what failed."""
    board = Board()
    board.begin(0.0)
    name = "conversations-of-account"
    board.hear(part(call(name), call("read"), call("read", outcome="failed")))
    lines = board.lines(EVERY_S, wide)
    assert max(map(len, lines)) <= wide
    heads = lines[0].split()
    assert ("throttled" in heads) is (wide == 120)
    assert {"ops/s", "p99", "failed"} <= {*heads}
    assert ("found" in heads) is (wide >= 80)
    shown = lines[-1].split()[0]
    assert name.startswith(shown)
    assert len(shown) >= (24 if wide >= 80 else 18)


def test_patterns_of_one_name_are_told_apart_by_their_systems() -> None:
    """Of several systems a row says whose it is, and adds nobody else's."""
    board = Board()
    board.begin(0.0)
    board.hear(part(call("read"), call("read"), system="shop"))
    board.hear(part(call("read"), system="other"))
    _, first, second = board.lines(EVERY_S)
    assert [" ".join(line.split()[:3]) for line in (first, second)] == [
        "shop: read 0.2",
        "other: read 0.1",
    ]


def test_phases_are_not_shared() -> None:
    """What is told once is not changed by what comes later."""
    first = part(call())
    live = Live()
    live.hear("", first, 1.0)
    live.hear("", part(call()), 2.0)
    assert first.phases.measured["read"].counts.calls == 1
    assert Phases.empty() == Phases({}, {})
