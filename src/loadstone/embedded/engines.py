"""What the engines differ in: how each is found, started, known, and what to know of it."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from loadstone.embedded import ministack
from loadstone.embedded.binary import Binary, Name, NoBinary, find_binary

NAMES: tuple[Name, ...] = ("dynoxide", ministack.NAME)
#: ministack is one of many services; its own settings in the environment would change which.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")


class Launch(NamedTuple):
    """How an engine is started, and how it says that it listens."""

    command: list[str]
    environ: dict[str, str] | None  # None: ours
    listening: str
    ends_with: signal.Signals  # what it gets when the process that started it is gone
    stop_timeout_s: float


def find_engine(
    cache: Path, *, say: Callable[[str], None] = lambda _: None, search_path: str | None = None
) -> Binary:
    """dynoxide; where there is neither that nor a way to fetch it, ministack."""
    try:
        return find_binary(cache, say=say, search_path=search_path)
    except NoBinary as missing:
        if not ministack.is_installed(cache):
            say(f"{str(missing).partition(':')[0]}: fetching {ministack.NAME} from PyPI instead")
        return ministack.find_ministack(cache)


def limits(name: Name) -> tuple[str, ...]:
    """What a person should know of an engine before reading figures that come from it."""
    return ministack.LIMITS if name == ministack.NAME else ()


def miscounts(url: str) -> bool:
    """Whether the engine at an address is one whose read units are not DynamoDB's."""
    return engine_at(url) == ministack.NAME


def launch(binary: Binary, *, host: str, port: int, file: Path | None, folder: Path) -> Launch:
    """The engine on an address; `file` None keeps everything in memory."""
    if binary.name == ministack.NAME:
        return _ministack(binary, host=host, port=port, file=file, folder=folder)
    command = [str(binary.path.resolve()), "--host", host, "--port", str(port)]
    if file is not None:
        command += ["--db-path", str(file)]
    return Launch(command, None, "listening on", signal.SIGKILL, stop_timeout_s=5.0)


def _ministack(binary: Binary, *, host: str, port: int, file: Path | None, folder: Path) -> Launch:
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environ |= {
        "SERVICES": "dynamodb",
        "BIND_HOST": host,
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(folder.resolve()),
        # It would look for containers of its own; we have none.
        "DOCKER_HOST": f"unix://{folder.resolve() / 'no-docker'}",
    }
    if file is not None:
        environ |= {"PERSIST_STATE": "1", "STATE_DIR": str(kept_by_ministack(file))}
    # Not resolved: what makes it a Python of that environment is where its name stands.
    command = [str(binary.path.absolute()), "-I", "-m", "ministack.app"]
    # It writes everything down when it is asked to end, which takes it a while.
    return Launch(command, environ, "Running on", signal.SIGTERM, stop_timeout_s=60.0)


def kept_by_ministack(file: Path) -> Path:
    """Where ministack keeps what dynoxide keeps in a file: neither can read the other's."""
    return file.with_name(f"{file.name}-{ministack.NAME}").resolve()


def engine_at(url: str, timeout_s: float = 1.0) -> Name | None:
    """Which engine answers at the address, ours or another's; None when it is none that we know."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=timeout_s)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        server = answer.getheader("Server", "").lower()
        for known in NAMES:
            if known in server:
                return known
        connection.request("GET", "/_ministack/health")
        answer = connection.getresponse()
        return ministack.NAME if answer.status == 200 and b'"services"' in answer.read() else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
