"""What each pattern did in the last while, as a compact table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from loadstone.run.live import Part
from loadstone.run.live_tables import hit_rate
from loadstone.run.tally import Phases, Tally

EVERY_S = 10.0
MOST_ROWS = 15
_HEADS = ("ops/s", "p50 ms", "p99 ms", "RCU/s", "WCU/s", "throttled", "failed", "found")
_NUMBER = 10
_MOST_WIDE = 40


@dataclass(slots=True)
class Board:
    """Collects what processes tell; times are passed in."""

    began_s: float = 0.0
    _shown_s: float = 0.0
    _phases: Phases = field(default_factory=Phases.empty)

    def begin(self, now_s: float) -> None:
        self.began_s = self._shown_s = now_s
        self._phases = Phases.empty()

    def hear(self, part: Part) -> None:
        self._phases.merge(part.phases)

    def lines(self, now_s: float) -> list[str]:
        """The table when it is time for it, else nothing."""
        span_s = now_s - self._shown_s
        if span_s < EVERY_S or not any(self._phases):
            return []
        lines = list(self._table(span_s, now_s - self.began_s))
        self._shown_s, self._phases = now_s, Phases.empty()
        return lines

    def _table(self, span_s: float, elapsed_s: float) -> Iterator[str]:
        """The busiest first; the warm-up apart, in one row at the end."""
        tallies = self._phases.measured.items()
        busiest = sorted(tallies, key=lambda item: (-item[1].counts.calls, item[0]))
        if self._phases.warm_up:
            busiest.append(("(warm-up)", Phases({}, self._phases.warm_up).all()))
        shown = busiest[:MOST_ROWS]
        wide = min(_MOST_WIDE, max(len(name) for name, _ in shown))
        heads = "".join(f"{head:>{_NUMBER}}" for head in _HEADS)
        yield f"{elapsed_s:5.0f} s  {f'last {span_s:.0f} s':<{wide}}{heads}"
        for name, tally in shown:
            yield f"{'':9}{name[:wide]:<{wide}}{_row(tally, span_s)}"
        if len(busiest) > len(shown):
            yield f"{'':9}and {len(busiest) - len(shown)} more"


def _row(tally: Tally, span_s: float) -> str:
    counts = tally.counts
    p50, p99 = (value_us / 1000 for value_us in tally.latency.percentile_us(50, 99))
    cells = (
        f"{counts.calls / span_s:,.1f}",
        f"{p50:,.2f}",
        f"{p99:,.2f}",
        f"{counts.read_units / span_s:,.1f}",
        f"{counts.write_units / span_s:,.1f}",
        f"{counts.throttled:,}",
        f"{counts.failed:,}",
        hit_rate(counts),
    )
    return "".join(f"{cell:>{_NUMBER}}" for cell in cells)
