"""Keeping runs: giving one a name, and letting go of old ones."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time

from loadstone.errors import BadValue, Refused
from loadstone.run.library import LAST, RunSummary, find_runs, list_runs, runs_folder
from loadstone.run.record import NAME_FILE, RUN_FILE, records_of

#: A process writes its part every second: one that was silent for so long is no more.
SILENT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A run that is kept although it is old, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is to be deleted, oldest first, and what of the old ones is not."""

    folders: tuple[Path, ...]
    kept: tuple[Kept, ...]


def rename(name: str, to: str, root: Path | None = None) -> Path:
    """Give a run another name; where it is now. Items that it wrote keep the name that it had."""
    root = root or runs_folder()
    if to in ("", LAST) or Path(to).name != to or to.startswith("."):
        raise BadValue(f"{to!r} is no name for a run: it becomes the name of a folder")
    if (root / to).exists():
        raise BadValue(f"there is a run {to!r} already: choose another name")
    folder = _folder_of(name, root)
    if _goes_on(folder):
        raise Refused(f"run {folder.name} is still going on: rename it when it has ended")
    for each in (folder, *(path for path in folder.iterdir() if path.is_dir())):
        if records_of(each):
            (each / NAME_FILE).write_text(to, encoding="utf-8")
    return folder.rename(root / to)


def prune(keep: int, *, written: bool = False, root: Path | None = None) -> Pruning:
    """All but the newest `keep` runs; those that are still going on are kept, and those that wrote
    new items, unless `written`: `verify` and `unseed --run` know these by their records alone."""
    folders = _by_age(list_runs(root), root or runs_folder())
    gone: list[Path] = []
    kept: list[Kept] = []
    for folder in folders[: max(0, len(folders) - keep)]:
        if _goes_on(folder):
            kept.append(Kept(name=folder.name, why="it is still going on"))
        elif not written and any(folder.rglob("new-*.jsonl")):
            kept.append(Kept(name=folder.name, why="it wrote items that may still be in tables"))
        else:
            gone.append(folder)
    return Pruning(folders=tuple(gone), kept=tuple(kept))


def delete(folders: Sequence[Path]) -> None:
    """For ever."""
    for folder in folders:
        shutil.rmtree(folder)


def _by_age(runs: Sequence[RunSummary], root: Path) -> list[Path]:
    """The folder of each, one of several systems once, oldest first."""
    return list(dict.fromkeys(root / run.name.partition("/")[0] for run in runs))


def _folder_of(name: str, root: Path) -> Path:
    path = find_runs(name, root)[0]
    folder = path if path.parent.resolve() == root.resolve() else path.parent
    if folder.parent.resolve() != root.resolve():
        raise BadValue(f"{path} is not among the runs in {root}: rename the folder itself")
    return folder


def _goes_on(folder: Path) -> bool:
    """Whether a process may still write to it."""
    parts = list(folder.rglob("part-*.jsonl"))
    if not parts or (folder / RUN_FILE).exists():
        return False
    return any(time() - part.stat().st_mtime < SILENT_S for part in parts)
