"""An export becomes tables: written from the files, or by an engine that knows ImportTable."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import gevent
import orjson
import pytest
from click.testing import CliRunner, Result

from loadstone.aws import imports as imports_module
from loadstone.aws.control import Control
from loadstone.aws.live import LiveTable
from loadstone.aws.session import dynamodb
from loadstone.capacity.prices import builtin_prices
from loadstone.cli import commands
from loadstone.cli.import_ import _agreed, _imports, import_
from loadstone.cli.spend import Spending
from loadstone.client.target import Credentials, Target
from loadstone.errors import NoPrice, Refused
from loadstone.export.importing import Importing
from loadstone.export.load import load_table
from loadstone.export.manifest import Description, ExportedTable, File, Manifest
from loadstone.export.storage import Folder
from loadstone.seeding.place import Place
from loadstone.seeding.sender import SeedStopped, Sender
from loadstone.seeding.tally import Tally
from loadstone.system import load_system
from tests.commands import loadstone
from tests.exported import made_export
from tests.importserver import ImportServer
from tests.s3server import BUCKET, S3Server
from tests.seeding_fakes import FakeTable, failing, garbage, lost, unprocessed
from tests.test_export_files import dataset, expected

SYSTEM = load_system("cmz")
(TABLE,) = SYSTEM.tables
PLACE = Place(table=TABLE, name="cmz-test", arn="arn", table_id="1")

_numbers = itertools.count()


@pytest.fixture
def prefix() -> str:
    return f"imported-{next(_numbers)}-"


@pytest.fixture
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def server(
    target: Target, s3: S3Server, monkeypatch: pytest.MonkeyPatch, no_aws: None
) -> Iterator[ImportServer]:
    for name, value in s3.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(imports_module, "PAUSE_S", 0.01)
    with ImportServer(target.url, s3) as running:
        yield running


def run(place: str, target_url: str, prefix: str, project: Path, *more: str) -> Result:
    arguments = [place, "--endpoint", target_url, "--table-prefix", prefix]
    return CliRunner().invoke(import_, [*arguments, "--project", str(project), *more])


def bucket_place(folder: Path) -> str:
    return f"s3://{BUCKET}/{folder.name}"


def live(target: Target, prefix: str) -> LiveTable:
    found = Control(target, say=lambda _: None).read(f"{prefix}cmz-conversations")
    assert found is not None
    return found


def held_items(target: Target, prefix: str) -> dict[tuple[str, str], dict[str, Any]]:
    from boto3.dynamodb.types import TypeDeserializer

    deserialize = TypeDeserializer().deserialize
    pages = dynamodb(target).get_paginator("scan").paginate(TableName=f"{prefix}cmz-conversations")
    found = [
        {name: deserialize(value) for name, value in item.items()}
        for page in pages
        for item in page["Items"]
    ]
    return {(item["userId"], item["sessionIdTimestamp"]): item for item in found}


def wanted_items() -> dict[tuple[str, str], dict[str, Any]]:
    made = expected(dataset("cmz"), TABLE.name)
    return {(item["userId"], item["sessionIdTimestamp"]): item for item in made}


# ---- item by item


@pytest.mark.usefixtures("no_aws")
def test_a_local_engine_is_written_from_the_files(
    target: Target, prefix: str, tmp_path: Path
) -> None:
    """Without ImportTable that is said, the items of the files are all there, the table is as
    documented, and `verify` knows the data set; a second import changes nothing."""
    place = made_export(tmp_path / "out")
    result = run(place, target.url, prefix, tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "has no ImportTable: items are written from the files" in result.stderr
    assert "1,000 of 1,000 items, 0 errors: ok" in result.stdout
    assert held_items(target, prefix) == wanted_items()
    table = live(target, prefix)
    assert (table.ttl, table.stream) == (TABLE.ttl, TABLE.stream)
    there = ["--endpoint", target.url, "--table-prefix", prefix, "--project", str(tmp_path)]
    checked = CliRunner().invoke(commands, ["verify", "cmz", *there, "--data", "--json"])
    assert checked.exit_code == 0, checked.output
    again = run(place, target.url, prefix, tmp_path, "--json")
    assert again.exit_code == 0, again.stderr
    assert orjson.loads(again.stdout)["ok"]
    assert held_items(target, prefix) == wanted_items()


def test_the_embedded_engine_is_filled(tmp_path: Path) -> None:
    """Nothing given, the project's own engine gets the items, and `verify` finds them."""
    place = made_export(tmp_path / "out")
    ran = loadstone("import", place, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "1,000 of 1,000 items" in ran.out
    ran = loadstone("verify", "cmz", cwd=tmp_path)
    assert ran.code == 0, ran.out + ran.err


@pytest.mark.usefixtures("no_aws")
def test_tables_with_other_data_are_refused(target: Target, prefix: str, tmp_path: Path) -> None:
    """A table that holds another data set, or is not ours, is not written into."""
    place = made_export(tmp_path / "out")
    assert run(place, target.url, prefix, tmp_path).exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    place = made_export(other / "out", seed=9)
    result = run(place, target.url, prefix, tmp_path)
    assert isinstance(result.exception, Refused)
    assert "holds another data set (seed 1" in str(result.exception)
    client = dynamodb(target)
    arn = live(target, prefix).arn
    names = [tag["Key"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]]
    client.untag_resource(ResourceArn=arn, TagKeys=names)
    result = run(place, target.url, prefix, other)
    assert isinstance(result.exception, Refused)
    assert "does not carry Loadstone's tag" in str(result.exception)


def loaded_into(table: FakeTable, folder: Path) -> Any:
    """An export written to a table in memory, whose waits take no time."""
    made = made_export(folder / "out")
    manifest = Manifest.from_json((Path(made) / "manifest.json").read_bytes(), "manifest.json")
    sender = Sender(table, Tally(), wait=lambda seconds: gevent.sleep(0))
    return load_table(
        manifest.tables[0], PLACE.name, Folder(Path(made)), "zstd", sender, in_flight=3
    )


def test_every_item_is_written_whatever_goes_wrong(tmp_path: Path) -> None:
    """Throttles, unprocessed items, lost answers, garbage and errors of the server are waited out;
    an item that no table takes is counted with its reason, and nothing else is left out."""
    faults = [
        failing("ProvisionedThroughputExceededException", 400),
        unprocessed(3),
        lost,
        garbage,
        failing("InternalServerError", 500),
        unprocessed(1),
    ]
    wanted = list(wanted_items().values())
    odd = wanted[77]["sessionIdTimestamp"]
    table = FakeTable(
        PLACE,
        faults=itertools.chain(*itertools.repeat(faults, 5)),
        refuses=lambda item: item["sessionIdTimestamp"]["S"] == odd,
    )
    loaded = loaded_into(table, tmp_path)
    assert (loaded.asked, loaded.written) == (1000, 999)
    assert len(loaded.rejected) == 1
    assert loaded.rejected[0].startswith("ValidationException: ValidationException it is: ")
    assert len(table.items) == 999
    assert not loaded.ok


def test_a_target_that_refuses_is_said(tmp_path: Path) -> None:
    """When nothing is allowed, the load stops and says so."""
    with pytest.raises(SeedStopped, match="AccessDeniedException"):
        loaded_into(FakeTable(PLACE, denied=frozenset({"BatchWriteItem"})), tmp_path)


# ---- ImportTable


def test_import_table_and_what_it_cannot(
    server: ImportServer, s3: S3Server, target: Target, prefix: str, tmp_path: Path
) -> None:
    """One ImportTable call a table, waited for, counted against the manifest; then tags with the
    identity, TTL and stream are set, and nothing is written item by item."""
    place = made_export(bucket_place(tmp_path))
    result = run(place, server.url, prefix, tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "1,000 of 1,000 items, 0 errors: ok" in result.stdout
    (request,) = server.called("ImportTable")
    assert request["S3BucketSource"] == {
        "S3Bucket": BUCKET,
        "S3KeyPrefix": f"{tmp_path.name}/data/cmz-conversations/",
    }
    assert (request["InputFormat"], request["InputCompressionType"]) == ("DYNAMODB_JSON", "ZSTD")
    assert not server.called("BatchWriteItem")
    assert held_items(target, prefix) == wanted_items()
    table = live(target, prefix)
    assert (table.ttl, table.stream) == (TABLE.ttl, TABLE.stream)
    assert table.tag("loadstone") == "cmz"
    assert table.tag("loadstone:scale") == "1000"
    refused = CliRunner().invoke(
        import_, [place, "--endpoint", server.url, "--table-prefix", f"{prefix}live-"]
    )
    assert isinstance(refused.exception, Refused)
    assert "looks like production" in str(refused.exception)


def test_an_import_that_has_begun_is_gone_on_with(
    server: ImportServer, s3: S3Server, target: Target, prefix: str, tmp_path: Path
) -> None:
    """Run again, the same command waits for the import that is under way, or has ended, and begins
    none; a table that was made otherwise is refused before anything begins."""
    place = made_export(bucket_place(tmp_path))
    assert run(place, server.url, prefix, tmp_path).exit_code == 0
    again = run(place, server.url, prefix, tmp_path)
    assert again.exit_code == 0, again.stderr
    assert "has begun already" in again.stderr
    assert len(server.called("ImportTable")) == 1
    server.imports.clear()
    refused = run(place, server.url, prefix, tmp_path)
    assert isinstance(refused.exception, Refused)
    assert "ImportTable makes new tables only" in str(refused.exception)


def test_imports_that_end_badly_are_exit_1(
    server: ImportServer, s3: S3Server, prefix: str, tmp_path: Path
) -> None:
    """A failed import and one that lost items say so, with counts and the code of the failure."""
    place = made_export(bucket_place(tmp_path))
    server.fail, server.lose = True, 3
    result = run(place, server.url, prefix, tmp_path)
    assert result.exit_code == 1
    assert "997 of 1,000 items, 3 errors: FAILED, ItemValidationError" in result.stdout
    server.fail = False
    result = run(place, server.url, f"{prefix}2-", tmp_path)
    assert result.exit_code == 1
    assert "1,000 items processed and 997 imported, of 1,000 in the files" in result.stdout


@pytest.mark.usefixtures("no_aws")
def test_files_in_a_bucket_are_written_where_no_import_is(
    target: Target,
    s3: S3Server,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From S3 into an engine without ImportTable: said, and written from the files all the same."""
    for name, value in s3.environ.items():
        monkeypatch.setenv(name, value)
    place = made_export(bucket_place(tmp_path))
    result = run(place, target.url, prefix, tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "has no ImportTable" in result.stderr
    assert held_items(target, prefix) == wanted_items()


# ---- what is asked first


def importing(region: str) -> Importing:
    file = File(name="x", items=10, size_bytes=1, unpacked_bytes=100 * 1024**3, sha256="")
    table = ExportedTable(name="t", prefix="data/t/", files=[file], import_table=None)
    description = Description(identity={}, format="dynamodb-json", compression="zstd", shards=1)
    from loadstone.aws.tables import Wanted

    return Importing(
        manifest=Manifest(description=description, tables=[table]),
        storage=Folder(Path("nowhere")),
        wanted=[Wanted(table=TABLE, name="t", tags={"loadstone": "cmz"})],
        target=Target(
            url="https://nowhere.invalid",
            region=region,
            kind="aws",
            credentials=lambda: Credentials("key", "secret"),
        ),
        say=lambda _: None,
    )


def asked(region: str, typed: str, **spending: Any) -> Result:
    @click.command()
    def command() -> None:
        given = Spending(prices=builtin_prices(), **spending)
        click.echo(_agreed(importing(region), given, begun=[]))

    return CliRunner().invoke(command, input=typed)


def test_an_import_on_aws_is_priced_and_asked_about() -> None:
    """100 GB cost 15 USD; only a yes goes on, a budget below refuses, and a dry run ends there."""
    assert "about 15.00 USD" in asked("us-east-1", "y\n").stderr
    assert asked("us-east-1", "y\n").stdout == "True\n"
    assert isinstance(asked("us-east-1", "n\n").exception, Refused)
    nobody = asked("us-east-1", "").exception
    assert isinstance(nobody, Refused)
    assert "pass --yes" in str(nobody)
    assert asked("us-east-1", "", yes=True).stdout == "True\n"
    assert asked("us-east-1", "", dry_run=True).stdout == "False\n"
    above = asked("us-east-1", "", yes=True, budget_usd=Decimal(14)).exception
    assert isinstance(above, Refused)
    assert "about 15.00 USD is above the budget of 14 USD" in str(above)


def test_a_region_without_a_price_is_an_error() -> None:
    """Money is never guessed: the price that is missing is named."""
    assert isinstance(asked("mars-1", "y\n").exception, NoPrice)


@pytest.mark.parametrize(
    ("spoil", "arguments", "said"),
    [
        (lambda out: (out / "manifest.json").unlink(), [], "no manifest.json in"),
        (lambda out: (out / "manifest.json").write_text("{}"), [], "is no manifest of an export"),
        (lambda out: None, ["--region", "x y"], "is no region"),
    ],
)
def test_bad_input_is_exit_2(
    spoil: Callable[[Path], object], arguments: list[str], said: str, tmp_path: Path
) -> None:
    """What is no export, or cannot go there, is refused in one line."""
    out = Path(made_export(tmp_path / "out"))
    spoil(out)
    ran = loadstone("import", str(out), *arguments, cwd=tmp_path)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_does_not_go_to_aws() -> None:
    """DynamoDB imports from S3: a folder is refused before anything is asked, with the way."""
    with pytest.raises(Refused, match="aws s3 cp --recursive nowhere s3://BUCKET/PREFIX"):
        _imports(importing("us-east-1"))


def test_plain_json_is_not_imported(tmp_path: Path) -> None:
    """`jsonl` has lost the types: it says which format to export."""
    out = made_export(tmp_path / "out", form="jsonl")
    ran = loadstone("import", out, cwd=tmp_path)
    assert ran.code == 2
    assert "--format dynamodb-json" in ran.err
