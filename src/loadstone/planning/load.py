"""A load as a plan takes it: patterns at their peak, what tables hold, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import Demand, HotKey, Profile, Side
from loadstone.table import Table

Basis = Literal["declared", "measured"]


class Stored(NamedTuple):
    """Items of a table or entries of an index, and their bytes without overhead."""

    entries: float
    size_bytes: float

    def times(self, factor: float) -> Stored:
        return Stored(self.entries * factor, self.size_bytes * factor)

    def plus(self, other: Stored) -> Stored:
        return Stored(self.entries + other.entries, self.size_bytes + other.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """A pattern at its peak: how often it is called a second, and the units of one call.

    `heat` are the partition keys that it asks for more than others, by the side that they are of:
    a write has those of each index too.
    """

    pattern: str
    operation: str
    table: str
    index: str | None = None
    per_s: float
    units: Mapping[Side, float]
    heat: Mapping[Side, tuple[HotKey, ...]] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        """As a simulation takes it; what hot keys cannot get is reckoned before."""
        return Profile(name=self.pattern, per_s=self.per_s, units=self.units)

    def on_tables(self, local: Set[Resource]) -> Work:
        """With what these indexes consume on their tables; their hot keys are left out."""
        units: dict[Side, float] = {}
        for side, each in self.units.items():
            there = side
            if side.resource in local:
                there = side._replace(resource=Resource(side.resource.table))
            units[there] = units.get(there, 0.0) + each
        heat = {side: keys for side, keys in self.heat.items() if side.resource not in local}
        return replace(self, units=units, heat=heat)

    def times(self, factor: float) -> Work:
        """As often again; a Scan meets so many more items each time, too."""
        larger = factor if self.operation == "Scan" else 1.0
        units = {side: each * larger for side, each in self.units.items()}
        return replace(self, per_s=self.per_s * factor, units=units)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Load:
    """What is asked at the peak of a day, and what is stored.

    `source` says in a few words where it comes from; `measured` and `assumed` are sentences.
    `documented` are the tables' names in their document, by those that are used here. With a
    `timeline` the work is its mean, and what is simulated is the timeline.
    """

    system: str
    basis: Basis
    source: str
    work: tuple[Work, ...]
    stored: Mapping[Resource, Stored]
    documented: Mapping[str, str] = field(default_factory=dict)
    measured: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    timeline: Demand | None = None

    @property
    def peak_per_s(self) -> float:
        """Operations a second, over all patterns; a batch counts once."""
        return sum({each.pattern: each.per_s for each in self.work}.values())

    @property
    def tables(self) -> tuple[str, ...]:
        """Those that are asked, and those that only hold something."""
        asked = [side.resource.table for each in self.work for side in each.units]
        return tuple(sorted({*asked, *(resource.table for resource in self.stored)}))

    @property
    def busy(self) -> tuple[str, ...]:
        """The tables that are asked."""
        return tuple(sorted({side.resource.table for each in self.work for side in each.units}))

    @property
    def profiles(self) -> list[Profile]:
        return [each.profile for each in self.work if each.units]

    def grown(self, factor: float) -> Load:
        """More of everything: of calls, and of what is stored."""
        if factor == 1:
            return self
        said = "a call consumes as much as today, though more is stored"
        if self.timeline is None:
            said = (
                "partitions stay as full as today, so a Query finds as many rows as now: Scans and "
                "storage grow with the data"
            )
        return replace(
            self,
            assumed=(*self.assumed, said),
            work=tuple(each.times(factor) for each in self.work),
            stored={where: held.times(factor) for where, held in self.stored.items()},
            timeline=self.timeline and self.timeline.scaled(factor),
        )

    def on_tables(self, tables: Mapping[str, Table]) -> Load:
        """What indexes that are declared nowhere consume is their table's: a local one lives off
        it, in its reads and its writes."""
        local = {
            side.resource
            for each in self.work
            for side in each.units
            if side.resource.index is not None
            and side.resource.table in tables
            and side.resource.index not in {i.name for i in tables[side.resource.table].indexes}
        }
        if not local:
            return self
        names = ", ".join(f"{each.table}/{each.index}" for each in sorted(local))
        said = f"{names}: declared nowhere, and taken for local, which live off their tables"
        return replace(
            self,
            work=tuple(each.on_tables(local) for each in self.work),
            assumed=(*self.assumed, said),
        )

    def at_peak(self, per_s: float) -> Load:
        """The same proportions at another rate."""
        factor = per_s / self.peak_per_s
        work = tuple(replace(each, per_s=each.per_s * factor) for each in self.work)
        return replace(self, work=work)
