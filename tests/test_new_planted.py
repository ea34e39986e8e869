"""Drafts of tables with names planted where a schema has words: none of them may be written."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.table import Table
from tests.drafted import drafted, given, uuid_of

people = Table("people", partition_key="id")
NAMES = ("alice", "robert", "carol", "dave", "wolfgang", "heinrich", "anna", "berta")


def fixtures_of(folder: Path, *givens: Any) -> str:
    """The fixtures of a draft in which nothing is wrong."""
    system, texts = drafted(folder, *givens)
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    return texts["fixtures/draft.py"] + texts["scenarios/draft.py"]


def with_maps(**maps: Any) -> list[dict[str, Any]]:
    random = Random(3)
    return [
        {"id": uuid_of(random), **{name: make(random) for name, make in maps.items()}}
        for _ in range(60)
    ]


@pytest.mark.parametrize(
    "value",
    [lambda r: r.randint(1, 9), lambda r: True, lambda r: {"at": r.randint(1, 99)}, lambda r: "x"],
)
def test_keys_that_are_names_are_made_up(tmp_path: Path, value: Any) -> None:
    """Keys that differ from map to map and hold values of one type are nobody's to write: the draft
    has made-up ones in their place, and says so."""
    items = with_maps(votes=lambda r: {name: value(r) for name in r.sample(NAMES, 3)})
    text = fixtures_of(tmp_path, given(people, items))
    assert not [name for name in NAMES if name in text]
    assert '"key3": ' in text
    assert "about 3 entries whose names look like data" in " ".join(text.split())


def test_names_beside_attributes_are_made_up(tmp_path: Path) -> None:
    """Where each map has an attribute and some names, the attribute stays."""
    items = with_maps(poll=lambda r: {"question": "x", **dict.fromkeys(r.sample(NAMES, 2), 1)})
    text = fixtures_of(tmp_path, given(people, items))
    assert not [name for name in NAMES if name in text]
    assert '"question": ' in text
    assert '"key2": ' in text


def test_a_few_maps_tell_no_attribute(tmp_path: Path) -> None:
    """One map in which a name stands is no evidence that it is an attribute."""
    items = with_maps()
    items[0]["byname"] = items[1]["byname"] = {"anna": 1, "berta": 2}
    text = fixtures_of(tmp_path, given(people, items))
    assert not [name for name in NAMES if name in text]


def test_attributes_of_a_map_stay(tmp_path: Path) -> None:
    """What all maps have is an attribute, and so is what some have whose words are known, or that
    is of another type than the rest."""
    items = with_maps(
        place=lambda r: {
            "street": "x",
            "lat": r.randint(1, 9),
            **({"productCode": "y"} if r.random() < 0.5 else {}),
            **({"floor": r.randint(1, 9)} if r.random() < 0.5 else {}),
        }
    )
    text = fixtures_of(tmp_path, given(people, items))
    for name in ("street", "lat", "floor"):
        assert f'"{name}": ' in text, name
    assert "look like data" not in text
