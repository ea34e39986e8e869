"""Whether tables can be made as they are declared, whether anything is in them, and whether it can
expire."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from loadstone.contract.keys import ever_has
from loadstone.contract.problem import Problem
from loadstone.dataset import Dataset
from loadstone.errors import BadValue
from loadstone.naming import Naming
from loadstone.scenario.changing import changing
from loadstone.table import Table


def table_problems(dataset: Dataset) -> Iterator[Problem]:
    """Tables whose names DynamoDB does not take, and those that nothing is in."""
    filled = {entity.table for entity in dataset.system.stored}
    for table in dataset.system.tables:
        yield from name_problems(table)
        if table not in filled:
            yield Problem(
                about=table.name,
                says="no entity is stored in this table: it stays empty",
                wrong=False,
            )


def name_problems(table: Table) -> Iterator[Problem]:
    """A name that a table cannot have by itself, as it is without --table-prefix."""
    try:
        Naming().physical(table, {})
    except BadValue as error:
        yield Problem(about=table.name, says=f"{error}; rename it, or say `physical=…`")


def ttl_problems(dataset: Dataset, table: Table, most: int = 500) -> Iterator[Problem]:
    """A TTL by an attribute that no item has, nor gets by a pattern; wrong, where it is another
    one's name but for a slip."""
    entities = [each for each in dataset.system.stored if each.table is table]
    if table.ttl is None or not entities:
        return
    known = {name for entity in entities for item in dataset.sample(entity, most) for name in item}
    changed = changing(dataset.system.patterns.values())
    known |= {name for entity in entities for name in changed.get(entity, ())}
    if table.ttl in known or any(ever_has(dataset, each, table.ttl) for each in entities):
        return
    near = get_close_matches(table.ttl, sorted(known), n=1, cutoff=0.8)
    yield Problem(
        about=table.name,
        attribute="ttl",
        says=f"no item has {table.ttl!r}, so that none ever expires: "
        + (f"is it {near[0]!r}?" if near else "an item gets it with epoch(…)"),
        wrong=bool(near),
    )
