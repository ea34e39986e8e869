"""What a run came to, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid

from loadstone.report.numbers import duration
from loadstone.report.view import View, view
from loadstone.run import Run


def print_outcome(run: Run) -> None:
    """The answer in words, and a line for each pattern."""
    console = Console(highlight=False)
    content = view(run)
    console.print(_patterns(content))
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
            f"{row.per_s:,.0f}",
            duration(row.latency.p50_us),
            duration(row.latency.p99_us),
            f"{row.read_units:,.0f}",
            f"{row.write_units:,.0f}",
            f"{row.failed:,}",
        )
    return grid
