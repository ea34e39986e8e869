"""Which values tell an item from every other one of its entity."""

from __future__ import annotations

from itertools import islice

import pytest

from loadstone import Entity, PerParent, iso, moment, number, position, text, ulid, ulid_of, uuid
from loadstone.dataset import Dataset
from loadstone.fields.apart import tells_apart
from loadstone.fields.expr import Expr, lift
from loadstone.system import load_system, system_names
from tests.systems import AS_OF, dataset_of, things

begun = moment(days=30, in_order=False)
customer = Entity(
    "Customer",
    facts={
        "id": uuid(),
        "name": text("customer {n}", n=number),
        "began": begun,
        "key": ulid(begun),
    },
)
PARENTS = 500
VALUES: dict[str, tuple[Expr, bool]] = {
    "number": (number, True),
    "uuid": (uuid(), True),
    "ulid": (ulid(customer["began"]), True),
    "text with a number": (text("order#{n}", n=number), True),
    "text with an identifier": (text("{day}#{id}", day=iso(customer["began"]), id=uuid()), True),
    "constant": (lift("order"), False),
    "place": (position, False),
    "instant": (iso(customer["began"]), False),
    "text with an instant": (
        text("{c}#{day}", c=customer["id"], day=iso(customer["began"])),
        False,
    ),
    "identifier of the parent": (customer["id"], False),
    "name of the parent": (customer["name"], False),
    "ulid of the parent": (ulid_of(customer.value("key"), number // 3, customer["began"]), False),
}


@pytest.mark.parametrize("name", VALUES)
def test_whether_a_value_tells_items_apart(name: str) -> None:
    """Those that do are all different; of those that do not, some are the same."""
    value, apart = VALUES[name]
    order = Entity(
        "Order",
        table=things,
        parent=customer,
        per_parent=PerParent(3, least=3),
        facts={"fact": value},
        item={"id": text("{n}", n=number), "value": value},
    )
    assert tells_apart(value, order) is apart
    assert tells_apart(order["fact"], order) is apart
    made = dataset_of(customer, order, scale=3 * PARENTS).items(order, 0, 3 * PARENTS)
    values = [item["value"] for item in made]
    assert (len(set(values)) == len(values)) is apart


def test_what_tells_items_of_a_system_apart_does() -> None:
    """Of the systems that are there: whatever is said to, is different in a thousand items."""
    found = []
    for system in map(load_system, system_names()):
        dataset = Dataset(system, scale=2000, as_of=AS_OF)
        for entity in system.stored:
            items = list(islice(dataset.items(entity, 0, dataset.count(entity)), 1000))
            for name, value in entity.item.items():
                if isinstance(value, Expr) and tells_apart(value, entity):
                    values = [str(item[name]) for item in items if name in item]
                    assert len(set(values)) == len(values), f"{entity.name}.{name}"
                    found.append(f"{entity.name}.{name}")
    assert len(found) > 20
