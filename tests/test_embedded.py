"""The embedded engine: found, started, watched, shared, and never left behind."""

from __future__ import annotations

import io
import os
import select
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadstone.embedded import binary as binaries
from loadstone.embedded import process as processes
from loadstone.embedded.binary import Binary, Recorded, extract, find_binary, integrity_of
from loadstone.embedded.process import Engine, PortTaken, answers
from loadstone.embedded.registry import (
    default_file,
    project_engine,
    registered,
    registered_engine,
)
from loadstone.errors import BadValue, EngineDied, EngineError

LIMIT_S = 20


@pytest.fixture
def project(tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a project of one's own, with the engine at hand."""
    monkeypatch.setattr("loadstone.embedded.registry.find_engine", lambda _, say: binary)
    return tmp_path / ".loadstone"


def tarball(content: bytes, member: str = "package/dynoxide") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def command(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def ended(pidfd: int) -> bool:
    """Whether the process ends within the limit: waits for it, does not poll."""
    return bool(select.select([pidfd], [], [], LIMIT_S)[0])


# ---- finding it


def test_a_binary_on_path_is_used_as_it_is(tmp_path: Path) -> None:
    """`dynoxide` on PATH goes before everything else, and its version is noted."""
    command(tmp_path / "bin" / "dynoxide", "echo dynoxide 9.9.9")
    found = find_binary(tmp_path / "cache", search_path=str(tmp_path / "bin"))
    assert (found.version, found.origin) == ("9.9.9", "PATH")
    assert not (tmp_path / "cache").exists()


def test_a_broken_binary_on_path_is_named(tmp_path: Path) -> None:
    """A `dynoxide` on PATH that does not run is an error that names it."""
    broken = command(tmp_path / "dynoxide", "exit 3")
    with pytest.raises(EngineError, match=str(broken)):
        find_binary(tmp_path / "cache", search_path=str(tmp_path))


def test_a_cached_binary_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, binary: Binary
) -> None:
    """A binary in the cache is used when its hash is the recorded one, and refused otherwise."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "linux-x64")
    kept = tmp_path / "dynoxide-1.2.1-linux-x64"
    kept.write_bytes(b"something else")
    with pytest.raises(EngineError, match="delete it"):
        find_binary(tmp_path, search_path="")
    if binary.origin != "PATH":
        kept.write_bytes(binary.path.read_bytes())
        assert find_binary(tmp_path, search_path="").origin == "cache"


def test_an_unrecorded_platform_is_told_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform without a recorded engine gets no download, but what to do."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "plan9-mips")
    with pytest.raises(EngineError, match=r"plan9-mips.*1\.2\.1 on PATH, or pass --endpoint"):
        find_binary(tmp_path, search_path="")


def test_without_npm_the_ways_out_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the engine nor npm on PATH is said in one line, and nothing is made."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "linux-x64")
    with pytest.raises(EngineError, match=r"neither .* nor npm"):
        find_binary(tmp_path / "cache", search_path="")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo npm error code E404 >&2; exit 1", "code E404"),
        ("exit 0", "it said nothing"),
        ("echo npm error code ENOSPC >&2; exit 1", "make room in"),
        ("echo not it > package.tgz", "not the recorded one"),
    ],
)
def test_a_failing_npm_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    """npm failing, or bringing something else, is one line, and leaves no half of anything."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "linux-x64")
    command(tmp_path / "bin" / "npm", script)
    with pytest.raises(EngineError, match=said) as caught:
        find_binary(tmp_path / "cache", search_path=str(tmp_path / "bin"))
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_npm_is_announced_and_soon_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What npm is about to do is said before, and it is asked not to wait for a network."""
    monkeypatch.setattr(binaries, "platform_name", lambda: "linux-x64")
    command(tmp_path / "bin" / "npm", f'echo "$@" > {tmp_path}/asked; exit 1')
    said: list[str] = []
    with pytest.raises(EngineError):
        find_binary(tmp_path / "cache", say=said.append, search_path=str(tmp_path / "bin"))
    assert [line.partition(",")[0] for line in said] == ["fetching dynoxide 1.2.1 with npm"]
    asked = (tmp_path / "asked").read_text().split()
    assert {"--fetch-retries=1", "--fetch-retry-maxtimeout=1000"} <= set(asked)


def test_a_package_with_another_binary_is_refused(tmp_path: Path) -> None:
    """A tarball that is the recorded one, but whose binary is not, is not executed."""
    packed = tarball(b"engine")
    recorded = Recorded("@x/y", integrity_of(packed), "0" * 64)
    with pytest.raises(EngineError, match="the binary in @x/y"):
        extract(packed, recorded, tmp_path)
    other = tarball(b"engine", "package/else")
    with pytest.raises(EngineError, match="holds no package/dynoxide"):
        extract(other, Recorded("@x/y", integrity_of(other), "0" * 64), tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_directory_is_one_line(tmp_path: Path) -> None:
    """A project that cannot be written to is told so before anything starts."""
    tmp_path.chmod(0o500)
    with pytest.raises(BadValue, match="cannot write"), project_engine(tmp_path / ".loadstone"):
        pytest.fail("it was written to")


def test_a_state_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """Where the state folder cannot be made, the message names it and the way out."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(BadValue, match=r"cannot write to .*--project"),
        project_engine(tmp_path / "file" / ".loadstone"),
    ):
        pytest.fail("it was made")


# ---- the process


def test_it_answers_when_it_is_ready(engine: Engine) -> None:
    """An engine that has been started answers at once."""
    assert engine.alive
    assert answers(engine.url)
    engine.raise_if_dead()


def test_its_death_is_noticed(binary: Binary, tmp_path: Path) -> None:
    """An engine that is killed is dead to `alive`, and EngineDied names how it ended."""
    with Engine(binary, folder=tmp_path) as engine:
        os.kill(engine.pid, signal.SIGKILL)
        with pytest.raises(EngineDied, match=r"signal 9.*listening on") as caught:
            engine.wait()
        assert not engine.alive
        assert caught.value.exit_code == 1


def test_stopping_is_no_death(binary: Binary, tmp_path: Path) -> None:
    """An engine that was stopped is gone, and that is no error, twice neither."""
    engine = Engine(binary, folder=tmp_path)
    engine.stop()
    engine.stop()
    engine.raise_if_dead()
    assert not answers(engine.url)
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_refused(binary: Binary, tmp_path: Path, engine: Engine) -> None:
    """A given port that somebody listens on is an error that names it; the listener stays."""
    with pytest.raises(PortTaken, match=f"port {engine.port} is in use"):
        Engine(binary, folder=tmp_path, file=tmp_path / "x.db", port=engine.port)
    assert engine.alive
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_is_in_range(binary: Binary, tmp_path: Path, port: int) -> None:
    """A number that is no port is refused before anything starts."""
    with pytest.raises(BadValue, match="1 to 65535"):
        Engine(binary, folder=tmp_path, port=port)


def test_a_lost_race_for_a_port_is_run_again(
    binary: Binary, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the free port is taken before the engine has it, another one is tried."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    ports = iter([engine.port, engine.port, free])
    monkeypatch.setattr(processes, "_free_port", lambda: next(ports))
    with Engine(binary, folder=tmp_path) as other:
        assert other.port == free


def test_two_engines_do_not_open_one_file(binary: Binary, tmp_path: Path) -> None:
    """A second engine on a file in use is refused, and may have it once the first has stopped."""
    file = tmp_path / "local.db"
    with (
        Engine(binary, folder=tmp_path, file=file),
        pytest.raises(BadValue, match="in use by another engine"),
    ):
        Engine(binary, folder=tmp_path, file=file)
    Engine(binary, folder=tmp_path, file=file).stop()


def test_a_program_that_is_no_engine_is_named(tmp_path: Path) -> None:
    """A binary that ends at once is an EngineError with its last words."""
    path = command(tmp_path / "dynoxide", "echo out of order >&2; exit 4")
    wrong = Binary(path=path, version="0", origin="PATH")
    with pytest.raises(EngineError, match=r"exit status 4.*out of order"):
        Engine(wrong, folder=tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's parent-death signal")
def test_it_ends_with_its_parent(binary: Binary, tmp_path: Path) -> None:
    """When the process that started it is killed with SIGKILL, the engine ends too."""
    script = (
        "import sys; from pathlib import Path; from loadstone.embedded.binary import Binary; "
        "from loadstone.embedded.process import Engine; "
        "e = Engine(Binary(path=Path(sys.argv[1]), version='', origin='cache'), "
        "folder=Path(sys.argv[2])); print(e.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(binary.path), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pidfd = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        assert ended(pidfd)
        os.close(pidfd)


# ---- one for a project


def test_consecutive_commands_share_the_registered_engine(project: Path) -> None:
    """While a registered engine runs, commands use it; afterwards they start their own."""
    with registered_engine(project, file=None) as engine, project_engine(project) as lease:
        assert lease.url == engine.url
        assert lease.engine is None
        lease.raise_if_dead()
    assert registered(project) is None
    with project_engine(project) as lease:
        assert lease.engine is not None
        assert lease.engine.file == default_file(project)
    assert sorted(path.name for path in project.iterdir()) == [
        "engine.lock",
        "engine.users",
        "local.db",
    ]


def test_a_second_registered_engine_is_refused(project: Path) -> None:
    """`loadstone local` says where the project's engine runs already."""
    with (
        registered_engine(project, file=None) as engine,
        pytest.raises(BadValue, match=f"already at {engine.url}"),
        registered_engine(project, file=None),
    ):
        pytest.fail("two engines for one project")


def test_the_owner_waits_for_those_who_share(project: Path) -> None:
    """An engine that a command started for itself lives until the last one who uses it is done."""
    started, finish, said = threading.Event(), threading.Event(), threading.Event()

    def own() -> None:
        with project_engine(project, say=lambda _: said.set()):
            started.set()
            finish.wait(LIMIT_S)

    owner = threading.Thread(target=own)
    owner.start()
    assert started.wait(LIMIT_S)
    with project_engine(project) as lease:
        assert lease.engine is None
        finish.set()
        assert said.wait(LIMIT_S)
        lease.raise_if_dead()
    owner.join(LIMIT_S)
    assert not owner.is_alive()
    assert not lease.alive


def test_the_death_of_a_shared_engine_is_noticed(project: Path) -> None:
    """Those who share an engine learn that it is gone."""
    with registered_engine(project, file=None) as engine, project_engine(project) as lease:
        engine.stop()
        with pytest.raises(EngineDied, match=f"{engine.url}.* is gone"):
            lease.raise_if_dead()


@pytest.fixture
def local(project: Path, binary: Binary) -> Iterator[subprocess.Popen[str]]:
    """`loadstone local --memory` as a process."""
    (project / "engine").mkdir(parents=True)
    script = (
        "import sys; from pathlib import Path; import loadstone.embedded.registry as r; "
        "from loadstone.embedded.binary import Binary; "
        "found = Binary(path=Path(sys.argv.pop()), version='', origin='cache'); "
        "r.find_engine = lambda _, say: found; "
        "from loadstone.cli.local import local; local(standalone_mode=False)"
    )
    arguments = ["--memory", "--project", str(project.parent), str(binary.path)]
    running = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        yield running
        running.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_local_prints_its_address_and_ends_in_order(
    local: subprocess.Popen[str], project: Path, number: signal.Signals
) -> None:
    """`loadstone local` prints its address on stdout, and leaves no engine on Ctrl-C."""
    assert local.stdout is not None
    url = local.stdout.readline().strip()
    assert answers(url)
    found = registered(project)
    assert found is not None
    assert (found.url, found.pid) == (url, local.pid)
    local.send_signal(number)
    assert local.wait(LIMIT_S) == 0
    assert not answers(url)
    assert registered(project) is None


def test_an_engine_whose_owner_was_killed_is_replaced(
    local: subprocess.Popen[str], project: Path
) -> None:
    """After kill -9 of `loadstone local`, the next command starts an engine of its own."""
    assert local.stdout is not None
    url = local.stdout.readline().strip()
    local.kill()
    local.wait(LIMIT_S)
    with project_engine(project) as lease:
        assert lease.alive
        assert lease.engine is not None
        assert registered(project) is not None
        assert lease.url != url or sys.platform != "linux"
