"""Keys that name one item by several of its attributes: Id of a reply is ForumName and Subject of
its thread, and REPO#ada#engine in the key of an issue is owner and name of a repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loadstone.drafting.entities import Sheet
from loadstone.drafting.holders import Holder, Within
from loadstone.drafting.links import Link, merged_into
from loadstone.drafting.references import found_among
from loadstone.drafting.templates import Part, parts_in, together

_HALF = 0.5


def composed_links(holders: Sequence[Holder], others: Mapping[int, Sheet]) -> dict[Holder, Link]:
    """For each holder that names another by several parts: the one that it names by the most, and
    of those the one whose items it names most of. None of it becomes a circle."""
    found: dict[Holder, Link] = {}
    for child in holders:
        homes = [each for each in holders if child not in _line(each, found)]
        links = [
            link
            for home in homes
            for link in (*_merged(child, home, others), *_belonging(child, home))
        ]
        if links:
            found[child] = max(links, key=_evidence)
    return found


def _line(holder: Holder, links: Mapping[Holder, Link]) -> Iterator[Holder]:
    """A holder, and whose it is."""
    above: Holder | None = holder
    while above is not None:
        yield above
        parent = links[above].parent if above in links else None
        above = parent.home or parent if isinstance(parent, Within) else parent


def _evidence(link: Link) -> tuple[int, int]:
    known = set(together(link.theirs))
    return len(link.parts), sum(each in known for each in set(together(link.ours)))


def _merged(child: Holder, home: Holder, others: Mapping[int, Sheet]) -> Iterator[Link]:
    """Items whose attributes are all that the child's key is made of, where it is not stored."""
    ours = parts_in(child.template)
    if child.sheet is not None or len(ours) < 2:
        return
    for sheet in _of(home, others):
        parts = _paired(ours, sheet.parts)
        if parts and len(parts) == len(ours) and _tell_apart([theirs for _, theirs in parts]):
            yield merged_into(home, sheet, child, parts)


def _belonging(child: Holder, home: Holder) -> Iterator[Link]:
    """What all parts of a key are found in: of the child's key, or of another attribute."""
    theirs = parts_in(home.template)
    if len(theirs) < 2:
        return
    own = parts_in(child.template)
    for ours in (own, *_composites(child)):
        parts = [(part, other) for other, part in _paired(theirs, ours, named=True)]
        if len(parts) == len(theirs) and not {*own} <= {part for part, _ in parts}:
            yield Link(child, home, parts)
            return


def _composites(child: Holder) -> Iterator[list[Part]]:
    """The parts of attributes that are put together of several, in all of a holder's items."""
    if child.sheet is None:
        return
    for template in child.sheet.templates.values():
        parts = parts_in(template)
        if len(parts) > 1 and all(None not in part.texts for part in parts):
            yield parts


def _of(home: Holder, others: Mapping[int, Sheet]) -> Iterator[Sheet]:
    if home.sheet is not None:
        yield home.sheet
    for kind in home.group.others:
        yield others[id(kind)]


def _paired(
    parts: Sequence[Part], among: Sequence[Part], *, named: bool = False
) -> list[tuple[Part, Part]]:
    """Each of some parts, with the one that it is of another kind's; nothing where their values are
    not found together. `named`: it is the others that name these."""
    found: dict[Part, Part] = {}
    for part in parts:
        free = [each for each in among if each not in found.values()]
        alike = {each: _in_common(each, part) if named else _in_common(part, each) for each in free}
        best = max(free, key=lambda each: alike[each], default=None)
        if best is None or alike[best] < _HALF:
            return []
        found[part] = best
    ours, theirs = (
        (list(found.values()), list(found)) if named else (list(found), [*found.values()])
    )
    telling = any(
        found_among(part.present, other.present) for part, other in zip(ours, theirs, strict=True)
    )
    rows = [[each for each in together(some) if each is not None] for some in (ours, theirs)]
    return list(found.items()) if telling and found_among(*rows) else []


def _in_common(part: Part, other: Part) -> float:
    """Which share of a part's values another has."""
    held = set(part.present)
    return len(held & set(other.present)) / max(1, len(held))


def _tell_apart(parts: Sequence[Part]) -> bool:
    rows = together(parts)
    return None not in rows and len(set(rows)) == len(rows)
