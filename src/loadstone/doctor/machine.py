"""What this machine has: versions, an engine, ports, and room for data."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from loadstone.doctor.finding import Finding
from loadstone.embedded import ministack
from loadstone.embedded.binary import NAME, RECORDED, VERSION, WAY_OUT, platform_name
from loadstone.embedded.engines import find_engine
from loadstone.embedded.process import Engine
from loadstone.errors import LoadstoneError
from loadstone.folders import ELSEWHERE
from loadstone.native import INTERPRETED, PURE

OLDEST_PYTHON = (3, 11)
#: Those that make results differ, or that a bug report should name.
NAMED = ("locust", "boto3", "botocore", "faker", "numpy")
PORTS: Mapping[int, tuple[str, str]] = {
    8089: ("Locust's web page", "--web-port"),
    5557: ("a master's workers", "--master-port"),
}
LEAST_FREE_BYTES = 1_000_000_000
SIZES = "a seed with --dry-run tells how large its items are, without their indexes"
_REQUIREMENT = re.compile(r"([\w.-]+)>=([\d.]+)")


def versions() -> Finding:
    """Of Python, of Loadstone, and of what it is built on."""
    python = platform.python_version()
    named = [f"{name} {version(name)}" for name in NAMED]
    found = f"loadstone {version('loadstone')} on Python {python}; {', '.join(named)}"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Finding(
            about="versions", found=found, do=f"use Python {oldest} or newer", state="wrong"
        )
    old = list(too_old(requires("loadstone") or ()))
    if old:
        return Finding(
            about="versions",
            found=f"{found}; {', '.join(old)}",
            do="`pip install --upgrade loadstone` brings what it needs",
            state="wrong",
        )
    return Finding(about="versions", found=found, do="name them when you report a bug")


def speed() -> Finding:
    """Whether what runs for every call is machine code."""
    what = "what runs for every call of a load is"
    if not INTERPRETED:
        return Finding(about="speed", found=f"{what} compiled", do="nothing to do")
    return Finding(
        about="speed",
        found=f"{what} interpreted ({INTERPRETED}): it takes a third more processor",
        do=f"unset {PURE}"
        if os.environ.get(PURE)
        else "where you want more of one processor, install a C compiler and Python's headers, and "
        "Loadstone again; in a checkout, `python tools/native.py`",
        state="note",
    )


def too_old(requirements: Iterable[str]) -> Iterator[str]:
    """`boto3 1.40 is older than 1.43`, for each requirement that is not met."""
    for requirement in requirements:
        if not (needed := _REQUIREMENT.match(requirement)):
            continue
        name, least = needed.groups()
        try:
            there = version(name)
        except PackageNotFoundError:
            yield f"{name} is missing"
            continue
        if _numbers(there) < _numbers(least):
            yield f"{name} {there} is older than {least}"


def engine(state: Path) -> Finding:
    """The embedded engine: found, and started for a moment. It is not fetched here."""
    cache = state / "engine"
    if not _is_there(cache):
        return _not_fetched()
    try:
        binary = find_engine(cache)
        with tempfile.TemporaryDirectory() as folder, Engine(binary, folder=Path(folder)):
            pass
    except (LoadstoneError, OSError) as error:
        return Finding(about="engine", found=f"it does not run: {error}", do=WAY_OUT, state="wrong")
    return Finding(
        about="engine",
        found=f"{binary} starts and answers",
        do="nothing to do; commands use it where no endpoint is named",
    )


def ports() -> Iterator[Finding]:
    """The two that Locust listens on, unless it is told others."""
    for port, (what, flag) in PORTS.items():
        if is_free(port):
            yield Finding(
                about=f"port {port}",
                found=f"free, for {what}",
                do=f"nothing to do; Locust's {flag} names another",
            )
        else:
            yield Finding(
                about=f"port {port}",
                found=f"taken, and {what} would be there",
                do=f"pass Locust another as {flag}, or stop what listens",
                state="note",
            )


def disk(state: Path) -> Finding:
    """Where engine, ledgers and records go."""
    home = next(each for each in (state, *state.parents) if each.exists())
    if not (home.is_dir() and os.access(home, os.W_OK)):
        return Finding(
            about="disk",
            found=f"{home} cannot be written",
            do=ELSEWHERE,
            state="wrong",
        )
    free_bytes = shutil.disk_usage(home).free
    found = f"{free_bytes / 1e9:,.1f} GB free for {state}"
    if free_bytes < LEAST_FREE_BYTES:
        return Finding(
            about="disk",
            found=found,
            do=f"free some, or work on another disk; {SIZES}",
            state="wrong",
        )
    return Finding(about="disk", found=found, do=f"nothing to do; {SIZES}")


def is_free(port: int) -> bool:
    try:
        with socket.create_server(("", port)):
            return True
    except OSError:
        return False


def _is_there(cache: Path) -> bool:
    """Whether an engine is at hand without a download."""
    kept = cache / f"{NAME}-{VERSION}-{platform_name()}"
    return bool(shutil.which(NAME)) or kept.exists() or ministack.is_installed(cache)


def _not_fetched() -> Finding:
    fetched = "the first command that needs it fetches it"
    if platform_name() in RECORDED and shutil.which("npm"):
        return Finding(
            about="engine",
            found=f"{NAME} {VERSION} is not here yet: {fetched} with npm",
            do=f"nothing to do; without a network, {WAY_OUT}",
            state="note",
        )
    return Finding(
        about="engine",
        found=f"no {NAME}, and no way to fetch it: {fetched} {ministack.NAME} from PyPI, which is "
        "slower",
        do=f"nothing to do, where slower will do; else install npm, which is part of Node.js, or "
        f"{WAY_OUT}",
        state="note",
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
