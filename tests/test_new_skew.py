"""Drafts of tables in which a few have much and most have little: the items made are so too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.drafting.figures import quantile
from loadstone.drafting.groups import fan_out
from loadstone.drafting.maps import sizes_of
from loadstone.table import Table
from tests.drafted import NOW, drafted, given, uuid_of

plain = Table("records", partition_key="id")
logs = Table("logs", partition_key="device", sort_key="at")


def made_like(folder: Path, attribute: Callable[[Random], Any], count: int = 400) -> list[Any]:
    """An attribute of 400 items that a draft makes, of a table whose items have it so."""
    random = Random(17)
    items = [{"id": uuid_of(random), "attr": attribute(random)} for _ in range(count)]
    system, _ = drafted(folder, given(plain, items))
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    dataset = Dataset(system, scale=400, as_of=NOW)
    return [dataset.item("Record", number)["attr"] for number in range(400)]


def share(found: Sequence[Any], is_such: Callable[[Any], bool]) -> float:
    return sum(map(is_such, found)) / len(found)


def test_lists_are_short_and_seldom_long(tmp_path: Path) -> None:
    """Of lists that are mostly of one, and one in ten of thirty, so are most and so are few."""
    lists = made_like(tmp_path, lambda r: ["x"] * (30 if r.random() < 0.1 else 1))
    assert set(map(len, lists)) == {1, 30}
    assert 0.05 < share(lists, lambda each: len(each) == 30) < 0.17


def test_elements_are_not_alike(tmp_path: Path) -> None:
    """What is in a list is drawn one by one."""
    lists = made_like(tmp_path, lambda r: [{"count": r.randint(1, 900)} for _ in range(8)])
    assert all(len(each) == 8 for each in lists)
    assert share(lists, lambda each: len({one["count"] for one in each}) > 4) > 0.9


def test_maps_have_few_entries_and_seldom_many(tmp_path: Path) -> None:
    """Of maps under names that are data, as many have one entry, and as many have ten."""
    maps = made_like(
        tmp_path,
        lambda r: {f"x{r.randint(1, 10**6)}y": 1 for _ in range(10 if r.random() < 0.2 else 1)},
    )
    assert set(map(len, maps)) == {1, 10}
    assert 0.12 < share(maps, lambda each: len(each) == 10) < 0.3


def test_maps_that_are_empty_stay_so(tmp_path: Path) -> None:
    """Half of the maps have nothing in them, in the table and in the draft."""
    maps = made_like(tmp_path, lambda r: {"status": "open"} if r.random() < 0.5 else {})
    assert 0.4 < share(maps, lambda each: each == {}) < 0.6


def test_keys_come_and_go_together(tmp_path: Path) -> None:
    """Keys of a map that stand in the same maps do so in the draft: an address is all or none."""
    address = {"street": "x", "city": "y", "zip": "z"}
    maps = made_like(tmp_path, lambda r: {"status": "open"} | (address if r.random() < 0.3 else {}))
    assert {len(each) for each in maps} == {1, 4}
    assert 0.2 < share(maps, lambda each: len(each) == 4) < 0.4


@pytest.mark.parametrize("spaced", [" ", "-"])
def test_texts_are_short_and_seldom_long(spaced: str, tmp_path: Path) -> None:
    """Of texts with a median of 40 bytes and some of 3,000, few are long, and most are not."""
    texts = made_like(
        tmp_path,
        lambda r: spaced.join("word" for _ in range(600 if r.random() < 0.06 else r.randint(4, 9))),
    )
    sizes = [len(each.encode()) for each in texts]
    assert quantile(sizes, 0.5) < 60
    assert 0.02 < share(sizes, lambda size: size > 300) < 0.2


def test_a_giant_is_one(tmp_path: Path) -> None:
    """A partition that holds half of a table holds as much of what the draft makes, also where the
    sample has not all of it."""
    items = [
        {"device": f"device-{n:04}", "at": f"{place:06}"}
        for n in range(40)
        for place in range(200 if n == 7 else 5)
    ]
    system, texts = drafted(tmp_path, given(logs, items))
    assert "giants=1, giant_share=0.5" in texts["fixtures/draft.py"]
    dataset = Dataset(system, scale=2_000, as_of=NOW)
    count = dataset.count("Log")
    held = Counter(dataset.item("Log", number)["device"] for number in range(count))
    (_, most), (_, second) = held.most_common(2)
    assert 0.4 * count < most < 0.6 * count
    assert second < 0.1 * count
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([5] * 30, "PerParent(5)"),
        ([5] * 30 + [300], "PerParent(15, giants=1, giant_share=0.65)"),
        ([1, 2, 4, 8, 16] * 6, "PerParent(6.2, spread=4.0)"),
        ([5] * 5 + [300], "PerParent(54, spread=20.0)"),
    ],
)
def test_a_tail_is_no_spread(numbers: list[int], told: str) -> None:
    """A few large ones among many are giants; among a few, all are taken for unlike."""
    assert fan_out(numbers)[0] == told


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ([2] * 9, ((2, 100),)),
        ([0, 1] * 10, ((0, 50), (1, 50))),
        ([90] * 9, ((40, 100),)),
        ([*range(1, 11)] * 10, ((2, 40), (6, 30), (9, 20), (10, 10))),
    ],
)
def test_a_few_sizes_stand_for_all(counts: list[int], sizes: tuple[tuple[int, int], ...]) -> None:
    """Each size with how often what is nearest to it was seen, and none above the most."""
    assert sizes_of(counts, 40) == sizes
