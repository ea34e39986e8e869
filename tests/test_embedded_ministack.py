"""ministack in the engine's place: found, started, told about, and its data kept."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from loadstone.aws.tables import Tables, wanted_tables
from loadstone.aws.target import embedded_target
from loadstone.client.client import Client
from loadstone.embedded import binary as binaries
from loadstone.embedded import ministack as installing
from loadstone.embedded.binary import Binary
from loadstone.embedded.engines import engine_at, find_engine, limits
from loadstone.embedded.ministack import LIMITS, LOCK, find_ministack, ministack_version
from loadstone.embedded.process import Engine, PortTaken, answers
from loadstone.embedded.registry import project_engine, registered_engine
from loadstone.errors import EngineError
from loadstone.table import Table

LIMIT_S = 30
TABLE = Table("things", partition_key="id", pitr_days=35)


@pytest.fixture
def project(tmp_path: Path, ministack: Binary, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a project on a machine without npm."""
    monkeypatch.setattr("loadstone.embedded.registry.find_engine", lambda _, say: ministack)
    return tmp_path / ".loadstone"


@pytest.fixture
def running(ministack: Binary, tmp_path: Path) -> Iterator[Engine]:
    with Engine(ministack, folder=tmp_path) as engine:
        yield engine


def put(url: str, value: str) -> None:
    target = embedded_target(url, environ={})
    Tables(target).create(wanted_tables([TABLE], {"things": "things"}, system="made"))
    item = {"id": {"S": "1"}, "value": {"S": value}}
    with Client(target) as client:
        assert client.send("PutItem", orjson.dumps({"TableName": "things", "Item": item})).ok


def value_at(url: str) -> str:
    request = {"TableName": "things", "Key": {"id": {"S": "1"}}, "ConsistentRead": True}
    with Client(embedded_target(url, environ={})) as client:
        found: str = client.send("GetItem", orjson.dumps(request)).json["Item"]["value"]["S"]
    return found


# ---- finding it


def test_every_line_of_the_lock_has_a_hash() -> None:
    """What is installed from PyPI is in exact versions, each with its hashes and no address."""
    named = re.findall(r"^([\w.-]+)==\S+(.*(?:\n .*)*)", LOCK.read_text(), re.MULTILINE)
    assert {"ministack", "botocore"} <= {name for name, _ in named}
    assert all("--hash=sha256:" in rest for _, rest in named)
    assert "://" not in LOCK.read_text()


def test_it_stands_in_where_npm_is_missing(
    ministack: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without dynoxide, its copy in the cache, and npm, ministack is found, and that is said."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "linux-x64")
    monkeypatch.setattr(installing, "find_ministack", lambda _: ministack)
    said: list[str] = []
    found = find_engine(tmp_path, search_path="", say=said.append)
    assert found == ministack
    assert said == ["no embedded engine: fetching ministack from PyPI instead"]


def test_a_failing_npm_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where npm is there and fails, that is the error: the engine is not another one by chance."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "linux-x64")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    with pytest.raises(EngineError, match="npm could not fetch"):
        find_engine(tmp_path / "cache", search_path=str(npm.parent))


def test_a_failing_install_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that pip refuses is one line with what to do, and leaves no half of an environment."""
    lock = tmp_path / "ministack.lock"
    lock.write_text("ministack==1.5.33\n")
    monkeypatch.setattr(installing, "LOCK", lock)
    with pytest.raises(EngineError, match=r"install it from PyPI.*install npm, or put") as caught:
        find_ministack(tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_it_has_an_environment_of_its_own(ministack: Binary) -> None:
    """Its Python has the botocore that it pins, and knows nothing of Loadstone."""
    script = "import botocore, importlib.util as u; print(botocore.__version__); "
    script += "print(u.find_spec('loadstone'))"
    done = subprocess.run(
        [str(ministack.path), "-I", "-c", script], capture_output=True, text=True, check=True
    )
    version, found = done.stdout.split()
    assert f"botocore=={version} " in LOCK.read_text()
    assert found == "None"
    assert ministack.version == ministack_version()


# ---- the process


def test_it_answers_on_this_machine_alone(running: Engine) -> None:
    """It listens on the loopback address, which it does not do by itself."""
    assert engine_at(running.url) == "ministack"
    listening = [
        line.split()[1].split(":")[0]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{running.port:04X}") and line.split()[3] == "0A"
    ]
    assert listening == ["0100007F"]


def test_a_port_in_use_is_refused(ministack: Binary, running: Engine, tmp_path: Path) -> None:
    """A given port that somebody listens on is an error that names it."""
    with pytest.raises(PortTaken, match=f"port {running.port} is in use"):
        Engine(ministack, folder=tmp_path, port=running.port)


def test_it_leaves_nothing_behind(ministack: Binary, tmp_path: Path) -> None:
    """In memory, an engine that was stopped leaves no file."""
    with Engine(ministack, folder=tmp_path) as engine:
        put(engine.url, "gone")
    assert not answers(engine.url)
    assert list(tmp_path.iterdir()) == []


def test_the_person_s_own_settings_do_not_reach_it(
    ministack: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings of another ministack of the person's do not change ours."""
    for name, value in {"SERVICES": "s3", "USE_SSL": "1", "BIND_HOST": "0.0.0.0"}.items():
        monkeypatch.setenv(name, value)
    with Engine(ministack, folder=tmp_path) as engine:
        put(engine.url, "ours")
        assert value_at(engine.url) == "ours"


def test_its_data_is_there_again(project: Path) -> None:
    """Consecutive commands find what the earlier ones wrote."""
    with project_engine(project) as lease:
        put(lease.url, "kept")
    with project_engine(project) as lease:
        assert value_at(lease.url) == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's parent-death signal")
def test_its_data_survives_its_parent(ministack: Binary, tmp_path: Path) -> None:
    """When the process that started it is killed with SIGKILL, it writes its data down and ends."""
    script = (
        "import sys; from pathlib import Path; from loadstone.embedded.binary import Binary; "
        "from loadstone.embedded.process import Engine; "
        "e = Engine(Binary(path=Path(sys.argv[1]), version='', origin='cache', name='ministack'), "
        "folder=Path(sys.argv[2]), file=Path(sys.argv[2]) / 'local.db'); "
        "print(e.pid, e.url, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(ministack.path), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pid, url = parent.stdout.readline().split()
        pidfd = os.pidfd_open(int(pid))
        put(url, "kept")
        parent.kill()
        parent.wait()
        assert select.select([pidfd], [], [], LIMIT_S)[0]
        os.close(pidfd)
    with Engine(ministack, folder=tmp_path, file=tmp_path / "local.db") as engine:
        assert value_at(engine.url) == "kept"


# ---- what is said of it


def test_its_limits_are_said(project: Path) -> None:
    """Whoever starts it, and whoever shares it, is told what not to believe."""
    first: list[str] = []
    second: list[str] = []
    with (
        registered_engine(project, file=None, say=first.append),
        project_engine(project, say=second.append),
    ):
        pass
    assert first == second == [f"ministack: {limit}" for limit in LIMITS]
    assert limits("dynoxide") == ()


def test_its_limits_are_true(running: Engine) -> None:
    """A Query of 20 KB is said to have consumed what an empty one does, as the person is told."""
    put(running.url, "x" * 20_000)
    request = {
        "TableName": "things",
        "KeyConditionExpression": "id = :id",
        "ExpressionAttributeValues": {":id": {"S": "1"}},
        "ReturnConsumedCapacity": "TOTAL",
    }
    with Client(embedded_target(running.url, environ={})) as client:
        answer = client.send("Query", orjson.dumps(request))
    assert answer.json["Count"] == 1
    assert answer.json["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_it_knows_what_the_other_lacks(running: Engine) -> None:
    """It has point-in-time recovery, so a table of ours verifies with nothing left unsaid."""
    control = Tables(embedded_target(running.url, environ={}))
    (made,) = control.create(wanted_tables([TABLE], {"things": "recovered"}, system="made"))
    assert made.findings == ()
