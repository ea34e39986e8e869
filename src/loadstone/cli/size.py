"""`loadstone size`: how large items are, and what they cost to read and to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO, get_args

import click
import orjson

from loadstone.amounts import amount
from loadstone.capacity.item_lines import Form, Line, read_lines
from loadstone.capacity.readings import CHOICES, Reading
from loadstone.capacity.sizing import Size, Sized, Sum, sized, summed
from loadstone.cli.options import json_option, project_option, say
from loadstone.errors import BadValue, UnknownName
from loadstone.report.numbers import count
from loadstone.system import load_system
from loadstone.table import Table

LEAST_WIDTH = 10


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8-sig"), default="-")
@click.option("--table", "table_name", metavar="SYSTEM.TABLE", help="Their table, for its indexes.")
@click.option(
    "--input",
    "form",
    type=click.Choice(get_args(Form)),
    default="auto",
    show_default=True,
    help="Plain JSON or DynamoDB's; auto looks whether every value has a type.",
)
@click.option(
    "--numbers",
    type=click.Choice(list(CHOICES["numbers"])),
    default="base-100",
    show_default=True,
    help="How long a number is, where published formulas differ by a byte.",
)
@click.option("--total", "only_total", is_flag=True, help="The sums alone.")
@json_option
@project_option
def size(
    file: TextIO,
    table_name: str | None,
    form: Form,
    numbers: str,
    only_total: bool,
    as_json: bool,
    project: Path | None,
) -> None:
    """Size the items in FILE, or in what is piped in: one a line.

    Bytes as DynamoDB counts them, and the units of reading and of putting each item. With --table,
    also of its entry in every index. Lines that are no item are named on stderr, and the exit code
    is then 1.

    \b
    loadstone size items.jsonl
    loadstone preview acs.Conversation -n 100 --wire | loadstone size --table acs.Conversations
    """
    table = _table(table_name, project) if table_name else None
    reading = Reading(numbers=numbers)  # type: ignore[arg-type]
    bad: list[tuple[int, str]] = []
    found = _sized(file, form, table, reading, bad)
    indexes = [index.name for index in table.indexes] if table else []
    if as_json:
        _print_json(list(found), indexes, bad, only_total=only_total)
    else:
        _print_text(found, indexes, only_total=only_total)
    if bad:
        click.get_current_context().exit(1)


def _table(name: str, project: Path | None) -> Table:
    system_name, dot, wanted = name.partition(".")
    if not dot:
        raise BadValue(f"--table {name}: write the system and its table, SYSTEM.TABLE")
    system = load_system(system_name, project)
    for table in system.tables:
        if table.name == wanted:
            return table
    names = [f"{system.id}.{table.name}" for table in system.tables]
    raise UnknownName.among("table", name, names)


def _sized(
    lines: Iterable[str],
    form: Form,
    table: Table | None,
    reading: Reading,
    bad: list[tuple[int, str]],
) -> Iterator[Sized]:
    """What is no item is said, and kept in `bad`."""
    any_line = False
    for line in _decoded(lines, form):
        any_line = True
        problem = line.problem
        if not problem:
            try:
                found = sized(line.number, line.item, table, reading)
            except BadValue as error:
                problem = str(error)
            else:
                yield found
                continue
        bad.append((line.number, problem))
        say(f"line {line.number}: {problem}")
    if not any_line:
        raise BadValue("there are no items: give a file, or pipe them in, one JSON object a line")


def _decoded(lines: Iterable[str], form: Form) -> Iterator[Line]:
    try:
        yield from read_lines(lines, form)
    except UnicodeDecodeError as error:
        raise BadValue(f"the items are not in UTF-8: {error.reason}") from error


def _print_json(
    found: list[Sized], indexes: list[str], bad: list[tuple[int, str]], *, only_total: bool
) -> None:
    sums = summed(found, indexes)
    value = {
        "items": [] if only_total else [each.as_dict() for each in found],
        "total": sums[None].as_dict() | {"indexes": {n: sums[n].as_dict() for n in indexes}},
        "bad_lines": [{"line": number, "problem": problem} for number, problem in bad],
    }
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _print_text(found: Iterable[Sized], indexes: list[str], *, only_total: bool) -> None:
    """Each item as it is read, then the sums."""

    def said() -> Iterator[Sized]:
        for at, each in enumerate(found):
            if not only_total:
                if not at:
                    click.echo(_padded(titles, widths))
                click.echo(_line(each, widths))
            yield each

    titles = ["line", "bytes", "RCU", "strong", "WCU", *indexes, *(["all WCU"] if indexes else [])]
    widths = [max(LEAST_WIDTH, len(title)) + 2 for title in titles]
    sums = summed(said(), indexes)
    if not sums[None].items:
        return
    click.echo(_sentence(amount(sums[None].items, "item"), sums[None]))
    for name in indexes:
        entries = amount(sums[name].items, "entry", "entries")
        click.echo(_sentence(f"{entries} of {name}", sums[name]))
    if indexes:
        click.echo(f"on the table and its indexes: {count(_put(sums))} WCU to put each once")


def _put(sums: Mapping[str | None, Sum]) -> float:
    return sum(each.write for each in sums.values())


def _line(each: Sized, widths: list[int]) -> str:
    item = each.item
    cells = [str(each.line), *map(count, (item.size_bytes, item.eventual, item.strong, item.write))]
    cells += [_entry(entry) for entry in each.entries.values()]
    if each.entries:
        cells.append(count(each.put_units))
    return _padded(cells, widths)


def _entry(entry: Size | None) -> str:
    return f"{count(entry.size_bytes)} B, {count(entry.write)}" if entry else "not in it"


def _padded(cells: list[str], widths: list[int]) -> str:
    return "".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))


def _sentence(counted: str, total: Sum) -> str:
    if not total.items:
        return counted
    mean = round(total.size_bytes / total.items)
    return (
        f"{counted}: {count(total.size_bytes)} bytes, {count(mean)} on average, "
        f"{count(total.least_bytes)} to {count(total.most_bytes)}; reading each once takes "
        f"{count(total.eventual)} RCU ({count(total.strong)} strongly consistent), putting each "
        f"{count(total.write)} WCU"
    )
