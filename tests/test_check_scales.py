"""`loadstone check` of what shows at one scale and not at another, and of what nobody has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from loadstone import (
    Entity,
    Expr,
    GetItem,
    Index,
    Maybe,
    Pattern,
    PerParent,
    Query,
    Table,
    UpdateItem,
    Written,
    as_of,
    calendar,
    chance,
    choose,
    days,
    equal,
    nth,
    number,
    position,
    text,
    when,
    whole,
)
from loadstone.contract.crowding import crowding_problems
from loadstone.contract.fitting import fitting_problems
from loadstone.contract.problem import Problem
from loadstone.contract.small import SMALL, small_problems
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from tests.systems import AS_OF, dataset_of, system_of

by_shelf = Index("byShelf", partition_key="shelf", sort_key="id")
books = Table("books", partition_key="id", indexes=(by_shelf,))
readers = Table("readers", partition_key="id", indexes=(Index("byNick", partition_key="nick"),))
loans = Table("loans", partition_key="reader", sort_key="book")


def crowds(*entities: Entity) -> list[Problem]:
    fewer, more = (dataset_of(*entities, scale=scale) for scale in (5_000, 100_000))
    return [each for table in fewer.system.tables for each in crowding_problems(fewer, more, table)]


def book_on(shelf: Any, share: float = 1) -> Entity:
    item = {"id": text("book-{n}", n=number), "shelf": shelf}
    return Entity("Book", table=books, share=share, item=item)


@pytest.mark.parametrize(
    ("shelf", "value"),
    [
        ("all", "'all'"),
        (choose("one"), "'one'"),
        (nth(("a", "b"), whole(1, 1)), "'b'"),
        (when(chance(0.5), "some"), "'some'"),
        (choose("a", "b"), None),
        (text("{n}", n=number % 10), None),
        (when(chance(0.001), "few"), None),
    ],
)
def test_one_partition_for_all_is_told(shelf: Any, value: str | None) -> None:
    """An index that has every item of a kind in one partition is told, and wrong it is not; of two
    partitions nothing is said, nor of a few items."""
    found = crowds(book_on(shelf))
    if value is None:
        assert found == []
        return
    (problem,) = found
    assert (problem.about, problem.attribute, problem.wrong) == ("Book", "shelf", False)
    assert f"every Book is in one partition of index byShelf (shelf={value})" in problem.says
    assert "1,000 write units and 3,000 read units" in problem.says


def test_one_partition_at_a_small_scale_alone_is_not_told() -> None:
    """Where there is but one parent, its children are together: at a larger scale they are not."""
    branch = Entity("Branch", share=0.0001, facts={"id": text("branch-{n}", n=number)})
    held = Entity(
        "Held",
        table=Table("held", partition_key="branch", sort_key="n", key_types={"n": "N"}),
        parent=branch,
        per_parent=PerParent(10_000),
        item={"branch": branch["id"], "n": position},
    )
    assert dataset_of(branch, held, scale=5_000).count(branch) == 1
    assert crowds(branch, held) == []


def test_a_table_whose_items_are_all_together_is_told() -> None:
    """The table's own partition key is looked at as those of indexes are."""
    book = text("book-{n}", n=number)
    (problem,) = crowds(Entity("Loan", table=loans, item={"reader": "everyone", "book": book}))
    assert "every Loan is in one partition of table loans (reader='everyone')" in problem.says


def test_what_is_together_is_told_where_more_cannot_be_made() -> None:
    """Of days that there are not so many of, those that can be made are looked at."""
    day = calendar(as_of - days(number), "{year}-{month:02}-{day:02}")
    days_of = Table("days", partition_key="id", indexes=(by_shelf,))
    entity = Entity("Day", table=days_of, item={"id": day, "shelf": "all"}, created=as_of)
    with pytest.raises(BadValue, match="year"):
        dataset_of(entity, scale=1_000_000).item(entity, 999_999)
    fewer, more = (dataset_of(entity, scale=scale) for scale in (20_000, 1_000_000))
    (problem,) = crowding_problems(fewer, more, days_of)
    assert "every Day is in one partition of index byShelf" in problem.says


def library(loaned: Callable[[Entity], Expr]) -> tuple[Entity, Entity, Entity]:
    """A book for every ten readers, and loans of theirs."""
    book = Entity("Book", table=books, share=0.1, item={"id": text("book-{n}", n=number)})
    reader = Entity("Reader", facts={"id": text("reader-{n}", n=number)})
    loan = Entity(
        "Loan",
        table=loans,
        parent=reader,
        per_parent=PerParent(3, spread=2),
        item={"reader": reader["id"], "book": loaned(book)},
    )
    return book, reader, loan


def test_a_name_of_nobody_at_a_small_scale_is_told() -> None:
    """What siblings name by their position is there, as long as there are more than siblings: from
    what scale on is said, once, and nothing is wrong."""
    dataset = dataset_of(*library(lambda book: book.at(position)["id"]), scale=20_000)
    (problem,) = small_problems(dataset)
    assert (problem.about, problem.attribute, problem.wrong) == ("Loan", "book", False)
    scale = next(each for each in SMALL if f"at scale {each:,} there are" in problem.says)
    assert 3 <= scale <= 1_000
    larger = [dataset.scale, *SMALL][SMALL.index(scale)]
    assert f"it holds from a scale of about {larger:,} on" in problem.says
    assert "any_of(…)" in problem.says


def of_three(book: Expr) -> Dataset:
    """Two or three loans of each reader; of so few readers that they cannot be even, four."""
    reader = Entity("Reader", facts={"id": text("reader-{n}", n=number)})
    loan = Entity(
        "Loan",
        table=loans,
        parent=reader,
        per_parent=PerParent(2.9, least=2),
        item={"reader": reader["id"], "book": book},
    )
    return dataset_of(reader, loan, scale=20_000)


@pytest.mark.parametrize(
    ("book", "says"),
    [
        (text("{n}", n=position % 3), "has the key of item"),
        (nth(("a", "b", "c"), position), "its items cannot be made: it asks for a value behind"),
    ],
)
def test_what_few_parents_have_too_many_of_is_told(book: Expr, says: str) -> None:
    """Keys that are enough for siblings at a large scale, and not at a small one, are told with the
    scale, and are not wrong: nobody may ever want so few."""
    (problem,) = small_problems(of_three(book))
    assert (problem.about, problem.attribute, problem.wrong) == ("Loan", "book", False)
    assert problem.says.startswith("at scale 10 ")
    assert says in problem.says
    assert "it holds from a scale of about 30 on" in problem.says


def test_a_name_that_cannot_be_worked_out_at_a_small_scale_is_told() -> None:
    """Whom an item names is looked for behind the last of three where siblings are four: a note as
    of any other attribute, and not the end of the check."""
    reader = Entity("Reader", facts={"id": text("reader-{n}", n=number)})
    loan = Entity(
        "Loan",
        table=Table("lent", partition_key="reader", sort_key="n", key_types={"n": "N"}),
        parent=reader,
        per_parent=PerParent(2.9, least=2),
        item={
            "reader": reader["id"],
            "n": position,
            "from": reader.at(nth((0, 0, 0), position))["id"],
        },
    )
    (problem,) = small_problems(dataset_of(reader, loan, scale=20_000))
    assert (problem.about, problem.attribute, problem.wrong) == ("Loan", "from", False)
    assert problem.says.startswith("at scale 10 its items cannot be made: it asks for a value")


def test_enough_keys_at_any_scale_are_well() -> None:
    """Of what differs among any number of siblings nothing is said."""
    assert list(small_problems(of_three(text("{n}", n=position)))) == []


def test_what_is_wrong_at_the_first_scale_is_not_told_again() -> None:
    """What is said of 20,000 items is not said of fewer."""
    dataset = dataset_of(*library(lambda book: book.at(position + 10**6)["id"]), scale=20_000)
    assert list(small_problems(dataset)) == []


def of_readers(ask: Callable[[Entity], Pattern], nickname: Any) -> Dataset:
    """Readers, some of whom have a nickname, and a pattern about them."""
    item = {"id": text("reader-{n}", n=number), "state": "in", "nick": nickname}
    reader = Entity("Reader", table=readers, item=item)
    pattern = ask(reader)
    system = replace(system_of(reader), patterns={pattern.id: pattern})
    return Dataset(system, scale=1_000, as_of=AS_OF)


def by_nick(reader: Entity) -> Pattern:
    query = Query(readers, index="byNick", key={"nick": reader["nick"]})
    return Pattern("by-nick", query, of=reader, expects=Maybe(), source="s")


def of_some(reader: Entity) -> Pattern:
    only = equal(reader["state"], "out")
    return Pattern("ones-out", GetItem(reader), of=reader, expects=Maybe(), only=only, source="s")


def renamed(reader: Entity) -> Pattern:
    update = UpdateItem(reader, set={"state": reader["nick"]})
    return Pattern("rename", update, of=reader, expects=Written(), source="s")


@pytest.mark.parametrize(
    ("pattern", "nickname", "says"),
    [
        (by_nick, when(chance(0), "x"), "at scale 1,000 no Reader has 'nick', which it asks with"),
        (renamed, when(chance(0), "x"), "at scale 1,000 no Reader has 'nick', which it asks with"),
        (by_nick, when(chance(0.01), "x"), None),
        (by_nick, "x", None),
        (of_some, "x", "there is no Reader for which `only` holds"),
    ],
)
def test_what_nobody_has_is_told(
    pattern: Callable[[Entity], Pattern], nickname: Any, says: str | None
) -> None:
    """A pattern that asks with an attribute which no item has, or of items that there are none of,
    is told before it is played; a few that have it are enough."""
    found = list(fitting_problems(of_readers(pattern, nickname)))
    if says is None:
        assert found == []
        return
    (problem,) = found
    assert problem.wrong
    assert says in problem.says
