"""Tables after designs that others published: a shop in two ways, songs, sessions, devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeAlias

from loadstone.table import Index, Table
from tests.drafted import NOW, ulid_of, uuid_of, zulu

Items: TypeAlias = list[dict[str, Any]]
NAMES = ("Oluwaseun", "Maria", "Chen", "Omar", "Lucia", "Priya", "Jonas", "Wei", "Fatima", "Noah")


def keyed(partition: str, sort: str, **more: Any) -> dict[str, Any]:
    return {"PK": partition, "SK": sort, **more}


def ago(random: Random, days: int = 90) -> str:
    return zulu(NOW - timedelta(days=random.random() * days))


def nested_shop(random: Random) -> tuple[Table, Items]:
    """A customer with orders in a partition, their items in partitions of their own."""
    items: Items = []
    for place in range(60):
        user = f"{random.choice(NAMES).lower()}{random.randint(10, 999)}{place}"
        mail, key = f"{user}@mail.com", f"CUSTOMER#{user}"
        home = {"StreetAddress": "111 1st St", "PostalCode": f"{random.randint(1, 99999):05}"}
        where = {random.choice(("Home", "Business")): home}
        items.append(keyed(key, key, Username=user, EmailAddress=mail, Addresses=where))
        items.append(keyed(f"CUSTOMEREMAIL#{mail}", f"CUSTOMEREMAIL#{mail}", Username=user))
        for _ in range(random.choice((0, 1, 1, 2, 3, 9))):
            order = ulid_of(random, NOW - timedelta(days=random.random() * 200))
            parts, shown = random.randint(1, 5), f"ORDER#{order}"
            state = random.choice(("ACCEPTED", "CANCELLED", "SHIPPED"))
            head = {"OrderId": order, "CreatedAt": ago(random), "Status": state}
            index = {"GSI1PK": shown, "GSI1SK": shown}
            items.append(keyed(key, f"#{shown}", **head, NumberItems=parts, **index))
            for _ in range(parts):
                item = uuid_of(random)
                own, index = f"{shown}#ITEM#{item}", {"GSI1PK": shown, "GSI1SK": f"ITEM#{item}"}
                price = Decimal(random.randint(100, 9999)) / 100
                items.append(keyed(own, own, OrderId=order, ItemId=item, Price=price, **index))
    orders = Index("GSI1", partition_key="GSI1PK", sort_key="GSI1SK")
    return Table("Ecommerce", partition_key="PK", sort_key="SK", indexes=(orders,)), items


def adjacent_shop(random: Random) -> tuple[Table, Items]:
    """Adjacency lists with short labels, and an attribute that says what an item is."""
    items: Items = []
    products = [f"p#{random.randint(10000, 99999)}" for _ in range(40)]
    for _ in range(4):
        house = f"w#{random.randint(10000, 99999)}"
        items.append(keyed(house, house, EntityType="warehouse", Address={"City": "Stockholm"}))
        for product in products:
            count = random.randint(1, 500)
            items.append(keyed(product, house, EntityType="warehouseItem", Quantity=count))
    items += [keyed(each, each, EntityType="product", Detail={"Name": "x"}) for each in products]
    for place in range(50):
        customer = f"c#{place * 7 + 10000}"
        items.append(keyed(customer, customer, EntityType="customer", Email=f"x{place}@mail.se"))
        for _ in range(random.randint(0, 4)):
            order, bill = (f"{label}#{random.randint(10000, 99999)}" for label in "oi")
            items.append(keyed(customer, order, EntityType="order", Date=ago(random)))
            items.append(keyed(order, bill, EntityType="invoice", Amount=random.randint(100, 9000)))
            for product in random.sample(products, random.randint(1, 3)):
                count = random.randint(1, 5)
                items.append(keyed(order, product, EntityType="orderItem", Count=count))
    return Table("OnlineShop", partition_key="PK", sort_key="SK"), items


def songs(random: Random) -> tuple[Table, Items]:
    """Songs, their downloads, and how many there were in a month."""
    items: Items = []
    for place in range(120):
        song, name = f"song{place + 1}", random.choice(NAMES)
        items.append({"Id": song, "Metadata": "Details", "Title": f"Wild {place}", "Artist": name})
        for month in range(random.randint(0, 6)):
            shown = f"Month-2018-{month + 1:02}"
            count = random.randint(1, 900)
            items.append({"Id": song, "Metadata": shown, "Month": shown, "Downloads": count})
        for _ in range(random.randint(1, 4)):
            load = f"DID-{random.randint(10**6, 10**8)}"
            items.append({"Id": song, "Metadata": load, "TimeStamp": ago(random)})
    index = Index("DownloadsByMonth", partition_key="Month", sort_key="Downloads")
    types: dict[str, Any] = {"Downloads": "N"}
    return (
        Table("Songs", partition_key="Id", sort_key="Metadata", indexes=(index,), key_types=types),
        items,
    )


def sessions(random: Random) -> tuple[Table, Items]:
    """Sessions that expire, found by their user."""
    items: Items = []
    for _ in range(200):
        at = NOW - timedelta(days=random.random() * 7)
        user = f"{random.choice(NAMES).lower()}{random.randint(0, 60)}"
        until = at + timedelta(days=7)
        times = {"CreatedAt": zulu(at), "ExpiresAt": zulu(until), "TTL": int(until.timestamp())}
        items.append({"SessionId": uuid_of(random), "Username": user, **times})
    index = Index("UserIndex", partition_key="Username")
    return Table("Sessions", partition_key="SessionId", indexes=(index,), ttl="TTL"), items


def devices(random: Random) -> tuple[Table, Items]:
    """States of devices, by state and time, with a sparse index of what is escalated."""
    items: Items = []
    for place in range(40):
        for _ in range(random.choice((5, 8, 10, 80))):
            at = ago(random, 9)
            state = random.choices(("Normal", "Warning1", "Warning4"), (80, 15, 5))[0]
            item = {"DeviceID": f"d#{10000 + place}", "State#Date": f"{state}#{at}", "State": state}
            item |= {"Operator": random.choice(("Liz", "Sue", "Tom")), "Date": at}
            items.append(item | ({"EscalatedTo": "Sara"} if state == "Warning4" else {}))
    indexes = (
        Index("GSI1", partition_key="Operator", sort_key="Date"),
        Index("GSI2", partition_key="EscalatedTo", sort_key="State#Date"),
    )
    table = Table("StateLog", partition_key="DeviceID", sort_key="State#Date", indexes=indexes)
    return table, items


DESIGNS: dict[str, Callable[[Random], tuple[Table, Items]]] = {
    each.__name__: each for each in (nested_shop, adjacent_shop, songs, sessions, devices)
}
