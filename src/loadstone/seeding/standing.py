"""What the lines of a ledger add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadstone.seeding.slices import SLICE_ITEMS, Slice, slice_count


@dataclass(slots=True)
class Standing:
    """How far entities are: what was asked for, and what has become of it."""

    asked: int = 0
    written: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by error code

    @property
    def left(self) -> int:
        """Items that are neither written nor rejected yet."""
        return self.asked - self.written - self.rejected.total()


class Entries:
    """What the lines of a ledger add up to, by entity."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.of = {entity: Standing(asked=count) for entity, count in counts.items()}
        self.asked: set[str] = set()
        self.doomed: set[str] = set()
        self.unseeding: Mapping[str, Any] | None = None  # the last line, if it says so
        self.was_unseeded = False
        self._done = {entity: bytearray(slice_count(count)) for entity, count in counts.items()}

    def add(self, of: Slice, written: int, rejected: Mapping[str, int]) -> None:
        self._done[of.entity][of.start // SLICE_ITEMS] = 1
        self.of[of.entity].written += written
        self.of[of.entity].rejected.update(rejected)
        self.ask([of.entity])

    def has(self, of: Slice) -> bool:
        return bool(self._done[of.entity][of.start // SLICE_ITEMS])

    def ask(self, entities: Iterable[str]) -> None:
        self.asked.update(entities)
        self.doomed -= self.asked
        self.unseeding = None

    def forget(self, line: Mapping[str, Any]) -> None:
        """Some entities are not there any more, or not all of them: nobody asks for them now."""
        entities = line["unseeding"]
        self.asked = (self.asked or set(self.of) - self.doomed) - set(entities)
        for entity in entities:
            self.of[entity] = Standing(asked=self.of[entity].asked)
            self._done[entity] = bytearray(len(self._done[entity]))
        self.doomed.update(entities)
        self.unseeding, self.was_unseeded = line, True

    def end_unseeding(self, entities: Iterable[str]) -> None:
        self.doomed.difference_update(entities)
        self.unseeding = None

    def standing(self, entities: Iterable[str]) -> Standing:
        total = Standing()
        for each in map(self.of.__getitem__, entities):
            total.asked += each.asked
            total.written += each.written
            total.rejected.update(each.rejected)
        return total
