"""A run held against what it was to keep to: a pure function of its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadstone.errors import BadValue
from loadstone.run.evidence import evidence_of
from loadstone.run.find_max import Trial, highest, telling
from loadstone.run.objectives import Objective, Scope, Verdict, judge, kept_to, objective
from loadstone.run.record import Run
from loadstone.run.tally import Counts

#: What a search for the highest rate is to come to, where nobody asked for more.
FOUND = "highest_rate > 0/s"
_RATE = "highest_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of a run's objectives. `unsound` is why it does not pass whatever they say; `at`
    is the rate of a search that they were judged at."""

    run: str
    system: str
    at: str = ""
    verdicts: tuple[Verdict, ...]
    unsound: tuple[str, ...]

    @property
    def unmet(self) -> tuple[Verdict, ...]:
        """Those that were missed, and those that nothing could be said of."""
        return tuple(each for each in self.verdicts if not each.met)

    @property
    def passed(self) -> bool:
        return not self.unmet and not self.unsound


def scope_of(run: Run) -> Scope:
    """What objectives can be about in a run: what it was to do, and what it did."""
    played = {**run.measured, **run.warm_up}
    units = Counts.total(tally.counts for tally in played.values()).units
    return Scope.of(run.header, played, units)


def recorded(run: Run) -> list[Objective]:
    """What the run was held to from its start."""
    return list(map(objective, recorded_texts(run)))


def recorded_texts(run: Run) -> list[str]:
    """The same as it was written. A search is held to its answer, and to what that rate was like
    where the record tells it."""
    texts = [str(text) for text in run.header.configuration.get("objective", ())]
    if not run.header.configuration.get("find_max"):
        return texts
    rates = [text for text in texts if text.startswith(_RATE)] or [FOUND]
    return [*rates, *(tried_with(run) if _told(run) else ())]


def tried_with(run: Run) -> list[str]:
    """What each rate of a search had to keep to."""
    texts = map(str, run.header.configuration.get("objective", ()))
    return [text for text in texts if not text.startswith(_RATE)]


def judged_at(run: Run) -> str:
    """The rate of a search that its objectives are judged at; "" of any other run."""
    trial = _told(run)
    if trial is None:
        return ""
    held = highest(run.trials) is not None
    which = "the highest rate that held" if held else "the lowest rate that was tried: none held"
    return f"at {trial.rate_per_s:,.1f} a second, {which}"


def _told(run: Run) -> Trial | None:
    """The rate of a search that its record tells most of."""
    trial = telling(run.trials)
    return trial if trial is not None and trial.patterns else None


def judged(run: Run, given: Sequence[Objective] = ()) -> Judgement:
    """`given` objectives go before those of the run that limit the same figure."""
    scope = scope_of(run)
    own = recorded(run)
    scope.refuse([*given, *own])
    _refuse_untold(run, given)
    objectives = kept_to(given, own, scope).objectives
    if not objectives:
        raise BadValue(
            f"run {run.header.name} is held to nothing: neither its command nor its scenario had "
            "an objective; give one as --objective 'p99 < 20ms'"
        )
    return Judgement(
        run=run.header.name,
        system=run.header.system,
        at=judged_at(run),
        verdicts=tuple(judge(objectives, evidence_of(run))),
        unsound=tuple(_unsound(run)),
    )


def _refuse_untold(run: Run, given: Sequence[Objective]) -> None:
    """What no rate of a search tells anything of."""
    if not run.header.configuration.get("find_max") or _told(run):
        return
    for each in given:
        if each.figure != _RATE:
            raise BadValue(
                f"objective {each.text!r}: run {run.header.name} looked for the highest rate, and "
                "its record does not tell what calls did at any rate that held or broke: give one "
                "of highest_rate, or search anew"
            )


def _unsound(run: Run) -> Iterator[str]:
    """What is missing could have missed an objective."""
    if run.ending.how == "failed":
        yield f"The run failed: {run.ending.reason or 'the record does not say why'}."
    yield from run.problems
