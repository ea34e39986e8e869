"""Whether a run held: its objectives, and what cannot be judged. A pure function of its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loadstone.errors import LoadstoneError
from loadstone.report.numbers import percent, rate
from loadstone.report.objectives import some_of
from loadstone.run.behind import times_behind
from loadstone.run.evidence import evidence_of
from loadstone.run.find_max import confirmed_below, highest
from loadstone.run.judged import recorded_texts, scope_of, tried_with
from loadstone.run.objectives import Objective, Outcome, Scope, judge, objective
from loadstone.run.record import Run
from loadstone.run.tally import Counts

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveRow:
    """An objective as it was written, and what became of it; `was` says why it was not judged."""

    objective: str
    was: str
    outcome: Outcome


class Answer(NamedTuple):
    """`held` is None where nobody can say."""

    text: str
    held: bool | None


def objective_rows(run: Run) -> tuple[ObjectiveRow, ...]:
    """One that is not understood is neither met nor missed, and never left out."""
    return tuple(_rows(run))


def _rows(run: Run) -> Iterator[ObjectiveRow]:
    scope, evidence = scope_of(run), evidence_of(run)
    for text in recorded_texts(run):
        try:
            one = _fit(text, scope)
        except LoadstoneError as error:
            yield ObjectiveRow(objective=text, was=str(error), outcome="not judged")
            continue
        (verdict,) = judge([one], evidence)
        yield ObjectiveRow(objective=text, was=verdict.was, outcome=verdict.outcome)


def _fit(text: str, scope: Scope) -> Objective:
    one = objective(text)
    if (error := scope.unfit(one)) is not None:
        raise error
    return one


def answer(run: Run, rows: tuple[ObjectiveRow, ...]) -> Answer:
    """Whether it held, by how many objectives; of a search, up to which rate."""
    if not run.measured:
        return Answer("There is nothing to answer with: no call was measured.", None)
    if run.trials:
        return _found(run, rows)
    if not rows:
        went = _went(run)
        return Answer(f"No objective was set, so nothing says whether it held: {went}.", None)
    missed = [row for row in rows if row.outcome == "missed"]
    unjudged = [row for row in rows if row.outcome == "not judged"]
    if missed:
        return Answer(_missed(run, rows, missed, len(unjudged)), False)
    if unjudged:
        named = ", ".join(row.objective for row in unjudged[:_NAMED])
        of = some_of(len(unjudged), len(rows))
        return Answer(f"It cannot be said to hold: {of} not judged ({named}).", None)
    return _held(run, "its objective was met" if len(rows) == 1 else _all(len(rows)))


def _held(run: Run, what: str) -> Answer:
    if run.problems or run.ending.how == "failed":
        said = f"By what there is, {what}; the record is not of a whole run ({run.ending})."
        return Answer(said, None)
    if run.ending.how != "completed":
        return Answer(f"It held for as long as it ran: {what}; it was {run.ending}.", True)
    return Answer(f"It held: {what}.", True)


def _all(rows: int) -> str:
    return "both objectives were met" if rows == 2 else f"all {rows} objectives were met"


def _missed(
    run: Run, rows: Sequence[ObjectiveRow], missed: Sequence[ObjectiveRow], unjudged: int
) -> str:
    named = "; ".join(f"{row.objective} was {row.was}" for row in missed[:_NAMED])
    more = f"; and {len(missed) - _NAMED} more" if len(missed) > _NAMED else ""
    judged = f", {unjudged} not judged" if unjudged else ""
    of = some_of(len(missed), len(rows))
    return f"It did not hold: {of} missed ({named}{more}){judged}.{_excuse(run, missed)}"


def _found(run: Run, rows: tuple[ObjectiveRow, ...]) -> Answer:
    """The highest rate is the answer of a search; its evidence is said below."""
    kept = " and ".join(tried_with(run)) or "its objectives"
    best = highest(run.trials)
    if best is None:
        return Answer(f"No rate that was tried held {kept}.", False)
    proven = confirmed_below(run.trials)
    sure = f", which is not confirmed ({rate(proven.rate_per_s)} a second is)" if proven else ""
    said = f"t held {kept} up to {rate(best.rate_per_s)} a second{sure}{_ended(run)}."
    missed = [row.objective for row in rows if row.outcome == "missed"]
    if missed:
        return Answer(f"{' and '.join(missed)} was missed: i{said}", False)
    sound = run.searched and not run.problems and run.ending.how != "failed"
    return Answer(f"I{said}", True if sound else None)


def _ended(run: Run) -> str:
    """By what else than rates that broke a search was ended."""
    if not run.searched:
        return "; the search was ended before it was over"
    if run.trials[-1].outcome == "generator":
        return "; beyond that the load generator was the limit"
    if not any(trial.outcome == "broke" for trial in run.trials):
        return ", the highest that was tried; nothing broke"
    return ""


def _excuse(run: Run, missed: Sequence[ObjectiveRow]) -> str:
    """Latencies from the intended start hold the generator's own delay."""
    waits = any(objective(row.objective).holds_the_wait for row in missed)
    if not waits or next(times_behind(run), None) is None:
        return ""
    return " The load generator was behind at times, and such a latency holds that."


def _went(run: Run) -> str:
    counts = Counts.total(tally.counts for tally in run.measured.values())
    failed, throttled = "no call failed", "nothing was throttled"
    if counts.failed:
        failed = f"{percent(counts.failed / counts.calls)} of the calls failed"
    if counts.throttled:
        share = percent(counts.throttled / counts.attempts)
        throttled = f"{share} of the requests were throttled"
    return f"{failed}, {throttled}"
