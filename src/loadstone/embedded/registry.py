"""One engine for a project: whoever comes first starts it, the others use it while it lives.

`engine.lock` is held by the owner and by its engine: held means that there is an engine, or that
one is starting. `engine.users` is held shared by everybody else who uses it, so that an owner can
wait for them before it stops. Both are let go by the kernel, however a process ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from loadstone.embedded.binary import Name
from loadstone.embedded.engines import engine_at, find_engine, limits
from loadstone.embedded.process import POLL_S, READY_TIMEOUT_S, Engine, answers, is_gone
from loadstone.errors import BadValue, EngineDied, EngineError
from loadstone.folders import make_folder, unwritable

STATE = ".loadstone"
DEFAULT_FILE = "local.db"


class Registered(NamedTuple):
    """The engine that others may use."""

    url: str
    pid: int  # of the process that started it


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The use of the project's engine; `engine` is None when it is somebody else's."""

    url: str
    owner: int
    engine: Engine | None = None

    @property
    def alive(self) -> bool:
        return self.engine.alive if self.engine else answers(self.url)

    def raise_if_dead(self) -> None:
        if self.engine:
            self.engine.raise_if_dead()
        elif is_gone(self.url):
            raise EngineDied(
                f"the embedded engine at {self.url}, started by process {self.owner}, is gone: "
                "run the command again"
            )


@contextmanager
def project_engine(state: Path, *, say: Callable[[str], None] = lambda _: None) -> Iterator[Lease]:
    """The project's engine on its own file, for as long as the block lasts."""
    make_folder(state)
    deadline = time.monotonic() + 2 * READY_TIMEOUT_S
    while True:
        with _opened(state / "engine.users") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            lock = _claimed(state)
            if lock is None:
                found = registered(state)
                if found and (engine := engine_at(found.url)):
                    _say_limits(engine, say)
                    yield Lease(url=found.url, owner=found.pid)
                    return
        if lock is not None:
            break
        if time.monotonic() > deadline:
            raise EngineError(
                f"another command holds {state / 'engine.lock'} and its engine does not answer: "
                "stop that command, or pass --endpoint"
            )
        time.sleep(10 * POLL_S)
    with (
        _opened(state / "engine.users") as users,
        _owned(state, lock, file=state / DEFAULT_FILE, port=None, say=say) as own,
    ):
        try:
            yield Lease(url=own.url, owner=os.getpid(), engine=own)
        finally:
            if own.alive:
                _wait_for(users, say)


@contextmanager
def registered_engine(
    state: Path,
    *,
    file: Path | None,
    port: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Engine]:
    """An engine of one's own, registered for the commands that follow; `file` None: in memory."""
    make_folder(state)
    lock = _claimed(state)
    if lock is None:
        found = registered(state)
        where = f" at {found.url} (process {found.pid})" if found else ""
        raise BadValue(f"this project's engine runs already{where}: use that one, or stop it first")
    with _owned(state, lock, file=file, port=port, say=say) as engine:
        yield engine


def announce(state: Path, url: str) -> None:
    """Have the commands that follow use our engine by another address: a gate before it, say."""
    draft = state / f"engine.json.{os.getpid()}"
    try:
        draft.write_text(json.dumps({"url": url, "pid": os.getpid()}))
        draft.replace(state / "engine.json")
    except OSError as error:
        raise unwritable(state, error) from error


def registered(state: Path) -> Registered | None:
    """What is written down; it may be of an engine that has gone."""
    try:
        found = json.loads((state / "engine.json").read_text())
        return Registered(url=str(found["url"]), pid=int(found["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def default_file(state: Path) -> Path:
    return state / DEFAULT_FILE


@contextmanager
def _owned(
    state: Path,
    lock: IO[bytes],
    *,
    file: Path | None,
    port: int | None,
    say: Callable[[str], None],
) -> Iterator[Engine]:
    note = state / "engine.json"
    with lock:
        note.unlink(missing_ok=True)
        binary = find_engine(state / "engine", say=say)
        held = (lock.fileno(),)
        with Engine(binary, folder=state, file=file, port=port, inherit=held) as engine:
            announce(state, engine.url)
            _say_limits(binary.name, say)
            try:
                yield engine
            finally:
                note.unlink(missing_ok=True)


def _say_limits(engine: Name, say: Callable[[str], None]) -> None:
    for each in limits(engine):
        say(f"{engine}: {each}")


def _wait_for(users: IO[bytes], say: Callable[[str], None]) -> None:
    """Until nobody else uses the engine; from then on nobody begins to, until the file closes."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another command that uses this engine")
        fcntl.flock(users, fcntl.LOCK_EX)


def _claimed(state: Path) -> IO[bytes] | None:
    lock = _opened(state / "engine.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise unwritable(path.parent, error) from error
