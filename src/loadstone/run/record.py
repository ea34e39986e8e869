"""Reading a run's record: finished, or cut off with the parts that its processes left."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, Self

import orjson

from loadstone.errors import BadRecord
from loadstone.run.find_max import Trial
from loadstone.run.header import CUT_OFF, Ending, Header, PatternInfo, WorkerInfo
from loadstone.run.heat import KeyHeat, heat_of
from loadstone.run.second import Second, opened
from loadstone.run.tally import Tally

VERSION = OLDEST = 1
RUN_FILE = "run.jsonl"
#: Beside a record that was given another name.
NAME_FILE = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process of the run. `ending` is None when its part stops without one."""

    info: WorkerInfo
    last_ms: int
    ending: Ending | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The record of one load: what reports read, and the only thing that they read."""

    header: Header
    workers: tuple[Worker, ...]
    seconds: tuple[Second, ...]  # by time
    measured: Mapping[str, Tally]  # by pattern, over the whole run
    warm_up: Mapping[str, Tally]
    ending: Ending
    ended_ms: int
    trials: tuple[Trial, ...] = ()  # of a search for the highest rate
    searched: bool = False  # whether that search came to its end
    problems: tuple[str, ...]  # what the record lacks
    heat: tuple[KeyHeat, ...] = ()  # which partition keys were asked for, the warm-up included

    @property
    def started_ms(self) -> int:
        """When its first process started to count."""
        return min(worker.info.started_unix_ms for worker in self.workers)

    @property
    def lasted_s(self) -> float:
        return (self.ended_ms - self.started_ms) / 1000

    @property
    def loaded_s(self) -> float:
        """Until when calls were begun: answers to the last arrivals of a rate may take longer."""
        asked = [self.span_s(second)[1] for second in self.seconds if second.asked]
        if not asked or self.trials:
            return self.lasted_s
        return min(self.lasted_s, max(asked), self.header.configuration.get("run_time") or inf)

    def span_s(self, second: Second) -> tuple[float, float]:
        """From when to when a second counted, in seconds of the run."""
        end_s = (second.at_ms - self.started_ms) / 1000
        return end_s - second.span_s, end_s

    def is_measured(self, second: Second) -> bool:
        """Whether most of a second lies after the warm-up."""
        return sum(self.span_s(second)) / 2 >= self.header.warm_up_s

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a run's directory, or its file."""
        with uncollected():
            return cls._read(path)

    @classmethod
    def _read(cls, path: Path) -> Self:
        sources = [path] if path.is_file() else records_of(path)
        sources = [source for source in sources if opening_of(source)] or sources[:1]
        if not sources:
            raise BadRecord(f"there is no run in {path}: it has neither {RUN_FILE} nor parts")
        contents = [list(iter_lines(source, opened)) for source in sources]
        openings = [lines[0] for lines in contents]
        try:
            infos = [
                WorkerInfo(**worker)
                for opening in openings
                for worker in opening.get("workers") or [opening["worker"]]
            ]
            header = _renamed(Header.from_json(openings[0]["header"]), path)
            body = [line for lines in contents for line in lines[1:]]
            return cls._assemble(header, infos, body, torn=any(map(_is_torn, sources)))
        except (KeyError, TypeError, ValueError) as error:
            raise BadRecord(f"{sources[0]} is damaged: {_said(error)}") from error

    @classmethod
    def _assemble(
        cls, header: Header, infos: list[WorkerInfo], body: list[dict[str, Any]], *, torn: bool
    ) -> Self:
        seconds = sorted(
            (Second.from_json(line) for line in body if line["kind"] == "second"),
            key=lambda second: (second.at_ms, second.worker),
        )
        closed = {line["worker"]: line for line in body if line["kind"] == "closed"}
        end = next((line for line in body if line["kind"] == "end"), None)
        workers = tuple(_worker(info, seconds, closed.get(info.number)) for info in infos)
        last_ms = max((worker.last_ms for worker in workers), default=header.started_unix_ms)
        unclosed = [second for second in seconds if second.worker not in closed]
        totals = [line["totals"] for line in closed.values()]
        return cls(
            header=_with_met(header, body),
            workers=workers,
            seconds=tuple(seconds),
            measured=_merged(
                [total.get("patterns", {}) for total in totals] + [s.patterns for s in unclosed]
            ),
            warm_up=_merged(
                [total.get("warm_up", {}) for total in totals] + [s.warm_up for s in unclosed]
            ),
            ending=Ending(end["how"], end["reason"]) if end else CUT_OFF,
            ended_ms=last_ms,
            trials=_trials(body),
            searched=any(line["kind"] == "found" for line in body),
            heat=heat_of(body),
            problems=tuple(_problems(header, workers, ended=end is not None, torn=torn)),
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """While millions of values are read that stay: to look for garbage among them takes longer."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _renamed(header: Header, path: Path) -> Header:
    """By the name that a person gave the run later; what it wrote keeps the one that it had."""
    named = path / NAME_FILE
    return replace(header, name=named.read_text("utf-8").strip()) if named.is_file() else header


def _with_met(header: Header, body: Iterable[Mapping[str, Any]]) -> Header:
    """With the patterns that nobody knew before the run: what tasks by hand called for."""
    met = {
        line["pattern"]: PatternInfo(
            operation=line["operation"], table=line["table"], index=line["index"]
        )
        for line in body
        if line["kind"] == "pattern"
    }
    return replace(header, patterns={**met, **header.patterns}) if met else header


def _trials(body: Iterable[Mapping[str, Any]]) -> tuple[Trial, ...]:
    found = (Trial.from_json(line) for line in body if line["kind"] == "trial")
    return tuple(sorted(found, key=lambda trial: trial.number))


def part_of(directory: Path, worker: int) -> Path:
    """Where a worker's part is, or would be."""
    return directory / f"part-{worker:04}.jsonl"


def parts_of(directory: Path) -> list[Path]:
    return sorted(directory.glob("part-*.jsonl"))


def unclosed_parts(directory: Path, workers: Set[int]) -> Set[int]:
    """Which of these workers have yet to end their parts; none, once there is one file."""
    if (directory / RUN_FILE).exists():
        return frozenset()
    parts = {worker: part_of(directory, worker) for worker in workers}
    return {number for number, part in parts.items() if _last_kind(part) != "closed"}


def _last_kind(part: Path) -> str | None:
    """What the last line of a part is; totals can make it long."""
    lines = part.read_bytes().splitlines(keepends=True) if part.exists() else []
    line = _decoded(lines[-1]) if lines and lines[-1].endswith(b"\n") else None
    return str(line.get("kind")) if line else None


def records_of(directory: Path) -> list[Path]:
    """The one file of a finished run, or the parts of one that is not."""
    whole = directory / RUN_FILE
    return [whole] if whole.exists() else parts_of(directory)


def iter_lines(path: Path, read: Callable[[bytes], Any] = orjson.loads) -> Iterator[dict[str, Any]]:
    """The lines of a record or a part, the first one checked; a torn last line is left out."""
    begun = False
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            if not text.endswith(b"\n"):
                break
            line = _decoded(text, read)
            if line is None:
                raise BadRecord(f"{path} is damaged: line {number} of it is no JSON object")
            if not begun:
                _check_opening(path, line)
                begun = True
            yield line
    if not begun:
        raise BadRecord(f"{path} is empty: the run ended before its first line was written")


def opening_of(path: Path) -> dict[str, Any] | None:
    """The first line, where there is a whole one."""
    with path.open("rb") as file:
        text = file.readline()
    if not text.endswith(b"\n"):
        return None
    return next(iter_lines(path))


def ending_of(path: Path) -> dict[str, Any] | None:
    """The end line of a finished run: short, so within the last few kilobytes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().splitlines(keepends=True)
    line = _decoded(lines[-1]) if lines and lines[-1].endswith(b"\n") else None
    return line if line and line.get("kind") == "end" else None


def _is_torn(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _decoded(text: bytes, read: Callable[[bytes], Any] = orjson.loads) -> dict[str, Any] | None:
    try:
        line = read(text)
    except orjson.JSONDecodeError:
        return None
    return line if isinstance(line, dict) else None


def _check_opening(path: Path, opening: Mapping[str, Any]) -> None:
    version = opening.get("version")
    if not isinstance(version, int) or opening.get("kind") not in {"run", "part"}:
        raise BadRecord(f"{path} is no record of a run: its first line does not say so")
    if version < OLDEST:
        raise BadRecord(
            f"{path} is a record of version {version}, and this Loadstone reads {OLDEST} and "
            "later: it was written by an older Loadstone, read it with that"
        )
    if version > VERSION:
        raise BadRecord(
            f"{path} is a record of version {version}, and this Loadstone reads up to {VERSION}: "
            "it was written by a newer Loadstone, read it with that"
        )


def _worker(
    info: WorkerInfo, seconds: Iterable[Second], closed: Mapping[str, Any] | None
) -> Worker:
    if closed is not None:
        ending = Ending(closed["how"], closed["reason"])
        return Worker(info=info, last_ms=closed["at_ms"], ending=ending)
    own = (second.at_ms for second in seconds if second.worker == info.number)
    return Worker(info=info, last_ms=max(own, default=info.started_unix_ms), ending=None)


def _merged(phases: Iterable[Mapping[str, Mapping[str, Any]]]) -> dict[str, Tally]:
    written = defaultdict(list)
    for patterns in phases:
        for pattern, tally in patterns.items():
            written[pattern].append(tally)
    return {pattern: Tally.merged(written[pattern]) for pattern in sorted(written)}


def _problems(
    header: Header, workers: Iterable[Worker], *, ended: bool, torn: bool
) -> Iterable[str]:
    if not ended:
        yield "The record has no end: the run was cut off, or is still going on."
    if torn:
        yield "The last line was torn while it was written, and is left out."
    present = {worker.info.number for worker in workers}
    for number in sorted(set(header.members or range(header.workers)) - present):
        yield f"The part of worker {number} is missing, and with it everything that it did."
    for worker in workers:
        if worker.ending is None:
            lasted_s = (worker.last_ms - header.started_unix_ms) / 1000
            yield (
                f"The part of worker {worker.info.number} stops after {lasted_s:.0f} s without an "
                "end: what it did later is missing."
            )


def _said(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
