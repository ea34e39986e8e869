"""Partitions whose keys name one item by several of its attributes: Id of a reply is ForumName and
Subject of its thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loadstone.drafting.entities import Sheet, parts_of
from loadstone.drafting.holders import Holder, Within
from loadstone.drafting.links import Link
from loadstone.drafting.references import found_among
from loadstone.drafting.templates import Part

_BETWEEN = "\x00"


def composed_links(
    holders: Sequence[Holder], others: Mapping[int, Sheet], links: Mapping[Holder, Link]
) -> dict[Holder, Link]:
    """For each holder that is not stored and is told by several parts: whose items have these.
    `links` are what is known, and none of it becomes a circle."""
    found: dict[Holder, Link] = {}
    for child in holders:
        parts = [part for part in child.template if isinstance(part, Part)]
        if child.sheet is not None or len(parts) < 2:
            continue
        homes = [each for each in holders if child not in _line(each, {**links, **found})]
        link = next((each for home in homes for each in _links(child, parts, home, others)), None)
        if link is not None:
            found[child] = link
    return found


def _line(holder: Holder, links: Mapping[Holder, Link]) -> Iterator[Holder]:
    """A holder, and whose it is."""
    above: Holder | None = holder
    while above is not None:
        yield above
        parent = links[above].parent if above in links else None
        above = parent.home or parent if isinstance(parent, Within) else parent


def _links(
    child: Holder, parts: Sequence[Part], home: Holder, others: Mapping[int, Sheet]
) -> Iterator[Link]:
    for sheet in _of(home, others):
        names = _named(parts, sheet)
        if names is not None:
            values = {part.name: name for part, name in zip(parts, names, strict=True)}
            yield Link(child, _as_holder(home, child, sheet, values), parts[-1], merged=True)


def _of(home: Holder, others: Mapping[int, Sheet]) -> Iterator[Sheet]:
    if home.sheet is not None:
        yield home.sheet
    for kind in home.group.others:
        yield others[id(kind)]


def _named(parts: Sequence[Part], sheet: Sheet) -> list[str] | None:
    """The attributes that the parts are, where their values are found together."""
    theirs = [part for part in parts_of(sheet) if part.name in sheet.columns]
    found: list[Part] = []
    for part in parts:
        known = set(part.present)
        same = [each for each in theirs if each not in found and found_among(known, each.present)]
        if not same:
            return None
        found.append(max(same, key=lambda each: len(known & set(each.present))))
    if not found_among(_rows(parts), _rows(found)):
        return None
    return [part.name for part in found]


def _rows(parts: Sequence[Part]) -> set[str]:
    rows = zip(*(part.texts for part in parts), strict=True)
    return {_BETWEEN.join(text or "" for text in row) for row in rows}


def _as_holder(home: Holder, child: Holder, sheet: Sheet, values: Mapping[str, str]) -> Within:
    return Within(
        home.group, sheet.entity, sheet, child.template, values, home.vocabulary, home=home
    )
