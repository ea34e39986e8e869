"""Patterns that nobody can be asked for: what they ask with, or are asked only of, no item has."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.contract.problem import Problem
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.expr import Expr
from loadstone.fields.links import Own
from loadstone.fields.shapes import When
from loadstone.pattern import Pattern, parts_of, walk


def fitting_problems(dataset: Dataset) -> Iterator[Problem]:
    """Patterns that could not be played for want of anybody, each once."""
    for pattern in dataset.system.patterns.values():
        says = _never_there(dataset, pattern) or _never_meant(dataset, pattern)
        if says is not None:
            yield Problem(about=pattern.id, says=f"at scale {dataset.scale:,} {says}")


def _never_there(dataset: Dataset, pattern: Pattern) -> str | None:
    """An attribute that it asks with and that no item of its entity has."""
    for operation in (pattern.operation, *parts_of(pattern.operation)):
        for expr in walk(operation.exprs()):
            if not isinstance(expr, When) or not isinstance(expr.value, Own):
                continue
            entity, name = expr.value.entity, expr.value.name
            if not _any(dataset, entity, expr.condition):
                return (
                    f"no {entity.name} has {name!r}, which it asks with: have some of them have "
                    "it, or ask with an attribute that is there"
                )
    return None


def _never_meant(dataset: Dataset, pattern: Pattern) -> str | None:
    if pattern.only is None or _any(dataset, pattern.of, pattern.only):
        return None
    return (
        f"there is no {pattern.of.name} for which `only` holds, and it is asked of no other: does "
        "it compare with values that items have?"
    )


def _any(dataset: Dataset, entity: Entity, holds: Expr) -> bool:
    return any(map(dataset.compile(entity, holds), range(dataset.count(entity))))
