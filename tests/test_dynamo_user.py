"""Tasks written by hand: plain values in and out, and the same accounts as a scenario's."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from loadstone.aws.sdk_client import SdkClient
from loadstone.aws.session import dynamodb
from loadstone.client.answer import Units
from loadstone.client.client import Client
from loadstone.client.target import Credentials, Target
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.errors import BadValue
from loadstone.run import Run
from loadstone.run.call import Call
from loadstone.run.header import PatternInfo
from loadstone.scenario.by_hand import Operations
from loadstone.scenario.reply import Reply
from tests.commands import free_port, loadstone
from tests.counted import counted, counting
from tests.faultserver import FaultServer, error, good

KEY = {"pk": "a", "sk": 1}
ITEM = {
    **KEY,
    "text": "ünïcode",
    "number": Decimal("-12.5"),
    "bytes": bytes(range(256)),
    "flag": True,
    "nothing": None,
    "texts": {"a", "b"},
    "numbers": {1, 2},
    "list": [1, "two", {"three": [None]}],
}
OF_A: dict[str, Any] = {
    "KeyConditionExpression": "pk = :a",
    "ExpressionAttributeValues": {":a": "a"},
}
MISSING: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}

_numbers = itertools.count()


class Heard:
    """The calls that operations told of."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.infos: list[PatternInfo] = []

    def __call__(self, call: Call, info: PatternInfo, /) -> None:
        self.calls.append(call)
        self.infos.append(info)

    @property
    def last(self) -> Call:
        return self.calls[-1]

    @property
    def told(self) -> tuple[str, str | None]:
        """What became of the last one."""
        return self.last.outcome, self.last.problem

    @property
    def units(self) -> float:
        units = (each for call in self.calls for each in call.answer.units)
        return sum(each.read + each.write for each in units)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=["loadstone", "boto3", "boto3-tuned"])
def client(request: pytest.FixtureRequest, target: Target, heard: Heard) -> Operations:
    """The operations, sent by each of the clients."""
    flavour = request.param
    sender = Client(target) if flavour == "loadstone" else SdkClient(target, flavour)
    return Operations(sender, heard)


@pytest.fixture
def table(target: Target) -> str:
    name = f"by-hand-{next(_numbers)}"
    make_table(target, name)
    return name


def make_table(target: Target, name: str) -> None:
    dynamodb(target).create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def fill(client: Operations, table: str, count: int) -> None:
    for number in range(count):
        assert client.put_item(table, {"pk": "a", "sk": number, "blob": b"x" * 3000}).ok


def test_items(client: Operations, table: str, heard: Heard) -> None:
    """An item comes back as it went in, whatever its values; every call is counted with its name,
    its operation and table, and its units."""
    assert client.put_item(table, ITEM).ok
    reply = client.get_item(table, KEY, name="one", ConsistentRead=True)
    assert reply.row == reply["Item"] == ITEM
    assert reply.rows == [ITEM]
    assert reply.units == (Units(table, None, 1.0, 0.0),)
    assert client.get_item(table, {"pk": "a", "sk": 404}).row is None
    changed = client.update_item(
        table,
        KEY,
        UpdateExpression="SET flag = :f",
        ExpressionAttributeValues={":f": {"now": [Decimal("1.5")]}},
        ReturnValues="ALL_NEW",
    )
    assert changed["Attributes"]["flag"] == {"now": [Decimal("1.5")]}
    gone = client.delete_item(table, KEY, ReturnValues="ALL_OLD")
    assert gone.row == {**ITEM, "flag": {"now": [Decimal("1.5")]}}
    assert [call.pattern for call in heard.calls] == [
        f"PutItem {table}",
        "one",
        f"GetItem {table}",
        f"UpdateItem {table}",
        f"DeleteItem {table}",
    ]
    assert [call.rows for call in heard.calls] == [1, 1, 0, 1, 1]
    assert {call.outcome for call in heard.calls} == {"ok"}
    assert heard.infos[1] == PatternInfo(operation="GetItem", table=table)
    assert heard.units == 4.5
    assert all(call.request_bytes and call.answered_ns > call.intended_ns for call in heard.calls)


def test_queries(client: Operations, table: str, heard: Heard) -> None:
    """A query is one page unless more are asked for; each page is a call, and continues the last;
    a Reply holds the rows of all."""
    fill(client, table, 5)
    heard.calls.clear()
    first = client.query(table, **OF_A, Limit=2)
    assert [row["sk"] for row in first.rows] == [0, 1]
    assert first["LastEvaluatedKey"] == {"pk": "a", "sk": 1}
    again = client.query(table, **OF_A, ExclusiveStartKey=first["LastEvaluatedKey"], pages=None)
    assert [row["sk"] for row in again.rows] == [2, 3, 4]
    assert len(heard.calls) == 2
    whole = client.query(table, name="all", **OF_A, Limit=2, pages=None)
    assert [row["sk"] for row in whole.rows] == [0, 1, 2, 3, 4]
    assert [call.rows for call in heard.calls if call.pattern == "all"] == [2, 2, 1]
    two = client.query(table, **OF_A, Limit=1, ScanIndexForward=False, pages=2)
    assert [row["sk"] for row in two.rows] == [4, 3]
    counted = client.query(table, **OF_A, Select="COUNT")
    assert (counted["Count"], counted.rows, heard.last.rows) == (5, [], 5)


def test_scans(client: Operations, table: str, heard: Heard) -> None:
    """The segments of a scan together are the table, each item once, every page a call."""
    items = [{"pk": f"{number}", "sk": 0} for number in range(40)]
    for batch in (items[:25], items[25:]):
        writes = [{"PutRequest": {"Item": item}} for item in batch]
        assert client.batch_write_item({table: writes}).ok
    heard.calls.clear()
    with client.expect(rows=40):
        reply = client.scan(table, segments=4, pages=None, Limit=7)
    assert sorted(int(row["pk"]) for row in reply.rows) == list(range(40))
    assert reply.ok
    assert sum(call.rows for call in heard.calls) == 40
    assert len(heard.calls) >= 8
    assert {call.outcome for call in heard.calls} == {"ok"}
    assert len(client.scan(table, Limit=3).rows) == 3


def test_parameters_by_their_own_names(client: Operations, table: str) -> None:
    """What may come by its place may come by the name that DynamoDB has for it, as in boto3."""
    get = {"Get": {"TableName": table, "Key": KEY}}
    put = {"Put": {"TableName": table, "Item": {"pk": "c", "sk": 1}}}
    assert client.put_item(TableName=table, Item=ITEM).ok
    assert client.get_item(TableName=table, Key=KEY).row == ITEM
    assert client.update_item(table, Key=KEY, UpdateExpression="REMOVE flag").ok
    assert len(client.query(TableName=table, **OF_A).rows) == 1
    assert len(client.scan(TableName=table).rows) == 1
    assert len(client.batch_get_item(RequestItems={table: {"Keys": [KEY]}}).rows) == 1
    other = {"PutRequest": {"Item": {"pk": "b", "sk": 1}}}
    assert client.batch_write_item(RequestItems={table: [other]}).ok
    assert len(client.transact_get_items(TransactItems=[get]).rows) == 1
    assert client.transact_write_items(TransactItems=[put]).ok
    assert client.delete_item(TableName=table, Key=KEY).ok
    assert client.get_item(table, KEY).row is None


def test_a_parameter_that_is_needed_comes_once(target: Target, heard: Heard) -> None:
    """Without it, or with it twice, nothing is sent, and what is wrong is said in a line."""
    client = Operations(Client(target), heard)
    with pytest.raises(BadValue, match=r"put_item\(\) is to have Item once, .* not at all"):
        client.put_item("t")
    with pytest.raises(BadValue, match="to have Key once, and has it twice: by its place and"):
        client.get_item("t", KEY, Key=KEY)
    with pytest.raises(BadValue, match="to have TableName once, and has it not at all"):
        client.query(**OF_A)
    with pytest.raises(BadValue, match="to have RequestItems once"):
        client.batch_get_item()
    with pytest.raises(BadValue, match="to have TransactItems once"):
        client.transact_write_items()
    assert heard.calls == []


def test_batches_and_transactions(client: Operations, table: str, heard: Heard) -> None:
    """Batches and transactions take plain values wherever an item or a key stands."""
    other = {**ITEM, "sk": 2}
    put = [{"PutRequest": {"Item": item}} for item in (ITEM, other)]
    assert client.batch_write_item({table: put}).ok
    assert heard.last.rows == 2
    keys = [{"pk": "a", "sk": number} for number in (1, 2, 3)]
    found = client.batch_get_item({table: keys})
    assert sorted(row["sk"] for row in found.rows) == [1, 2]
    assert len(found["Responses"][table]) == 2
    narrow = client.batch_get_item({table: {"Keys": keys, "ProjectionExpression": "sk"}})
    assert {"sk": 1} in narrow.rows
    gets = [{"Get": {"TableName": table, "Key": key}} for key in keys]
    got = client.transact_get_items(gets)
    assert got["Responses"] == [{"Item": ITEM}, {"Item": other}, {}]
    assert heard.last.rows == 2
    written = client.transact_write_items(
        [
            {"Delete": {"TableName": table, "Key": keys[0]}},
            {
                "Update": {
                    "TableName": table,
                    "Key": keys[1],
                    "UpdateExpression": "SET nothing = :n",
                    "ExpressionAttributeValues": {":n": {"x"}},
                }
            },
        ],
        name="both",
    )
    assert written.ok
    assert (heard.last.pattern, heard.last.rows) == ("both", 2)
    assert client.get_item(table, keys[1])["Item"]["nothing"] == {"x"}


def test_what_is_expected(client: Operations, table: str, heard: Heard) -> None:
    """An answer that is not as expected is a failed call that says why, and no exception; outside
    of the block anything goes."""
    fill(client, table, 3)
    with client.expect(rows=1):
        reply = client.get_item(table, {"pk": "none", "sk": 0})
    assert (reply.ok, reply.problem, reply.row) == (False, "0 rows where 1 must be", None)
    assert heard.told == ("failed", "0 rows where 1 must be")
    with client.expect(rows=range(1, 3)):
        assert client.query(table, **OF_A).problem == "3 rows where 1 to 2 must be"
        assert client.query(table, **OF_A, Limit=2).ok
        with client.expect(check=lambda reply: "wrong order" if reply.rows[0]["sk"] else None):
            assert client.query(table, **OF_A).ok
            backwards = client.query(table, **OF_A, ScanIndexForward=False)
    assert (backwards.problem, heard.last.problem) == ("wrong order", "wrong order")
    assert client.get_item(table, {"pk": "none", "sk": 0}).ok
    holds: Any = lambda reply: not reply.ok  # noqa: E731
    with client.expect(check=holds):
        client.query(table, **OF_A)
    said = "check() says what is wrong as a text, or None, and said False"
    assert heard.told == ("failed", said)
    with pytest.raises(BadValue, match="that range is empty"), client.expect(rows=range(0)):
        pass


@pytest.mark.parametrize("rows", ["3", -1, 2.0, True, [1, 2]], ids=str)
def test_rows_that_no_answer_has(client: Operations, rows: Any) -> None:
    """What is no number of rows is refused, and not held against every answer."""
    with pytest.raises(BadValue, match="rows is how many, such as 3"), client.expect(rows=rows):
        pass


def test_names_are_texts(client: Operations, table: str, heard: Heard) -> None:
    """What nothing in a record can be called by is refused before anything is sent."""
    number: Any = 5
    with pytest.raises(BadValue, match="unless=5: unless is a text"), client.expect(unless=number):
        pass
    key = {"pk": "a", "sk": 0}
    calls: list[Callable[[], Reply]] = [
        lambda: client.get_item(table, key, name=number),
        lambda: client.query(table, **OF_A, name=number),
        lambda: client.batch_get_item({table: {"Keys": [key]}}, name=number),
        lambda: client.transact_get_items([{"Get": {"TableName": table, "Key": key}}], name=number),
    ]
    for call in calls:
        with pytest.raises(BadValue, match="name=5: name is a text"):
            call()
    assert not heard.calls


def test_conditions(client: Operations, table: str, heard: Heard) -> None:
    """A failed condition is a failure, unless the block declares it an outcome; the item that
    stands in the way comes back as plain values."""
    client.put_item(table, ITEM)
    refused = client.put_item(table, ITEM, **MISSING, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert not refused
    assert refused.code == heard.last.problem == "ConditionalCheckFailedException"
    assert refused["Item"] == ITEM
    assert heard.last.outcome == "failed"
    with client.expect(unless="there already"):
        assert client.put_item(table, ITEM, **MISSING).code == "ConditionalCheckFailedException"
        assert heard.told == ("there already", None)
        client.transact_write_items([{"Put": {"TableName": table, "Item": ITEM, **MISSING}}])
        assert heard.told == ("there already", None)
        assert client.get_item("no-such-table", KEY).code == "ResourceNotFoundException"
        assert heard.last.outcome == "failed"


def test_a_fraction_is_a_decimal(client: Operations, table: str) -> None:
    """A float is refused before anything is sent, with what to take instead."""
    with pytest.raises(BadValue, match="a fraction is a Decimal"):
        client.put_item(table, {**KEY, "price": 1.5})


def faulty(url: str, heard: Heard) -> Operations:
    target = Target(
        url=url,
        region="eu-west-1",
        kind="endpoint",
        credentials=lambda: Credentials("key", "secret"),
    )
    return Operations(Client(target, draw=lambda: 0.0), heard, attempts=2)


def test_what_batches_leave_undone(heard: Heard) -> None:
    """What a batch gives back is sent again; what is left at the end makes a failed call."""
    put = {"PutRequest": {"Item": {"pk": {"S": "a"}}}}
    undone: Mapping[str, Any] = {"UnprocessedItems": {"t": [put]}}
    plain = {"t": [{"PutRequest": {"Item": {"pk": "a"}}}] * 3}
    with FaultServer([good({**undone}), good({"UnprocessedItems": {}})]) as server:
        assert faulty(server.url, heard).batch_write_item(plain).ok
        assert len(server.requests) == 2
        assert orjson.loads(server.requests[1].body)["RequestItems"] == {"t": [put]}
    assert (len(heard.last.answer.attempts), heard.last.rows) == (2, 3)
    with FaultServer(then=good({**undone})) as server:
        reply = faulty(server.url, heard).batch_write_item(plain)
    assert not reply.ok
    assert heard.told == ("failed", "UnprocessedItems: 1 left")
    assert heard.last.rows == 2


def test_throttles_are_accounted_for(heard: Heard) -> None:
    """Retries behind an operation are in its one call, with their throttles."""
    throttled = error("ProvisionedThroughputExceededException")
    with FaultServer([throttled, good({"Item": {"pk": {"S": "a"}}})]) as server:
        reply = faulty(server.url, heard).get_item("t", KEY)
    assert reply.ok
    assert len(heard.calls) == 1
    assert [each.reason for each in reply.throttles] == ["ProvisionedThroughputExceededException"]


def test_a_page_that_fails(heard: Heard) -> None:
    """A page that fails ends the reading, and the whole of it is no success."""
    page = good({"Items": [{"pk": {"S": "a"}}], "Count": 1, "LastEvaluatedKey": {"pk": {"S": "a"}}})
    with FaultServer([page, error("ValidationException")]) as server:
        operations = faulty(server.url, heard)
        with operations.expect(rows=2):
            reply = operations.query("t", **OF_A, pages=None)
    assert (reply.ok, reply.code, len(reply.rows)) == (False, "ValidationException", 1)
    assert [call.outcome for call in heard.calls] == ["ok", "failed"]


def test_who_may_write_is_asked_first(target: Target, table: str, heard: Heard) -> None:
    """Before a request it is said which tables it would write: none, where it only reads."""
    said: list[tuple[str, ...]] = []
    client = Operations(Client(target), heard, before=lambda tables: said.append(tuple(tables)))
    writes: list[Callable[[], object]] = [
        lambda: client.put_item(table, ITEM),
        lambda: client.update_item(table, KEY, UpdateExpression="REMOVE flag"),
        lambda: client.delete_item(table, KEY),
        lambda: client.batch_write_item({table: [{"DeleteRequest": {"Key": KEY}}]}),
        lambda: client.transact_write_items([{"Put": {"TableName": table, "Item": ITEM}}]),
    ]
    reads: list[Callable[[], object]] = [
        lambda: client.get_item(table, KEY),
        lambda: client.query(table, **OF_A),
        lambda: client.scan(table),
        lambda: client.batch_get_item({table: [KEY]}),
        lambda: client.transact_get_items([{"Get": {"TableName": table, "Key": KEY}}]),
    ]
    for ask in (*writes, *reads):
        ask()
    assert said == [(table,)] * len(writes) + [()] * len(reads)


# With plain Locust.

LOCUSTFILE = """
from locust import constant, task

from loadstone.locust import DynamoUser


class Shopper(DynamoUser):
    wait_time = constant(0.02)

    @task(3)
    def order(self):
        with self.client.expect(rows=1):
            reply = self.client.get_item("{table}", {{"pk": "a", "sk": 1}}, name="an order")
        assert not reply.ok or reply.row["total"] == 12

    @task
    def orders(self):
        with self.client.expect(rows=range(1, 21)):
            self.client.query(
                "{table}",
                KeyConditionExpression="pk = :a",
                ExpressionAttributeValues={{":a": "a"}},
            )

    @task
    def place(self):
        self.client.put_item("{table}", {{"pk": "b", "sk": 1, "total": 12}})
        with self.client.expect(rows=1):
            self.client.get_item("{table}", {{"pk": "none", "sk": 1}}, name="not there")
"""
TABLE = "by-hand-orders"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Iterator[Path]:
    """A folder with a locustfile, and a table with three orders."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(LOCUSTFILE.format(table=TABLE), encoding="utf-8")
    make_table(target, TABLE)
    client = Operations(Client(target), Heard())
    for number in range(3):
        assert client.put_item(TABLE, {"pk": "a", "sk": number, "total": 12}).ok
    yield folder
    dynamodb(target).delete_table(TableName=TABLE)


def locust(
    folder: Path, *arguments: str, file: str = "shop.py"
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNAMODB_", "LOADSTONE_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "locust", "-f", file, *arguments],
        cwd=folder,
        env={**kept, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def load(
    folder: Path, url: str, name: str, *more: str, file: str = "shop.py"
) -> subprocess.CompletedProcess[str]:
    asked = ("--headless", "-u", "6", "-r", "6", "-t", "3s", "--host", url, "--run-name", name)
    return locust(folder, *asked, *more, file=file)


def record(folder: Path, name: str) -> Run:
    return Run.load(folder / STATE / "runs" / name)


@pytest.mark.parametrize(
    "more", [(), ("--processes", "2"), ("--client", "boto3-tuned")], ids=["one", "two", "sdk"]
)
def test_plain_locust(place: Path, engine: Engine, more: tuple[str, ...]) -> None:
    """A locustfile with a DynamoUser under plain Locust leaves the record of a scenario's run: the
    calls that Locust was told of, under their names, with operations, tables and units."""
    name = "-".join(("run", *more)).replace("--", "")
    if more[:1] == ("--processes",):
        port = str(free_port())  # another master's workers would come to the usual one
        more += ("--master-bind-port", port, "--master-port", port)
    file = counting(place / "shop.py", place / f"counted-{name}")
    done = load(place, engine.url, name, *more, file=str(file))
    assert done.returncode == 1, done.stderr  # what is not there makes failed requests
    assert "Traceback" not in done.stderr
    run = record(place, name)
    assert str(run.ending) == "completed"
    assert run.problems == ()
    counts = {each: tally.counts for each, tally in run.measured.items()}
    put, query = f"PutItem {TABLE}", f"Query {TABLE}"
    assert counts.keys() == {"an order", "not there", put, query}
    assert {each: (n.calls, n.failed) for each, n in counts.items()} == counted(file.parent)
    assert counts["not there"].failures == {"0 rows where 1 must be": counts["not there"].calls}
    assert counts["an order"].units == {(TABLE, None): (counts["an order"].calls * 0.5, 0.0)}
    assert counts[put].units == {(TABLE, None): (0.0, counts[put].calls)}
    assert run.header.patterns["an order"] == PatternInfo(operation="GetItem", table=TABLE)
    assert run.header.patterns[query] == PatternInfo(operation="Query", table=TABLE)
    assert (run.header.system, run.header.source) == ("Shopper", "shop.py")
    report = loadstone("report", name, "--format", "md", cwd=place)
    assert report.code == 0, report.err
    assert report.out.startswith(f"# Shopper: {name}\n")
    assert "\n| an order |" in report.out


MISTAKEN = """
from locust import constant, task

from loadstone.locust import DynamoUser


class Mistaken(DynamoUser):
    wait_time = constant(0.02)

    @task
    def half_a_key(self):
        self.client.get_item("{table}", {{"pk": "a"}}, name="half")

    @task
    def no_table(self):
        self.client.get_item("{table}-not", {{"pk": "a", "sk": 1}}, name="none")
"""


def test_dynamodb_says_what_is_wrong(place: Path, engine: Engine) -> None:
    """Locust's failures have DynamoDB's own words, and the table where there is none; the record
    counts them by their codes."""
    (place / "mistaken.py").write_text(MISTAKEN.format(table=TABLE), encoding="utf-8")
    done = load(place, engine.url, "mistaken", file="mistaken.py")
    failures = [line for line in done.stderr.splitlines() if "OperationFailed(" in line]
    told = {line.split(maxsplit=1)[1].strip() for line in failures}
    key = "The provided key element does not match the schema"
    assert told == {
        f"GetItem half: OperationFailed('ValidationException: {key}')",
        "GetItem none: OperationFailed('ResourceNotFoundException: Requested resource not found: "
        f"{TABLE}-not')",
    }
    counts = {each: tally.counts for each, tally in record(place, "mistaken").measured.items()}
    assert counts["half"].failures == {"ValidationException": counts["half"].calls}


def test_its_host(place: Path, engine: Engine) -> None:
    """Where no `--host` is given, a user's own is the endpoint."""
    text = (
        (place / "shop.py")
        .read_text()
        .replace("    wait_time", f'    host = "{engine.url}"\n    wait_time')
    )
    (place / "hosted.py").write_text(text, encoding="utf-8")
    asked = ("--headless", "-u", "1", "-t", "1s", "--run-name", "hosted")
    done = locust(place, *asked, file="hosted.py")
    assert f"target: {engine.url}" in done.stderr
    assert record(place, "hosted").header.target == engine.url


def test_it_is_throttled_like_any_other(place: Path, engine: Engine) -> None:
    """`--throttle` stands before tasks by hand too, and what it throttles is called simulated."""
    limits = ("--throttle", "provisioned:2rcu,1wcu,burst=0s", "--retries", "0")
    done = load(place, engine.url, "throttled", *limits)
    assert "throttled (simulated)" in done.stderr
    run = record(place, "throttled")
    assert run.header.simulated_throttling.startswith("provisioned:2rcu,1wcu")
    throttled = run.measured["an order"].counts.throttles
    assert {reason for reason, _ in throttled} == {"TableReadProvisionedThroughputExceeded"}


@pytest.mark.parametrize(
    ("table", "more", "code", "said"),
    [
        ("shop-prod", (), 1, "this looks like production: table 'shop-prod'"),
        (TABLE, ("--rate", "5ops/s"), 2, "--rate, --shape and --find-max play a scenario"),
    ],
    ids=["production", "rate"],
)
def test_refusals_end_the_run(
    place: Path, engine: Engine, table: str, more: tuple[str, ...], code: int, said: str
) -> None:
    """A write to what looks like production, and a rate for tasks that have none, end the run with
    a line that says what to do, and nothing is written."""
    (place / f"{table}.py").write_text(LOCUSTFILE.format(table=table), encoding="utf-8")
    name = f"refused-{table}"
    asked = ("--headless", "-u", "4", "-t", "20s", "--host", engine.url, "--run-name", name)
    done = locust(place, *asked, *more, file=f"{table}.py")
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
