"""What a way to pay would throttle if the day came otherwise than planned. Simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import Demand, Setting, simulate
from loadstone.capacity.simulation.demand import Amounts
from loadstone.planning.load import Load
from loadstone.planning.partitions import through
from loadstone.planning.solutions import Solution
from loadstone.planning.terms import Terms

#: More of everything, all day long.
MORE = 1.5
LEAP, LEAP_S = 2.0, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Stressed:
    """A way to pay for all tables, and the share of calls that it would throttle, by what comes."""

    name: str
    throttled: Mapping[str, float]


def by_chance(demand: Demand) -> Demand:
    """The same rates, with the chance of single arrivals in each second (Poisson)."""
    chance = np.random.default_rng(1)
    flows = (replace(each, calls=chance.poisson(each.calls).astype(float)) for each in demand.flows)
    return replace(demand, flows=tuple(flows))


def more(demand: Demand) -> Demand:
    return demand.scaled(MORE)


def leaping(demand: Demand) -> Demand:
    """Twice as much for ten minutes, from one second to the next, at the busiest time."""
    busiest: Amounts = np.sum([each.calls for each in demand.flows], axis=0)
    at = int(np.argmax(busiest))
    factor = np.ones(demand.seconds)
    factor[at : at + LEAP_S] = LEAP
    flows = (replace(each, calls=each.calls * factor) for each in demand.flows)
    return replace(demand, flows=tuple(flows))


COMES: Mapping[str, Callable[[Demand], Demand]] = MappingProxyType(
    {
        "arrivals by chance": by_chance,
        f"{MORE:g} times as much all day": more,
        f"twice as much for {LEAP_S // 60} min at the peak": leaping,
    }
)


def stressed(load: Load, terms: Terms, found: tuple[Solution, ...]) -> Iterator[Stressed]:
    """Each way with the capacity that was found for the day as planned. Hot keys are asked for as
    that other day has it, and stop what is too much of it."""
    days = {name: through(load, terms, comes=made) for name, made in COMES.items()}
    for solution in found:
        settings: dict[Resource, Setting] = {}
        for way in solution.ways.values():
            settings.update(way.settings)
        yield Stressed(
            name=solution.name,
            throttled={
                name: day.throttled_share(simulate(day.demand, settings))
                for name, day in days.items()
            },
        )
