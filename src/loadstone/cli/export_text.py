"""What `loadstone export` prints of its shards, of the whole, and of the two routes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from loadstone.cli.options import say
from loadstone.cli.spend import clock, megabytes, usd
from loadstone.export.manifest import MANIFEST, Manifest, ShardManifest
from loadstone.export.routes import ASSUMED_BYTES_PER_S, ASSUMED_START_S, Routes

if TYPE_CHECKING:
    from loadstone.export.job import Job


def of_shard(manifest: ShardManifest, *, new: bool) -> str:
    items = sum(file.items for file in manifest.files)
    size = megabytes(sum(file.size_bytes for file in manifest.files))
    files = f"{len(manifest.files)} file{'s' * (len(manifest.files) != 1)}"
    there = "written" if new else "there already, whole"
    return f"shard {manifest.shard}: {items:,} items, {size} in {files}: {there}"


def print_routes(found: Routes) -> None:
    capacity = "their documented capacity" if found.provisioned else "what new tables take"
    click.echo(
        f"writing (loadstone seed): {_cost(found.write_usd)}, at least {clock(found.write_s)} by "
        f"{capacity}"
    )
    click.echo(
        f"importing (loadstone import): {_cost(found.import_usd)}, perhaps "
        f"{clock(found.import_s)}: assumed are {clock(ASSUMED_START_S)} to start and "
        f"{ASSUMED_BYTES_PER_S // 10**6} MB/s a table, as AWS publishes no rate"
    )
    click.echo(f"cheaper: {found.cheaper}; faster: {found.faster} ({_prices(found)})")
    for missing in found.unpriced:
        say(missing)


def _cost(amount: Decimal | None) -> str:
    return "cost not known" if amount is None else usd(amount)


def _prices(found: Routes) -> str:
    if not found.prices:
        return "no prices are known"
    oldest = min(price.as_of for price in found.prices)
    guessed = any(price.basis != "published" for price in found.prices)
    return f"prices of {oldest}{', some of them estimated' * guessed}; those of S3 left out"


def as_dict(job: Job, whole: Manifest, found: Routes) -> dict[str, Any]:
    tables = [
        {key: value for key, value in table.as_dict().items() if key != "files"}
        | {"files": len(table.files)}
        for table in whole.tables
    ]
    return {
        **job.description.as_dict(),
        "manifest": f"{job.storage}",
        "missing": [],
        "tables": tables,
        "routes": found.as_dict(),
    }


def print_export(job: Job, whole: Manifest, found: Routes) -> None:
    for table in whole.tables:
        files = f"{len(table.files)} file{'s' * (len(table.files) != 1)}"
        click.echo(
            f"{table.name}: {table.items:,} items, {megabytes(table.size_bytes)} in {files} under "
            f"{table.prefix}, {megabytes(table.unpacked_bytes)} before compression"
        )
    click.echo(f"{MANIFEST} in {job.storage}: checksums, and the ImportTable call of each table")
    print_routes(found)
