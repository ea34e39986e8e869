"""Drafts of tables whose keys have no sign like #: kinds are told apart all the same, and what keys
are made of is found elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.drafting.drafts import draft_of
from loadstone.drafting.forms import Time, form_of, telling_form_of
from loadstone.drafting.heads import head_of, heads_of
from loadstone.drafting.shapes import Shape
from loadstone.drafting.vocabulary import vocabulary_of
from loadstone.system import System
from loadstone.table import Index, Table
from tests.drafted import NOW, drafted, given, uuid_of, zulu

downloads = Table(
    "SongDownloads",
    partition_key="Id",
    sort_key="Metadata",
    indexes=(Index("DownloadsByMonth", partition_key="Month", sort_key="MonthTotal"),),
    key_types={"MonthTotal": "N"},
)
retail = Table(
    "retail",
    partition_key="pk",
    sort_key="sk",
    indexes=(Index("byWarehouse", partition_key="warehouseId", sort_key="placedAt"),),
)
forums = Table("Forum", partition_key="Name")
threads = Table("Thread", partition_key="ForumName", sort_key="Subject")
replies = Table("Reply", partition_key="Id", sort_key="ReplyDateTime")


def song_items() -> list[dict[str, Any]]:
    """Songs, how often each was downloaded in a month, and each download."""
    random, found = Random(7), []
    for number in range(60):
        song = f"song-{number + 100}"
        found.append({"Id": song, "Metadata": "Details", "Title": "x y", "TotalDownloads": number})
        for month in sorted(random.sample(range(1, 13), random.randint(1, 5))):
            shown = f"{month:02}-2018"
            total = random.randint(1, 900)
            key = {"Id": song, "Metadata": f"Month-{shown}"}
            found.append({**key, "Month": shown, "MonthTotal": total})
        for _ in range(random.choice((1, 2, 4))):
            at = zulu(NOW - timedelta(days=random.random() * 90))
            found.append(
                {"Id": song, "Metadata": f"DId-{random.randrange(10**10):010}", "Time": at}
            )
    return found


def retail_items() -> list[dict[str, Any]]:
    """Two warehouses, and customers with addresses and orders."""
    random = Random(7)
    houses = ("wh-berlin", "wh-porto")
    found: list[dict[str, Any]] = [
        {"pk": f"warehouse-{each}", "sk": "metadata", "warehouseId": each, "city": "Porto"}
        for each in houses
    ]
    for number in range(50):
        key = f"customer-{1000 + number}"
        found.append({"pk": key, "sk": "profile", "email": f"x{number}@corp.example"})
        found += [
            {"pk": key, "sk": f"address-{place + 1}", "street": "Calle Mayor"}
            for place in range(random.randint(1, 2))
        ]
        for order in random.sample(range(10000, 99999), random.choice((0, 1, 2, 5))):
            more = {"warehouseId": random.choice(houses), "placedAt": zulu(NOW)}
            found.append({"pk": key, "sk": f"order-{order}", **more})
    return found


def read(folder: Path, *tables: tuple[Table, list[dict[str, Any]]]) -> tuple[System, str, str]:
    """A draft with which nothing is wrong: the system, its fixtures, its scenario."""
    system, texts = drafted(folder, *(given(table, items) for table, items in tables))
    wrong = [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert wrong == []
    fixtures, scenario, _ = texts.values()
    return system, fixtures, scenario


def rows(system: System, entity: str) -> list[dict[str, Any]]:
    dataset = Dataset(system, scale=2000, as_of=NOW)
    return list(dataset.items(entity, 0, dataset.count(entity)))


def test_words_before_a_dash_tell_kinds_apart(tmp_path: Path) -> None:
    """Details, Month-01-2018 and DId-9349823681 are three kinds, and a song's months follow one
    another."""
    system, fixtures, scenario = read(tmp_path, (downloads, song_items()))
    assert set(system.entities) == {"Song", "Month", "DId"}
    assert 'begins_with("DId-")' in scenario
    assert '"Metadata": "Details"' in fixtures
    months = rows(system, "Month")
    assert all(each["Metadata"] == f"Month-{each['Month']}" for each in months)
    assert len({(each["Id"], each["Metadata"]) for each in months}) == len(months)
    assert {each["Id"] for each in months} <= {each["Id"] for each in rows(system, "Song")}


def test_two_values_of_a_reference_are_a_reference(tmp_path: Path) -> None:
    """What is called as the key of two warehouses, and is always one of them, is any of them."""
    system, fixtures, scenario = read(tmp_path, (retail, retail_items()))
    assert set(system.entities) == {"Customer", "Address", "Order", "Warehouse"}
    assert '"warehouseId": any_of(warehouse)["warehouseId"]' in fixtures
    assert 'begins_with("order-")' in scenario
    assert 'text("address-{n}"' in fixtures
    assert system.entities["Warehouse"].share == 0.04


def test_a_mail_that_is_no_label_is_none() -> None:
    """Names before a dash are no labels where all items are alike."""
    items: list[Any] = [{"id": {"S": name}, "n": {"N": "1"}} for name in _names()]
    texts = [item["id"]["S"] for item in items]
    vocabulary = vocabulary_of([], published=False)
    assert not any(heads_of(texts, texts, items, ["id"], vocabulary, is_sort_key=False))
    assert not vocabulary.taken


def _names() -> list[str]:
    return [f"{name}-{number}" for name in ("greta", "otto", "petra") for number in range(20)]


def test_a_label_that_is_on_no_list_is_written_by_none(tmp_path: Path) -> None:
    """zebra- before a number tells a kind apart, and another word stands for it."""
    items: list[dict[str, Any]] = []
    for number in range(40):
        items.append({"PK": f"org-{number}", "SK": "meta", "plan": "free"})
        items += [
            {"PK": f"org-{number}", "SK": f"zebrafoal-{place}", "weight": place, "legs": 4}
            for place in range(3)
        ]
    table = Table("zoo", partition_key="PK", sort_key="SK")
    system, fixtures, scenario = read(tmp_path, (table, items))
    assert set(system.entities) == {"Org", "Kinda"}
    assert "zebra" not in f"{fixtures}{scenario}".lower()
    draft = draft_of("zoo", [given(table, items)], document="zoo", words=["zebrafoal"])
    assert {each.name for each in draft.entities} == {"Org", "Zebrafoal"}


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("DId-9349823681", ("DId", "-")),
        ("order_123", ("order", "_")),
        ("org/17", ("org", "/")),
        ("Details", None),
        ("2026-05-01", None),
        ("deadbeef-0000-4000-8000-000000000000", None),
        ("a word - and 1 more", None),
    ],
)
def test_what_a_text_begins_with(text: str, head: tuple[str, str] | None) -> None:
    """A word and the sign behind it, where no date, no UUID and no prose begins so."""
    assert head_of(text) == head


def test_versions_are_numbered(tmp_path: Path) -> None:
    """v0_Audit is the latest of an equipment's, v1_Audit the first: a number between two words."""
    items = [
        {"PK": f"Equipment#{number}", "SK": f"v{version}_Audit", "Auditor": "x"}
        for number in range(40)
        for version in range(number % 4 + 1)
    ]
    table = Table("EquipmentAudits", partition_key="PK", sort_key="SK")
    system, fixtures, _ = read(tmp_path, (table, items))
    assert 'text("v{n}_Audit", n=position)' in fixtures
    texts = [item["SK"] for item in items]
    known = vocabulary_of(["EquipmentAudits"], published=False)
    assert isinstance(telling_form_of(texts, known), Shape)
    firsts = [each for each in rows(system, "EquipmentAudit") if each["SK"] == "v0_Audit"]
    assert len(firsts) == len({each["PK"] for each in rows(system, "EquipmentAudit")})


def test_a_word_that_all_have_is_written_only_when_it_is_known() -> None:
    """User 17 has a number behind a word; Zarathustra 17 looks like letters and digits."""
    known = vocabulary_of([], published=False)
    users = form_of([f"User {number}" for number in range(40)], known)
    greta = form_of([f"Zarathustra{number}" for number in range(40)], known)
    assert isinstance(users, Shape)
    assert users.numbered is not None
    assert users.numbered[0] == "User "
    assert isinstance(greta, Shape)
    assert greta.numbered is None


@pytest.mark.parametrize(
    ("texts", "precision"),
    [
        (["2026-05", "2025-12"], "month"),
        (["05-2026", "12-2025"], "month first"),
        (["2015-10-24:17:24:31"], "seconds"),
    ],
)
def test_months_are_times(texts: list[str], precision: str) -> None:
    """A month is an instant however it is written, and so is a day with a colon behind it."""
    found = form_of(texts)
    assert isinstance(found, Time)
    assert found.precision == precision


def test_the_month_of_an_instant_is_that_instants(tmp_path: Path) -> None:
    """An attribute that is the month of another is drafted so, and not as a few words."""
    random = Random(3)
    items: list[dict[str, Any]] = []
    for _ in range(200):
        at = zulu(NOW - timedelta(days=random.random() * 200))
        items.append({"id": uuid_of(random), "at": at, "month": at[:7], "day": at[:10]})
    system, fixtures, _ = read(tmp_path, (Table("events", partition_key="id"), items))
    assert '"month": calendar(event_created, "{year}-{month:02}")' in fixtures
    for each in rows(system, "Event"):
        assert (each["month"], each["day"]) == (each["at"][:7], each["at"][:10])


def test_days_tell_the_items_of_a_partition_apart(tmp_path: Path) -> None:
    """Where a sort key is a day alone, each item of a partition has the day before."""
    items = [
        {"id": f"lift-{lift}", "day": (NOW - timedelta(days=day)).strftime("%Y-%m-%d"), "n": day}
        for lift in range(20)
        for day in range(14)
    ]
    system, _, _ = read(tmp_path, (Table("days", partition_key="id", sort_key="day"), items))
    made = [(each["id"], each["day"]) for each in rows(system, "Day")]
    assert len(made) == len(set(made)) > 1000


def test_what_expires_is_no_creation(tmp_path: Path) -> None:
    """A time to live in days to come is drawn from those days, and no item is made then."""
    random = Random(3)
    until = [int((NOW + timedelta(days=1 + random.random() * 6)).timestamp()) for _ in range(80)]
    items = [{"id": uuid_of(random), "expires": each} for each in until]
    table = Table("carts", partition_key="id", ttl="expires")
    system, fixtures, _ = read(tmp_path, (table, items))
    assert '"expires": epoch(as_of + seconds(whole(0, 604800)))' in fixtures
    assert "created=as_of" in fixtures
    now = int(NOW.timestamp())
    assert all(now <= each["expires"] <= now + 7 * 86_400 for each in rows(system, "Cart"))


def test_a_key_of_two_attributes_is_of_their_item(tmp_path: Path) -> None:
    """Replies whose Id is a forum and a subject belong to that thread, also where few have any."""
    random = Random(3)
    named = [{"Name": f"Amazon {word}", "Views": 9} for word in ("S3", "RDS", "EC2", "SQS", "SNS")]
    begun, answers = [], []
    for place in range(100):
        key = {"ForumName": random.choice(named)["Name"], "Subject": f"how to {place} it"}
        begun.append({**key, "Views": random.randint(0, 90)})
        for _ in range(random.choice((0, 0, 1, 3))):
            at = zulu(NOW - timedelta(days=random.random() * 90))
            answers.append(
                {"Id": "#".join(map(str, key.values())), "ReplyDateTime": at, "PostedBy": "x"}
            )
    system, _, scenario = read(tmp_path, (forums, named), (threads, begun), (replies, answers))
    assert set(system.entities) == {"Forum", "Thread", "Reply"}
    assert '"replies-of-thread"' in scenario
    made = {f"{each['ForumName']}#{each['Subject']}" for each in rows(system, "Thread")}
    named_by = {each["Id"] for each in rows(system, "Reply")}
    assert named_by < made


def test_a_number_in_a_key_is_the_attribute_that_has_it(tmp_path: Path) -> None:
    """ISSUE#0000007 has 7 for its IssueNumber, in each item of the draft."""
    random = Random(3)
    items = [
        {"PK": f"REPO#{repo}", "SK": f"ISSUE#{place:07}", "IssueNumber": place, "Title": "x y"}
        for repo in range(40)
        for place in range(1, random.randint(2, 6))
    ]
    system, _, _ = read(tmp_path, (Table("git", partition_key="PK", sort_key="SK"), items))
    (name,) = (name for name, each in system.entities.items() if each.table is not None)
    for each in rows(system, name):
        assert each["SK"] == f"ISSUE#{each['IssueNumber']:07}"


def account_items() -> list[dict[str, Any]]:
    """Users and organizations, whose keys look alike, and members of the organizations."""
    random = Random(3)
    users, organizations = ([f"{word}{n}" for n in range(60)] for word in ("user", "org"))
    found: list[dict[str, Any]] = []
    for names, kind in ((users, "User"), (organizations[:12], "Organization")):
        found += [
            {"PK": f"ACCOUNT#{name}", "SK": f"ACCOUNT#{name}", "type": kind, f"{kind}Name": name}
            for name in names
        ]
    for name in organizations[:12]:
        found += [
            {"PK": f"ACCOUNT#{name}", "SK": f"MEMBERSHIP#{each}", "type": "Membership"}
            for each in random.sample(users, 5)
        ]
    return sorted(found, key=lambda item: (item["PK"], item["SK"]))


def test_two_kinds_may_have_keys_of_one_form(tmp_path: Path) -> None:
    """Users and organizations are both ACCOUNT#: neither belongs to the other, and members are in
    the partitions that their keys name."""
    accounts = Table("accounts", partition_key="PK", sort_key="SK")
    system, _, _ = read(tmp_path, (accounts, account_items()))
    assert system.entities["User"].parent is None
    assert system.entities["Organization"].parent is None
    assert system.entities["Membership"].parent is system.entities["Organization"]


def test_two_kinds_of_one_form_and_the_same_names_have_keys_of_their_own(tmp_path: Path) -> None:
    """Numbered alike, an account of the one kind would be written over one of the other; of items
    in both, those of the fewer are a kind of their own."""
    items: list[dict[str, Any]] = []
    for n in range(80):
        key = f"ACCOUNT#{n:06}"
        kind, more = ("Organization", {"size": n}) if n % 4 == 0 else ("User", {"age": n})
        items.append({"PK": key, "SK": key, "type": kind, **more})
        items += [
            {"PK": key, "SK": f"NOTE#{place}", "type": "Note", "pages": n} for place in range(3)
        ]
    accounts = Table("accounts", partition_key="PK", sort_key="SK")
    system, _, _ = read(tmp_path, (accounts, items))
    parents = {name: each.parent.name for name, each in system.entities.items() if each.parent}
    assert parents == {"Note": "User", "OrganizationNote": "Organization"}
    keys = [each["PK"] for name in ("Organization", "User") for each in rows(system, name)]
    assert len(set(keys)) == len(keys)
