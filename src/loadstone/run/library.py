"""Finding runs: by path, by name, or the last one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from loadstone.errors import BadRecord, UnknownName
from loadstone.run.header import CUT_OFF, Ending, Header
from loadstone.run.record import ending_of, iter_lines, records_of
from loadstone.system import project_root

RUNS = Path(".loadstone") / "runs"


def runs_folder() -> Path:
    """Where the project's runs are: beside its other state, from whichever folder of it."""
    root = project_root()
    return root / RUNS if root else RUNS


LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in one line; `problem` where its record cannot be read."""

    name: str
    path: Path
    system: str = ""
    started_unix_ms: int = 0
    lasted_s: float | None = None
    calls: int | None = None
    failed: int | None = None
    ending: Ending = CUT_OFF
    problem: str = ""

    @property
    def started(self) -> datetime:
        return datetime.fromtimestamp(self.started_unix_ms / 1000, UTC)


def find_run(name: str, root: Path | None = None) -> Path:
    """The run that a person means: a path, a name under `root`, or `last`."""
    root = root or runs_folder()
    runs = list_runs(root)
    if name == LAST:
        readable = [run for run in runs if not run.problem]
        if not readable:
            raise UnknownName(f"there is no run in {root} yet; `loadstone run` makes one")
        return readable[-1].path
    for run in runs:
        if run.name == name:
            return run.path
    path = Path(name)
    if path.exists():
        return path
    raise UnknownName.among("run", name, [run.name for run in runs])


def list_runs(root: Path | None = None) -> list[RunSummary]:
    """Every run under `root`, oldest first, from the first and last lines of its record."""
    root = root or runs_folder()
    if not root.is_dir():
        return []
    runs = [_summary(path) for path in root.iterdir() if records_of(path)]
    return sorted(runs, key=lambda run: (run.started_unix_ms, run.name))


def _summary(path: Path) -> RunSummary:
    record = records_of(path)[0]
    try:
        opening = next(iter_lines(record))
        header = Header.from_json(opening["header"])
    except (BadRecord, KeyError) as error:
        return RunSummary(name=path.name, path=path, problem=str(error))
    started_ms = header.started_unix_ms
    summary = RunSummary(
        name=path.name, path=path, system=header.system, started_unix_ms=started_ms
    )
    end = ending_of(record)
    if end is None:
        return summary
    return replace(
        summary,
        lasted_s=(end["at_ms"] - started_ms) / 1000,
        calls=end["calls"],
        failed=end["failed"],
        ending=Ending(end["how"], end["reason"]),
    )
