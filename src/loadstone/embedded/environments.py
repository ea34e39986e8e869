"""Environments of their own, for what pins libraries that Loadstone uses in other versions.

Each is made from a lock: exact versions, every file checked by its hash.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loadstone.errors import BadValue, EngineError

INSTALL_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A package and all that it needs, as `lock` names them.

    `otherwise` is what else a person can do where it cannot be made.
    """

    name: str
    lock: Path
    otherwise: str

    @property
    def version(self) -> str:
        """The version of the package that the lock names."""
        text = self.lock.read_text(encoding="utf-8")
        found = re.search(rf"^{re.escape(self.name)}==(\S+)", text, re.MULTILINE)
        assert found is not None, f"{self.lock} does not name {self.name}"
        return found[1]

    def is_made(self, cache: Path) -> bool:
        return self._folder(cache).exists()

    def python(self, cache: Path) -> Path:
        """Its Python; the environment is made in `cache` when it is not there."""
        kept = self._folder(cache)
        if not kept.exists():
            self._make(kept)
        return _python(kept)

    def _folder(self, cache: Path) -> Path:
        """An environment is of one Python: another one makes its own."""
        python = f"{sysconfig.get_platform()}-{sys.version_info.major}.{sys.version_info.minor}"
        return cache / f"{self.name}-{self.version}-{python}"

    def _make(self, kept: Path) -> None:
        """Under another name, and moved when it is whole; of two at a time the first is kept."""
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=kept.parent, prefix="fetch-") as folder:
                made = Path(folder) / "environment"
                self._run([sys.executable, "-m", "venv", str(made)], "make an environment for it")
                install = [str(_python(made)), "-I", "-m", "pip", "install"]
                install += ["--disable-pip-version-check", "--no-input", "--no-cache-dir"]
                install += ["--quiet", "--require-hashes", "-r", str(self.lock)]
                self._run(install, "install it from PyPI")
                try:
                    made.rename(kept)
                except OSError:
                    if not kept.exists():
                        raise
        except OSError as error:
            raise BadValue(
                f"cannot keep {self.name} in {kept.parent} ({error.strerror}): "
                f"work in a directory that can be written, or {self.otherwise}"
            ) from error

    def _run(self, command: list[str], doing: str) -> None:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=INSTALL_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"could not {doing} ({self.name}) in {INSTALL_TIMEOUT_S} s: "
                f"check the network, or {self.otherwise}"
            ) from error
        if done.returncode:
            said = _said(done.stderr or done.stdout)
            raise EngineError(f"could not {doing} ({self.name}: {said}): {self.otherwise}")


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _said(output: str) -> str:
    """The complaint of pip or venv, in one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return " ".join(wrong or lines[-2:])[:160] or "it said nothing"
