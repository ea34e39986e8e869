"""A draft of a system, from what is given of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

from loadstone.drafting.bare import bare_entities
from loadstone.drafting.binary_keys import without_binary_keys
from loadstone.drafting.composed import composed_links
from loadstone.drafting.concealed import concealed
from loadstone.drafting.draft import Draft, DraftEntity, DraftTable
from loadstone.drafting.entities import Desk, Named, Sheet, sheet_of, write
from loadstone.drafting.given import Given
from loadstone.drafting.groups import Group, counts, fan_out, groups_of
from loadstone.drafting.holders import (
    Holder,
    Within,
    holders_of,
    inherited,
    settled,
    within,
    write_phantom,
)
from loadstone.drafting.kinds import Kind, kinds_of
from loadstone.drafting.links import Link, childless, links_of, per_parent
from loadstone.drafting.names import Names, kebab, plain, snake
from loadstone.drafting.palette import Palette
from loadstone.drafting.patterns import patterns_of
from loadstone.drafting.references import Told, inner_parts, known_first, referred
from loadstone.drafting.taken_over import taken_over
from loadstone.drafting.templates import Part, parts_in
from loadstone.drafting.times import clock_of, is_day_of
from loadstone.drafting.weights import weigh


def draft_of(
    system: str, givens: Sequence[Given], *, document: str, words: Sequence[str] = ()
) -> Draft:
    """Tables, entities and patterns; of several tables, in the order that they are given. `words`
    of the data are said to be nobody's."""
    drafted, left_out = without_binary_keys(givens)
    sample = concealed(drafted, words)
    givens, published = sample.givens, sample.vocabulary.published
    desk = Desk(
        palette=Palette(),
        names=Names(),
        vocabulary=sample.vocabulary,
        samples=_samples(givens),
    )
    tables = [
        DraftTable(each.table, _table_variable(desk, each), [*each.notes, *_empty_indexes(each)])
        for each in givens
    ]
    holders: list[Holder] = []
    entities: list[DraftEntity] = []
    # All before the first is read closer: a word that is a value in one table is none in another.
    kinds = [kinds_of(given, desk.vocabulary) for given in givens]
    for given, table, found in zip(givens, tables, kinds, strict=True):
        if not given.items:
            entities += bare_entities(desk, given, table)
            continue
        holders += holders_of(desk, groups_of(given, found), table)
    of_table = {id(given): table for given, table in zip(givens, tables, strict=True)}
    others = {
        id(kind): sheet_of(desk, kind, of_table[id(holder.group.given)])
        for holder in holders
        for kind in holder.group.others
    }
    # A few values that were made up are alike by chance.
    composed = {} if published else composed_links(holders, others)
    links = links_of(holders, list(_inner(holders, others)), composed, published=published)
    for holder in holders:
        if holder not in links or not links[holder].merged:
            named = dict.fromkeys(holder.identities, _told(holder))
            desk.named.update(named if holder.name_of() else {**named, **desk.named})
    if not published:
        # In a few items that were made up, values are alike by chance.
        told = [*map(_values, holders), *map(_values_within, others.values())]
        desk.told.extend(known_first(filter(None, told)))
    for link in links.values():
        if not link.merged and per_parent(link)[0] == "PerParent(1)":
            desk.only[link.child.entity] = link.parent.entity
    for holder in _named_first(desk, holders, links, others):
        entities += _written(desk, holder, links, others)
    name_apart(entities)
    if not published:
        weigh(givens, entities, holders, others)
    return Draft(
        system=system,
        document=document,
        tables=tables,
        entities=entities,
        patterns=patterns_of(entities),
        pools=desk.palette.lines,
        left_out=left_out,
        stand_ins=desk.vocabulary.hidden,
        hidden=desk.palette.hidden,
        samples=sum(len(given.items) for given in givens),
    )


def name_apart(entities: Sequence[DraftEntity]) -> None:
    """Two tables may tell of the same thing: the stored ones keep the name, the others get a
    number."""
    names = Names()
    for each in sorted(entities, key=lambda entity: entity.table is None):
        each.name = names.give(each.name)


def _samples(givens: Sequence[Given]) -> int | None:
    seen = sum(len(given.items) for given in givens)
    return seen if sum(given.count or 0 for given in givens) == seen else None


def _told(holder: Holder) -> Named:
    return Named(entity=holder.entity, attribute=holder.name_of(), template=holder.number_text)


def _values(holder: Holder) -> Told | None:
    """What tells the items of a table apart, where it is one attribute or fact alone."""
    name = holder.name_of()
    if holder.sheet is None or name is None:
        return None
    (part,) = (each for each in holder.template if isinstance(each, Part))
    values = frozenset(part.present)
    return Told(entity=holder.entity, attribute=name, values=values, numeric=part.numeric)


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
    if holder.is_nobody and link is None:
        for kind in group.others:
            sheet = others[id(kind)]
            sheet.entity.ownerless = True
            write(sheet, single=False, apart=_apart(group, kind))
            found.append(sheet.entity)
        return found
    if link is not None and link.merged:
        holder.entity, holder.template = link.parent.entity, link.parent.template
        holder.values, holder.sheet = link.parent.values, link.parent.sheet
    else:
        known: dict[Part, str] = {}
        if link is not None:
            parent = link.parent
            holder.entity.parent = parent.entity
            holder.entity.per_parent, notes = per_parent(link)
            if isinstance(parent, Within) and holder.entity.per_parent == "PerParent(1)":
                holder.entity.notes = [f"Not stored: what belongs to each {parent.entity.name}."]
            holder.entity.notes += notes
            known |= {
                ours: f'{parent.entity.variable}["{parent.values[theirs.name]}"]'
                for ours, theirs in link.parts
            }
        if holder.sheet is None:
            write_phantom(desk, holder, known)
        else:
            holder.sheet.known |= known
            if link is not None:
                holder.sheet.known |= taken_over(holder.sheet, link.parent.sheet, link.parts)
            told = _named_parts(holder.entity, links)
            if group.others:
                told += parts_in(holder.template)
            write(holder.sheet, single=True, told=told, apart=holder.apart)
        found.append(holder.entity)
    theirs = link.theirs if link is not None and link.merged else parts_in(holder.template)
    for kind in group.others:
        sheet = others[id(kind)]
        sheet.entity.parent = holder.entity
        numbers = counts(group, kind)
        if link is not None and link.merged:
            numbers += [0] * childless(link, len(numbers))
        sheet.entity.per_parent, notes = fan_out(numbers)
        sheet.entity.notes += notes
        sheet.known |= inherited(holder, sheet)
        sheet.known |= settled(holder, sheet)
        ours = parts_in(sheet.templates[group.given.table.partition_key])
        if len(ours) == len(theirs):
            sheet.known |= taken_over(sheet, holder.sheet, list(zip(ours, theirs, strict=True)))
        if holder.sheet is None and any(map(_is_day_of_another, ours, repeat(sheet))):
            sheet.entity.notes.append(
                "Its own times are not of the day or month that its partition key has."
            )
        told = _named_parts(sheet.entity, links)
        write(sheet, single=False, told=told, apart=_apart(group, kind))
        found.append(sheet.entity)
    return found


def _is_day_of_another(part: Part, sheet: Sheet) -> bool:
    """Whether a part of a key is the day that another instant of the items is in."""
    clock = clock_of(part)
    others = (clock_of(each) for each in sheet.parts if clock is not None and each is not part)
    return clock is not None and any(is_day_of(clock, other) for other in others if other)


def _named_parts(entity: DraftEntity, links: Mapping[Holder, Link]) -> list[Part]:
    """The parts of an entity that what belongs to it is told by."""
    named = (link.theirs for link in links.values() if link.parent.entity is entity)
    return list(dict.fromkeys(part for parts in named for part in parts))


def _apart(group: Group, kind: Kind) -> str:
    """What goes before the numbers of a kind, where another has the same labels."""
    alike = sum(each.labels == kind.labels for each in group.kinds) > 1
    return f"{kebab(kind.name)}-" if alike else ""


def _named_first(
    desk: Desk,
    holders: Sequence[Holder],
    links: Mapping[Holder, Link],
    others: Mapping[int, Sheet],
) -> list[Holder]:
    """Parents before what belongs to them, and as far as that goes what is named before what names
    it."""
    home = {each.entity: each for each in holders}
    home |= {others[id(kind)].entity: each for each in holders for kind in each.group.others}
    ordered: dict[Holder, None] = {}
    under_way: set[Holder] = set()

    def above(holder: Holder) -> Holder | None:
        link = links.get(holder)
        if link is None:
            return None
        parent = link.parent
        return parent.home or parent if isinstance(parent, Within) else parent

    def waits(holder: Holder | None) -> bool:
        while holder is not None and holder not in under_way:
            holder = above(holder)
        return holder is not None

    def place(holder: Holder) -> None:
        if holder in ordered:
            return
        parent = above(holder)
        if parent is not None:
            place(parent)
        under_way.add(holder)
        for sheet in _sheets(holder, others):
            own = sheet is holder.sheet and holder not in links
            for part in (*sheet.parts, *inner_parts(sheet.columns)):
                for entity, attribute in _names(desk, sheet, part):
                    if own and part in holder.template and home[entity].entity is not entity:
                        continue  # what tells it apart is its own, though others have it too
                    desk.asked.add((entity, attribute))
                    if not waits(home[entity]):
                        place(home[entity])
        under_way.remove(holder)
        ordered[holder] = None

    for holder in holders:
        place(holder)
    return list(ordered)


def _names(desk: Desk, sheet: Sheet, part: Part) -> Iterator[tuple[DraftEntity, str]]:
    """Whose attribute a part is, by its values or by what it is called."""
    told = referred(part, desk.told, sheet.entity)
    if told is not None:
        yield told.entity, told.attribute
    named = desk.named.get(plain(part.name)) if part in sheet.parts else None
    if named is not None and named.attribute and named.entity is not sheet.entity:
        yield named.entity, named.attribute


def _sheets(holder: Holder, others: Mapping[int, Sheet]) -> list[Sheet]:
    own = [holder.sheet] if holder.sheet is not None else []
    return [*own, *(others[id(kind)] for kind in holder.group.others)]


def _empty_indexes(given: Given) -> Iterator[str]:
    for index in given.table.indexes if given.items else ():
        if missing := [name for name in index.key if not any(name in item for item in given.items)]:
            named = " and ".join(missing)
            yield f"Nothing that was looked at is in {index.name}: no item has {named}."


def _table_variable(desk: Desk, given: Given) -> str:
    made = snake(given.table.name)
    return desk.names.give(made if made.endswith(("s", "table")) else f"{made}_table")
