"""Filling a table: ours beside Faker and boto3's batch_writer, in processor time, in one run.

    python -m benchmarks.seed [SYSTEM.ENTITY ...]

Both write to the same server, which stores nothing and answers at once, in a process of its own:
what is measured is making, encoding, signing and sending items, and reading the answers. The
baseline makes an item with a Faker call a value and hands it to batch_writer; beside it is
batch_writer with items that cost nothing. Ours is the seed as it is, with its ledger on the disk,
its pace and its count of units. Each is measured several times in turn; what is printed is the
median, and how many times the baseline's items a second of processor time that is.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

import boto3
from faker import Faker

from benchmarks.generate import naive_maker
from benchmarks.naive.derived import Maker
from benchmarks.server import constant_server
from loadstone.client.target import Credentials, Target
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.seeding.place import Place
from loadstone.seeding.seed import seed
from loadstone.system import load_system

DEFAULT = ("kxgen.Message", "acs.Conversation", "cmz.Message", "agentserver.Message")
SCALE = 400_000
NAIVE_ITEMS = 1_000
FREE_ITEMS = 5_000
REGION = "us-west-2"
KEYS = Credentials("AKIDEXAMPLE", "not-a-secret")


class Ways(NamedTuple):
    """Items per second of processor time."""

    naive: float
    free: float
    ours: float


def batch_writer(url: str, table: str, make: Callable[[], dict[str, Any]], items: int) -> float:
    """Items per second of a script as people write it."""
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
    )
    began = process_time()
    with resource.Table(table).batch_writer() as batch:
        for _ in range(items):
            batch.put_item(Item=make())
    return items / (process_time() - began)


def ours(url: str, dataset: Dataset, entity: Entity) -> float:
    """Items per second of `loadstone seed`'s own work, from a new ledger on."""
    assert entity.table
    name = entity.table.name
    arn = f"arn:aws:dynamodb:{REGION}:000000000000:table/{name}"
    place = Place(table=entity.table, name=name, arn=arn, table_id="benchmark")
    target = Target(url=url, region=REGION, kind="endpoint", credentials=lambda: KEYS)
    with TemporaryDirectory() as folder:
        began = process_time()
        report = seed(dataset, [place], target, only={entity.name}, ledgers=Path(folder))
        spent = process_time() - began
    assert report.written_now == dataset.count(entity)
    return report.written_now / spent


def measure(url: str, dataset: Dataset, entity: Entity, maker: Maker, rounds: int) -> Ways:
    assert entity.table
    name = entity.table.name
    fake = Faker()
    fake.seed_instance(1)
    items = [maker(fake) for _ in range(FREE_ITEMS)]
    ways: Sequence[Callable[[], float]] = (
        partial(batch_writer, url, name, partial(maker, fake), NAIVE_ITEMS),
        lambda: batch_writer(url, name, iter(items).__next__, FREE_ITEMS),
        partial(ours, url, dataset, entity),
    )
    for way in ways:
        way()
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for place, way in enumerate(ways):
            found[place].append(way())
    return Ways(*(median(each) for each in found))


def answers(tables: Sequence[str]) -> dict[str, object]:
    """What the server says to a batch: all written, for a unit an item."""
    units = [
        {"TableName": table, "CapacityUnits": 25.0, "Table": {"CapacityUnits": 25.0}}
        for table in tables
    ]
    return {"BatchWriteItem": {"UnprocessedItems": {}, "ConsumedCapacity": units}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("entities", nargs="*", default=DEFAULT, metavar="SYSTEM.ENTITY")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(
        f"Python {platform.python_version()}, Faker {version('faker')}, boto3 {version('boto3')}, "
        f"numpy {version('numpy')}, {platform.processor() or platform.machine()}; items per second "
        f"of processor time, medians of {arguments.rounds} rounds in turn"
    )
    print(f"{'entity':24}{'baseline':>10}{'items free':>18}{'loadstone seed':>18}")
    for name in arguments.entities:
        system, _, kind = name.partition(".")
        dataset = Dataset(load_system(system), scale=SCALE, as_of=datetime(2026, 6, 1, tzinfo=UTC))
        entity = dataset.system.entity(kind)
        assert entity.table
        maker, _ = naive_maker(system, entity, dataset)
        with constant_server(answers([entity.table.name])) as server:
            found = measure(server.url, dataset, entity, maker, arguments.rounds)
        ratios = "".join(
            f"{speed:>10,.0f} {speed / found.naive:6.1f}x" for speed in (found.free, found.ours)
        )
        print(f"{name:24}{found.naive:>10,.0f}{ratios}")
        sys.stdout.flush()
    print(f"memory of this process at most: {getrusage(RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
