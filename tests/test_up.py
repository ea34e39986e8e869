"""`loadstone up` and `loadstone locustfile`: from nothing to an application that is connected."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loadstone.aws.session import dynamodb
from loadstone.aws.target import embedded_target
from loadstone.client.target import Target
from tests.as_aws import dear_prices, environ_as_aws
from tests.commands import loadstone
from tests.conftest import ENGINE_CACHE
from tests.listed import tables_in

EXPORT = re.compile(r"export (\w+)=(.+)")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an engine that has been fetched before."""
    (tmp_path / ".loadstone").mkdir()
    (tmp_path / ".loadstone" / "engine").symlink_to(ENGINE_CACHE)
    return tmp_path


@contextmanager
def serving(project: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`loadstone up` until it is told to end."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNAMODB_", "LOADSTONE_", "CONVERSATION_"))
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "loadstone", "up", *arguments],
        cwd=project,
        env={**kept, "HOME": str(project), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def exported(process: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that are printed, the last of which is the one that settings come to."""
    found: dict[str, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if export := EXPORT.match(line):
            found[export[1]] = export[2]
        if "CONVERSATION_TTL_DAYS" in found:
            return found
    raise AssertionError("it ended before it had said how to connect")


def count(environ: Mapping[str, str]) -> int:
    """The items of cmz's table, as an application finds them that knows these variables alone."""
    client: Any = dynamodb(embedded_target(environ["AWS_ENDPOINT_URL_DYNAMODB"]))
    table = environ["CONVERSATION_TABLE_NAME"]
    return int(client.scan(TableName=table, Select="COUNT")["Count"])


def test_an_application_can_connect_until_it_is_ended(project: Path) -> None:
    """What is printed leads to the data while it runs; SIGTERM ends it well, and a second call has
    nothing to write."""
    with serving(project, "cmz", "--scale", "60") as process:
        environ = exported(process)
        assert count(environ) == 60
        assert environ["AWS_REGION"] == environ["CONVERSATION_TABLE_REGION"] == "us-west-2"
        assert environ["AWS_DEFAULT_REGION"] == "us-west-2"  # which boto3 reads
        assert environ["DYNAMODB_ENDPOINT_URL"] == environ["AWS_ENDPOINT_URL_DYNAMODB"]
        beside = loadstone("verify", "cmz", "--data", cwd=project)
        assert beside.code == 0, beside.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    again = loadstone("up", "cmz", "--no-stay", "--json", cwd=project)
    assert again.code == 0, again.err
    said = json.loads(again.out)
    assert said["ok"]
    assert said["seed"]["written_now"] == 0
    assert said["endpoint"] is None
    assert "loadstone local" in again.err


def test_a_target_that_stays_is_not_waited_for(target: Target, tmp_path: Path) -> None:
    """At an endpoint the command ends by itself, run twice as well as once; names are the ones
    there."""
    flags = ("--endpoint", target.url, "--table-prefix", "up-", "--scale", "40", "--json")
    for written in (40, 0):
        ran = loadstone("up", "cmz", *flags, cwd=tmp_path)
        assert ran.code == 0, ran.err
        said = json.loads(ran.out)
        assert said["seed"]["written_now"] == written
    assert said["verification"]["ok"]
    assert said["tables"] == {"cmz-conversations": "up-cmz-conversations"}
    assert said["environment"]["CONVERSATION_TABLE_NAME"] == "up-cmz-conversations"
    assert said["environment"]["AWS_ENDPOINT_URL_DYNAMODB"] == target.url
    assert said["environment"]["AWS_ACCESS_KEY_ID"] == "loadstone"


def test_a_persons_credentials_are_not_printed(target: Target, tmp_path: Path) -> None:
    """Who has credentials for an endpoint is not shown them again."""
    environ = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "verysecret"}
    flags = ("--endpoint", target.url, "--table-prefix", "mine-", "--scale", "10")
    ran = loadstone("up", "cmz", *flags, cwd=tmp_path, environ=environ)
    assert ran.code == 0, ran.err
    assert "export CONVERSATION_TABLE_NAME=mine-cmz-conversations" in ran.out
    assert "verysecret" not in ran.out + ran.err
    assert "AKIAMINE" not in ran.out + ran.err


def test_what_differs_is_told_and_how_to_connect_too(target: Target, tmp_path: Path) -> None:
    """Items that are gone make it exit 1, and say what to do."""
    flags = ("--endpoint", target.url, "--table-prefix", "less-", "--scale", "30")
    assert loadstone("up", "cmz", *flags, cwd=tmp_path).code == 0
    client: Any = dynamodb(target)
    item = client.scan(TableName="less-cmz-conversations", Limit=1)["Items"][0]
    key = {name: item[name] for name in ("userId", "sessionIdTimestamp")}
    client.delete_item(TableName="less-cmz-conversations", Key=key)
    ran = loadstone("up", "cmz", *flags, cwd=tmp_path)
    assert ran.code == 1
    assert "29 of 30 items: WRONG" in ran.out
    assert "\nnot as it should be: cmz has 30 items written in 1 table, see above\n" in ran.out
    assert "is up" not in ran.out
    assert "export CONVERSATION_TABLE_NAME" in ran.out
    assert "loadstone tables drop cmz" in ran.err


def test_what_somebody_else_has_filled_is_refused(target: Target, tmp_path: Path) -> None:
    """A table of the right name that another program has made is left alone while it holds an item,
    and the ways out are told; an empty one is filled."""
    client: Any = dynamodb(target)
    name = "others-cmz-conversations"
    flags = ("--endpoint", target.url, "--table-prefix", "others-", "--scale", "30")
    assert loadstone("tables", "create", "cmz", *flags[:4], cwd=tmp_path).code == 0
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    tags = [tag["Key"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]]
    client.untag_resource(ResourceArn=arn, TagKeys=tags)
    theirs = {key: {"S": "theirs"} for key in ("userId", "sessionIdTimestamp")}
    client.put_item(TableName=name, Item=theirs)
    ran = loadstone("up", "cmz", *flags, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert (
        f"{name} at {target.url} (region us-west-2): not empty, and nothing here tells" in ran.err
    )
    assert f"go on there, or here with --allow-untagged {name}; if not" in ran.err
    for way in ("up cmz --table-prefix copy-", "seed cmz --scale 30", "unseed cmz", "delete-table"):
        assert way in ran.err
    assert client.scan(TableName=name, Select="COUNT")["Count"] == 1

    meant = loadstone("up", "cmz", *flags, "--allow-untagged", name, cwd=tmp_path)
    assert meant.code == 1
    assert "31 of 30 items: WRONG" in meant.out
    assert "`loadstone unseed cmz --scale 30 --table-prefix others-" in meant.err

    gone = loadstone("unseed", "cmz", *flags[:4], "--yes", cwd=tmp_path)
    assert gone.code == 0, gone.err
    seeded = loadstone("seed", "cmz", *flags, cwd=tmp_path)
    assert seeded.code == 0, seeded.err
    assert f"{name} says that it holds 1 item already, and nothing here tells that" in seeded.err
    again = loadstone("seed", "cmz", *flags, cwd=tmp_path)
    assert "already, and nothing here tells" not in again.err
    gone = loadstone("unseed", "cmz", *flags[:4], "--yes", cwd=tmp_path)
    assert gone.code == 0, gone.err
    client.delete_item(TableName=name, Key=theirs)
    ran = loadstone("up", "cmz", *flags, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "cmz is up: 30 items in 1 table, counted\n" in ran.out


def test_nothing_is_made_before_a_budget_allows_it(target: Target, tmp_path: Path) -> None:
    """On AWS the price is told first: above the budget no table is created, nor by a dry run."""
    environ = environ_as_aws(tmp_path)
    prices = str(dear_prices(tmp_path))
    flags = ("--endpoint", target.url, "--table-prefix", "dear-", "--prices", prices)
    refused = loadstone("up", "cmz", *flags, "--budget", "0.01", cwd=tmp_path, environ=environ)
    assert refused.code == 2
    assert "above the budget" in refused.err
    told = loadstone("up", "cmz", *flags, "--dry-run", cwd=tmp_path, environ=environ)
    assert told.code == 0, told.err
    assert "to be written: " in told.out
    assert "dear-cmz-conversations" not in tables_in(dynamodb(target))


def test_production_is_refused(target: Target, tmp_path: Path) -> None:
    """A name that looks like production needs its word, before anything is made."""
    ran = loadstone("up", "acs", "--endpoint", target.url, "--stage", "prod", cwd=tmp_path)
    assert ran.code == 2
    assert "--allow-production prod" in ran.err
    assert not [n for n in tables_in(dynamodb(target)) if "-prod-" in n]


def test_a_locustfile_is_found_and_copied(tmp_path: Path) -> None:
    """The path is printed alone; a copy is the same text, and nothing is written over."""
    ran = loadstone("locustfile", "cmz", cwd=tmp_path)
    assert ran.code == 0, ran.err
    path = Path(ran.out.strip())
    assert path.is_file()
    copy = tmp_path / "deep" / "mine.py"
    assert loadstone("locustfile", "cmz", "--out", "deep/mine.py", cwd=tmp_path).code == 0
    assert copy.read_text() == path.read_text()
    copy.write_text("mine")
    again = loadstone("locustfile", "cmz", "--out", "deep/mine.py", cwd=tmp_path)
    assert again.code == 2
    assert "deep/mine.py is there already" in again.err
    assert copy.read_text() == "mine"
    assert loadstone("locustfile", "cmz", "--out", "-", cwd=tmp_path).out == path.read_text()


def test_a_system_without_a_locustfile_gets_one_that_runs(project: Path) -> None:
    """Locust takes what `--out` writes for a system that has none."""
    (project / "pyproject.toml").write_text("[tool.loadstone]\n")
    for room in ("fixtures", "scenarios"):
        (project / room).mkdir()
    home = Path(__file__).resolve().parent.parent
    shutil.copy(home / "fixtures" / "cmz.py", project / "fixtures" / "zoo_chat.py")
    none = loadstone("locustfile", "zoo_chat", cwd=project)
    assert none.code == 2
    assert "--out locustfiles/zoo_chat.py` writes one" in none.err
    out = "locustfiles/zoo_chat.py"
    assert loadstone("locustfile", "zoo_chat", "--out", out, cwd=project).code == 0
    listed = subprocess.run(
        [sys.executable, "-m", "locust", "-f", out, "--list"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "ZooChatUser" in listed.stdout + listed.stderr, listed.stderr
