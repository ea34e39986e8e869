"""`loadstone export`: a data set as files for DynamoDB's import from S3."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from loadstone.cli.asked_options import data_set_options
from loadstone.cli.export_text import as_dict, of_shard, print_export, print_routes
from loadstone.cli.ledger_table import print_json
from loadstone.cli.options import json_option, naming_options, project_option, say
from loadstone.cli.sessions import say_unheeded
from loadstone.cli.spend import megabytes
from loadstone.errors import BadValue, Refused
from loadstone.export.compression import COMPRESSIONS, Compression
from loadstone.export.lines import FORMATS, Format
from loadstone.naming import Naming
from loadstone.system import System, load_system

if TYPE_CHECKING:
    from loadstone.capacity.prices import Prices
    from loadstone.export.job import Job
    from loadstone.export.manifest import Manifest
    from loadstone.export.routes import Routes
    from loadstone.seeding.identity import Asked

SAY_EVERY_S = 10.0


@click.command()
@click.argument("system")
@data_set_options
@click.option("--out", required=True, metavar="DIR|s3://BUCKET/PREFIX", help="Where to.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="dynamodb-json",
    show_default=True,
    help="What ImportTable takes, or plain JSON for people.",
)
@click.option("--compression", type=click.Choice(COMPRESSIONS), default="zstd", show_default=True)
@click.option("--shards", type=int, help="Parts of equal size; else as many as files of 4 GB need.")
@click.option(
    "--shard",
    type=int,
    help="Only this one, counted from 0; else AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX; "
    "else all.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Shards that are written at one time.",
)
@click.option("--manifest", "only_manifest", is_flag=True, help="Only put the manifests together.")
@click.option("--dry-run", is_flag=True, help="Say what it would be, and which route is cheaper.")
@naming_options
@click.option("--region", help="Of the bucket, and of the prices.")
@click.option("--profile", help="An AWS profile, for s3://.")
@click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of prices that go before the built-in ones.",
)
@project_option
@json_option
def export(
    system: str,
    asked: Asked,
    out: str,
    form: Format,
    compression: Compression,
    shards: int | None,
    shard: int | None,
    processes: int,
    only_manifest: bool,
    dry_run: bool,
    naming: Naming,
    region: str | None,
    profile: str | None,
    prices: Path | None,
    project: Path | None,
    as_json: bool,
) -> None:
    """Write SYSTEM's data set to files that DynamoDB imports from S3 as they are.

    \b
    loadstone export cmz --scale 20000 --out exported
    loadstone export cmz --scale large --as-of 2026-11-01 --shards 64 --out s3://bucket/cmz
    loadstone import s3://bucket/cmz --endpoint aws
    """
    from loadstone.capacity.price_file import known_prices
    from loadstone.export.job import Place, open_job
    from loadstone.seeding.identity import check_locales, settings_from

    loaded = load_system(system, project)
    check_locales(loaded, asked)
    known = known_prices(prices)
    job = open_job(
        loaded,
        replace(asked, settings=settings_from(loaded, os.environ)),
        Place(out=out, region=region, profile=profile),
        shards=shards,
        form=form,
        compression=compression,
    )
    numbers = _numbers(job, shard, shards, asked)
    _announce(job)
    say_unheeded([loaded], naming)
    if dry_run:
        _plan(job, loaded, naming, known, region, as_json=as_json)
        return
    if not only_manifest:
        _run(job, numbers, processes)
    missing = job.missing()
    if missing and only_manifest:
        raise Refused(
            f"{len(missing)} of {job.shards} shards are missing in {job.storage}: "
            f"{', '.join(map(str, missing[:10]))}{', …' * (len(missing) > 10)}; export them with "
            "--shard, or all with neither --shard nor --manifest"
        )
    if missing:
        say(f"{len(missing)} of {job.shards} shards are still to be exported")
        if as_json:
            print_json({"shards": job.shards, "missing": missing, "manifest": None})
        return
    whole = job.merge(naming)
    found = _routes(job, loaded, naming, known, region, whole)
    if as_json:
        print_json(as_dict(job, whole, found))
    else:
        print_export(job, whole, found)


def _numbers(job: Job, shard: int | None, shards: int | None, asked: Asked) -> range:
    """The shards that are this call's."""
    from loadstone.export.job import shard_from

    named = "--shard"
    if shard is None and (given := shard_from(os.environ)):
        shard, named = given
    if shard is None:
        return range(job.shards)
    if shards is None:
        raise BadValue(f"{named} {shard} is one of how many? pass --shards too")
    if not 0 <= shard < job.shards:
        raise BadValue(f"{named} {shard}: the shards are 0 to {job.shards - 1}")
    if asked.as_of is None:
        say(
            f"as of {job.dataset.identity.as_of}: pass --as-of, so that a shard that starts after "
            "midnight is of the same data set"
        )
    return range(shard, shard + 1)


def _announce(job: Job) -> None:
    identity = job.dataset.identity
    say(
        f"data set: {identity.system}, {job.dataset.stored:,} items in {len(job.layouts)} "
        f"table{'s' * (len(job.layouts) > 1)}, seed {identity.seed}, as of {identity.as_of}, "
        f"{identity.locale}"
    )
    say(f"to: {job.storage}, {job.shards} shard{'s' * (job.shards > 1)}")


def _run(job: Job, numbers: range, processes: int) -> None:
    began = last = monotonic()
    done = 0

    def heard(items: int) -> None:
        nonlocal done, last
        done += items
        if monotonic() - last > SAY_EVERY_S:
            last = monotonic()
            say(f"{done:,} items, {done / (last - began):,.0f} items/s")

    for manifest, new in job.run(numbers, processes=processes, heard=heard):
        say(of_shard(manifest, new=new))


def _plan(
    job: Job,
    system: System,
    naming: Naming,
    prices: Prices,
    region: str | None,
    *,
    as_json: bool,
) -> None:
    found = _routes(job, system, naming, prices, region, None)
    if as_json:
        tables = [
            {"table": each.table.name, "items": each.items, "unpacked_bytes": each.size_bytes}
            for each in job.layouts
        ]
        print_json({**job.description.as_dict(), "tables": tables, "routes": found.as_dict()})
        return
    for each in job.layouts:
        click.echo(
            f"{each.table.name}: {each.items:,} items, about {megabytes(each.size_bytes)} before "
            "compression"
        )
    print_routes(found)


def _routes(
    job: Job,
    system: System,
    naming: Naming,
    prices: Prices,
    region: str | None,
    whole: Manifest | None,
) -> Routes:
    """What writing and importing cost and take."""
    from loadstone.aws.endpoint import choose_region
    from loadstone.aws.tables import wanted_tables
    from loadstone.export.routes import routes
    from loadstone.seeding.estimate import as_documented, writing

    chosen = choose_region(
        flag=region,
        environ=os.environ,
        profile_region=None,
        documented=system.region,
        address=None,
    )
    tables = [layout.table for layout in job.layouts]
    wanted = wanted_tables(tables, naming.names(tables), system=system.id)
    estimate = writing(job.dataset, [as_documented(each) for each in wanted])
    if whole:
        sizes = [table.unpacked_bytes for table in whole.tables]
    else:
        sizes = [layout.size_bytes for layout in job.layouts]
    return routes(estimate, sum(sizes), max(sizes), prices, chosen)
