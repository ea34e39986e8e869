"""How many rows a query comes upon that declares no number: by a sample of what its table holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from loadstone.capacity.layout import Layout
from loadstone.dataset import Dataset
from loadstone.errors import LoadstoneError
from loadstone.pattern import Pattern, Query
from loadstone.scenario.expressions import Expressions, Test
from loadstone.table import Table

SAMPLE = 300


class _Entry(NamedTuple):
    """An item of the sample, and how many of the table's it stands for."""

    item: Mapping[str, Any]
    weight: float


class Standing:
    """What stands in the partitions of a data set's tables."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._samples: dict[tuple[Table, str | None], list[_Entry]] = {}

    def rows(self, pattern: Pattern, query: Query, subjects: Iterable[int]) -> list[int] | None:
        """For each of these subjects, where the key can be told without a call: filters take
        nothing away, and a limit does. None where the moment decides, or nobody can be asked."""
        try:
            asked = _Asked(pattern, query, self._dataset)
        except LoadstoneError:
            return None
        entries = self._entries(query.table, query.index)
        most = query.limit or (1 << 62)
        # A subject's own row stands there, whether it is in the sample or not.
        found = [
            min(most, max(1, round(sum(e.weight for e in entries if holds(e.item)))))
            for holds in map(asked.test, subjects)
            if holds is not None
        ]
        return found or None

    def _entries(self, table: Table, name: str | None) -> list[_Entry]:
        held = self._samples.get((table, name))
        if held is None:
            indexes = Layout.of(table).indexes
            index = next((each for each in indexes if each.name == name), None)
            held = self._samples[table, name] = [
                each for each in self._sample(table) if index is None or index.entry(each.item)
            ]
        return held

    def _sample(self, table: Table) -> Iterable[_Entry]:
        for entity in self._dataset.system.stored:
            if entity.table is table:
                items = self._dataset.sample(entity, SAMPLE)
                for item in items:
                    yield _Entry(item, self._dataset.count(entity) / len(items))


class _Asked:
    """The key of a query, to be held against items."""

    def __init__(self, pattern: Pattern, query: Query, dataset: Dataset) -> None:
        said = Expressions()
        said.all_of(query.key)
        self._tests: list[Test] = said.tests
        self._makes = {
            name: dataset.compile(pattern.of, value) for name, value in said.values.items()
        }
        self._only = [dataset.compile(pattern.of, each) for each in said.only]

    def test(self, subject: int) -> Callable[[Mapping[str, Any]], bool] | None:
        """None for a subject that has not what is asked for, and is not asked."""
        if not all(fits(subject) for fits in self._only):
            return None
        values = {name: make(subject) for name, make in self._makes.items()}
        return lambda item: all(test.holds(item, values) for test in self._tests)
