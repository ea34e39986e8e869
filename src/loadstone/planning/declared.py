"""A load from the data set and the declared patterns alone: no table, no run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from loadstone.capacity.admission import Resource
from loadstone.capacity.footprint import footprints
from loadstone.capacity.limits import DIRECTIONS, Direction
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.simulation import HotKey, Side
from loadstone.dataset import Dataset
from loadstone.pattern import Mix, Pattern, Written
from loadstone.planning.keys import heat_of
from loadstone.planning.load import Load, Stored, Work
from loadstone.scenario.costing import Costing
from loadstone.scenario.expected import expectations
from loadstone.scenario.forecast import plays_of_entry

#: Patterns that a sentence names; beyond that it counts them.
_NAMED = 4


class Asking:
    """How often a mix calls each pattern, and what a call consumes: tried on the data set as the
    expectation of a run is, and shared over the table and its indexes as is forecast."""

    def __init__(
        self, dataset: Dataset, mix: Mix, skew: float, reading: Reading = CONSERVATIVE
    ) -> None:
        self._costing = Costing(dataset, skew, reading)
        plays = plays_of_entry(mix, dataset)
        self._forecast = {pattern: self._costing.units(pattern) for pattern in plays}
        self.assumed = self._costing.assumed
        self._expected = expectations(plays, dataset, skew, self._costing)
        #: For an entry of the mix; a page of a query is a call.
        self.calls = {
            pattern: times * self._forecast[pattern].requests for pattern, times in plays.items()
        }

    @property
    def calls_per_entry(self) -> float:
        return sum(self.calls.values())

    def units(self, pattern: Pattern) -> dict[Side, float]:
        """Of one call."""
        costs, expected = self._forecast[pattern], self._expected[pattern.id]
        tried = {"read": expected.read_units, "write": expected.write_units}
        found: dict[Side, float] = {}
        for direction, places in zip(DIRECTIONS, (costs.read, costs.write), strict=True):
            whole = sum(places.values())
            for place, each in places.items():
                if each and tried[direction]:
                    side = Side(Resource(*place), direction)
                    found[side] = each / whole * tried[direction]
        return found


def declared(
    dataset: Dataset,
    mix: Mix,
    *,
    peak_per_s: float,
    skew: float,
    reading: Reading = CONSERVATIVE,
) -> Load:
    """A mix of a data set at so many operations a second, as a run counts them."""
    asking = Asking(dataset, mix, skew, reading)
    unknown: list[str] = []
    work = tuple(
        _work(
            pattern,
            asking.units(pattern),
            dataset,
            skew,
            peak_per_s * each / asking.calls_per_entry,
            unknown,
        )
        for pattern, each in asking.calls.items()
    )
    return Load(
        system=dataset.system.id,
        basis="declared",
        source=f"the data set at {dataset.stored:,} items and the mix {mix.name}",
        work=work,
        stored=stored_in(dataset, reading),
        assumed=tuple(_assumed(dataset, mix, skew, asking.assumed, unknown)),
    )


def stored_in(dataset: Dataset, reading: Reading = CONSERVATIVE) -> dict[Resource, Stored]:
    """What every table and index of a data set holds, by a sample of each entity."""
    found: defaultdict[Resource, Stored] = defaultdict(lambda: Stored(0, 0))
    for entity in dataset.system.stored:
        assert entity.table is not None
        count = dataset.count(entity)
        for index, each in footprints(dataset, entity, reading).items():
            where = Resource(entity.table.name, index)
            found[where] = found[where].plus(Stored(count * each.share, count * each.size_bytes))
    return dict(found)


def _work(
    pattern: Pattern,
    units: Mapping[Side, float],
    dataset: Dataset,
    skew: float,
    per_s: float,
    unknown: list[str],
) -> Work:
    heat: dict[Side, tuple[HotKey, ...]] = {}
    direction: Direction = "write" if pattern.writes else "read"
    for table, index, hot in heat_of(pattern, dataset, skew):
        side = Side(Resource(table, index), direction)
        if side not in units:
            continue
        if hot is None:
            unknown.append(pattern.id)
            continue
        heat.setdefault(side, hot)
    return Work(
        pattern=pattern.id,
        operation=pattern.operation.name,
        table=pattern.table.name,
        index=pattern.index,
        per_s=per_s,
        units=units,
        heat=heat,
    )


def _assumed(
    dataset: Dataset, mix: Mix, skew: float, guesses: Iterable[str], unknown: list[str]
) -> Iterator[str]:
    yield (f"patterns come in the proportions of the mix {mix.name}, as its scenario declares them")
    yield (
        f"items are as large, and partitions as full, as in the data set of {dataset.stored:,} "
        f"items (scale {dataset.scale:,}, seed {dataset.seed})"
    )
    yield f"items are asked for by Zipf's law with a skew of {skew:g}: no run has measured it"
    if any(isinstance(each.expects, Written) and each.expects.unless for each in mix.patterns):
        yield "every condition holds: where one does not, a write costs no more than it is taken to"
    yield from (f"pattern {each}" for each in guesses)
    if unknown:
        names = list(dict.fromkeys(unknown))
        said = ", ".join(names[:_NAMED]) + (
            f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        )
        yield f"which keys these ask for depends on the moment, and is taken to spread: {said}"
