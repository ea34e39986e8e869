"""Whether every pattern is answered as it expects, and every journey reaches its end: played on a
small data set, each answer checked row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from time import perf_counter_ns

from loadstone.amounts import amount
from loadstone.contract.problem import Problem
from loadstone.errors import LoadstoneError
from loadstone.pattern import Every, Journey, Maybe, Pattern, Scan, Written
from loadstone.run.call import Call
from loadstone.scenario.player import Player
from loadstone.system import System

#: How often a pattern is played, and a journey: what fails more seldom may be missed.
TIMES, TRAVELS = 300, 100
#: So often in any case; no more, once so many rows and kilobytes have been read and looked at.
_LEAST, _ENOUGH = 30, 8_000
_SURE = 0.95

#: Hears the id of a pattern or a journey, and how often it was played.
Told = Callable[[str, int], None]


def pattern_problems(
    system: System,
    player: Callable[[], Player],
    times: int = TIMES,
    tell: Told = lambda entry, times: None,
) -> Iterator[Problem]:
    """Each pattern that stands by itself is answered rightly every time, and finds rows."""
    for pattern in system.patterns.values():
        if pattern.needs:
            continue
        most = min(times, _LEAST) if isinstance(pattern.operation, Scan) else times
        try:
            played, calls = _calls(player(), pattern, most)
        except LoadstoneError as error:
            yield Problem(about=pattern.id, says=_unplayable(str(error)))
            continue
        tell(pattern.id, played)
        yield from _of_calls(pattern, calls)


def journey_problems(
    system: System,
    player: Callable[[], Player],
    times: int = TRAVELS,
    tell: Told = lambda entry, times: None,
) -> Iterator[Problem]:
    """Each journey plays all of its steps, and none fails."""
    for journey in system.journeys.values():
        try:
            played, calls = _calls(player(), journey, times)
        except LoadstoneError as error:
            yield Problem(about=journey.id, says=_unplayable(str(error)))
            continue
        tell(journey.id, played)
        yield from _of_travel(journey, calls)


def unseen(times: int) -> float:
    """The share of plays that may fail at most, when so many did not: were it more, one in so many
    would have failed, 19 times in 20."""
    return 1 - float((1 - _SURE) ** (1 / times))


def plays_in_words(system: System, items: int, played: Mapping[str, int]) -> str:
    """How often each was played, and what that leaves open."""
    said = []
    for kind, entries in (("pattern", system.patterns), ("journey", system.journeys)):
        times = [played[entry] for entry in entries if entry in played]
        if times:
            often = f"{min(times)} to {max(times)}" if len({*times}) > 1 else str(times[0])
            each = " each" * (len(times) > 1)
            said.append(
                f"{amount(len(times), kind)} {often} times{each}, so that at most "
                f"{unseen(min(times)):.1%} of the plays of one can fail unseen"
            )
    return f"played at scale {items:,}: {'; '.join(said)} (with {_SURE:.0%} certainty)"


def _calls(player: Player, entry: Pattern | Journey, times: int) -> tuple[int, list[Call]]:
    """How often it was played, and the calls of it."""
    calls: list[Call] = []
    read = 0
    for played in range(times):
        if played >= _LEAST and read >= _ENOUGH:
            return played, calls
        made = list(_played(player, entry))
        read += sum(call.rows + len(call.answer.body) // 1024 for call in made)
        calls += made
    return times, calls


def _played(player: Player, entry: Pattern | Journey) -> Iterable[Call]:
    if isinstance(entry, Journey):
        return player.travel(entry, perf_counter_ns(), lambda _: perf_counter_ns())
    return player.play(entry, perf_counter_ns())


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
