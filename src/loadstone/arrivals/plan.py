"""What a run asks of its arrivals, as its options say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from loadstone.arrivals.grammar import rate_of, schedule_of, seconds_of
from loadstone.arrivals.instants import Instants
from loadstone.arrivals.schedule import Schedule
from loadstone.errors import BadValue
from loadstone.run.objectives import Objective, objective

ARRIVALS = ("poisson", "even")
MAX_IN_FLIGHT = 1000
DEFAULT_OBJECTIVES = ("throttle_rate < 0.1%", "error_rate < 1%")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMax:
    """How the highest rate is looked for: each rate is held, and its first seconds are left out."""

    start: float
    step_s: float
    settle_s: float
    ceiling: float | None
    objectives: Sequence[Objective]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which part of the arrivals is a process's: the `index`-th of `count`, counted from 0."""

    index: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Open arrivals: a schedule of operations a second over all processes."""

    schedule: Schedule
    even: bool = False
    max_in_flight: int = MAX_IN_FLIGHT
    find_max: FindMax | None = None
    objectives: Sequence[Objective] = field(default=())

    def instants(
        self, schedule: Schedule, share: Share, random: Random, *, since_s: float = 0.0
    ) -> Instants:
        """One process's arrivals of a schedule."""
        return Instants(
            schedule,
            share=1 / share.count,
            since_s=since_s,
            random=None if self.even else random,
            phase=(share.index + 1) / share.count,
        )

    def places(self, share: Share) -> int:
        """One process's part of what may be in flight."""
        return -(-self.max_in_flight // share.count)


def plan_of(
    *,
    rate: str | None,
    shape: str | None = None,
    arrivals: str = "poisson",
    max_in_flight: int = MAX_IN_FLIGHT,
    find_max: bool = False,
    objectives: Sequence[str] = (),
    step: str = "10s",
    settle: str = "3s",
    up_to: str | None = None,
) -> Plan | None:
    """What the options ask for together; None for closed users."""
    found = tuple(objective(text) for text in objectives)
    if not rate and not shape:
        if find_max:
            raise BadValue("--find-max raises a rate: say where it begins, as --rate 100ops/s")
        return None
    if arrivals not in ARRIVALS:
        raise BadValue(f"--arrivals {arrivals}: there are {' and '.join(ARRIVALS)}")
    if max_in_flight < 1:
        raise BadValue(f"--max-in-flight {max_in_flight}: at least one call is in flight")
    if find_max and shape:
        raise BadValue("--find-max makes its own steps: leave out --shape")
    if find_max and not rate:
        raise BadValue("--find-max raises a rate: say where it begins, as --rate 100ops/s")
    return Plan(
        schedule=schedule_of(rate, shape),
        even=arrivals == "even",
        max_in_flight=max_in_flight,
        find_max=_find_max(str(rate), found, step, settle, up_to) if find_max else None,
        objectives=found,
    )


def refuse_long_warm_up(warm_up_s: float, lasts_s: float | None) -> None:
    """Nothing would be left to measure."""
    if warm_up_s and lasts_s and warm_up_s >= lasts_s:
        raise BadValue(
            f"--warm-up {warm_up_s:g} takes all of the {lasts_s:g} s: make the run longer, or the "
            "warm-up shorter"
        )


def _find_max(
    rate: str, objectives: Sequence[Objective], step: str, settle: str, up_to: str | None
) -> FindMax:
    step_s = seconds_of(step, "--step")
    ceiling = rate_of(up_to, "--up-to") if up_to else None
    if step_s <= 0:
        raise BadValue(f"--step {step}: a rate is held for some time, as --step 10s")
    if ceiling is not None and ceiling < rate_of(rate):
        raise BadValue(f"--up-to {up_to}: it is below the --rate of {rate} that it begins with")
    return FindMax(
        start=rate_of(rate),
        step_s=step_s,
        settle_s=seconds_of(settle, "--settle"),
        ceiling=ceiling,
        objectives=objectives or tuple(map(objective, DEFAULT_OBJECTIVES)),
    )
