"""A draft as the files of content: fixtures, scenario, locustfile."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import fields

import loadstone
from loadstone.drafting.draft import Draft, DraftEntity, DraftPattern, DraftTable, Line
from loadstone.drafting.mapped import indented
from loadstone.drafting.names import pascal
from loadstone.drafting.pieces import quoted
from loadstone.table import Index, Table, Throughput

WIDTH = 100
_READS_ONLY = (
    "A draft: an item by its key, what is in a partition, what each index finds. It only reads.",
    "What your application writes, and in which order, is yours to add: PutItem(), Journey(),",
    "and Touched() for the share of the data that a run may write.",
)
_SAME_NAMES = (
    "Its tables are called as those that were read. `--table-prefix mine-` with up, seed and run "
    "means tables of your own; without it those are meant, where --endpoint has them."
)
_PROPORTIONS = (
    "# In what proportions: all the same, which nobody's users do. These are to be turned.\n"
)
_MIX = 'balanced = Mix(\n    "balanced",\n    {\nWEIGHTS    },\n    think=Think(0.05, 0.15),\n)'
#: A word, but not the name of an argument: `days=30` needs no `days`.
_WORD = re.compile(r"\b[A-Za-z_]\w*\b(?!=[^=])")
#: Said from the start, as what is in a table is refused once its fixtures have changed.
_UNTOLD_CREATION = "# No attribute tells when one was made; a PutItem() asks for it.\ncreated=as_of"
_CALL = re.compile(r'(?P<name>(?:\w+=|"\w+": )?\w+)\((?P<arguments>.*)\)')
_DICT = re.compile(r"(?P<name>\w+=)\{(?P<arguments>.*)\}")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def fixtures_text(draft: Draft, *, live: bool = False) -> str:
    """fixtures/NAME.py; of `live` tables it says what has their names."""
    parts = [
        f"DOCUMENT = {quoted(draft.document)}",
        *(_table(each) for each in draft.tables),
        *(["\n".join(draft.pools)] if draft.pools else []),
        *(_entity(each) for each in draft.entities),
    ]
    body = "\n\n".join(parts)
    return f"{_opening(draft, live=live)}\n\n{_imports(body)}\n\n{body}\n"


def scenario_text(draft: Draft) -> str:
    """scenarios/NAME.py"""
    patterns = [_pattern(each) for each in draft.patterns]
    weights = "".join(f"        {each.variable}: 1,\n" for each in draft.patterns)
    mix = _MIX.replace("WEIGHTS", weights)
    body = "\n\n".join([*patterns, _PROPORTIONS + mix])
    uses = {name for each in draft.patterns for name in (each.of.variable, *each.uses)}
    own = ", ".join(sorted({"DOCUMENT", *uses}))
    said = [f"{draft.system}: what is asked of its tables.", "", *_READS_ONLY]
    opening = '"""' + "\n".join(said) + '\n"""'
    imports = f"{_from(f'fixtures.{draft.system}', own.split(', '))}\n{_imports(body)}"
    return f"{opening}\n\n{imports}\n\n{body}\n"


def locustfile_text(system: str) -> str:
    """locustfiles/NAME.py"""
    return (
        f'"""{system} under load: `locust -f locustfiles/{system}.py`, or `loadstone run {system}`.'
        f'"""\n\nfrom loadstone.locust import ScenarioUser\n\n\n'
        f"class {pascal(system)}User(ScenarioUser):\n    system = {quoted(system)}\n"
    )


def _opening(draft: Draft, *, live: bool) -> str:
    """What the file is, and what to look at before it is anybody else's."""
    told = f"{draft.document}."
    if draft.samples:
        told += (
            f" {draft.samples:,} items were looked at: their shapes are here, their values are not."
        )
    lines = textwrap.wrap(told, WIDTH - 2)
    if draft.left_out:
        lines += ["", *textwrap.wrap(f"Left out: {'; '.join(draft.left_out)}.", WIDTH)]
    if draft.stand_ins:
        words = ", ".join(dict.fromkeys(draft.stand_ins.values()))
        told = f"Stand-ins for words that may be somebody's data: {words}."
        lines += ["", *textwrap.wrap(told, WIDTH)]
    if live:
        lines += ["", *textwrap.wrap(_SAME_NAMES, WIDTH)]
    lines += ["", "A comment says what could not be told. `loadstone check` says what is wrong."]
    return f'"""{draft.system}: what is in its tables.\n\n' + "\n".join(lines) + '\n"""'


def _imports(body: str) -> str:
    """From `loadstone`, the words that are used outside of texts."""
    used = set(_WORD.findall(_TEXT.sub('""', _without_comments(body))))
    return _from("loadstone", sorted(used & set(loadstone.__all__), key=_import_order))


def _import_order(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _from(module: str, names: Sequence[str]) -> str:
    ordered = sorted(names, key=_import_order)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    listed = "".join(f"    {name},\n" for name in ordered)
    return f"from {module} import (\n{listed})"


def _without_comments(body: str) -> str:
    return "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("#"))


def _table(draft: DraftTable) -> str:
    """Keys, indexes and every setting that is not the usual one."""
    lines = [f"{quoted(draft.table.name)},\n"]
    for each in fields(Table):
        value = getattr(draft.table, each.name)
        if each.name in ("name", "inferred") or value in (None, "", (), {}, False):
            continue
        lines.append(f"{each.name}={_setting(value)},\n")
    body = "".join(map(indented, lines))
    return f"{_comments(draft.notes)}{draft.variable} = Table(\n{body})"


def _setting(value: object) -> str:
    match value:
        case str():
            return quoted(value)
        case Throughput(read_units=read, write_units=write):
            return f"Throughput(read_units={read}, write_units={write})"
        case (Index() as only,) if "\n" not in (line := _index(only)):
            return f"({line},)"
        case tuple() if value and isinstance(value[0], Index):
            return "(\n" + "".join(indented(f"{_index(each)},\n") for each in value) + ")"
        case tuple():
            return f"({', '.join(map(_setting, value))}{',' if len(value) == 1 else ''})"
        case dict():
            return "{" + ", ".join(f"{quoted(k)}: {quoted(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _index(index: Index) -> str:
    arguments = [quoted(index.name)]
    for each in fields(Index):
        value = getattr(index, each.name)
        usual = value in (None, (), False) or (each.name == "projection" and value == "ALL")
        if each.name not in ("name", "_") and not usual:
            arguments.append(f"{each.name}={_setting(value)}")
    return call("Index", arguments)


def _entity(entity: DraftEntity) -> str:
    text = "".join(_before(line) for line in entity.before)
    arguments = [quoted(entity.name)]
    if entity.table is not None:
        arguments.append(f"table={entity.table.variable}")
    if entity.parent is not None:
        arguments += [f"parent={entity.parent.variable}", f"per_parent={entity.per_parent}"]
    elif entity.share != 1:
        arguments.append(f"share={entity.share}")
    if entity.table is not None:
        arguments.append(f"created={entity.created}" if entity.created else _UNTOLD_CREATION)
    if entity.facts:
        arguments.append(f"facts={_lines(entity.facts)}")
    if entity.item:
        arguments.append(f"item={_lines(entity.item)}")
    body = "".join(indented(f"{each},\n") for each in arguments)
    return f"{_comments(entity.notes)}{text}{entity.variable} = Entity(\n{body})"


def _before(line: Line) -> str:
    return f"{_comments(line.notes)}{line.name} = {fitted(line.source)}\n"


def _lines(lines: Iterable[Line]) -> str:
    """Attributes, each with what is to be said of it above."""
    text = "".join(
        f"{_comments(line.notes)}{quoted(line.name)}: {fitted(line.source)},\n" for line in lines
    )
    return "{\n" + indented(text) + "}"


def fitted(source: str, width: int = WIDTH - 30) -> str:
    """Calls that are too long for their line, with an argument on each."""
    if "\n" in source or len(source) <= width:
        return source
    found, ends = _CALL.fullmatch(source), "()"
    if found is None:
        found, ends = _DICT.fullmatch(source), "{}"
    if found is None:
        return source
    inner = [fitted(each, width - 4) for each in split_arguments(found["arguments"])]
    lines = "".join(indented(f"{each},\n") for each in inner)
    return f"{found['name']}{ends[0]}\n{lines}{ends[1]}"


def call(name: str, arguments: Sequence[str]) -> str:
    """A call on one line where it fits."""
    return fitted(f"{name}({', '.join(arguments)})", WIDTH - 10)


def split_arguments(text: str) -> list[str]:
    """Arguments by the commas that are between them, and not within one."""
    found, depth, start, inside = [], 0, 0, False
    for place, letter in enumerate(text):
        if letter == '"' and text[place - 1] != "\\":
            inside = not inside
        elif not inside and letter in "([{":
            depth += 1
        elif not inside and letter in ")]}":
            depth -= 1
        elif not inside and letter == "," and not depth:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def _pattern(pattern: DraftPattern) -> str:
    name, _, rest = pattern.operation.partition("(")
    arguments = [
        quoted(pattern.id),
        call(name, split_arguments(rest[:-1])),
        f"of={pattern.of.variable}",
        f"expects={pattern.expects}",
        f'source=f"{{DOCUMENT}}: {pattern.heading}"',
    ]
    body = "".join(indented(f"{each},\n") for each in arguments)
    return f"{pattern.variable} = Pattern(\n{body})"


def _comments(notes: Iterable[str]) -> str:
    lines = [line for note in notes for line in textwrap.wrap(note, WIDTH - 20)]
    return "".join(f"# {line}\n" for line in lines)
