"""What a call of each pattern is expected to consume: tried on the data set, without a table.

A read by key, a query whose rows the data set knows, and a write are made for a sample of subjects
as a run makes them, and their items sized one by one. For the rest the forecast stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from loadstone.capacity.consumption import pages
from loadstone.capacity.layout import Layout
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.capacity.units import Consistency, item_size_bytes, read_units
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.draws import derive
from loadstone.pattern import (
    BatchGetItem,
    Every,
    Exactly,
    GetItem,
    Pattern,
    Query,
    TransactGetItems,
)
from loadstone.scenario.costing import Costing
from loadstone.scenario.expressions import Test
from loadstone.scenario.getting import fields_of, got_units
from loadstone.scenario.popularity import Popularity
from loadstone.scenario.trip import Trip, Unfit
from loadstone.scenario.trying import Trying, turn_of

SUBJECTS = 200
#: Of a partition with more items, so many are looked at and stand for the others; of one that is
#: popular more, as it alone may have a sixth of the calls.
ROWS, ROWS_OF_POPULAR = 6, 100
POPULAR = 0.01


class Expected(NamedTuple):
    """Units of one call, and what they take for granted.

    Of calls `spread` is the standard deviation from one to another, and `error` that of the
    expectation itself; both are 0 where it was not tried.
    """

    read_units: float
    write_units: float
    assumed: str = ""
    spread: float = 0.0
    error: float = 0.0


class _Cost(NamedTuple):
    """Of playing a pattern once."""

    calls: int
    read_units: float = 0.0
    write_units: float = 0.0


def expectations(
    patterns: Iterable[Pattern],
    dataset: Dataset,
    skew: float,
    costing: Costing | None = None,
    reading: Reading = CONSERVATIVE,
) -> dict[str, Expected]:
    """By the pattern's id; a costing that is at hand has tried the writes already, and reads the
    sources in its own way."""
    trial = _Trial(dataset, skew, costing or Costing(dataset, skew, reading))
    return {pattern.id: trial.expected(pattern) for pattern in patterns}


class _Trial:
    def __init__(self, dataset: Dataset, skew: float, costing: Costing) -> None:
        self._dataset, self._skew = dataset, skew
        self._costing = costing
        self._trying = Trying(dataset)
        self._popular: dict[Entity, Popularity] = {}

    def expected(self, pattern: Pattern) -> Expected:
        costs = self._tried(pattern)
        if costs:
            return _mean(costs)
        costing = self._costing
        costing.assumed = ()
        units = costing.units(pattern)
        return Expected(
            sum(units.read.values()) / units.requests,
            sum(units.write.values()) / units.requests,
            "; ".join(costing.assumed),
        )

    def _tried(self, pattern: Pattern) -> list[_Cost]:
        """Nothing, where it cannot be tried, or nobody fits it."""
        try:
            return list(self._costs(pattern)) if _can_be_tried(pattern) else []
        except (Unfit, BadContent):
            return []

    def _costs(self, pattern: Pattern) -> Iterator[_Cost]:
        """Of subjects that stand for those a run draws; a popular one comes more than once."""
        if isinstance(pattern.operation, Query):
            yield from self._searches(pattern, pattern.operation)
        elif pattern.writes:
            for arms in self._costing.tried(pattern):
                yield _Cost(1, write_units=sum(arms.values()))
        else:
            reading = self._costing.reading
            for trip in self._trips(pattern):
                yield _Cost(1, read_units=got_units(pattern, trip, self._trying, reading, ROWS))

    def _searches(self, pattern: Pattern, query: Query) -> Iterator[_Cost]:
        """What is asked for more than once is tried once, and better looked at."""
        (part,) = self._trying.prepare(pattern).parts
        asked: defaultdict[tuple[int, str], list[Trip]] = defaultdict(list)
        for trip in self._trips(pattern):
            values = fields_of(part, trip)["ExpressionAttributeValues"]
            asked[trip.find(pattern.of), str(values)].append(trip)
        times = sum(map(len, asked.values()))
        for trip, *others in asked.values():
            values = fields_of(part, trip)["ExpressionAttributeValues"]
            popular = 1 + len(others) > POPULAR * times
            rows = ROWS_OF_POPULAR if popular else ROWS
            cost = self._searched(pattern, query, part.tests, values, trip, rows)
            yield from [cost] * (1 + len(others))

    def _trips(self, pattern: Pattern) -> Iterator[Trip]:
        return self._trying.trips(
            pattern.of, [pattern], lambda turn, _: self._subject(pattern, turn), SUBJECTS
        )

    def _subject(self, pattern: Pattern, nth: int) -> int:
        """Whom a run asks for."""
        key = derive(self._dataset.seed, "popularity", pattern.of.name)
        popular = self._popular.get(pattern.of)
        if popular is None:
            popular = Popularity(self._dataset.count(pattern.of), self._skew, key)
            self._popular[pattern.of] = popular
        return popular.typical(nth)

    def _searched(
        self,
        pattern: Pattern,
        query: Query,
        tests: Sequence[Test],
        values: Mapping[str, Any],
        trip: Trip,
        most: int,
    ) -> _Cost:
        """Page by page, of what stands in the partition within the narrowed sort key; `most` rows
        are looked at."""
        sizes = self._evaluated(pattern, query, tests, values, trip, most)
        consistency: Consistency = "strong" if query.consistent else "eventual"
        every = list(pages(sizes, query.limit))
        if query.limit and sizes and len(sizes) % query.limit == 0:
            every.append(())  # a page that is full by its limit does not say that it is the last
        read = every[: query.pages]
        return _Cost(len(read), sum(read_units(sum(page), consistency) for page in read))

    def _evaluated(
        self,
        pattern: Pattern,
        query: Query,
        tests: Sequence[Test],
        values: Mapping[str, Any],
        trip: Trip,
        most: int,
    ) -> Sequence[int]:
        """The bytes of each entry; filters take nothing away from what is read."""
        tests = [test for test in tests if test.path[0] in query.searched.key]
        layout = Layout.of(query.table)
        index = next((each for each in layout.indexes if each.name == query.index), None)
        entity, numbers = self._among(pattern, trip)
        reading = self._costing.reading
        sizes: list[int] = []
        for item, times in self._trying.rows(entity, numbers, turn_of(trip), most):
            entry = index.entry(item) if index else item
            if entry is not None and all(test.holds(item, values) for test in tests):
                sizes += [item_size_bytes(entry, reading)] * times
        return sizes

    def _among(self, pattern: Pattern, trip: Trip) -> tuple[Entity, range]:
        """The items that the rows are among: those below the drawn one, or that one itself."""
        if not isinstance(pattern.expects, Every):
            number = trip.find(pattern.of)
            return pattern.of, range(number, number + 1)
        of, entity = pattern.expects.within or pattern.of, pattern.expects.entity
        return entity, self._dataset.children(of, trip.find(of), entity)


def _mean(costs: Sequence[_Cost]) -> Expected:
    """The pages of one query go together: spread is of what a call has over the mean of all."""
    calls = sum(cost.calls for cost in costs)
    read_units = sum(cost.read_units for cost in costs) / calls
    write_units = sum(cost.write_units for cost in costs) / calls
    mean = read_units + write_units
    over = sum((cost.read_units + cost.write_units - mean * cost.calls) ** 2 for cost in costs)
    spread = sqrt(over / calls)
    return Expected(read_units, write_units, spread=spread, error=spread / sqrt(calls))


def _can_be_tried(pattern: Pattern) -> bool:
    """Whether the data set knows what it meets."""
    match pattern.operation:
        case Query() as query:
            of_itself = isinstance(pattern.expects, Exactly) and pattern.of.table is query.table
            return (of_itself or isinstance(pattern.expects, Every)) and not pattern.needs
        case GetItem() | BatchGetItem() | TransactGetItems():
            return not pattern.needs
    return pattern.writes
