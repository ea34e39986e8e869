"""Drafts from live tables: what is read of them, what that costs, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from loadstone.aws.control import Control
from loadstone.aws.live import LiveTable
from loadstone.aws.tables import Tables, wanted_tables
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.contract.contract import content_problems
from loadstone.drafting.live import Sample, described, given, sampled, sampling
from loadstone.system import load_system
from loadstone.table import Index, Table, Throughput
from loadstone.wire import encode
from tests.as_aws import environ_as_aws
from tests.commands import Ran, loadstone
from tests.drafted import customers, orders, shop_items
from tests.loaded import Heard

UNREAD = Sample(runs=[], whole=True)
TABLES = {"drafted-orders": orders, "drafted-customers": customers}


@pytest.fixture(scope="module")
def live(target: Target) -> Iterator[Target]:
    """Two tables with items, in the engine."""
    names = {table.name: name for name, table in TABLES.items()}
    Tables(target, say=lambda _: None).create(
        wanted_tables(tuple(TABLES.values()), names, system="drafted")
    )
    people, placed = shop_items()
    with Client(target) as client:
        for name, items in (("drafted-orders", placed), ("drafted-customers", people)):
            for item in items:
                body = orjson.dumps({"TableName": name, "Item": encode(item)})
                assert client.send("PutItem", body).ok
        yield target
        for name in TABLES:
            client.send("DeleteTable", orjson.dumps({"TableName": name}))


def new(folder: Path, target: Target, *arguments: str) -> Ran:
    return loadstone("new", "shop", *arguments, "--endpoint", target.url, cwd=folder)


def test_a_live_table_is_drafted(live: Target, tmp_path: Path) -> None:
    """Two tables and a sample of each become three files that keep the contract."""
    ran = new(tmp_path, live, *("--from-table", "drafted-orders"), "--from-table=drafted-customers")
    assert ran.code == 0, ran.err
    assert ran.out.split()[0] == "fixtures/shop.py"
    assert "drafted-customers: 150 items looked at" in ran.err
    assert "loadstone up shop --table-prefix mine-" in ran.err
    system = load_system("shop", tmp_path)
    assert system.entities["Order"].parent is system.entities["Customer"]
    assert [table.name for table in system.tables] == list(TABLES)
    found = [each for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert found == []
    assert "zarathustra" not in (tmp_path / "fixtures" / "shop.py").read_text().lower()


def test_the_first_run_is_of_ones_own_tables(live: Target, tmp_path: Path) -> None:
    """A draft of a live table says, on the terminal and in its file, that its tables have the names
    of those, and how to have others; run is told so as well, and writes nothing there."""
    ran = new(tmp_path, live, "--from-table", "drafted-customers")
    own = f"--table-prefix mine- --endpoint {live.url}"
    assert f"loadstone up shop {own}, loadstone run shop {own}" in ran.err
    assert "called as those that were read" in ran.err
    assert "`--table-prefix mine-`" in (tmp_path / "fixtures" / "shop.py").read_text()
    asked = ("--users", "1", "--duration", "1s", "--endpoint", live.url)
    refused = loadstone("run", "shop", *asked, cwd=tmp_path)
    assert refused.code == 2
    assert f"`loadstone up shop {own}` makes tables of your own" in refused.err


def test_on_aws_the_first_tables_are_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """What was read in an account is made anew without one."""
    from loadstone.cli.new import _tell_where

    _tell_where("shop", here=True)
    said = capsys.readouterr().err
    assert "on this machine: loadstone up shop --table-prefix mine-, loadstone run shop" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from-table", "a", "b"), "may be repeated, as in --from-table A --from-table B"),
        (("b",), "beside NAME there is 'b': a system has one name"),
    ],
)
def test_several_tables_are_named_one_by_one(
    words: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    """A second table without its flag, and a second name, are told apart; nothing is written."""
    ran = loadstone("new", "shop", *words, cwd=tmp_path)
    assert ran.code == 2
    assert says in ran.err
    assert list(tmp_path.iterdir()) == []


def test_settings_are_those_of_the_table(live: Target) -> None:
    """Keys, indexes, types and TTL are read from the table itself."""
    with Client(live) as client:
        found = Control(live, say=lambda _: None).read("drafted-orders")
        assert found is not None
        table = given(described(client, found), UNREAD).table
    assert table.key == orders.key
    assert table.indexes == orders.indexes
    assert (table.key_types, table.ttl) == (orders.key_types, orders.ttl)


@pytest.mark.parametrize("sample", [1, 7, 100, 5000])
def test_a_sample_is_bounded(live: Target, sample: int) -> None:
    """No more items are read than were asked for, from several stretches, and none twice; all of
    them when there are fewer."""
    people, _ = shop_items()
    with Client(live) as client:
        heard = Heard(client)
        found = sampled(heard, "drafted-customers", sample)  # type: ignore[arg-type]
    runs = found.runs
    assert found.whole or sample <= len(people)
    read = [item["customerId"]["S"] for run in runs for item in run]
    assert len(read) == len(set(read)) == min(sample, len(people))
    assert len(runs) == (1 if sample < 40 else min(10, sample // 20))
    pages = sum(len(answer.json["Items"]) for answer in heard.answers)
    assert pages == len(read)


def test_only_reading_is_asked_for(live: Target) -> None:
    """A draft sends nothing but descriptions and scans."""
    with Client(live) as client:
        heard = Heard(client)
        found = Control(live, say=lambda _: None).read("drafted-orders")
        assert found is not None
        described(heard, found)  # type: ignore[arg-type]
        sampled(heard, "drafted-orders", 100)  # type: ignore[arg-type]
    assert {operation for operation, _ in heard.sent} == {"DescribeTable", "Scan"}


def live_table(**more: Any) -> LiveTable:
    values: dict[str, Any] = {
        "name": "t",
        "arn": "arn",
        "active": True,
        "key": ("id",),
        "key_types": {"id": "S"},
        "indexes": {},
        "provisioned": False,
        "capacity": None,
        "stream": None,
        "kms_key": None,
        "deletion_protection": False,
        "ttl": None,
        "pitr_days": None,
        "tags": {},
    }
    return LiveTable(**{**values, **more})


def test_the_price_is_that_of_the_sample() -> None:
    """So many items of their mean size, read with eventual consistency in ten pages; and no more
    than there are."""
    from loadstone.drafting.live import Found

    table = live_table(items=1_000_000, size_bytes=1_000_000 * 2_000)
    estimate = sampling([Found(live=table)], 500)
    assert (estimate.items, estimate.size_bytes, estimate.requests) == (500, 1_000_000, 10)
    # 100,000 bytes a page are 25 reads of 4 KB, at half a unit each.
    assert estimate.read_units == 10 * 12.5
    few = sampling([Found(live=live_table(items=30, size_bytes=3_000))], 500)
    assert few.items == 30
    unknown = sampling([Found(live=live_table())], 500)
    assert unknown.assumed == ("items of t are taken to have 1024 bytes",)
    held = Throughput(read_units=5, write_units=5)
    paid = sampling([Found(live=live_table(provisioned=True, capacity=held))], 500)
    assert paid.provisioned == {"t"}


def test_the_price_is_told_before(live: Target, tmp_path: Path) -> None:
    """`--dry-run` says what the sample takes, reads no item and writes no file."""
    ran = new(tmp_path, live, "--from-table", "drafted-orders", "--dry-run")
    assert ran.code == 0, ran.err
    assert "to be read: " in ran.out
    assert not (tmp_path / "fixtures").exists()


def test_nothing_is_read_without_a_yes(live: Target, tmp_path: Path) -> None:
    """Where AWS sends a bill, the sample's price is told and asked for; with nobody to answer, no
    file is written."""
    arguments = ("new", "shop", "--from-table", "drafted-orders", "--endpoint", live.url)
    (tmp_path / "aws").mkdir()
    environ = environ_as_aws(tmp_path / "aws")
    ran = loadstone(*arguments, cwd=tmp_path, environ=environ)
    assert ran.code == 2
    assert "to be read: " in ran.err
    assert "less than 0.01 USD on demand" in ran.err
    assert not (tmp_path / "fixtures").exists()
    assert loadstone(*arguments, "--yes", cwd=tmp_path, environ=environ).code == 0


def test_a_table_that_is_not_there_is_said(live: Target, tmp_path: Path) -> None:
    """An unknown table ends with exit code 2, and the tables that there are, the nearest first."""
    ran = new(tmp_path, live, "--from-table", "drafted-custmers")
    assert ran.code == 2
    assert "no table 'drafted-custmers'; there are drafted-customers, " in ran.err
    assert not (tmp_path / "fixtures").exists()


def test_what_a_draft_leaves_out_is_noted() -> None:
    """Local indexes and keys of the account's are said to be left out."""
    from loadstone.drafting.live import Found

    found = Found(live=live_table(kms_key="arn:aws:kms:eu-west-1:123456789012:key/1"), local=["L"])
    notes = given(found, UNREAD).notes
    assert notes == [
        "Its local index L is left out, as tables declare global ones alone: a write of an item "
        "that is in it costs the table its entry as well, so a plan without a run comes to less "
        "than the bill; `plan --run` and `plan --cloudwatch` have it in.",
        "It is encrypted with a key of the account's: kms_key takes its alias.",
    ]
    assert given(found, UNREAD).table == Table("t", partition_key="id")


def test_indexes_keep_their_projection() -> None:
    """What an index has of its items is the live table's."""
    from loadstone.aws.live import LiveIndex
    from loadstone.drafting.live import Found

    index = LiveIndex(
        key=("a", "b"),
        projection="INCLUDE",
        include=frozenset({"d", "c"}),
        capacity=None,
        active=True,
    )
    types = {"id": "S", "a": "S", "b": "N"}
    found = Found(live=live_table(indexes={"i": index}, key_types=types))
    table = given(found, UNREAD).table
    wanted = Index("i", partition_key="a", sort_key="b", projection="INCLUDE", include=("c", "d"))
    assert table.indexes == (wanted,)
    assert table.key_types == {"b": "N"}
