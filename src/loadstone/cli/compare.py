"""`loadstone compare`: two runs side by side."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from loadstone.cli.judging import tell_github
from loadstone.errors import BadValue
from loadstone.run.library import find_run

if TYPE_CHECKING:
    from loadstone.compare.comparison import Comparison

_COLUMNS = ("p50", "p99", "calls a second", "units a call", "throttled", "USD a month")


class Share(click.ParamType[float]):
    """`2%`, `2` or `0.5%`, as a share."""

    name = "percent"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*%?", str(value).strip())
        if not found:
            self.fail(f"{value!r}: write it as 2%", param, ctx)
        return float(found[1]) / 100


@click.command()
@click.argument("base")
@click.argument("new")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "html", "md", "json"]),
    default="text",
    show_default=True,
    help="html goes to a file beside NEW's record, the others to stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file instead.")
@click.option(
    "--ignore",
    type=Share(),
    default="2%",
    show_default=True,
    help="Smaller changes are not called differences: two runs of the same thing have some.",
)
def compare(
    base: str, new: str, format_: str, as_json: bool, out: Path | None, ignore: float
) -> None:
    """Compare run NEW with run BASE, each a path, a name or `last`.

    Latency, throughput, units, throttles, failures and cost of every pattern: what differs by more
    than chance, what does not, and the smallest difference that could have been seen. What else
    differs between the two runs is said first.

    \b
    loadstone compare main branch
    loadstone compare main branch --format md --out comment.md
    """
    from loadstone.compare.comparison import compare as compared
    from loadstone.report.compare_formats import comparison_markdown
    from loadstone.run.record import Run

    paths = [find_run(name) for name in (base, new)]
    if paths[0].resolve() == paths[1].resolve():
        raise BadValue(f"{base} and {new} are one run: `loadstone runs` lists what there is")
    found = compared(*(Run.load(path) for path in paths), ignored=ignore)
    kind = "json" if as_json else format_
    if kind == "html" and out is None:
        folder = paths[1] if paths[1].is_dir() else paths[1].parent
        out = folder / "compare.html"
    text = _rendered(found, kind)
    if out is None:
        click.echo(text, nl=False)
    else:
        _write(out, text)
        click.echo(out)
    if kind in ("text", "md"):
        tell_github(comparison_markdown(found), (), os.environ)


def _rendered(found: Comparison, kind: str) -> str:
    from loadstone.report import compare_formats

    match kind:
        case "html":
            return compare_formats.comparison_html(found)
        case "md":
            return compare_formats.comparison_markdown(found)
        case "json":
            return compare_formats.comparison_json(found)
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    """The answer, what stands in its way, and a line for each pattern."""
    from loadstone.report.compared import compare_view

    view = compare_view(found)
    yield from view.answer
    for what in (*view.serious, *view.minor):
        yield f"{'NOT COMPARABLE' if what in view.serious else 'note'}: {what}"
    wide = max(len(line.pattern) for line in view.lines)
    yield ""
    yield f"{'change of':<{wide}}" + "".join(f"{name:>16}" for name in _COLUMNS)
    for line in view.lines:
        by_name = {cell.figure: cell for cell in line.cells}
        cells = (by_name.get(name) for name in _COLUMNS)
        shown = (f"{cell.change}{cell.mark or ' '}" if cell else "" for cell in cells)
        yield f"{line.pattern:<{wide}}" + "".join(f"{text:>16}" for text in shown)
    yield "* differs, ? cannot be told; --format html has limits, and how it was compared"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadValue(
            f"cannot write the comparison to {path}: {error.strerror}; give a place with --out"
        ) from error
