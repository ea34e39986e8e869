"""Columns of text: numbers looked up a few digits at a time, and pieces put together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from loadstone.fields.digits import decimal_text, decimals_of, digits_of, padded
from loadstone.fields.pieces import Letters, Picked, Pieces, Words, joined, settled, spread

WHOLE = st.one_of(
    st.integers(-(10**6), 10**6),
    st.integers(-1024, 1023),
    st.integers(0, 1023),
    st.integers(0, 9999),
    st.integers(10**9, 10**10 - 1),
    st.integers(-(2**63), 2**63 - 1),
)
LEAST = -(2**63)
SIZE = 12
TEXT = st.text("abc é", max_size=5).map(lambda text: text.encode().decode("latin-1"))


@given(st.lists(WHOLE, min_size=1, max_size=20))
@example([LEAST, 3])
def test_whole_numbers_of_a_column_are_written_as_one(values: list[int]) -> None:
    """A column of whole numbers reads as Python writes each of them."""
    column = np.array(values, dtype=np.int64)
    assert joined(digits_of(column), len(values)) == list(map(str, values))


@given(st.lists(WHOLE, min_size=1, max_size=20), st.integers(1, 9))
@example([LEAST, 3], 2)
def test_decimals_of_a_column_are_written_as_one(values: list[int], places: int) -> None:
    """A column of decimals reads as each of them alone, without needless zeros."""
    column = np.array(values, dtype=np.int64)
    alone = [decimal_text(value, places) for value in values]
    assert joined(decimals_of(column, places), len(values)) == alone


@given(st.integers(1, 18), st.data())
def test_padded_numbers_are_as_wide_as_said(width: int, data: st.DataObject) -> None:
    """Zeros stand before each number of a column, up to its width."""
    values = data.draw(st.lists(st.integers(0, 10**width - 1), min_size=1, max_size=9))
    matrix = padded(np.array(values, dtype=np.int64), width)
    assert joined([Letters(matrix)], len(values)) == [f"{value:0{width}}" for value in values]


@st.composite
def some_pieces(draw: st.DrawFn) -> tuple[Pieces, list[list[str]]]:
    """Pieces, and what each of them is for every item."""
    index = np.array(draw(st.lists(st.integers(0, 2), min_size=SIZE, max_size=SIZE)))
    pieces: Pieces = []
    texts = []
    for kind in draw(st.lists(st.sampled_from(("all", "each", "picked", "letters")), max_size=9)):
        match kind:
            case "all":
                text = draw(TEXT)
                pieces.append(text)
                texts.append([text] * SIZE)
            case "each":
                each = draw(st.lists(TEXT, min_size=SIZE, max_size=SIZE))
                pieces.append(each)
                texts.append(each)
            case "picked":
                few = draw(st.lists(TEXT, min_size=3, max_size=3))
                # The same choice twice may be put together, another one may not.
                which = index if draw(st.booleans()) else index[::-1].copy()
                pieces.append(Picked(Words(few, lasting=draw(st.booleans())), which))
                texts.append([few[number] for number in which.tolist()])
            case _:
                width = draw(st.integers(1, 3))
                letters = ["xyz"[(row + width) % 3] * width for row in range(SIZE)]
                matrix = np.frombuffer("".join(letters).encode(), dtype=np.uint8)
                pieces.append(Letters(matrix.reshape(SIZE, width)))
                texts.append(letters)
    return pieces, texts


@given(some_pieces())
def test_pieces_are_put_together_in_their_order(made: tuple[Pieces, list[list[str]]]) -> None:
    """However pieces are held, an item's text is theirs, one after the other; and no two of those
    that are left are the same for all items."""
    pieces, texts = made
    assert joined(pieces, SIZE) == ["".join(each[row] for each in texts) for row in range(SIZE)]
    left = settled(pieces, SIZE)
    both = pairwise(left)
    assert not any(isinstance(one, str) and isinstance(other, str) for one, other in both)


@given(some_pieces(), st.lists(st.integers(0, SIZE - 1), max_size=30))
def test_pieces_are_repeated_for_those_who_refer_to_them(
    made: tuple[Pieces, list[list[str]]], rows: list[int]
) -> None:
    """What is spread over rows is, for each row, what it was for the item that the row names."""
    pieces, _ = made
    whole = joined(pieces, SIZE)
    again = joined(spread(pieces, np.array(rows, dtype=np.int64)), len(rows))
    assert again == [whole[row] for row in rows]


def test_lasting_words_are_put_together_once() -> None:
    """The texts of a vocabulary with what stands around them are kept, so that the next column
    finds them made."""
    words = Words(("a", "b"), lasting=True)
    assert words.fused(("<", words, ">")) is words.fused(("<", words, ">"))
    assert words.fused(("<", words, ">")).column.tolist() == ["<a>", "<b>"]
