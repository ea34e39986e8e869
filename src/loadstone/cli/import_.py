"""`loadstone import`: an export becomes tables."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from loadstone.advice import advised
from loadstone.capacity.money import no_less
from loadstone.cli.ledger_table import print_json
from loadstone.cli.options import (
    allow_production_option,
    check_production,
    json_option,
    naming_options,
    say,
    target_options,
)
from loadstone.cli.sessions import say_unheeded
from loadstone.cli.spend import Spending, megabytes, spend_options, usd
from loadstone.errors import BadValue, Refused
from loadstone.naming import Naming
from loadstone.system import System, load_system
from loadstone.target import Where, opened_target

if TYPE_CHECKING:
    from decimal import Decimal

    from loadstone.aws.imports import Imports
    from loadstone.aws.tables import Wanted
    from loadstone.client.target import Target
    from loadstone.export.importing import Importing, Result
    from loadstone.export.manifest import Manifest


@click.command("import")
@click.argument("place", metavar="DIR|s3://BUCKET/PREFIX")
@naming_options
@target_options
@spend_options
@allow_production_option
@json_option
def import_(
    place: str,
    naming: Naming,
    where: Where,
    spending: Spending,
    allow_production: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make tables of what `loadstone export` wrote, by DynamoDB's import from S3.

    Then tags, TTL, stream, point-in-time recovery and deletion protection are set, which an import
    cannot. A local engine has no import: there the items are written from the files.

    \b
    loadstone import s3://bucket/cmz --endpoint aws
    loadstone import exported
    """
    from loadstone.export.importing import Importing
    from loadstone.export.manifest import MANIFEST
    from loadstone.export.read import read_manifest
    from loadstone.export.storage import open_storage

    place = place.removesuffix(MANIFEST)
    storage = open_storage(place, region=where.region, profile=where.profile)
    manifest = read_manifest(storage)
    _check_format(manifest)
    system = _system(manifest, where)
    with opened_target(where, documented_region=system.region, say=say) as opened:
        target = opened.target
        say_unheeded([system], naming)
        wanted = _wanted(system, manifest, naming)
        names = [each.name for each in wanted]
        check_production(target, where, naming, names, allow_production)
        importing = Importing(
            manifest=manifest, storage=storage, wanted=wanted, target=target, say=say
        )
        imports = _imports(importing)
        if imports is None:
            _tell(manifest, target)
            if spending.dry_run:
                return
            results = importing.write_all(where.state)
        else:
            begun = importing.begun(imports)
            if len(begun) < len(wanted):
                importing.check_files()
            if not _agreed(importing, spending, begun=list(begun)):
                return
            results = importing.import_all(imports, begun)
    if as_json:
        print_json({"ok": all(each.ok for each in results), "tables": _dicts(results)})
    else:
        _print(results, system)
    if not all(each.ok for each in results):
        raise SystemExit(1)


def _check_format(manifest: Manifest) -> None:
    if manifest.description.format != "dynamodb-json":
        raise BadValue(
            f"these files are {manifest.description.format}, which is for people: export them with "
            "--format dynamodb-json"
        )


def _system(manifest: Manifest, where: Where) -> System:
    """The system that was exported; its tables' settings are told by its fixtures."""
    identity = manifest.description.identity
    system = load_system(identity["system"], where.project)
    if system.fingerprint != identity["content"]:
        say(
            f"the fixtures of {system.id} have changed since the export: its items are imported as "
            "they were, and a verification will not know them"
        )
    return system


def _wanted(system: System, manifest: Manifest, naming: Naming) -> list[Wanted]:
    from loadstone.aws.tables import wanted_tables
    from loadstone.seeding.identity import as_tags

    by_name = {table.name: table for table in system.tables}
    gone = [table.name for table in manifest.tables if table.name not in by_name]
    if gone:
        raise BadValue(f"the fixtures of {system.id} have no table {', '.join(gone)} any more")
    tables = [by_name[table.name] for table in manifest.tables]
    tags = as_tags(manifest.description.identity)
    return wanted_tables(tables, naming.names(system.tables), system=system.id, identity=tags)


def _imports(importing: Importing) -> Imports | None:
    """What calls ImportTable; None, and said, where items are to be written one by one."""
    from loadstone.aws.imports import Imports, NoImport

    target, in_s3 = importing.target, "S3Bucket" in importing.storage.source("")
    if not in_s3 and target.kind == "aws":
        raise Refused(
            f"DynamoDB imports from S3, and {importing.storage} is a folder: `aws s3 cp "
            f"--recursive {importing.storage} s3://BUCKET/PREFIX`, then `loadstone import "
            "s3://BUCKET/PREFIX`"
        )
    imports = Imports(target, say=say)
    with suppress(NoImport):
        imports.probe()
        if in_s3:
            return imports
        say(
            f"{importing.storage} is a folder and ImportTable reads from S3: items are written "
            "from the files (BatchWriteItem)"
        )
        return None
    say(f"{target} has no ImportTable: items are written from the files (BatchWriteItem)")
    return None


def _tell(manifest: Manifest, target: Target) -> None:
    tables = f"{len(manifest.tables)} table{'s' * (len(manifest.tables) != 1)}"
    say(f"to be written: {manifest.items:,} items in {tables} at {target}")


def _agreed(importing: Importing, spending: Spending, *, begun: Sequence[str]) -> bool:
    """Say what it costs, and ask; what has begun is paid for already."""
    from loadstone.capacity.spend import import_cost_usd

    target = importing.target
    left = [table for table, each in importing.pairs if each.name not in begun]
    for name in begun:
        say(f"{name}: an import of these files has begun already, and is gone on with")
    if not left:
        return not spending.dry_run
    unpacked = sum(table.unpacked_bytes for table in left)
    cost: Decimal | None = None
    if target.kind == "aws":
        cost = import_cost_usd(spending.prices, target.region, unpacked)
    price = f"about {usd(cost)}" if cost is not None else "no bill of AWS's"
    say(
        f"to be imported: {sum(table.items for table in left):,} items, {megabytes(unpacked)} "
        f"before compression, into {len(left)} new table{'s' * (len(left) > 1)} at {target}: "
        f"{price}, then storage"
    )
    if spending.dry_run:
        return False
    if cost is not None and spending.budget_usd is not None and cost > spending.budget_usd:
        raise Refused(
            f"nothing was imported: about {no_less(cost)} USD is above the budget of "
            f"{spending.budget_usd.normalize():f} USD"
        )
    if target.kind == "aws" and not spending.yes:
        _ask()
    return True


def _ask() -> None:
    try:
        yes = click.confirm("Import them?", err=True)
    except click.Abort as error:
        raise Refused("nothing was imported: nobody said yes; pass --yes") from error
    if not yes:
        raise Refused("nothing was imported")


def _dicts(results: Sequence[Result]) -> list[dict[str, object]]:
    return [each.as_dict() for each in results]


def _print(results: Sequence[Result], system: System) -> None:
    for each in results:
        click.echo(
            f"{each.table}: {each.imported:,} of {each.asked:,} items, {each.errors:,} errors: "
            f"{'ok' if each.ok else each.problem or each.status}"
        )
        for finding in each.findings:
            click.echo(f"  {finding}")
    if all(each.ok for each in results):
        say(f"`{advised('verify', system.id)}` counts them and compares a sample")
