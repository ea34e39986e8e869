"""How many there are of what has no parent, beside the others: in tables, and not in samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from loadstone.drafting.draft import DraftEntity
from loadstone.drafting.entities import Sheet
from loadstone.drafting.figures import rounded
from loadstone.drafting.given import Given
from loadstone.drafting.holders import Holder

#: Shares above are no less than all: chance makes more of a difference.
_NEARLY_AS_MANY = 0.85
_LEAST = 1e-6
_ONE = 1e-9  # so few that there is the one that there has to be


def weigh(
    givens: Sequence[Given],
    entities: Sequence[DraftEntity],
    holders: Sequence[Holder],
    others: Mapping[int, Sheet],
) -> None:
    """Give each root its share, beside that of which there are the most."""
    counts = dict(_counts(holders, others))
    roots = [each for each in entities if each.parent is None]
    most = max((counts[each] for each in roots if each in counts), default=0.0)
    unknown = {id(given) for given in givens if given.items and given.count is None}
    for entity in roots:
        if entity in counts:
            share = max(_LEAST, float(rounded(counts[entity] / most)))
            entity.share = share if share < _NEARLY_AS_MANY else 1.0
            if entity.lone and len(roots) > 1:
                entity.share = _ONE
                entity.notes.append("There is one, at any scale: its key tells no two apart.")
        elif len(roots) > 1:
            entity.notes.append("How many there are beside others is not known: say share=…")
    if len(roots) < 2 or len(givens) < 2:
        return
    for holder in holders:
        if id(holder.group.given) in unknown and holder.entity in roots:
            name = holder.group.given.table.name
            told = f"How many items {name} has was not told: share is that of what was read."
            holder.entity.notes.append(told)


def _counts(
    holders: Sequence[Holder], others: Mapping[int, Sheet]
) -> Iterator[tuple[DraftEntity, float]]:
    for holder in holders:
        given = holder.group.given
        for kind in holder.group.others:
            yield others[id(kind)].entity, len(kind.items) * given.factor
        items = [item for kind in holder.group.kinds for item in kind.items]
        yield holder.entity, len({holder.group.partition(item) for item in items}) * given.factor
