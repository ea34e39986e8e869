"""What a run may write: a share of the data, under keys that nobody else has."""

from __future__ import annotations

from random import Random
from time import time
from typing import Any, ClassVar

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.draws import derive
from loadstone.scenario.popularity import Popularity
from loadstone.scenario.settings import Settings
from loadstone.scenario.trip import Unfit

_NOTHING = (
    "it writes, and the scenario does not say which share of the data a run may write: "
    "touched = Touched(the_root_entity, share=0.1)"
)


class Recent:
    """The keys of new items, for as long as another one could come to have the same: a second.

    Of each its hash is kept, in two generations: the older one goes when the younger is full, but
    for what is not past yet. So a load that writes fast stays small, and pauses for nothing.
    """

    LIMIT: ClassVar[int] = 20_000

    def __init__(self) -> None:
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}
        self._since_ms = 0

    def takes(self, key: tuple[str, Any], created_ms: int) -> bool:
        """Remember a table's name and a key; False when an item was written under it."""
        mark = hash(key)
        if mark in self._young or mark in self._old:
            return False
        self._young[mark] = created_ms
        if len(self._young) > self.LIMIT:
            self._turn(int(time() * 1000))
        return True

    def _turn(self, now_ms: int) -> None:
        """Begin a generation, unless this one began less than a second ago."""
        past_ms = now_ms - 1000
        if self._since_ms < past_ms:
            self._since_ms = now_ms
            still = {mark: at for mark, at in self._old.items() if at >= past_ms}
            self._young, self._old = still, self._young


class Touch:
    """The part of the data that a run may write, and this worker's part of that.

    Of every `nth` items of the touched entity one is written to; a worker takes every `workers`-th
    of those, so that two workers never write to the same.
    """

    def __init__(self, dataset: Dataset, settings: Settings) -> None:
        self._dataset, self._settings = dataset, settings
        self._touched = dataset.system.touched
        self._popular: Popularity | None = None
        if self._touched is None:
            return
        count = dataset.count(self._touched.of)
        self._nth = max(1, round(1 / self._touched.share))
        self._rest = derive(dataset.seed, "touched") % min(self._nth, count)
        mine = range(self._rest + settings.part * self._nth, count, self._nth * settings.workers)
        self._mine = mine or range(self._rest, count, self._nth)
        self._popular = Popularity(len(self._mine), settings.skew, derive(dataset.seed, "touch"))

    def touches(self, entity: Entity, number: int) -> bool:
        """Whether the run may write what descends from an item."""
        if self._touched is None:
            return False
        of = self._touched.of
        if entity in of.ancestors:
            below = self._dataset.children(entity, number, of)
            return below.start + (self._rest - below.start) % self._nth < below.stop
        if entity is not of and of not in entity.ancestors:
            return True
        return self._dataset.ancestor(entity, number, of) % self._nth == self._rest

    def check(self, entity: Entity) -> None:
        """BadContent where nothing of an entity may be written to."""
        if self._touched is None:
            raise BadContent(_NOTHING)
        if not self._touched.covers(entity):
            raise BadContent(self._touched.refusal(entity))

    def draw(self, entity: Entity, random: Random) -> int:
        """An item that may be written to."""
        if self._touched is None or self._popular is None:
            raise BadContent(_NOTHING)
        touched = self._mine[self._popular.draw(random)]
        if entity is self._touched.of:
            return touched
        among = self._dataset.children(self._touched.of, touched, entity)
        if not among:
            raise Unfit(f"a {self._touched.of.name} without a {entity.name}")
        return random.choice(among)
