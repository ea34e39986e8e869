"""Plain numbers while a load runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from time import perf_counter

from loadstone.run import Gauges
from loadstone.run.tally import Phases, Tally

EVERY_S = 2.0


@dataclass(slots=True)
class Console:
    """Prints a line every two seconds, on stderr."""

    _started_s: float = field(default_factory=perf_counter)
    _printed_s: float = field(default_factory=perf_counter)
    _since: Tally = field(default_factory=Tally)
    _cpu_s: float = 0.0

    def restart(self) -> None:
        self._started_s = self._printed_s = perf_counter()
        self._since = Tally()

    def show(self, phases: Phases, gauges: Gauges) -> None:
        """Count a second; print when it is time to."""
        self._since.merge(phases.all())
        self._cpu_s += gauges.cpu_s
        span_s = perf_counter() - self._printed_s
        if span_s < EVERY_S - 0.05:
            return
        print(self._line(span_s), file=sys.stderr, flush=True)  # noqa: T201
        self._printed_s += span_s
        self._since, self._cpu_s = Tally(), 0.0

    def _line(self, span_s: float) -> str:
        counts, latency = self._since.counts, self._since.latency
        p50, p99 = (value_us / 1000 for value_us in latency.percentile_us(50, 99))
        return (
            f"{perf_counter() - self._started_s:5.0f} s  {counts.calls / span_s:8,.0f} ops/s  "
            f"p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  "
            f"{counts.read_units / span_s:7,.0f} RCU/s  {counts.write_units / span_s:7,.0f} WCU/s  "
            f"{counts.throttled:,} throttled  {counts.failed:,} failed  "
            f"{100 * self._cpu_s / span_s:3.0f}% CPU"
        )
