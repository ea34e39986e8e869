"""Drafts of tables whose keys hold days to come, or braces."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.table import Table
from tests.drafted import NOW, drafted, given

slots = Table("slots", partition_key="day", sort_key="slotId")
things = Table("things", partition_key="id")


def day(ahead: int) -> str:
    return (NOW + timedelta(days=ahead)).strftime("%Y-%m-%d")


def slot_items() -> list[dict[str, Any]]:
    """Slots of days to come, some of each day."""
    return [
        {"day": day(ahead), "slotId": f"slot-{number}", "room": ahead % 7}
        for ahead in range(1, 60)
        for number in range(1, 1 + Random(ahead).randint(1, 9))
    ]


def brace_items(form: str) -> list[dict[str, Any]]:
    return [{"id": form.format(number), "size": number % 9} for number in range(1000, 1100)]


@pytest.mark.parametrize(
    ("table", "items"),
    [
        (slots, slot_items()),
        (things, brace_items("item{{{}}}")),
        (things, brace_items("{{{}}}")),
        (things, brace_items('{{"id":{}}}')),
    ],
    ids=["slots-to-come", "item{1}", "{1}", "json"],
)
def test_each_item_has_a_key_of_its_own(
    table: Table, items: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Whatever days or braces their keys hold, no item of a draft has the key of another."""
    system, _ = drafted(tmp_path, given(table, items))
    wrong = [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert wrong == []
    dataset = Dataset(system, scale=500, as_of=NOW)
    names = [table.partition_key, *([table.sort_key] if table.sort_key else [])]
    keys = [
        tuple(item[name] for name in names)
        for entity in system.stored
        if entity.table is not None and entity.table.name == table.name
        for item in dataset.items(entity, 0, dataset.count(entity))
    ]
    assert len(set(keys)) == len(keys) > 0
