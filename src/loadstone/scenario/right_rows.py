"""What is right for rows, whatever the data set: how many, in which order, by which conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from loadstone.entity import Entity
from loadstone.fields.expr import Constant
from loadstone.fields.links import Own
from loadstone.pattern import (
    Exactly,
    Expected,
    Maybe,
    Path,
    Query,
    Scan,
    Some,
    Written,
    line_of,
    names_in,
    walk,
)
from loadstone.scenario.expressions import Test, at
from loadstone.wire import Item


def right_count(expects: Expected, asked: int) -> tuple[float, float]:
    """The fewest and the most rows that are right for everybody; none, where it depends on whom."""
    match expects:
        case Written() | Maybe():
            return 0, inf
        case Exactly():
            return asked, asked
        case Some():
            return 1, inf
    return inf, 0


def in_one_partition(entity: Entity, name: str, of: Entity) -> bool:
    """Whether an attribute is the same in all of an entity's items that descend from one item."""
    line = line_of(of)
    return all(
        expr.entity in line if isinstance(expr, Own) else isinstance(expr, Constant)
        for expr in walk([entity.value(name)])
        if not expr.inputs()
    )


def too_few(rows: int, expected: int, came: int | None = None) -> str:
    """`came` of the expected ones are among the rows, if those may hold others too."""
    if not rows:
        return "no row"
    return f"fewer rows than there are: {rows if came is None else came} of {expected}"


def shown(
    item: Mapping[str, Any], paths: Sequence[Path], ignored: frozenset[str]
) -> dict[tuple[str, ...], Any]:
    """What a projection shows of an item."""
    named = map(names_in, paths)
    return {path: at(item, path) for path in named if path[0] not in ignored}


def ordered(query: Query, rows: Sequence[Item], partition: Any) -> str | None:
    """The partition that was asked for, in the order of the sort key."""
    searched = query.searched
    if any(row.get(searched.partition_key) != partition for row in rows):
        return "rows of another partition than was asked for"
    if searched.sort_key is None:
        return None
    keys = [row[searched.sort_key] for row in rows]
    if keys != sorted(keys, reverse=query.newest_first):
        return "rows out of order"
    return None


def unmet(
    search: Query | Scan | None,
    tests: Sequence[Test],
    rows: Sequence[Item],
    values: Mapping[str, Any],
) -> str | None:
    """Rows that the request's own conditions leave out, with its values."""
    if search is None:
        return None
    seen = [names_in(path) for path in search.projection]
    if isinstance(search, Query) and not seen:
        tests = tests[1:]  # the partition comes first, and is looked at with the order
    told = [
        test
        for test in tests
        if not seen or (test.path in seen and all(isinstance(one, str) for one in test.operands))
    ]
    met = all(test.holds(row, values) for row in rows for test in told)
    return None if met else "a row that the request's conditions leave out"
