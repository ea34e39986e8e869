"""What a run prints at its end, and what takes one system where all are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadstone.cli.outcome import print_outcome
from loadstone.errors import UnknownName
from loadstone.run import Run
from loadstone.system import load_system
from tests.synthetic import finished, known_seconds


def test_a_figure_is_never_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However narrow the terminal is, a run's figures have all their digits and units."""
    run = Run.load(finished(tmp_path, known_seconds()))
    printed = []
    for columns in ("40", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        print_outcome(run)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "\u2026" not in printed[0]


def test_all_is_no_system() -> None:
    """Where one system is to be named, `all` is told what takes all of them."""
    for name in ("all", "All"):
        with pytest.raises(UnknownName, match="`run` and `check` alone take all of them at once"):
            load_system(name)
