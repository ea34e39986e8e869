"""Feeds the rows of a load to nobody, in a process of its own: `python -m tests.fed SYSTEM SCALE`.

As many slices of every table are opened as a worker opens, several times over; what is printed is
the most memory that it took, in MB.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from loadstone.dataset import Dataset
from loadstone.seeding.feed import BATCH_ITEMS, Feed, together
from loadstone.seeding.opened import OpenSlice, open_puts
from loadstone.seeding.place import Place
from loadstone.seeding.slices import SLICE_ITEMS, Slice, slices
from loadstone.system import load_system
from loadstone.table import Table

TIMES = 3
STATUS = Path("/proc/self/status")


def feed_of(dataset: Dataset, table: Table, opened: int) -> Feed:
    """What a worker sends to a table in the beginning."""
    place = Place(table=table, name=table.name, arn=table.name, table_id="1")

    def opens(some: Sequence[Slice]) -> list[OpenSlice]:
        return open_puts(dataset, some, place)

    stored = [entity for entity in dataset.system.stored if entity.table is table]
    feed = Feed(opens, together=opened)
    every = slices({entity.name: dataset.count(entity) for entity in stored})
    feed.add(islice(every, TIMES * opened))
    return feed


def most_mb() -> int:
    """Of this program alone: Linux's getrusage() also counts what had whoever started it."""
    if not STATUS.exists():
        return getrusage(RUSAGE_SELF).ru_maxrss >> 20
    (kb,) = (line.split()[1] for line in STATUS.read_text().splitlines() if "VmHWM" in line)
    return int(kb) >> 10


def main(system: str, scale: str) -> None:
    dataset = Dataset(load_system(system), scale=int(scale), as_of=datetime(2026, 1, 1, tzinfo=UTC))
    tables = dataset.system.tables
    opened = together(len(tables))
    feeds = [feed_of(dataset, table, opened) for table in tables]
    for _ in range(TIMES * opened * SLICE_ITEMS // BATCH_ITEMS):
        for feed in filter(None, feeds):
            batch = feed.next(width=8)
            batch.of.batch(batch.rows)
    sys.stdout.write(str(most_mb()))


if __name__ == "__main__":
    main(*sys.argv[1:])
