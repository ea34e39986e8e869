"""What a run does, told to where its page is: in the reports that Locust's workers send anyway."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from locust.runners import WorkerRunner

from loadstone.locust.console import room
from loadstone.run.board import Board
from loadstone.run.live import About, Live, Part
from loadstone.run.tally import Phases

TOLD = "loadstone"


class LiveShare:
    """One for each process. A worker keeps what is not told yet; the others add up, for the tabs of
    the page, or where there is none, for a table on the terminal."""

    def __init__(
        self, environment: Any, runner: Any, heard: Callable[[Part], None] = lambda _: None
    ) -> None:
        """`heard` is told each part, where the parts are added up."""
        self.live = Live()
        self._heard = heard
        self._board = Board()
        self._prints = environment.web_ui is None and not isinstance(runner, WorkerRunner)
        self._tells = isinstance(runner, WorkerRunner)
        self._run = ""
        self._parts: dict[str, Part] = {}
        self._counted_s: dict[str, float] = {}
        if self._tells:
            environment.events.report_to_master.add_listener(self._tell)
        else:
            environment.events.worker_report.add_listener(self._hear)

    def begin(self, run: str, abouts: dict[str, About]) -> None:
        """A test starts; `abouts` by the systems that this process plays."""
        self._run, self.live = run, Live()
        self._board.begin(perf_counter())
        self._parts = {system: Part(system, about) for system, about in abouts.items()}
        self._counted_s = dict.fromkeys(abouts, perf_counter())

    def count(self, system: str, phases: Phases) -> None:
        """About a second of this process."""
        now_s = perf_counter()
        span_s, self._counted_s[system] = now_s - self._counted_s[system], now_s
        part = self._parts[system]
        part.add(span_s, phases)
        if not self._tells:
            self._add("", part)
            self._parts[system] = Part(system, part.about)

    def _tell(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        """Locust is about to report; what is told once is not told again."""
        told = [part for part in self._parts.values() if part.span_s]
        if told:
            data[TOLD] = {"run": self._run, "parts": [part.to_json() for part in told]}
            self._parts |= {part.system: Part(part.system, part.about) for part in told}

    def _hear(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        told = data.get(TOLD)
        if told and told["run"] == self._run:
            for part in told["parts"]:
                self._add(client_id, Part.from_json(part))

    def _add(self, process: str, part: Part) -> None:
        self._heard(part)
        now_s = perf_counter()
        if not self._prints:
            self.live.hear(process, part, now_s)
            return
        self._board.hear(part)
        for line in self._board.lines(now_s, room()):
            print(line, file=sys.stderr, flush=True)  # noqa: T201
