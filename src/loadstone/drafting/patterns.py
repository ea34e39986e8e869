"""The obvious patterns: an item by its key, all that is in a partition, each kind in it, what an
index finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.drafting.draft import DraftEntity, DraftPattern, DraftTable
from loadstone.drafting.names import Names, kebab, snake
from loadstone.drafting.partitions import Partition, is_sparse, partitions_of
from loadstone.drafting.pieces import quoted
from loadstone.drafting.words import plural
from loadstone.table import Index, Table

#: What an index finds of a value that many items share may be much: so many rows are asked for.
_LIMIT = 25
_ALL = "ALL"


def patterns_of(entities: Sequence[DraftEntity]) -> list[DraftPattern]:
    """For each stored entity, in the order that they are written."""
    names = Names()
    asked = [pattern for table in _tables(entities) for pattern in _of_table(table, entities)]
    found: list[DraftPattern] = []
    for entity in entities:
        if entity.table is None:
            continue
        own = [pattern for about, pattern in asked if about is entity]
        for pattern in [_get(entity), *own]:
            pattern.id = names.give(pattern.id)
            pattern.variable = snake(pattern.id)
            found.append(pattern)
    return found


def _tables(entities: Sequence[DraftEntity]) -> list[DraftTable]:
    return list(dict.fromkeys(each.table for each in entities if each.table is not None))


def _get(entity: DraftEntity) -> DraftPattern:
    return DraftPattern(
        id=f"one-{kebab(entity.name)}",
        variable="",
        operation=f"GetItem({entity.variable})",
        of=entity,
        expects="Exactly()",
        heading="items by their keys",
    )


def _of_table(
    table: DraftTable, entities: Sequence[DraftEntity]
) -> Iterator[tuple[DraftEntity, DraftPattern]]:
    """What is asked of a table and its indexes, each with the entity that it is about."""
    stored = [each for each in entities if each.table is table]
    places: Sequence[Table | Index] = (table.table, *table.table.indexes)
    for searched in places:
        for each in partitions_of(searched, stored):
            is_index = isinstance(searched, Index)
            if not is_index and each.asked.ownerless and each.is_own:
                yield each.asked, _listed(each.asked, table)
                continue
            if len(each.members) > 1:
                yield each.members[0], _everything(each, table)
            elif is_index and each.is_own:
                yield each.asked, _found(each, table)
            for entity in each.others:
                pattern = _of_kind(each, entity, table)
                if pattern is not None:
                    yield entity, pattern


def _listed(entity: DraftEntity, drafted: DraftTable) -> DraftPattern:
    """The first items of a partition that belongs to nobody."""
    table = drafted.table
    key = f"{quoted(table.partition_key)}: {entity.variable}[{quoted(table.partition_key)}]"
    prefix = entity.prefixes.get(table.sort_key or "", "")
    if table.sort_key and prefix:
        key += f", {quoted(table.sort_key)}: begins_with({quoted(prefix)})"
    return DraftPattern(
        id=f"first-{kebab(plural(entity.name))}",
        variable="",
        operation=f"Query({drafted.variable}, key={{{key}}}, limit={_LIMIT})",
        of=entity,
        expects="Some()",
        heading="partitions",
        uses=[drafted.variable],
    )


def _everything(partition: Partition, table: DraftTable) -> DraftPattern:
    """All kinds that a partition has, in one question."""
    asked = partition.asked
    is_large = any("giants=" in each.per_parent for each in partition.others)
    return _query(
        partition,
        table,
        asks=f"everything-of-{kebab(asked.name)}",
        expects="Some()" if any(_has_some(partition, each) for each in partition.members) else "",
        limit=_LIMIT if is_large else 0,
    )


def _found(partition: Partition, table: DraftTable) -> DraftPattern:
    """What an index finds of what an item has: itself, or all that have the same."""
    entity, searched = partition.asked, partition.searched
    alone = searched.partition_key in entity.unlike
    return _query(
        partition,
        table,
        asks=kebab(plural(entity.name)),
        expects="Some()",
        limit=0 if alone else _LIMIT,
        newest_first=not alone and searched.sort_key in entity.timed,
    )


def _of_kind(partition: Partition, entity: DraftEntity, table: DraftTable) -> DraftPattern | None:
    """One kind of those in a partition, where it is alone there or its sort keys begin with what no
    others do."""
    searched = partition.searched
    sort_key = searched.sort_key or ""
    is_index = isinstance(searched, Index)
    rivals = [each for each in partition.members if each is not entity]
    narrowed = _begins_apart(entity, rivals, sort_key)
    if rivals and not narrowed:
        return None  # all of the partition is asked for, and that is all that can be told
    if is_index:
        rivals += partition.beside
    every = not rivals or _begins_apart(entity, rivals, sort_key)
    every = every and "giants=" not in entity.per_parent
    every = every and not any(is_sparse(entity, name) for name in searched.key)
    some = "Some()" if _has_some(partition, entity) else ""
    owner = "" if is_index else f"-of-{kebab(partition.asked.name)}"
    return _query(
        partition,
        table,
        asks=f"{kebab(plural(entity.name))}{owner}",
        expects=f"Every({entity.variable})" if every else some,
        prefix=entity.prefixes[sort_key] if narrowed else "",
        limit=0 if every else _LIMIT,
        newest_first=sort_key in entity.timed,
        uses=[entity.variable],
    )


def _begins_apart(entity: DraftEntity, rivals: Sequence[DraftEntity], sort_key: str) -> bool:
    """Whether sort keys begin so that none of the others begins like them."""
    mine = entity.prefixes.get(sort_key, "")
    theirs = [each.prefixes.get(sort_key, "") for each in rivals]
    return bool(mine and rivals) and not any(not each or each.startswith(mine) for each in theirs)


def _has_some(partition: Partition, entity: DraftEntity) -> bool:
    """Whether there is at least one of it in each of the partitions."""
    if any(is_sparse(entity, name) for name in partition.searched.key):
        return False
    line = list(entity.line)
    below = line[: line.index(partition.asked)]
    return not any("least=0" in each.per_parent for each in below)


def _query(
    partition: Partition,
    table: DraftTable,
    *,
    asks: str,
    expects: str,
    prefix: str = "",
    limit: int = 0,
    newest_first: bool = False,
    uses: Sequence[str] = (),
) -> DraftPattern:
    searched, index = partition.searched, ""
    key = f"{quoted(searched.partition_key)}: {partition.source}"
    if prefix:
        key += f", {quoted(str(searched.sort_key))}: begins_with({quoted(prefix)})"
    if isinstance(searched, Index):
        index = f", index={quoted(searched.name)}"
        asks = f"{asks}-by-{_asked_by(asks, searched.name)}"
    more = ", newest_first=True" * newest_first + f", limit={limit}" * bool(limit)
    return DraftPattern(
        id=asks,
        variable="",
        operation=f"Query({table.variable}{index}, key={{{key}}}{more})",
        of=partition.asked,
        expects=expects or "Maybe()",
        heading=f"index {searched.name}" if index else "partitions",
        uses=[table.variable, *uses],
    )


def _asked_by(of: str, index: str) -> str:
    """What an index finds items by, in its own words: riders of SkiLiftsByRiders."""
    asked = kebab(index).removeprefix(f"{of}-").removeprefix("by-")
    return asked.removesuffix("-index") or "index"
