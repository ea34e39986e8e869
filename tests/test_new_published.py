"""Drafts of tables after designs that others published: they hold, and say what belongs to what."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from datetime import date
from hashlib import md5
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest

from loadstone import Every, Query, Some
from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.system import System
from tests.drafted import NOW, drafted, given
from tests.published import DESIGNS, NAMES

Drafted: TypeAlias = tuple[System, str]


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drafted]:
    """Each as it is read: partition by partition."""
    found = {}
    for name, design in DESIGNS.items():
        table, items = design(Random(1))
        partitions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in items:
            partitions[item[table.partition_key]].append(item)
        read = [item for key in sorted(partitions) for item in partitions[key]]
        system, texts = drafted(tmp_path_factory.mktemp(name), given(table, read))
        found[name] = (system, "".join(texts.values()))
        for text in texts.values():
            assert formatted(text) == text
    return found


def formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", DESIGNS)
def test_a_draft_of_it_holds(name: str, drafts: dict[str, Drafted]) -> None:
    """Nothing is wrong with the draft, and nobody of the table is in it."""
    system, text = drafts[name]
    assert [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    words = "|".join((*NAMES, "Liz", "Sara", "Stockholm", "Acme", "Bolt", "Snacks", "Rollcall"))
    assert re.findall(rf"\b(?:{words})(?![a-z])", text, re.IGNORECASE) == []


def parents_of(system: System) -> dict[str, str]:
    """What each stored entity belongs to, above what only partitions tell of."""
    found = {}
    for entity in system.stored:
        above = entity.parent
        while above is not None and above.table is None and above.parent is not None:
            above = above.parent
        found[entity.name] = above.name if above is not None else ""
    return found


def test_items_belong_to_the_order_that_their_keys_name(drafts: dict[str, Drafted]) -> None:
    """Orders are in their customers' partitions and items in their orders': items belong to orders,
    and to nothing that is made up for them."""
    assert parents_of(drafts["nested_shop"][0]) == {
        "Customer": "Customeremail", "Customeremail": "", "Order": "Customer", "OrderItem": "Order",
    }  # fmt: skip
    assert parents_of(drafts["adjacent_shop"][0]) == {
        "Customer": "", "Order": "Customer", "Invoice": "Order", "OrderItem": "Order",
        "Product": "", "WarehouseItem": "Product", "Warehouse": "",
    }  # fmt: skip


def test_several_parts_of_a_key_name_what_it_belongs_to(drafts: dict[str, Drafted]) -> None:
    """Owner and name in a key are those of a repository, and with a number those of an issue."""
    assert parents_of(drafts["code_host"][0]) == {
        "User": "", "Repo": "User", "Star": "Repo", "Issue": "Repo", "PullRequest": "Repo",
        "IssueComment": "Issue",
    }  # fmt: skip
    made = made_of(drafts["code_host"][0])
    issues = {(each["PK"], each["issueNumber"], each["SK"]) for each in made["Issue"]}
    repos = {each["PK"] for each in made["Repo"]}
    for each in made["IssueComment"]:
        _, owner, name, digits = each["PK"].split("#")
        assert (f"REPO#{owner}#{name}", each["targetNumber"], f"ISSUE#{digits}") in issues
        assert (each["repoOwner"], each["repoName"]) == (owner, name)
    assert {each["GSI1PK"] for each in made["PullRequest"]} <= repos
    users = {each["username"] for each in made["User"]}
    starred = {each["username"] for each in made["Star"]}
    assert starred <= users
    assert len(starred) > len(users) / 3


def test_of_a_sample_names_tell_what_values_cannot(tmp_path: Path) -> None:
    """Where one in ten items was looked at, most repositories that are named were not seen: owner
    and name are called the same in what belongs to one."""
    every: dict[tuple[str, str], dict[str, Any]] = {}
    for seed in range(12):
        table, items = DESIGNS["code_host"](Random(seed))
        every.update({(each["PK"], each["SK"]): each for each in items})
    by_place = sorted(every, key=lambda key: (md5(key[0].encode()).hexdigest(), key))
    read = [every[key] for key in by_place[: len(by_place) // 10]]
    system, _ = drafted(tmp_path, given(table, read, count=len(every)))
    assert [str(each) for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    found = parents_of(system)
    assert (found["PullRequest"], found["IssueComment"]) == ("Repo", "Issue")


def test_what_keys_name_is_there(drafts: dict[str, Drafted]) -> None:
    """Deals are of brands, categories and days that are there, a like names a brand and a user; of
    the item whose key is one word there is one, called by that where its type is no known word."""
    system, text = drafts["deals"]
    assert parents_of(system) == {
        "Brand": "", "Category": "", "User": "", "Brands": "", "Deal": "Brand",
        "Message": "User", "BrandLike": "User",
    }  # fmt: skip
    made = made_of(system)
    brands, users = ({each["PK"] for each in made[name]} for name in ("Brand", "User"))
    names = {each["PK"]: each["BrandName"] for each in made["Brand"]}
    kinds = {each["PK"] for each in made["Category"]}
    for each in made["Deal"]:
        assert each["GSI1PK"] == f"DEALS#{each['CreatedAt'][:10]}T00:00:00"
        assert each["GSI2PK"].rpartition("#")[0] in brands
        assert each["GSI3PK"].rpartition("#")[0] in kinds
        assert each["Brand"] == names[each["GSI2PK"].rpartition("#")[0]]
    liked = [each["PK"].split("#")[1:] for each in made["BrandLike"]]
    assert {f"BRAND#{brand}" for brand, _ in liked} <= brands
    assert {f"USER#{user}" for _, user in liked} <= users
    assert len(made["Brands"]) == 1
    assert "# There is one, at any scale: its key tells no two apart." in text


def test_keys_of_a_thing_and_a_day_are_the_thing_s(drafts: dict[str, Drafted]) -> None:
    """DEVICE#7 and DEVICE#7#2026-05-01 are two partitions, and each day of a device comes once."""
    system, text = drafts["telemetry"]
    assert parents_of(system) == {"Device": "", "Reading": "Device"}
    made = made_of(system)
    devices = {each["PK"] for each in made["Device"]}
    for each in made["Reading"]:
        where, day = each["PK"].rsplit("#", 1)
        assert where in devices
        assert date.fromisoformat(day) <= NOW.date()
    days = Dataset(system, scale=3_000, as_of=NOW).count("DeviceDay")
    assert len(devices) < len({each["PK"] for each in made["Reading"]}) <= days
    assert "# Its own times are not of the day or month that its partition key has." in text


def test_what_a_key_ends_with_tells_partitions_apart(drafts: dict[str, Drafted]) -> None:
    """CHANNEL#7#MEMBERS is of a channel, and CHANNEL#7#2026-05 of its month."""
    system, _ = drafts["channels"]
    assert parents_of(system) == {
        "Channel": "",
        "User": "",
        "ChannelUser": "Channel",
        "Msg": "Channel",
    }
    made = made_of(system)
    keys = {each["PK"] for each in made["Channel"]}
    assert {each["PK"] for each in made["ChannelUser"]} <= {f"{key}#MEMBERS" for key in keys}
    for each in made["Msg"]:
        channel, month = each["PK"].rsplit("#", 1)
        assert channel in keys
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month)


def test_metadata_of_the_same_id_is_the_partition_s_own(drafts: dict[str, Drafted]) -> None:
    """#METADATA#7 in GAME#7 is the game, and who is in it is called after both."""
    assert parents_of(drafts["matches"][0]) == {"User": "", "Game": "", "GameUser": "Game"}


def asked(system: System, name: str) -> tuple[str, Query, object]:
    """Of whom a pattern is, what it asks, and what is to come of it."""
    pattern = system.patterns[name]
    assert isinstance(pattern.operation, Query)
    return pattern.of.name, pattern.operation, pattern.expects


def test_a_partition_is_asked_for_as_a_whole_and_by_kind(drafts: dict[str, Drafted]) -> None:
    """All kinds that are in the partition of a table or an index come in one query, and each by
    what its sort keys begin with; nothing of it where only one kind is there."""
    system, _ = drafts["code_host"]
    for name, index in (("everything-of-repo", None), ("everything-of-repo-by-gsi1", "GSI1")):
        of, query, expects = asked(system, name)
        assert (of, query.index, query.limit, len(query.key)) == ("Repo", index, None, 1)
        assert isinstance(expects, Some)
    for name, kind in (("issues-of-repo", "Issue"), ("pull-requests-by-gsi1", "PullRequest")):
        of, query, expects = asked(system, name)
        assert (of, len(query.key)) == ("Repo", 2)
        assert isinstance(expects, Every)
        assert expects.entity.name == kind
    assert asked(system, "everything-of-user-by-gsi3")[0] == "User"
    assert not [each for each in system.patterns if each.startswith("everything-of-issue")]
    shop, _ = drafts["adjacent_shop"]
    assert isinstance(asked(shop, "everything-of-order")[2], Some)
    assert "invoices-of-order" in shop.patterns


def test_what_goes_by_time_is_asked_for_newest_first(drafts: dict[str, Drafted]) -> None:
    """Where sort keys are times or ULIDs the newest come first; of what an index has under the
    value of many items so many rows are asked for, and of what is one item's own no limit is."""
    system, _ = drafts["deals"]
    of, query, _ = asked(system, "deals-by-gsi1")
    assert (of, query.newest_first, query.limit) == ("Deal", True, 25)
    of, query, expects = asked(system, "messages-of-user")
    assert (of, query.newest_first, query.limit) == ("User", True, None)
    assert isinstance(expects, Every)
    states, _ = drafts["devices"]
    assert asked(states, "state-logs-by-gsi1")[1].newest_first
    assert not asked(drafts["songs"][0], "months-by-downloads-by-month")[1].newest_first


def made_of(system: System) -> dict[str, list[dict[str, Any]]]:
    """All items at a small scale, by their entity."""
    dataset = Dataset(system, scale=3_000, as_of=NOW)
    return {
        each.name: list(dataset.items(each.name, 0, dataset.count(each.name)))
        for each in system.stored
    }


@pytest.mark.parametrize(
    ("name", "child"), [("nested_shop", "OrderItem"), ("adjacent_shop", "Invoice")]
)
def test_every_order_that_is_named_is_there(
    name: str, child: str, drafts: dict[str, Drafted]
) -> None:
    """What a draft makes refers to orders that it makes."""
    dataset = Dataset(drafts[name][0], scale=2_000, as_of=NOW)
    orders = {
        dataset.item("Order", number)["SK"].lstrip("#") for number in range(dataset.count("Order"))
    }
    named = {dataset.item(child, number)["PK"] for number in range(dataset.count(child))}
    assert {"#".join(each.split("#")[:2]) for each in named} <= orders
