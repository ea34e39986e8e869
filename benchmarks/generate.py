"""Making items: ours beside Faker and mimesis, in processor time, side by side in one run.

    python -m benchmarks.generate [SYSTEM ...]

For each stored entity: naive Faker to a dict, Faker without weighting, mimesis; then our items as
dicts, asked for by number one after the other, all over the place, and all over the place a
thousand at a time, and our columns to wire bytes, in the slices and batches of a seed and in the
slices of an export. Each is measured several times in turn; what is printed is the median, and how
many times the naive items a second that is. Our items belong to each other; the naive ones do not.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import chain, count, cycle, islice, repeat
from random import Random
from statistics import geometric_mean, median
from time import process_time
from typing import NamedTuple

from faker import Faker

from benchmarks.naive.derived import Make, Maker, derived, derived_with_mimesis
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.export import layout
from loadstone.seeding.feed import BATCH_ITEMS, together
from loadstone.seeding.opened import PUT
from loadstone.seeding.slices import slice_count, slices
from loadstone.system import load_system, system_names

SCALE = 1_000_000
SAMPLE = 1_000  # items, for their size, and so many numbers together
AT_LEAST_S = 0.25
ANYWHERE = 1 << 16  # so many places, before the same are asked for again
#: A way of making items: makes some, and says how many.
Way = Callable[[], int]


class Ways(NamedTuple):
    """Items per second of processor time."""

    naive: float
    unweighted: float
    mimesis: float
    in_turn: float
    scattered: float
    together: float
    seed: float
    export: float


def ways(dataset: Dataset, entity: Entity, naive: Maker) -> list[Way]:
    """As many as there are in `Ways`, in their order."""
    size = dataset.count(entity)
    weighted, unweighted = Faker(), Faker(use_weighting=False)
    weighted.seed_instance(1)
    unweighted.seed_instance(1)
    starts, places = count(0, layout.SLICE_ITEMS), Random(1)
    # Numbers are there beforehand, so that it is items that are measured and not drawing numbers.
    numbers = chain.from_iterable(repeat(range(size)))
    anywhere = cycle([places.randrange(size) for _ in range(ANYWHERE)])
    seeded = chain.from_iterable(repeat(list(slices({entity.name: size}))))

    def asked(numbers: Iterator[int], times: int) -> int:
        for number in islice(numbers, times):
            dataset.item(entity, number)
        return times

    def asked_together() -> int:
        return len(list(dataset.items_of(entity, list(islice(anywhere, SAMPLE)))))

    def as_seeded() -> int:
        some = sorted(islice(seeded, min(together(len(dataset.system.tables)), slice_count(size))))
        ranges = [range(each.start, each.stop) for each in some]
        for rows in dataset.rows_of(entity, ranges, before=PUT.before, after=PUT.after):
            for first in range(0, len(rows), BATCH_ITEMS):
                rows.joined(first, min(first + BATCH_ITEMS, len(rows)))
        return sum(map(len, ranges))

    def as_exported() -> int:
        start = next(starts) % size
        stop = min(start + layout.SLICE_ITEMS, size)
        dataset.rows(entity, start, stop, before='{"Item":', after="}\n").joined()
        return stop - start

    mimesis = derived_with_mimesis(_typical(dataset, entity))
    return [
        partial(_each, partial(naive, weighted), 50),
        partial(_each, partial(naive, unweighted), 50),
        partial(_each, mimesis, 50),
        partial(asked, numbers, 1000),
        partial(asked, anywhere, 200),
        asked_together,
        as_seeded,
        as_exported,
    ]


def _each(make: Make, times: int) -> int:
    for _ in range(times):
        make()
    return times


def measure(each: Sequence[Way], rounds: int) -> Ways:
    """The median of each way over some rounds, taken in turn."""
    for way in each:
        way()
    found: list[list[float]] = [[] for _ in each]
    for _ in range(rounds):
        for place, way in enumerate(each):
            found[place].append(_per_second(way))
    return Ways(*(median(speeds) for speeds in found))


def _per_second(way: Way) -> float:
    done, began = 0, process_time()
    while True:
        done += way()
        spent = process_time() - began
        if spent >= AT_LEAST_S:
            return done / spent


def naive_maker(system: str, entity: Entity, dataset: Dataset) -> tuple[Maker, str]:
    """The maker written by hand where there is one, else one derived from an item."""
    try:
        module = importlib.import_module(f"benchmarks.naive.{system}")
    except ModuleNotFoundError:
        module = None
    wanted = entity.name.lower().replace("_", "")
    for name, maker in vars(module).items() if module else ():
        if name.replace("_", "") == wanted and callable(maker):
            return maker, "by hand"
    return derived(_typical(dataset, entity)), "derived"


def _typical(dataset: Dataset, entity: Entity) -> dict[str, object]:
    return dataset.item(entity, dataset.count(entity) // 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("systems", nargs="*", help="all, when none is named")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(
        f"Python {platform.python_version()}, Faker {version('faker')}, "
        f"mimesis {version('mimesis')}, numpy {version('numpy')}, "
        f"{platform.processor() or platform.machine()}; items per second of processor time, "
        f"medians of {arguments.rounds} rounds in turn"
    )
    heading = (
        "unweighted",
        "mimesis",
        "dict, in turn",
        "dict, scattered",
        "dict, thousand",
        "wire, seed",
        "wire, export",
    )
    titles = "".join(f"{title:>17}" for title in heading)
    print(f"{'entity':28}{'baseline':>9}{'naive':>9}{titles}{'bytes':>7}")
    times: list[list[float]] = []
    for name in arguments.systems or system_names():
        made = Dataset(load_system(name), scale=SCALE, as_of=datetime(2026, 6, 1, tzinfo=UTC))
        for entity in made.system.stored:
            maker, kind = naive_maker(name, entity, made)
            speeds = measure(ways(made, entity, maker), arguments.rounds)
            ratios = [speed / speeds.naive for speed in speeds[1:]]
            times.append(ratios)
            rows = made.rows(entity, 0, min(SAMPLE, made.count(entity)))
            columns = "".join(
                f"{speed:>10,.0f} {ratio:5.1f}x"
                for speed, ratio in zip(speeds[1:], ratios, strict=True)
            )
            size = len(rows.joined()) // len(rows)
            print(f"{f'{name}.{entity.name}':28}{kind:>9}{speeds.naive:>9,.0f}{columns}{size:>7}")
            sys.stdout.flush()
    means = "".join(f"{geometric_mean(each):>16.1f}x" for each in zip(*times, strict=True))
    print(f"{'geometric mean':46}{means}")


if __name__ == "__main__":
    main()
