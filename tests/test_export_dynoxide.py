"""An export in the hands of dynoxide's own `import`, which reads DynamoDB's files without S3."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from loadstone.embedded.binary import Binary
from loadstone.embedded.process import Engine
from loadstone.export.compression import Compression
from tests.exported import sorted_items, unpacked
from tests.test_export_files import dataset, expected, export


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_another_program_imports_what_was_exported(
    compression: Compression, binary: Binary, tmp_path: Path
) -> None:
    """Tables made of the manifest's calls hold exactly the items of the data set. dynoxide unpacks
    gzip itself; zstd is unpacked for it with the packer's own library."""
    ran, out = export(tmp_path, "--compression", compression, "--shards", "2")
    assert ran.code == 0, ran.err
    tables = json.loads((out / "manifest.json").read_text())["tables"]
    names = {each["table"]: creation(each)["TableName"] for each in tables}
    file = imported(binary, out, tables, tmp_path)
    with Engine(binary, folder=tmp_path, file=file) as engine:
        made = dataset()
        for table in made.system.tables:
            found = sorted_items(list(scanned(engine.url, names[table.name])), table.key)
            assert found == sorted_items(expected(made, table.name), table.key)


def imported(binary: Binary, out: Path, tables: list[dict[str, Any]], folder: Path) -> Path:
    """dynoxide's file after its import of these tables."""
    source, schema, file = folder / "source", folder / "schema.json", folder / "imported.db"
    schema.write_text(json.dumps([{"Table": creation(table)} for table in tables]))
    for table in tables:
        into = source / creation(table)["TableName"] / "data"
        into.mkdir(parents=True)
        for each in table["files"]:
            path = out / each["name"]
            if path.suffix == ".zst":
                (into / path.stem).write_bytes(unpacked(path.name, path.read_bytes()))
            else:
                (into / path.name).write_bytes(path.read_bytes())
    given = ("--source", source, "--schema", schema, "--output", file)
    command = [str(binary.path), "import", *map(str, given)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return file


def creation(table: dict[str, Any]) -> dict[str, Any]:
    """What a table of the manifest is made with."""
    made: dict[str, Any] = table["import_table"]["TableCreationParameters"]
    return made


def scanned(url: str, table: str) -> Iterator[dict[str, Any]]:
    """Every item of a table, as boto3 gives it."""
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    pages = resource.meta.client.get_paginator("scan").paginate(TableName=table)
    for page in pages:
        yield from page["Items"]
