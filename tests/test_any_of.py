"""Any item of another entity: which one, how often, and the same in columns as one by one."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import log

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone import (
    Entity,
    PerParent,
    Table,
    any_of,
    chance,
    decimal,
    moment,
    number,
    text,
    when,
)
from loadstone.dataset import Dataset
from loadstone.errors import BadContent, UnknownName
from loadstone.fields.distributions import TABLE_SIZE, zipf_ranks
from loadstone.wire import decode
from tests.systems import dataset_of

shelf = Table("shelf", partition_key="id")


def library(*, skew: float = 0, scale: int = 5000, seed: int = 1) -> Dataset:
    """Books, and loans that name any of them."""
    book = Entity(
        "Book",
        table=shelf,
        share=1,
        item={
            "id": text("BOOK#{n:06}", n=number),
            "title": text("Volume {n}", n=number),
            "price": decimal(1, 99),
            "prize": when(chance(0.3), text("prize of {n}", n=number)),
        },
    )
    borrowed = any_of(book, skew=skew)
    loan = Entity(
        "Loan",
        table=shelf,
        share=4,
        item={
            "id": text("LOAN#{n:06}", n=number),
            "book": borrowed["id"],
            "title": borrowed["title"],
            "price": borrowed["price"],
            "prize": borrowed["prize"],
            "next": any_of(book, skew=skew)["id"],
        },
    )
    return dataset_of(book, loan, scale=scale, seed=seed)


def named(dataset: Dataset, attribute: str = "book") -> list[int]:
    """The books that loans name, by number."""
    loans = dataset.items("Loan", 0, dataset.count("Loan"))
    return [int(loan[attribute].removeprefix("BOOK#")) for loan in loans]


@pytest.mark.parametrize("skew", [0, 0.7, 1, 1.5])
@pytest.mark.parametrize("scale", [1, 20, 5000])
def test_one_by_one_as_in_columns(scale: int, skew: float) -> None:
    """A loan is the same made alone and among others, decimals and sparse attributes too."""
    dataset = library(scale=scale, skew=skew)
    count = dataset.count("Loan")
    alone = [dataset.item("Loan", place) for place in reversed(range(count))][::-1]
    assert list(dataset.items("Loan", 0, count)) == alone
    rows = dataset.rows("Loan", 0, count)
    assert [decode(orjson.loads(row)) for row in rows] == alone


@pytest.mark.parametrize("skew", [0, 1.2])
def test_what_is_named_is_there_and_is_one_thing(skew: float) -> None:
    """Each loan names a book that there is, with that book's title, price and prize."""
    dataset = library(skew=skew)
    for place, book in enumerate(named(dataset)):
        theirs, loan = dataset.item("Book", book), dataset.item("Loan", place)
        for attribute in ("title", "price", "prize"):
            assert loan.get(attribute) == theirs.get(attribute)


@given(seed=st.integers(0, 2**32 - 1))
def test_any_is_any(seed: int) -> None:
    """Without skew books from all over are named, in every seed: each tenth of them by some."""
    dataset = library(seed=seed, scale=2500)
    tenths = Counter(book * 10 // dataset.count("Book") for book in named(dataset))
    assert len(tenths) == 10
    assert max(tenths.values()) < 3 * min(tenths.values())


def test_two_are_two_draws() -> None:
    """Each any_of is a chance of its own."""
    dataset = library()
    pairs = list(zip(named(dataset), named(dataset, "next"), strict=True))
    assert sum(one == other for one, other in pairs) < len(pairs) / 10


@settings(max_examples=20)
@given(count=st.integers(1, 10**9), skew=st.sampled_from([0.3, 0.7, 0.99, 1.0, 1.2, 2.0]))
def test_ranks_are_zipf_s(count: int, skew: float) -> None:
    """A table of ranks goes up from the first to the last, and the first ones have the share that
    Zipf's law gives them, to one part of the table."""
    table = zipf_ranks(count, skew)
    assert (len(table), table[0], table[-1]) == (TABLE_SIZE + 1, 0, count)
    assert all(low <= high < count for low, high in pairwise(table[:-1]))
    few = min(count, 100)
    weights = [rank**-skew for rank in range(1, few + 1)]
    # An integral is within a hundredth of the rest of the sum.
    power = 1 - skew
    rest = 0.0
    if count > few:
        low, high = few + 0.5, count + 0.5
        rest = (high**power - low**power) / power if power else log(high / low)
    for first in (1, 10, few):
        if first <= few:
            wanted = sum(weights[:first]) / (sum(weights) + rest)
            assert abs(share_below(table, first) - wanted) < 1.5 / TABLE_SIZE + 0.01 * wanted


def share_below(table: tuple[int, ...], rank: int) -> Fraction:
    """How often a rank below this one is drawn."""
    share = Fraction(0)
    for low, high in pairwise(table):
        if high <= rank:
            share += low < rank if low == high else 1
        elif low < rank:
            share += Fraction(rank - low, high - low)
    return share / TABLE_SIZE


def test_the_first_are_named_more_often() -> None:
    """With a skew of 1 the first of 1,000 books has about an eighth of all loans."""
    counts = Counter(named(library(skew=1)))
    assert 0.09 < counts[0] / counts.total() < 0.18
    assert counts[0] > counts[1] > counts[20]


def test_it_may_be_declared_later_and_may_be_its_own_kind() -> None:
    """`lambda:` names what comes further down, and the entity that is being declared."""
    worker: Entity = Entity(
        "Worker",
        table=shelf,
        item={
            "id": text("W{n}", n=number),
            "boss": text("of {boss}", boss=any_of(lambda: worker)["id"]),
            "desk": any_of(lambda: desk, skew=0.5)["id"],
        },
    )
    desk = Entity("Desk", table=shelf, item={"id": text("D{n}", n=number)})
    dataset = dataset_of(worker, desk, scale=200)
    workers = {item["id"] for item in dataset.items("Worker", 0, dataset.count("Worker"))}
    desks = {item["id"] for item in dataset.items("Desk", 0, dataset.count("Desk"))}
    for item in dataset.items("Worker", 0, dataset.count("Worker")):
        assert item["boss"].removeprefix("of ") in workers
        assert item["desk"] in desks


def test_new_items_name_those_that_are_there() -> None:
    """What a run writes names an item of the data set too."""
    owner = Entity("Owner", table=shelf, item={"id": text("O{n}", n=number)})
    book = Entity("Book", table=shelf, item={"id": text("B{n}", n=number)})
    loan = Entity(
        "Loan",
        table=shelf,
        parent=owner,
        per_parent=PerParent(mean=3),
        created=moment(days=9),
        item={"id": text("L{n}", n=number), "book": any_of(book)["id"]},
    )
    dataset = dataset_of(owner, book, loan, scale=300)
    books = {f"B{place}" for place in range(dataset.count("Book"))}
    make = dataset.compile_new(loan, owner, loan.shown())
    for place in range(50):
        item = make(1_000_000 + place, 0, place % 7, 0, dataset.as_of_ms)
        assert item["book"] in books


def test_what_it_cannot_be_is_refused() -> None:
    """A skew below 0 or beyond 5, and an attribute that the other has not, are told."""
    book = Entity("Book", table=shelf, item={"id": text("B{n}", n=number)})
    for skew in (-1, 5.1):
        with pytest.raises(BadContent, match=f"a skew is between 0 .even. and 5, not {skew}"):
            any_of(book, skew=skew)
    with pytest.raises(UnknownName, match="no attribute of Book 'isbn'"):
        any_of(book)["isbn"]


def test_what_is_declared_later_is_told_where_it_is_not_known_yet() -> None:
    """Arithmetic has to know what it is with; and what is there only sometimes has to be declared
    first."""
    with pytest.raises(BadContent, match="'pages' of what is declared further down stands by"):
        any_of(lambda: book)["pages"] + 1
    loan = Entity(
        "Loan",
        table=shelf,
        item={"id": text("L{n}", n=number), "of": any_of(lambda: book)["prize"]},
    )
    book = Entity("Book", table=shelf, item={"id": "B", "prize": when(chance(0.5), "first")})
    with pytest.raises(BadContent, match=r"'prize'\] is there only sometimes: declare Book before"):
        dataset_of(loan, book).item("Loan", 0)


def test_a_certain_one_is_named_by_its_number() -> None:
    """`at` takes a number as it takes an expression."""
    book = Entity("Book", table=shelf, item={"id": text("B{n}", n=number)})
    loan = Entity(
        "Loan",
        table=shelf,
        item={"id": text("L{n}", n=number), "of": book.at(2)["id"], "same": book.at(number)["id"]},
    )
    dataset = dataset_of(book, loan, scale=100)
    items = list(dataset.items("Loan", 0, dataset.count("Loan")))
    assert {item["of"] for item in items} == {"B2"}
    assert [item["same"] for item in items] == [f"B{place}" for place in range(len(items))]
    assert items[5] == dataset.item("Loan", 5)
