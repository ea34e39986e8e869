"""`loadstone check` of items that cannot be made, at any scale or at a large one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import orjson
import pytest

from loadstone import (
    Entity,
    Expr,
    PerParent,
    Table,
    as_of,
    calendar,
    days,
    iso,
    month_start,
    nth,
    number,
    position,
    scaled,
    text,
    when,
)
from loadstone.contract.contract import content_problems
from loadstone.contract.problem import Problem
from loadstone.dataset import Dataset
from loadstone.wire import decode
from tests.systems import AS_OF, system_of

things = Table("things", partition_key="id")
DAY = "{year}-{month:02}-{day:02}"


def told(*entities: Entity) -> list[Problem]:
    """What is said of items: what is made by another process has to be in a file."""
    found = content_problems(system_of(*entities), say=lambda _: None)
    return [each for each in found if each.about in {entity.name for entity in entities}]


@pytest.mark.parametrize(
    ("key", "year", "scale"),
    [
        (calendar(as_of - days(number), DAY), "-910,6", "100,000"),
        (iso(as_of + days(number)), "914,6", "1,000,000"),
        (calendar(month_start(as_of, number), DAY), "-27,775,", "10,000"),
    ],
)
def test_there_are_only_so_many_days(key: Expr, year: str, scale: str) -> None:
    """Where a key is a day and nothing else, check says up to what scale there are enough of them;
    nothing is wrong with those that there are."""
    (found,) = told(Entity("Day", table=things, item={"id": key}))
    assert not found.wrong
    assert found.attribute == "id"
    assert f"it is in the year {year}" in found.says
    assert "dates are of the years 1 to 9999" in found.says
    assert f"up to a scale of {scale} they can" in found.says
    assert "(share=…)" in found.says


def test_a_day_that_is_no_key_is_found_too() -> None:
    """The attribute that has no more days is named, and not the first one."""
    day = when(number.equals(number), calendar(as_of - days(number), DAY))
    (found,) = told(Entity("Day", table=things, item={"id": text("{n}", n=number), "day": day}))
    assert (found.attribute, found.wrong) == ("day", False)


FAILING: list[tuple[Callable[[], Expr], str]] = [
    (lambda: nth(("a", "b", "c"), position), "a value behind the last of several: nth(…) counts"),
    (lambda: 100 // position, "it divides by zero: most(…, 1)"),
    (lambda: 100 % position, "it divides by zero: most(…, 1)"),
    (lambda: calendar(as_of + days(number * 10_000), DAY), "dates are of the years 1 to 9999"),
    (lambda: number * 10**18, "whole numbers of more than 64 bits, which columns do not have"),
    (lambda: number * 10**17 // 10**16, "whole numbers of more than 64 bits"),
    (lambda: number * 2**70, "whole numbers of more than 64 bits"),
]


@pytest.mark.parametrize(("value", "says"), FAILING)
def test_what_cannot_be_made_is_said_of_its_attribute(value: Callable[[], Expr], says: str) -> None:
    """The attribute is named, and what to do about it, in words of content."""
    parent = Entity("Parent", table=things, item={"id": text("p{n}", n=number)})
    child = Entity(
        "Child",
        table=things,
        parent=parent,
        per_parent=PerParent(5),
        item={"id": text("c{n}", n=number), "fine": 1, "value": value()},
    )
    (found,) = (each for each in told(parent, child) if each.wrong)
    assert (found.about, found.attribute) == ("Child", "value")
    assert says in found.says
    assert "defect" not in found.says


def test_numbers_of_all_64_bits_are_held() -> None:
    """The least and the largest number of a column are an item's like any other."""
    lowest = number * 0 + -(2**63)
    item = {"id": text("{n}", n=number), "low": lowest, "high": 2**63 - 1 - number}
    entity = Entity("Edge", table=things, item={**item, "part": scaled(lowest, 2)})
    assert told(entity) == []
    dataset = Dataset(system_of(entity), scale=100, as_of=AS_OF)
    (row, *_) = dataset.rows("Edge", 0, 100)
    assert decode(orjson.loads(row)) == dataset.item("Edge", 0)


def test_an_item_that_is_there_is_not_said_to_be_missing() -> None:
    """What an item is made of may be missing: that is another thing than a number of no item."""
    entity = Entity("Third", table=things, item={"id": nth(("a", "b"), number)})
    dataset = Dataset(system_of(entity), scale=10, as_of=datetime(2026, 6, 1, tzinfo=UTC))
    with pytest.raises(IndexError):
        dataset.item("Third", 5)
    with pytest.raises(ValueError, match="has the numbers 0 to 9"):
        dataset.item("Third", 10)
