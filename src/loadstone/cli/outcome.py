"""What a run came to, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid

from loadstone.report.numbers import count, duration, rate
from loadstone.report.view import View, view
from loadstone.run import Run

_ANY_WIDTH = 1000


def print_outcome(run: Run) -> None:
    """The answer in words, and a line for each pattern."""
    content = view(run)
    patterns = _patterns(content)
    console = Console(highlight=False)
    # A figure that is cut, or has lost its unit, is another figure: rather have the line wrapped.
    natural = console.measure(patterns, options=console.options.update(max_width=_ANY_WIDTH))
    Console(highlight=False, width=max(console.width, natural.maximum)).print(patterns)
    if run.ending.how != "completed":
        console.print(f"The run was not completed: {run.ending}.", markup=False, soft_wrap=True)
    for sentence in (*content.summary, *content.problems):
        console.print(sentence, markup=False, soft_wrap=True)


def _patterns(content: View) -> Grid:
    grid = Grid(box=None, header_style="bold", padding=(0, 1, 0, 0))
    grid.add_column("pattern", no_wrap=True)
    for name in ("calls", "ops/s", "p50", "p99", "RCU", "WCU", "failed"):
        grid.add_column(name, justify="right", no_wrap=True)
    for row in content.figures.patterns:
        grid.add_row(
            row.pattern,
            f"{row.calls:,}",
            rate(row.per_s),
            duration(row.latency.p50_us),
            duration(row.latency.p99_us),
            count(row.read_units),
            count(row.write_units),
            f"{row.failed:,}",
        )
    return grid
