"""The list of runs: what each was, names given later, and letting go of old ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from loadstone.cli.runs import runs
from loadstone.errors import BadValue, Refused, UnknownName
from loadstone.report.view import view
from loadstone.run import Run, find_run
from loadstone.run.brief import BRIEF_FILE, brief_of
from loadstone.run.record import RUN_FILE
from loadstone.run.shelf import SILENT_S, prune, rename
from tests.synthetic import START_MS, finished, known_seconds, write


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project's runs, which is the one that commands look in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".loadstone" / "runs"


def ask(*arguments: str, said: str | None = None) -> Result:
    return CliRunner().invoke(runs, arguments, input=said, catch_exceptions=False)


def made(shelf: Path, name: str, minute: int = 0) -> Path:
    """A finished run of two seconds that began in that minute."""
    finished(
        shelf / name, known_seconds()[2:4], name=name, started_unix_ms=START_MS + minute * 60_000
    )
    return shelf / name


def test_the_list_is_one_line_each(shelf: Path) -> None:
    """`loadstone runs` says of each run what it was, when, how long, how it ended, and what came of
    it."""
    finished(shelf / "known", known_seconds(), name="known", warm_up_s=2.0)
    assert ask().stdout == (
        "known  cmz  2026-01-01 00:00:00 UTC  10.0 s  completed  143 ops/s  p99 99.0 ms  "
        "1,144 calls, 8 failed, 16 throttled\n"
    )
    (line,) = map(json.loads, ask("--json").stdout.splitlines())
    assert line["per_s"] == 143.0
    assert line["throttled"] == 16
    assert line["ending"] == "completed"


def test_a_run_that_was_cut_off_is_listed_as_such(shelf: Path) -> None:
    """What is there of a crashed run is counted, and an empty one is said to have made no call."""
    write(shelf / "crashed", known_seconds()[2:5], close=False)
    finished(shelf / "empty", [[], []])
    lines = {line.split()[0]: line for line in ask().stdout.splitlines()}
    assert "cut off  143 ops/s" in lines["crashed"]
    assert "429 calls, 3 failed, 6 throttled" in lines["crashed"]
    assert lines["empty"].endswith("completed  no call was made")
    assert not (shelf / "crashed" / BRIEF_FILE).exists()


@pytest.mark.parametrize(("version", "said"), [(0, "older Loadstone"), (9, "newer Loadstone")])
def test_a_record_of_another_version_is_said_to_be_one(
    shelf: Path, version: int, said: str
) -> None:
    """A run that this version cannot read is listed with what it is, and what reads it."""
    record = made(shelf, "other") / RUN_FILE
    opening, rest = record.read_bytes().split(b"\n", 1)
    record.write_bytes(opening.replace(b'"version":1', b'"version":%d' % version) + b"\n" + rest)
    (line,) = ask().stdout.splitlines()
    assert f"a record of version {version}" in line
    assert said in line


def test_figures_are_kept_beside_the_record(shelf: Path) -> None:
    """A list of many runs reads each record once; another record in its place is read anew."""
    folder = made(shelf, "a")
    first = brief_of(folder)
    assert (folder / BRIEF_FILE).exists()
    assert brief_of(folder) == first
    (folder / RUN_FILE).unlink()
    finished(folder, known_seconds()[2:3], name="a")
    second = brief_of(folder)
    assert first is not None
    assert second is not None
    assert (first.calls, second.calls) == (286, 143)
    (folder / BRIEF_FILE).write_text("{")
    assert brief_of(folder) == second


def test_a_run_can_be_renamed(shelf: Path) -> None:
    """A new name is the one that finds it, and that reports tell; the old one is gone."""
    made(shelf, "cmz-20260101")
    assert ask("rename", "last", "nightly").stdout.strip().endswith("nightly")
    assert find_run("nightly").samefile(shelf / "nightly")
    assert view(Run.load(find_run("nightly"))).title == "cmz: nightly"
    with pytest.raises(UnknownName):
        find_run("cmz-20260101")


def test_a_run_of_several_systems_is_renamed_whole(shelf: Path) -> None:
    """Its records stay together, by either's name."""
    for system in ("pears", "apples"):
        finished(shelf / "both" / system, known_seconds()[:1], name="both", system=system)
    rename("both/pears", "fruit", shelf)
    assert find_run("fruit/apples", shelf).parent.name == "fruit"
    assert Run.load(find_run("fruit/pears", shelf)).header.name == "fruit"


@pytest.mark.parametrize("name", ["last", "", "a/b", "..", ".hidden", "taken"])
def test_a_name_that_is_none_is_refused(shelf: Path, name: str) -> None:
    """What is no folder's name, means something else, or is taken, is left alone."""
    made(shelf, "a")
    made(shelf, "taken")
    with pytest.raises(BadValue):
        rename("a", name)
    assert find_run("a")


def test_old_runs_are_deleted_after_a_yes(shelf: Path) -> None:
    """`prune --keep` names what it would delete, and deletes the oldest when it may."""
    for minute, name in enumerate(("first", "second", "third")):
        made(shelf, name, minute)
    with pytest.raises(Refused, match="nobody said yes"):
        ask("prune", "--keep", "1")
    with pytest.raises(Refused, match="nothing was deleted"):
        ask("prune", "--keep", "1", said="n\n")
    assert len(list(shelf.iterdir())) == 3
    asked = ask("prune", "--keep", "1", said="y\n")
    assert "to be deleted, records and reports: first, second" in asked.stderr
    assert asked.stdout == "deleted: first, second\n"
    assert [path.name for path in shelf.iterdir()] == ["third"]
    assert ask("prune", "--keep", "1", "--yes").stdout == "deleted: nothing\n"


def test_what_is_still_needed_is_kept(shelf: Path) -> None:
    """A run that goes on is never deleted; one whose items may be in tables only when that is
    said."""
    write(shelf / "going", known_seconds()[:1], close=False)
    write(shelf / "crashed", known_seconds()[:1], close=False)
    part = next((shelf / "crashed").glob("part-*"))
    silent_s = part.stat().st_mtime - 2 * SILENT_S
    os.utime(part, (silent_s, silent_s))
    (made(shelf, "wrote") / "new-0000.jsonl").write_text("{}\n")
    found = prune(0)
    assert [folder.name for folder in found.folders] == ["crashed"]
    assert {each.name: each.why for each in found.kept} == {
        "going": "it is still going on",
        "wrote": "it wrote items that may still be in tables",
    }
    assert {folder.name for folder in prune(0, written=True).folders} == {"crashed", "wrote"}
    with pytest.raises(Refused, match="still going on"):
        rename("going", "gone")
