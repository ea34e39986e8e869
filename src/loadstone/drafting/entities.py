"""An entity out of a kind of item: its attributes, one expression each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loadstone.drafting.alike import draw_once
from loadstone.drafting.chosen import one_of_named
from loadstone.drafting.columns import Column, columns_of
from loadstone.drafting.draft import DraftEntity, DraftTable, Line
from loadstone.drafting.expressions import Context, made_of, prefix_of, shared
from loadstone.drafting.figures import rounded, share_of
from loadstone.drafting.forms import Known, Time, form_of, telling_form_of
from loadstone.drafting.kinds import Kind
from loadstone.drafting.mapped import sometimes
from loadstone.drafting.names import Names, snake, words_in
from loadstone.drafting.numeric import number_of
from loadstone.drafting.palette import Palette
from loadstone.drafting.pieces import Made, joined
from loadstone.drafting.references import Told, any_of, referred
from loadstone.drafting.telling import make_unique, numbered_by
from loadstone.drafting.templates import Part, Template, Texts, parts_in, same, templates_of
from loadstone.drafting.times import (
    Clock,
    after,
    alone,
    clock_of,
    days_of,
    first_of,
    is_day_of,
    mean_ms,
    shown,
)
from loadstone.drafting.values import value_of
from loadstone.drafting.vocabulary import Vocabulary

#: An instant that is called so is none of creation.
_ENDS = frozenset({"ttl", "expires", "expire", "expired", "expiry", "expiration"})


@dataclass(frozen=True, kw_only=True)
class Named:
    """An entity that others name: by an attribute or fact, which may be a text of its number."""

    entity: DraftEntity
    attribute: str | None
    template: str | None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What all entities of a draft share."""

    palette: Palette
    names: Names
    vocabulary: Vocabulary
    named: dict[str, Named] = field(default_factory=dict)  # by what it may be called
    told: list[Told] = field(default_factory=list)  # where there are values to tell it by
    asked: set[tuple[DraftEntity, str]] = field(default_factory=set)  # what others name one of
    only: dict[DraftEntity, DraftEntity] = field(default_factory=dict)  # parents, of only children
    samples: int | None = None  # how many items all tables have, where all were looked at
    written: list[DraftEntity] = field(default_factory=list)  # as they stand in the draft


@dataclass(eq=False)
class Sheet:
    """One kind while its entity is written. `known` are texts that an expression stands for."""

    desk: Desk
    kind: Kind
    entity: DraftEntity
    columns: Mapping[str, Column]
    templates: Mapping[str, Template]
    known: dict[Part, str] = field(default_factory=dict)
    said: dict[Part, tuple[str, ...]] = field(default_factory=dict)  # what is to be said of those
    texts: dict[str, Made] = field(default_factory=dict)  # those of them that are text(), by source
    clocks: dict[Texts, Clock] = field(default_factory=dict)
    instant: str = ""

    @property
    def parts(self) -> list[Part]:
        """All that differs from item to item, each once."""
        found = (part for template in self.templates.values() for part in parts_in(template))
        return list(dict.fromkeys(found))

    def context(self, name: str) -> Context:
        return Context(
            name=name,
            entity=self.entity.name,
            palette=self.desk.palette,
            instant=self.instant,
            share=self.shared,
            refer=self.referring,
        )

    def referring(
        self, name: str, texts: Sequence[str], numeric: bool, several: bool
    ) -> str | None:
        """One of another entity, where values within an item name those; of an ancestor's kind it
        is the ancestor itself, unless there are `several` in an item."""
        named = referred(Part(name, tuple(texts), numeric), self.desk.told, self.entity)
        if named is None or not named.entity.knows(named.attribute):
            return None
        if named.entity in self.entity.line and not several:
            return f'{named.entity.variable}["{named.attribute}"]'
        return any_of(named, texts).source

    def shared(self, name: str, source: str) -> str:
        """A variable that several values of an item have in common."""
        variable = self.variable(name)
        self.entity.before.append(Line(variable, source))
        return variable

    def variable(self, name: str) -> str:
        base = snake(name)
        own = self.entity.variable
        return self.desk.names.give(base if base.startswith(own) else f"{own}_{base}")

    def found(self, part: Part) -> str | None:
        """The expression of a part that is known already."""
        exact = self.known.get(part)
        if exact is not None:
            return exact
        return next((source for other, source in self.known.items() if same(part, other)), None)


def sheet_of(desk: Desk, kind: Kind, table: DraftTable) -> Sheet:
    """A kind, read but not written yet."""
    keys = table.table.key_attributes
    columns, left_out = columns_of(kind.items, known=keys, published=desk.vocabulary.published)
    entity = DraftEntity(kind.name, desk.names.give(snake(kind.name)), table)
    if left_out:
        entity.notes.append(
            f"{left_out} attributes are left out: few items have them, or they are named like data"
        )
    return Sheet(desk, kind, entity, columns, templates_of(columns, desk.vocabulary, keys))


def write(sheet: Sheet, *, single: bool, told: Sequence[Part] = (), apart: str = "") -> None:
    """Fill in the entity. `single`: there is one of it in a partition, so that its partition key
    tells it apart; otherwise its sort key does. `told` are parts that others refer to: those that
    are no attribute become facts. `apart` goes before a number that tells items apart, where items
    of another kind are numbered beside them."""
    table = sheet.entity.table
    assert table is not None
    told_by = table.table.partition_key if single else table.table.sort_key
    number = numbered_by(sheet, told_by, alone=single or sheet.entity.ownerless)
    key = [sheet.templates.get(name) for name in table.table.key]
    sheet.entity.lone = all(each is not None and not parts_in(each) for each in key)
    _tell_time(sheet)
    make_unique(sheet, told_by, number, apart)
    own = [part for part in sheet.parts if not referred(part, sheet.desk.told, sheet.entity)]
    draw_once(sheet, own)
    named = [part for part in sheet.parts if (sheet.entity, part.name) in sheet.desk.asked]
    _share_parts(sheet, [part for part in (*told, *named) if part.name not in sheet.columns])
    conditions = _conditions(sheet)
    for name, column in sheet.columns.items():
        made = _value(sheet, name, column)
        notes = list(made.notes)
        source = made.source
        if not column.always:
            source = sometimes(conditions[column.rows], source)
        sheet.entity.item.append(Line(name, source, tuple(notes)))
    sheet.desk.written.append(sheet.entity)
    whole = [Part(name, column.texts() or ()) for name, column in sheet.columns.items()]
    unlike = (part.name for part in (*sheet.parts, *whole) if _is_unlike(part))
    sheet.entity.unlike = frozenset(unlike)
    keys = (sheet.templates.get(name, ()) for name in table.table.key)
    sheet.entity.identity = frozenset(part.name for key in keys for part in parts_in(key))
    sorts = [name for name in table.table.key_attributes if name in sheet.columns]
    sheet.entity.prefixes = {name: _prefix(sheet, name) for name in sorts}
    sheet.entity.timed = frozenset(name for name in sorts if _is_timed(sheet, name))


def _tell_time(sheet: Sheet) -> None:
    """When items come into being, and every other instant by that."""
    parts = {part.texts: part for each in sheet.templates.values() for part in parts_in(each)}
    clocks = {texts: clock for texts, part in parts.items() if (clock := clock_of(part))}
    in_order = "" if sheet.entity.parent is not None else ", in_order=False"
    ends = {texts for texts, part in parts.items() if _ENDS & set(words_in(part.name))}
    first = first_of({texts: clock for texts, clock in clocks.items() if texts not in ends})
    sheet.clocks = clocks
    if first is None:
        sheet.instant = f"moment(days=30{in_order})"
        for texts, clock in clocks.items():
            if sheet.found(parts[texts]) is None:
                sheet.known[parts[texts]] = shown(clock, alone(clock)).source
        return
    base = clocks[first]
    variable = sheet.variable("created")
    source = f"moment(days={days_of(base)}{in_order})"
    if sheet.entity.ownerless:
        # No two of one partition are at the same instant.
        source = f"as_of - number * {int(rounded(max(1, mean_ms(base))))}"
    sheet.entity.before.append(Line(variable, source))
    sheet.entity.created = sheet.instant = variable
    for texts, clock in clocks.items():
        part = parts[texts]
        if sheet.found(part) is None:
            same = is_day_of(clock, base)
            instant = variable if same else after(clock, base, variable) or alone(clock)
            sheet.known[part] = shown(clock, instant).source


def _share_parts(sheet: Sheet, facts: Sequence[Part]) -> None:
    """A variable for what stands in several attributes, or is a fact."""
    uses = Counter(
        part for template in sheet.templates.values() for part in dict.fromkeys(parts_in(template))
    )
    for part, times in uses.items():
        if times < 2 and part not in facts:
            continue
        source = sheet.found(part)
        is_drawn = source is not None and source.startswith("any_of(")
        if source is None or is_drawn or not (source.isidentifier() or source.endswith('"]')):
            made = Made(source, sheet.said.pop(part, ())) if source else _own(sheet, part)
            source = sheet.variable(part.name)
            sheet.entity.before.append(Line(source, made.source, made.notes))
            sheet.known[part] = source
        if part in facts:
            sheet.entity.facts.append(Line(part.name, source))


def _value(sheet: Sheet, name: str, column: Column) -> Made:
    template = sheet.templates.get(name)
    if template is None:
        return value_of(column, sheet.context(name), sheet.desk.vocabulary)
    parts = list(parts_in(template))
    if template == (*parts,) and len(parts) == 1:
        source = sheet.found(parts[0])
        if source is not None:
            clock = sheet.clocks.get(parts[0].texts)
            notes = shown(clock, "x").notes if clock else ()
            said = sheet.said.get(parts[0], ())
            return _noted(sheet, parts[0], Made(source, (*notes, *said)))
        made = value_of(column, sheet.context(name), sheet.desk.vocabulary)
        return _referring(sheet, parts[0], made)
    whole = sheet.known.get(Part(name, column.texts() or (), column.type == "N"))
    if whole is not None:
        return Made(whole)
    return joined([part if isinstance(part, str) else _slot(sheet, part) for part in template])


def _slot(sheet: Sheet, part: Part) -> tuple[str, Made]:
    name = snake(part.name)
    source = sheet.found(part)
    if source is None:
        return name, _own(sheet, part)
    made = sheet.texts.get(source, Made(source))
    return name, Made(source, sheet.said.get(part, ()), made.template, made.values)


def _own(sheet: Sheet, part: Part) -> Made:
    """A value that nothing else stands for."""
    context = sheet.context(part.name)
    form = form_of(part.present, sheet.desk.vocabulary)
    if isinstance(form, Time):
        return shown(sheet.clocks[part.texts], f"moment(days={days_of(sheet.clocks[part.texts])})")
    named = one_of_named(sheet, part)
    if named is not None:
        return named
    if part.numeric:
        return number_of(part.present)
    made = shared(part.present, form) or made_of(form, context)
    return _referring(sheet, part, made)


def _referring(sheet: Sheet, part: Part, made: Made) -> Made:
    """A value, with what it was seen to name: one of those, where any of them can be named."""
    named = referred(part, sheet.desk.told, sheet.entity)
    if named is None:
        return made
    if sheet.desk.only.get(named.entity) is sheet.entity:
        child = f"first_of(lambda: {named.entity.variable})"
        return Made(f'{child}["{named.attribute}"]')
    if not named.entity.knows(named.attribute):
        return _noted(sheet, part, made)
    return any_of(named, part.present)


def _noted(sheet: Sheet, part: Part, made: Made) -> Made:
    """A value, and what it was seen to name where it does not say so itself."""
    named = referred(part, sheet.desk.told, sheet.entity)
    line = [f"{each.variable}[" for each in sheet.entity.line]
    shared = {line.name: line.source for line in sheet.entity.before}
    source = shared.get(made.source, made.source)
    if named is None:
        return made
    variable = named.entity.variable
    if source.startswith((*line, f"any_of({variable}", f"{variable}.at(")):
        return made
    note = f"its values were found among those of {named.entity.name}: {named.attribute}"
    return Made(made.source, (*made.notes, note), made.template, made.values)


def _conditions(sheet: Sheet) -> dict[tuple[int, ...], str]:
    """For attributes that are sparse: when they are there. Those that come and go together have one
    condition."""
    sparse: dict[tuple[int, ...], list[str]] = {}
    for name, column in sheet.columns.items():
        if not column.always:
            sparse.setdefault(column.rows, []).append(name)
    found = {}
    for rows, names in sparse.items():
        source = f"chance({share_of(len(rows), len(sheet.kind.items))})"
        if len(names) > 1:
            variable = sheet.variable(f"has_{names[0]}")
            sheet.entity.before.append(Line(variable, source))
            source = variable
        found[rows] = source
    return found


def _is_unlike(part: Part) -> bool:
    """Whether each item has another one."""
    return len(part.present) > 1 and len(set(part.present)) == len(part.present)


def _is_timed(sheet: Sheet, name: str) -> bool:
    """Whether items are in the order of time by an attribute, behind what all begin with."""
    first = next(iter(parts_in(sheet.templates.get(name, ()))), None)
    if first is None:
        return False
    return first.texts in sheet.clocks or form_of(first.present) == Known("ulid")


def _prefix(sheet: Sheet, sort_key: str) -> str:
    """What every sort key begins with: ORDER# of ORDER#2026-05-01."""
    template = sheet.templates.get(sort_key, ())
    if not template or isinstance(template[0], str):
        return str(template[0]) if template else ""
    prefix = prefix_of(telling_form_of(template[0].present, sheet.desk.vocabulary))
    source = next(line.source for line in sheet.entity.item if line.name == sort_key)
    shared = {line.name: line.source for line in sheet.entity.before}
    return prefix if shared.get(source, source).startswith(f'text("{prefix}') else ""
