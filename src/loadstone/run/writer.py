"""Writing a run: one part a process, a line a second, folded into one file at the end."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from loadstone.errors import BadRecord
from loadstone.folders import make_folder
from loadstone.run.call import Call
from loadstone.run.header import Ending, Header, WorkerInfo
from loadstone.run.lines import LineFile
from loadstone.run.record import RUN_FILE, VERSION, iter_lines, opening_of, part_of, parts_of
from loadstone.run.tally import WRITTEN_AS, Pause, Phases, SecondTally, Tally, no_pause


class Written(NamedTuple):
    """New items of one pattern in one second: how many, and their ordinals' range."""

    items: int
    first: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What the owner of a run saw in the second that ends.

    `asked` is how many calls should have started, None where nobody asks for a rate, and
    `asked_warm_up` how many of them in the warm-up; `late` how many found no free place; `behind`
    how many the generator took up late by its own fault, by `delay_max_us` at most. `cpu_s` is
    processor time of this process.
    """

    in_flight: int = 0
    asked: int | None = None
    asked_warm_up: int = 0
    late: int = 0
    behind: int = 0
    delay_max_us: int = 0
    cpu_s: float = 0.0
    written: Mapping[str, Written] = field(default_factory=dict)


class RunWriter:
    """One process's part of a run's record. What a crash can lose is the second under way.

    Times are passed in: `now_ns` is `time.perf_counter_ns()`, as in a Call; `unix_ms` the clock on
    the wall.
    """

    def __init__(self, file: LineFile, worker: WorkerInfo, now_ns: int) -> None:
        self._file = file
        self._worker = worker
        self._started_ns = now_ns
        self._ticked_ns = now_ns
        self._totals = Phases.empty()
        self._begin_second()

    @classmethod
    def start(
        cls,
        directory: Path,
        header: Header,
        worker: int = 0,
        *,
        now_ns: int,
        unix_ms: int,
        machine: Mapping[str, str] | None = None,
    ) -> Self:
        make_folder(directory)
        if (directory / RUN_FILE).exists():
            raise BadRecord(f"{directory} holds a finished run; choose another name")
        part = part_of(directory, worker)
        try:
            file = LineFile(part)
        except FileExistsError:
            raise BadRecord(f"{part} is there already; choose another name for the run") from None
        info = WorkerInfo(number=worker, started_unix_ms=unix_ms, machine=machine or {})
        writer = cls(file, info, now_ns)
        opening = {"kind": "part", "version": VERSION, "worker": asdict(info)}
        file.add(opening | {"header": header.to_json()})
        if file.problem:
            file.close()
            part.unlink()
            raise BadRecord(file.problem)
        return writer

    @property
    def problem(self) -> str:
        """Why no more can be written, if so."""
        return self._file.problem

    def _begin_second(self) -> None:
        self._second = SecondTally()
        #: Counts a call in the second under way.
        self.add: Callable[[Call], None] = self._second.add

    def tick(
        self,
        now_ns: int,
        gauges: Gauges | None = None,
        *,
        pause: Pause = no_pause,
    ) -> Phases:
        """End the second under way, write its line, and return what was in it.

        `pause` is called in between, for others to go on: calls that come meanwhile are the
        next second's.
        """
        second, span_s = self._second, (now_ns - self._ticked_ns) / 1e9
        self._begin_second()
        self._ticked_ns = now_ns
        phases, everything = Phases.empty(), Tally()
        told: tuple[dict[str, Any], ...] = ({}, {})
        for phase, pattern, tally in second.folded(pause):
            pause()
            phases[phase][pattern] = tally
            told[phase][pattern] = tally.to_json()
            pause()
            everything.merge(tally)
            self._totals.add(phase, pattern, tally)
            pause()
        if span_s > 0 or any(phases):
            line = self._line("second", now_ns) | {"span_s": round(span_s, 6)}
            line |= _gauges(gauges or Gauges())
            line |= {"all": everything.to_json()} if any(phases) else {}
            self._file.add(
                line | {name: each for name, each in zip(WRITTEN_AS, told, strict=True) if each}
            )
        return phases

    def note(self, kind: str, values: Mapping[str, Any], now_ns: int) -> None:
        """Write a line of another kind than a second's."""
        self._file.add({**self._line(kind, now_ns), **values})

    def close(self, ending: Ending, now_ns: int, gauges: Gauges | None = None) -> None:
        self.tick(now_ns, gauges)
        line = self._line("closed", now_ns) | asdict(ending)
        self._file.add(line | {"totals": self._totals.to_json()})
        self._file.close()

    def _line(self, kind: str, now_ns: int) -> dict[str, Any]:
        at_ms = self._worker.started_unix_ms + (now_ns - self._started_ns) // 1_000_000
        return {"kind": kind, "worker": self._worker.number, "at_ms": at_ms}


def _gauges(gauges: Gauges) -> dict[str, Any]:
    """What is zero or empty is left out."""
    values: dict[str, Any] = {
        "in_flight": gauges.in_flight,
        "asked_warm_up": gauges.asked_warm_up,
        "late": gauges.late,
        "behind": gauges.behind,
        "delay_max_us": gauges.delay_max_us,
        "cpu_s": round(gauges.cpu_s, 6),
        "written": {pattern: list(written) for pattern, written in gauges.written.items()},
    }
    kept = {name: value for name, value in values.items() if value}
    return kept if gauges.asked is None else kept | {"asked": gauges.asked}


def finish(directory: Path, ending: Ending, *, unix_ms: int) -> Path:
    """Fold the parts of a run into one file, and remove them."""
    parts = parts_of(directory)
    whole = directory / RUN_FILE
    if not whole.exists():
        begun = [part for part in parts if opening_of(part)]
        if not begun:
            raise BadRecord(
                f"{directory} holds no part of a run; workers on other machines keep their parts "
                "there"
            )
        _fold(begun, whole, asdict(ending) | {"at_ms": unix_ms})
    for part in parts:
        part.unlink()
    return whole


def _fold(parts: Iterable[Path], whole: Path, ending: Mapping[str, Any]) -> None:
    contents = [iter_lines(part) for part in parts]
    openings = [next(lines) for lines in contents]
    opening = {
        "kind": "run",
        "version": VERSION,
        "workers": [opening["worker"] for opening in openings],
        "header": openings[0]["header"],
    }
    by_time = heapq.merge(*contents, key=lambda line: line["at_ms"])
    unfinished = whole.with_suffix(".tmp")
    try:
        with unfinished.open("wb") as file:
            file.writelines(_encoded(opening, by_time, ending))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(whole)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise BadRecord(
            f"cannot write {whole} ({error.strerror}): the parts of the run stay beside it, and "
            f"`loadstone report {whole.parent}` reads them"
        ) from error


def _encoded(
    opening: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], ending: Mapping[str, Any]
) -> Iterator[bytes]:
    calls = failed = 0
    yield orjson.dumps(opening, option=orjson.OPT_APPEND_NEWLINE)
    for line in lines:
        everything = line.get("all", {})
        calls += everything.get("calls", 0)
        failed += everything.get("failed", 0)
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    end = {"kind": "end", "calls": calls, "failed": failed, **ending}
    yield orjson.dumps(end, option=orjson.OPT_APPEND_NEWLINE)
