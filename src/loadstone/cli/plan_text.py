"""Sections of a plan on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid

from loadstone.report.blocks import (
    Block,
    Caution,
    Heading,
    Points,
    Section,
    Table,
    Text,
    Tiles,
    Verdict,
)

#: Narrower than that, a table of figures cannot be read.
_LEAST_WIDTH = 120
_LEAST_COLUMN = 20


def print_sections(sections: Iterable[Section]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal or console.width < _LEAST_WIDTH:
        console = Console(highlight=False, width=_LEAST_WIDTH)
    with console.capture() as captured:
        for number, section in enumerate(sections):
            if number:
                console.print(f"\n{section.title}", style="bold", markup=False)
            for block in section.blocks:
                _print(console, block)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _print(console: Console, block: Block) -> None:
    match block:
        case Verdict(text=text):
            console.print(text, style="bold", markup=False)
        case Text(paragraphs=paragraphs):
            for paragraph in paragraphs:
                console.print(paragraph, markup=False)
        case Heading(text=text):
            console.print(f"{text}:", markup=False)
        case Points(sentences=sentences):
            for sentence in sentences:
                _item(console, sentence)
        case Caution(text=text, points=points):
            console.print(f"{text}:", style="bold", markup=False)
            for sentence in points:
                _item(console, sentence)
        case Table():
            console.print(f"{block.caption}:", markup=False)
            console.print(_grid(block))
        case Tiles():
            pass  # their figures stand in the sentences


def _item(console: Console, sentence: str) -> None:
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row("-", sentence)
    console.print(Padding(grid, (0, 0, 0, 1)), markup=False)


def _grid(block: Table) -> Grid:
    grid = Grid(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in block.columns:
        grid.add_column(
            column.name,
            justify="right" if column.kind == "number" else "left",
            overflow="fold",
            no_wrap=column.kind == "text",
            min_width=_LEAST_COLUMN if column.kind == "long" else None,
        )
    for number, row in enumerate(block.rows):
        mark = block.marks.get(number, "")
        style = {"good": "bold", "bad": "red", "unsure": "yellow"}.get(mark)
        grid.add_row(*row, style=style)
    return grid
