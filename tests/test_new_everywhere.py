"""Somebody's data at every place that an item has: the files of a draft have none of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.drafting.draft import Draft
from loadstone.drafting.drafts import draft_of
from loadstone.table import Index, Table
from tests.drafted import drafted, given, texts_of, uuid_of

plain = Table("records", partition_key="id")
indexed = Table("records", partition_key="id", indexes=(Index("Other", partition_key="other"),))
sorted_ = Table("records", partition_key="PK", sort_key="SK")
indexed_twice = Table(
    "records",
    partition_key="PK",
    sort_key="SK",
    indexes=(Index("I", partition_key="GSI1PK", sort_key="GSI1SK"),),
)
COUNT = 60
#: Persons, a firm, a street, a number of an account, initials.
SECRETS = ("wolfgang", "alice", "SIEMENS", "ACME", "elmstreet", "Dr.Quacksalber", "jqp", "QZ")
NUMBER = 734219

Make = Callable[[Random, str], dict[str, Any]]


def ident(random: Random) -> dict[str, Any]:
    return {"id": uuid_of(random)}


def keyed(random: Random) -> dict[str, Any]:
    return {"PK": f"USER#{uuid_of(random)}", "SK": f"ORDER#{random.randint(1, 99999):05}"}


#: Where a word may stand in an item, and the table that has such items.
PLACES: dict[str, tuple[Table, Make]] = {
    "an attribute of some": (plain, lambda r, w: ident(r) | ({w: 1} if r.random() < 0.4 else {})),
    "a text": (plain, lambda r, w: ident(r) | {"attr": w}),
    "one of a few texts": (plain, lambda r, w: ident(r) | {"attr": r.choice((w, "open"))}),
    "a word of a text": (plain, lambda r, w: ident(r) | {"attr": f"to {w} at {r.random()}"}),
    "before a number": (plain, lambda r, w: ident(r) | {"attr": f"{w}-{r.randint(1, 9999):04}"}),
    "after a number": (plain, lambda r, w: ident(r) | {"attr": f"{r.randint(1, 9999):04}-{w}"}),
    "between numbers": (
        plain,
        lambda r, w: ident(r) | {"attr": f"{r.randint(1, 99):02}/{w}/{r.randint(1, 99):02}"},
    ),
    "a part of a text": (plain, lambda r, w: ident(r) | {"attr": f"{w}#{r.randint(1, 999)}"}),
    "a key of all maps": (plain, lambda r, w: ident(r) | {"map": {w: r.randint(1, 9)}}),
    "a key beside others": (
        plain,
        lambda r, w: ident(r) | {"map": {"status": "open", w: r.choice((True, False))}},
    ),
    "a key of some maps": (
        plain,
        lambda r, w: ident(r) | {"map": {"status": "open"} | ({w: 2} if r.random() < 0.5 else {})},
    ),
    "a key of maps in lists": (plain, lambda r, w: ident(r) | {"list": [{w: 1}, {w: 2}]}),
    "a key of maps in maps": (plain, lambda r, w: ident(r) | {"map": {"detail": {w: {w: 1}}}}),
    "an element": (plain, lambda r, w: ident(r) | {"list": [w, "open"]}),
    "a member": (plain, lambda r, w: ident(r) | {"set": {w, "open"}}),
    "bytes": (plain, lambda r, w: ident(r) | {"raw": w.encode()}),
    "a link's host": (plain, lambda r, w: ident(r) | {"url": f"https://{w}.com/{r.random()}"}),
    "an address": (plain, lambda r, w: ident(r) | {"mail": f"{r.randint(1, 999)}@{w}.com"}),
    "a key": (plain, lambda r, w: {"id": f"{w}-{r.randint(1, 10**8):08}"}),
    "a key's label": (sorted_, lambda r, w: keyed(r) | {"PK": f"{w}#{r.randint(1, 10**8)}"}),
    "a key's second label": (
        sorted_,
        lambda r, w: keyed(r) | {"PK": f"USER#{w}#{r.randint(1, 10**8)}"},
    ),
    "a key's end": (sorted_, lambda r, w: keyed(r) | {"PK": f"USER#{r.randint(1, 10**8)}#{w}"}),
    "a sort key's label": (sorted_, lambda r, w: keyed(r) | {"SK": f"{w}#{r.randint(1, 999)}"}),
    "a sort key": (sorted_, lambda r, w: keyed(r) | {"SK": w}),
    "an index's key": (indexed, lambda r, w: ident(r) | {"other": w}),
    "an index's label": (
        indexed_twice,
        lambda r, w: keyed(r) | {"GSI1PK": f"{w}#{r.randint(1, 999)}", "GSI1SK": w},
    ),
    "what an item is": (
        sorted_,
        lambda r, w: keyed(r) | (
            {"entityType": w, "total": 1} if r.random() < 0.5 else {"entityType": "User", "age": 2}
        ),
    ),
}  # fmt: skip


def items_of(make: Make, word: str) -> list[dict[str, Any]]:
    random = Random(word)
    return [make(random, word) for _ in range(COUNT)]


def files_of(table: Table, items: list[dict[str, Any]]) -> str:
    draft: Draft = draft_of("draft", [given(table, items)], document="a draft")
    return "".join(texts_of(draft).values())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("word", SECRETS)
def test_no_word_gets_into_a_file(place: str, word: str) -> None:
    """Whoever is named at a place of each item, or of some, is named in no file."""
    table, make = PLACES[place]
    text = files_of(table, items_of(make, word))
    assert word not in text
    assert len(word) < 3 or word.lower() not in text.lower()


@pytest.mark.parametrize("name", ["wolfgang", "alice_smith", "voteOfHeinrich"])
def test_a_person_is_no_attribute(name: str) -> None:
    """An attribute that all items have is the schema's, unless it is called as people are."""
    random = Random(3)
    items = [ident(random) | {name: 1, "zebras": 2} for _ in range(COUNT)]
    text = files_of(plain, items)
    assert name not in text
    assert '"attribute1": 1' in text
    assert '"zebras": 2' in text


@pytest.mark.parametrize(
    "value",
    [
        lambda r: NUMBER,
        lambda r: NUMBER + r.randint(0, 1),
        lambda r: str(NUMBER),
        lambda r: {NUMBER},
        lambda r: [NUMBER],
        lambda r: {"amount": NUMBER},
        lambda r: f"{NUMBER}-{r.randint(1, 99):02}",
    ],
)
def test_no_number_gets_into_a_file(value: Callable[[Random], Any]) -> None:
    """A number that all items have is drafted as one of its size."""
    random = Random(3)
    items = [ident(random) | {"attr": value(random)} for _ in range(COUNT)]
    assert str(NUMBER) not in files_of(plain, items)


def single_items() -> Iterator[dict[str, Any]]:
    """Everything at once: of one tenant, whose staff is named wherever there is a name."""
    random = Random(9)
    for _ in range(COUNT):
        yield keyed(random) | {
            "PK": f"SIEMENS#{random.randint(1, 10**7)}",
            "wolfgang": {"alice": 1, "ACME": {"elmstreet": "QZ"}},
            "status": random.choice(("open", "SIEMENS")),
            "members": {"alice", "wolfgang"},
        }


def test_such_a_draft_runs(tmp_path: Path) -> None:
    """A draft in which stand-ins are all over keeps the contract."""
    system, texts = drafted(tmp_path, given(sorted_, list(single_items())))
    text = "".join(texts.values()).lower()
    assert not [word for word in SECRETS if len(word) > 2 and word.lower() in text]
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []


def test_who_asked_is_told() -> None:
    """Words that have a stand-in are told to the person who asks, with what stands for them."""
    items = list(single_items())
    draft = draft_of("draft", [given(sorted_, items)], document="a draft")
    assert draft.stand_ins == {
        "SIEMENS": "KINDXXA", "wolfgang": "attribute1", "alice": "key1", "ACME": "key2",
        "elmstreet": "key1",
    }  # fmt: skip
