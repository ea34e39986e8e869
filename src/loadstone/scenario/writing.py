"""What writes consume: tried on the data set, item before and item after, without a table.

A pattern is played for a sample of those whom a run writes to. Where it refers to earlier steps of
a journey, or asks for what only they bring about, they are played before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count, takewhile
from time import time
from typing import Any, NamedTuple, TypeAlias

from loadstone.capacity.consumption import Consumption, condition_check, write
from loadstone.capacity.layout import Layout
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.pattern import (
    ConditionCheck,
    DeleteItem,
    Exactly,
    GetItem,
    Pattern,
    PutItem,
    TransactWriteItems,
    UpdateItem,
)
from loadstone.scenario.expressions import edited
from loadstone.scenario.request import Part
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Touch
from loadstone.scenario.trip import Trip, Unfit
from loadstone.scenario.trying import Stored, Trying, turn_of
from loadstone.table import Table
from loadstone.wire import encode

SUBJECTS = 150

Key: TypeAlias = tuple[Any, ...]  # a table, and an item's key in it
#: Units by table and index.
Arms: TypeAlias = Mapping[tuple[str, str | None], float]


class Writing:
    """Tries writes: what each of a sample of calls consumes."""

    def __init__(self, dataset: Dataset, skew: float, reading: Reading = CONSERVATIVE) -> None:
        self._dataset, self._reading = dataset, reading
        self._trying = Trying(dataset)
        self._touch = Touch(dataset, Settings(skew=skew))
        self._tried: dict[Pattern, Sequence[Arms]] = {}
        self._layouts: dict[Table, Layout] = {}

    def tried(self, pattern: Pattern) -> Sequence[Arms]:
        """Of calls that succeed. None, where nobody is found of whom one would."""
        found = self._tried.get(pattern)
        if found is None:
            found = self._tried[pattern] = self._first_tried(pattern)
        return found

    def _first_tried(self, pattern: Pattern) -> Sequence[Arms]:
        for of, earlier in self._ways(pattern):
            changed: dict[Key, Stored | None] = {}
            found: list[Arms] = []
            writes = [each for each in (*earlier, pattern) if each.writes]
            for trip in self._trips(of, writes):
                items = _Items(self._trying, trip, changed)
                try:
                    found.append(self._played(pattern, earlier, items))
                except (Unfit, BadContent):
                    continue
            if found:
                return found
        return ()

    def _ways(self, pattern: Pattern) -> Iterator[tuple[Entity, Sequence[Pattern]]]:
        """Who is drawn, and what is played before: nothing, or the steps of a journey."""
        if not pattern.needs:
            yield pattern.of, ()
        for journey in self._dataset.system.journeys.values():
            if pattern in journey.patterns:
                before = takewhile(lambda each: each is not pattern, journey.patterns)
                yield journey.of, list(before)
        if pattern.needs:
            yield pattern.of, [each for each in pattern.needs if not each.needs]

    def _trips(self, of: Entity, patterns: Sequence[Pattern]) -> Iterator[Trip]:
        """Of subjects as a run draws them."""
        return self._trying.trips(
            of, patterns, lambda _, random: self._touch.draw(of, random), SUBJECTS
        )

    def _played(self, pattern: Pattern, earlier: Sequence[Pattern], items: _Items) -> Arms:
        for step in earlier:
            self._stepped(step, items)
        return self._written(pattern, items)

    def _stepped(self, step: Pattern, items: _Items) -> None:
        """An earlier step: what it writes, or the row that it is answered."""
        operation, trip = step.operation, items.trip
        if step.writes:
            with suppress(Unfit):
                self._written(step, items)
        elif isinstance(operation, GetItem):
            (part,) = self._trying.prepare(step).parts
            _, row = items.before(part, items.fields(part))
            if row is not None:
                trip.keep_row(step.id, row)
        elif isinstance(step.expects, Exactly) and step.of.table is not None:
            trip.keep_row(step.id, self._dataset.item(step.of, trip.find(step.of)))

    def _written(self, pattern: Pattern, items: _Items) -> Arms:
        """What a call consumes, which leaves the items as it makes them."""
        if not all(items.trip.knows(each.id) for each in pattern.needs):
            raise Unfit(f"{pattern.id} without what it needs")
        made = [_Made(part, items.fields(part)) for part in self._trying.prepare(pattern).parts]
        befores = [items.before(part, fields) for part, fields in made]
        if not all(each.holds(item) for each, (_, item) in zip(made, befores, strict=True)):
            raise Unfit(f"a condition of {pattern.id} does not hold")
        arms: defaultdict[tuple[str, str | None], float] = defaultdict(float)
        transactional = isinstance(pattern.operation, TransactWriteItems)
        for each, (key, before) in zip(made, befores, strict=True):
            after = each.after(before)
            table = each.part.operation.table.name
            units = self._units(each.part, before, after, transactional=transactional)
            for index, arm in ((None, units.table), *units.indexes.items()):
                arms[table, index] += arm
            items.keep(pattern, each.part, key, before, after)
        return arms

    def _units(
        self, part: Part, before: Stored | None, after: Stored | None, *, transactional: bool
    ) -> Consumption:
        old, new = (None if item is None else encode(item) for item in (before, after))
        if isinstance(part.operation, ConditionCheck):
            return condition_check(old, self._reading)
        table = part.operation.table
        layout = self._layouts.get(table)
        if layout is None:
            layout = self._layouts[table] = Layout.of(table)
        return write(layout, old, new, transactional=transactional, reading=self._reading)


class _Made(NamedTuple):
    """A part of a request, and what it says."""

    part: Part
    fields: Mapping[str, Any]

    @property
    def _values(self) -> Mapping[str, Any]:
        values: Mapping[str, Any] = self.fields.get("ExpressionAttributeValues", {})
        return values

    def holds(self, before: Stored | None) -> bool:
        """Whether its condition does."""
        return all(test.holds(before or {}, self._values) for test in self.part.tests)

    def after(self, before: Stored | None) -> Stored | None:
        match self.part.operation:
            case PutItem():
                item: Stored = self.fields["Item"]
                return item
            case DeleteItem():
                return None
            case UpdateItem():
                return edited(before or self.fields["Key"], self.part.edits, self._values)
        return before


class _Items:
    """The items that a trip meets: those of the data set, or what this one and earlier ones have
    `changed` them to, None where they are gone. A popular one is written again and again."""

    def __init__(self, trying: Trying, trip: Trip, changed: dict[Key, Stored | None]) -> None:
        self.trip = trip
        self._trying, self._changed = trying, changed
        self._count = count()

    def fields(self, part: Part) -> Mapping[str, Any]:
        """What a request says."""
        trip = self.trip
        subject, made = trip.find(part.about), next(self._count)
        number = trip.line + made
        if part.new is not None:
            number = trip.number_of_new(part.new.new, number)
        # Each at an instant of its own: two puts of one millisecond would have one key.
        step_ms = turn_of(trip) * 1000 + made
        now_ms = int(time() * 1000) + step_ms
        fields: Mapping[str, Any] = part.make(subject, number, trip.line, now_ms, trip)
        return fields

    def before(self, part: Part, fields: Mapping[str, Any]) -> tuple[Key, Stored | None]:
        """What stands under the key of a request."""
        operation = part.operation
        said = fields["Item" if isinstance(operation, PutItem) else "Key"]
        key = (operation.table, *(said[name] for name in operation.table.key))
        if key in self._changed:
            return key, self._changed[key]
        return key, self._trying.stored(part, said, self.trip)

    def keep(
        self,
        pattern: Pattern,
        part: Part,
        key: Key,
        before: Stored | None,
        after: Stored | None,
    ) -> None:
        """What stands there from now on, and what later steps know of it."""
        self._changed[key] = after
        if after is None:
            return
        if isinstance(part.operation, PutItem):
            if not self.trip.knows(pattern.id):
                self.trip.keep_item(pattern.id, after)
        elif isinstance(part.operation, UpdateItem) and part.operation.returns != "NONE":
            old = part.operation.returns in ("ALL_OLD", "UPDATED_OLD")
            self.trip.keep_row(pattern.id, (before or {}) if old else after)
