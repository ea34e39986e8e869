"""`loadstone new`: files that run as they are, and never over others."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from loadstone.contract.contract import content_problems
from loadstone.drafting.project import check_name, write_files
from loadstone.drafting.starter import starter
from loadstone.errors import BadValue
from loadstone.system import load_system
from tests.commands import loadstone

FILES = ["fixtures/orders.py", "scenarios/orders.py", "locustfiles/orders.py"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is no project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOADSTONE_PROJECT", raising=False)
    return tmp_path


def test_the_three_files_are_written_and_found(tmp_path: Path) -> None:
    """In an empty folder `new` writes three files, says which, and what to do next; the folder is a
    project from then on."""
    ran = loadstone("new", "orders", cwd=tmp_path)
    assert (ran.code, ran.out.split()) == (0, FILES)
    assert "next: loadstone check orders" in ran.err
    assert "[tool.loadstone]" in (tmp_path / "pyproject.toml").read_text()
    found = loadstone("preview", "orders", "-n", "1", cwd=tmp_path)
    assert found.code == 0
    assert "orders.Entry 0 of" in found.out


def test_nothing_is_wrong_with_the_start(here: Path) -> None:
    """What `new` writes keeps the whole contract, and every word in it is used."""
    write_files(starter("orders"), None, say=lambda _: None)
    assert list(content_problems(load_system("orders", here), say=lambda _: None)) == []


@pytest.mark.parametrize("name", ["ab", "a_1", "orders"])
def test_a_start_is_good_python(name: str) -> None:
    """The files are formatted as the checkout's own are, and a short name has a legal table."""
    for path, text in starter(name).items():
        ast.parse(text, path)
        assert formatted(text), path
        assert max(map(len, text.splitlines())) <= 100


def formatted(text: str) -> bool:
    """Whether ruff would leave a text as it is."""
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return done.stdout == text


def test_nothing_is_written_over(here: Path) -> None:
    """One file that is there keeps all three from being written."""
    (here / "scenarios").mkdir()
    (here / "scenarios" / "orders.py").write_text("mine")
    with pytest.raises(BadValue, match=r"scenarios/orders\.py is there already, and nothing was"):
        write_files(starter("orders"), None, say=lambda _: None)
    assert sorted(path.name for path in here.rglob("*") if path.is_file()) == ["orders.py"]
    assert (here / "scenarios" / "orders.py").read_text() == "mine"


def test_settings_that_are_there_are_kept(here: Path) -> None:
    """A pyproject.toml of somebody's gets a table at its end, once, and says what it said."""
    (here / "pyproject.toml").write_text('[project]\nname = "mine"')
    said: list[str] = []
    write_files(starter("orders"), None, say=said.append)
    text = '[project]\nname = "mine"\n\n[tool.loadstone]\n'
    assert (here / "pyproject.toml").read_text() == text
    assert said == ["added [tool.loadstone] to pyproject.toml, by which this folder is found"]
    write_files(starter("second"), None, say=said.append)
    assert (here / "pyproject.toml").read_text() == text
    assert len(said) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Orders", "no name of a system"),
        ("1st", "no name of a system"),
        ("my-orders", "no name of a system"),
        ("class", r"a word of Python's, .* choose another name, such as class_data"),
        ("all", "something else"),
        ("cmz", "comes with Loadstone"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(name: str, says: str, here: Path) -> None:
    """A name becomes a module's and stands on command lines: others are refused, and say why."""
    with pytest.raises(BadValue, match=says):
        check_name(name, None)


def test_one_source_at_a_time(tmp_path: Path) -> None:
    """A draft from a table and from a file at once is asked wrongly, and nothing is written."""
    options = ("--from-table", "t", "--from-workbench", "m.json")
    ran = loadstone("new", "orders", *options, cwd=tmp_path)
    assert ran.code == 2
    assert "one of --from-table" in ran.err
    assert not (tmp_path / "fixtures").exists()
