"""How a load is going: a bar on a terminal, a line now and then elsewhere; on stderr."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from loadstone.seeding.tally import Tally

WINDOW_S = 10.0


class Pace(NamedTuple):
    items_per_s: float
    units_per_s: float
    left_s: float | None  # None while nothing moves


class PaceMeter:
    """The pace of the last seconds: at the start and after a throttle, the mean would mislead."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._seen: deque[tuple[float, int, float]] = deque()

    def read(self, tally: Tally, now_s: float) -> Pace:
        self._seen.append((now_s, tally.done, tally.total_write_units))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > self._window_s:
            self._seen.popleft()
        then_s, done, units = self._seen[0]
        elapsed_s = now_s - then_s
        if elapsed_s <= 0 or tally.done == done:
            return Pace(0.0, 0.0, None)
        items_per_s = (tally.done - done) / elapsed_s
        units_per_s = (tally.total_write_units - units) / elapsed_s
        return Pace(items_per_s, units_per_s, (tally.asked - tally.done) / items_per_s)


def in_words(tally: Tally, pace: Pace) -> str:
    left = "" if pace.left_s is None else f" · {_clock(pace.left_s)} left"
    rejected = f" · {tally.rejected:,} rejected" if tally.rejected else ""
    return (
        f"{tally.done:,} of {tally.asked:,} items · {pace.items_per_s:,.0f} items/s · "
        f"{pace.units_per_s:,.0f} WCU/s · {tally.total_throttles:,} throttles{rejected}{left}"
    )


class Lines:
    """For a log: one line every ten seconds."""

    every_s = 10.0

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._meter = PaceMeter(window_s=3600.0)

    def show(self, tally: Tally) -> None:
        pace = self._meter.read(tally, monotonic())
        if tally.done:
            self.say(in_words(tally, pace))


class Bar:
    """For a terminal."""

    every_s = 0.2

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)
        self._meter = PaceMeter()

    def show(self, tally: Tally) -> None:
        words = in_words(tally, self._meter.read(tally, monotonic()))
        self._bar.update(
            self._task, total=tally.asked, completed=tally.done, description=words, refresh=True
        )

    def say(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)


@contextmanager
def shown(console: Console, say: Callable[[str], None]) -> Iterator[Bar | Lines]:
    """`console` is where the bar goes, if that is a terminal; `say` writes a line."""
    if not console.is_terminal:
        yield Lines(say)
        return
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%  {task.description}"))
    # Drawn by `show` alone: a thread of rich's would run beside the greenlets.
    with Progress(*columns, console=console, auto_refresh=False) as bar:
        yield Bar(bar)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
