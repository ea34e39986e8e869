"""Made-up tables that hold words which no draft may have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from loadstone.drafting.draft import Draft
from loadstone.drafting.drafts import draft_of
from loadstone.drafting.given import Given
from loadstone.drafting.python import fixtures_text, locustfile_text, scenario_text
from loadstone.system import System, load_system
from loadstone.table import Index, Table
from loadstone.wire import encode

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOW = datetime.now(UTC).replace(microsecond=0)

customers = Table(
    "shop-customers",
    partition_key="customerId",
    indexes=(Index("EmailIndex", partition_key="email"),),
)
orders = Table(
    "shop-orders",
    partition_key="customerId",
    sort_key="orderId",
    indexes=(Index("ByStatus", partition_key="status", sort_key="updatedAt"),),
    key_types={"updatedAt": "N"},
    ttl="expires",
)
single = Table(
    "app",
    partition_key="PK",
    sort_key="SK",
    indexes=(Index("GSI1", partition_key="GSI1PK", sort_key="GSI1SK"),),
)


def uuid_of(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def ulid_of(random: Random, at: datetime) -> str:
    number = (int(at.timestamp() * 1000) << 80) | random.getrandbits(80)
    return "".join(CROCKFORD[number >> (5 * place) & 31] for place in range(25, -1, -1))


def zulu(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def shop_items(count: int = 150) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Customers, and their orders."""
    random = Random(11)
    people, placed = [], []
    for number in range(count):
        joined = NOW - timedelta(days=10 + random.random() * 300)
        person: dict[str, Any] = {
            "customerId": uuid_of(random),
            "email": f"zarathustra{number}@secretcorp.com",
            "firstName": random.choice(("Zarathustra", "Beelzebub", "Quetzalcoatl")),
            "phone": f"+4930{random.randint(1000000, 9999999)}",
            "createdAt": zulu(joined),
            "tier": random.choice(("gold", "silver", "friendofgreg")),
            "balance": Decimal(random.randint(100, 99999)) / 100,
            "site": f"https://intranet.secretcorp.com/{random.randint(1000, 9999)}",
            "address": {"city": "Wuppertal", "geo": {"lat": Decimal("51.2567")}},
            "perDevice": {f"laptop-of-beelzebub-{random.randint(1000, 9999)}": 1},
            "groups": {"fraudring", "vipsonly"},
            "photo": bytes(random.randint(30, 60)),
        }
        if random.random() < 0.3:
            person["vatId"] = f"DE{random.randint(100000000, 999999999)}"
        people.append(person)
        for _ in range(random.randint(1, 6)):
            at = joined + timedelta(days=random.random() * 9)
            placed.append(
                {
                    "customerId": person["customerId"],
                    "orderId": ulid_of(random, at),
                    "createdAt": zulu(at),
                    "updatedAt": int((at + timedelta(hours=random.random() * 9)).timestamp()),
                    "expires": int((at + timedelta(days=90)).timestamp()),
                    "status": random.choice(("PENDING", "SHIPPED", "HELDBYGREG")),
                    "currency": "EUR",
                    "lines": [{"sku": f"ZX-{random.randint(1, 99999):05}", "count": 2}],
                }
            )
    return people, placed


def single_items(count: int = 60) -> list[dict[str, Any]]:
    """Users with a profile and orders, all in one table."""
    random = Random(5)
    found: list[dict[str, Any]] = []
    for number in range(count):
        user, mail = uuid_of(random), f"beelzebub{number}@secretcorp.com"
        found.append(
            {
                "PK": f"USER#{user}",
                "SK": "PROFILE",
                "userId": user,
                "email": mail,
                "GSI1PK": f"EMAIL#{mail}",
                "GSI1SK": "PROFILE",
            }
        )
        for _ in range(random.randint(1, 7)):
            at = NOW - timedelta(days=random.random() * 100)
            order = f"{random.randint(0, 9999999):07}"
            found.append(
                {"PK": f"USER#{user}", "SK": f"ORDER#{order}", "orderId": order, "at": zulu(at)}
            )
    return found


def given(table: Table, items: Sequence[dict[str, Any]], **more: Any) -> Given:
    """As they are read: in two stretches, in the order of their partitions."""
    wired = [encode(item) for item in items]
    half = len(wired) // 2
    known = {"count": len(wired), **more}
    return Given(table=table, runs=[wired[:half], wired[half:]], **known)


def texts_of(draft: Draft) -> dict[str, str]:
    return {
        f"fixtures/{draft.system}.py": fixtures_text(draft),
        f"scenarios/{draft.system}.py": scenario_text(draft),
        f"locustfiles/{draft.system}.py": locustfile_text(draft.system),
    }


def drafted(folder: Path, *givens: Given) -> tuple[System, dict[str, str]]:
    """A draft of tables, written to a folder and loaded from there."""
    texts = texts_of(draft_of("draft", givens, document="a draft"))
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load_system("draft", folder), texts
