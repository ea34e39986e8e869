"""What a rate that was held for a while shows: it held, it broke, or the generator spoilt it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadstone.run.behind import TELLING_SHARE, fell_behind
from loadstone.run.find_max import Outcome
from loadstone.run.objectives import Verdict

#: So many of the arrivals may have no answer when the trial is over, or find no free place.
UNDONE_SHARE = 0.05
#: A rate of throttles or errors is of whole seconds: a delay below that does not change it.
HARMLESS_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The arrivals of a trial, over all workers.

    `undone` had no answer in time; `late` found all the calls in flight that there may be; `behind`
    were taken up late by the generator's own fault, by `delay_max_us` at most.
    """

    asked: int
    undone: int = 0
    late: int = 0
    behind: int = 0
    delay_max_us: int = 0


def outcome_of(verdicts: Sequence[Verdict], seen: Seen, *, lost: int = 0) -> tuple[Outcome, str]:
    """What it shows, and why. `lost`: so many of the workers did not say what came of it.

    The generator comes first: what it spoilt shows nothing.
    """
    if lost:
        return "generator", f"{lost} of the workers did not say what came of it"
    if not seen.asked:
        return "generator", "no arrival came: make the --step longer"
    if _spoilt(verdicts, seen):
        return "generator", (
            f"the generator took up {seen.behind / seen.asked:.0%} of the arrivals more than 20 ms "
            f"late, by {seen.delay_max_us / 1000:,.0f} ms at most"
        )
    broken = [str(verdict) for verdict in verdicts if verdict.outcome == "missed"]
    if broken:
        return "broke", "; ".join(broken)
    if seen.undone > UNDONE_SHARE * seen.asked:
        return "broke", f"{seen.undone:,} of {seen.asked:,} arrivals were not answered in time"
    if seen.late > UNDONE_SHARE * seen.asked:
        return "broke", (
            f"{seen.late:,} of {seen.asked:,} arrivals found no free place among --max-in-flight: "
            "calls ended more slowly than they came"
        )
    unjudged = [str(verdict) for verdict in verdicts if verdict.outcome == "not judged"]
    if unjudged and len(unjudged) == len(verdicts):
        return "generator", f"nothing tells whether it holds: {'; '.join(unjudged)}"
    return "held", ""


def _spoilt(verdicts: Sequence[Verdict], seen: Seen) -> bool:
    """Whether the generator's own delay is in what the objectives are about."""
    waits = [verdict for verdict in verdicts if verdict.objective.holds_the_wait]
    if fell_behind(seen.behind, seen.asked):
        return bool(waits) or seen.delay_max_us > HARMLESS_US
    if seen.behind <= TELLING_SHARE * seen.asked or all(each.met for each in waits):
        return False
    return not any(_in_any_case(verdict, seen.delay_max_us) for verdict in verdicts)


def _in_any_case(verdict: Verdict, delay_us: int) -> bool:
    """Whether an objective is missed without any delay of the generator's as well."""
    if verdict.outcome != "missed" or verdict.value is None:
        return False
    if not verdict.objective.holds_the_wait:
        return True
    return verdict.value - delay_us > verdict.objective.limit
