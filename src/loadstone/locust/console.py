"""Plain numbers while a load runs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from time import perf_counter

from loadstone.run import Gauges
from loadstone.run.live_line import LiveLine
from loadstone.run.tally import Tally

EVERY_S = 2.0


def room() -> int | None:
    """How many columns the terminal has that is written to; None where it is none."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or None
    except (OSError, ValueError):
        return None


@dataclass(slots=True)
class Console:
    """Prints a line every two seconds, on stderr."""

    simulated: bool = False  # throttled by a gate, not by DynamoDB
    _started_s: float = field(default_factory=perf_counter)
    _printed_s: float = field(default_factory=perf_counter)
    _line: LiveLine = field(default_factory=LiveLine)

    def restart(self) -> None:
        self._started_s = self._printed_s = perf_counter()
        self._line = LiveLine()

    def show(
        self, tally: Tally, gauges: Gauges, *, span_s: float, worker: int = 0, warm_up: bool = False
    ) -> None:
        """Count about a second of a worker's; print when it is time to."""
        self._line.add(tally, gauges, span_s=span_s, worker=worker, warm_up=warm_up)
        now_s = perf_counter()
        if now_s - self._printed_s < EVERY_S - 0.05:
            return
        elapsed_s = now_s - self._started_s
        said = self._line.text(elapsed_s, simulated=self.simulated, wide=room())
        print(said, file=sys.stderr, flush=True)  # noqa: T201
        self._printed_s, self._line = now_s, LiveLine()
