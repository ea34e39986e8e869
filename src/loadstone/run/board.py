"""What each pattern did in the last while, as a compact table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from loadstone.run.live import Part
from loadstone.run.live_tables import hit_rate
from loadstone.run.tally import Phases, Tally

EVERY_S = 10.0
MOST_ROWS = 15
_HEADS = ("ops/s", "p50 ms", "p99 ms", "RCU/s", "WCU/s", "throttled", "failed", "found")
_NUMBER = 10
_MOST_WIDE = 40
#: Where a terminal is too narrow: what is left out where it is nothing, and what next, until names
#: can be told from one another.
_TROUBLE = ("throttled", "failed")
_GIVEN_UP = ("found", "WCU/s", "RCU/s", "p50 ms")
_LEAST_NAME = 18


@dataclass(slots=True)
class Board:
    """Collects what processes tell; times are passed in."""

    began_s: float = 0.0
    _shown_s: float = 0.0
    _phases: dict[str, Phases] = field(default_factory=dict)  # by system

    def begin(self, now_s: float) -> None:
        self.began_s = self._shown_s = now_s
        self._phases = {}

    def hear(self, part: Part) -> None:
        self._phases.setdefault(part.system, Phases.empty()).merge(part.phases)

    def lines(self, now_s: float, wide: int | None = None) -> list[str]:
        """The table when it is time for it, else nothing; `wide` is how much room there is."""
        span_s = now_s - self._shown_s
        if span_s < EVERY_S or not any(map(any, self._phases.values())):
            return []
        rows = list(self._rows(span_s))
        shown = rows[:MOST_ROWS]
        table = _table if wide is None or _full_width(shown) <= wide else partial(_narrow, wide)
        lines = list(table(shown, span_s, now_s - self.began_s))
        if len(rows) > len(shown):
            indent = len(lines[-1]) - len(lines[-1].lstrip())
            lines.append(f"{'':{indent}}and {len(rows) - len(shown)} more")
        self._shown_s, self._phases = now_s, {system: Phases.empty() for system in self._phases}
        return lines

    def _rows(self, span_s: float) -> Iterator[Row]:
        """The busiest first, of several systems each with whose it is; the warm-up apart, in one
        row at the end."""
        tallies = [
            (f"{system}: {pattern}" if len(self._phases) > 1 else pattern, tally)
            for system, phases in self._phases.items()
            for pattern, tally in phases.measured.items()
        ]
        for name, tally in sorted(tallies, key=lambda each: (-each[1].counts.calls, each[0])):
            yield Row(name, _cells(tally, span_s))
        warm_up = [phases.warm_up for phases in self._phases.values() if phases.warm_up]
        if warm_up:
            whole = Tally()
            for each in warm_up:
                whole.merge(Phases({}, each).all())
            yield Row("(warm-up)", _cells(whole, span_s))


class Row(NamedTuple):
    """A pattern, and what stands under each of the heads."""

    name: str
    cells: Mapping[str, str]


def _full_width(rows: Sequence[Row]) -> int:
    return 9 + _named(rows) + _NUMBER * len(_HEADS)


def _named(rows: Sequence[Row]) -> int:
    return min(_MOST_WIDE, max(len(row.name) for row in rows))


def _table(rows: Sequence[Row], span_s: float, elapsed_s: float) -> Iterator[str]:
    wide = _named(rows)
    heads = "".join(f"{head:>{_NUMBER}}" for head in _HEADS)
    yield f"{elapsed_s:5.0f} s  {f'last {span_s:.0f} s':<{wide}}{heads}"
    for name, cells in rows:
        yield f"{'':9}{name[:wide]:<{wide}}" + "".join(
            f"{cells[head]:>{_NUMBER}}" for head in _HEADS
        )


def _narrow(wide: int, rows: Sequence[Row], span_s: float, elapsed_s: float) -> Iterator[str]:
    """As much as fits: columns no wider than they have to be, and the least telling left out."""
    heads = [
        head
        for head in _HEADS
        if head not in _TROUBLE or any(row.cells[head] != "0" for row in rows)
    ]
    widths = {head: 1 + max(len(head), *(len(row.cells[head]) for row in rows)) for head in heads}
    for head in _GIVEN_UP:
        if 2 + _LEAST_NAME + sum(widths.values()) > wide:
            del widths[head]
    named = max(_LEAST_NAME, min(_named(rows), wide - 2 - sum(widths.values())))
    shown = "".join(f"{head:>{each}}" for head, each in widths.items())
    yield f"  {f'{elapsed_s:.0f} s, last {span_s:.0f} s':<{named}}{shown}"
    for name, cells in rows:
        shown = "".join(f"{cells[head]:>{each}}" for head, each in widths.items())
        yield f"  {name[:named]:<{named}}{shown}"


def _cells(tally: Tally, span_s: float) -> dict[str, str]:
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
    return dict(zip(_HEADS, cells, strict=True))
