"""The plugin in test suites of its own: processes as an application's developer starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from loadstone.embedded.binary import Binary
from loadstone.testing import PROJECT
from tests.conftest import ENGINE_CACHE
from tests.pages import ROOT, blocks_of, run_page

LIMIT_S = 240

EVERYTHING = """
import sys

def test_all_there_is(dynamodb, loadstone_tables, seeded, throttled):
    loadstone_tables("acs")
    ds = seeded("cmz", scale=20)
    assert ds.message(3)["userId"]
    with throttled():
        assert len(dynamodb.tables()) == 14

def test_what_was_imported():
    for library in ("gevent", "locust", "geventhttpclient", "boto3", "botocore"):
        assert library not in sys.modules, library
"""

SHARED = """
import http.client
import json
import pytest

def call(dynamodb, operation, **request):
    connection = http.client.HTTPConnection(dynamodb.endpoint.removeprefix("http://"))
    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/b/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-amz-json-1.0",
    }
    connection.request("POST", "/", json.dumps(request), headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, said
    return said

@pytest.mark.parametrize("turn", range(20))
def test_alone(seeded, dynamodb, turn):
    assert dynamodb.tables() == []
    ds = seeded("cmz", scale=20)
    scanned = call(dynamodb, "Scan", TableName=ds.message.table, Select="COUNT")
    assert scanned["Count"] == len(ds.message)
    call(dynamodb, "DeleteTable", TableName=ds.message.table)
"""

#: An application's tests: each reads, writes and deletes, and says where it ran.
PARALLEL = """
import os
from pathlib import Path

import boto3
import pytest

def leads():
    return boto3.resource("dynamodb").Table("leads")

def note(dynamodb):
    with Path("workers.txt").open("a") as file:
        file.write(f"{os.environ['PYTEST_XDIST_WORKER']} {dynamodb.endpoint}\\n")

@pytest.mark.parametrize("turn", range(8))
def test_reads(seeded, dynamodb, turn):
    ds = seeded("kxgen", scale=60)
    number = turn % len(ds.lead)
    found = leads().get_item(Key=ds.lead.key(number))["Item"]
    assert found == ds.lead(number)
    assert leads().scan(Select="COUNT")["Count"] == len(ds.lead)
    note(dynamodb)

@pytest.mark.parametrize("turn", range(8))
def test_writes(seeded, dynamodb, turn):
    ds = seeded("kxgen", scale=60)
    assert leads().scan(Select="COUNT")["Count"] == len(ds.lead)
    leads().delete_item(Key=ds.lead.key(0))
    leads().put_item(Item={**ds.lead(0), **ds.lead.key(0), "note": "mine"})
    leads().delete_item(Key=ds.lead.key(1))
    assert leads().scan(Select="COUNT")["Count"] == len(ds.lead) - 1
    note(dynamodb)

@pytest.mark.parametrize("turn", range(8))
def test_tables(loadstone_tables, dynamodb, turn):
    assert dynamodb.tables() == []
    names = loadstone_tables("kxgen")
    boto3.client("dynamodb").delete_table(TableName=names["leads"])
    assert sorted(dynamodb.tables()) == sorted({*names.values()} - {names["leads"]})
    note(dynamodb)
"""

FIXTURES = """
from loadstone import Entity, Table, choose, number, text

orders = Table("orders", partition_key="id")
order = Entity(
    "Order",
    table=orders,
    item={"id": text("order_{n}", n=number), "status": choose("open", "shipped")},
)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An application's project, where the engine has been fetched before."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / ".loadstone").mkdir()
    (tmp_path / ".loadstone" / "engine").symlink_to(ENGINE_CACHE)
    return tmp_path


def started(project: Path, *arguments: str) -> subprocess.Popen[str]:
    """pytest with this plugin and no other one."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNAMODB_", "LOADSTONE_", "PYTEST_"))
    }
    environ: Mapping[str, str] = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "loadstone.testing", *arguments],
        cwd=project,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=LIMIT_S)
    return out


def test_neither_locust_nor_gevent(project: Path) -> None:
    """A suite that uses all fixtures has imported no Locust, no gevent and no SDK."""
    (project / "tests" / "test_it.py").write_text(EVERYTHING)
    running = started(project)
    out = said(running)
    assert running.returncode == 0, out
    assert "2 passed" in out


def test_several_processes_at_once(project: Path) -> None:
    """Test suites that run at one time in one project do not see each other's tables."""
    (project / "tests" / "test_it.py").write_text(SHARED)
    running = [started(project, "-p", "no:cacheprovider") for _ in range(3)]
    for process, out in [(each, said(each)) for each in running]:
        assert process.returncode == 0, out
        assert "20 passed" in out


def test_workers_of_xdist_do_not_meet(project: Path) -> None:
    """Under pytest-xdist each worker has a database of its own: tests that read, write and drop the
    tables of one name at one time all pass."""
    (project / "tests" / "test_it.py").write_text(PARALLEL)
    running = started(project, "-p", "xdist", "-n", "2")
    out = said(running)
    assert running.returncode == 0, out
    assert "24 passed" in out
    ran = [line.split() for line in (project / "workers.txt").read_text().splitlines()]
    assert len(ran) == 24
    workers = {worker: {where for who, where in ran if who == worker} for worker, _ in ran}
    assert workers.keys() == {"gw0", "gw1"}
    assert all(len(places) == 1 for places in workers.values())
    assert not workers["gw0"] & workers["gw1"]


def test_a_system_of_ones_own(project: Path) -> None:
    """The ini option names the folder of the systems that a project has."""
    data = project / "load"
    (data / "fixtures").mkdir(parents=True)
    (data / "fixtures" / "orders.py").write_text(FIXTURES)
    (data / ".loadstone").symlink_to(project / ".loadstone")
    (project / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nloadstone_project = "load"\n'
    )
    (project / "tests" / "test_it.py").write_text(
        "def test_orders(seeded):\n"
        "    ds = seeded('orders', scale=10)\n"
        "    assert [ds.order(n)['id'] for n in range(2)] == ['order_0', 'order_1']\n"
    )
    running = started(project, "--strict-config", "tests")
    out = said(running)
    assert running.returncode == 0, out


def test_a_folder_that_is_not_there_is_told(project: Path) -> None:
    """A misspelled ini option is an error that names it, and where it was looked for."""
    (project / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nloadstone_project = "lod"\n'
    )
    (project / "tests" / "test_it.py").write_text(
        "def test_orders(seeded):\n    seeded('orders', scale=10)\n"
    )
    running = started(project)
    out = said(running)
    assert running.returncode == 1, out
    assert "loadstone_project = 'lod' in pytest's settings: there is no folder" in out
    assert "--project" not in out


def test_fixtures_of_the_same_name_win(project: Path) -> None:
    """An application's own `dynamodb` is its own, and `seeded` works beside it."""
    (project / "tests" / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef dynamodb():\n    return 'mine'\n"
    )
    (project / "tests" / "test_it.py").write_text(
        "def test_both(dynamodb, seeded):\n"
        "    assert dynamodb == 'mine'\n"
        "    assert len(seeded('cmz', scale=20)) == 20\n"
    )
    running = started(project)
    out = said(running)
    assert running.returncode == 0, out


def test_the_page_does_what_it_says(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests that the page about one's own tests shows pass, and the setting it shows is one."""
    # An installation that can be edited has no new entry point before it is made anew.
    monkeypatch.setenv("PYTEST_PLUGINS", "loadstone.testing")
    page = ROOT / "docs" / "your-own-tests.md"
    assert run_page(page, tmp_path, engine=binary.path) == 1
    (toml,) = (block for block in blocks_of(page.read_text()) if block.language == "toml")
    settings = tomllib.loads("\n".join(toml.lines))["tool"]["pytest"]["ini_options"]
    assert settings.keys() == {PROJECT}
