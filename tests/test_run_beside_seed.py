"""A run and a seed of the same tables do not go on together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from tests.commands import loadstone


def test_a_run_is_refused_while_its_tables_are_seeded(tmp_path: Path, engine: Engine) -> None:
    """A run of tables that a seed writes to is refused and names them; when the seed has been
    stopped, it is not any more."""
    environ = {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, "CONVERSATION_TABLE_NAME": "cmz-seeded"}
    asked = ("run", "cmz", "--duration", "2s", "--users", "2", "--mix", "read-heavy")
    assert loadstone("tables", "create", "cmz", cwd=tmp_path, environ=environ).code == 0
    seeding = subprocess.Popen(
        [
            *(sys.executable, "-m", "loadstone", "seed", "cmz", "--scale", "20000"),
            *("--rate", "20wcu/s", "--processes", "1"),
        ],
        cwd=tmp_path,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not list((tmp_path / STATE / "ledgers").glob("cmz-seeded-*.ledger")):
            assert seeding.poll() is None
        refused = loadstone(*asked, "--name", "beside", cwd=tmp_path, environ=environ)
        assert seeding.poll() is None
    finally:
        seeding.send_signal(signal.SIGINT)
        seeding.communicate(timeout=60)
    assert refused.code == 2
    assert "cmz-seeded: a seed, an unseed or a verification is under way there" in refused.err
    assert "Traceback" not in refused.err
    assert not (tmp_path / STATE / "runs" / "beside").exists()
    ran = loadstone(*asked, "--name", "after", cwd=tmp_path, environ=environ)
    assert "under way" not in ran.err
    assert (tmp_path / STATE / "runs" / "after").exists()
    dropped = loadstone("tables", "drop", "cmz", "--yes", cwd=tmp_path, environ=environ)
    assert dropped.code == 0, dropped.err
