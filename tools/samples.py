"""The sample reports: a short run of each system on the embedded engine, recorded and rendered.

    python -m tools.samples              every system, anew
    python -m tools.samples cmz acs      these alone
    python -m tools.samples --picture    the picture in the README, of the reports that are there

Each load is another one, so that together they show what a report can say. The records are kept
beside the reports: tests render them again, and compare.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from loadstone.embedded.binary import find_binary
from loadstone.embedded.process import Engine
from loadstone.report.html import render_html
from loadstone.report.json_report import render_json
from loadstone.report.markdown import render_markdown
from loadstone.report.view import view
from loadstone.run import Run
from loadstone.run.record import RUN_FILE
from loadstone.target import LENT_ENGINE

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "reports" / "samples"
PICTURE = SAMPLES / "report.png"
PICTURED = "cmz"
_SIZE = {"width": 1180, "height": 1500}

#: In the folder of a sample, beside its record.
FORMATS = {
    "report.html": render_html,
    "report.md": render_markdown,
    "report.json": render_json,
}


class Sample(NamedTuple):
    scale: int
    load: Sequence[str]


LOADS: Mapping[str, Sample] = {
    # More writes than are provisioned: what is throttled, and by which key.
    "cmz": Sample(
        5_000,
        (
            *("--rate", "120ops/s", "--duration", "24s", "--warm-up", "4"),
            *("--throttle", "provisioned:150rcu,28wcu,burst=4s"),
            *("--objective", "p99 < 50ms", "--objective", "throttle_rate < 1%"),
            *("--objective", "error_rate < 1%", "--objective", "usd_per_month < 300"),
        ),
    ),
    # The highest rate that a small table holds.
    "agentserver": Sample(
        5_000,
        (
            *("--find-max", "--rate", "40ops/s", "--step", "3s", "--settle", "1s"),
            *("--throttle", "provisioned:60rcu,15wcu,burst=2s"),
            *("--objective", "throttle_rate < 1%", "--objective", "p99 < 100ms"),
        ),
    ),
    # On demand, with room: what holds.
    "kxgen": Sample(
        5_000,
        (
            *("--rate", "80ops/s", "--duration", "20s", "--warm-up", "4"),
            *("--throttle", "on-demand"),
            *("--objective", "throttle_rate < 0.1%", "--objective", "achieved > 95%"),
            *("--objective", "error_rate < 1%"),
        ),
    ),
    # Closed users, and no objective.
    "acs": Sample(10_000, ("--users", "10", "--duration", "16s", "--warm-up", "4")),
    # A spike.
    "listbackup": Sample(
        5_000,
        (
            *("--rate", "40ops/s", "--shape", "spike:to=160,at=10s,for=4s"),
            *("--duration", "24s", "--warm-up", "4"),
            *("--throttle", "provisioned:25rcu,25wcu,burst=4s"),
            *("--objective", "p99 < 250ms", "--objective", "error_rate < 1%"),
        ),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="*", metavar="SYSTEM")
    parser.add_argument("--picture", action="store_true", help="Take the picture alone.")
    asked = parser.parse_args()
    if unknown := set(asked.systems) - LOADS.keys():
        parser.error(f"no sample of {', '.join(sorted(unknown))}; there are {', '.join(LOADS)}")
    if not asked.picture:
        for system in asked.systems or LOADS:
            _record(system, LOADS[system])
            write_reports(SAMPLES / system)
    take_picture(SAMPLES / PICTURED / "report.html", PICTURE)


def write_reports(folder: Path) -> None:
    """Every format of the record in a sample's folder."""
    content = view(Run.load(folder / RUN_FILE))
    for name, render in FORMATS.items():
        (folder / name).write_text(render(content), encoding="utf-8")


def _record(system: str, sample: Sample) -> None:
    """Seed and load in a project that is nobody's, on an engine in memory."""
    name = f"{system}-sample"
    with TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "pyproject.toml").write_text("[tool.loadstone]\n")
        with Engine(find_binary(ROOT / ".loadstone" / "engine"), folder=project) as engine:
            environ = {**os.environ, LENT_ENGINE: engine.url}
            _call(project, environ, "seed", system, "--scale", str(sample.scale))
            _call(project, environ, "run", system, "--name", name, *sample.load)
        (SAMPLES / system).mkdir(parents=True, exist_ok=True)
        made = project / ".loadstone" / "runs" / name / RUN_FILE
        shutil.copyfile(made, SAMPLES / system / RUN_FILE)


def _call(project: Path, environ: Mapping[str, str], *words: str) -> None:
    """A command of Loadstone's; a run that misses an objective is a sample as well."""
    done = subprocess.run(
        [sys.executable, "-m", "loadstone", *words], cwd=project, env=environ, check=False
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"`loadstone {' '.join(words)}` ended with {done.returncode}")


def take_picture(page: Path, picture: Path) -> None:
    """The top of a report, as a reader sees it first."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        shown = browser.new_page(viewport=_SIZE)  # type: ignore[arg-type]
        shown.goto(page.as_uri())
        shown.wait_for_function(
            "[...document.querySelectorAll('figure[data-chart]')].every(e => 'drawn' in e.dataset)"
        )
        shown.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
