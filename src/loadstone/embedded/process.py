"""One engine process: started, asked until it is ready, watched, and gone when we are."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from loadstone.embedded.binary import Binary
from loadstone.embedded.engines import engine_at, launch
from loadstone.errors import BadValue, EngineDied, EngineError
from loadstone.folders import unwritable
from loadstone.tied import tied

HOST = "127.0.0.1"
READY_TIMEOUT_S = 20.0
PORT_TRIES = 10
POLL_S = 0.002
SIDECARS = ("-wal", "-shm", "-journal")
PORT_TAKEN = re.compile(r"already in use|Address in use|os error (48|98)")


class PortTaken(BadValue):
    """Somebody else listens on the port."""


class Engine:
    """A running engine. `file` None keeps everything in memory; `port` None takes a free one.

    `folder` must be writable: what the engine prints is kept there, without a name. `inherit` are
    open files, locked ones say, that stay open for as long as the engine lives.
    """

    def __init__(
        self,
        binary: Binary,
        *,
        folder: Path,
        file: Path | None = None,
        port: int | None = None,
        inherit: tuple[int, ...] = (),
    ) -> None:
        if port is not None and not 1 <= port <= 65535:
            raise BadValue(f"a port is 1 to 65535, not {port}")
        self.binary = binary
        self.file = file
        self._folder = folder
        self._inherit = inherit
        self._lock: IO[bytes] | None = None
        self._stopped = False
        created = file is not None and not file.exists()
        try:
            if file is not None:
                self._lock = _claim(file)
            self.port = self._start(port)
        except BaseException:
            if created and file is not None and self._lock is not None:
                for half in (file, *(file.with_name(file.name + end) for end in SIDECARS)):
                    half.unlink(missing_ok=True)
            self._release()
            raise

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def raise_if_dead(self) -> None:
        """EngineDied, with how it ended and what it said last, unless it runs or was stopped."""
        if self._stopped or self.alive:
            return
        raise EngineDied(
            f"the embedded engine died: {_ending(self._process.returncode)}; "
            f"its last words: {_last_words(self._said())}"
        )

    def wait(self) -> None:
        """Until the engine ends; EngineDied when nobody stopped it."""
        self._process.wait()
        self.raise_if_dead()

    def stop(self) -> None:
        """End the engine and wait until it has."""
        if self._stopped:
            return
        self._stopped = True
        self._process.terminate()
        try:
            self._process.wait(self._launch.stop_timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, port: int | None) -> int:
        for _ in range(PORT_TRIES):
            chosen = port or _free_port()
            try:
                self._begin(chosen)
            except PortTaken:
                if port is not None:
                    raise
            else:
                return chosen
        raise EngineError(f"lost the race for a free port {PORT_TRIES} times: pass --port")

    def _begin(self, port: int) -> None:
        self._launch = launch(
            self.binary, host=HOST, port=port, file=self.file, folder=self._folder
        )
        try:
            self._output = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise unwritable(self._folder, error) from error
        try:
            self._process = subprocess.Popen(
                tied(self._launch.command, self._launch.ends_with),
                env=self._launch.environ,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is ours: a run ends in order, and stops the engine last.
                start_new_session=True,
                # The file stays claimed for as long as the engine lives, whatever becomes of us.
                pass_fds=(*self._inherit, *((self._lock.fileno(),) if self._lock else ())),
            )
        except OSError as error:
            self._output.close()
            raise EngineError(f"{self.binary} cannot be started: {error.strerror}") from error
        try:
            self._await_ready(port)
        except BaseException:
            self._process.kill()
            self._process.wait()
            self._output.close()
            raise

    def _await_ready(self, port: int) -> None:
        """Its own word that it listens, which it gives after binding, and then an answer.

        The answer alone would not do: it could come from whoever has the port.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            ended = not self.alive
            said = self._said()
            if ended:
                raise self._refusal(port, said)
            if self._launch.listening in said and answers(f"http://{HOST}:{port}"):
                return
            time.sleep(POLL_S)
        raise EngineError(
            f"{self.binary} was not ready after {READY_TIMEOUT_S:.0f} s; "
            f"its last words: {_last_words(self._said())}"
        )

    def _refusal(self, port: int, said: str) -> BadValue | EngineError:
        if PORT_TAKEN.search(said):
            return PortTaken(
                f"port {port} is in use: pass another --port, or leave it out for a free one"
            )
        if self.file is not None and "unable to open database file" in said:
            return BadValue(f"the engine cannot open {self.file}: pass another --file")
        return EngineError(
            f"{self.binary} did not start: {_ending(self._process.returncode)}; "
            f"its last words: {_last_words(said)}"
        )

    def _said(self) -> str:
        if self._output.closed:
            return ""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), 8192, max(0, size - 8192)).decode(errors="replace")

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def answers(url: str, timeout_s: float = 1.0) -> bool:
    """Whether an engine answers at the address."""
    return engine_at(url, timeout_s) is not None


def is_gone(url: str, timeout_s: float = 5.0) -> bool:
    """Whether nobody listens at the address any more; an engine that is slow is not gone."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout_s).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def _claim(file: Path) -> IO[bytes]:
    """The file, held: the engine itself would let two processes write to one file."""
    try:
        lock = file.open("ab")
    except OSError as error:
        raise BadValue(
            f"cannot write to {file} ({error.strerror}): pass another --file, or --memory"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise BadValue(
            f"{file} is in use by another engine: stop that one, pass another --file, or --memory"
        ) from error
    return lock


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _ending(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " | ".join(lines[-3:]) or "none"
