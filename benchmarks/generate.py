"""Making items: ours beside Faker, in processor time, side by side in one run.

    python -m benchmarks.generate [SYSTEM ...]

For each stored entity: naive Faker to a dict, Faker without weighting, our items one at a time as a
dict, and our columns to wire bytes. Each is measured several times in turn; what is printed is the
median, and how many times the naive items a second that is.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from statistics import median
from time import process_time
from typing import NamedTuple

from faker import Faker

from benchmarks.naive.derived import Maker, derived
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.system import load_system, system_names

SLICE = 4_000
BATCH = 25  # items of one request
AT_LEAST_S = 0.25


class Speeds(NamedTuple):
    """Items per second of processor time."""

    naive: float
    unweighted: float
    one: float
    columns: float


def measure(dataset: Dataset, entity: Entity, naive: Maker, rounds: int) -> Speeds:
    """The median of each way over some rounds, taken in turn."""
    count = dataset.count(entity)
    weighted, unweighted = Faker(), Faker(use_weighting=False)
    weighted.seed_instance(1)
    unweighted.seed_instance(1)

    def singly(start: int) -> int:
        for number in range(start, start + 200):
            dataset.item(entity, number % count)
        return 200

    def in_columns(start: int) -> int:
        begin = start * 5 % max(1, count - SLICE)
        rows = dataset.rows(entity, begin, min(begin + SLICE, count))
        for first in range(0, len(rows), BATCH):
            rows.joined(first, min(first + BATCH, len(rows)))
        return len(rows)

    def with_faker(fake: Faker, start: int) -> int:
        for _ in range(50):
            naive(fake)
        return 50

    ways: list[Callable[[int], int]] = [
        partial(with_faker, weighted),
        partial(with_faker, unweighted),
        singly,
        in_columns,
    ]
    for way in ways:
        way(0)
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for place, way in enumerate(ways):
            found[place].append(_per_second(way))
    return Speeds(*(median(each) for each in found))


def _per_second(way: Callable[[int], int]) -> float:
    done, began = 0, process_time()
    while True:
        done += way(done)
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
    return derived(dataset.item(entity, dataset.count(entity) // 2)), "derived"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("systems", nargs="*", help="all, when none is named")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(
        f"Python {platform.python_version()}, Faker {version('faker')}, numpy {version('numpy')}, "
        f"{platform.processor() or platform.machine()}; items per second of processor time, "
        f"medians of {arguments.rounds} rounds in turn"
    )
    heading = f"{'entity':36}{'baseline':>9}{'naive':>9}{'unweighted':>17}{'one, dict':>17}"
    print(f"{heading}{'columns, wire':>18}{'bytes':>7}")
    for name in arguments.systems or system_names():
        dataset = Dataset(
            load_system(name), scale=1_000_000, as_of=datetime(2026, 6, 1, tzinfo=UTC)
        )
        for entity in dataset.system.stored:
            maker, kind = naive_maker(name, entity, dataset)
            speeds = measure(dataset, entity, maker, arguments.rounds)
            size = len(dataset.rows(entity, 0, min(SLICE, dataset.count(entity))).joined())
            others = "".join(
                f"{speed:>10,.0f} {speed / speeds.naive:5.1f}x" for speed in speeds[1:]
            )
            each = size // min(SLICE, dataset.count(entity))
            print(f"{name + '.' + entity.name:36}{kind:>9}{speeds.naive:>9,.0f}{others}{each:>7}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
