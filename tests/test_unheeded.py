"""A stage that no table's name has, and a prefix where no table is looked at: said, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.client.target import Target
from tests.commands import loadstone

NO_STAGE = (
    "--stage ci changes nothing: the names of these tables have no stage; --table-prefix ci- sets "
    "them apart"
)
NO_TABLES = "--stage and --table-prefix change nothing: they name live tables, for --cloudwatch"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("export", "cmz", "--scale", "10", "--out", "out"), NO_STAGE),
        (("permissions", "cmz", "seed"), NO_STAGE),
        (("doctor", "cmz"), NO_STAGE),
        (("plan", "cmz", "--scale", "10", "--format", "json"), NO_TABLES),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_stage_that_changes_nothing_is_said(
    tmp_path: Path, command: tuple[str, ...], said: str
) -> None:
    """The line is on stderr, once, the command goes on, and without a stage nothing is said."""
    done = loadstone(*command, "--stage", "ci", cwd=tmp_path)
    assert (done.code, done.err.splitlines().count(said)) == (0, 1), done.err
    assert said not in done.out
    assert said not in loadstone(*command, cwd=tmp_path).err


def test_a_stage_is_heeded_where_names_have_one(tmp_path: Path) -> None:
    """Of a system whose tables are named after a stage nothing is said."""
    done = loadstone("permissions", "acs", "seed", "--stage", "ci", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


def test_an_import_says_it_too(tmp_path: Path, target: Target) -> None:
    """What imports an export under a stage that its tables do not have says so."""
    assert loadstone("export", "cmz", "--scale", "10", "--out", "out", cwd=tmp_path).code == 0
    done = loadstone(
        *("import", "out", "--stage", "ci", "--dry-run", "--endpoint", target.url), cwd=tmp_path
    )
    assert (done.code, done.err.splitlines().count(NO_STAGE)) == (0, 1), done.err
