"""What writes are tried to consume: by hand arithmetic, and beside the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from loadstone import (
    BatchWriteItem,
    ConditionCheck,
    DeleteItem,
    Entity,
    Index,
    Journey,
    Pattern,
    PerParent,
    PutItem,
    Table,
    Touched,
    TransactWriteItems,
    UpdateItem,
    Written,
    appended,
    attribute,
    exists,
    if_missing,
    increased,
    iso,
    missing,
    moment,
    now,
    number,
    text,
    when,
    wrote,
)
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.pattern import Operation
from loadstone.scenario.costing import Costing, Resource
from loadstone.scenario.expressions import Edit, edited
from loadstone.scenario.expressions import Test as Asked
from loadstone.scenario.prepared import prepare
from loadstone.wire import decode
from tests.loaded import Loaded, heard, loaded
from tests.systems import system_of

tasks = Table(
    "tasks",
    partition_key="id",
    indexes=(Index("due", partition_key="due", projection="KEYS_ONLY"),),
)
# One of four is due, and in the index. An item is 2 KB and a bit: three units.
DUE = (number % 4).equals(0)
owner = Entity("Owner", facts={"id": text("owner_{n}", n=number)})
task = Entity(
    "Task",
    table=tasks,
    parent=owner,
    per_parent=PerParent(2),
    created=(made := moment(days=9)),
    item={
        "id": text("task_{n}", n=number),
        "due": when(DUE, text("at {n}", n=number)),
        "text": "x" * 2100,
        "at": iso(made),
        "n": 5,
        "list": ["one"],
        "map": {"in": "side", "out": "side"},
    },
)
IN, OUT = DUE, ~DUE


def pattern(operation: Operation, **said: Any) -> Pattern:
    return Pattern(
        "tried", operation, **{"of": task, "expects": Written(), "source": "test", **said}
    )


def data_set(*patterns: Pattern, journeys: Sequence[Journey] = ()) -> Dataset:
    system = replace(
        system_of(owner, task),
        patterns={each.id: each for each in patterns},
        journeys={each.id: each for each in journeys},
        touched=Touched(owner, share=1.0),
    )
    return Dataset(system, scale=5000, as_of=datetime(2026, 5, 1, tzinfo=UTC))


def units(asked: Pattern, *others: Pattern, journeys: Sequence[Journey] = ()) -> list[float]:
    """On the table, and on the index."""
    costing = Costing(data_set(asked, *others, journeys=journeys), skew=0.0)
    found = costing.units(asked).write
    arms: list[Resource] = [("tasks", None), ("tasks", "due")]
    return [found.get(arm, 0.0) for arm in arms]


@pytest.mark.parametrize(
    ("operation", "only", "table", "index"),
    [
        pytest.param(UpdateItem(task, set={"due": iso(now)}), OUT, 3, 1, id="enters"),
        pytest.param(UpdateItem(task, set={"due": iso(now)}), IN, 3, 2, id="moves"),
        pytest.param(UpdateItem(task, set={"due": iso(now)}), None, 3, 1.25, id="mostly-enters"),
        pytest.param(UpdateItem(task, set={"due": task["due"]}), IN, 3, 0, id="stays"),
        pytest.param(UpdateItem(task, set={"n": 6}), IN, 3, 0, id="not-projected"),
        pytest.param(
            UpdateItem(task, remove=("text",), condition={"text": exists()}),
            OUT,
            3,
            0,
            id="shrinks",
        ),
        pytest.param(UpdateItem(task, remove=("due",)), None, 3, 0.25, id="few-leave"),
        pytest.param(UpdateItem(task, set={"more": "x" * 1500}), OUT, 4, 0, id="grows"),
        pytest.param(UpdateItem(task, add={"n": 1}), IN, 3, 0, id="adds"),
        pytest.param(
            TransactWriteItems([UpdateItem(task, set={"due": iso(now)})]), OUT, 6, 1, id="at-once"
        ),
    ],
)
def test_an_update_costs_what_it_makes_of_the_item(
    operation: Operation, only: Any, table: float, index: float
) -> None:
    """An item that enters or leaves a sparse index costs it one write, one that moves within it
    two, and what the index does not hold none; the table the larger of before and after."""
    found = units(pattern(operation, only=only))
    assert found[0] == table
    assert found[1] == pytest.approx(index, abs=0 if index == int(index) else 0.12)


def test_what_leaves_an_index_costs_one_write_there() -> None:
    """Each is in the index before, and none after; a second time its condition does not hold."""
    leaves = UpdateItem(task, remove=("due",), condition={"due": task["due"]})
    assert units(pattern(leaves)) == [3, 1]


def test_what_a_journey_brings_about_is_there_before() -> None:
    """A condition that holds for nothing that was loaded holds after the steps before it; what a
    step has put is what another one changes, and deletes."""
    leaves = replace(pattern(UpdateItem(task, remove=("due",)), only=IN), id="leaves")
    again = pattern(UpdateItem(task, set={"due": iso(now)}, condition={"due": missing()}), only=IN)
    both = Journey("both", of=task, steps=(leaves, again), source="test")
    assert units(again, leaves, journeys=[both]) == [3, 1]


def test_what_a_step_has_put_is_what_a_later_one_changes_and_deletes() -> None:
    """Before a delete stands the new item with what became of it, and after it nothing."""
    put = replace(pattern(PutItem(task, values={"due": iso(now)}), of=owner), id="put")
    key = {"id": wrote(put, "id")}
    grows = replace(
        pattern(UpdateItem(task, key=key, set={"more": "x" * 1500}), of=owner), id="grows"
    )
    leaves = replace(pattern(UpdateItem(task, key=key, remove=("due",)), of=owner), id="leaves")
    gone = pattern(DeleteItem(task, key=key), of=owner)
    assert units(put) == [3, 1]
    assert units(gone, put) == [3, 1]
    for steps, found in (
        ((put, grows, gone), [4, 1]),
        ((put, leaves, gone), [3, 0]),
        ((put, grows, leaves, gone), [4, 0]),
    ):
        journey = Journey("j", of=owner, steps=steps, source="test")
        assert units(gone, *steps, journeys=[journey]) == found


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (
            UpdateItem(
                task,
                key={"id": task["id"]},
                remove=("due",),
                condition={"due": exists()},
            ),
            [3, 1],
        ),
        (TransactWriteItems([ConditionCheck(task, key={"id": task["id"]})]), [6, 0]),
        (PutItem(task, values={"id": text("{t}", t=iso(now)), "text": "short"}), [1, 1]),
    ],
)
def test_an_item_is_known_by_its_key_however_that_is_said(
    operation: Operation, found: list[float]
) -> None:
    """A key that is spelled out names the loaded item which has it; one that none has, none."""
    assert units(pattern(operation, only=IN)) == found


def test_new_items_are_as_various_as_those_of_a_run() -> None:
    """One of four is due, whatever else a call puts: the numbers of new items are not all even."""
    one = PutItem(task)
    assert units(pattern(one, of=owner)) == pytest.approx([3, 0.25], abs=0.1)
    both = BatchWriteItem([one, PutItem(task, without=("due",))])
    assert units(pattern(both, of=owner)) == pytest.approx([6, 0.25], abs=0.1)


def test_what_holds_a_null_is_there() -> None:
    """DynamoDB's attribute_exists and if_not_exists ask for the attribute, not for its value."""
    item = {"null": None, "map": {"in": None}}
    there, gone = Asked(("null",), "exists", ()), Asked(("gone",), "exists", ())
    assert (there.holds(item, {}), gone.holds(item, {})) == (True, False)
    assert not Asked(("map", "in"), "missing", ()).holds(item, {})
    assert Asked(("map", "out"), "missing", ()).holds(item, {})
    kept = Edit(("null",), "set if missing", ":0")
    assert edited(item, [kept], {":0": "new"})["null"] is None


CHANGED = pattern(
    UpdateItem(
        task,
        set={
            "n": increased(2),
            "visits": increased(by=attribute("n"), start=10),
            "list": appended("two", "three"),
            "map.in": "other",
            "text": if_missing("not this"),
            "since": if_missing("now"),
            "copy": attribute("at"),
            "due": "soon",
        },
        add={"added": 3},
        remove=("map.out", "id2"),
        returns="ALL_NEW",
    )
)


@pytest.fixture(scope="module")
def place(target: Target) -> Iterator[Loaded]:
    with loaded(data_set(CHANGED), target) as found:
        yield found


def test_an_update_is_tried_as_the_engine_does_it(place: Loaded) -> None:
    """Every kind of change leaves the item that the engine answers with."""
    (call,), client = heard(place, CHANGED, times=1)
    (answer,) = client.answers
    ((_, sent),) = client.sent
    after = decode(answer.json["Attributes"])
    (before,) = [
        item
        for item in place.dataset.items(task, 0, place.dataset.count(task))
        if item["id"] == decode(sent["Key"])["id"]
    ]
    (part,) = prepare(CHANGED, place.dataset, place.tables, {}).parts
    values = decode(sent["ExpressionAttributeValues"])
    assert call.problem is None
    assert edited(before, part.edits, values) == after
    assert after["visits"] == 15
    assert after["map"] == {"in": "other"}
