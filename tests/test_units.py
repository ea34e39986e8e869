"""Item sizes and capacity units, against sizes reported from the service and AWS's examples."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.readings import Reading
from loadstone.capacity.units import (
    item_size_bytes,
    number_size_bytes,
    read_units,
    wire_size_bytes,
    write_units,
)
from loadstone.errors import BadValue

ITEMS: list[tuple[dict[str, Any], int]] = [
    ({"shirt-color": {"S": "R"}, "shirt-size": {"S": "M"}}, 23),
    ({"pk": {"S": "a"}}, 3),
    ({"pk": {"S": ""}}, 2),
    ({"é": {"S": "é"}}, 4),
    ({"k": {"S": "日本"}}, 7),
    ({"k": {"S": "😀"}}, 5),
    ({"b": {"B": "AAAAAAA="}}, 6),
    ({"t": {"BOOL": True}}, 2),
    ({"n": {"NULL": True}}, 2),
    ({"l": {"L": []}}, 4),
    ({"m": {"M": {}}}, 4),
    ({"l": {"L": [{"S": "a"}, {"S": "bc"}]}}, 9),
    ({"m": {"M": {"k": {"S": "v"}}}}, 7),
    ({"s": {"SS": ["a", "bc", "def"]}}, 7),
    ({"s": {"NS": ["1", "12", "123"]}}, 8),
    (
        {
            "Id": {"N": "101"},
            "Title": {"S": "Book 101 Title"},
            "ISBN": {"S": "111-1111111111"},
            "Authors": {"L": [{"S": "Author1"}]},
            "Price": {"N": "2"},
            "Dimensions": {"S": "8.5 x 11.0 x 0.5"},
            "PageCount": {"N": "500"},
            "InPublication": {"BOOL": True},
            "ProductCategory": {"S": "Book"},
        },
        137,
    ),
    ({"pk": {"S": "k"}, "b": {"S": "x" * 409_596}}, 409_599 + 1),
]

PLAIN: list[tuple[dict[str, Any], int]] = [
    ({"pk": "s1", "sk": "1", "gsiPk": "g", "proj": "p", "other": "x" * 3000}, 3023),
    ({"t": True, "n": None, "b": b"\0\0\0\0\0"}, 2 + 2 + 6),
    ({"l": ["a", "bc"]}, 9),
    ({"m": {"k": "v"}}, 7),
    ({"s": {"a", "bc", "def"}, "n": {1, 12, 123}}, 7 + 8),
    ({"n": Decimal("-0.15"), "i": 100}, 1 + 3 + 1 + 2),
]

NUMBERS = {
    "1": 2,
    "12": 2,
    "123": 3,
    "1234": 3,
    "12345": 4,
    "123456": 4,
    "1234567": 5,
    "12345678": 5,
    "123456789": 6,
    "1234567891": 6,
    "12345678912": 7,
    "123456789123": 7,
    "1234567890123456789": 11,
    "9" * 38: 20,
    "0042": 2,
    "100": 2,
    "1010": 3,
    "0.0000001": 2,
    "0": 1,
    "-0": 1,
    "1E125": 2,
    "1E-100": 2,
    "1.2": 3,
    "1.5": 3,
    "1.200": 3,
    "1.234": 4,
    "3.14159": 5,
    "100.5": 4,
    "0.15": 2,
    "15": 2,
    "-42": 3,
    "-12345": 5,
    "-1E125": 3,
    "-0.15": 3,
}


@pytest.mark.parametrize(("item", "size_bytes"), ITEMS)
def test_wire_size(item: dict[str, Any], size_bytes: int) -> None:
    """An item in DynamoDB JSON has the size that the service counts."""
    assert wire_size_bytes(item) == size_bytes


@pytest.mark.parametrize(("item", "size_bytes"), PLAIN)
def test_plain_size(item: dict[str, Any], size_bytes: int) -> None:
    """An item of Python values has the size of its DynamoDB JSON."""
    assert item_size_bytes(item) == size_bytes


@pytest.mark.parametrize(("number", "size_bytes"), NUMBERS.items())
def test_number_size(number: str, size_bytes: int) -> None:
    """Numbers have the sizes reported from the service."""
    assert number_size_bytes(number) == size_bytes


@pytest.mark.parametrize("number", ["120", "0.012"])
def test_the_disputed_numbers_take_the_larger_size(number: str) -> None:
    """Where published formulas differ by a byte, ours is the larger, so it never promises less."""
    assert number_size_bytes(number) == 3


numbers = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.integers(0, 1),
    st.integers(0, 10**38 - 1),
    st.integers(-130, 125 - 37),
)


@given(numbers)
def test_trailing_zeros_and_spelling_do_not_change_a_number(number: Decimal) -> None:
    """A number's size depends on its value, not on how it is written."""
    assert (
        number_size_bytes(number)
        == number_size_bytes(f"{number:f}")
        == number_size_bytes(f"{number:E}")
    )


@given(numbers)
def test_the_default_formula_is_never_the_smaller(number: Decimal) -> None:
    """The other published formula comes to the same or to a byte less, and 22 is the most."""
    size_bytes = number_size_bytes(number)
    assert size_bytes - number_size_bytes(number, Reading(numbers="by-parts")) in (0, 1)
    assert size_bytes <= 22


@pytest.mark.parametrize("number", ["120", "0.012"])
def test_the_other_formula_is_there(number: str) -> None:
    """By parts, the disputed numbers take a byte less, alone and inside an item."""
    by_parts = Reading(numbers="by-parts")
    assert number_size_bytes(number, by_parts) == 2
    assert wire_size_bytes({"m": {"M": {"k": {"NS": [number]}}}}, by_parts) == 1 + 3 + 1 + 1 + 2
    assert item_size_bytes({"l": [Decimal(number)]}, by_parts) == 1 + 3 + 1 + 2


@pytest.mark.parametrize("number", ["+5", ".5", "00042", "5.", "1e3", "9.99E+125", "1E-130"])
def test_numbers_as_the_service_reads_them(number: str) -> None:
    """Signs, leading zeros and exponents are well in a number on the wire."""
    assert number_size_bytes(number) >= 2


@pytest.mark.parametrize(
    "number", [" 5", "5 ", "NaN", "Infinity", "1_000", "", "0x1", "٣", "1E126", "1E-131", "1" * 39]
)
def test_numbers_that_the_service_refuses(number: str) -> None:
    """Other spellings, more than 38 digits, and what is too large or too small are no numbers."""
    with pytest.raises(BadValue, match="DynamoDB has no number"):
        number_size_bytes(number)


def test_bytes_that_are_not_base64_are_refused() -> None:
    """Bytes on the wire are in Base64; anything else has no size."""
    with pytest.raises(BadValue, match="Base64"):
        wire_size_bytes({"b": {"B": "no base64!"}})


def test_values_that_dynamodb_has_not_are_refused() -> None:
    """A float, which DynamoDB's clients refuse, has no size; neither has NaN."""
    with pytest.raises(BadValue, match="float"):
        item_size_bytes({"x": 1.5})
    with pytest.raises(BadValue, match="NaN"):
        number_size_bytes("NaN")


def test_read_units() -> None:
    """Reads count blocks of 4 KB: a half, one or two units each, and one block at least."""
    assert read_units(4096) == 0.5
    assert (read_units(4097), read_units(4097, "strong"), read_units(4097, "transactional")) == (
        1,
        2,
        4,
    )
    assert (read_units(0), read_units(0, "strong"), read_units(0, "transactional")) == (0.5, 1, 2)
    assert read_units(80 * 1024) == 10
    assert (read_units(1024 * 1024), read_units(1024 * 1024, "strong")) == (128, 256)
    assert read_units(3022 + 3 * 3023) == 1.5
    assert read_units(1536, "strong") + read_units(6656, "strong") == 3


def test_write_units() -> None:
    """Writes count blocks of 1 KB of the larger of before and after, twice in a transaction."""
    assert (write_units(0, 1024), write_units(0, 1025)) == (1, 2)
    assert write_units(18, 3017) == write_units(3017, 18) == 3
    assert write_units(0, 0) == 1
    assert write_units(300 * 1024, 310 * 1024) == 310
    assert write_units(0, 3 * 1024, transactional=True) == 6
