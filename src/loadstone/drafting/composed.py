"""Keys that name one item by several of its attributes: Id of a reply is ForumName and Subject of
its thread, and REPO#ada#engine in the key of an issue is owner and name of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from loadstone.drafting.entities import Sheet
from loadstone.drafting.holders import Holder, Within
from loadstone.drafting.links import Link, merged_into
from loadstone.drafting.names import plain
from loadstone.drafting.references import found_among
from loadstone.drafting.templates import Part, parts_in, together

_HALF = 0.5
_MADE_UP = re.compile(r"Part\d+\Z")


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
        theirs = [other for _, other in parts]
        if parts and _tell_apart(theirs) and (_are_found(parts) or _is_key(theirs, sheet)):
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
    """Each of some parts, with the one that it is of another kind's: nothing where they are neither
    called the same, all of them, nor found together. `named`: it is the others that name these."""
    found: dict[Part, Part] = {}
    for part in parts:
        free = [each for each in among if each not in found.values()]
        alike = {each: _in_common(each, part) if named else _in_common(part, each) for each in free}
        best = max(
            free, key=lambda each: (_are_called_alike(part, each), alike[each]), default=None
        )
        if best is None or not (_are_called_alike(part, best) or alike[best] >= _HALF):
            return []
        found[part] = best
    pairs = list(found.items())
    if all(_are_called_alike(part, other) for part, other in pairs):
        return pairs
    return pairs if _are_found([(b, a) for a, b in pairs] if named else pairs) else []


def _are_found(pairs: Sequence[tuple[Part, Part]]) -> bool:
    """Whether values are found together among those of another kind's, too often for chance."""
    telling = any(found_among(part.present, other.present) for part, other in pairs)
    rows = [together([pair[side] for pair in pairs]) for side in (0, 1)]
    ours, theirs = ([each for each in some if each is not None] for some in rows)
    return telling and found_among(ours, theirs)


def _are_called_alike(part: Part, other: Part) -> bool:
    """Whether two parts have one name, which is none that we made up."""
    return plain(part.name) == plain(other.name) and not _MADE_UP.search(part.name)


def _is_key(parts: Sequence[Part], sheet: Sheet) -> bool:
    """Whether these are all parts of a kind's key."""
    table = sheet.entity.table
    keys = (sheet.templates.get(name, ()) for name in (table.table.key if table else ()))
    return {part for key in keys for part in parts_in(key)} <= set(parts)


def _in_common(part: Part, other: Part) -> float:
    """Which share of a part's values another has."""
    held = set(part.present)
    return len(held & set(other.present)) / max(1, len(held))


def _tell_apart(parts: Sequence[Part]) -> bool:
    rows = together(parts)
    return None not in rows and len(set(rows)) == len(rows)
