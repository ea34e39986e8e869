"""`loadstone report`: what came of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadstone.errors import BadValue
from loadstone.run.library import find_run, find_runs

if TYPE_CHECKING:
    from loadstone.report.view import View
    from loadstone.run.record import Run

HTML_NAME = "report.html"


@click.command()
@click.argument("run")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["html", "md", "json"]),
    default="html",
    show_default=True,
    help="html goes to a file beside the record, the others to stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write to this file instead; - is stdout."
)
@click.option(
    "--prices",
    "prices_file",
    type=click.Path(path_type=Path),
    help="A file of prices that go before the recorded ones.",
)
@click.option("--plan", "with_plan", is_flag=True, help="With what to provision, as in `plan`.")
def report(
    run: str,
    format_: str,
    as_json: bool,
    out: Path | None,
    prices_file: Path | None,
    with_plan: bool,
) -> None:
    """Report on RUN: a path, a name, or `last`.

    Of a run of several systems, `loadstone run all`, there is a report of each.

    \b
    loadstone report last
    loadstone report last --format md
    loadstone report last --plan
    """
    from loadstone.capacity.price_file import known_prices
    from loadstone.cli.plan import plan_of_run
    from loadstone.report.view import view
    from loadstone.run.record import Run, uncollected

    format_ = "json" if as_json else format_
    prices = known_prices(prices_file) if prices_file else None
    to_files = out is None and format_ == "html"
    for path in find_runs(run) if to_files else [find_run(run)]:
        with uncollected():
            plan = plan_of_run(str(path), prices_file) if with_plan else ()
            text = _render(view(Run.load(path), prices, plan=plan), format_)
        if str(out) == "-" or (out is None and not to_files):
            click.echo(text, nl=False)
        else:
            click.echo(_write(text, out or _beside(path)))


def write_html(run: Run, path: Path) -> Path:
    """The report of a run as HTML beside its record."""
    from loadstone.report.view import view

    return _write(_render(view(run), "html"), _beside(path))


def _beside(path: Path) -> Path:
    return (path if path.is_dir() else path.parent) / HTML_NAME


def _write(text: str, target: Path) -> Path:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadValue(
            f"cannot write the report to {target}: {error.strerror}; give a place with --out"
        ) from error
    return target


def _render(content: View, format_: str) -> str:
    match format_:
        case "md":
            from loadstone.report.markdown import render_markdown

            return render_markdown(content)
        case "json":
            from loadstone.report.json_report import render_json

            return render_json(content)
        case _:
            from loadstone.report.html import render_html

            return render_html(content)
