"""What a pattern makes of time, expiry, partitions and attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import time

import orjson
import pytest

from loadstone import (
    Entity,
    Every,
    Exactly,
    GetItem,
    Index,
    Pattern,
    PerParent,
    PutItem,
    Query,
    Scan,
    Table,
    Touched,
    UpdateItem,
    Written,
    attribute,
    choose,
    iso,
    now,
    number,
    text,
)
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.wire import decode, encode
from tests.loaded import Loaded, heard, loaded, problems
from tests.systems import AS_OF, system_of

notes = Table("notes", partition_key="id", ttl="until")


copies = Table("copies", partition_key="pk", sort_key="sk")


person = Entity("Person", facts={"id": text("p{n}", n=number)})


note = Entity(
    "Note",
    table=notes,
    parent=person,
    per_parent=PerParent(2, step=2),
    created=(told := number * 0 + 1_000_000),
    facts={"toldMs": told},
    item={
        "id": text("{who}-{n}", who=person["id"], n=number),
        "until": told // 1000,
        "first": text("{n}", n=number),
    },
)


copy = Entity(
    "Copy",
    table=copies,
    parent=note,
    per_parent=PerParent(1),
    created=note["toldMs"],
    item={"pk": person["id"], "sk": note["id"], "at": iso(note["toldMs"])},
)


edit = Pattern(
    "edit", UpdateItem(note, set={"first": "x"}), of=note, expects=Written(), source="A test: x"
)


again = Pattern("again", PutItem(copy), of=person, expects=Written(), source="A test: x")


@pytest.fixture
def noted(target: Target) -> Iterator[Loaded]:
    system = replace(
        system_of(person, note, copy), patterns={"edit": edit}, touched=Touched(person, share=1.0)
    )
    with loaded(Dataset(system, scale=40, as_of=AS_OF), target) as found:
        yield found


def test_what_has_expired_may_be_gone(noted: Loaded) -> None:
    """An update of an item whose time is over is an outcome of its own, not a failure."""
    assert {call.outcome for call in noted.played(edit, 3)} == {"ok"}
    for item in noted.items("notes"):
        key = {"TableName": noted.tables["notes"], "Key": encode({"id": item["id"]})}
        noted.client.send("DeleteItem", orjson.dumps(key))
    assert {call.outcome for call in noted.played(edit, 3)} == {"expired"}


board = Entity("Board", facts={"id": text("board_{n}", n=number)})


cards = Table("cards", partition_key="id", indexes=(Index("columns", partition_key="column"),))


card = Entity(
    "Card",
    table=cards,
    parent=board,
    per_parent=PerParent(12),
    item={
        "id": text("card_{n}", n=number),
        "column": text("{board}#{column}", board=board["id"], column=choose("todo", "done")),
    },
)


cards_in_a_column = Pattern(
    "cards-in-a-column",
    Query(
        cards,
        index="columns",
        key={
            "column": text(
                "{board}#{column}", board=board["id"], column=choose("todo", "done", "never")
            )
        },
    ),
    of=board,
    expects=Every(card),
    source="A test: x",
)


def test_every_is_of_the_partition_that_was_asked_for(target: Target) -> None:
    """What descends from an item may lie in several partitions: those of the one that is asked for
    are to come, all of them, and where there are none, none."""
    with loaded(Dataset(system_of(board, card), scale=60, as_of=AS_OF), target) as found:
        calls = found.played(cards_in_a_column, 40)
        assert problems(calls) == {None}
        assert min(call.rows for call in calls) == 0
        assert max(call.rows for call in calls) > 0
        for item in found.items("cards")[::2]:
            key = {"TableName": found.tables["cards"], "Key": encode({"id": item["id"]})}
            found.client.send("DeleteItem", orjson.dumps(key))
        spoiled = problems(found.played(cards_in_a_column, 40))
    assert any(problem and "fewer rows than there are" in problem for problem in spoiled)


def test_what_repeats_another_is_as_new_as_that(noted: Loaded) -> None:
    """An item that takes its instant from its new parent is created now, as that is."""
    calls, client = heard(noted, again, 3)
    assert problems(calls) == {None}
    items = [decode(request["Item"]) for _, request in client.sent]
    assert all(item["at"] > "2026" for item in items)
    assert all(item["sk"].startswith(f"{item['pk']}-") for item in items)
    assert len({item["sk"] for item in items}) == 3


def test_other_attributes_stand_for_themselves(noted: Loaded) -> None:
    """A condition may hold one attribute against another, and an update may copy one."""
    same = Pattern(
        "same",
        UpdateItem(note, set={"copy": attribute("id")}, condition={"first": attribute("id")}),
        of=note,
        expects=Written(unless="differs"),
        source="A test: x",
    )
    assert {call.outcome for call in noted.played(same, 3)} == {"differs"}


def test_the_present_is_no_fixture_s(noted: Loaded) -> None:
    """`now` in a pattern is the wall clock's; Exactly() of a relative is that relative's item."""
    stamp = Pattern(
        "stamp", UpdateItem(note, set={"at": now}), of=copy, expects=Written(), source="A test: x"
    )
    before = int(time() * 1000)
    assert {call.outcome for call in noted.played(stamp, 1)} == {"ok"}
    (stamped,) = [item["at"] for item in noted.items("notes") if "at" in item]
    assert before <= stamped <= int(time() * 1000)
    parent = Pattern("parent", GetItem(note), of=copy, expects=Exactly(), source="A test: x")
    calls = noted.played(parent, 5)
    assert sum(call.rows for call in calls) == 5
    assert Scan(notes).table is notes
