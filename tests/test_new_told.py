"""What drafts tell of items: whose they are, what they name, and numbers of the right size."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.drafting.words import plural, singular
from loadstone.system import System
from loadstone.table import Index, Table
from tests.drafted import NOW, drafted, given, single, ulid_of, uuid_of, zulu

plain = Table("app", partition_key="PK", sort_key="SK")

Items: TypeAlias = list[dict[str, Any]]
Read: TypeAlias = Callable[..., tuple[System, str, str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Drafts of tables and their items: the system, its fixtures and its scenario. Nothing is wrong
    with it, and nothing that it imports is not used."""

    def draft(*tables: tuple[Table, Items]) -> tuple[System, str, str]:
        system, texts = drafted(tmp_path, *(given(table, items) for table, items in tables))
        wrong = [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong]
        assert wrong == []
        for text in texts.values():
            unused = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", "-"]
            done = subprocess.run(unused, input=text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
        fixtures, scenario, _ = texts.values()
        return system, fixtures, scenario

    return draft


def rows(system: System, entity: str, scale: int = 2000) -> Items:
    dataset = Dataset(system, scale=scale, as_of=NOW)
    return list(dataset.items(entity, 0, dataset.count(entity)))


def test_years_are_told_to_the_decade(read: Read) -> None:
    """Years of 1972 to 2019 are drawn from 1970 to 2020, as numbers and as texts."""
    random = Random(1)
    items = [
        {"id": uuid_of(random), "Year": (year := random.randint(1972, 2019)), "since": str(year)}
        for _ in range(100)
    ]
    system, fixtures, _ = read((Table("cars", partition_key="id"), items))
    assert "whole(1970, 2020)" in fixtures
    for car in rows(system, "Car"):
        assert 1970 <= car["Year"] <= 2020
        assert 1970 <= int(car["since"]) <= 2020


def test_no_set_has_a_member_twice(read: Read) -> None:
    """Of a few words as many different ones are drawn as sets have."""
    random = Random(1)
    roles = ("admin", "editor", "viewer")
    items = [
        {"id": uuid_of(random), "roles": set(random.sample(roles, random.randint(1, 3)))}
        for _ in range(100)
    ]
    system, fixtures, _ = read((Table("users", partition_key="id"), items))
    assert "several((" in fixtures
    drawn = [user["roles"] for user in rows(system, "User")]
    assert all(len(set(each)) == len(each) for each in drawn)
    assert {len(each) for each in drawn} == {1, 2, 3}


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("order", "orders"),
        ("category", "categories"),
        ("movie", "movies"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("box", "boxes"),
        ("metadata", "metadata"),
    ],
)
def test_names_have_plurals(one: str, many: str) -> None:
    """A table of movies holds a movie, and a pattern asks for categories; a plural stays one."""
    assert (singular(many), plural(one), plural(many)) == (one, many, many)


def catalog() -> Items:
    random = Random(3)
    items: Items = []
    names = ("books", "music", "tools", "toys")
    for name in names:
        label = f"CATEGORY#{name}"
        items.append({"PK": "CATEGORIES", "SK": label, "type": "category", "GSI1PK": label})
    products = [f"{random.randint(10**6, 10**7)}" for _ in range(80)]
    for each in products:
        of = random.choice(names)
        told = {"type": "product", "category": of, "GSI1PK": f"CATEGORY#{of}"}
        items.append({"PK": f"PRODUCT#{each}", "SK": "META", **told})
    for number in range(60):
        mail = f"someone{number}@corp.example"
        items.append({"PK": f"CUSTOMER#{mail}", "SK": "PROFILE", "type": "customer", "email": mail})
        for _ in range(random.randint(1, 4)):
            order = ulid_of(random, NOW - timedelta(days=random.random() * 50))
            lines = [{"productId": random.choice(products), "count": 2} for _ in range(3)]
            items.append(
                {"PK": f"CUSTOMER#{mail}", "SK": f"ORDER#{order}", "type": "order", "lines": lines}
            )
    return items


def test_a_partition_that_holds_all_is_nobody_s(read: Read) -> None:
    """Categories in one partition have no owner, are as few beside products as in the table, and
    the first ones are asked for."""
    table = Table(
        "catalog",
        partition_key="PK",
        sort_key="SK",
        indexes=(Index("GSI1", partition_key="GSI1PK", sort_key="SK"),),
    )
    system, fixtures, scenario = read((table, catalog()))
    assert set(system.entities) == {"Category", "Product", "Customer", "Order"}
    assert '"first-categories"' in scenario
    assert system.entities["Category"].share == 0.05
    assert "any_of(category" in fixtures
    categories = rows(system, "Category")
    assert {each["PK"] for each in categories} == {"CATEGORIES"}
    named = {each["GSI1PK"] for each in rows(system, "Product")}
    assert named <= {each["GSI1PK"] for each in categories}
    assert len(named) > 1


def test_what_lists_name_is_there(read: Read) -> None:
    """Products that the lines of orders name are products that the draft makes."""
    system, fixtures, _ = read((plain, catalog()))
    assert '"productId": any_of(product)["productId"],' in fixtures
    products = {each["PK"].removeprefix("PRODUCT#") for each in rows(system, "Product")}
    lines = [line for order in rows(system, "Order") for line in order["lines"]]
    assert {line["productId"] for line in lines} <= products


def test_years_own_no_partitions(read: Read) -> None:
    """A table by year keeps to its years, however many items there are."""
    random = Random(4)
    items = [{"year": random.randint(1980, 2019), "title": uuid_of(random)} for _ in range(200)]
    table = Table("movies", partition_key="year", sort_key="title", key_types={"year": "N"})
    system, _, scenario = read((table, items))
    assert set(system.entities) == {"Movie"}
    assert {each["year"] for each in rows(system, "Movie", 20_000)} == set(range(1980, 2021))
    assert '"first-movies"' in scenario


def test_a_lookup_item_names_who_is_there(read: Read) -> None:
    """An item that finds a customer by e-mail names the customer that has this e-mail."""
    random = Random(5)
    items: Items = []
    for number in range(80):
        user, mail = f"who{random.randint(10, 99)}x{number}", f"someone{number}@corp.example"
        key, found = f"CUSTOMER#{user}", f"CUSTOMEREMAIL#{mail}"
        items.append({"PK": key, "SK": key, "Username": user, "EmailAddress": mail})
        items.append({"PK": found, "SK": found, "Username": user})
    system, _, _ = read((plain, items))
    customers = {each["Username"]: each["EmailAddress"] for each in rows(system, "Customer")}
    lookups = rows(system, "Customeremail")
    assert len(lookups) > 100
    for each in lookups:
        assert each["PK"] == f"CUSTOMEREMAIL#{customers[each['Username']]}"


def test_the_same_is_not_asked_twice(read: Read) -> None:
    """Where an index has an order and its lines under one key, one pattern asks for both, and one
    for the lines alone."""
    random = Random(6)
    items: Items = []
    for _ in range(60):
        order = ulid_of(random, NOW)
        head = f"ORDER#{order}"
        items.append({"PK": head, "SK": head, "orderId": order, "GSI1PK": head, "GSI1SK": head})
        for _ in range(3):
            line = f"ITEM#{uuid_of(random)}"
            items.append({"PK": head, "SK": line, "orderId": order, "GSI1PK": head, "GSI1SK": line})
    system, _, _ = read((single, items))
    by_index = [each.id for each in system.patterns.values() if each.index]
    assert by_index == ["everything-of-order-by-gsi1", "items-by-gsi1"]


def test_the_item_that_a_partition_is_about_owns_it(read: Read) -> None:
    """#METADATA#player is the player's own item; others belong to it, and have its e-mail. Seconds
    in a text are an instant."""
    random = Random(7)
    items: Items = []
    for number in range(60):
        player, mail = f"player{number:03}", f"someone{number}@corp.example"
        at = str(int((NOW - timedelta(days=random.random() * 90)).timestamp()))
        items.append({"PK": player, "SK": f"#METADATA#{player}", "Type": "Meta", "CreatedAt": at})
        items.append({"PK": player, "SK": f"FRIENDS#{player}", "Type": "Friends", "count": 3})
        for place in range(random.randint(1, 4)):
            items.append({"PK": player, "SK": f"ITEMS#{place:03}", "Type": "Item", "mail": mail})
    table = Table("players", partition_key="PK", sort_key="SK")
    system, fixtures, _ = read((table, items))
    assert system.entities["Meta"].parent is None
    assert {system.entities[each].parent for each in ("Friends", "Item")} == {
        system.entities["Meta"]
    }
    assert 'text("ITEMS#{n:03}", n=position)' in fixtures
    assert 'text("{n}", n=epoch(' in fixtures


def test_what_a_partition_has_in_common_is_one(read: Read) -> None:
    """Two kinds in an account's partition have the same e-mail address."""
    random = Random(8)
    items: Items = []
    for number in range(60):
        account, mail = f"ACC#{number * 7 + 1000}", f"someone{number}@corp.example"
        for label in ("SUB", "RECEIPT"):
            for _ in range(random.randint(1, 3)):
                key = f"{label}#{ulid_of(random, NOW)}"
                items.append({"PK": account, "SK": key, "Email": mail, f"of{label}": True})
    system, _, _ = read((plain, items))
    held = {each["PK"]: each["Email"] for each in rows(system, "Sub")}
    receipts = [each for each in rows(system, "Receipt") if each["PK"] in held]
    assert receipts
    assert all(held[each["PK"]] == each["Email"] for each in receipts)
    assert len(set(held.values())) == len(held)


def test_a_colon_stands_after_a_label(read: Read) -> None:
    """Room:music and User:a7 are two kinds, and times keep their colons."""
    random = Random(9)
    items: Items = []
    for number in range(40):
        items.append({"PK": f"Room:{uuid_of(random)}", "SK": "meta", "open": True})
        for _ in range(3):
            at = zulu(NOW - timedelta(days=random.random() * 50))
            items.append({"PK": f"User:{number:04}", "SK": at, "Comment": "some words"})
    system, fixtures, _ = read((plain, items))
    assert {each.name for each in system.stored} == {"Room", "User"}
    assert 'text("Room:{room_id}"' in fixtures
    assert "iso(" in fixtures
