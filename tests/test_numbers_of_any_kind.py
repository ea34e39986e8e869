"""Numbers of any kind do where a number is asked for: decimals, fractions, numpy's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import orjson
import pytest

from loadstone import (
    Entity,
    Expr,
    LogNormal,
    Setting,
    Table,
    Weights,
    Zipf,
    any_of,
    as_of,
    chance,
    choose,
    days,
    decimal,
    nth,
    number,
    pick,
    repeated,
    shaped,
    text,
    token,
    whole,
)
from loadstone.errors import BadContent
from loadstone.fields.distributions import whole_weights, zipf_ranks
from loadstone.wire import decode
from tests.systems import dataset_of

Make = Callable[[Any], Expr]

things = Table("things", partition_key="id")
other = Entity(
    "Other", table=Table("others", partition_key="id"), item={"id": text("{n}", n=number)}
)
#: A half and two, in every way that a person may have them.
HALVES = (0.5, Decimal("0.5"), Fraction(1, 2), np.float64(0.5), np.float32(0.5))
TWOS = (2, 2.0, Decimal(2), Fraction(2), np.int64(2), np.int8(2), np.float32(2))
#: What a whole number is not made of.
AMISS: Any = (1.5, Decimal(1))
WHOLE_TWOS = (2, np.int64(2), np.int8(2))


def items_of(value: Any) -> list[Any]:
    """What twenty items hold, one by one, which is what they hold in columns."""
    entity = Entity("Thing", table=things, item={"id": text("{n}", n=number), "v": value})
    dataset = dataset_of(entity, other, scale=60)
    singly = [dataset.item(entity, place) for place in range(20)]
    assert [decode(orjson.loads(row)) for row in dataset.rows(entity, 0, 20)] == singly
    return [item["v"] for item in singly]


@pytest.mark.parametrize(
    ("make", "numbers"),
    [
        (lambda half: choose("a", "b", weights=(half, 1)), HALVES),
        (lambda half: choose(a=half, b=half), HALVES),
        (lambda half: shaped(Weights((half, 1, half))), HALVES),
        (lambda half: pick(("a", "b", "c"), skew=half), HALVES),
        (lambda half: nth(("a", "b", "c"), shaped(Zipf(3, half))), HALVES),
        (lambda half: any_of(other, skew=half)["id"], HALVES),
        (chance, HALVES),
        (lambda half: decimal(half, 9), HALVES),
        (lambda half: repeated(lambda: token(4), (0, 1), weights=(half, 1)), HALVES),
        (lambda two: shaped(LogNormal(300, spread=two)), TWOS),
        (lambda two: shaped(LogNormal(two, spread=3)), TWOS),
        (lambda two: choose("a", "b", weights=(two, 1)), TWOS),
        (lambda two: pick(("a", "b", "c"), skew=two), TWOS),
        (lambda two: decimal(two, 9), TWOS),
        (lambda two: shaped(Zipf(two, 1)), WHOLE_TWOS),
        (lambda two: shaped(LogNormal(9, spread=3, low=two)), WHOLE_TWOS),
        (lambda two: whole(two, 9), WHOLE_TWOS),
        (lambda two: whole(0, two), WHOLE_TWOS),
        (lambda two: number + two, WHOLE_TWOS),
        (lambda two: as_of - days(two), WHOLE_TWOS),
        (lambda two: two, WHOLE_TWOS),
        (lambda two: nth((two, 3), whole(0, 1)), WHOLE_TWOS),
    ],
)
def test_a_number_is_what_it_is(make: Make, numbers: tuple[Any, ...]) -> None:
    """The same number of another kind makes the same items, whichever kind came first."""
    drawn = [items_of(make(each)) for each in numbers]
    assert drawn == [drawn[0]] * len(numbers)
    backwards = [items_of(make(each)) for each in reversed(numbers)]
    assert backwards == drawn


def test_a_flag_of_numpy_is_a_flag() -> None:
    """What numpy says is true is stored as true, and not as a number."""
    assert items_of(np.bool_(True)) == [True] * 20
    words: Any = np.array(["a", "b"])
    two: Any = np.int64(2)
    assert items_of(nth(words, whole(1, 1))) == ["b"] * 20
    assert type(Setting("SOME", default=two).default) is int


def test_the_keys_of_a_dict_have_an_order() -> None:
    """They may be picked from, though they are a set as well."""
    words: Any = {"b": 1, "a": 2}
    assert items_of(pick(words.keys())) == items_of(pick(("b", "a")))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: choose("a", "b", weights=(float("nan"), 1)), "nan is no number to reckon with"),
        (lambda: chance(float("nan")), "nan is no number to reckon with"),
        (lambda: pick(("a", "b"), skew=float("inf")), "inf is no number to reckon with"),
        (lambda: any_of(other, skew=float("nan")), "nan is no number to reckon with"),
        (lambda: choose("a", "b", weights=(-1, 1)), r"weights are 0 or more, .* not \(-1, 1\)"),
        (lambda: choose("a", "b", weights=(0, 0)), r"one of them is above 0, not \(0, 0\)"),
        (lambda: Weights(()), r"not \(\)"),
        (lambda: LogNormal(300, spread=0), "a spread is above 0, and 1 where all are the median"),
        (lambda: LogNormal(300, spread=2, low=9, high=5), "from low to high, and 9 is above 5"),
        (lambda: Zipf(0), "there is 1 rank or more, not 0"),
        (lambda: whole(6, 1), "from low to high, and 6 is above 1"),
        (lambda: decimal(2, 1), "from low to high, and 2 is above 1"),
        (
            lambda: whole(AMISS[0], 6),
            "takes an expression or a whole number, not 1.5",
        ),
        (lambda: whole(AMISS[1], 6), "takes an expression or a whole number"),
    ],
)
def test_what_is_no_number_to_draw_with_is_told(make: Callable[[], Any], says: str) -> None:
    """Where it stands, in words, and not when the first item is made."""
    with pytest.raises(BadContent, match=says):
        make()


def test_shares_and_ranks_are_exact() -> None:
    """A third is a third, and a tenth a tenth, whatever it is written as."""
    thirds: Any = (Fraction(1, 3), Decimal("0.1"), 0.1, np.float32(0.1), 2)
    assert whole_weights(thirds) == (10, 3, 3, 3, 60)
    assert (
        zipf_ranks(10_000, 0.8)
        == zipf_ranks(10_000, np.float32(0.8))
        == zipf_ranks(10_000, Fraction(4, 5))
    )
