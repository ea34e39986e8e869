"""One contract over every entity of every system: what the documents say, and what holds in all."""

from __future__ import annotations

import importlib
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from loadstone.capacity.item_limits import MAX_ITEM_BYTES
from loadstone.capacity.units import item_size_bytes
from loadstone.contract.alike import alike_problems, process_problems
from loadstone.contract.documents import (
    attribute_problems,
    link_problems,
    order_problems,
    prose_problems,
    rule_problems,
    sparse_problems,
    value_problems,
)
from loadstone.contract.instants import created_problems
from loadstone.contract.keys import index_problems, key_problems
from loadstone.contract.legal import item_problems
from loadstone.contract.problem import Problem
from loadstone.contract.reach import reach_problems
from loadstone.contract.sample import items_of
from loadstone.contract.values import values_at as prose
from loadstone.dataset import Dataset
from loadstone.documented import Documented
from loadstone.entity import Entity
from loadstone.system import load_system, system_names
from loadstone.table import Table

SCALE = 20_000
A_BEFORE_VOWEL = re.compile(r"\b[Aa] (?!eu|one|uni|us)(?=[aeiou]\w)")
INSTANT = datetime(2026, 6, 1, tzinfo=UTC)


@cache
def dataset_of(system: str, scale: int = SCALE) -> Dataset:
    return Dataset(load_system(system), scale=scale, as_of=INSTANT)


@cache
def documented(system: str) -> dict[str, Documented]:
    entities: dict[str, Documented] = importlib.import_module(f"tests.documented.{system}").ENTITIES
    return entities


ENTITIES = [(system, entity) for system in system_names() for entity in load_system(system).stored]
TABLES = [(system, table) for system in system_names() for table in load_system(system).tables]
each_entity = pytest.mark.parametrize(
    ("system", "entity"), ENTITIES, ids=[f"{system}.{entity.name}" for system, entity in ENTITIES]
)
each_table = pytest.mark.parametrize(
    ("system", "table"), TABLES, ids=[f"{system}.{table.name}" for system, table in TABLES]
)


def items(system: str, entity: Entity) -> dict[int, dict[str, Any]]:
    """Items from all over an entity, some consecutive."""
    return items_of(dataset_of(system), own(dataset_of(system), entity))


def own(dataset: Dataset, entity: Entity) -> Entity:
    """The data set's entity of that name: each loading of a system makes its own."""
    return dataset.system.entities[entity.name]


def table_of(dataset: Dataset, table: Table) -> Table:
    return next(each for each in dataset.system.tables if each.name == table.name)


def none_of(problems: Any) -> None:
    found: list[Problem] = list(problems)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("system", system_names())
def test_every_stored_entity_is_documented(system: str) -> None:
    """Each entity that is stored has its document's words in tests/documented, and no other has."""
    assert set(documented(system)) == {entity.name for entity in load_system(system).stored}


@each_entity
def test_attributes_are_as_documented(system: str, entity: Entity) -> None:
    """Every documented attribute is there with its documented type, and no other attribute is."""
    assert documented(system)[entity.name].attributes
    none_of(attribute_problems(entity, documented(system)[entity.name], items(system, entity)))


@each_entity
def test_sparse_attributes_are_there_sometimes(system: str, entity: Entity) -> None:
    """An attribute that may be absent is absent somewhere and present somewhere."""
    none_of(sparse_problems(entity, documented(system)[entity.name], items(system, entity)))


@each_entity
def test_enumerations_and_formats(system: str, entity: Entity) -> None:
    """Enumerated attributes have the documented values, all of them, and formats hold."""
    none_of(value_problems(entity, documented(system)[entity.name], items(system, entity)))


@each_entity
def test_links_name_items_that_exist(system: str, entity: Entity) -> None:
    """Every reference names an item that exists."""
    says, found = documented(system)[entity.name], items(system, entity)
    none_of(link_problems(dataset_of(system), entity, says, found))


@each_entity
def test_times_run_forward(system: str, entity: Entity) -> None:
    """What comes later in the document's order of things is not earlier, and nothing is made after
    the data set is seen."""
    dataset, found = dataset_of(system), items(system, entity)
    none_of(order_problems(dataset, entity, documented(system)[entity.name], found))
    none_of(created_problems(dataset, own(dataset, entity), found))


@each_entity
def test_rules_hold(system: str, entity: Entity) -> None:
    """What the document says of every item is true of every item."""
    none_of(rule_problems(entity, documented(system)[entity.name], items(system, entity)))


@each_table
def test_keys_are_unique(system: str, table: Table) -> None:
    """No two of 100,000 items of an entity have one key, nor have two entities of a table."""
    dataset = dataset_of(system, 1_000_000)
    none_of(key_problems(dataset, table_of(dataset, table)))


@each_table
def test_indexes_find_items(system: str, table: Table) -> None:
    """Every index has items in it."""
    none_of(index_problems(dataset_of(system), table_of(dataset_of(system), table)))


@each_entity
def test_items_are_legal(system: str, entity: Entity) -> None:
    """Types, numbers, keys and sizes are such as DynamoDB takes, and survive the way to it."""
    none_of(item_problems(entity, items(system, entity)))


@each_entity
def test_nobody_can_be_reached(system: str, entity: Entity) -> None:
    """Every e-mail address, phone number and public IP address is one that reaches nobody."""
    none_of(reach_problems(entity, items(system, entity)))


@each_entity
def test_random_access_is_iteration(system: str, entity: Entity) -> None:
    """An item by its number is the item that a column and a loop have there, at any scale."""
    loaded = load_system(system)
    none_of(alike_problems(loaded, loaded.entities[entity.name], as_of=INSTANT))


@pytest.mark.parametrize("system", system_names())
def test_other_processes_make_the_same(system: str) -> None:
    """Another process, with another hash seed, makes the same items."""
    none_of(process_problems(load_system(system)))


@pytest.mark.parametrize("system", system_names())
def test_articles_fit(system: str) -> None:
    """What people wrote has "an" before a vowel, whatever a slot was filled with."""
    for name, says in documented(system).items():
        found = items(system, load_system(system).entities[name])
        texts = [
            text for item in found.values() for path in says.prose for text in prose(item, path)
        ]
        assert not [text for text in texts if A_BEFORE_VOWEL.search(text)]


@pytest.mark.parametrize("system", system_names())
def test_sizes_cross_the_steps(system: str) -> None:
    """A system has items below 1 KB, where a write takes one unit, and above 4 KB, where a read
    takes more than one."""
    dataset = dataset_of(system, 200_000)
    sizes = [
        item_size_bytes(item)
        for entity in dataset.system.stored
        for item in dataset.items(entity, 0, min(dataset.count(entity), 4_000))
    ]
    for least, most in ((0, 1024), (1025, 4096), (4097, MAX_ITEM_BYTES)):
        assert any(least <= size <= most for size in sizes), (least, most)


@each_entity
def test_texts_differ(system: str, entity: Entity) -> None:
    """Of 10,000 consecutive texts none stands twice, short replies apart."""
    dataset = dataset_of(system, 200_000)
    none_of(prose_problems(dataset, own(dataset, entity), documented(system)[entity.name]))
