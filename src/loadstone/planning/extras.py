"""What else DynamoDB bills for where it is used: backups, exports, imports, streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import orjson

from loadstone.capacity.footprint import SAMPLE
from loadstone.capacity.limits import partitions_needed
from loadstone.capacity.money import HOURS_PER_MONTH
from loadstone.capacity.month import Usage, bill, total_usd
from loadstone.capacity.units import item_size_bytes
from loadstone.dataset import Dataset
from loadstone.errors import NoPrice
from loadstone.planning.load import Load
from loadstone.planning.storage import StorageRow
from loadstone.planning.terms import Terms
from loadstone.table import Table
from loadstone.wire import encode

_MONTH_S = HOURS_PER_MONTH * 3600
#: A partition holds about so much: "Best practices for designing partition keys".
_PARTITION_BYTES = 10 * 1024**3
#: GetRecords answers so many records at most: "DynamoDB Streams API".
_RECORDS_A_CALL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A thing to use, how it is reckoned, and what it costs: a month, or once. Without a price
    `usd` is None, and `missing` says which."""

    name: str
    how: str
    usd: Decimal | None
    once: bool = False
    missing: str = ""


def extras(
    load: Load,
    storage: tuple[StorageRow, ...],
    terms: Terms,
    tables: Mapping[str, Table],
    dataset: Dataset | None = None,
) -> tuple[Extra, ...]:
    """`tables` are those of the document, by the names of the load; the data set tells how long
    their items are in a file."""
    return tuple(_extras(load, storage, terms, tables, dataset))


def _extras(
    load: Load,
    storage: tuple[StorageRow, ...],
    terms: Terms,
    tables: Mapping[str, Table],
    dataset: Dataset | None,
) -> Iterator[Extra]:
    whole = sum(row.item_bytes for row in storage)
    bare = sum(row.item_bytes for row in storage if not row.pitr_usd)
    if whole:
        yield _extra(
            "a backup of every table", "kept for a month", Usage(backup_bytes=whole), terms
        )
        yield _extra(
            "restoring it", "into new tables, once", Usage(restored_bytes=whole), terms, once=True
        )
        if bare:
            yield _extra(
                "point-in-time recovery",
                "of the tables that have none",
                Usage(recoverable_bytes=bare),
                terms,
            )
        yield _extra(
            "an export to S3",
            "in full, once; S3's own bill aside",
            Usage(exported_bytes=whole),
            terms,
            once=True,
        )
        yield _import(storage, terms, tables, dataset)
    for name in load.busy:
        if name in tables and tables[name].stream:
            yield from _stream(name, load, storage, terms)
    expiring = [name for name in load.tables if name in tables and tables[name].ttl]
    if expiring:
        yield Extra(
            name="deletes by TTL",
            how=f"of {', '.join(expiring)}: they take no write units in their own region",
            usd=Decimal(0),
        )


def _import(
    storage: tuple[StorageRow, ...],
    terms: Terms,
    tables: Mapping[str, Table],
    dataset: Dataset | None,
) -> Extra:
    """Billed by its files before compression, not by the items in them: "DynamoDB data import from
    Amazon S3: how it works"."""
    whole = sum(row.item_bytes for row in storage)
    said = "of as many bytes in its files, uncompressed; DynamoDB's JSON takes more for an item"
    if dataset is not None and all(row.table in tables for row in storage):
        files = sum(row.item_bytes * _file_share(dataset, tables[row.table]) for row in storage)
        said = f"of it in DynamoDB's JSON, {files / whole:.2f} times as many bytes, uncompressed"
        whole = round(files)
    return _extra(
        "an import from S3",
        f"{said}; into new tables, once; it takes no write units",
        Usage(imported_bytes=whole),
        terms,
        once=True,
    )


def _file_share(dataset: Dataset, table: Table) -> float:
    """How many bytes of a file in DynamoDB's JSON a byte of the table's items takes, by a
    sample of each entity."""
    items = lines = 0.0
    for entity in dataset.system.stored:
        if entity.table is table:
            sample = dataset.sample(entity, SAMPLE)
            each = dataset.count(entity) / max(1, len(sample))
            items += each * sum(map(item_size_bytes, sample))
            lines += each * sum(len(orjson.dumps({"Item": encode(one)})) + 1 for one in sample)
    return lines / items if items else 1.0


def _stream(
    table: str, load: Load, storage: tuple[StorageRow, ...], terms: Terms
) -> Iterator[Extra]:
    """Lambda and global tables read a stream for nothing; whoever else reads it pays by the call,
    also for one that brings nothing."""
    writes = [
        (each.per_s, units)
        for each in load.work
        for side, units in each.units.items()
        if side.direction == "write" and side.resource == (table, None)
    ]
    held = sum(row.item_bytes for row in storage if row.table == table)
    peak = sum(per_s * units for per_s, units in writes)
    shards = max(partitions_needed(0, peak), -(-held // _PARTITION_BYTES))
    records = sum(per_s for per_s, _ in writes) * terms.peak_s_per_month
    calls = max(shards * _MONTH_S, records / _RECORDS_A_CALL)
    yield Extra(name=f"the stream of {table}, read by Lambda", how="free", usd=Decimal(0))
    yield _extra(
        f"the stream of {table}, read by yourself",
        f"{shards:,} {'shard' if shards == 1 else 'shards'}, asked once a second by one reader",
        Usage(stream_calls=calls),
        terms,
    )


def _extra(name: str, how: str, usage: Usage, terms: Terms, *, once: bool = False) -> Extra:
    try:
        usd = total_usd(bill(usage, terms.prices, terms.region, terms.free))
    except NoPrice as error:
        return Extra(name=name, how=how, usd=None, once=once, missing=str(error).partition(";")[0])
    return Extra(name=name, how=how, usd=usd, once=once)
