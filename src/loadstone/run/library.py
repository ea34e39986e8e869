"""Finding runs: by path, by name, or the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from loadstone.errors import BadRecord, UnknownName, meant
from loadstone.run.header import CUT_OFF, Ending, Header
from loadstone.run.record import ending_of, iter_lines, records_of
from loadstone.system import project_root

RUNS = Path(".loadstone") / "runs"


def runs_folder() -> Path:
    """Where the project's runs are: beside its other state, from whichever folder of it."""
    root = project_root()
    return root / RUNS if root else RUNS


LAST = "last"
#: So many runs are named to whoever asks for one that is not there.
NAMED = 10


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
    found = find_runs(name, root)
    if len(found) > 1:
        each = ", ".join(f"{path.parent.name}/{path.name}" for path in found)
        raise UnknownName(f"{name} is a run of several systems, with a record of each: {each}")
    return found[0]


def find_runs(name: str, root: Path | None = None) -> list[Path]:
    """The same; where several systems were loaded together, the record of each."""
    root = root or runs_folder()
    runs = list_runs(root)
    if name == LAST:
        readable = [run for run in runs if not run.problem]
        if not readable:
            raise UnknownName(f"there is no run in {root} yet; `loadstone run` makes one")
        newest = readable[-1].name
        name = newest.partition("/")[0]
    found = [run.path for run in runs if name in (run.name, run.name.partition("/")[0])]
    path = Path(name)
    if not found and path.exists():
        found = _records_in(path) or [path]
    if not found:
        known = [run.name for run in runs]
        last = meant(name, [LAST]) if runs and not meant(name, known) else ""
        raise UnknownName(f"{_unknown(name, known)}{last}")
    return found


def _unknown(name: str, known: Sequence[str]) -> str:
    """Which there are, or of many those that are likely to be meant."""
    if len(known) <= NAMED:
        return str(UnknownName.among("run", name, list(known)))
    return (
        f"no run {name!r}; the newest of {len(known)} are {', '.join(known[-NAMED:])}; "
        f"`loadstone runs` lists all{meant(name, list(known))}"
    )


def list_runs(root: Path | None = None) -> list[RunSummary]:
    """Every run under `root`, oldest first, from the first and last lines of its record."""
    root = root or runs_folder()
    if not root.is_dir():
        return []
    runs = [
        _summary(path, str(path.relative_to(root)))
        for folder in root.iterdir()
        for path in _records_in(folder)
    ]
    return sorted(runs, key=lambda run: (run.started_unix_ms, run.name))


def _records_in(folder: Path) -> list[Path]:
    """A run's folder; of a run of several systems, that of each."""
    if not folder.is_dir():
        return []
    if records_of(folder):
        return [folder]
    return sorted(path for path in folder.iterdir() if path.is_dir() and records_of(path))


def _summary(path: Path, name: str) -> RunSummary:
    record = records_of(path)[0]
    try:
        opening = next(iter_lines(record))
        header = Header.from_json(opening["header"])
    except (BadRecord, KeyError) as error:
        return RunSummary(name=name, path=path, problem=str(error))
    started_ms = header.started_unix_ms
    summary = RunSummary(name=name, path=path, system=header.system, started_unix_ms=started_ms)
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
