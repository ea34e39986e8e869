"""A draft of a system, from what is given of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from loadstone.drafting.bare import bare_entities
from loadstone.drafting.binary_keys import without_binary_keys
from loadstone.drafting.concealed import concealed
from loadstone.drafting.draft import Draft, DraftEntity, DraftTable
from loadstone.drafting.entities import Desk, Named, Sheet, sheet_of, write
from loadstone.drafting.given import Given
from loadstone.drafting.groups import counts, fan_out, groups_of
from loadstone.drafting.holders import (
    Holder,
    Within,
    holder_of,
    inherited,
    settled,
    within,
    write_phantom,
)
from loadstone.drafting.kinds import kinds_of
from loadstone.drafting.links import Link, links_of, per_parent
from loadstone.drafting.names import Names, kebab, snake
from loadstone.drafting.palette import Palette
from loadstone.drafting.patterns import patterns_of
from loadstone.drafting.references import Told, known_first
from loadstone.drafting.templates import Part

#: Items that `loadstone check` makes, and how many of one kind others name at the most.
_CHECKED, _MOST_NAMED = 20_000, 100


def draft_of(
    system: str, givens: Sequence[Given], *, document: str, words: Sequence[str] = ()
) -> Draft:
    """Tables, entities and patterns; of several tables, in the order that they are given. `words`
    of the data are said to be nobody's."""
    drafted, left_out = without_binary_keys(givens)
    sample = concealed(drafted, words)
    givens, published = sample.givens, sample.vocabulary.published
    desk = Desk(palette=Palette(), names=Names(), vocabulary=sample.vocabulary)
    tables = [DraftTable(each.table, _table_variable(desk, each), each.notes) for each in givens]
    holders: list[Holder] = []
    entities: list[DraftEntity] = []
    # All before the first is read closer: a word that is a value in one table is none in another.
    kinds = [kinds_of(given, desk.vocabulary) for given in givens]
    for given, table, found in zip(givens, tables, kinds, strict=True):
        if not given.items:
            entities += bare_entities(desk, given, table)
            continue
        groups = groups_of(given, found)
        holders += [holder_of(desk, group, table) for group in groups]
    of_table = {id(given): table for given, table in zip(givens, tables, strict=True)}
    others = {
        id(kind): sheet_of(desk, kind, of_table[id(holder.group.given)])
        for holder in holders
        for kind in holder.group.others
    }
    inner = list(_inner(holders, others))
    links = {link.child: link for link in links_of(holders, inner, published=published)}
    for holder in holders:
        desk.named.update(dict.fromkeys(holder.identities, _told(holder)))
    if not published:
        # In a few items that were made up, values are alike by chance.
        first = _first(holders)
        told = [*(_values(holder, first) for holder in holders)]
        told += map(_values_within, others.values())
        desk.told.extend(known_first(filter(None, told)))
    for holder in _parents_first(holders, links):
        entities += _written(desk, holder, links, others)
    name_apart(entities)
    return Draft(
        system=system,
        document=document,
        tables=tables,
        entities=entities,
        patterns=patterns_of(entities),
        pools=desk.palette.lines,
        left_out=left_out,
        stand_ins=desk.vocabulary.hidden,
        samples=sum(len(given.items) for given in givens),
    )


def name_apart(entities: Sequence[DraftEntity]) -> None:
    """Two tables may tell of the same thing: the stored ones keep the name, the others get a
    number."""
    names = Names()
    for each in sorted(entities, key=lambda entity: entity.table is None):
        each.name = names.give(each.name)


def _told(holder: Holder) -> Named:
    return Named(entity=holder.entity, attribute=holder.name_of(), template=holder.number_text)


def _first(holders: Sequence[Holder]) -> int:
    """How many of each may be named by others: where partitions are large, there are few of them
    among the items of a check."""
    partitions = sum(
        len({holder.group.partition(item) for kind in holder.group.kinds for item in kind.items})
        for holder in holders
    )
    items = sum(len(kind.items) for holder in holders for kind in holder.group.kinds)
    size = max(1, ceil(items / max(1, partitions)))
    return max(1, min(_MOST_NAMED, _CHECKED // (2 * size * max(1, len(holders)))))


def _values(holder: Holder, first: int) -> Told | None:
    """What tells the items of a table apart, where it is one attribute or fact alone."""
    name = holder.name_of()
    if holder.sheet is None or name is None:
        return None
    (part,) = (each for each in holder.template if isinstance(each, Part))
    values = frozenset(part.present)
    return Told(
        entity=holder.entity, attribute=name, values=values, numeric=part.numeric, first=first
    )


def _inner(holders: Sequence[Holder], others: Mapping[int, Sheet]) -> Iterator[Within]:
    """The kinds in partitions that others may belong to."""
    for holder in holders:
        for kind in holder.group.others:
            part = _telling(others[id(kind)])
            if part is not None:
                yield within(holder, others[id(kind)], part)


def _values_within(sheet: Sheet) -> Told | None:
    """What tells the items of a partition apart, where no two of any partition are alike."""
    part = _telling(sheet)
    if part is None:
        return None
    values = frozenset(part.present)
    return Told(entity=sheet.entity, attribute=part.name, values=values, numeric=part.numeric)


def _telling(sheet: Sheet) -> Part | None:
    """The one part of a sort key that is another for each item, whatever its partition."""
    table = sheet.entity.table
    template = sheet.templates.get(table.table.sort_key or "", ()) if table else ()
    parts = [each for each in template if isinstance(each, Part)]
    if len(parts) != 1 or len(set(parts[0].present)) < len(parts[0].present):
        return None
    return parts[0]


def _written(
    desk: Desk, holder: Holder, links: Mapping[Holder, Link], others: Mapping[int, Sheet]
) -> list[DraftEntity]:
    """A holder and the kinds in its partitions."""
    group, link = holder.group, links.get(holder)
    found: list[DraftEntity] = []
    named_by_others = bool(group.others) or any(each.parent is holder for each in links.values())
    if link is not None and link.merged:
        holder.entity, holder.template = link.parent.entity, link.parent.template
        holder.values, holder.sheet = link.parent.values, link.parent.sheet
    else:
        known = {}
        if link is not None:
            parent = link.parent
            holder.entity.parent = parent.entity
            holder.entity.per_parent, notes = per_parent(link)
            if isinstance(parent, Within) and holder.entity.per_parent == "PerParent(1)":
                holder.entity.notes = [f"Not stored: what belongs to each {parent.entity.name}."]
            holder.entity.notes += notes
            known[link.part] = f'{parent.entity.variable}["{parent.name_of()}"]'
        if holder.sheet is None:
            write_phantom(desk, holder, known)
        else:
            holder.sheet.known |= known
            told = [part for part in holder.template if isinstance(part, Part)]
            write(holder.sheet, single=True, told=told if named_by_others else ())
        found.append(holder.entity)
    for kind in group.others:
        sheet = others[id(kind)]
        sheet.entity.parent = holder.entity
        numbers = counts(group, kind)
        sheet.entity.per_parent, notes = fan_out(numbers)
        sheet.entity.notes += notes
        sheet.known |= inherited(holder, sheet)
        sheet.known |= settled(holder, sheet)
        alike = sum(each.labels == kind.labels for each in group.kinds) > 1
        telling = {
            part: None
            for each in links.values()
            if each.parent.entity is sheet.entity
            for part in each.parent.template
            if isinstance(part, Part)
        }
        apart = f"{kebab(kind.name)}-" if alike else ""
        write(sheet, single=False, told=list(telling), apart=apart)
        found.append(sheet.entity)
    return found


def _parents_first(holders: Sequence[Holder], links: Mapping[Holder, Link]) -> list[Holder]:
    ordered: dict[Holder, None] = {}

    def place(holder: Holder) -> None:
        link = links.get(holder)
        if link is not None:
            parent = link.parent
            place(parent.home or parent if isinstance(parent, Within) else parent)
        ordered[holder] = None

    for holder in holders:
        place(holder)
    return list(ordered)


def _table_variable(desk: Desk, given: Given) -> str:
    made = snake(given.table.name)
    return desk.names.give(made if made.endswith(("s", "table")) else f"{made}_table")
