"""Drafts of tables after designs that others published: they hold, and say what belongs to what."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from random import Random
from typing import Any, TypeAlias

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.system import System
from tests.drafted import NOW, drafted, given
from tests.published import DESIGNS, NAMES

Drafted: TypeAlias = tuple[System, str]


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drafted]:
    """Each as it is read: partition by partition."""
    found = {}
    for name, design in DESIGNS.items():
        table, items = design(Random(1))
        partitions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in items:
            partitions[item[table.partition_key]].append(item)
        read = [item for key in sorted(partitions) for item in partitions[key]]
        system, texts = drafted(tmp_path_factory.mktemp(name), given(table, read))
        found[name] = (system, "".join(texts.values()))
        for text in texts.values():
            assert formatted(text) == text
    return found


def formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", DESIGNS)
def test_a_draft_of_it_holds(name: str, drafts: dict[str, Drafted]) -> None:
    """Nothing is wrong with the draft, and nobody of the table is in it."""
    system, text = drafts[name]
    assert [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    assert not [each for each in (*NAMES, "Liz", "Sara", "Stockholm") if each in text]


def parents_of(system: System) -> dict[str, str]:
    """What each stored entity belongs to, above what only partitions tell of."""
    found = {}
    for entity in system.stored:
        above = entity.parent
        while above is not None and above.table is None and above.parent is not None:
            above = above.parent
        found[entity.name] = above.name if above is not None else ""
    return found


def test_items_belong_to_the_order_that_their_keys_name(drafts: dict[str, Drafted]) -> None:
    """Orders are in their customers' partitions and items in their orders': items belong to orders,
    and to nothing that is made up for them."""
    assert parents_of(drafts["nested_shop"][0]) == {
        "Customer": "Customeremail", "Customeremail": "", "Order": "Customer", "OrderItem": "Order",
    }  # fmt: skip
    assert parents_of(drafts["adjacent_shop"][0]) == {
        "Customer": "", "Order": "Customer", "Invoice": "Order", "OrderItem": "Order",
        "Product": "", "WarehouseItem": "Product", "Warehouse": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "child"), [("nested_shop", "OrderItem"), ("adjacent_shop", "Invoice")]
)
def test_every_order_that_is_named_is_there(
    name: str, child: str, drafts: dict[str, Drafted]
) -> None:
    """What a draft makes refers to orders that it makes."""
    dataset = Dataset(drafts[name][0], scale=2_000, as_of=NOW)
    orders = {
        dataset.item("Order", number)["SK"].lstrip("#") for number in range(dataset.count("Order"))
    }
    named = {dataset.item(child, number)["PK"] for number in range(dataset.count(child))}
    assert {"#".join(each.split("#")[:2]) for each in named} <= orders
