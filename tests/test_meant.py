"""What a content author most likely meant, where something else stands: the word for it is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadstone.errors import BadContent
from loadstone.system import load_system

FIXTURES = """
from datetime import datetime
from loadstone import *

visits = Table("visits", partition_key="id", sort_key="at")
pets = Table("pets", partition_key="id")
vets = Table("vets", partition_key="id")
vet = Entity("Vet", table=vets, item={"id": text("vet_{n:04}", n=number)})
pet = Entity("Pet", table=pets, item={"id": text("pet_{n:04}", n=number), "x": PET})
seen = moment(days=9)
visit = Entity(
    "Visit", table=visits, parent=PARENT, per_parent=PerParent(3), CREATED
    item={"id": pet["id"], "at": iso(seen), "y": VISIT},
)
"""
SCENARIO = """
from loadstone import *
from fixtures.orders import *

a = Pattern("a", OPERATION, of=OF, expects=EXPECTS, source="s")
"""
RIGHT = {
    "PET": "1",
    "VISIT": "1",
    "PARENT": "pet",
    "CREATED": "created=seen,",
    "OPERATION": "GetItem(pet)",
    "OF": "pet",
    "EXPECTS": "Exactly()",
}
TEXT = re.escape('text("pet_{n:06}", n=number)')


def told(folder: Path, **slips: str) -> str:
    parts = {**RIGHT, **slips}
    for room, text in (("fixtures", FIXTURES), ("scenarios", SCENARIO)):
        (folder / room).mkdir()
        written = re.sub("|".join(map(re.escape, parts)), lambda found: parts[found[0]], text)
        (folder / room / "orders.py").write_text(written, encoding="utf-8")
    with pytest.raises(BadContent) as error:
        load_system("orders", folder)
    return str(error.value)


def test_without_a_slip_it_is_a_system(tmp_path: Path) -> None:
    """What the slips below are put into is right without them."""
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        told(tmp_path)


@pytest.mark.parametrize(
    "slip",
    [
        'f"vet_{number}"',
        'f"vet_{number:06}"',
        '"pet_" + str(number)',
        '"pet_" + number',
        'number + "_pet"',
        '"pet_{}".format(number)',
        '"pet_%s" % number',
        '"pet_%06d" % number',
        "int(number)",
        "len(text('a'))",
        'text(f"{number}-a")',
        '{"within": [f"{number}"]}',
    ],
)
def test_a_text_of_python_is_told_the_word_for_it(slip: str, tmp_path: Path) -> None:
    """A text that Python itself would put together of a value that no item has yet would be the
    same in every item, with a name of ours in it: the line is told, and how it is written."""
    said = told(tmp_path, PET=slip)
    assert re.search(TEXT, said)
    assert re.match(r"\S+/fixtures/orders\.py:9\b", said)


@pytest.mark.parametrize("slip", ["len(map(str, ()))", '"%d" % b"1"', "float(1j)"])
def test_another_slip_is_not_taken_for_it(slip: str, tmp_path: Path) -> None:
    """What is no expression is answered in Python's own words."""
    assert not re.search(TEXT, told(tmp_path, PET=slip))


@pytest.mark.parametrize(
    ("slips", "says"),
    [
        ({"PET": "number / 2"}, "// divides whole numbers"),
        ({"PET": 'choose(["a", "b"])'}, "choose(*words), or pick(words)"),
        ({"PET": 'choose({"a": 1})'}, "choose(active=9, closed=1)"),
        ({"PET": 'pick({"a", "b"})'}, "a set has no order"),
        ({"PET": "iso(datetime(2026, 1, 2))"}, "the datetime 2026-01-02 00:00:00; data are made"),
        ({"PET": "iso(datetime(2026, 1, 2))"}, "as_of - days(3) or moment(days=30)"),
        ({"PET": "datetime(2026, 1, 2)"}, "Pet.x: the datetime 2026-01-02 00:00:00 is no value"),
        (
            {"PET": 'text("{n}", n=either(chance(0.5), "a", None))'},
            "'n' in '{n}' is sometimes None",
        ),
        ({"PET": 'text("{n}", n=when(chance(0.5), "a"))'}, "is sometimes not there"),
        ({"PET": 'text("{n}", n=chance(0.5))'}, 'which either(…, "yes", "no") has words for'),
        ({"PET": 'fill("{n}", n=["a"])'}, "'n' in a template is a list"),
        ({"PET": 'text("{n", n=number)'}, "a slot is {name}, and a brace itself is doubled"),
        ({"PET": 'text("{}", n=number)'}, "each slot has a name, as {n} has"),
        ({"PARENT": "(pet, vet)"}, "Visit: an item has one parent"),
        ({"PET": "count_of(vet)"}, "Vet has no parent, so none of them belongs to anything"),
        ({"PARENT": "[pet, vet]"}, 'any_of(…)["…"]'),
        ({"VISIT": 'text("{v}", v=vet["id"])'}, "Visit.y: Vet is no ancestor of Visit"),
        ({"VISIT": 'vet["id"]'}, "any_of(…)['id'] is that of any Vet"),
        ({"PET": 'vet["id"]'}, "parent=… and per_parent=PerParent(…) have each belong to one"),
        ({"PET": 'b"abc"'}, "Pet.x: b'abc' is no value that an item can hold"),
        ({"PET": 'b"abc"'}, "for bytes a text of their size stands, as token(16)"),
        ({"PET": "iso(as_of) + days(3)"}, "in its brackets: iso(joined + days(30))"),
        ({"PET": "epoch(iso(as_of) - days(3))"}, "in its brackets: iso(joined - days(30))"),
        ({"PARENT": "None"}, "Visit has a per_parent, and needs parent=…, whose they are"),
        ({"PARENT": "pet", "PerParent(3)": "None"}, "Visit has a parent, and needs per_parent="),
    ],
)
def test_what_is_meant_in_fixtures(slips: dict[str, str], says: str, tmp_path: Path) -> None:
    """The word that does what was tried, or the part that cannot be, with the line."""
    said = told(tmp_path, **slips)
    assert says in said
    assert re.match(r"\S+/fixtures/orders\.py:\d+: ", said)


@pytest.mark.parametrize(
    ("operation", "of", "expects", "says"),
    [
        (
            'Query(visit, key={"id": pet["id"]})',
            "pet",
            "Every(visit)",
            "takes a Table, not the Entity 'Visit', whose items are in the Table 'visits'",
        ),
        ("Scan(pet)", "pet", "Some()", "whose items are in the Table 'pets'"),
        ("GetItem(pets)", "pet", "Exactly()", "but the Entity whose items are in it"),
        (
            "PutItem(visit)",
            "vet",
            "Written()",
            "a new Visit belongs to a Pet, and not to a Vet: of=Pet puts a new one, of=Visit",
        ),
        ("PutItem(pet)", "vet", "Written()", "Pet has no parent to put a new one under"),
        ("GetItem(visit)", "vet", "Exactly()", "say its key, or ask it of=Visit or Pet"),
        (
            'Query(visits, key={"id": pet["id"]})',
            "vet",
            "Some()",
            "a is of Vet: Pet is no ancestor of Vet, which has none of its own: any_of(…)['id']",
        ),
        (
            'Query(pets, key={"id": pet["id"]})',
            "pet",
            "Every(visit)",
            "a: Every() expects items of Visit, which are in visits, and it asks pets",
        ),
    ],
)
def test_what_is_meant_in_scenarios(
    operation: str, of: str, expects: str, says: str, tmp_path: Path
) -> None:
    """Tables and entities in each other's place are told which is which; a new item, and a key, are
    told of whom they may be asked."""
    said = told(tmp_path, OPERATION=operation, OF=of, EXPECTS=expects)
    assert says in said
    assert re.match(r"\S+/scenarios/orders\.py:\d+: ", said)


def test_what_is_declared_further_down_is_told(tmp_path: Path) -> None:
    """A name that a later line declares is told how it is written before that."""
    said = told(tmp_path, PET="count_of(visit)")
    assert "orders.py:9 uses 'visit', which is declared further down: count_of(…), any_of" in said
    assert said.endswith("take it as lambda: visit, and anything else stands below it")


def test_what_is_declared_nowhere_is_told_as_that(tmp_path: Path) -> None:
    """A name that no line declares is one that is misspelled, perhaps."""
    said = told(tmp_path, PET="count_of(visit_)")
    assert "uses 'visit_', which is not declared above it: mind the order" in said
    assert "lambda" not in said


def test_only_is_about_what_is_drawn(tmp_path: Path) -> None:
    """Those that are asked for are chosen by what they themselves or their ancestors have."""
    said = told(tmp_path, OF='pet, only=equal(vet["id"], "vet_0000")')
    assert "a is of Pet: Vet is no ancestor of Pet" in said


def test_a_new_item_is_told_what_created_may_be(tmp_path: Path) -> None:
    """A put of a kind that does not say when its items come to be is told what to write there."""
    said = told(tmp_path, CREATED="", OPERATION="PutItem(visit)", EXPECTS="Written()")
    assert "Entity('Visit', created=…), the moment(…) that its times are made of, or as_of" in said
