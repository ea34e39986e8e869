"""Whether a scenario hangs together, before any of it is played."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.advice import advised
from loadstone.contract.attributes import unknown_attributes
from loadstone.contract.problem import Problem
from loadstone.pattern import Journey, Pattern, Scan, parts_of
from loadstone.system import System
from loadstone.table import Table


def scenario_problems(system: System) -> Iterator[Problem]:
    yield from _mixes(system)
    yield from _sources(system)
    yield from _touched(system)
    yield from unknown_attributes(system)
    yield from unplayed(system)
    yield from unasked(system)


def _mixes(system: System) -> Iterator[Problem]:
    """There is something that `run` can play."""
    if not system.patterns:
        yield Problem(
            about=f"scenarios/{system.id}.py",
            says=f"it declares no Pattern: there is nothing to run; `{advised('new', 'NAME')}` "
            "writes some to learn from",
        )
    elif not system.mixes:
        yield Problem(
            about=f"scenarios/{system.id}.py",
            says="there is no Mix, so that `run` has nothing to play: "
            'balanced = Mix("balanced", {a_pattern: 1})',
        )
    elif "balanced" not in system.mixes:
        yield Problem(
            about=f"scenarios/{system.id}.py",
            says=f"no mix is called balanced, which `run` plays unless --mix names another: "
            f"{', '.join(system.mixes)}",
            wrong=False,
        )


def _sources(system: System) -> Iterator[Problem]:
    entries: list[Pattern | Journey] = [*system.patterns.values(), *system.journeys.values()]
    for entry in entries:
        if not entry.source.strip():
            yield Problem(
                about=entry.id,
                attribute="source",
                says="it is empty: say where the question is documented, a title and a heading",
            )


def _touched(system: System) -> Iterator[Problem]:
    """A scenario that writes says which share of its data it touches."""
    writes = [pattern.id for pattern in system.patterns.values() if pattern.writes]
    if writes and system.touched is None:
        yield Problem(
            about=writes[0],
            says="it writes, and nothing says which share of the data a run may write: "
            "touched = Touched(the_root_entity, share=0.1)",
        )


def unplayed(system: System) -> Iterator[Problem]:
    """A pattern is in a journey or in a mix; one that reads a whole table may be in neither."""
    played = {pattern for mix in system.mixes.values() for pattern in mix.patterns}
    played |= {pattern for journey in system.journeys.values() for pattern in journey.patterns}
    for pattern in system.patterns.values():
        if pattern not in played and not isinstance(pattern.operation, Scan):
            yield Problem(
                about=pattern.id, says="no mix and no journey plays it: --mix can", wrong=False
            )


def unasked(system: System) -> Iterator[Problem]:
    """Every table and every index serves at least one pattern."""
    asked = {
        (table.name, index)
        for pattern in system.patterns.values()
        for table in tables_of(pattern)
        for index in (None, pattern.index)
    }
    for table in system.tables if system.patterns else ():
        for index in (None, *(each.name for each in table.indexes)):
            if (table.name, index) not in asked:
                yield Problem(
                    about=table.name,
                    attribute=index,
                    says="no pattern asks it" if index else "no pattern asks anything of it",
                    wrong=False,
                )


def tables_of(pattern: Pattern) -> set[Table]:
    return {pattern.table, *(part.table for part in parts_of(pattern.operation))}
