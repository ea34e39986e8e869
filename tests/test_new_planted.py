"""Drafts of tables with names planted where a schema has words: none of them may be written."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.dataset import Dataset
from loadstone.drafting.forms import Known, form_of
from loadstone.table import Table
from tests.drafted import NOW, drafted, given, uuid_of

single = Table("app", partition_key="PK", sort_key="SK")
people = Table("people", partition_key="id")
NAMES = ("alice", "robert", "carol", "dave", "wolfgang", "heinrich", "anna", "berta")


def fixtures_of(folder: Path, *givens: Any) -> str:
    """The fixtures of a draft in which nothing is wrong."""
    system, texts = drafted(folder, *givens)
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []
    return texts["fixtures/draft.py"] + texts["scenarios/draft.py"]


def with_maps(**maps: Any) -> list[dict[str, Any]]:
    random = Random(3)
    return [
        {"id": uuid_of(random), **{name: make(random) for name, make in maps.items()}}
        for _ in range(60)
    ]


@pytest.mark.parametrize(
    "value",
    [lambda r: r.randint(1, 9), lambda r: True, lambda r: {"at": r.randint(1, 99)}, lambda r: "x"],
)
def test_keys_that_are_names_are_made_up(tmp_path: Path, value: Any) -> None:
    """Keys that differ from map to map and hold values of one type are nobody's to write: the draft
    has made-up ones in their place, and says so."""
    items = with_maps(votes=lambda r: {name: value(r) for name in r.sample(NAMES, 3)})
    text = fixtures_of(tmp_path, given(people, items))
    assert not [name for name in NAMES if name in text]
    assert '"key3": ' in text
    assert "entries whose names look like data are called key1 to key3" in " ".join(text.split())


def test_names_beside_attributes_are_made_up(tmp_path: Path) -> None:
    """Where each map has an attribute and some names, the attribute stays."""
    items = with_maps(poll=lambda r: {"question": "x", **dict.fromkeys(r.sample(NAMES, 2), 1)})
    text = fixtures_of(tmp_path, given(people, items))
    assert not [name for name in NAMES if name in text]
    assert '"question": ' in text
    assert '"key2": ' in text


def test_a_few_maps_tell_no_attribute(tmp_path: Path) -> None:
    """One map in which a name stands is no evidence that it is an attribute."""
    items = with_maps()
    items[0]["byname"] = items[1]["byname"] = {"anna": 1, "berta": 2}
    text = fixtures_of(tmp_path, given(people, items))
    assert not [name for name in NAMES if name in text]


def test_attributes_of_a_map_stay(tmp_path: Path) -> None:
    """A key whose words are known is an attribute, in all maps or in some."""
    items = with_maps(
        place=lambda r: {
            "street": "x",
            "lat": r.randint(1, 9),
            **({"productCode": "y"} if r.random() < 0.5 else {}),
            **({"floor": r.randint(1, 9)} if r.random() < 0.5 else {}),
        }
    )
    text = fixtures_of(tmp_path, given(people, items))
    for name in ("street", "lat", "floor"):
        assert f'"{name}": ' in text, name
    assert "look like data" not in text


TEXTS = {
    "card": "4111 1111 1111 {:04}",
    "ssn": "{:03}-45-6789",
    "isbn": "978-3-16-148{:03}-0",
    "order": "902-{:07}-1234567",
    "us": "05/{:02}/2024",
    "german": "{:02}.04.2024",
    "slashed": "2024/08/{:02}",
    "cidr": "10.{}.0.0/16",
    "version": "94.63.{:04}",
    "clock": "{:02}:30",
    "iban": "DE893704004405320{:05}",
    "ticket": "QW{:04}x",
    "british": "GB{:02}NWBK60161331926819",
}


def outline(text: str) -> str:
    """The same sign for each letter, and one for each run of digits."""
    return re.sub(r"\d+", "9", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", text)))


@pytest.mark.parametrize("pattern", TEXTS.values(), ids=TEXTS)
def test_what_is_no_phone_number_has_its_shape(pattern: str, tmp_path: Path) -> None:
    """Numbers that are written in groups are no phone numbers: they are drafted with the same kinds
    of characters, and a comment says that they were not recognized."""
    texts = [pattern.format(number + 3) for number in range(60)]
    assert not isinstance(form_of(texts), Known)
    random = Random(3)
    items = [{"id": uuid_of(random), "attr": text} for text in texts]
    system, files = drafted(tmp_path, given(people, items))
    assert max(map(len, files["fixtures/draft.py"].splitlines())) <= 100
    text = " ".join(files["fixtures/draft.py"].split())
    assert "# not recognized: in the table it looks like" in text
    assert not [each for each in texts if each in text]
    dataset = Dataset(system, scale=50, as_of=NOW)
    made = [dataset.item("People", n)["attr"] for n in range(20)]
    assert set(map(outline, made)) <= set(map(outline, texts))


@pytest.mark.parametrize(
    "text",
    ["+4930123456", "+49 (30) 12345-67", "030 1234567", "0171/1234567", "(555) 010-0000"],
)
def test_what_is_dialled_is_a_phone_number(text: str) -> None:
    """A plus, an area code after a leading 0, or one in parentheses tell a phone number."""
    assert form_of([text, text]) == Known("phone")


@pytest.mark.parametrize("text", ["67548.6136", "1234567", "4111111111111111", "+1234567"])
def test_digits_alone_are_not_dialled(text: str) -> None:
    """Neither decimals nor plain digits are phone numbers, nor is what is too short."""
    assert form_of([text, text]) != Known("phone")


def test_random_characters_are_told(tmp_path: Path) -> None:
    """Hexadecimal ids and base64 are random in a draft too, or a running number where each is
    another one: both are said."""
    random = Random(7)
    items = [
        {
            "id": f"{random.getrandbits(48):012x}",
            "digest": f"{random.getrandbits(48):012x}",
            "blob": b64encode(random.randbytes(6)).decode(),
        }
        for _ in range(60)
    ]
    text = " ".join(fixtures_of(tmp_path, given(people, items)).split())
    assert text.count("not recognized: 12 hexadecimal digits in the table") == 2
    assert "here a number of that length" in text
    assert "not recognized: 8 " in text


def test_a_word_before_numbers_is_not_kept(tmp_path: Path) -> None:
    """The same word before each number may be a name: so many X stand for it."""
    random = Random(7)
    items = [
        {"id": uuid_of(random), "ref": f"KLAUSMUELLER-{n:05}", "who": "KLAUSMUELLER"}
        for n in range(60)
    ]
    text = fixtures_of(tmp_path, given(people, items))
    assert "KLAUS" not in text
    assert "XXXXXXXXXXXX-" in text


TENANTS = ("SIEMENS", "ROCHE", "NOVARTIS")


def of_tenants(key: str, other: str) -> list[dict[str, Any]]:
    random = Random(4)
    return [
        {key: f"{tenant}#{n:04}", other: f"ORDER#{n * 7 % 83:03}", "total": n, "ref": f"{tenant}#1"}
        for tenant in TENANTS
        for n in random.sample(range(1000), 30)
    ]


@pytest.mark.parametrize(("key", "other"), [("PK", "SK"), ("SK", "PK")])
def test_tenants_are_no_kinds(key: str, other: str, tmp_path: Path) -> None:
    """Words in capitals that head items of the same attributes are values: one entity is drafted,
    with made-up words and a comment."""
    system, texts = drafted(tmp_path, given(single, of_tenants(key, other)))
    text = "".join(texts.values())
    assert not [name for name in TENANTS if name.lower() in text.lower()]
    assert sum(entity.table is not None for entity in system.entities.values()) == 1
    assert "stand-ins, 3 of 3" in text
    assert [each for each in content_problems(system, say=lambda _: None) if each.wrong] == []


def test_tenants_of_several_kinds_are_no_kinds(tmp_path: Path) -> None:
    """Tenants whose partitions hold users and orders alike leave two kinds, not six."""
    items: list[dict[str, Any]] = []
    for tenant in TENANTS:
        for n in range(20):
            items.append({"PK": f"{tenant}#{n}", "SK": "PROFILE", "email": f"x{n}@y.de"})
            items += [
                {"PK": f"{tenant}#{n}", "SK": f"ORDER#{m}", "total": m, "by": "MERKEL"}
                for m in range(3)
            ]
    system, texts = drafted(tmp_path, given(single, items))
    text = "".join(texts.values()).lower()
    assert not [name for name in (*TENANTS, "merkel") if name.lower() in text]
    assert sum(entity.table is not None for entity in system.entities.values()) == 2


def test_a_person_is_no_kind(tmp_path: Path) -> None:
    """A word that heads a few keys is somebody among the kinds, not one of them."""
    items: list[dict[str, Any]] = [
        {"PK": f"USER#{n}", "SK": "PROFILE", "nick": "x"} for n in range(40)
    ]
    items += [{"PK": "MERKEL#1", "SK": "PROFILE", "nick": "x", "rank": 1}]
    items += [{"PK": f"USER#{n}", "SK": "SCHMIDT", "since": n} for n in range(2)]
    text = fixtures_of(tmp_path, given(single, items))
    assert "merkel" not in text.lower()
    assert "schmidt" not in text.lower()


def test_kinds_of_unknown_names_stay(tmp_path: Path) -> None:
    """Words that are on no list are kinds where their items have attributes of their own; what the
    kinds are called is made up."""
    items = [{"PK": f"ZEBRA#{n}", "SK": "x", "stripes": n} for n in range(20)]
    items += [{"PK": f"OKAPI#{n}", "SK": "x", "horns": n, "legs": 4} for n in range(20)]
    system, _ = drafted(tmp_path, given(single, items))
    assert set(system.entities) == {"Kinda", "Kindb"}
