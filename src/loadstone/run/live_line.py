"""A line about the last moments of a run: what was asked and done, and who could not keep up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from loadstone.run.behind import fell_behind
from loadstone.run.tally import Tally
from loadstone.run.writer import Gauges

#: So many workers are told of one by one.
NAMED = 8


@dataclass(slots=True)
class Arrived:
    """Open arrivals since the last line: what was asked, and what could not be kept up with."""

    asked: int | None = None
    late: int = 0
    behind: int = 0
    delay_max_us: int = 0

    def add(self, gauges: Gauges) -> None:
        if gauges.asked is not None:
            self.asked = (self.asked or 0) + gauges.asked
        self.late += gauges.late
        self.behind += gauges.behind
        self.delay_max_us = max(self.delay_max_us, gauges.delay_max_us)

    def asked_for(self, span_s: float) -> str:
        return "" if self.asked is None else f"of {self.asked / span_s:,.0f}  "

    @property
    def trouble(self) -> str:
        said = f"  {self.late:,} late: --max-in-flight is reached" if self.late else ""
        if fell_behind(self.behind, self.asked or 0):
            said += f"  THE GENERATOR IS BEHIND, by {self.delay_max_us / 1000:,.0f} ms"
        return said


@dataclass(slots=True)
class Busy:
    """How much a worker had to do, in how long."""

    cpu_s: float = 0.0
    span_s: float = 0.0

    def add(self, cpu_s: float, span_s: float) -> None:
        self.cpu_s += cpu_s
        self.span_s += span_s

    @property
    def share(self) -> float:
        return self.cpu_s / self.span_s if self.span_s else 0.0


@dataclass(slots=True)
class LiveLine:
    """Adds up what workers tell, each about a second of its own."""

    _since: Tally = field(default_factory=Tally)
    _workers: dict[int, Busy] = field(default_factory=dict)
    _warm_up: bool = False
    _arrived: Arrived = field(default_factory=Arrived)

    def add(
        self, tally: Tally, gauges: Gauges, *, span_s: float, worker: int = 0, warm_up: bool = False
    ) -> None:
        self._since.merge(tally)
        self._workers.setdefault(worker, Busy()).add(gauges.cpu_s, span_s)
        self._warm_up = self._warm_up or warm_up
        self._arrived.add(gauges)

    def text(self, elapsed_s: float, *, simulated: bool, wide: int | None = None) -> str:
        """`simulated`: throttled by a gate, and not by DynamoDB. `wide` is how much room there is:
        in less than it takes, what did not happen is left out."""
        # Workers do not tell of the same moments: one may be a second ahead of another.
        spans_s = [each.span_s for each in self._workers.values()]
        span_s = sum(spans_s) / len(spans_s)
        counts, latency = self._since.counts, self._since.latency
        p50, p99 = (value_us / 1000 for value_us in latency.percentile_us(50, 99))
        warm_up, asked = "warm-up  " * self._warm_up, self._arrived.asked_for(span_s)
        throttled = f"{counts.throttled:,} throttled{' (simulated)' if simulated else ''}  "
        failed = f"{counts.failed:,} failed  "
        whole = (
            f"{elapsed_s:5.0f} s  {warm_up}{counts.calls / span_s:8,.0f} ops/s  {asked}"
            f"p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  "
            f"{counts.read_units / span_s:7,.0f} RCU/s  {counts.write_units / span_s:7,.0f} WCU/s  "
            f"{throttled}{failed}{cpu(self._workers)}{self._arrived.trouble}"
        )
        if wide is None or len(whole) <= wide:
            return whole
        short = (
            f"{elapsed_s:4.0f} s  {warm_up}{counts.calls / span_s:5,.0f} ops/s  {asked}"
            f"p50 {p50:5.2f}  p99 {p99:6.2f} ms  "
            f"{counts.read_units / span_s:5,.0f} RCU/s  {counts.write_units / span_s:5,.0f} WCU/s "
            f"{throttled if counts.throttled else ''}{failed if counts.failed else ''}"
            f"{cpu(self._workers)}{self._arrived.trouble}"
        )
        return short if len(short) <= wide else " ".join(short.split())


def cpu(workers: Mapping[int, Busy]) -> str:
    """Of a core, by each worker; of many the least and the most."""
    shares = [workers[worker].share for worker in sorted(workers)]
    if len(shares) > NAMED:
        return f"{min(shares):.0%} to {max(shares):.0%} CPU of {len(shares)} workers"
    return f"{' '.join(f'{share:.0%}' for share in shares):>4} CPU"
