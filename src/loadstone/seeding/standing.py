"""What the lines of a ledger add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadstone.seeding.rows_done import bits_between, runs_of
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

    @property
    def unwritten(self) -> int:
        """These, and those that were rejected."""
        return self.asked - self.written


class Entries:
    """What the lines of a ledger add up to, by entity."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.of = {entity: Standing(asked=count) for entity, count in counts.items()}
        self.asked: set[str] = set()
        self.doomed: set[str] = set()
        self.unseeding: Mapping[str, Any] | None = None  # the last line, if it says so
        self.was_unseeded = False
        self._done = {entity: bytearray(slice_count(count)) for entity, count in counts.items()}
        self._partly: dict[tuple[str, int], int] = {}  # rows of slices that are done in part

    def add(self, of: Slice, written: int, rejected: Mapping[str, int]) -> None:
        """Some of a slice, or all of it, is done. ValueError when it is no such thing."""
        number, bits = _rows(of)
        whole = bits_between(0, min(SLICE_ITEMS, self.of[of.entity].asked - number * SLICE_ITEMS))
        if not bits or bits & ~whole:
            raise ValueError(f"{of} is no part of a slice")
        bits |= self._partly.pop((of.entity, number), 0)
        if bits == whole:
            self._done[of.entity][number] = 1
        else:
            self._partly[of.entity, number] = bits
        self.of[of.entity].written += written
        self.of[of.entity].rejected.update(rejected)
        self.ask([of.entity])

    def missing(self, of: Slice) -> list[Slice]:
        """What of it is not done yet."""
        number, bits = _rows(of)
        if self._done[of.entity][number]:
            return []
        partly = self._partly.get((of.entity, number))
        if partly is None:
            return [of]
        first = number * SLICE_ITEMS
        left = runs_of(bits & ~partly)
        return [Slice(of.entity, first + start, first + stop) for start, stop in left]

    def ask(self, entities: Iterable[str]) -> None:
        self.asked.update(entities)
        self.doomed -= self.asked
        self.unseeding = None

    def send_again(self, entity: str, number: int, code: str) -> None:
        """A rejected item is missing. ValueError when it is no such thing."""
        at, bit = _rows(Slice(entity, number, number + 1))
        standing, key = self.of[entity], (entity, at)
        whole = bits_between(0, min(SLICE_ITEMS, standing.asked - at * SLICE_ITEMS))
        done = whole if self._done[entity][at] else self._partly.pop(key, 0)
        if not done & bit or not standing.rejected[code]:
            raise ValueError(f"{entity} {number} is not rejected")
        self._done[entity][at] = 0
        if done != bit:
            self._partly[key] = done & ~bit
        standing.rejected -= Counter({code: 1})

    def forget(self, line: Mapping[str, Any]) -> None:
        """Some entities are not there any more, or not all of them: nobody asks for them now."""
        entities = line["unseeding"]
        self.asked = (self.asked or set(self.of) - self.doomed) - set(entities)
        for entity in entities:
            self.of[entity] = Standing(asked=self.of[entity].asked)
            self._done[entity] = bytearray(len(self._done[entity]))
        self._partly = {key: bits for key, bits in self._partly.items() if key[0] not in entities}
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


def _rows(of: Slice) -> tuple[int, int]:
    """In which slice, counted from 0, and which rows of that."""
    number = of.start // SLICE_ITEMS
    first = number * SLICE_ITEMS
    return number, bits_between(of.start - first, of.stop - first) if of.start < of.stop else 0
