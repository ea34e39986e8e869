"""Seeds in several processes: real ones, of the real command, writing to the real engine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from random import Random
from typing import Any

import gevent
import orjson
import pytest
from gevent import socket

from loadstone.client.target import Target
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.seeding.link import Link
from tests.conftest import ENGINE_CACHE
from tests.seeding_real import (
    AS_OF,
    children_of,
    completed,
    is_alive,
    items_in,
    items_of,
    lines_in,
    seeding,
    tables_of_ones_own,
    under_way,
    until,
)


@pytest.fixture(scope="module")
def target(each_target: Target) -> Target:
    """Both engines, one after the other."""
    return each_target


@pytest.fixture
def scale(each_engine: Engine) -> int:
    """Items enough for something to happen in the middle, and fewer where they take longer."""
    return 9000 if each_engine.binary.name == "dynoxide" else 4500


@pytest.fixture
def there(target: Target) -> list[str]:
    return tables_of_ones_own(target)


@pytest.mark.usefixtures("no_aws")
def test_processes_write_what_one_would(there: list[str], target: Target, tmp_path: Path) -> None:
    """With several processes every item is there once, the ledger closes, and the units are those
    that all of them consumed."""
    ledger = completed(tmp_path, *there, "--scale", "3100", "--processes", "3")
    assert ledger["written_now"] == 3100
    assert items_in(target, there) == items_of(3100)
    assert ledger["tables"][0]["write_units"]["table"] >= 3100
    assert ledger["requests"] >= 3100 / 25
    again = completed(tmp_path, *there, "--processes", "2")
    assert (again["written_now"], again["requests"]) == (0, 0)


@pytest.mark.usefixtures("no_aws")
def test_a_process_that_is_killed_is_replaced(there: list[str], scale: int, tmp_path: Path) -> None:
    """One process of two is killed (-9): that is said in a line, and the load completes as if it
    had not been."""
    arguments = [*there, "--scale", str(scale), "--processes", "2", "--rate", "12000wcu/s"]
    with seeding(tmp_path, *arguments, "--json") as process:
        under_way(tmp_path, slices=2)
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    (said,) = (line for line in err.splitlines() if "SIGKILL" in line)
    assert "slices are given to others" in said
    ledger = orjson.loads(out)
    assert (ledger["written"], ledger["left"]) == (scale, 0)
    assert completed(tmp_path, *there)["written_now"] == 0


@pytest.mark.usefixtures("no_aws")
def test_killed_at_any_moment_it_goes_on(tmp_path: Path) -> None:
    """Killed (-9) again and again together with its own engine, in one process or in several, the
    same command ends with exactly the items of the data set; and no process is left behind."""
    (tmp_path / STATE).mkdir()
    (tmp_path / STATE / "engine").symlink_to(ENGINE_CACHE)
    draw = Random(7)
    for processes in ("1", "2", "3", "1"):
        arguments = ["--as-of", AS_OF, "--scale", "5000", "--processes", processes]
        with seeding(tmp_path, *arguments) as process:
            more = lines_in(tmp_path) + draw.randint(1, 2)
            until(lambda: lines_in(tmp_path) >= more or process.poll() is not None)  # noqa: B023
            children = children_of(process.pid) if process.poll() is None else []
            process.kill()
        until(lambda: not any(map(is_alive, children)))  # noqa: B023
    ledger = completed(tmp_path, "--as-of", AS_OF)
    assert ledger["asked"] == 5000
    assert ledger["tables"][0]["before"] > 0


@pytest.mark.usefixtures("no_aws")
@pytest.mark.parametrize("processes", ["1", "3"])
def test_ctrl_c_ends_in_good_order(
    there: list[str], scale: int, target: Target, tmp_path: Path, processes: str
) -> None:
    """Ctrl-C in a terminal reaches the whole process group: what is in flight is finished, the
    numbers agree, it is said how to go on, and the exit is 130."""
    arguments = [*there, "--scale", str(scale), "--processes", processes, "--rate", "12000wcu/s"]
    with seeding(tmp_path, *arguments, "--json") as process:
        under_way(tmp_path)
        children = children_of(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    ledger = orjson.loads(out)
    assert 0 < ledger["left"] < scale
    assert ledger["written"] + ledger["left"] == scale
    last = [line for line in err.splitlines() if line.startswith("stopped: ")]
    assert last == [err.splitlines()[-1]]
    assert f"stopped: {ledger['left']:,} items are left" in last[0]
    assert "the same command goes on" in last[0]
    shown = [line for line in err.splitlines() if f" of {scale:,} items" in line]
    assert shown[-1].startswith(f"{ledger['written']:,} of {scale:,} items")
    # What was in flight is there, also of the slices that will be written again.
    assert len(items_in(target, there)) == ledger["written"] + ledger["unfinished"]
    until(lambda: not any(map(is_alive, children)))
    assert completed(tmp_path, *there)["written_now"] == ledger["left"]


def test_a_link_carries_messages_in_order() -> None:
    """What is told at one end is heard at the other, however large, until that end closes; and
    telling waits for nobody."""
    ours, theirs = map(Link, socket.socketpair())
    told = [{"kind": "said", "text": "x" * size} for size in (0, 1, 100_000, 1_000_000, 3)]
    for message in told:
        ours.tell(message)
    heard: list[Any] = []

    def listen() -> None:
        heard.extend(theirs.messages())

    listening = gevent.spawn(listen)
    ours.close()
    listening.join()
    theirs.tell({"kind": "nobody hears"})
    theirs.close()
    assert heard == told
