"""Tables after designs that others published: two shops, songs, sessions, devices, repositories,
deals, readings by day, matches."""

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


def code_host(random: Random) -> tuple[Table, Items]:
    """Repositories by owner and name, which the keys of all that is in them have, too."""
    users = [f"{random.choice(NAMES).lower()}{place}x" for place in range(30)]
    items: Items = []
    for user in users:
        key = f"ACCOUNT#{user}"
        index = {"GSI3PK": key, "GSI3SK": key}
        items.append(keyed(key, key, type="User", username=user, joined=ago(random), **index))
    for place in range(24):
        owner, name = random.choice(users[:9]), f"{random.choice(('app', 'lib', 'web'))}-k{place}"
        key, told = f"REPO#{owner}#{name}", {"repoOwner": owner, "repoName": name}
        index = {"GSI1PK": key, "GSI1SK": key, "GSI3PK": f"ACCOUNT#{owner}", "GSI3SK": f"#{key}"}
        items.append(keyed(key, key, type="Repo", **told, **index, forkCount=0))
        for user in random.sample(users, random.randint(0, 8)):
            items.append(keyed(key, f"STAR#{user}", type="Star", **told, username=user))
        for number in range(1, random.randint(3, 12)):
            digits, state = f"{number:07}", random.choice(("Open", "Closed"))
            about = {**told, "title": "Why", "creator": random.choice(users), "status": state}
            if random.random() < 0.4:
                own, index = (
                    f"PR#{owner}#{name}#{digits}",
                    {"GSI1PK": key, "GSI1SK": f"PR#{digits}"},
                )
                items.append(keyed(own, own, type="PullRequest", number=number, **about, **index))
                continue
            told_issue = {**about, "issueNumber": number, "GSI2PK": f"{key}#{state.upper()}"}
            issue = f"ISSUE#{digits}"
            items.append(keyed(key, issue, type="Issue", **told_issue, GSI2SK=issue))
            for _ in range(random.choice((0, 1, 1, 2))):
                comment, where = ulid_of(random, NOW), f"ISSUECOMMENT#{owner}#{name}#{digits}"
                told_comment = {**told, "targetNumber": number, "commentId": comment}
                sort = f"ISSUECOMMENT#{comment}"
                items.append(keyed(where, sort, type="IssueComment", **told_comment))
    indexes = tuple(
        Index(f"GSI{n}", partition_key=f"GSI{n}PK", sort_key=f"GSI{n}SK") for n in (1, 2, 3)
    )
    return Table("CodeHost", partition_key="PK", sort_key="SK", indexes=indexes), items


def deals(random: Random) -> tuple[Table, Items]:
    """Deals by brand and category and day; likes by brand and user; one item that lists brands."""
    users = [f"{random.choice(NAMES).lower()}{place}x" for place in range(50)]
    brands = [f"{word}{end}" for word in ("Acme", "Bolt", "Crux", "Dune") for end in ("co", "ly")]
    kinds = ("Snacks", "Gadgets", "Clothing", "Puzzles", "Garden")
    items: Items = [keyed("BRANDS", "BRANDS", Type="Rollcall", Brands=brands)]
    for name, word in [
        *((each, "Brand") for each in brands),
        *((each, "Category") for each in kinds),
    ]:
        key = f"{word.upper()}#{name.upper()}"
        items.append(keyed(key, key, Type=word, **{f"{word}Name": name}, LikeCount=7))
    for _ in range(150):
        at = NOW - timedelta(days=random.random() * 6)
        deal, brand, kind = ulid_of(random, at), random.choice(brands), random.choice(kinds)
        key, day = f"DEAL#{deal}", at.strftime("%Y-%m-%dT00:00:00")
        index = {
            **{"GSI1PK": f"DEALS#{day}", "GSI1SK": key},
            **{"GSI2PK": f"BRAND#{brand.upper()}#{day}", "GSI2SK": key},
            **{"GSI3PK": f"CATEGORY#{kind.upper()}#{day}", "GSI3SK": key},
        }
        told = {"DealId": deal, "Price": 9, "Brand": brand, "CreatedAt": zulu(at)}
        items.append(keyed(key, key, Type="Deal", **told, **index))
    for user in users:
        key = f"USER#{user}"
        items.append(keyed(key, key, Type="User", Username=user, CreatedAt=ago(random, 700)))
        for _ in range(random.choice((0, 1, 2, 5))):
            sent = NOW - timedelta(days=random.random() * 9)
            message = ulid_of(random, sent)
            told = {"Username": user, "MessageId": message, "Subject": "Hi", "SentAt": zulu(sent)}
            where = f"MESSAGES#{user}"
            items.append(keyed(where, f"MESSAGE#{message}", Type="Message", **told))
        for brand in random.sample(brands, random.choice((0, 1, 2))):
            like = f"BRANDLIKE#{brand.upper()}#{user}"
            told = {"Username": user, "LikedAt": ago(random)}
            items.append(keyed(like, like, Type="BrandLike", **told))
    indexes = tuple(
        Index(f"GSI{n}", partition_key=f"GSI{n}PK", sort_key=f"GSI{n}SK") for n in (1, 2, 3)
    )
    return Table("Deals", partition_key="PK", sort_key="SK", indexes=indexes), items


def telemetry(random: Random) -> tuple[Table, Items]:
    """Devices, and their readings by device and day."""
    items: Items = []
    for place in range(25):
        key, told = f"DEVICE#{place * 7919 + 10**6}", {"deviceId": f"{place * 7919 + 10**6}"}
        items.append(keyed(key, "METADATA", **told, installedAt=ago(random, 900)))
        for day in range(1, random.randint(2, 6)):
            for minute in random.sample(range(1440), random.randint(2, 9)):
                at = NOW.replace(hour=0, minute=0, second=0) - timedelta(days=day)
                at += timedelta(minutes=minute)
                where = f"{key}#{at:%Y-%m-%d}"
                items.append(
                    keyed(where, f"READING#{zulu(at)}", **told, heat=random.randint(9, 30))
                )
    return Table("telemetry", partition_key="PK", sort_key="SK"), items


def matches(random: Random) -> tuple[Table, Items]:
    """Players, matches, and who played in which, found both ways."""
    users = [f"{random.choice(NAMES).lower()}{place}x" for place in range(60)]
    items = [keyed(f"USER#{each}", f"#METADATA#{each}", username=each, level=3) for each in users]
    for _ in range(40):
        match = uuid_of(random)
        own = {"game_id": match, "create_time": ago(random), "people": 7}
        items.append(keyed(f"GAME#{match}", f"#METADATA#{match}", **own))
        for user in random.sample(users, random.randint(2, 9)):
            told = {"game_id": match, "username": user, "place": random.randint(1, 9)}
            items.append(keyed(f"GAME#{match}", f"USER#{user}", **told))
    inverted = Index("InvertedIndex", partition_key="SK", sort_key="PK")
    return Table("matches", partition_key="PK", sort_key="SK", indexes=(inverted,)), items


def channels(random: Random) -> tuple[Table, Items]:
    """Channels with partitions of their members, and of each month's messages."""
    users = [f"u{random.randint(1000, 999_999)}" for _ in range(50)]
    items = [keyed(f"USER#{each}", "PROFILE", email=f"{each}@mail.com") for each in users]
    for _ in range(25):
        key = f"CHANNEL#c{random.randint(10**6, 10**8)}"
        items.append(keyed(key, "META", createdAt=ago(random), about=f"Talk {key[8:]}"))
        members = random.sample(users, random.randint(2, 9))
        items += [keyed(f"{key}#MEMBERS", f"USER#{each}", joined=ago(random)) for each in members]
        for _ in range(random.randint(3, 15)):
            at = ago(random, 300)
            said = {"sender": random.choice(users), "likes": random.randint(0, 9)}
            items.append(keyed(f"{key}#{at[:7]}", f"MSG#{at}", **said))
    return Table("chatter", partition_key="PK", sort_key="SK"), items


DESIGNS: dict[str, Callable[[Random], tuple[Table, Items]]] = {
    each.__name__: each
    for each in (
        nested_shop,
        adjacent_shop,
        songs,
        sessions,
        devices,
        code_host,
        deals,
        telemetry,
        matches,
        channels,
    )
}
