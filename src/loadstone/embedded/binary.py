"""Where the engine's binary is: on PATH, in the project's cache, else from npm, checked."""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from loadstone.errors import BadValue, EngineError

NAME: Final = "dynoxide"
VERSION = "1.2.1"
FETCH_TIMEOUT_S = 120
#: Of itself npm waits 10 s and then 60 s before it asks a network again that is not there.
PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000")
MEMBER = "package/dynoxide"
WAY_OUT = f"put `{NAME}` {VERSION} on PATH, or pass --endpoint"

Name = Literal["dynoxide", "ministack"]


class Recorded(NamedTuple):
    """What a platform's package must be: it is a program that we execute."""

    package: str
    integrity: str  # of the tarball, as npm writes it
    sha256: str  # of the binary inside


#: Only what has been fetched and looked at.
RECORDED: Mapping[str, Recorded] = {
    "linux-x64": Recorded(
        package="@dynoxide/linux-x64",
        integrity=(
            "sha512-sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4X"
            "zEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg=="
        ),
        sha256="be909b7910d3fb552e85db10ef3c8ebae4bd35fee0f26dffdb6dfa5cc656426e",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A program that is an engine."""

    path: Path
    version: str
    origin: Literal["PATH", "cache", "npm", "PyPI"]
    name: Name = NAME

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.path})"


class NoBinary(EngineError):
    """dynoxide is not to be had on this machine; another engine may be."""


def find_binary(
    cache: Path, *, say: Callable[[str], None] = lambda _: None, search_path: str | None = None
) -> Binary:
    """The engine to run; fetched into `cache` when it is nowhere. `search_path` is for PATH."""
    if on_path := shutil.which(NAME, path=search_path):
        return Binary(path=Path(on_path), version=_version(on_path), origin="PATH")
    name = platform_name()
    recorded = RECORDED.get(name)
    if recorded is None:
        raise NoBinary(f"no recorded engine for this platform ({name}): {WAY_OUT}")
    kept = cache / f"{NAME}-{VERSION}-{name}"
    if kept.exists():
        _check_kept(kept, recorded)
        return Binary(path=kept, version=VERSION, origin="cache")
    _fetch(recorded, kept, say, search_path)
    return Binary(path=kept, version=VERSION, origin="npm")


def platform_name() -> str:
    """This machine as npm names it: `linux-x64`."""
    machine = platform.machine().lower()
    cpu = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(machine, machine)
    return f"{sys.platform}-{cpu}"


def integrity_of(content: bytes) -> str:
    """npm's name for the content: `sha512-` and the digest in base64."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def extract(tarball: bytes, recorded: Recorded, into: Path) -> Path:
    """The one file that is wanted of a package that has been checked first."""
    if (found := integrity_of(tarball)) != recorded.integrity:
        raise EngineError(
            f"{recorded.package} {VERSION} from npm is not the recorded one (integrity {found}): "
            f"nothing was kept; check npm's registry setting, or {WAY_OUT}"
        )
    packed = into / "package.tgz"
    packed.write_bytes(tarball)
    binary = into / NAME
    try:
        with tarfile.open(packed) as archive:
            member = archive.extractfile(MEMBER)
            binary.write_bytes(member.read() if member else b"")
    except (tarfile.TarError, KeyError) as error:
        raise EngineError(f"{recorded.package} {VERSION} holds no {MEMBER}: {error}") from error
    if _sha256(binary) != recorded.sha256:
        raise EngineError(
            f"the binary in {recorded.package} {VERSION} is not the recorded one: {WAY_OUT}"
        )
    binary.chmod(0o755)
    return binary


def _check_kept(kept: Path, recorded: Recorded) -> None:
    if _sha256(kept) != recorded.sha256:
        raise EngineError(
            f"{kept} is not the recorded {NAME} {VERSION} any more: "
            "delete it and run the command again, it is fetched anew"
        )


def _fetch(
    recorded: Recorded, kept: Path, say: Callable[[str], None], search_path: str | None
) -> None:
    npm = shutil.which("npm", path=search_path)
    if npm is None:
        raise NoBinary(f"no embedded engine: neither `{NAME}` nor npm is on PATH; {WAY_OUT}")
    say(f"fetching {NAME} {VERSION} with npm, which takes some seconds and is done once")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix="fetch-") as folder:
            tarball = _packed(npm, recorded, kept.parent, Path(folder))
            extract(tarball, recorded, Path(folder)).replace(kept)
    except OSError as error:
        raise BadValue(
            f"cannot keep the engine in {kept.parent} ({error.strerror}): "
            f"work in a directory that can be written, or {WAY_OUT}"
        ) from error


def _packed(npm: str, recorded: Recorded, cache: Path, folder: Path) -> bytes:
    """The tarball, as npm downloads it; npm's own cache and logs stay under ours."""
    command = [
        npm,
        "pack",
        f"{recorded.package}@{VERSION}",
        *("--cache", str(cache.resolve() / "npm")),
        *("--pack-destination", str(folder.resolve())),
        *("--ignore-scripts", "--no-update-notifier", "--loglevel", "error", *PATIENCE),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "npm_config_logs_max": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"npm did not fetch the engine in {FETCH_TIMEOUT_S} s: check the network, or {WAY_OUT}"
        ) from error
    tarballs = list(folder.glob("*.tgz"))
    if done.returncode or len(tarballs) != 1:
        said = _said(done.stderr)
        check = "check the network and npm's registry setting"
        raise EngineError(
            f"npm could not fetch {recorded.package} {VERSION} ({said}): "
            f"{f'make room in {cache}' if 'ENOSPC' in said else check}, or {WAY_OUT}"
        )
    return tarballs[0].read_bytes()


def _said(stderr: str) -> str:
    """npm's complaint in one line."""
    lines = [line.removeprefix("npm error").strip() for line in stderr.splitlines()]
    return " ".join([line for line in lines if line][:2])[:160] or "it said nothing"


def _version(binary: str) -> str:
    try:
        done = subprocess.run(
            [binary, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(
            f"{binary} on PATH does not run ({error}): replace it by {NAME} {VERSION}, "
            "take it off PATH, or pass --endpoint"
        ) from error
    return done.stdout.strip().removeprefix(NAME).strip() or "of unknown version"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
