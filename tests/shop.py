"""A small system with a pattern of every kind: shops, their customers, and what those order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from loadstone import (
    DAY_MS,
    BatchGetItem,
    BatchWriteItem,
    ConditionCheck,
    DeleteItem,
    Entity,
    Every,
    Exactly,
    GetItem,
    Index,
    Journey,
    Maybe,
    Mix,
    Pattern,
    PerParent,
    PutItem,
    Query,
    Scan,
    Some,
    Table,
    Think,
    Touched,
    TransactGetItems,
    TransactWriteItems,
    UpdateItem,
    Written,
    above,
    answered,
    appended,
    at_least,
    attribute,
    begins_with,
    below,
    between,
    chance,
    choose,
    contains,
    count_of,
    differs,
    equal,
    first_of,
    if_missing,
    increased,
    iso,
    missing,
    moment,
    now,
    nth,
    number,
    position,
    text,
    ulid,
    uuid,
    when,
    whole,
    wrote,
)
from loadstone.dataset import Dataset
from loadstone.system import System
from tests.systems import system_of

SOURCE = "A test: Patterns"

customers = Table(
    "customers",
    partition_key="id",
    indexes=(Index("mail", partition_key="mail"),),
)
orders = Table(
    "orders",
    partition_key="customer",
    sort_key="id",
    indexes=(
        Index("state", partition_key="shop", sort_key="state"),
        Index("due", partition_key="dueIn", sort_key="due"),
    ),
)
lines = Table("lines", partition_key="order", sort_key="n")

shop = Entity("Shop", facts={"id": text("shop_{n}", n=number)})

customer = Entity(
    "Customer",
    table=customers,
    parent=shop,
    per_parent=PerParent(6, spread=1.3),
    created=(joined := moment(days=300)),
    item={
        "id": text("customer_{n}", n=number),
        "shop": shop["id"],
        "mail": when(chance(0.7), text("c{n}@shop.example", n=number)),
        "orders": count_of(lambda: order),
        "größe": whole(1, 9),
        "settings": {"news": chance(0.5), "colour": choose("red", "blue")},
        "tags": ["new"],
        "joined": iso(joined),
    },
)

cart = Entity(
    "Cart",
    parent=customer,
    per_parent=PerParent(4, spread=1.6),
    facts={
        "id": ulid(opened := moment(days=200)),
        "opened": opened,
        "lines": count_of(lambda: line),
    },
)

order: Entity = Entity(
    "Order",
    table=orders,
    parent=cart,
    per_parent=PerParent(1),
    created=cart["opened"],
    item={
        "customer": customer["id"],
        "id": cart["id"],
        "shop": shop["id"],
        "state": (state := choose("open#", "paid#", "sent#")),
        "total": whole(5, 500),
        "lines": cart["lines"],
        "dueIn": when(chance(0.4), "here"),
        "due": iso(cart["opened"] + DAY_MS),
        "at": iso(cart["opened"]),
    },
)

line: Entity = Entity(
    "Line",
    table=lines,
    parent=cart,
    per_parent=PerParent(3, spread=1.4),
    created=(placed := cart["opened"] + position * 1000),
    item={
        "order": cart["id"],
        "n": text("{n:04}", n=position),
        "first": first_of(lambda: line).number,
        "what": nth(("tea", "cake", "jam"), whole(0, 2)),
        "at": iso(placed),
    },
)

# Reading.

orders_of = Pattern(
    "orders-of",
    Query(orders, key={"customer": customer["id"]}, limit=3, pages=None),
    of=customer,
    expects=Every(order),
    source=SOURCE,
)
newest_orders = Pattern(
    "newest-orders",
    Query(orders, key={"customer": customer["id"]}, newest_first=True, limit=2),
    of=customer,
    expects=Every(order),
    source=SOURCE,
)
two_pages = Pattern(
    "two-pages",
    Query(orders, key={"customer": customer["id"]}, limit=1, pages=2),
    of=customer,
    expects=Every(order),
    source=SOURCE,
)
paid_orders = Pattern(
    "paid-orders",
    Query(orders, index="state", key={"shop": shop["id"], "state": begins_with("paid")}),
    of=shop,
    expects=Every(order),
    source=SOURCE,
)
orders_since = Pattern(
    "orders-since",
    Query(
        orders,
        key={"customer": customer["id"], "id": at_least(cart["id"])},
        filter={"total": above(50), "state": differs("sent#")},
    ),
    of=cart,
    expects=Maybe(),
    source=SOURCE,
)
due_orders = Pattern(
    "due-orders",
    Query(orders, index="due", key={"dueIn": order["dueIn"], "due": below(iso(now))}, limit=50),
    of=order,
    expects=Some(),
    source=SOURCE,
)
some_of_lines = Pattern(
    "some-of-lines",
    Query(
        lines,
        key={"order": cart["id"], "n": between("0001", "0002")},
        projection=("n", "what"),
        consistent=True,
    ),
    of=cart,
    only=cart["lines"] > 2,
    expects=Every(line),
    source=SOURCE,
)
how_many_lines = Pattern(
    "how-many-lines",
    Query(lines, key={"order": cart["id"]}, count_only=True),
    of=cart,
    expects=Every(line),
    source=SOURCE,
)
by_mail = Pattern(
    "by-mail",
    Query(customers, index="mail", key={"mail": customer["mail"]}),
    of=customer,
    expects=Exactly(),
    source=SOURCE,
)
one_customer = Pattern(
    "one-customer",
    GetItem(customer, consistent=True),
    of=customer,
    expects=Exactly(),
    source=SOURCE,
)
owner_of_cart = Pattern(
    "owner-of-cart",
    GetItem(customer, projection=("id", "settings.colour", "größe")),
    of=cart,
    expects=Exactly(),
    source=SOURCE,
)
several_lines = Pattern(
    "several-lines",
    BatchGetItem(line, most=4, consistent=True),
    of=cart,
    expects=Every(line),
    source=SOURCE,
)
order_and_owner = Pattern(
    "order-and-owner",
    TransactGetItems([GetItem(order), GetItem(customer)]),
    of=cart,
    expects=Exactly(),
    source=SOURCE,
)
tea = Pattern(
    "tea",
    Scan(lines, filter={"order": cart["id"], "what": "tea"}, limit=100, pages=None),
    of=cart,
    expects=Every(line),
    only=cart["lines"] > 4,
    source=SOURCE,
    missing_index=Index("what", partition_key="what"),
)
all_of_a_shop = Pattern(
    "all-of-a-shop",
    Scan(orders, filter={"shop": shop["id"], "id": contains("0")}, segments=3, pages=None),
    of=shop,
    expects=Every(order),
    source=SOURCE,
)

# Writing.

open_order = Pattern(
    "open-order",
    PutItem(
        order,
        values={"state": "open#", "total": 0, "lines": 0},
        without=("dueIn",),
        condition={"id": missing()},
    ),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
add_line = Pattern(
    "add-line",
    PutItem(line, values={"order": wrote(open_order, "id"), "first": now}),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
read_again = Pattern(
    "read-again",
    GetItem(
        order,
        key={"customer": wrote(open_order, "customer"), "id": wrote(open_order, "id")},
        consistent=True,
    ),
    of=customer,
    expects=Some(),
    source=SOURCE,
)
total_up = Pattern(
    "total-up",
    UpdateItem(
        order,
        key={"customer": wrote(open_order, "customer"), "id": wrote(open_order, "id")},
        set={
            "total": answered(read_again, "total", otherwise=-1) + 7,
            "state": "paid#",
        },
        add={"lines": 1},
        returns="ALL_NEW",
    ),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
take_back = Pattern(
    "take-back",
    DeleteItem(
        order,
        key={"customer": wrote(open_order, "customer"), "id": wrote(open_order, "id")},
        condition={"total": answered(total_up, "total", otherwise=0)},
    ),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
change_customer = Pattern(
    "change-customer",
    UpdateItem(
        customer,
        set={
            "größe": increased(),
            "orders": increased(by=whole(1, 3), start=0),
            "settings.colour": choose("green", "grey"),
            "tags": appended("seen"),
            "since": if_missing(iso(now)),
            "copy": attribute("joined"),
        },
        remove=("settings.news",),
        returns="UPDATED_NEW",
    ),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
ship = Pattern(
    "ship",
    UpdateItem(
        order,
        set={"state": "sent#"},
        condition={"state": differs("sent#"), "total": below(attribute("limit"))},
    ),
    of=cart,
    expects=Written(unless="over the limit"),
    source=SOURCE,
)
write_over = Pattern(
    "write-over",
    PutItem(customer, values={"settings.colour": "white", "orders": customer["orders"] + 1}),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
two_lines = Pattern(
    "two-lines",
    BatchWriteItem([PutItem(line), PutItem(line, position=1)]),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
order_at_once = Pattern(
    "order-at-once",
    TransactWriteItems(
        [
            PutItem(order, values={"total": 9, "lines": 0}),
            UpdateItem(customer, set={"orders": increased()}),
            ConditionCheck(order),
        ]
    ),
    of=customer,
    expects=Written(),
    source=SOURCE,
)
order_never = Pattern(
    "order-never",
    TransactWriteItems(
        [
            PutItem(order, values={"lines": 0}),
            ConditionCheck(customer, condition={"id": missing()}),
        ]
    ),
    of=customer,
    expects=Written(unless="known already"),
    source=SOURCE,
)
refused = Pattern(
    "refused",
    UpdateItem(customer, set={"note": text("{id}", id=uuid())}, condition={"shop": "nowhere"}),
    of=customer,
    only=equal(customer["shop"], "shop_1"),
    expects=Written(),
    source=SOURCE,
)

shopping = Journey(
    "shopping",
    of=customer,
    steps=(orders_of, Think(1, 2), open_order, add_line, read_again, total_up, take_back),
    source=SOURCE,
)
browsing = Journey(
    "browsing",
    of=cart,
    steps=(one_customer, orders_of, order_and_owner, several_lines),
    source=SOURCE,
)

PATTERNS = {each.id: each for each in list(globals().values()) if isinstance(each, Pattern)}
JOURNEYS = {each.id: each for each in (shopping, browsing)}


def shop_system(**changes: Any) -> System:
    """The system, with nothing missing that a run needs."""
    return replace(
        system_of(shop, customer, cart, order, line),
        patterns=PATTERNS,
        journeys=JOURNEYS,
        mixes={"all": Mix("all", {orders_of: 1, shopping: 1})},
        touched=Touched(shop, share=0.3),
        **changes,
    )


def shop_dataset(scale: int = 1200) -> Dataset:
    return Dataset(shop_system(), scale=scale, as_of=datetime(2026, 5, 1, tzinfo=UTC))
