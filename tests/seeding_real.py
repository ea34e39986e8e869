"""Seeds by the real command, in processes of their own, into tables of the real engine."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
import orjson
import pytest

from loadstone.aws.tables import Tables, wanted_tables
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.naming import Naming
from loadstone.system import load_system
from loadstone.wire import decode
from tests.commands import loadstone

SYSTEM = load_system("cmz")
#: Nothing of it has expired: an engine may delete what has, at any time.
AS_OF = "2100-01-01"

_numbers = itertools.count()


def tables_of_ones_own(target: Target) -> list[str]:
    """Makes them; the flags that lead to them."""
    prefix = f"real-{next(_numbers)}-"
    names = Naming(prefix=prefix).names(SYSTEM.tables)
    Tables(target).create(wanted_tables(SYSTEM.tables, names, system=SYSTEM.id))
    # An engine may keep the tables of each region apart, as AWS does.
    there = ["--endpoint", target.url, "--region", target.region]
    return [*there, "--table-prefix", prefix, "--as-of", AS_OF]


@contextmanager
def seeding(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A seed under way, in a process group of its own as a shell would have it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_ENDPOINT", "DYNAMODB_", "LOADSTONE_", "LOCUST_"))
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "loadstone", "seed", "cmz", *arguments],
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with process:
        try:
            yield process
        except BaseException as error:
            process.kill()
            error.add_note(f"{' '.join(arguments)} said: {process.communicate()}")
            raise
        finally:
            process.kill()


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        pytest.skip("this system does not say which processes another one has started")
    return [int(child) for child in found.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(something: Callable[[], Any]) -> None:
    """Wait for it; no test hangs for ever."""
    for _ in range(18_000):
        if something():
            return
        gevent.sleep(0.01)
    raise AssertionError("it did not come to pass in three minutes")


def lines_in(folder: Path) -> int:
    """Lines of the ledgers, the first one of each apart: slices that are done, and one more."""
    ledgers = (folder / ".loadstone" / "ledgers").glob("*.ledger")
    return sum(max(0, path.read_bytes().count(b"\n") - 1) for path in ledgers)


def under_way(folder: Path, slices: int = 1) -> None:
    """Wait until some slices are done."""
    until(lambda: lines_in(folder) - 1 >= slices)


def items_in(target: Target, there: list[str]) -> dict[Any, Any]:
    """Every item of the table, by its key."""
    (table,) = SYSTEM.tables
    request: dict[str, Any] = {
        "TableName": Naming(prefix=there[5]).names(SYSTEM.tables)[table.name],
        "ConsistentRead": True,
    }
    found: dict[Any, Any] = {}
    with Client(target) as client:
        while True:
            page = client.send("Scan", orjson.dumps(request)).json
            for item in map(decode, page["Items"]):
                found[tuple(item[name] for name in table.key)] = item
            if not (last := page.get("LastEvaluatedKey")):
                return found
            request["ExclusiveStartKey"] = last


def items_of(scale: int) -> dict[Any, Any]:
    """Every item of the data set, by its key."""
    dataset = Dataset(SYSTEM, scale=scale, as_of=datetime.fromisoformat(AS_OF).replace(tzinfo=UTC))
    (table,) = SYSTEM.tables
    every = (dataset.item("Message", number) for number in range(dataset.count("Message")))
    return {tuple(item[name] for name in table.key): item for item in every}


def completed(folder: Path, *arguments: str) -> dict[str, Any]:
    """The same command once more, which ends well, and whose verification finds nothing."""
    ran = loadstone("seed", "cmz", *arguments, "--verify", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    ledger: dict[str, Any] = orjson.loads(ran.out)
    assert ledger["left"] == ledger["rejected"] == 0
    assert ledger["written"] == ledger["asked"]
    assert ledger["verification"]["ok"]
    return ledger
