"""A run held against what it was to keep to: a pure function of its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadstone.errors import BadValue
from loadstone.run.evidence import evidence_of
from loadstone.run.objectives import Objective, Scope, Verdict, judge, kept_to, objective
from loadstone.run.record import Run
from loadstone.run.tally import Counts

#: What a search for the highest rate is to come to; its objectives were kept at each rate.
FOUND = "highest_rate > 0/s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of a run's objectives. `unsound` is why it does not pass whatever they say."""

    run: str
    system: str
    verdicts: tuple[Verdict, ...]
    unsound: tuple[str, ...]

    @property
    def missed(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if not each.held)

    @property
    def passed(self) -> bool:
        return not self.missed and not self.unsound


def scope_of(run: Run) -> Scope:
    """What objectives can be about in a run: what it was to do, and what it did."""
    played = {**run.measured, **run.warm_up}
    units = Counts.total(tally.counts for tally in played.values()).units
    return Scope.of(run.header, played, units)


def recorded(run: Run) -> list[Objective]:
    """What the run was held to from its start."""
    configuration = run.header.configuration
    if configuration.get("find_max"):
        return [objective(FOUND)]
    return [objective(text) for text in configuration.get("objective", ())]


def judged(run: Run, given: Sequence[Objective] = ()) -> Judgement:
    """`given` objectives go before those of the run that limit the same figure."""
    scope = scope_of(run)
    own = recorded(run)
    scope.refuse([*given, *own])
    objectives = kept_to(given, own, scope).objectives
    if not objectives:
        raise BadValue(
            f"run {run.header.name} is held to nothing: neither its command nor its scenario had "
            "an objective; give one as --objective 'p99 < 20ms'"
        )
    return Judgement(
        run=run.header.name,
        system=run.header.system,
        verdicts=tuple(judge(objectives, evidence_of(run))),
        unsound=tuple(_unsound(run)),
    )


def _unsound(run: Run) -> Iterator[str]:
    """What is missing could have missed an objective."""
    if run.ending.how == "failed":
        yield f"The run failed: {run.ending.reason or 'the record does not say why'}."
    yield from run.problems
