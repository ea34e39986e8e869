"""Whether every pattern is answered as it expects, and every journey reaches its end: played on a
small data set, each answer checked row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from time import perf_counter_ns

from loadstone.contract.problem import Problem
from loadstone.errors import LoadstoneError
from loadstone.pattern import Every, Journey, Maybe, Pattern, Written
from loadstone.run.call import Call
from loadstone.scenario.player import Player
from loadstone.system import System

TIMES = 5


def pattern_problems(
    system: System, player: Callable[[], Player], times: int = TIMES
) -> Iterator[Problem]:
    """Each pattern that stands by itself is answered rightly every time, and finds rows."""
    for pattern in system.patterns.values():
        if pattern.needs:
            continue
        try:
            playing = player()
            calls = [
                call for _ in range(times) for call in playing.play(pattern, perf_counter_ns())
            ]
        except LoadstoneError as error:
            yield Problem(about=pattern.id, says=_unplayable(str(error)))
            continue
        yield from _of_calls(pattern, calls)


def journey_problems(
    system: System, player: Callable[[], Player], times: int = TIMES
) -> Iterator[Problem]:
    """Each journey plays all of its steps, and none fails."""
    for journey in system.journeys.values():
        playing = player()
        try:
            calls = [
                call
                for _ in range(times)
                for call in playing.travel(journey, perf_counter_ns(), lambda _: perf_counter_ns())
            ]
        except LoadstoneError as error:
            yield Problem(about=journey.id, says=_unplayable(str(error)))
            continue
        yield from _of_travel(journey, calls)


def player_for(make: Callable[[Random, str], Player]) -> Callable[[], Player]:
    """A new player each time, of a run of its own, that always draws the same."""
    count = 0

    def player() -> Player:
        nonlocal count
        count += 1
        return make(Random(5), f"check-{count}")

    return player


def _of_calls(pattern: Pattern, calls: Sequence[Call]) -> Iterator[Problem]:
    failed = [call for call in calls if call.outcome == "failed"]
    if failed:
        yield Problem(
            about=pattern.id,
            says=f"{len(failed)} of {len(calls)} answers are not as expected: "
            f"{failed[0].problem}{_advice(pattern, str(failed[0].problem))}",
        )
        return
    if isinstance(pattern.expects, Maybe | Written):
        return
    if not any(call.rows for call in calls):
        yield Problem(
            about=pattern.id,
            says=f"it found no row in {len(calls)} calls, and a question that finds nothing "
            "measures little: does its key have the values that items have?",
        )


def _of_travel(journey: Journey, calls: Sequence[Call]) -> Iterator[Problem]:
    failed = next((call for call in calls if call.outcome == "failed"), None)
    if failed is not None:
        yield Problem(
            about=journey.id, says=f"its step {failed.pattern} is not as expected: {failed.problem}"
        )
        return
    missed = {pattern.id for pattern in journey.patterns} - {call.pattern for call in calls}
    if missed:
        yield Problem(
            about=journey.id, says=f"it never came to {', '.join(sorted(missed))}", wrong=False
        )


def _unplayable(error: str) -> str:
    return f"it cannot be played: {error}"


def _advice(pattern: Pattern, problem: str) -> str:
    """What is mostly behind it."""
    expects = pattern.expects
    if "no row" in problem:
        return "; has it the key that items have? Maybe() is for what may be empty"
    if "fewer rows" in problem and isinstance(expects, Every):
        return (
            "; a page ends at 1 MB or at `limit`: pages=None reads to the end, and Some() expects "
            "at least one row"
        )
    if "more rows" in problem and isinstance(expects, Every):
        return (
            f"; other items than {expects.entity.name} are in there too: narrow the key, or expect "
            "Some()"
        )
    if "ValidationException" in problem:
        return "; an attribute or key in it is not as the table has it"
    return ""
