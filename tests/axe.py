"""axe-core, which finds what a page lacks for people who do not see it: from npm, checked, kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Page

from loadstone.embedded.binary import integrity_of
from loadstone.embedded.registry import STATE

VERSION = "4.11.0"
INTEGRITY = (
    "sha512-ilYanEU8vxxBexpJd8cWM4ElSQq4QctCLKih0TSfjIfC"
    "QTeyH/6zVrmIJfLPrKTKJRbiG+cfnZbQIjAlJmF1jQ=="
)
KEPT = Path(__file__).resolve().parent.parent / STATE / "axe"
FETCH_TIMEOUT_S = 120


def axe_script() -> str:
    """Its source. Where it is not to be had the test is skipped, or fails where browsers have to be
    there."""
    kept = KEPT / f"axe-core-{VERSION}.tgz"
    if not kept.exists():
        _fetch(kept)
    content = kept.read_bytes()
    assert integrity_of(content) == INTEGRITY, f"{kept} is not the recorded package: delete it"
    with tarfile.open(kept) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def _fetch(kept: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if npm is None:
        _lacking("npm is not on PATH")
    command = [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", str(KEPT)]
    command += ["--cache", str(KEPT / "npm"), "--loglevel", "error", "--no-update-notifier"]
    done = subprocess.run(
        command, cwd=KEPT, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
    )
    if not kept.exists():
        _lacking(f"npm could not fetch it: {done.stderr.strip()[:200]}")


def _lacking(why: str) -> NoReturn:
    what = f"no axe-core {VERSION}: {why}"
    if os.environ.get("LOADSTONE_REQUIRE_BROWSER"):
        pytest.fail(what)
    pytest.skip(what)


def violations(page: Page) -> list[str]:
    """What axe finds of WCAG 2.2 AA and its best practices, a line each with the elements."""
    page.add_script_tag(content=axe_script())
    found: dict[str, Any] = json.loads(page.evaluate("axe.run().then(JSON.stringify)"))
    return [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes'][:3]]}"
        for each in found["violations"]
    ]
