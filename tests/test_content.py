"""One contract over every entity of every system: what the documents say, and what holds in all."""

from __future__ import annotations

import importlib
import ipaddress
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
import pytest

from loadstone.capacity.units import wire_size_bytes
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.system import load_system, system_names
from loadstone.wire import decode, encode
from tests.documented import AS_OF, Documented, Shape

SCALE = 20_000
INSTANT = datetime(2026, 6, 1, tzinfo=UTC)
WITHIN_100_000 = 100_000
SHORT_REPLY = 80


@cache
def dataset_of(system: str, scale: int = SCALE) -> Dataset:
    return Dataset(load_system(system), scale=scale, as_of=INSTANT)


@cache
def documented(system: str) -> dict[str, Documented]:
    entities: dict[str, Documented] = importlib.import_module(f"tests.documented.{system}").ENTITIES
    return entities


ENTITIES = [(system, entity) for system in system_names() for entity in load_system(system).stored]
each_entity = pytest.mark.parametrize(
    ("system", "entity"), ENTITIES, ids=[f"{system}.{entity.name}" for system, entity in ENTITIES]
)


def items(system: str, entity: str, most: int = 2_000, scale: int = SCALE) -> list[dict[str, Any]]:
    """Items from all over an entity, some consecutive."""
    dataset = dataset_of(system, scale)
    count = dataset.count(entity)
    step = max(1, count * 20 // most)
    numbers = {n for start in range(0, count, step) for n in range(start, min(start + 20, count))}
    return [dataset.item(entity, number) for number in sorted(numbers)]


@pytest.mark.parametrize("system", system_names())
def test_every_stored_entity_is_documented(system: str) -> None:
    """Each entity that is stored has its document's words in tests/documented, and no other has."""
    assert set(documented(system)) == {entity.name for entity in load_system(system).stored}


@each_entity
def test_attributes_are_as_documented(system: str, entity: Entity) -> None:
    """Every documented attribute is there with its documented type, and no other attribute is."""
    expected = documented(system)[entity.name].attributes
    for item in items(system, entity.name):
        assert mismatches(item, expected) == []


@each_entity
def test_sparse_attributes_are_there_sometimes(system: str, entity: Entity) -> None:
    """An attribute that may be absent is absent somewhere and present somewhere."""
    expected = documented(system)[entity.name].attributes
    sparse = {name[:-1] for name in expected if name.endswith("?")}
    seen = Counter(name for item in items(system, entity.name) for name in item)
    total = len(items(system, entity.name))
    assert {name for name in sparse if not 0 < seen[name] < total} == set()


@each_entity
def test_enumerations_and_formats(system: str, entity: Entity) -> None:
    """Enumerated attributes have the documented values, all of them, and formats hold."""
    says = documented(system)[entity.name]
    found: dict[str, set[str]] = {path: set() for path in says.enumerations}
    for item in items(system, entity.name):
        for path in says.enumerations:
            found[path].update(values_at(item, path))
        for path, form in says.formats.items():
            assert all(re.fullmatch(form, value) for value in values_at(item, path)), path
    assert found == {path: set(values) for path, values in says.enumerations.items()}


@each_entity
def test_links_name_items_that_exist(system: str, entity: Entity) -> None:
    """Every reference names an item that exists."""
    for path, other, name in documented(system)[entity.name].links:
        known = known_values(system, other, name)
        for item in items(system, entity.name):
            assert set(values_at(item, path)) <= known, f"{path} -> {other}.{name}"


@each_entity
def test_times_run_forward(system: str, entity: Entity) -> None:
    """What comes later in the document's order of things is not earlier."""
    as_of = INSTANT.timestamp()
    for item in items(system, entity.name):
        for line in documented(system)[entity.name].in_order:
            instants = [
                as_of if path == AS_OF else epoch_of(value)
                for path in line
                for value in (["-"] if path == AS_OF else values_at(item, path))
            ]
            assert instants == sorted(instants), (line, item)


@each_entity
def test_rules_hold(system: str, entity: Entity) -> None:
    """What the document says of every item is true of every item."""
    for item in items(system, entity.name):
        for sentence, holds in documented(system)[entity.name].rules.items():
            assert holds(item), (sentence, item)


@each_entity
def test_keys_are_legal_and_unique(system: str, entity: Entity) -> None:
    """Keys are of their type, not empty, not too long, and no two of 100,000 are the same."""
    table = entity.table
    assert table is not None
    dataset = dataset_of(system, 1_000_000)
    count = min(dataset.count(entity.name), WITHIN_100_000)
    seen = set()
    for start in range(0, count, 2_000):
        for body in dataset.rows(entity.name, start, min(start + 2_000, count)):
            item = orjson.loads(body)
            seen.add(tuple(json.dumps(item[name]) for name in table.key))
            for name in table.key_attributes:
                if name in item:
                    ((kind, value),) = item[name].items()
                    assert kind == table.key_type(name), name
                    limit = 2048 if name == table.partition_key else 1024
                    assert 0 < len(value.encode()) <= limit, name
    assert len(seen) == count


@each_entity
def test_items_fit(system: str, entity: Entity) -> None:
    """No item comes near 400 KB, and every one survives the way over the wire."""
    for item in items(system, entity.name):
        assert wire_size_bytes(encode(item)) < 390_000
        assert decode(encode(item)) == item


@each_entity
def test_nobody_can_be_reached(system: str, entity: Entity) -> None:
    """Every e-mail address, phone number and public IP address is one that reaches nobody."""
    for item in items(system, entity.name):
        for text in texts(item):
            for domain in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text):
                assert reserved_domain(domain), text
            for phone in re.findall(r"\+1\d{10}\b", text):
                assert re.fullmatch(r"\+1\d{3}55501\d\d", phone), text
            for address in re.findall(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", text):
                assert documentation_address(address), text
            assert not re.search(r"AKIA[0-9A-Z]{16}|sk_live_|ghp_|xox[bp]-|-----BEGIN", text), text


@each_entity
def test_random_access_is_iteration(system: str, entity: Entity) -> None:
    """An item by its number is the item that a column and a loop have there, at any scale."""
    for scale in (1, 997, SCALE, 10**9):
        dataset = Dataset(load_system(system), scale=scale, as_of=INSTANT)
        count = dataset.count(entity.name)
        for start in {0, count // 3, max(0, count - 40)}:
            stop = min(start + 40, count)
            own = dataset.system.entities[entity.name]
            one = dataset.compile(own, own.shown())
            singly = [one(number) for number in range(start, stop)]
            assert list(dataset.items(entity.name, start, stop)) == singly
            rows = list(dataset.rows(entity.name, start, stop))
            assert rows == [orjson.dumps(encode(item)) for item in singly]


@pytest.mark.parametrize("system", system_names())
def test_other_processes_make_the_same(system: str) -> None:
    """Another process, with another hash seed, makes the same items."""
    program = (
        "import sys, hashlib; from datetime import datetime, UTC;"
        "from loadstone.system import load_system; from loadstone.dataset import Dataset;"
        "s = load_system(sys.argv[1]);"
        "d = Dataset(s, scale=5000, as_of=datetime(2026, 6, 1, tzinfo=UTC));"
        "h = hashlib.sha256();"
        "[h.update(d.rows(e, 0, min(200, d.count(e))).joined()) for e in s.stored];"
        "print(h.hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, system],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1


@each_entity
def test_texts_differ(system: str, entity: Entity) -> None:
    """Of 10,000 consecutive texts none stands twice, short replies apart."""
    for path in documented(system)[entity.name].prose:
        dataset = dataset_of(system, 200_000)
        count = min(10_000, dataset.count(entity.name))
        seen = Counter(
            value
            for item in dataset.items(entity.name, 0, count)
            for value in values_at(item, path)
            if len(value) > SHORT_REPLY
        )
        assert [text for text, times in seen.items() if times > 1] == []
        assert not any("lorem" in text.lower() or "{" in text for text in seen)


def mismatches(value: Any, shape: Shape, path: str = "") -> list[str]:
    """Where a value is not of its shape."""
    if isinstance(shape, tuple):
        found = [mismatches(value, option, path) for option in shape]
        return [] if [] in found else found[0]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{path} is no map"]
        named = {name.rstrip("?"): option for name, option in shape.items()}
        missing = [name for name in shape if not name.endswith("?") and name not in value]
        return [
            *(f"{path}.{name} is missing" for name in missing),
            *(f"{path}.{name} is not documented" for name in value if name not in named),
            *(
                problem
                for name, option in named.items()
                if name in value
                for problem in mismatches(value[name], option, f"{path}.{name}")
            ),
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [problem for each in value for problem in mismatches(each, shape[0], f"{path}[]")]
    if shape is None:
        return [] if value is None else [f"{path} is not null"]
    if shape is Decimal:
        right = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    else:
        right = type(value) is shape
    return [] if right else [f"{path} is {value!r}, no {shape.__name__}"]


def values_at(item: Any, path: str) -> list[Any]:
    """What stands at a path, lists opened: none where it is absent or null."""
    for part in path.split("."):
        if isinstance(item, list):
            return [value for each in item for value in values_at(each, part)]
        if not isinstance(item, dict) or item.get(part) is None:
            return []
        item = item[part]
    return item if isinstance(item, list) else [item]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def epoch_of(value: Any) -> float:
    return float(value) if isinstance(value, int) else datetime.fromisoformat(value).timestamp()


@cache
def known_values(system: str, entity: str, name: str) -> frozenset[Any]:
    dataset = dataset_of(system)
    found = dataset.system.entities[entity]
    value = dataset.compile(found, found[name])
    return frozenset(value(number) for number in range(dataset.count(entity)))


def reserved_domain(domain: str) -> bool:
    """RFC 2606: example.com and its like, and the reserved top-level domains."""
    return bool(
        re.search(r"(^|\.)example\.(com|net|org)$|\.(example|test|invalid)$", domain.lower())
    )


def documentation_address(address: str) -> bool:
    """RFC 5737, or an address that is no public one."""
    documentation = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(each) for each in documentation) or parsed.is_private
