"""Exporting for DynamoDB's import from S3: ours beside Faker, in processor time, in one run.

    python -m benchmarks.export [SYSTEM.ENTITY ...]

The baseline makes an item with a Faker call a value, types it with boto3's TypeSerializer, and
packs the line with gzip, level 6. Beside it is `loadstone export` as it is: items in columns, a
shuffled window of them at a time, zstandard, SHA-256 and the file on the disk. Each is measured
several times in turn; what is printed is the median, and how many times the baseline's items a
second of processor time that is.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from boto3.dynamodb.types import TypeSerializer
from faker import Faker

from benchmarks.generate import naive_maker
from benchmarks.naive.derived import Maker
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.export.compression import COMPRESSIONS, Compression, packer
from loadstone.export.layout import Slice, TableLayout, layouts
from loadstone.export.lines import window_lines
from loadstone.export.manifest import Description
from loadstone.export.shard import write_file
from loadstone.export.storage import Folder
from loadstone.system import load_system

DEFAULT = ("kxgen.Message", "acs.Conversation")
SCALE = 10_000_000
#: A file of a large table has some 120 windows; one that is made for a single one costs more.
WINDOWS = 3
AT_LEAST_S = 1.0


def naive(maker: Maker, fake: Faker, folder: Path) -> int:
    """How many items were made, typed, and packed into a file."""
    serialize = TypeSerializer().serialize
    with gzip.open(folder / "naive.json.gz", "wt", compresslevel=6) as file:
        for _ in range(300):
            item = {name: serialize(value) for name, value in maker(fake).items()}
            file.write(json.dumps({"Item": item}) + "\n")
    return 300


def ours(
    dataset: Dataset, windows: Iterator[list[Slice]], folder: Path, compression: Compression
) -> int:
    """The same with some windows of items, as `loadstone export` writes them."""
    description = Description(
        identity=dataset.identity.as_dict(),
        format="dynamodb-json",
        compression=compression,
        shards=1,
    )
    some = list(islice(windows, WINDOWS))
    file = write_file(dataset, "ours", some, Folder(folder), description)
    return file.items


def per_second(way: Callable[[], int]) -> float:
    done, began = 0, process_time()
    while True:
        done += way()
        spent = process_time() - began
        if spent >= AT_LEAST_S:
            return done / spent


def measure(dataset: Dataset, entity: Entity, maker: Maker, rounds: int) -> list[float]:
    """Items per second of processor time: the baseline, then each compression."""
    fake = Faker()
    fake.seed_instance(1)
    windows = cycle_of(dataset, entity)
    with TemporaryDirectory() as name:
        folder = Path(name)
        ways: list[Callable[[], int]] = [
            partial(naive, maker, fake, folder),
            *(partial(ours, dataset, windows, folder, each) for each in COMPRESSIONS),
        ]
        for way in ways:
            way()
        found: list[list[float]] = [[] for _ in ways]
        for _ in range(rounds):
            for place, way in enumerate(ways):
                found[place].append(per_second(way))
    return [median(each) for each in found]


def cycle_of(dataset: Dataset, entity: Entity) -> Iterator[list[Slice]]:
    """The windows of an entity's table, again and again."""
    layout = layout_of(dataset, entity)
    return cycle(layout.windows(0))


def layout_of(dataset: Dataset, entity: Entity) -> TableLayout:
    return next(each for each in layouts(dataset, 1) if each.table is entity.table)


def ratios(dataset: Dataset, entity: Entity) -> dict[Compression, float]:
    """How much smaller each compression makes the first window."""
    window = next(layout_of(dataset, entity).windows(0))
    pieces = [lines for _, lines in window_lines(dataset, window, "dynamodb-json")]
    found: dict[Compression, float] = {}
    for compression in COMPRESSIONS:
        pack = packer(compression)
        packed = sum(len(pack.compress(piece)) for piece in pieces) + len(pack.flush())
        found[compression] = sum(map(len, pieces)) / packed
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("entities", nargs="*", default=DEFAULT, metavar="SYSTEM.ENTITY")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(
        f"Python {platform.python_version()}, Faker {version('faker')}, boto3 {version('boto3')}, "
        f"numpy {version('numpy')}, zstandard {version('zstandard')}, "
        f"{platform.processor() or platform.machine()}; items per second of processor time, "
        f"medians of {arguments.rounds} rounds in turn"
    )
    heading = "".join(f"{name:>18}{'smaller':>9}" for name in COMPRESSIONS)
    print(f"{'entity':24}{'baseline':>10}{heading}")
    for name in arguments.entities:
        system, _, kind = name.partition(".")
        dataset = Dataset(load_system(system), scale=SCALE, as_of=datetime(2026, 6, 1, tzinfo=UTC))
        entity = dataset.system.entity(kind)
        maker, _ = naive_maker(system, entity, dataset)
        base, *each = measure(dataset, entity, maker, arguments.rounds)
        smaller = ratios(dataset, entity)
        shown = "".join(
            f"{speed:>10,.0f} {speed / base:6.1f}x{smaller[compression]:>8.1f}x"
            for compression, speed in zip(COMPRESSIONS, each, strict=True)
        )
        print(f"{name:24}{base:>10,.0f}{shown}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
