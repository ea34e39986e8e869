"""Drafts of tables whose items name each other by plain ids, under names that say nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.drafting.draft import DraftEntity
from loadstone.drafting.references import Told, referred
from loadstone.drafting.templates import Part
from loadstone.table import Index, Table
from tests.drafted import NOW, drafted, given, single, ulid_of, uuid_of, zulu

people = Table("people", partition_key="id")
shops = Table("shops", partition_key="id")
purchases = Table(
    "purchases",
    partition_key="id",
    indexes=(Index("byBuyer", partition_key="buyer", sort_key="at"),),
)
reviews = Table("reviews", partition_key="subject", sort_key="writtenBy")


def market() -> dict[str, list[dict[str, Any]]]:
    random = Random(5)
    persons, places, bought = ([uuid_of(random) for _ in range(count)] for count in (120, 40, 300))
    pairs = [(shop, random.choice(persons)) for shop in places for _ in range(6)]
    return {
        "people": [{"id": each, "tier": random.choice(("gold", "silver"))} for each in persons],
        "shops": [{"id": each, "open": random.random() < 0.5} for each in places],
        "purchases": [
            {
                "id": each,
                "buyer": persons[min(int(random.paretovariate(0.8)), 119)],
                "soldBy": random.choice(places),
                "at": zulu(NOW - timedelta(minutes=31 * number)),
            }
            for number, each in enumerate(bought)
        ],
        "reviews": [
            {"subject": shop, "writtenBy": person, "about": random.choice(bought)}
            for shop, person in dict.fromkeys(pairs)
        ],
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    items = market()
    tables = (people, shops, purchases, reviews)
    folder: Path = tmp_path_factory.mktemp("market")
    return drafted(folder, *(given(table, items[table.name]) for table in tables))


def test_one_of_another_table_is_named(made: Any) -> None:
    """An attribute whose values are another table's keys names any of those that the draft makes,
    at any scale."""
    system, texts = made
    (fixtures,) = (text for name, text in texts.items() if name.startswith("fixtures/"))
    assert '"soldBy": any_of(shop)["id"],' in fixtures
    dataset = Dataset(system, scale=20_000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    shop_ids = {dataset.item("Shop", number)["id"] for number in range(dataset.count("Shop"))}
    sellers = {dataset.item("Purchase", n)["soldBy"] for n in range(1000)}
    assert sellers <= shop_ids
    assert len(sellers) > 100
    smallest = Dataset(system, scale=1, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    assert smallest.item("Purchase", 0)["soldBy"] in shop_ids


def test_ids_in_a_sort_key_are_those_of_others(made: Any) -> None:
    """The key of a review names one of the people that the draft makes."""
    system, texts = made
    (fixtures,) = (text for name, text in texts.items() if name.startswith("fixtures/"))
    assert '"about": any_of(purchase)["id"],' in fixtures
    assert '"firstPeople": any_of(people).number' in fixtures
    dataset = Dataset(system, scale=20_000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    ids = {dataset.item("People", number)["id"] for number in range(dataset.count("People"))}
    assert {dataset.item("Review", number)["writtenBy"] for number in range(500)} <= ids


def test_a_sort_key_that_names_others_comes_once(made: Any) -> None:
    """Ids that many partitions have in common are still not the same twice in one: nothing is
    wrong with the draft."""
    system, _ = made
    assert system.entities["Review"].parent is system.entities["Shop"]
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []


def test_no_id_of_the_sample_is_kept(made: Any) -> None:
    """That values were compared leaves none of them in the files."""
    _, texts = made
    written = "\n".join(texts.values())
    ids = [item["id"] for name in ("people", "shops", "purchases") for item in market()[name]]
    assert not [each for each in ids if each in written]


def test_a_design_of_one_table_is_read_by_what_it_says(tmp_path: Path) -> None:
    """Kinds are called what an attribute of theirs says, a label may stand behind a delimiter, and
    an item that has a partition of its own belongs to the one in another's that its key names."""
    random = Random(9)
    items: list[dict[str, Any]] = []
    for number in range(30):
        key = f"CUSTOMER#customer{number:03}"
        items.append({"PK": key, "SK": key, "type": "Customer", "name": "Zed Zzyzx"})
        for order in (ulid_of(random, NOW) for _ in range(3)):
            by = {"GSI1SK": f"ORDER#{order}"}
            told = {"orderId": order, "type": "Order", "total": 3}
            items.append(
                {"PK": key, "SK": f"#ORDER#{order}", "GSI1PK": f"ORDER#{order}", **by, **told}
            )
            line = f"ORDER#{order}#ITEM#{ulid_of(random, NOW)}"
            items.append({"PK": line, "SK": line, "orderId": order, "type": "OrderItem"})
    system, texts = drafted(tmp_path, given(single, items))
    assert set(system.entities) == {"Customer", "Order", "OrderItem"}
    assert system.entities["Order"].parent is system.entities["Customer"]
    fixtures = texts["fixtures/draft.py"]
    assert system.entities["OrderItem"].parent is system.entities["Order"]
    assert '"orderId": order["orderId"],' in fixtures
    assert "zzyzx" not in fixtures.lower()
    dataset = Dataset(system, scale=2000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    keys = [dataset.item("Order", n)["GSI1PK"] for n in range(dataset.count("Order"))]
    assert len(set(keys)) == len(keys)
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []


def test_what_is_alike_by_chance_names_nothing() -> None:
    """Two values in common, less than half of them, short ones or numbers are no evidence, and
    nothing names itself."""
    other, own = DraftEntity("Other", "other"), DraftEntity("Own", "own")
    known = frozenset(f"id-{number}" for number in range(10))
    told = [Told(entity=other, attribute="id", values=known, numeric=False)]

    def named(*values: str, numeric: bool = False) -> Told | None:
        return referred(Part("by", values, numeric), told, own)

    assert named("id-1", "id-2", "id-3") == told[0]
    assert named("id-1", "id-2") is None
    assert named("id-1", "id-2", "id-3", "x-1", "x-2", "x-3", "x-4") is None
    assert named("id-1", "id-2", "id-3", numeric=True) is None
    long = [f"{uuid_of(Random(number))}" for number in range(40)]
    told = [replace(told[0], values=frozenset(long[:4]))]
    assert named(*long) == told[0]
    assert named(*long[2:]) is None
    assert referred(Part("by", ("id-1", "id-2", "id-3")), told, other) is None


def test_those_that_have_none_are_counted(tmp_path: Path) -> None:
    """Three hundred products of which forty are ordered have fewer than two orders each, and the
    draft says what that was taken from."""
    random = Random(5)
    ids = [uuid_of(random) for _ in range(300)]
    goods = given(Table("products", partition_key="productId"), [{"productId": i} for i in ids])
    placed = [{"orderId": uuid_of(random), "productId": ids[n % 40]} for n in range(500)]
    orders = given(Table("orders", partition_key="orderId"), placed)
    system, texts = drafted(tmp_path, goods, orders)
    (per_parent,) = (e.per_parent for e in system.entities.values() if e.parent is not None)
    assert per_parent is not None
    assert 1.5 < per_parent.mean < 1.9
    assert per_parent.least == 0
    text = " ".join(texts["fixtures/draft.py"].split()).replace(" # ", " ")
    assert "taken from all Product items that were seen, 260 of 300 without one." in text


def _named_by_keys(count: int) -> list[dict[str, Any]]:
    """Customers, an order that each names one, and teams of customers."""
    random = Random(4)
    names = [f"CUSTOMER#{number:04}" for number in range(count)]
    found = [
        {"PK": name, "SK": name, "type": "customer", "age": n % 60} for n, name in enumerate(names)
    ]
    for number in range(100):
        order, buyer = f"ORDER#{number:05}", random.choice(names)
        index = {"GSI1PK": buyer, "GSI1SK": order}
        found.append({"PK": order, "SK": buyer, "type": "order", "total": number, **index})
        invoice = f"INVOICE#{number:05}"
        found.append({"PK": order, "SK": invoice, "type": "invoice", "amount": number})
    for number in range(12):
        team = f"TEAM#{number:02}"
        found.append({"PK": team, "SK": team, "type": "team", "size": 8})
        found += [
            {"PK": team, "SK": name, "type": "membership", "since": 2020}
            for name in random.sample(names, 8)
        ]
    return sorted(found, key=lambda item: (item["PK"], item["SK"]))


@pytest.mark.parametrize("customers", [9, 100])
def test_sort_keys_name_any_of_another_entity(tmp_path: Path, customers: int) -> None:
    """Orders name customers of all that there are, in both keys the same one, and the members of a
    team are different customers, at any scale."""
    system, texts = drafted(tmp_path, given(single, _named_by_keys(customers)))
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    assert "any_of(customer)" in texts["fixtures/draft.py"]
    for scale in (1000, 20_000):
        dataset = Dataset(system, scale=scale, as_of=datetime(2026, 5, 1, tzinfo=UTC))
        made = {
            name: list(dataset.items(name, 0, dataset.count(name)))
            for name in ("Customer", "Order", "Membership")
        }
        known = {each["PK"] for each in made["Customer"]}
        for name in ("Order", "Membership"):
            named = {each["SK"] for each in made[name]}
            assert named <= known
            assert len(named) > len(known) / 3
        assert all(each["SK"] == each["GSI1PK"] for each in made["Order"])
        pairs = [(each["PK"], each["SK"]) for each in made["Membership"]]
        assert len(set(pairs)) == len(pairs)


def test_of_too_few_to_choose_from_a_comment_tells(tmp_path: Path) -> None:
    """Of nine customers eight are in each team, of many more items than were looked at: that they
    are customers is said."""
    system, texts = drafted(tmp_path, given(single, _named_by_keys(9), count=5000))
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    assert "# names a Customer, which is not one of those" in texts["fixtures/draft.py"]


def test_a_key_that_names_each_once_at_most_counts_them(tmp_path: Path) -> None:
    """Each user is in one organization at most, and so in the draft."""
    random = Random(4)
    users = [f"USER#{number:04}" for number in range(80)]
    items = [{"PK": each, "SK": each, "type": "user", "age": 3} for each in users]
    for place, name in enumerate(random.sample(users, 40)):
        org = f"ORG#{place % 10:02}"
        items.append({"PK": org, "SK": name, "type": "membership", "since": place})
    items.sort(key=lambda item: (item["PK"], item["SK"]))
    system, _ = drafted(tmp_path, given(single, items))
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    dataset = Dataset(system, scale=20_000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    count = dataset.count("Membership")
    named = {dataset.item("Membership", number)["SK"] for number in range(count)}
    users_made = {dataset.item("User", n)["SK"] for n in range(dataset.count("User"))}
    assert len(named) == count
    assert named <= users_made
