"""Hot keys: by Zipf's law, the same ones throughout."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.errors import BadValue
from loadstone.scenario.popularity import Popularity


@given(st.integers(1, 10**9), st.floats(0, 3), st.integers(0, 2**64 - 1), st.integers(0, 2**32))
def test_draws_are_numbers_below_the_count(count: int, skew: float, key: int, seed: int) -> None:
    """Whatever the count and skew, a draw is one of the numbers."""
    popularity, random = Popularity(count, skew, key), Random(seed)
    assert all(0 <= popularity.draw(random) < count for _ in range(20))


@pytest.mark.parametrize("skew", [0.5, 0.99, 1.0, 1.5])
def test_the_hottest_are_as_hot_as_zipf_says(skew: float) -> None:
    """The r-th hottest number is drawn in proportion to 1 / r ** skew."""
    popularity, random = Popularity(1000, skew, 12345), Random(1)
    draws = 60_000
    found = [
        count for _, count in Counter(popularity.draw(random) for _ in range(draws)).most_common()
    ]
    total = sum(rank**-skew for rank in range(1, 1001))
    for rank in (1, 2, 5):
        assert found[rank - 1] == pytest.approx(draws * rank**-skew / total, rel=0.1)


@pytest.mark.parametrize("skew", [0.0, 0.5, 0.99, 1.5])
@pytest.mark.parametrize("times", [100, 1000])
def test_typical_numbers_come_as_often_as_they_are_drawn(skew: float, times: int) -> None:
    """Of any amount of them, a popular number has its part, within a few of a thousand."""
    popularity = Popularity(1000, skew, 12345)
    found = Counter(popularity.typical(nth) for nth in range(times))
    total = sum(rank**-skew for rank in range(1, 1001))
    for rank in (1, 2, 5, 20):
        part = times * rank**-skew / total
        assert found[popularity.number(rank)] == pytest.approx(part, abs=max(2.5, 0.005 * times))
    first_hundred = sum(found[popularity.number(rank)] for rank in range(1, 101))
    share = sum(rank**-skew for rank in range(1, 101)) / total
    assert first_hundred / times == pytest.approx(share, abs=0.02)


def test_no_skew_is_even() -> None:
    """With a skew of 0 every number is as likely."""
    popularity, random = Popularity(10, 0.0, 7), Random(1)
    found = Counter(popularity.draw(random) for _ in range(10_000))
    assert len(found) == 10
    assert max(found.values()) < 1.2 * min(found.values())


def test_the_same_numbers_are_hot_for_everybody() -> None:
    """Which number is the hottest depends on the key alone, not on the chance of a process."""

    def hottest(key: int, seed: int) -> int:
        popularity, random = Popularity(5000, 1.2, key), Random(seed)
        return Counter(popularity.draw(random) for _ in range(2000)).most_common(1)[0][0]

    assert hottest(1_000_003, 1) == hottest(1_000_003, 2)
    assert hottest(1_000_003, 1) != hottest(999_983 << 20, 1)


@pytest.mark.parametrize(("count", "skew"), [(0, 1.0), (5, -0.1), (5, 9.0)])
def test_nonsense_is_refused(count: int, skew: float) -> None:
    """Nothing to draw from, or a skew that is none, is an error and not a strange draw."""
    with pytest.raises(BadValue):
        Popularity(count, skew, 1)
