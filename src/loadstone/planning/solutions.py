"""Ways to pay for all tables together, what each comes to, and which of them is the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.admission import Resource
from loadstone.capacity.break_even import Term
from loadstone.capacity.limits import DIRECTIONS
from loadstone.capacity.month import Usage, bill
from loadstone.capacity.simulation import Episode, Outcome, Setting, simulate
from loadstone.capacity.simulation.outcome import episodes_of
from loadstone.planning.modes import MODES, Mode, Way, of_kind, simulated, way_of
from loadstone.planning.partitions import Through
from loadstone.planning.replicas import Replica
from loadstone.planning.reserved import Reserved, reserved
from loadstone.planning.terms import Terms
from loadstone.run.objectives import Objective

TERMS: tuple[Term, ...] = ("1y", "3y")
EACH = "each table its cheapest"
#: Shares of throttled calls that differ by no more are alike.
_ALIKE = 0.001
#: The further regions of tables that are paid for in these ways.
Further = Callable[[Mapping[str, Way]], tuple[Replica, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """A way for every table. `usd` is a month of throughput, `total_usd` with what is stored;
    `replicas` are what further regions add, and `everywhere_usd` the sum with them. `throttled` is
    simulated for all of them together, `episodes` are when, and `missed` is what is not kept to."""

    name: str
    ways: Mapping[str, Way]
    usd: Decimal
    total_usd: Decimal
    throttled: float
    missed: tuple[Objective, ...]
    reserved: Mapping[Term, Reserved]
    replicas: tuple[Replica, ...] = ()
    episodes: tuple[Episode, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.missed

    @property
    def throttles_too_much(self) -> bool:
        return any(each.figure == "throttle_rate" for each in self.missed)

    @property
    def everywhere_usd(self) -> Decimal:
        return self.total_usd + _of_replicas(self.replicas)

    def committed_usd(self, term: Term) -> Decimal:
        """`everywhere_usd` with what is reserved."""
        return self.everywhere_usd - self.usd + self.reserved[term].usd


def solutions(
    load: Through, terms: Terms, storage_usd: Decimal, further: Further
) -> tuple[tuple[Solution, ...], Mapping[str, Mapping[Mode, Way]]]:
    """All tables in each mode, and each in its cheapest; and the ways of each table by mode."""
    modes = [simulated(load, mode, terms) for mode in MODES]
    found = [
        _solution(f"all {each.mode}", each.ways, each.outcome, load, terms, storage_usd, further)
        for each in modes
    ]
    by_table = {
        table: {each.mode: each.ways[table] for each in modes} for table in load.demand.tables
    }
    cheapest = {table: best_way(tuple(ways.values())) for table, ways in by_table.items()}
    if len({way.mode for way in cheapest.values()}) > 1:
        found.append(_mixed(load, cheapest, terms, storage_usd, further))
    return tuple(found), by_table


def best_way(ways: Sequence[Way]) -> Way:
    """The cheapest that holds; where none does, of those that throttle least."""
    holding = [way for way in ways if way.holds]
    least = min(way.throttled for way in ways)
    nearest = [way for way in ways if way.throttled <= least + _ALIKE]
    return min(holding or nearest, key=lambda way: way.usd)


def best_solution(found: Sequence[Solution]) -> Solution:
    """The cheapest that keeps to everything; where none does, of those that throttle little
    enough, or least."""
    holding = [each for each in found if each.holds]
    able = [each for each in found if not each.throttles_too_much]
    least = min(each.throttled for each in found)
    nearest = able or [each for each in found if each.throttled <= least + _ALIKE]
    return min(holding or nearest, key=lambda each: each.everywhere_usd)


def best_reserved(found: Sequence[Solution], term: Term) -> tuple[Solution, Reserved] | None:
    """The cheapest with a reservation among those that keep to everything but its cost; None where
    reserving saves nothing."""
    able = [each for each in found if not each.throttles_too_much and each.reserved[term].buys]
    if not able:
        return None
    solution = min(able, key=lambda each: each.committed_usd(term))
    saves = solution.committed_usd(term) < best_solution(found).everywhere_usd
    return (solution, solution.reserved[term]) if saves else None


def commitment_that_holds(found: Sequence[Solution], terms: Terms) -> tuple[Term, Decimal] | None:
    """The shortest term to commit for that keeps to everything, and what all of a month is then;
    None where none does. It is for whoever misses a limit of cost: no plan commits by itself."""
    for term in TERMS:
        held = best_reserved(found, term)
        if held is None:
            continue
        solution, reservation = held
        spent = solution.committed_usd(term)
        if not terms.missed(solution.throttled, reservation.usd, spent):
            return term, spent
    return None


def _of_replicas(replicas: Iterable[Replica]) -> Decimal:
    return sum((each.usd for each in replicas), Decimal(0))


def _mixed(
    load: Through,
    cheapest: Mapping[str, Way],
    terms: Terms,
    storage_usd: Decimal,
    further: Further,
) -> Solution:
    settings: dict[Resource, Setting] = {}
    for way in cheapest.values():
        settings.update(way.settings)
    outcome = simulate(load.demand, settings)
    ways = {
        table: way_of(table, way.mode, settings, outcome, load, terms)
        for table, way in cheapest.items()
    }
    return _solution(EACH, ways, outcome, load, terms, storage_usd, further)


def _solution(
    name: str,
    ways: Mapping[str, Way],
    outcome: Outcome,
    load: Through,
    terms: Terms,
    storage_usd: Decimal,
    further: Further,
) -> Solution:
    usd = _month_usd(ways.values(), terms)
    stopped = sum(load.stopped.values()) + outcome.throttled_calls
    throttled = stopped / sum(load.calls.values())
    elsewhere = further(ways)
    return Solution(
        name=name,
        ways=ways,
        usd=usd,
        total_usd=usd + storage_usd,
        throttled=throttled,
        missed=terms.missed(throttled, usd, usd + storage_usd + _of_replicas(elsewhere)),
        reserved={term: reserved(ways.values(), terms, term, terms.free) for term in TERMS},
        replicas=elsewhere,
        episodes=tuple(episodes_of((*load.cuts, *outcome.throttlings))),
    )


def _month_usd(ways: Iterable[Way], terms: Terms) -> Decimal:
    """Throughput of all tables, and what is free of it taken off: once, over all of them."""
    ways = list(ways)
    hours = {
        kind: sum(of_kind(way.unit_hours, kind) for way in ways if way.mode != "on demand")
        for kind in DIRECTIONS
    }
    usage = Usage(read_capacity_hours=hours["read"], write_capacity_hours=hours["write"])
    lines = bill(usage, terms.prices, terms.region, terms.free)
    given = sum((line.free * line.price.usd for line in lines), Decimal(0))
    return sum((way.usd for way in ways), Decimal(0)) - given
