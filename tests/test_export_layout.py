"""Which items are in which file: every item once, in an order that heats no partition."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone import Entity, Table, number, text
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from loadstone.export.layout import FILE_BYTES, FILE_ITEMS, TableLayout, layouts
from loadstone.export.lines import window_lines
from loadstone.export.shuffle import Permutation, shuffled
from loadstone.system import load_system
from tests.systems import AS_OF

TABLE = Table("things", partition_key="id")
KINDS = [
    Entity(name, table=TABLE, item={"id": text(f"{name}-{{n}}", n=number)})
    for name in ("One", "Two", "Three")
]


def layout(counts: list[int], *, shards: int, line_bytes: int = 1000, key: int = 7) -> TableLayout:
    return TableLayout(
        table=TABLE,
        counts=list(zip(KINDS, counts, strict=False)),
        line_bytes=line_bytes,
        shards=shards,
        key=key,
    )


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_a_permutation_has_every_number_once(size: int, key: int) -> None:
    """Both orders are permutations, and the same for the same key."""
    order = Permutation(size, key)
    numbers = [order[position] for position in range(size)]
    assert sorted(numbers) == list(range(size)) == sorted(shuffled(size, key))
    assert [Permutation(size, key)[at] for at in range(size)] == numbers
    assert shuffled(size, key) == shuffled(size, key)
    with pytest.raises(IndexError):
        order[size]


@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=3),
    st.integers(1, 60),
    st.sampled_from([20, 1000, 40_000, 400_000]),
)
def test_shards_have_every_item_once(counts: list[int], shards: int, line_bytes: int) -> None:
    """Over all shards every item of every entity is in one slice, whatever the sizes."""
    made = layout(counts, shards=shards, line_bytes=line_bytes)
    seen: dict[Entity, list[tuple[int, int]]] = {kind: [] for kind, _ in made.counts}
    for shard in range(shards):
        in_files = [each for file in made.files(shard) for window in file for each in window]
        in_windows = [each for window in made.windows(shard) for each in window]
        assert in_files == in_windows
        for each in in_windows:
            seen[each.entity].append((each.start, each.stop))
    for kind, count in made.counts:
        ranges = sorted(seen[kind])
        assert ranges[0][0] == 0
        assert ranges[-1][1] == count
        assert all(before[1] == after[0] for before, after in pairwise(ranges))


@given(st.integers(1, 50_000_000), st.integers(1, 40), st.sampled_from([80, 1000, 5000]))
def test_shards_are_of_one_size(count: int, shards: int, line_bytes: int) -> None:
    """No two shards differ by more than two slices: nobody waits for one of them."""
    made = layout([count], shards=shards, line_bytes=line_bytes)
    slices = -(-count // made.slice_items)
    sizes = [slices * (n + 1) // shards - slices * n // shards for n in range(shards)]
    assert max(sizes) - min(sizes) <= 1


def test_large_shards_are_cut_into_files() -> None:
    """A file has at most 4,000,000 items of up to 1 KB, and fewer where they are larger."""
    for line_bytes, most in ((500, FILE_ITEMS), (4096, FILE_BYTES // 4096)):
        made = layout([9_500_000], shards=1, line_bytes=line_bytes)
        sizes = [sum(len(each) for window in file for each in window) for file in made.files(0)]
        assert sum(sizes) == 9_500_000
        assert max(sizes) <= most
        assert min(sizes[:-1]) > most * 0.95


def test_shards_follow_from_the_size() -> None:
    """With no number given there are as many shards as files of the recommended size need; a
    number that no import would take is refused."""
    system = load_system("cmz")
    large = Dataset(system, scale=100_000_000, as_of=AS_OF)
    (made,) = layouts(large, None)
    assert made.shards == -(-made.items // min(FILE_ITEMS, FILE_BYTES // made.line_bytes))
    small = Dataset(system, scale=1000, as_of=AS_OF)
    assert layouts(small, None)[0].shards == 1
    with pytest.raises(BadValue, match="50,000: pass fewer --shards"):
        layouts(large, 60_000)
    for shards in (0, -3, 100_001):
        with pytest.raises(BadValue, match="--shards is 1 to 100,000"):
            layouts(small, shards)


@pytest.mark.parametrize(
    ("name", "table"), [("cmz", "cmz-conversations"), ("kxgen", "messages"), ("listbackup", "v2")]
)
def test_neighbouring_lines_are_of_different_partitions(name: str, table: str) -> None:
    """A partition key seldom comes twice in a row, and takes a small share of any 1,000 lines,
    where in order of number its items stand together."""
    dataset = Dataset(load_system(name), scale=60_000, as_of=AS_OF)
    (made,) = (each for each in layouts(dataset, 2) if each.table.name == table)
    lines = b"".join(
        lines
        for window in made.windows(1)
        for _, lines in window_lines(dataset, window, "dynamodb-json")
    ).splitlines()
    partition = made.table.partition_key
    keys = [str(orjson.loads(line)["Item"][partition]) for line in lines]
    runs = [1]
    for before, after in pairwise(keys):
        runs = [*runs[:-1], runs[-1] + 1] if before == after else [*runs, 1]
    assert max(runs) <= 5
    shares = [
        Counter(keys[start : start + 1000]).most_common(1)[0][1]
        for start in range(0, len(keys) - 1000, 1000)
    ]
    assert max(shares) < 100
