"""A seed of the embedded engine: what is in the tables afterwards, and what verify says of it."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
import orjson
import pytest
from click.testing import CliRunner, Result

from loadstone.aws.tables import Tables, Wanted, wanted_tables
from loadstone.cli.seed import seed as seed_command
from loadstone.cli.verify import verify as verify_command
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.embedded.engines import engine_at
from loadstone.errors import Refused, TableMismatch
from loadstone.naming import Naming
from loadstone.seeding.identity import Asked
from loadstone.seeding.ledger import Ledger
from loadstone.seeding.sender import Sender
from loadstone.seeding.session import Session, open_session
from loadstone.seeding.tally import Tally
from loadstone.seeding.verification import Verification
from loadstone.seeding.verify import Verifier
from loadstone.system import load_system
from loadstone.wire import encode
from tests.seeding_fakes import Heard
from tests.seeding_real import completed, items_in, items_of, tables_of_ones_own

SYSTEM = load_system("cmz")
#: Nothing of it has expired: an engine may delete what has, at any time.
AS_OF = datetime(2100, 1, 1, tzinfo=UTC)
BEFORE_TTL_S = int(AS_OF.timestamp())

_numbers = itertools.count()


@pytest.fixture(scope="module")
def target(each_target: Target) -> Target:
    """Both engines, one after the other."""
    return each_target


@pytest.fixture
def wanted(target: Target) -> list[Wanted]:
    """Tables of this test's own."""
    names = Naming(prefix=f"seeding-{next(_numbers)}-").names(SYSTEM.tables)
    tables = wanted_tables(SYSTEM.tables, names, system=SYSTEM.id)
    Tables(target).create(tables)
    return tables


Opens = Callable[..., Session]


@pytest.fixture
def opens(target: Target, wanted: list[Wanted], tmp_path: Path) -> Opens:
    def opened(scale: int | None = 600, **asked: Any) -> Session:
        asked.setdefault("as_of", AS_OF if scale else None)
        return open_session(
            SYSTEM, wanted, target, Asked(scale=scale, **asked), ledgers=tmp_path / "ledgers"
        )

    return opened


def verified(session: Session, *, now_s: int = BEFORE_TTL_S, sample: int = 150) -> Verification:
    """As at `now_s`, when nothing has expired; without waiting for indexes."""
    ledgers = [
        Ledger(session.ledgers, place, session.dataset.identity.as_dict(), {"Message": 600})
        for place in session.places
    ]
    with Client(session.target, attempts=1) as client:
        sender = Sender(client, Tally(), wait=gevent.sleep)
        verifier = Verifier(
            session.dataset,
            sender,
            now_s=now_s,
            draw=random.Random(1),
            wait=lambda seconds: None,
        )
        try:
            return verifier.verify(ledgers, sample=sample)
        finally:
            for ledger in ledgers:
                ledger.close()


def written_to(session: Session, operation: str, request: dict[str, Any]) -> None:
    with Client(session.target) as client:
        body = {"TableName": session.places[0].name, **request}
        assert client.send(operation, orjson.dumps(body)).ok


def key(session: Session, number: int) -> dict[str, Any]:
    item = session.dataset.item("Message", number)
    return encode({name: item[name] for name in ("userId", "sessionIdTimestamp")})


def test_a_seed_is_all_there(opens: Opens) -> None:
    """Every item is in the table and its indexes, with the units that the engine reports, and the
    documented stream is on again."""
    session = opens()
    report = session.seed()
    assert (report.asked, report.written, report.left) == (600, 600, 0)
    (table,) = report.tables
    assert set(table.write_units) == {None, *(index.name for index in SYSTEM.tables[0].indexes)}
    assert table.write_units[None] >= 600
    checked = verified(session)
    assert checked.ok
    assert checked.sampled == 150
    assert [count.counted for count in checked.counts[:3]] == [600, 600, 600]
    with_parents = sum("parentUserId" in session.dataset.item("Message", n) for n in range(600))
    assert checked.counts[3].counted == with_parents < 600
    (found,) = opens(None).tables
    assert found.live is not None
    assert found.live.stream == SYSTEM.tables[0].stream


def test_a_stream_is_off_where_it_would_be_slow(opens: Opens, target: Target) -> None:
    """At an address that somebody gives, too, dynoxide's stream is off while the table is loaded,
    which is said, and on again afterwards; another engine's stays on."""
    session, heard, streams = opens(), Heard(), list[bool]()
    (place,), control = session.places, session.control.control
    other = replace(session, target=replace(target, kind="endpoint"))
    with other.prepared(other.tables, heard.say):
        live = control.read(place.name)
        assert live
        streams.append(bool(live.stream))
    live = control.read(place.name)
    assert live
    assert live.stream == place.table.stream
    slow = engine_at(target.url) == "dynoxide"
    assert streams == [not slow]
    assert [place.name in line for line in heard.said] == [True] * slow


def test_verify_finds_what_is_wrong(opens: Opens) -> None:
    """An item that is gone, one too many, and one that differs are each told."""
    session = opens()
    session.seed()
    written_to(session, "DeleteItem", {"Key": key(session, 7)})
    gone = verified(session, sample=600)
    assert not gone.ok
    assert [count.counted for count in gone.counts[:3]] == [599, 599, 599]
    assert gone.differences == (f"{session.places[0].name}: Message 7 is missing",)
    changed = {**session.dataset.item("Message", 7), "content": "Moo"}
    written_to(session, "PutItem", {"Item": encode(changed)})
    different = verified(session, sample=600)
    assert all(count.ok for count in different.counts)
    assert len(different.differences) == 1
    assert "Message 7: content is 'Moo' and not " in different.differences[0]
    more = {**changed, "userId": "nobody"}
    written_to(session, "PutItem", {"Item": encode(more)})
    assert not any(count.ok for count in verified(session).counts[:3])


def test_expired_items_may_be_absent(opens: Opens) -> None:
    """An item whose TTL has passed counts as expired, and is missing only before that."""
    session = opens()
    session.seed()
    first = min(range(600), key=lambda n: int(session.dataset.item("Message", n)["ttl"]))
    written_to(session, "DeleteItem", {"Key": key(session, first)})
    now_s = session.dataset.item("Message", first)["ttl"]
    checked = verified(session, now_s=now_s, sample=600)
    assert checked.ok
    assert checked.expired == 1
    assert checked.counts[0].expected.expired == 1
    assert not verified(session, now_s=now_s - 1).counts[0].ok


def test_another_data_set_is_refused(opens: Opens) -> None:
    """Tables that hold a data set take no other one; without flags it goes on with theirs."""
    opens(seed=5).seed()
    for other in ({"scale": 601}, {"seed": 6}, {"as_of": datetime(2025, 5, 5, tzinfo=UTC)}):
        asked = {"scale": None, "as_of": None, **other}
        with pytest.raises(Refused, match="holds another data set") as caught:
            opens(**asked)
        assert caught.value.exit_code == 2
    again = opens(None)
    assert (again.dataset.seed, again.dataset.scale) == (5, 600)
    assert again.dataset.as_of_ms == AS_OF.timestamp() * 1000
    assert again.seed().written_now == 0


def test_a_table_without_tags_is_known_by_its_ledger(opens: Opens, target: Target) -> None:
    """Where tags are lost, the ledger says what the table holds."""
    session = opens()
    session.seed()
    arn = session.places[0].arn
    client = Tables(target)._control._client
    tags = client.list_tags_of_resource(ResourceArn=arn)["Tags"]
    client.untag_resource(ResourceArn=arn, TagKeys=[tag["Key"] for tag in tags])
    with pytest.raises(Refused, match="holds another data set"):
        opens(scale=700)


def test_missing_tables_and_other_keys_are_said(target: Target, tmp_path: Path) -> None:
    """No table, or one with another key, is exit 2 with what to do; nothing is written."""
    (table,) = SYSTEM.tables
    (absent,) = wanted_tables([table], {table.name: "seeding-absent"}, system="cmz")
    with pytest.raises(Refused, match="loadstone tables create cmz"):
        open_session(SYSTEM, [absent], target, Asked(scale=5), ledgers=tmp_path)
    with Client(target) as client:
        definition = {
            "TableName": "seeding-other",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        assert client.send("CreateTable", orjson.dumps(definition)).ok
    (other,) = wanted_tables([table], {table.name: "seeding-other"}, system="cmz")
    with pytest.raises(TableMismatch, match="key is pk, documented userId"):
        open_session(SYSTEM, [other], target, Asked(scale=5), ledgers=tmp_path)
    assert list(tmp_path.iterdir()) == []


def run(command: Any, *arguments: str, project: Path) -> Result:
    return CliRunner().invoke(command, ["cmz", "--project", str(project), *arguments])


@pytest.mark.usefixtures("no_aws")
def test_command_seeds_and_verifies(target: Target, wanted: list[Wanted], tmp_path: Path) -> None:
    """`seed --verify --json` ends with a ledger that closes; `verify` says the same later; bad
    input is refused before anything is sent."""
    prefix = wanted[0].name.removesuffix("cmz-conversations")
    there = ("--endpoint", target.url, "--region", target.region, "--table-prefix", prefix)
    result = run(seed_command, "--scale", "500", "--verify", "--json", *there, project=tmp_path)
    assert result.exit_code == 0, result.output
    ledger = orjson.loads(result.stdout)
    assert (ledger["asked"], ledger["written"], ledger["left"]) == (500, 500, 0)
    assert ledger["verification"]["ok"]
    assert f"target: {target.url}" in result.stderr
    result = run(verify_command, "--data", *there, project=tmp_path)
    assert result.exit_code == 0, result.output
    assert "500 of 500 items: ok" in result.stdout
    result = run(seed_command, "--seed", "9", *there, project=tmp_path)
    assert isinstance(result.exception, Refused)


@pytest.mark.parametrize("scale", ["0", "-1", "abc", ""])
@pytest.mark.usefixtures("no_aws")
def test_bad_scales_are_exit_2(scale: str, tmp_path: Path) -> None:
    """A scale that is none is one line and exit 2."""
    done = subprocess.run(
        [sys.executable, "-m", "loadstone", "seed", "cmz", f"--scale={scale}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


#: A real `loadstone seed` that a signal meets in the middle of its n-th batch, or its first Scan.
DOOMED = """
import os, sys
from loadstone.client.client import Client
from loadstone.cli import main

number, left, *arguments = sys.argv[1:]
watched, left = ("BatchWriteItem", [int(left)]) if left != "Scan" else ("Scan", [1])
send = Client.send

def doomed(self, operation, body, **options):
    answer = send(self, operation, body, **options)
    left[0] -= operation == watched
    if left[0] == 0:
        os.kill(os.getpid(), int(number))
    return answer

Client.send = doomed
main(arguments)
"""


@pytest.mark.usefixtures("no_aws")
def test_killed_and_resumed(target: Target, wanted: list[Wanted], tmp_path: Path) -> None:
    """A real seed that is killed (-9), interrupted, and then left alone ends with exactly the items
    of the data set."""
    prefix = wanted[0].name.removesuffix("cmz-conversations")
    command = ["seed", "cmz", "--scale", "1500", "--table-prefix", prefix]
    command += ["--endpoint", target.url, "--region", target.region, "--project", str(tmp_path)]

    def seeded(number: int, batches: int, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", DOOMED, str(number), str(batches), *command, *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    # Of 60 batches half are sent at most, and then at most those that are in flight.
    assert seeded(signal.SIGKILL, 31, "--in-flight", "1").returncode == -signal.SIGKILL
    interrupted = seeded(signal.SIGINT, 3, "--json")
    assert interrupted.returncode == 130, interrupted.stderr
    assert "the same command goes on" in interrupted.stderr
    then = orjson.loads(interrupted.stdout)
    assert then["tables"][0]["before"] <= 31 * 25
    assert then["written_now"] >= 3 * 25
    assert then["left"] == 1500 - then["written"]
    ended = seeded(0, 0, "--verify", "--json")
    assert ended.returncode == 0, ended.stderr
    ledger = orjson.loads(ended.stdout)
    assert (ledger["written"], ledger["left"]) == (1500, 0)
    assert ledger["written_now"] == then["left"]
    assert ledger["verification"]["ok"]


@pytest.mark.usefixtures("no_aws")
def test_interrupted_while_it_counts_it_tells_what_it_has_written(
    target: Target, wanted: list[Wanted], tmp_path: Path
) -> None:
    """Ctrl-C during a verification ends it; the ledger of what was written before is told."""
    prefix = wanted[0].name.removesuffix("cmz-conversations")
    there = ["--endpoint", target.url, "--region", target.region, "--project", str(tmp_path)]
    asked = ["--scale", "300", "--table-prefix", prefix, "--verify", "--json"]
    doomed = [sys.executable, "-c", DOOMED, str(int(signal.SIGINT)), "Scan"]
    ended = subprocess.run(
        [*doomed, "seed", "cmz", *there, *asked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 130, ended.stderr
    assert "Traceback" not in ended.stderr
    ledger = orjson.loads(ended.stdout)
    assert (ledger["written"], ledger["left"]) == (300, 0)
    assert "verification" not in ledger


@pytest.mark.usefixtures("no_aws")
def test_killed_after_any_batch(target: Target, tmp_path: Path) -> None:
    """A real seed that is killed (-9) after batches that a die chooses, time and again, ends with
    exactly the items of the data set, and writes none twice but those of unfinished slices."""
    there = [*tables_of_ones_own(target), "--region", target.region]
    draw = random.Random(20)
    arguments = ["seed", "cmz", *there, "--scale", "2500", "--project", str(tmp_path)]
    for _ in range(6):
        batches, in_flight = draw.randint(1, 45), draw.randint(1, 6)
        killed = subprocess.run(
            [
                *(sys.executable, "-c", DOOMED, str(int(signal.SIGKILL)), str(batches)),
                *(*arguments, "--in-flight", str(in_flight)),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
    ledger = completed(tmp_path, *there)
    assert ledger["written_now"] == 2500 - ledger["tables"][0]["before"]
    assert items_in(target, there) == items_of(2500)
