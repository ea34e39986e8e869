"""The files of an export: a stranger reads them, whole or not there, the same wherever made."""

from __future__ import annotations

import gzip
import hashlib
import json
import resource
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from loadstone.dataset import Dataset
from loadstone.errors import BadRecord, Refused
from loadstone.export.compression import COMPRESSIONS, Compression, packer, unpacked
from loadstone.export.manifest import Manifest
from loadstone.export.read import read_lines, read_manifest
from loadstone.export.storage import Folder
from loadstone.system import load_system
from tests.commands import Ran, loadstone
from tests.exported import AS_OF as INSTANT
from tests.exported import SCALE, files_in, made_export, read_items, sorted_items

AS_OF = "2026-01-01"


def export(
    folder: Path, *arguments: str, system: str = "listbackup", **environ: str
) -> tuple[Ran, Path]:
    out = folder / "out"
    given = ["--scale", str(SCALE), "--as-of", AS_OF, "--out", str(out), *arguments]
    return loadstone("export", system, *given, cwd=folder, environ=environ), out


def dataset(system: str = "listbackup") -> Dataset:
    return Dataset(load_system(system), scale=SCALE, as_of=INSTANT)


def expected(made: Dataset, table: str) -> list[dict[str, Any]]:
    return [
        made.item(entity, number)
        for entity in made.system.stored
        if entity.table and entity.table.name == table
        for number in range(made.count(entity))
    ]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_stranger_reads_every_item(compression: Compression, tmp_path: Path) -> None:
    """json, the packer's own library and boto3's deserializer give back exactly the data set, and
    the manifest says the same of every file."""
    ran, out = export(tmp_path, "--compression", compression, "--shards", "3")
    assert ran.code == 0, ran.err
    files, made = files_in(out), dataset()
    for table in made.system.tables:
        wanted = sorted_items(expected(made, table.name), table.key)
        assert sorted_items(read_items(files, table.name), table.key) == wanted
    manifest = orjson.loads(files["manifest.json"])
    assert manifest["identity"] == made.identity.as_dict()
    named = {file["name"]: file for table in manifest["tables"] for file in table["files"]}
    assert set(named) == {name for name in files if name.startswith("data/")}
    for name, file in named.items():
        assert file["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert file["size_bytes"] == len(files[name])
    assert sum(file["items"] for file in named.values()) == made.stored


def test_the_import_call_is_as_botocore_knows_it(tmp_path: Path) -> None:
    """The parameters in the manifest, given a bucket, pass botocore's own check, and have keys,
    indexes, billing and encryption, and nothing that an import does not take."""
    import botocore.session
    from botocore.validate import ParamValidator

    ran, out = export(tmp_path, system="acs")
    assert ran.code == 0, ran.err
    model = botocore.session.get_session().get_service_model("dynamodb")
    shape = model.operation_model("ImportTable").input_shape
    assert shape is not None
    made = dataset("acs")
    by_name = {table.name: table for table in made.system.tables}
    for each in read_manifest(Folder(out)).tables:
        assert each.import_table is not None
        request = json.loads(json.dumps(each.import_table))
        assert request["S3BucketSource"] == {"S3KeyPrefix": f"data/{each.name}/"}
        request["S3BucketSource"]["S3Bucket"] = "bucket"
        assert not ParamValidator().validate(request, shape).has_errors()
        creation, table = request["TableCreationParameters"], by_name[each.name]
        assert [key["AttributeName"] for key in creation["KeySchema"]] == list(table.key)
        indexes = creation.get("GlobalSecondaryIndexes", [])
        assert [index["IndexName"] for index in indexes] == [index.name for index in table.indexes]
        assert creation["BillingMode"] == table.billing_mode


def test_plain_json_keeps_every_digit(tmp_path: Path) -> None:
    """`jsonl` is an item a line without types, for people; no digit of a number is lost, and there
    is no import call."""
    ran, out = export(tmp_path, "--format", "jsonl", "--compression", "none", system="acs")
    assert ran.code == 0, ran.err
    made = dataset("acs")
    (content,) = [text for name, text in files_in(out).items() if "data/Conversations/" in name]
    found = [json.loads(line, parse_float=Decimal) for line in content.splitlines()]
    key = ("conversation_id", "response_id")
    assert sorted_items(found, key) == sorted_items(expected(made, "Conversations"), key)
    assert all(table.import_table is None for table in read_manifest(Folder(out)).tables)


def test_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Files and manifests follow from the options alone: one process or several, in one call or a
    shard at a time, whatever the hash seed."""
    whole = tmp_path / "whole"
    whole.mkdir()
    ran, out = export(whole, "--shards", "3", "--processes", "2", PYTHONHASHSEED="1")
    assert ran.code == 0, ran.err
    apart = tmp_path / "apart"
    apart.mkdir()
    for variable, shard in (("AWS_BATCH_JOB_ARRAY_INDEX", "2"), ("JOB_COMPLETION_INDEX", "0")):
        ran, other = export(apart, "--shards", "3", PYTHONHASHSEED="2", **{variable: shard})
        assert ran.code == 0, ran.err
        assert "still to be exported" in ran.err
        assert not (other / "manifest.json").exists()
    refused, _ = export(apart, "--shards", "3", "--manifest")
    assert refused.code == 2
    assert "1 of 3 shards are missing" in refused.err
    ran, other = export(apart, "--shards", "3", "--shard", "1")
    assert ran.code == 0, ran.err
    assert files_in(other) == files_in(out)


def test_a_second_run_writes_only_what_is_not_whole(tmp_path: Path) -> None:
    """Whole shards are left as they are; one with a damaged or a missing file is written again,
    and as-of and shards are those of the export that is there."""
    ran, out = export(tmp_path, "--shards", "4", system="cmz")
    assert ran.code == 0, ran.err
    before = files_in(out)
    names = sorted(name for name in before if name.startswith("data/"))
    damaged = bytearray(before[names[1]])
    damaged[40] ^= 1
    (out / names[1]).write_bytes(damaged)
    (out / names[3]).unlink()
    ran = loadstone("export", "cmz", "--out", str(out), cwd=tmp_path)
    assert ran.code == 0, ran.err
    states = [line.rpartition(": ")[2] for line in ran.err.splitlines() if line[:6] == "shard "]
    assert states == ["there already, whole", "written", "there already, whole", "written"]
    assert files_in(out) == before


def test_another_export_is_not_mixed_in(tmp_path: Path) -> None:
    """A folder that holds another data set, other shards or a stray file is refused, and says what
    differs."""
    out = made_export(tmp_path / "out")
    others: tuple[tuple[dict[str, Any], str], ...] = (
        ({"seed": 5}, "seed 1 and not 5"),
        ({"compression": "gzip"}, "compression zstd and not gzip"),
        ({"form": "jsonl"}, "format dynamodb-json and not jsonl"),
        ({"shards": 3}, "shards 2 and not 3"),
    )
    for other, said in others:
        with pytest.raises(Refused, match=said):
            made_export(out, **other)
    (tmp_path / "out" / "data" / "cmz-conversations" / "more.json").write_text("{}")
    ran = loadstone("export", "cmz", "--out", out, "--manifest", cwd=tmp_path)
    assert ran.code == 2
    assert "more.json" in ran.err
    assert "an import would take it in" in ran.err


#: A real `loadstone export` that dies at the n-th piece that it writes.
DOOMED = """
import os, signal, sys
from loadstone.cli import main
from loadstone.export.storage import _FolderFile

left = [int(sys.argv[1])]
write = _FolderFile.write

def doomed(self, data):
    write(self, data)
    left[0] -= 1
    if left[0] == 0:
        self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

_FolderFile.write = doomed
main(sys.argv[2:])
"""


@pytest.mark.parametrize("piece", [1, 4, 5])
def test_killed_in_the_middle(piece: int, tmp_path: Path) -> None:
    """After kill -9 no file has its name without being whole, and the same command ends with the
    files of an export that was never interrupted."""
    ran, whole = export(tmp_path, "--shards", "3", "--compression", "none", system="cmz")
    assert ran.code == 0, ran.err
    out = tmp_path / "killed"
    command = ["export", "cmz", "--scale", str(SCALE), "--as-of", AS_OF, "--out", str(out)]
    command += ["--shards", "3", "--compression", "none"]
    done = subprocess.run(
        [sys.executable, "-c", DOOMED, str(piece), *command],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    there = files_in(out)
    assert any(".unfinished/" in name for name in there)
    assert all(
        files_in(whole)[name] == content
        for name, content in there.items()
        if not name.startswith(".unfinished/")
    )
    ran = loadstone(*command, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert files_in(out) == files_in(whole)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    """When no more can be written that is one line with the file's name and what to do, exit 1,
    and no half file is left."""
    command = ["export", "cmz", "--scale", "3000", "--out", "out", "--compression", "none"]
    done = subprocess.run(
        [sys.executable, "-m", "loadstone", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "could not be written: File too large" in last
    assert "the same command goes on" in last
    assert files_in(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shards", "4", "--shard", "4"], "the shards are 0 to 3"),
        (["--shards", "4", "--shard", "-1"], "the shards are 0 to 3"),
        (["--shard", "1"], "pass --shards too"),
        (["--shards", "0"], "--shards is 1 to 100,000, not 0"),
        (["--format", "parquet"], "'parquet' is not one of 'dynamodb-json', 'jsonl'"),
        (["--compression", "lz4"], "'lz4' is not one of"),
        (["--out", "a-file"], "a-file is a file"),
        (["--out", "a-file/below"], "a-file is a file"),
        (["--out", "/dev/null/x"], "/dev/null is a file"),
        (["--out", "/proc/x"], "cannot write to /proc/x"),
        (["--out", "s3://No_Bucket/x"], "write it as s3://BUCKET/PREFIX"),
    ],
)
def test_bad_input_is_exit_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    """What cannot be done is refused before anything is written, with what would be right."""
    (tmp_path / "a-file").touch()
    ran = loadstone("export", "cmz", "--out", "out", *arguments, cwd=tmp_path)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_a_shard_from_the_scheduler_has_to_be_a_number(tmp_path: Path) -> None:
    """A variable that is no number is named."""
    ran, _ = export(tmp_path, "--shards", "2", JOB_COMPLETION_INDEX="x")
    assert ran.code == 2
    assert "JOB_COMPLETION_INDEX is 'x'" in ran.err


def test_a_dry_run_compares_the_routes(tmp_path: Path) -> None:
    """`--dry-run` writes nothing and tells what writing and importing cost and take, and what is
    assumed; a large data set is cheaper to import and a small one quicker to write."""
    ran, out = export(tmp_path, "--dry-run", "--region", "us-east-1", system="cmz")
    assert ran.code == 0, ran.err
    assert "cheaper: importing; faster: writing" in ran.out
    assert "AWS publishes no rate" in ran.out
    large = ["--scale", "100000000", "--region", "us-east-1", "--json"]
    told = orjson.loads(export(tmp_path, "--dry-run", *large, system="cmz")[0].out)
    assert told["routes"]["cheaper"] == told["routes"]["faster"] == "importing"
    assert told["routes"]["importing"]["usd"] > 1
    unpriced, _ = export(tmp_path, "--dry-run", "--region", "mars-1", system="cmz")
    assert unpriced.code == 0
    assert "cheaper: not known" in unpriced.out
    assert "no price for mars-1" in unpriced.err
    assert not out.exists()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_damage_is_told_when_files_are_read(compression: Compression, tmp_path: Path) -> None:
    """A file that was cut short, changed, or is gone is a BadRecord that names it."""
    out = Path(made_export(tmp_path, compression=compression))
    manifest: Manifest = read_manifest(Folder(out))
    file = manifest.tables[0].files[0]
    content = (out / file.name).read_bytes()
    assert len(list(read_lines(Folder(out), file, compression))) == file.items
    for damaged in (content[:-30], b"", content[:50] + b"\0" + content[51:]):
        (out / file.name).write_bytes(damaged)
        with pytest.raises(BadRecord, match=file.name.replace(".", r"\.")):
            list(read_lines(Folder(out), file, compression))
    (out / file.name).unlink()
    with pytest.raises(BadRecord, match="missing"):
        list(read_lines(Folder(out), file, compression))


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_packing_is_undone_by_the_usual_tools(compression: Compression) -> None:
    """What is packed in pieces comes back in pieces."""
    pieces = [b"a" * 100_000, b"", b'{"Item":{}}\n' * 1000]
    pack = packer(compression)
    packed = b"".join([*(pack.compress(piece) for piece in pieces), pack.flush()])
    assert b"".join(unpacked([packed[:99], packed[99:]], compression)) == b"".join(pieces)
    if compression == "gzip":
        assert gzip.decompress(packed) == b"".join(pieces)
