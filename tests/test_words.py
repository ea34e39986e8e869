"""The page of words: each word of content is on it, and each example on it is one."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest

import loadstone
from loadstone.cli import commands
from loadstone.dataset import Dataset
from loadstone.fields.expr import Expr
from tests.pages import ROOT, File, steps_of
from tests.systems import AS_OF, system_of

PAGE = (ROOT / "docs" / "the-words-of-content.md").read_text()
_ROW = re.compile(r"^\| `(\w+)` \| `(.+)` \| (.+) \|$", re.MULTILINE)
_FLAG = re.compile(r"^\| `(--[\w-]+)", re.MULTILINE)
ROWS = {found[1]: found[2] for found in _ROW.finditer(PAGE)}
#: What an item cannot hold: what is known when a pattern is played.
PLAYED = {"now", "wrote", "answered", "equal"}


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """Every word, and what the files of the page declare."""
    names: dict[str, Any] = {name: getattr(loadstone, name) for name in loadstone.__all__}
    for file in steps_of(PAGE):
        if isinstance(file, File):
            lines = file.text.splitlines()
            kept = [line for line in lines if not line.startswith("from fixtures.")]
            exec(compile("\n".join(kept), file.path, "exec"), names)
    return names


def test_each_word_is_on_the_page_and_no_other() -> None:
    """Whatever content may import has one row, and each row is of something that is there."""
    listed = [found[1] for found in _ROW.finditer(PAGE)]
    assert sorted(listed) == sorted(loadstone.__all__)


@pytest.mark.parametrize("word", ROWS)
def test_an_example_uses_its_word_and_works(word: str, known: dict[str, Any]) -> None:
    """Each example is about its word and is accepted; what an item may hold is made of it, alone
    and among others alike."""
    assert re.search(rf"\b{word}\b", ROWS[word])
    value = eval(ROWS[word], dict(known))
    if not isinstance(value, Expr) or word in PLAYED:
        return
    entities = (known["book"], known["reader"], known["loan"], probe(value, known))
    system = system_of(*entities, settings=(known["FINE"],))
    dataset = Dataset(system, scale=5000, as_of=AS_OF)
    made = list(dataset.items("Probe", 0, dataset.count("Probe")))
    assert made[7] == dataset.item("Probe", 7)
    assert word == "when" or all("value" in each for each in made)


def probe(value: Expr, known: dict[str, Any]) -> loadstone.Entity:
    """An entity of a reader's that has the value."""
    return loadstone.Entity(
        "Probe",
        table=known["books"],
        parent=known["reader"],
        per_parent=loadstone.PerParent(3),
        item={"id": loadstone.text("probe-{n}", n=loadstone.number), "value": value},
    )


def test_the_flags_of_arrivals_are_there() -> None:
    """Each flag that the page names is one of `loadstone run`."""
    flags = set(_FLAG.findall(PAGE))
    assert len(flags) > 4
    run = commands.get_command(click.Context(commands), "run")
    assert run is not None
    assert flags <= {name for parameter in run.params for name in parameter.opts}


def test_the_page_is_linked() -> None:
    """Who writes a system of their own is sent there."""
    assert "the-words-of-content.md" in (ROOT / "docs" / "your-own-system.md").read_text()
    assert "the-words-of-content.md" in (ROOT / "README.md").read_text()
