"""Which partitions belong to which others: orders name their customer, so customers come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from loadstone.drafting.entities import Sheet
from loadstone.drafting.figures import rounded
from loadstone.drafting.groups import fan_out
from loadstone.drafting.holders import Holder, Within
from loadstone.drafting.names import plain
from loadstone.drafting.references import found_among
from loadstone.drafting.templates import Part, parts_in, together

_NEARLY_ALL = 0.8
#: Of a table that has so many times the items that were looked at, most of what belongs to one
#: parent was not seen.
_MORE_THAN_SEEN = 1.25


@dataclass(frozen=True, eq=False)
class Link:
    """`child` names one `parent` in each of its items: `parts` of its own, each with the parent's
    that it is. `merged`: the child is not stored, and there is nothing that tells it apart from its
    parent; what is in its partitions is the parent's."""

    child: Holder
    parent: Holder
    parts: Sequence[tuple[Part, Part]]
    merged: bool = False

    @property
    def ours(self) -> list[Part]:
        return [part for part, _ in self.parts]

    @property
    def theirs(self) -> list[Part]:
        return [part for _, part in self.parts]


def links_of(
    holders: Sequence[Holder],
    inner: Sequence[Within] = (),
    known: Mapping[Holder, Link] = MappingProxyType({}),
    *,
    published: bool,
) -> dict[Holder, Link]:
    """At most one for each holder, and none in a circle; those that are `known` stay. What is in a
    table is a parent before what only keys tell of, and what is `inner` only where nothing else
    is, and of those whose keys name it."""
    found = dict(known)
    parents: Sequence[Sequence[Holder]] = (
        [each for each in holders if each.sheet is not None],
        [each for each in holders if each.sheet is None],
        inner,
    )
    for some in parents:
        for child in holders:
            for parent in some:
                if child in found or child is parent or _above(child, parent, found):
                    continue
                link = _link(child, parent, published=published)
                if link is not None:
                    found[child] = link
    return found


def merged_into(
    parent: Holder, sheet: Sheet, child: Holder, parts: Sequence[tuple[Part, Part]]
) -> Link:
    """A link to an item in a table, by whose attributes or facts all of the child's key is told."""
    home = _home(parent)
    values = {ours.name: theirs.name for ours, theirs in parts}
    stands = Within(
        home.group, sheet.entity, sheet, child.template, values, home.vocabulary, home=home
    )
    return Link(child, stands, parts, merged=True)


def per_parent(link: Link) -> tuple[str, list[str]]:
    """How many of the child one parent has, as the sample has it: also those that have none, where
    nearly all that are named were in the sample themselves."""
    times = Counter(_namings(link))
    if link.child.group.given.factor > _MORE_THAN_SEEN:
        return _of_counts(link, times)
    if link.parent.sheet is None:
        return fan_out(list(times.values()))
    seen = _parents(link)
    name = link.parent.entity.name
    if sum(text in seen for text in times) < _NEARLY_ALL * len(times):
        told = f"How many there are of each was taken from the {name} items that are named alone."
        return _told(list(times.values()), told)
    childless = len(seen - times.keys())
    told = f"How many there are of each was taken from all {name} items that were seen"
    told += f", {childless} of {len(seen)} without one." if childless else "."
    return _told([*times.values(), *[0] * childless], told)


def childless(link: Link, seen: int) -> int:
    """How many parents have no partition in the child's table, beside those partitions that were
    looked at: as many of the parent's table as it has more items than that has partitions."""
    theirs, ours = link.parent.group.given, link.child.group.given
    if theirs.count is None or ours.count is None:
        return 0
    group = link.child.group
    keys = {group.partition(item) for kind in group.kinds for item in kind.items}
    sheet = link.parent.sheet
    parents = len(sheet.kind.items) if sheet is not None else len(_parents(link))
    return max(0, round(seen * (parents * theirs.factor / (len(keys) * ours.factor) - 1)))


def _parents(link: Link) -> set[str]:
    """What tells the parents apart that were seen."""
    return set(filter(None, together(link.theirs)))


def _of_counts(link: Link, times: Mapping[str, int]) -> tuple[str, list[str]]:
    """By how many items the tables have: of a sample, few belong to the same parent."""
    parent, child = link.parent.group.given, link.child.group.given
    mean = sum(times.values()) * child.factor / (len(_parents(link)) * parent.factor)
    shown = max(rounded(mean), 0.01)
    told = "How many there are of each is told by how many items the tables have; how unevenly they"
    notes = [f"{told} are spread, a sample does not tell."]
    if parent.count is None:
        notes = [f"How many items {parent.table.name} has was not told: check this number."]
    if max(times.values()) == 1 and 0.9 <= mean <= 1.1:
        return "PerParent(1)", notes
    return f"PerParent({shown}, least=0)", notes


def _namings(link: Link) -> list[str]:
    """The parents that are named: by each item; by each partition, where that is not stored."""
    named = together(link.ours)
    if link.child.sheet is None:
        whole = together(parts_in(link.child.template))
        named = [name for name, _ in set(zip(named, whole, strict=True))]
    return [text for text in named if text is not None]


def _told(times: Sequence[int], told: str) -> tuple[str, list[str]]:
    source, notes = fan_out(times)
    return source, [told, *notes]


def _above(child: Holder, parent: Holder, found: dict[Holder, Link]) -> bool:
    """Whether the parent already descends from the child, or is in its partitions."""
    above = _home(parent)
    while above is not child:
        link = found.get(above)
        if link is None:
            return False
        above = _home(link.parent)
    return True


def _home(holder: Holder) -> Holder:
    """Whose partitions it is in."""
    return holder.home or holder if isinstance(holder, Within) else holder


def _link(child: Holder, parent: Holder, *, published: bool) -> Link | None:
    if parent.name_of() is None:
        return None
    (theirs,) = parts_in(parent.template)
    for part in _candidates(child):
        if isinstance(parent, Within) and part not in child.template:
            continue
        if not _names(part, parent, published=published):
            continue
        own = parts_in(child.template)
        if child.sheet is None and own == [part] and parent.sheet is not None:
            plain_key = len(child.template) == len(parent.template) == 1
            if plain_key and not isinstance(parent, Within):
                return Link(child, parent, [(part, theirs)], merged=True)
            return merged_into(parent, parent.sheet, child, [(part, theirs)])
        if child.sheet is None and part not in own:
            continue
        return Link(child, parent, [(part, theirs)])
    return None


def _candidates(child: Holder) -> list[Part]:
    """What of a holder may name another: parts of its own key only when there are several, or when
    it is not stored itself."""
    own = [part for part in child.template if isinstance(part, Part)]
    if child.sheet is None:
        return own
    parts: dict[Part, None] = {}
    for template in child.sheet.templates.values():
        for part in template:
            if isinstance(part, Part) and all(text is not None for text in part.texts):
                parts[part] = None
    if len(own) == 1:
        parts.pop(own[0], None)
    return list(parts)


def _names(part: Part, parent: Holder, *, published: bool) -> bool:
    """Whether a part is called as what tells the parents apart, or holds the same values."""
    (theirs,) = parts_in(parent.template)
    if plain(part.name) in parent.identities and part.numeric == theirs.numeric:
        return True
    if published or part.numeric:
        return False  # numbers, and a few values that were made up, are alike by chance
    return found_among(part.present, theirs.present)
