"""What people type wrongly, and what they are told: which thing is wrong, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone import PerParent
from loadstone.arrivals.grammar import rate_of
from loadstone.cli.rates import Rate
from loadstone.cli.run import check_duration
from loadstone.errors import BadContent, BadValue, UnknownName, meant
from loadstone.run.library import find_runs, runs_folder
from tests.commands import loadstone


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        ("200", "with its unit"),
        ("200rps", "in operations a second, not 'rps'"),
        ("200ops", "in operations a second, not 'ops'"),
        ("0ops/s", "with a number above 0"),
        ("0", "with a number above 0"),
        ("-5ops/s", "with a number above 0"),
        ("1.2.3ops/s", "with a number above 0"),
        ("fast", "with a number above 0"),
        ("", "with a number above 0"),
    ],
)
def test_a_rate_is_told_what_it_lacks(rate: str, says: str) -> None:
    """Of a rate it is the number or the unit that is wrong, and that one is named."""
    with pytest.raises(BadValue) as told:
        rate_of(rate)
    assert str(told.value) == f"--rate {rate}: write it as 200ops/s, {says}"


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        ("10", "write it with its unit, such as 5000wcu/s"),
        ("10rcu/s", "this rate is in wcu/s, not in rcu/s: such as 5000wcu/s"),
        ("0wcu/s", "a rate is above 0, such as 5000wcu/s"),
    ],
)
def test_a_rate_of_units_is_told_which_unit(rate: str, says: str) -> None:
    """A seed is paced by what it writes: read units are not what its rate is in."""
    with pytest.raises(BadValue, match=says):
        Rate("wcu", "5000wcu/s").convert(rate, None, None)


@pytest.mark.parametrize(
    ("duration", "says"),
    [
        ("0s", "a load lasts longer than nothing"),
        ("0", "a load lasts longer than nothing"),
        ("0h0m", "a load lasts longer than nothing"),
        ("long", "write it as 30s, 5m or 1h30m"),
        ("", "write it as 30s, 5m or 1h30m"),
    ],
)
def test_a_load_of_no_length_is_refused_as_that(duration: str, says: str) -> None:
    """What is no length of time is told how to write one, and what is none that it is none."""
    with pytest.raises(BadValue, match=says):
        check_duration(duration)
    check_duration("1m30s")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("libary", "; you may mean library"),
        ("Library", "; you may mean library"),
        ("czm", "; you may mean cmz"),
        ("asc", "; you may mean acs"),
        ("fixtures/library.py", "; you may mean library"),
        ("orders", ""),
        ("", ""),
    ],
)
def test_a_slip_in_a_name_is_told_which_one_is_near(name: str, near: str) -> None:
    """A name that is another but for a letter, a capital or its file is told that one; what is like
    none is told what there is."""
    known = ["acs", "cmz", "library"]
    assert meant(name, known) == near
    said = str(UnknownName.among("system", name, known))
    assert said == f"no system {name!r}; there are acs, cmz, library{near}"


@pytest.mark.parametrize("mean", [0, -1, 2_000_000])
def test_children_on_average_are_told_how_many_may_be(mean: int) -> None:
    """No children for anybody is no mean, and what was perhaps meant is told."""
    with pytest.raises(
        BadContent, match="a mean is above 0 and at most 1,000,000 children"
    ) as told:
        PerParent(mean)
    assert "PerParent(0.2, least=0)" in str(told.value)
    assert PerParent(0.2, least=0).least == 0


def test_a_file_of_a_system_is_meant_by_its_name(tmp_path: Path) -> None:
    """`check fixtures/cmz.py` is about no run: it says what to type."""
    ran = loadstone("check", "fixtures/cmz.py", cwd=tmp_path)
    assert ran.code == 2
    assert "fixtures/cmz.py is a file of a system, which is meant by its name: cmz" in ran.err


def test_a_plan_is_of_a_system_or_of_a_run(tmp_path: Path) -> None:
    """With both it is told that a run knows its system, with neither what to name."""
    both = loadstone("plan", "cmz", "--run", "last", cwd=tmp_path)
    assert (both.code, "leave cmz out, `loadstone plan --run last`" in both.err) == (2, True)
    neither = loadstone("plan", cwd=tmp_path)
    assert (neither.code, "name a SYSTEM, or a run with --run:" in neither.err) == (2, True)


def test_a_demo_plays_the_mix_that_is_named(tmp_path: Path) -> None:
    """A mix that is not there, and a load of no length, are refused before anything is made."""
    unknown = loadstone("demo", "cmz", "--mix", "balancd", cwd=tmp_path)
    assert (unknown.code, unknown.out) == (2, "")
    assert "'balancd'; there are the mixes" in unknown.err
    nothing = loadstone("demo", "cmz", "--duration", "0s", cwd=tmp_path)
    assert (nothing.code, "a load lasts longer than nothing" in nothing.err) == (2, True)
    assert not (tmp_path / runs_folder()).exists()


def test_a_command_that_is_none_is_told_which_is_near(tmp_path: Path) -> None:
    """A misspelled command is one line with those that there are; where a system is to be named,
    those that there are are named."""
    ran = loadstone("chek", "cmz", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("loadstone: no command 'chek'; there are check, compare, ")
    assert ran.err.endswith("; you may mean check\n")
    ran = loadstone("seed", cwd=tmp_path)
    assert ran.code == 2
    assert "Missing argument 'SYSTEM'." in ran.err
    assert ran.err.endswith("\nThere are acs, agentserver, cmz, kxgen, listbackup.\n")


def test_the_last_run_is_meant(tmp_path: Path) -> None:
    """`last` is among what may be meant, where there is a run and none is called nearly so."""
    (tmp_path / "some-run").mkdir()
    (tmp_path / "some-run" / "run.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UnknownName, match=r"no run 'lst'; there is some-run; you may mean last$"):
        find_runs("lst", tmp_path)
    with pytest.raises(UnknownName, match=r"there is some-run; you may mean some-run$"):
        find_runs("some-rum", tmp_path)
    with pytest.raises(UnknownName, match=r"there is none$"):
        find_runs("lst", tmp_path / "nowhere")
