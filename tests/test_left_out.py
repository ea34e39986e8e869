"""What a person leaves out on a command line, or turns round: told with what to type."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.commands import loadstone
from tests.conftest import ENGINE_CACHE

RUNS = "A run is a path, a name or `last`; `loadstone runs` lists them."


@pytest.mark.parametrize("command", [("report",), ("compare", "last"), ("reconcile",)])
def test_a_run_that_is_left_out_is_told_how_to_name(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Where a run is to be named and none is, the line says what names one, and what lists them."""
    done = loadstone(*command, cwd=tmp_path)
    assert (done.code, done.err.splitlines()[-1]) == (2, RUNS)


def test_a_command_before_its_system_is_put_right(tmp_path: Path) -> None:
    """`permissions seed cmz` is answered with `permissions cmz seed`; a command that is none is
    still told among all."""
    done = loadstone("permissions", "seed", "cmz", cwd=tmp_path)
    assert (done.code, done.err) == (
        2,
        "loadstone: the system comes first, then the commands: `loadstone permissions cmz seed`\n",
    )
    assert "no command 'sed'" in loadstone("permissions", "cmz", "sed", cwd=tmp_path).err


def test_one_age_is_no_range(tmp_path: Path) -> None:
    """Prices of a region that are all of one age have that age, and not from it to itself."""
    done = loadstone("prices", cwd=tmp_path)
    ages = [line.partition(" prices, ")[2].split(" days")[0] for line in done.out.splitlines()]
    found = [age.split(" to ") for age in ages if age]
    assert sorted({len(age) for age in found}) == [1, 2]
    assert all(len(set(age)) == len(age) for age in found)


def test_a_gates_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """A port that somebody listens on is told without the address that gevent adds."""
    (tmp_path / ".loadstone").mkdir()
    (tmp_path / ".loadstone" / "engine").symlink_to(ENGINE_CACHE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = loadstone("local", "--throttle", "on-demand", "--port", port, cwd=tmp_path)
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        f"loadstone: cannot listen on port {port} (Address already in use): pass another --port, "
        "or leave it out for a free one"
    )
