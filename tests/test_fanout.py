"""Fan-out: parents find their children and children their parents, with nothing stored."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone import PerParent
from loadstone.errors import BadContent
from loadstone.fanout import BLOCK, FanOut

spreads = st.builds(
    PerParent,
    st.just(50),
    spread=st.sampled_from([1.0, 1.5, 4.0]),
    least=st.integers(0, 2),
    step=st.integers(1, 3),
)


@given(spreads, st.integers(1, 3 * BLOCK), st.integers(0, 40), st.integers(0, 2**32))
def test_children_partition_exactly(spread: PerParent, parents: int, more: int, key: int) -> None:
    """Every child has one parent, every parent at least the least, and nothing is left over."""
    children = parents * max(1, spread.least) * spread.step + more * parents * spread.step // 7
    children -= children % spread.step
    fan_out = FanOut(spread, parents, children, key)
    ranges = [fan_out.children(parent) for parent in range(parents)]
    assert ranges[0].start == 0
    assert ranges[-1].stop == children
    assert all(a.stop == b.start for a, b in pairwise(ranges))
    assert all(len(each) >= spread.least * spread.step for each in ranges)
    assert all(len(each) % spread.step == 0 for each in ranges)


@given(spreads, st.integers(1, 2 * BLOCK), st.integers(0, 2**32), st.data())
def test_round_trip(spread: PerParent, parents: int, key: int, data: st.DataObject) -> None:
    """A child's parent counts it among its children, at the position that the child says."""
    children = parents * 6
    fan_out = FanOut(spread, parents, children, key)
    child = data.draw(st.integers(0, children - 1))
    place = fan_out.place(child)
    own = fan_out.children(place.parent)
    assert own[place.position] == child
    assert len(own) == place.siblings


@given(
    st.sampled_from(
        [
            PerParent(6, spread=2.0),
            PerParent(6),
            PerParent(6, spread=1.3, giants=3, giant_share=0.4),
            PerParent(6, least=6),
            PerParent(0.5, least=0, most=1),
        ]
    ),
    st.one_of(
        st.lists(st.integers(0, 10**9), min_size=1, max_size=50),
        st.lists(st.integers(0, 5000), min_size=1, max_size=3).map(
            lambda starts: [n for start in starts for n in range(start, start + 150)]
        ),
    ),
)
def test_columns_equal_single_places(spread: PerParent, wanted: list[int]) -> None:
    """Places of many children are the places of each, in whatever order they are asked for, one
    here and one there or all of some parents."""
    parents = 5000
    children = int(parents * spread.mean)
    fan_out = FanOut(spread, parents, children, 7)
    numbers = np.array([number % children for number in wanted], dtype=np.int64)
    places = fan_out.places(numbers)
    singly = [fan_out.place(number) for number in numbers.tolist()]
    assert list(zip(*(column.tolist() for column in places), strict=True)) == singly


def test_giants_own_their_share() -> None:
    """The declared giants have their share of all children, the first the most."""
    fan_out = FanOut(PerParent(10, spread=1.5, giants=3, giant_share=0.3), 1000, 10_000, 1)
    sizes = [len(fan_out.children(parent)) for parent in range(1000)]
    assert sum(sizes) == 10_000
    assert sum(sizes[:3]) == 3000
    assert sizes[0] > sizes[1] > sizes[2] > max(sizes[3:])


def test_spread_skews() -> None:
    """A wider spread makes the largest parent larger, at the same mean."""

    def largest(spread: float) -> int:
        fan_out = FanOut(PerParent(20, spread=spread), 2000, 40_000, 3)
        return max(len(fan_out.children(parent)) for parent in range(2000))

    assert 20 <= largest(1.0) <= 21
    assert largest(1.0) < largest(1.6) < largest(3.0)


@pytest.mark.parametrize("number", [0, 10**9 - 1, 123_456_789])
def test_a_billion_needs_no_more_than_a_thousand(number: int) -> None:
    """One look-up among a billion children computes one block of parents, and keeps little."""
    fan_out = FanOut(PerParent(5, spread=2.0), 200_000_000, 1_000_000_000, 5)
    place = fan_out.place(number)
    assert fan_out.children(place.parent)[place.position] == number
    assert len(fan_out._blocks) == 1


def test_children_that_do_not_fit_are_refused() -> None:
    """Fewer children than the least of every parent is an error that names both."""
    with pytest.raises(BadContent, match="3 children do not fit 2 parents"):
        FanOut(PerParent(2, least=2), 2, 3, 1)
