"""Deleting a data set, or what a run wrote, and nothing else: against the real engine."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from loadstone.cli.unseed import unseed as unseed_command
from loadstone.client.answer import Answer
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import BadValue, Refused, TableMismatch, UnknownName
from loadstone.run.written import Kind, NewItemsWriter, Row, packed
from loadstone.seeding.identity import Asked
from loadstone.seeding.unseed import Means, Unseeding
from loadstone.seeding.unseed_run import RunUnseeding, past_run, run_session
from loadstone.system import load_system
from loadstone.wire import encode
from tests import shop
from tests.past import Tried
from tests.seeding_fakes import Heard

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
CMZ = load_system("cmz")


@pytest.fixture(scope="module")
def target(each_target: Target) -> Target:
    """Both engines, one after the other."""
    return each_target


@pytest.fixture
def tried(target: Target, tmp_path: Path) -> Tried:
    """The shop's tables, which hold 400 items."""
    made = Tried(shop.shop_system(), target, tmp_path)
    made.open(scale=400, as_of=AS_OF).seed()
    return made


def keys(tried: Tried, table: str) -> set[tuple[Any, ...]]:
    (found,) = (each for each in tried.system.tables if each.name == table)
    return {tuple(item[name] for name in found.key) for item in tried.items(table)}


STRANGER = {"id": "a stranger", "mail": "x@y.example"}


def test_only_the_data_set_is_deleted(tried: Tried) -> None:
    """Every item of the data set is deleted from table and indexes; what others put there stays."""
    tried.send("PutItem", "customers", Item=encode(STRANGER))
    session = tried.open()
    work = Unseeding(session)
    assert sum(work.left.values()) == session.dataset.stored
    report = work.run(Means.silent())
    assert (report.left, report.rejected) == (0, 0)
    assert report.written_now == session.dataset.stored
    assert tried.items("customers") == [STRANGER]
    assert not tried.items("orders")
    assert not tried.items("lines")
    (units,) = (each.write_units for each in report.tables if each.name == tried.names["orders"])
    assert set(units) == {None, "state", "due"}


def test_an_emptied_table_takes_any_data_set(tried: Tried) -> None:
    """After the deleting no table says that it holds a data set, and another one can be written."""
    Unseeding(tried.open()).run(Means.silent())
    assert not tried.open().held
    assert not list((tried.folder / "ledgers").rglob("*.ledger"))
    other = tried.open(scale=300, seed=9, as_of=AS_OF)
    other.seed()
    assert other.verify().ok
    assert all(each.is_ours(tried.system.id) for each in other.tables)


def test_a_part_can_be_deleted(tried: Tried) -> None:
    """`--entity` deletes its items alone: the rest is what is expected then, and deleting that too
    leaves nothing. A seed of the part writes it again."""
    only = frozenset({"Order"})
    work = Unseeding(tried.open(only=only))
    assert set(work.left) == {"Order"}
    work.run(Means.silent())
    assert not tried.items("orders")
    assert len(tried.items("customers")) == tried.open().dataset.count("Customer")
    assert tried.open().verify().ok
    assert set(Unseeding(tried.open()).left) == {"Customer", "Line"}
    tried.open(only=only).seed()
    checked = tried.open().verify()
    assert checked.ok
    assert sum(count.counted for count in checked.counts if count.expected.index is None) == (
        tried.open().dataset.stored
    )
    Unseeding(tried.open()).run(Means.silent())
    assert not any(tried.items(table.name) for table in tried.system.tables)
    assert not tried.open().held


class Ending:
    """A client after whose n-th batch the work is stopped."""

    def __init__(self, client: Client, batches: int, means: Means) -> None:
        self._client, self._left, self._means = client, batches, means

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        self._left -= 1
        if self._left == 0:
            self._means.stop.set()
        return self._client.send(operation, body)


@pytest.mark.parametrize("batches", [1, 4, 9, 13])
def test_a_seed_after_a_stopped_deleting_writes_all(tried: Tried, batches: int) -> None:
    """However far a deleting came, a seed afterwards makes the tables whole again, and a deleting
    after that starts anew."""
    dataset = tried.open().dataset
    means = Means.silent()
    with Client(tried.target) as client:
        stopped = Means(
            progress=means.progress,
            stop=means.stop,
            in_flight=1,
            client=Ending(client, batches, means),
        )
        left = Unseeding(tried.open()).run(stopped).left
    assert left > 0
    assert tried.open().seed().left == 0
    assert tried.open().verify(sample=dataset.stored).ok
    assert Unseeding(tried.open()).run(Means.silent()).written_now == dataset.stored
    assert not tried.open().held


def test_a_stopped_deleting_goes_on(target: Target, tmp_path: Path) -> None:
    """What is deleted is not deleted again: what somebody puts under a deleted key stays."""
    tried = Tried(CMZ, target, tmp_path)
    session = tried.open(scale=1200, as_of=AS_OF)
    session.seed()
    means = Means.silent()
    with Client(tried.target) as client:
        # A slice of 500 items is 20 batches.
        ending = Ending(client, 45, means)
        stopped = Means(progress=means.progress, stop=means.stop, in_flight=1, client=ending)
        first = Unseeding(tried.open()).run(stopped)
    assert 0 < first.left < 1200
    (progress,) = (tmp_path / "ledgers" / "unseeded").glob("*.ledger")
    entity, number, _ = orjson.loads(progress.read_bytes().splitlines()[-1])["slice"]
    back = session.dataset.item(entity, number)
    tried.send("PutItem", "cmz-conversations", Item=encode(back))
    again = Unseeding(tried.open())
    assert sum(again.left.values()) == first.left
    second = again.run(Means.silent())
    assert second.written_now == first.left
    (table,) = second.tables
    assert (table.asked, table.before, table.written) == (1200, 1200 - first.left, 1200)
    assert tried.items("cmz-conversations") == [back]


class Without:
    """A client whose credentials do not allow batches."""

    def __init__(self, client: Client) -> None:
        self._client, self.operations = client, set[str]()

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        if operation == "BatchWriteItem":
            answer = self._client.send("GetItem", b"{}")
            answer.attempts = (answer.attempts[0]._replace(code="AccessDeniedException"),)
            return answer
        self.operations.add(operation)
        return self._client.send(operation, body)


def test_without_batches_items_are_deleted_singly(tried: Tried) -> None:
    """Credentials that allow no BatchWriteItem are worked around with DeleteItem, said once."""
    heard = Heard()
    with Client(tried.target) as client:
        singly = Without(client)
        means = Means(progress=heard, stop=Means.silent().stop, client=singly)
        assert Unseeding(tried.open()).run(means).left == 0
    assert singly.operations == {"DeleteItem"}
    assert [line for line in heard.said if "one by one" in line] == [
        "BatchWriteItem is not allowed with these credentials: items are sent one by one "
        "(DeleteItem)"
    ]
    assert not any(tried.items(table.name) for table in tried.system.tables)


# What a run wrote.


def unseeding(tried: Tried, name: str, **asked: Any) -> RunUnseeding:
    run = past_run(name, tried.system.id, tried.runs)
    session = run_session(
        tried.system,
        tried.wanted,
        tried.target,
        Asked(),
        run,
        ledgers=tried.folder / "ledgers",
        only=asked.get("only"),
        say=lambda _: None,
    )
    return RunUnseeding(session, run)


WRITING = (shop.shopping, shop.open_order, shop.two_lines, shop.order_at_once, shop.change_customer)


def test_what_a_run_wrote_is_deleted(tried: Tried) -> None:
    """Puts, batches and transactions of a run are deleted by its record, in every table; the data
    set and another run's items stay."""
    before = {table.name: keys(tried, table.name) for table in tried.system.tables}
    tried.run("first", WRITING, workers=2)
    between = {table.name: keys(tried, table.name) for table in tried.system.tables}
    tried.run("second", WRITING)
    assert all(len(between[name]) > len(before[name]) for name in ("orders", "lines"))
    work = unseeding(tried, "second")
    assert sum(work.left.values()) == sum(
        len(keys(tried, name)) - len(between[name]) for name in before
    )
    report = work.run(Means.silent())
    assert report.written_now == sum(each.asked for each in report.tables)
    assert {table.name: keys(tried, table.name) for table in tried.system.tables} == between
    assert unseeding(tried, "second").left == {}
    unseeding(tried, "first").run(Means.silent())
    assert {table.name: keys(tried, table.name) for table in tried.system.tables} == before


def test_a_run_outlives_the_data_set(tried: Tried) -> None:
    """Items of a run can be deleted after the data set is gone, and before another is written."""
    tried.run("lonely", [shop.open_order])
    Unseeding(tried.open()).run(Means.silent())
    assert len(tried.items("orders")) == 10
    assert unseeding(tried, "lonely").run(Means.silent()).written_now == 10
    assert not tried.items("orders")


def test_the_data_sets_own_items_are_never_a_runs(tried: Tried) -> None:
    """Where a run put an item under a key that the data set has, deleting the run's items leaves
    it."""
    dataset = tried.open().dataset
    directory = tried.run("meeting", [shop.open_order])
    order = dataset.item("Order", 3)
    cart = dataset.ancestor(shop.order, 3, shop.cart)
    customer = dataset.ancestor(shop.cart, cart, shop.customer)
    kind = Kind("put", "orders", "Order", "Customer", True)
    own = Row(encode({name: order[name] for name in shop.orders.key}), customer, 0, 0)
    upsert = Kind("upsert", "customers", "Customer", "", True)
    known = Row(encode({"id": dataset.item("Customer", 2)["id"]}), 0, 0, 0)
    made = Row(encode({"id": "made"}), 0, 0, 0)
    tried.send("PutItem", "customers", Item=encode({"id": "made"}))
    writer = NewItemsWriter(directory, 7)
    writer.add(kind, [packed(*own)])
    writer.add(upsert, [packed(*row) for row in (known, made, made)])
    writer.close()
    report = unseeding(tried, "meeting").run(Means.silent())
    assert report.written_now == 11
    assert tried.open().verify(sample=dataset.stored).ok


def test_runs_that_are_not_there_are_said(tried: Tried, target: Target, tmp_path: Path) -> None:
    """An unknown run, one of another system, and one on tables that are gone are each told."""
    with pytest.raises(UnknownName, match="no run 'nosuch'"):
        unseeding(tried, "nosuch")
    tried.run("known", [shop.open_order])
    with pytest.raises(BadValue, match="is one of "):
        past_run("known", "another", tried.runs)
    other = Tried(tried.system, target, tmp_path)
    run = past_run("known", tried.system.id, tried.runs)
    with pytest.raises(TableMismatch, match="the tables that run known wrote to are not at"):
        run_session(
            other.system,
            other.wanted,
            target,
            Asked(),
            run,
            ledgers=tmp_path,
            only=None,
            say=lambda _: None,
        )


# The command.


def command(tried: Tried, *flags: str) -> Result:
    arguments = ["cmz", "--table-prefix", tried.prefix, "--endpoint", tried.target.url]
    return CliRunner().invoke(unseed_command, [*arguments, "--project", str(tried.folder), *flags])


@pytest.fixture
def zoo(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tried:
    """The zoo's table with 600 items, kept where the command looks."""
    # Where the command looks for it; ministack keeps the tables of each region apart.
    tried = Tried(CMZ, replace(target, region=str(CMZ.region)), tmp_path)
    state = tmp_path / ".loadstone"
    state.mkdir()
    monkeypatch.setattr(Tried, "runs", property(lambda self: state / "runs"))
    (state / "ledgers").mkdir()
    (tmp_path / "ledgers").symlink_to(state / "ledgers")
    tried.open(scale=600, as_of=AS_OF).seed()
    return tried


@pytest.mark.usefixtures("no_aws")
def test_command_deletes(zoo: Tried) -> None:
    """`unseed --dry-run` tells, `unseed --json` deletes, and once more is refused with a reason;
    `--run` deletes what a run wrote."""
    told = command(zoo, "--dry-run")
    assert told.exit_code == 0, told.output
    assert "to be deleted: 600 items" in told.stdout
    assert len(zoo.items("cmz-conversations")) == 600
    zoo.run("visit", [CMZ.patterns["ask"]])
    assert len(zoo.items("cmz-conversations")) == 610
    done = command(zoo, "--json")
    assert done.exit_code == 0, done.output
    report = orjson.loads(done.stdout)
    assert (report["deleted_now"], report["left"]) == (600, 0)
    again = command(zoo)
    assert isinstance(again.exception, Refused)
    assert "nothing to delete" in str(again.exception)
    of_run = command(zoo, "--run", "visit")
    assert of_run.exit_code == 0, of_run.output
    assert "10 items deleted" in of_run.stdout
    once_more = command(zoo, "--run", "last")
    assert once_more.exit_code == 0
    assert "nothing that run visit wrote is left" in once_more.stdout
    assert not zoo.items("cmz-conversations")


#: A real `loadstone unseed` that is killed in the middle of its n-th batch.
DOOMED = """
import os, sys
from loadstone.client.client import Client
from loadstone.cli import main

number, left, *arguments = sys.argv[1:]
left = [int(left)]
send = Client.send

def doomed(self, operation, body, **options):
    answer = send(self, operation, body, **options)
    left[0] -= operation == "BatchWriteItem"
    if left[0] == 0:
        os.kill(os.getpid(), int(number))
    return answer

Client.send = doomed
main(arguments)
"""


@pytest.mark.usefixtures("no_aws")
@pytest.mark.parametrize("killed_after", [1, 22])
def test_killed_and_then_seeded_or_resumed(zoo: Tried, killed_after: int) -> None:
    """A deleting that is killed (-9) leaves a table that a seed makes whole; one that is resumed
    leaves an empty table; Ctrl-C says how to go on."""

    def ran(number: int, batches: int, *more: str) -> subprocess.CompletedProcess[str]:
        arguments = ["unseed", "cmz", "--table-prefix", zoo.prefix, "--endpoint", zoo.target.url]
        arguments += ["--project", str(zoo.folder), *more]
        return subprocess.run(
            [sys.executable, "-c", DOOMED, str(number), str(batches), *arguments],
            cwd=zoo.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert ran(signal.SIGKILL, killed_after).returncode == -signal.SIGKILL
    assert len(zoo.items("cmz-conversations")) < 600
    assert zoo.open().seed().left == 0
    assert zoo.open().verify(sample=600).ok
    assert ran(signal.SIGKILL, killed_after).returncode == -signal.SIGKILL
    interrupted = ran(signal.SIGINT, 1, "--in-flight", "1")
    assert interrupted.returncode == 130, interrupted.stderr
    assert "the same command goes on" in interrupted.stderr
    ended = ran(0, 0)
    assert ended.returncode == 0, ended.stderr
    assert not zoo.items("cmz-conversations")
    assert not zoo.open().held
