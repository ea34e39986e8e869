"""Whether a system holds at small scales too: some of its kinds are very few there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from loadstone.contract.keys import key_problems
from loadstone.contract.making import unmade
from loadstone.contract.problem import Problem
from loadstone.contract.references import reference_problems
from loadstone.contract.sample import numbers_of
from loadstone.dataset import Dataset
from loadstone.entity import Entity

#: From the largest on down; the first is the one that patterns are played at.
SMALL = (1_000, 300, 100, 30, 10, 3, 1)


def small_problems(dataset: Dataset) -> Iterator[Problem]:
    """What is wrong at a small scale and not at the one of the data set, once for an attribute: at
    the largest at which it is. Below the first it is only worth knowing."""
    as_of = datetime.fromtimestamp(dataset.as_of_ms / 1000, UTC)
    seen = {(problem.about, problem.attribute) for problem in _at(dataset)}
    larger = dataset.scale
    for scale in SMALL:
        for problem in _at(Dataset(dataset.system, scale=scale, as_of=as_of)):
            if (problem.about, problem.attribute) not in seen:
                seen.add((problem.about, problem.attribute))
                yield replace(
                    problem,
                    says=f"{problem.says}; it holds from a scale of about {larger:,} on",
                    wrong=problem.wrong and scale == SMALL[0],
                )
        larger = scale


def _at(dataset: Dataset) -> Iterator[Problem]:
    for table in dataset.system.tables:
        try:
            for problem in key_problems(dataset, table):
                yield replace(problem, says=f"at scale {dataset.scale:,} {problem.says}")
        except Exception as error:
            for entity in dataset.system.stored:
                yield from _unmade(dataset, entity, error)
            return
    for entity in dataset.system.entities.values():
        try:
            for problem in reference_problems(dataset, entity, numbers_of(dataset, entity)):
                yield replace(
                    problem,
                    says=f"{problem.says} (any_of(…) names one that is there at any scale)",
                    wrong=False,
                )
        except Exception as error:
            yield from _unmade(dataset, entity, error)


def _unmade(dataset: Dataset, entity: Entity, error: Exception) -> Iterator[Problem]:
    """The attribute that cannot be made, where it is one."""
    attribute, says = unmade(dataset, entity, range(dataset.count(entity)), error)
    if attribute is not None:
        says = f"at scale {dataset.scale:,} its items cannot be made: {says}"
        yield Problem(about=entity.name, attribute=attribute, says=says)
