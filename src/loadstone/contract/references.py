"""Whether what an item names by number is there: `book.at(whole(0, 99))` of so many books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loadstone.contract.problem import Problem
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.expr import Expr
from loadstone.fields.links import Another, Own


def reference_problems(
    dataset: Dataset, entity: Entity, numbers: Iterable[int]
) -> Iterator[Problem]:
    """Attributes and facts that name an item which the data set does not have."""
    numbers = list(numbers)
    for name, value in entity.values.items():
        for another in _named(value):
            count = dataset.count(another.entity)
            index = dataset.compile(entity, another.index)
            lost = next(((n, at) for n in numbers if not 0 <= (at := index(n)) < count), None)
            if lost is not None:
                number, at = lost
                yield Problem(
                    about=entity.name,
                    attribute=name,
                    says=f"item {number:,} names {another.entity.name} {at:,}, and at scale "
                    f"{dataset.scale:,} there are {count:,}: draw among fewer, or have more of "
                    "them",
                )
                break


def _named(value: Expr) -> Iterator[Another]:
    """Each reference by number; what belongs to an ancestor is looked at there."""
    seen: set[Expr] = set()
    left = [value]
    while left:
        expr = left.pop()
        if expr in seen or isinstance(expr, Own):
            continue
        seen.add(expr)
        if isinstance(expr, Another):
            yield expr
        left += expr.inputs()
