"""Seeds on several machines: a real master of Locust's and real workers, all on this one."""

from __future__ import annotations

import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from loadstone.cli.distributed import Spread, await_address
from loadstone.client.target import Target
from loadstone.embedded.process import Engine
from loadstone.errors import BadValue
from tests.commands import free_port, loadstone
from tests.seeding_real import (
    completed,
    items_in,
    items_of,
    lines_in,
    seeding,
    tables_of_ones_own,
    under_way,
    until,
)

#: Slow enough for something to happen in the middle.
RATE = ("--rate", "8000wcu/s")


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


@dataclass
class Master:
    """A master under way, and how to reach it."""

    process: Any
    port: int
    web_port: int
    said: Path

    @property
    def as_worker(self) -> list[str]:
        return ["--worker", "127.0.0.1", "--master-port", str(self.port)]

    def page(self, path: str, data: bytes | None = None) -> Any:
        url = f"http://127.0.0.1:{self.web_port}{path}"
        with urllib.request.urlopen(url, data, timeout=300) as answer:
            return orjson.loads(answer.read())

    def requests(self) -> set[tuple[str, str]]:
        """The requests on Locust's page: operation and table."""
        return {(each["method"], each["name"]) for each in self.page("/stats/requests")["stats"]}

    def seed_tab(self) -> list[dict[str, str]]:
        """The rows of the page's tab."""
        (tab,) = self.page("/stats/requests")["extended_stats"]
        rows: list[dict[str, str]] = tab["data"]
        return rows


@contextmanager
def mastering(folder: Path, *arguments: str, workers: int = 2) -> Iterator[Master]:
    port, web_port = free_port(), free_port()
    flags = ["--master", "--expect-workers", str(workers), "--json"]
    ports = ["--master-port", str(port), "--web-port", str(web_port)]
    with seeding(folder, *arguments, *flags, *ports) as process:
        yield Master(process, port, web_port, folder)


@pytest.mark.usefixtures("no_aws")
def test_a_worker_that_is_killed_loses_nothing(
    there: list[str], scale: int, target: Target, tmp_path: Path
) -> None:
    """Of two workers one is killed (-9) in the middle: its slices are given to the other, which is
    said; the table ends with exactly the items of the data set, and the ledger closes. Meanwhile
    Locust's page shows a request for each batch, and how far each table is."""
    with (
        mastering(tmp_path, *there, "--scale", str(scale), *RATE) as master,
        seeding(tmp_path, *master.as_worker) as doomed,
        seeding(tmp_path, *master.as_worker) as other,
    ):
        under_way(tmp_path, slices=3)
        doomed.kill()
        until(lambda: master.seed_tab() and master.seed_tab()[0]["items"] != "0")
        table, total = master.seed_tab()
        # Workers tell Locust of their requests every few seconds.
        until(lambda: ("BatchWriteItem", table["table"]) in master.requests())
        out, err = master.process.communicate(timeout=300)
        _, told = other.communicate(timeout=300)
    assert master.process.returncode == 0, err
    assert "2 workers are there" in err
    (said,) = (line for line in err.splitlines() if "does not answer any more" in line)
    assert "slices are given to others" in said
    ledger = orjson.loads(out)
    assert (ledger["asked"], ledger["written"], ledger["left"]) == (scale, scale, 0)
    assert ledger["tables"][0]["write_units"]["table"] > 0
    assert items_in(target, there) == items_of(scale)
    assert other.returncode == 0, told
    assert "ended: this worker has written" in told
    assert table["asked"] == total["asked"] == f"{scale:,}"
    assert total["table"] == "total"
    assert completed(tmp_path, *there)["written_now"] == 0


@pytest.mark.usefixtures("no_aws")
def test_ctrl_c_and_the_page_end_it_in_good_order(
    there: list[str], scale: int, target: Target, tmp_path: Path
) -> None:
    """Ctrl-C at the master, and then the page's Stop button, have the workers finish what is in
    flight; a worker that is interrupted hands back what it has. The same command goes on, in the
    end on one machine alone."""
    slowly = ("--rate", "1500wcu/s")
    for how in ("interrupt", "stop"):
        with (
            mastering(tmp_path, *there, "--scale", str(scale), *slowly) as master,
            seeding(tmp_path, *master.as_worker) as first,
            seeding(tmp_path, *master.as_worker) as second,
        ):
            before = max(1, lines_in(tmp_path))
            until(lambda: lines_in(tmp_path) > before)  # noqa: B023
            os.killpg(first.pid, signal.SIGINT)
            first.communicate(timeout=300)
            if how == "interrupt":
                os.killpg(master.process.pid, signal.SIGINT)
            else:
                assert master.page("/stop", b"")["success"]
            out, err = master.process.communicate(timeout=300)
            second.communicate(timeout=300)
        assert master.process.returncode == 130, err
        assert "Traceback" not in err
        assert "has left" in err
        assert "the same command goes on" in err.splitlines()[-1]
        assert first.returncode == second.returncode == 0
        ledger = orjson.loads(out)
        assert 0 < ledger["left"] < scale
        assert ledger["written"] + ledger["left"] == scale
    assert completed(tmp_path, *there)["written_now"] == ledger["left"]
    assert items_in(target, there) == items_of(scale)


@pytest.mark.usefixtures("no_aws")
def test_who_means_something_else_takes_no_part(
    there: list[str], target: Target, tmp_path: Path
) -> None:
    """A worker whose flags say another data set, or that reaches other tables, writes nothing and
    ends with what to do; the others go on without it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with mastering(tmp_path, *there, "--scale", "3000", workers=3) as master:
        with (
            seeding(elsewhere, *master.as_worker, "--scale", "2999") as other_data,
            seeding(elsewhere, *master.as_worker, "--endpoint", "http://127.0.0.1:9") as lost,
            seeding(elsewhere, *master.as_worker, "--processes", "2") as well,
        ):
            out, err = master.process.communicate(timeout=300)
            told = [each.communicate(timeout=300)[1] for each in (other_data, lost, well)]
        assert master.process.returncode == 0, err
    assert [other_data.returncode, lost.returncode, well.returncode] == [2, 2, 0], told
    assert "--scale is 2999 here, and 3000 at the master: leave it out here" in told[0]
    assert "pass --endpoint with the address that this machine has for it" in told[1]
    assert err.count("does not take part") == 2
    assert orjson.loads(out)["written"] == 3000
    assert items_in(target, there) == items_of(3000)


@pytest.mark.usefixtures("no_aws")
def test_without_workers_it_stops(there: list[str], scale: int, tmp_path: Path) -> None:
    """When the last worker is gone the master ends with what to do, and exit 1."""
    with (
        mastering(tmp_path, *there, "--scale", str(scale), *RATE, workers=1) as master,
        seeding(tmp_path, *master.as_worker) as only,
    ):
        under_way(tmp_path)
        only.kill()
        _, err = master.process.communicate(timeout=300)
    assert master.process.returncode == 1
    assert "no worker is left: what is written stays written; start workers again" in err
    assert completed(tmp_path, *there)["tables"][0]["before"] > 0


@pytest.mark.usefixtures("no_aws")
def test_a_port_that_is_taken_is_said_early(target: Target, tmp_path: Path) -> None:
    """A master whose port is in use ends before it writes, with the flag that helps."""
    there = tables_of_ones_own(target)
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = str(server.getsockname()[1])
        flags = ["--master", "--web-port", taken, "--master-port", str(free_port())]
        ran = loadstone("seed", "cmz", *there, *flags, cwd=tmp_path)
    assert ran.code == 2
    assert f"--web-port {taken}: " in ran.err


@pytest.mark.parametrize(
    ("spread", "processes", "said"),
    [
        (Spread(master=True, worker="here"), 1, "--master and --worker"),
        (Spread(expected=2), 1, "--expect-workers is for the master"),
        (Spread(master=True), 2, "--processes is for each worker"),
    ],
)
def test_what_does_not_go_together_is_refused(spread: Spread, processes: int, said: str) -> None:
    """Flags of masters and of workers are not mixed."""
    with pytest.raises(BadValue, match=said):
        spread.check(processes)


def test_a_worker_waits_for_its_master_s_address() -> None:
    """A name that comes to have an address is waited for, which is said once; one that never does
    is an error that names it, and no endless wait."""
    said: list[str] = []
    pauses: list[float] = []
    await_address("127.0.0.1", say=said.append, pause=pauses.append)
    assert (said, pauses) == ([], [])
    with pytest.raises(BadValue, match=r"--worker nobody\.invalid: no such host .* for 3 s: name"):
        await_address("nobody.invalid", say=said.append, within_s=3, pause=pauses.append)
    assert len(said) == 1
    assert said[0].startswith("--worker nobody.invalid has no address yet (")
    assert len(pauses) == 3
