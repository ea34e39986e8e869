"""Histograms are read as the library reads them, only sooner."""

from __future__ import annotations

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from loadstone.run.histogram import HIGHEST_US, Histogram, counters_of
from loadstone.run.timeline import BANDS_US

counted = st.dictionaries(
    st.integers(1, HIGHEST_US), st.integers(1, 10**15), min_size=1, max_size=30
)


def written(counts: dict[int, int], highest: int = HIGHEST_US, digits: int = 3) -> str:
    histogram = HdrHistogram(1, highest, digits)
    for value, count in counts.items():
        histogram.record_value(value, count)
    encoded: bytes = histogram.encode()
    return encoded.decode()


@given(counted, counted)
def test_many_read_as_one_are_what_the_library_makes_of_them(
    first: dict[int, int], second: dict[int, int]
) -> None:
    """Counts, percentiles, the longest and the written form are the library's own."""
    library = HdrHistogram(1, HIGHEST_US, 3)
    for counts in (first, second):
        library.decode_and_add(written(counts))
    merged = Histogram.merged([written(first), written(second)])
    assert merged.count == library.get_total_count()
    assert merged.max_us == library.get_max_value()
    assert merged.encode() == library.encode().decode()


@pytest.mark.parametrize(
    ("highest", "digits", "count"),
    [(HIGHEST_US, 2, 3), (60_000_000, 3, 3), (HIGHEST_US, 3, 2**60)],
)
def test_what_cannot_be_read_soon_is_left_to_the_library(
    highest: int, digits: int, count: int
) -> None:
    """Other settings, and counts of nine octets, are read as well."""
    text = written({5_000: count, 20_000: 1}, highest, digits)
    merged = Histogram.merged([text])
    assert merged.count == count + 1
    assert 19_800 <= merged.max_us <= 20_200
    assert int(counters_of(text).counts.sum()) == count + 1


def test_nothing_is_read_as_nothing() -> None:
    """A histogram without values has no percentile, no longest, and adds nothing."""
    empty = Histogram().encode()
    assert len(counters_of(empty).at) == 0
    assert Histogram.merged([empty, empty]).count == 0
    assert Histogram.merged([]).percentile_us(50) == (0,)


@given(counted)
def test_bands_hold_every_value_once(counts: dict[int, int]) -> None:
    """A value lies in the band between its bounds, to the digits that are kept."""
    merged = Histogram.merged([written(counts)])
    bands = merged.counts_between(BANDS_US)
    assert sum(bands) == sum(counts.values())
    for n, band in enumerate(bands):
        low, high = BANDS_US[n] * 0.998, BANDS_US[n + 1] * 1.002
        assert band <= sum(count for value, count in counts.items() if low <= value <= high)


@given(st.lists(st.integers(1, HIGHEST_US), min_size=1, max_size=50))
def test_raw_values_are_counted_where_the_library_counts_them(values_us: list[int]) -> None:
    """A second's values, taken in one pass, give the histogram that recording each would give."""
    library = HdrHistogram(1, HIGHEST_US, 3)
    for value in values_us:
        library.record_value(value)
    found = Histogram.of_ns([value * 1000 for value in values_us])
    assert found.encode() == library.encode().decode()
    assert found.max_us == library.get_max_value()
