"""The pytest plugin under aioboto3: it pins botocore, so the test suite here runs in an environment
of its own, whose libraries go before those of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ENGINE_CACHE
from tests.environments import python_with
from tests.pages import ROOT

LIMIT_S = 240
LOCK = Path(__file__).with_name("aioboto3.lock")
PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)", LOCK.read_text(), re.MULTILINE))

APPLICATION = '''
"""An application's own code: it is told nothing of the tests."""

import aioboto3

session = aioboto3.Session()


async def find(table, key):
    async with session.resource("dynamodb") as dynamodb:
        answer = await (await dynamodb.Table(table)).get_item(Key=key)
        return answer.get("Item")


async def forget(table, key):
    async with session.resource("dynamodb") as dynamodb:
        await (await dynamodb.Table(table)).delete_item(Key=key)


async def create(name):
    async with session.client("dynamodb") as client:
        await client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
'''

SUITE = """
import asyncio
import sys

import aioboto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from application import create, find, forget


def test_whose_libraries_these_are():
    assert botocore.__version__ == "BOTOCORE"
    assert "gevent" not in sys.modules and "locust" not in sys.modules


def test_a_table_of_my_own(dynamodb):
    assert dynamodb.tables() == []
    asyncio.run(create("carts"))
    assert dynamodb.tables() == ["carts"]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_lead_is_found_and_forgotten(seeded, turn):
    ds = seeded("kxgen", scale=60)
    key = ds.lead.key(3)
    assert asyncio.run(find(ds.lead.table, key)) == ds.lead(3)
    asyncio.run(forget(ds.lead.table, key))
    assert asyncio.run(find(ds.lead.table, key)) is None


def test_many_at_a_time(seeded):
    ds = seeded("kxgen", scale=60)

    async def all_of_them():
        table = ds.message.table
        return await asyncio.gather(*(find(table, ds.message.key(n)) for n in range(20)))

    assert asyncio.run(all_of_them()) == [ds.message(n) for n in range(20)]


def test_a_full_table(seeded, throttled):
    ds = seeded("kxgen", scale=60)

    async def write():
        once = Config(retries={"total_max_attempts": 1, "mode": "standard"})
        async with aioboto3.Session().resource("dynamodb", config=once) as resource:
            await (await resource.Table(ds.lead.table)).put_item(Item=ds.lead(3))

    with throttled("TableWriteProvisionedThroughputExceeded", times=1) as asked:
        with pytest.raises(ClientError) as caught:
            asyncio.run(write())
    assert caught.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    (reason,) = caught.value.response["ThrottlingReasons"]
    assert reason["reason"] == "TableWriteProvisionedThroughputExceeded"
    assert asked.refused == 1


def test_options_instead_of_the_environment(dynamodb, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")

    async def names():
        async with aioboto3.Session().client("dynamodb", **dynamodb.client_options) as client:
            return (await client.list_tables())["TableNames"]

    assert asyncio.run(names()) == []
"""

#: Starts pytest where our libraries are behind those of the environment.
BEHIND = (
    "import site, sys; site.addsitedir(sys.argv.pop(1)); import pytest; sys.exit(pytest.main())"
)


@pytest.fixture(scope="session")
def aioboto3() -> Path:
    """The Python that has aioboto3."""
    return python_with("aioboto3", LOCK, required="LOADSTONE_REQUIRE_AIOBOTO3")


def test_the_plugin_serves_aioboto3(aioboto3: Path, tmp_path: Path) -> None:
    """A suite whose application uses aioboto3 finds its tables, its data and its throttles, each
    test alone, by the environment and by an endpoint that it is given."""
    (tmp_path / "application.py").write_text(APPLICATION)
    (tmp_path / "test_it.py").write_text(SUITE.replace("BOTOCORE", PINNED["botocore"]))
    (tmp_path / ".loadstone").mkdir()
    (tmp_path / ".loadstone" / "engine").symlink_to(ENGINE_CACHE)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DYNAMODB_", "LOADSTONE_", "PYTEST_", "PYTHON"))
    }
    ours = sysconfig.get_paths()["purelib"]
    done = subprocess.run(
        [str(aioboto3), "-c", BEHIND, ours, "-q", "-p", "loadstone.testing", "test_it.py"],
        cwd=tmp_path,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_loadstone_installs_beside_aioboto3() -> None:
    """The versions that aioboto3 pins are among those that Loadstone takes: both can be installed
    in the environment of an application."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(each) for each in project["dependencies"]]
    shared = [each for each in wanted if each.name in PINNED]
    assert {each.name for each in shared} == {"boto3"}
    assert all(each.specifier.contains(PINNED[each.name]) for each in shared)


def test_every_line_of_the_lock_has_a_hash() -> None:
    """What is installed is in exact versions, each with its hashes and no address."""
    named = re.findall(r"^([\w.-]+)==\S+(.*(?:\n .*)*)", LOCK.read_text(), re.MULTILINE)
    assert {"aioboto3", "aiobotocore", "botocore"} <= {name for name, _ in named}
    assert all("--hash=sha256:" in rest for _, rest in named)
    assert "://" not in LOCK.read_text()
