"""Two designs of one system side by side: mixes of the same work over other tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import combinations

from loadstone.capacity.readings import Reading
from loadstone.dataset import Dataset
from loadstone.pattern import Mix
from loadstone.planning.declared import Asking, declared
from loadstone.planning.load import Load
from loadstone.planning.partitions import through
from loadstone.planning.replicas import replicas
from loadstone.planning.solutions import Solution, best_solution, solutions
from loadstone.planning.storage import storage_rows, stored_usd
from loadstone.planning.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """A mix that does the work in its own way: over these tables, in so many operations."""

    mix: str
    tables: tuple[str, ...]
    indexes: int
    operations_per_entry: float
    peak_per_s: float
    read_units_per_s: float
    write_units_per_s: float
    storage_usd: Decimal
    on_demand: Solution
    best: Solution


def pair_of_designs(mixes: Iterator[Mix] | list[Mix]) -> tuple[Mix, Mix] | None:
    """Two mixes of the same weights, in the same order, that share no table: two designs of the
    same work."""
    for one, other in combinations(mixes, 2):
        tables = [{pattern.table for pattern in mix.patterns} for mix in (one, other)]
        same = list(one.weights.values()) == list(other.weights.values())
        if same and not tables[0] & tables[1]:
            return one, other
    return None


def designs(
    pair: tuple[Mix, Mix],
    dataset: Dataset,
    terms: Terms,
    *,
    peak_per_s: float,
    growth: float,
    skew: float,
    reading: Reading,
    say: Callable[[str], None],
) -> tuple[Design, ...]:
    """The same work by each: as many entries of the mix a second. The first of them has the peak,
    and the other takes the operations that it needs for the same."""
    every = [Asking(dataset, mix, skew, reading).calls_per_entry for mix in pair]
    entries_per_s = peak_per_s / every[0]
    found = []
    for mix, operations in zip(pair, every, strict=True):
        say(f"simulating the design of mix {mix.name}")
        load = declared(
            dataset, mix, peak_per_s=entries_per_s * operations, skew=skew, reading=reading
        )
        found.append(_design(mix, operations, _alone(load).grown(growth), dataset, terms))
    return tuple(found)


def _alone(load: Load) -> Load:
    """What the tables of this design hold, and no others."""
    stored = {place: held for place, held in load.stored.items() if place.table in load.busy}
    return replace(load, stored=stored)


def _design(mix: Mix, operations: float, load: Load, dataset: Dataset, terms: Terms) -> Design:
    tables = {table.name: table for table in dataset.system.tables}
    rows = tuple(storage_rows(load, terms, tables))
    storage = stored_usd(rows, terms)
    used = {name: table for name, table in tables.items() if name in load.busy}
    further = partial(replicas, load=load, storage=rows, terms=terms, tables=used)
    found, _ = solutions(through(load, terms), terms, storage, further)
    per_s = {"read": 0.0, "write": 0.0}
    for each in load.work:
        for side, units in each.units.items():
            per_s[side.direction] += each.per_s * units
    return Design(
        mix=mix.name,
        tables=load.busy,
        indexes=sum(len(tables[name].indexes) for name in load.busy),
        operations_per_entry=operations,
        peak_per_s=load.peak_per_s,
        read_units_per_s=per_s["read"],
        write_units_per_s=per_s["write"],
        storage_usd=storage,
        on_demand=found[0],
        best=best_solution(found),
    )
