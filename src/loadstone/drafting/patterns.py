"""The obvious patterns: an item by its key, what is in a partition, what an index finds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loadstone.drafting.draft import DraftEntity, DraftPattern
from loadstone.drafting.names import Names, kebab, snake
from loadstone.drafting.pieces import quoted
from loadstone.drafting.words import plural

#: What an index finds of a value that many items share may be much: so many rows are asked for.
_LIMIT = 25
_SLOT = re.compile(r"=(\w+\W)")


def patterns_of(entities: Sequence[DraftEntity]) -> list[DraftPattern]:
    names = Names()
    found: list[DraftPattern] = []
    for entity in entities:
        if entity.table is None:
            continue
        each = [_get(entity), *_of_partition(entity, entities), *_by_index(entity)]
        for pattern in each:
            pattern.id = names.give(pattern.id)
            pattern.variable = snake(pattern.id)
            found.append(pattern)
    return found


def _get(entity: DraftEntity) -> DraftPattern:
    return DraftPattern(
        id=f"one-{kebab(entity.name)}",
        variable="",
        operation=f"GetItem({entity.variable})",
        of=entity,
        expects="Exactly()",
        heading="items by their keys",
    )


def _of_partition(entity: DraftEntity, entities: Sequence[DraftEntity]) -> Iterator[DraftPattern]:
    """An entity's items in one partition, for whom the partition belongs to."""
    table, owner = entity.table, entity.parent
    if entity.ownerless:
        yield _listed(entity)
    if table is None or owner is None or table.table.sort_key is None:
        return
    line = next((each for each in entity.item if each.name == table.table.partition_key), None)
    if line is None or not _is_of(owner, line.source):
        return
    beside = [each for each in entities if each is not entity and _shares(each, entity, owner)]
    key = f"{quoted(table.table.partition_key)}: {line.source}"
    expects = f"Every({entity.variable})"
    if beside and entity.sort_prefix and _apart(entity, beside):
        key += f", {quoted(table.table.sort_key)}: begins_with({quoted(entity.sort_prefix)})"
    elif beside:
        expects = "Some()"
    limit = ""
    if "giants=" in entity.per_parent:
        # All of a giant's items are many pages.
        expects, limit = "Some()", f", limit={_LIMIT}"
    if expects == "Some()" and "least=0" in entity.per_parent:
        expects = "Maybe()"
    yield DraftPattern(
        id=f"{kebab(plural(entity.name))}-of-{kebab(owner.name)}",
        variable="",
        operation=f"Query({table.variable}, key={{{key}}}{limit})",
        of=owner,
        expects=expects,
        heading="partitions",
        uses=[table.variable, entity.variable],
    )


def _is_of(owner: DraftEntity, source: str) -> bool:
    """Whether a value is made of its owner's alone."""
    if not source.startswith("text("):
        return source.startswith(f'{owner.variable}["')
    return set(_SLOT.findall(source)) == {f"{owner.variable}["}


def _listed(entity: DraftEntity) -> DraftPattern:
    """The first items of a partition that belongs to nobody."""
    assert entity.table is not None
    table = entity.table.table
    key = f"{quoted(table.partition_key)}: {entity.variable}[{quoted(table.partition_key)}]"
    if table.sort_key and entity.sort_prefix:
        key += f", {quoted(table.sort_key)}: begins_with({quoted(entity.sort_prefix)})"
    return DraftPattern(
        id=f"first-{kebab(plural(entity.name))}",
        variable="",
        operation=f"Query({entity.table.variable}, key={{{key}}}, limit={_LIMIT})",
        of=entity,
        expects="Some()",
        heading="partitions",
        uses=[entity.table.variable],
    )


def _shares(other: DraftEntity, entity: DraftEntity, owner: DraftEntity) -> bool:
    """Whether another's items are in the same partitions."""
    return other.table is entity.table and owner in other.line


def _apart(entity: DraftEntity, beside: Sequence[DraftEntity]) -> bool:
    """Whether nothing else in the partition sorts under the same beginning."""
    mine = entity.sort_prefix
    return not any(each.sort_prefix.startswith(mine) or not each.sort_prefix for each in beside)


def _by_index(entity: DraftEntity) -> Iterator[DraftPattern]:
    """What each index finds that has the entity's items."""
    assert entity.table is not None
    for index in entity.table.table.indexes:
        if not all(entity.has(name) for name in index.key):
            continue
        key = index.partition_key
        above = [each for each in entity.line if all(map(each.has, index.key))]
        if any(_asks_the_same(entity, each, key) for each in above if each is not entity):
            continue
        limit = f", limit={_LIMIT}" if key in entity.few else ""
        yield DraftPattern(
            id=f"{kebab(plural(entity.name))}-by-{_asked_by(entity, index.name)}",
            variable="",
            operation=(
                f"Query({entity.table.variable}, index={quoted(index.name)}, "
                f"key={{{quoted(key)}: {entity.variable}[{quoted(key)}]}}{limit})"
            ),
            of=entity,
            expects="Some()",
            heading=f"index {index.name}",
            uses=[entity.table.variable],
        )


def _asked_by(entity: DraftEntity, index: str) -> str:
    """What an index finds items by, in its own words: riders of SkiLiftsByRiders."""
    asked = kebab(index).removeprefix(f"{kebab(plural(entity.name))}-").removeprefix("by-")
    return asked.removesuffix("-index") or "index"


def _asks_the_same(entity: DraftEntity, above: DraftEntity, key: str) -> bool:
    """Whether an ancestor has the same key in the index: its own question finds these items too."""
    if above.table is not entity.table or not above.has(key):
        return False
    source, theirs = entity.source(key), above.source(key)
    if source == f"{above.variable}[{quoted(key)}]":
        return True
    for line in (*above.facts, *above.item):
        source = source.replace(f"{above.variable}[{quoted(line.name)}]", line.source)
    return source == theirs
