"""The sample reports are what their records say, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadstone.run import Run
from loadstone.run.record import RUN_FILE
from loadstone.system import system_names
from tools.samples import FORMATS, LOADS, PICTURE, SAMPLES, write_reports

ROOT = SAMPLES.parent.parent
#: What draws the charts is another part's text, and another version's draws the same.
PACKED = re.compile(r'(<script type="text/plain" id="vega">)[^<]*')


@pytest.fixture(scope="module", autouse=True)
def _updated(request: pytest.FixtureRequest) -> None:
    """`pytest --update-golden` renders every sample anew, for review."""
    if request.config.getoption("--update-golden", default=False):
        for system in LOADS:
            write_reports(SAMPLES / system)


def test_there_is_a_sample_of_every_system() -> None:
    """Each system has a record of its own, and a picture shows one of the reports."""
    assert set(LOADS) == set(system_names(None))
    for system in LOADS:
        assert Run.load(SAMPLES / system / RUN_FILE).header.system == system
    assert PICTURE.stat().st_size > 50_000


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("system", LOADS)
def test_a_sample_is_what_its_record_says(system: str, name: str) -> None:
    """Rendered again, each report of a sample is the one in the repository."""
    from loadstone.report.view import view

    folder = SAMPLES / system
    made = FORMATS[name](view(Run.load(folder / RUN_FILE)))
    kept = (folder / name).read_text(encoding="utf-8")
    assert PACKED.sub(r"\1", made) == PACKED.sub(r"\1", kept), (
        f"{folder.relative_to(ROOT)}/{name} is not what its record says; "
        "`pytest --update-golden tests/test_report_samples.py` writes it anew"
    )


def test_the_samples_are_small() -> None:
    """Together they are less than a checkout should mind."""
    sizes = [path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()]
    assert sum(sizes) < 6_000_000


def test_samples_tell_nothing_of_the_machine_they_were_made_on() -> None:
    """No record and no report holds a home folder, a host's name or a user's."""
    private = {Path.home().as_posix() + "/", *(f"/{name}/" for name in ("tmp", "work"))}
    for path in SAMPLES.rglob("*.*"):
        if path.suffix in {".jsonl", ".md", ".json"}:
            text = path.read_text(encoding="utf-8")
            assert not [each for each in private if each in text], path
