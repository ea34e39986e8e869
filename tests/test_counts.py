"""Words and short messages, counted in columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadstone.fields.counts import _counted


@given(st.lists(st.lists(st.booleans(), max_size=200), max_size=12))
def test_marks_are_counted_between_their_starts(made: list[list[bool]]) -> None:
    """However long the parts are, and wherever 64 marks end, each part's marks are its own."""
    marks = np.array([mark for part in made for mark in part], dtype=bool)
    sizes = np.array([len(part) for part in made], dtype=np.int64)
    counted = _counted(marks, sizes.cumsum() - sizes)
    assert counted.tolist() == [sum(part) for part in made]
