"""How a load is going: bars on a terminal, a line now and then elsewhere; on stderr."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from time import monotonic
from typing import NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from loadstone.seeding.tally import Tally

WINDOW_S = 10.0
#: A bar is as long as the terminal leaves room for beside a name and the numbers.
BAR_WIDTHS = range(12, 41)
NUMBERS_WIDTH = 56
TOTAL = "total"

#: What a load has cost so far, in USD; None where nothing is billed or no price is known.
Costs = Callable[[Tally], Decimal | None]


class Pace(NamedTuple):
    items_per_s: float
    units_per_s: float
    left_s: float | None  # None while nothing moves


class PaceMeter:
    """The pace of the last seconds: at the start and after a throttle, the mean would mislead."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._seen: deque[tuple[float, int, float]] = deque()

    def read(self, now_s: float, asked: int, done: int, units: float) -> Pace:
        self._seen.append((now_s, done, units))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > self._window_s:
            self._seen.popleft()
        then_s, done_then, units_then = self._seen[0]
        elapsed_s = now_s - then_s
        if elapsed_s <= 0 or done <= done_then:
            return Pace(0.0, 0.0, None)
        items_per_s = (done - done_then) / elapsed_s
        left_s = max(0, asked - done) / items_per_s
        return Pace(items_per_s, (units - units_then) / elapsed_s, left_s)


def in_words(tally: Tally, pace: Pace, usd: Decimal | None) -> str:
    """All that is known of the whole load, in one line."""
    left = "" if pace.left_s is None else f" · {_clock(pace.left_s)} left"
    return (
        f"{tally.done:,} of {tally.asked:,} items · {pace.items_per_s:,.0f} items/s · "
        f"{pace.units_per_s:,.0f} WCU/s · {troubles(tally, usd)}{left}"
    )


def troubles(tally: Tally, usd: Decimal | None) -> str:
    """What went wrong, and what it cost."""
    rejected = f" · {tally.rejected:,} rejected" if tally.rejected else ""
    return (
        f"{tally.total_throttles:,} throttles · {tally.total_failures:,} errors{rejected} · "
        f"{'-' if usd is None else f'{usd:,.2f}'} USD"
    )


class Lines:
    """For a log: one line every ten seconds."""

    every_s = 10.0

    def __init__(self, say: Callable[[str], None], costs: Costs) -> None:
        self.say, self._costs = say, costs
        self._meter = PaceMeter(window_s=3 * self.every_s)
        self._said: tuple[int, str] | None = None

    def show(self, tally: Tally) -> None:
        units, usd = tally.total_write_units, self._costs(tally)
        pace = self._meter.read(monotonic(), tally.asked, tally.done, units)
        news = (tally.done, troubles(tally, usd))
        if tally.done and news != self._said:
            self._said = news
            self.say(in_words(tally, pace, usd))


class Bars:
    """For a terminal: a bar for each table, and one for all together."""

    every_s = 0.25

    def __init__(self, live: Live, costs: Costs) -> None:
        self._live, self._costs = live, costs
        self._meters: defaultdict[str, PaceMeter] = defaultdict(PaceMeter)

    def show(self, tally: Tally) -> None:
        now_s = monotonic()
        width, bar = _widths(self._live.console.width, [*tally.tables, TOTAL])
        grid = Table(
            Column("", ratio=1, no_wrap=True, overflow="ellipsis"),
            Column(""),
            *(
                Column(name, justify="right", no_wrap=True)
                for name in ("", "items", "items/s", "WCU/s", "throttles", "left")
            ),
            box=None,
            padding=(0, 1, 0, 0),
            header_style="dim",
            width=width,
        )
        for name, table in tally.tables.items():
            units = sum(tally.units_of(name).values())
            pace = self._meters[name].read(now_s, table.asked, table.seen, units)
            grid.add_row(*_cells(name, bar, table.asked, table.seen, table.throttled, pace))
        pace = self._meters[TOTAL].read(now_s, tally.asked, tally.done, tally.total_write_units)
        if len(tally.tables) > 1:
            cells = _cells(TOTAL, bar, tally.asked, tally.done, tally.total_throttles, pace)
            grid.add_row(*cells, style="bold")
        self._live.update(Group(grid, Text(troubles(tally, self._costs(tally)))), refresh=True)

    def say(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)


@contextmanager
def shown(
    console: Console, say: Callable[[str], None], costs: Costs = lambda _: None
) -> Iterator[Bars | Lines]:
    """`console` is where the bars go, if that is a terminal; `say` writes a line."""
    if not console.is_terminal:
        yield Lines(say, costs)
        return
    # Drawn by `show` alone: a thread of rich's would run beside the greenlets.
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        yield Bars(live, costs)


def _widths(terminal: int, names: Iterable[str]) -> tuple[int, int]:
    """Of all, and of a bar. Names give way where there is no room for them."""
    longest = max(map(len, names))
    bar = min(max(terminal - longest - NUMBERS_WIDTH, BAR_WIDTHS[0]), BAR_WIDTHS[-1])
    return min(terminal, longest + bar + NUMBERS_WIDTH), bar


def _cells(
    name: str, bar: int, asked: int, seen: int, throttles: int, pace: Pace
) -> tuple[str, ProgressBar, str, str, str, str, str, str]:
    return (
        name,
        ProgressBar(total=asked or 1, completed=seen if asked else 1, width=bar),
        f"{seen * 100 // asked if asked else 100}%",
        f"{seen:,}",
        f"{pace.items_per_s:,.0f}",
        f"{pace.units_per_s:,.0f}",
        f"{throttles:,}",
        "" if pace.left_s is None else short_clock(pace.left_s),
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def short_clock(seconds: float) -> str:
    """For a column: 59s, 59m, 9h59m."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
