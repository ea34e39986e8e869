"""Playing patterns: whom to ask for, asking, and judging the answer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from random import Random
from typing import NamedTuple

from loadstone.ahead import FEW
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.draws import derive
from loadstone.pattern import Each, Journey, Mix, Pattern, Think, Written
from loadstone.run.call import Call
from loadstone.scenario.asking import Asking
from loadstone.scenario.batch import Sends
from loadstone.scenario.journal import Journal
from loadstone.scenario.popularity import Popularity
from loadstone.scenario.prepared import Prepared
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Touch
from loadstone.scenario.trip import Trip, Unfit

_REDRAWS = 1000
_NEW = 1 << 62
#: So many workers, lost and new ones together, number their new items apart.
MOST_WORKERS = 1024


@dataclass(slots=True)
class Wrote:
    """The ordinals of new items that a pattern wrote since they were last taken."""

    first: int
    stop: int
    items: int = 0


class _Ready(NamedTuple):
    """A pattern or journey made ready: who is drawn, and which of its patterns do not take just
    anybody."""

    draw: Callable[[Random], int]
    choosy: Sequence[tuple[Pattern, Prepared]]

    def suits(self, trip: Trip) -> bool:
        return all(each.suits(pattern, trip) for pattern, each in self.choosy)


class Player:
    """Plays a system's patterns against a client; one for each process of a run."""

    def __init__(
        self,
        dataset: Dataset,
        tables: Mapping[str, str],
        client: Sends,
        settings: Settings,
        *,
        random: Random | None = None,
    ) -> None:
        """`tables` are the physical names by the documented ones."""
        self._dataset, self._settings = dataset, settings
        self._random = random or Random()
        self._popular: dict[Entity, Popularity] = {}
        self._touch = Touch(dataset, settings)
        self._ordinal = 0
        of_run = _NEW + (derive(settings.run) % (1 << 20) << 40)
        self._first_new = of_run + settings.worker % MOST_WORKERS
        self._wrote: dict[str, Wrote] = {}
        self._wanted: dict[Journey, frozenset[Pattern]] = {}
        self._ready: dict[Pattern | Journey, _Ready] = {}
        self._mix: Mix | None = None  # whose entries, and weights added up, these are:
        self._entries: list[Pattern | Journey] = []
        self._upto: list[float] = []
        self.journal = Journal()
        self._asking = Asking(
            dataset,
            tables,
            client,
            settings,
            random=self._random,
            touch=self._touch,
            journal=self.journal,
            number=self._new_number,
            tell=self._tell,
        )
        self.keys = self._asking.keys

    def prepare(self, patterns: Iterable[Pattern]) -> None:
        """Make ready to play these: a mistake in a scenario shows here, before the first call."""
        for pattern in patterns:
            self._asking.prepare(pattern)
        for entity in self._dataset.system.stored:
            # What the first items take, singly and together, is not to hold up a call.
            list(self._dataset.items(entity, 0, min(FEW, self._dataset.count(entity))))

    def playable(self, mix: Mix) -> tuple[Mix, list[str]]:
        """The mix without what nothing in the data fits, and the names of what was left out;
        BadContent where it writes to what nothing may be written to."""
        for entry in mix.weights:
            try:
                self._check_writes(entry)
            except BadContent as error:
                raise BadContent(f"{entry.id}: {error}") from error
        left_out = [entry for entry in mix.weights if not self._fits(entry)]
        weights = {entry: w for entry, w in mix.weights.items() if entry not in left_out}
        if not weights:
            raise BadContent(f"nothing in the data set fits any pattern of the mix {mix.name}")
        return replace(mix, weights=weights), [entry.id for entry in left_out]

    def _fits(self, entry: Pattern | Journey) -> bool:
        try:
            self._begin(entry)
        except BadContent:
            return False
        return True

    def choose(self, mix: Mix) -> Pattern | Journey:
        """One of a mix, by its weights."""
        if mix is not self._mix:
            self._mix, self._entries = mix, list(mix.weights)
            self._upto = list(accumulate(mix.weights.values()))
        drawn = self._random.random() * self._upto[-1]
        return self._entries[bisect_right(self._upto, drawn, 0, len(self._upto) - 1)]

    def pause_s(self, think: Think) -> float:
        return self._random.uniform(think.low, think.high)

    def play(self, pattern: Pattern, intended_ns: int) -> Iterable[Call]:
        """Play a pattern once, for whoever is drawn: one call, or one for each page."""
        return self._asking.ask(pattern, self._begin(pattern), intended_ns)

    def travel(
        self, journey: Journey, intended_ns: int, pause: Callable[[float], int]
    ) -> Iterator[Call]:
        """Play a journey; `pause` waits so many seconds, or none, and returns when it was to end.

        It stands between any two steps, and what is beside the first and the last of them is no
        pause: the mix has one of its own. A journey ends early where a step cannot go on, because
        what it refers to was not written, or not answered; or because it says that it ends there.
        """
        trip = self._begin(journey)
        trip.line, _ = self._new_number()
        wanted = self._wanted_in(journey)
        pause_s, first = 0.0, True
        for step in journey.steps:
            if isinstance(step, Think):
                pause_s += self.pause_s(step)
                continue
            pattern = step.pattern if isinstance(step, Each) else step
            if not all(trip.knows(earlier.id) for earlier in pattern.needs):
                return
            for one in self._trips(journey, step, trip):
                if not first:
                    intended_ns = pause(pause_s)
                pause_s, first = 0.0, False
                for call in self._asking.ask(pattern, one, intended_ns, keep=pattern in wanted):
                    yield call
                    if _ends(pattern, call):
                        return

    def take_wrote(self) -> dict[str, Wrote]:
        """The new items by pattern since the last time."""
        wrote, self._wrote = self._wrote, {}
        return wrote

    def _trips(self, journey: Journey, step: Pattern | Each, trip: Trip) -> Iterator[Trip]:
        """What a step is played for: what the journey is about, or each of what that has."""
        if isinstance(step, Pattern):
            yield trip
            return
        prepared = self._asking.prepare(step.pattern)
        for one in trip.each(journey.of, step.pattern.of):
            if prepared.suits(step.pattern, one):
                yield one

    def _wanted_in(self, journey: Journey) -> frozenset[Pattern]:
        """The steps whose answers later ones make use of."""
        wanted = self._wanted.get(journey)
        if wanted is None:
            every = (asked for pattern in journey.patterns for asked in pattern.asks_for)
            wanted = self._wanted[journey] = frozenset(every)
        return wanted

    def _new_number(self) -> tuple[int, int]:
        """A number that no item of the data set has, nor of another run, nor of any worker of this
        one, those that join it late included; and how many this worker took before."""
        ordinal, self._ordinal = self._ordinal, self._ordinal + 1
        return self._first_new + ordinal * MOST_WORKERS, ordinal

    def _tell(self, pattern: Pattern, ordinal: int) -> None:
        """A new item was written."""
        wrote = self._wrote.get(pattern.id)
        if wrote is None:
            wrote = self._wrote[pattern.id] = Wrote(ordinal, ordinal + 1)
        wrote.stop, wrote.items = ordinal + 1, wrote.items + 1

    def _begin(self, entry: Pattern | Journey) -> Trip:
        """Whom to ask for: popular, fit for every pattern, and where they write, one to touch."""
        ready = self._ready.get(entry)
        if ready is None:
            ready = self._ready[entry] = self._made_ready(entry)
        for _ in range(_REDRAWS):
            try:
                subject = ready.draw(self._random)
                trip = Trip(self._dataset, self._random, entry.of, subject)
                if not ready.choosy or ready.suits(trip):
                    return trip
            except Unfit:
                continue
        named = [pattern.id for pattern, each in ready.choosy if each.choosy] or [
            pattern.id for pattern, _ in ready.choosy
        ]
        raise BadContent(
            f"at scale {self._dataset.scale:,} no {entry.of.name} fits {', '.join(named)}: none "
            "has what it asks with, or is one that `only` says"
        )

    def _made_ready(self, entry: Pattern | Journey) -> _Ready:
        patterns = entry.patterns if isinstance(entry, Journey) else (entry,)
        every = [(pattern, self._asking.prepare(pattern)) for pattern in patterns]
        writes = self._check_writes(entry)
        return _Ready(
            draw=partial(self._touch.draw, entry.of) if writes else self._popularity(entry.of).draw,
            choosy=[
                (pattern, prepared)
                for pattern, prepared in every
                if pattern.of is not entry.of or not prepared.suits_all_of(entry.of)
            ],
        )

    def _check_writes(self, entry: Pattern | Journey) -> bool:
        """Whether anything in it writes: then for something that a run may write to."""
        patterns = entry.patterns if isinstance(entry, Journey) else (entry,)
        if not any(pattern.writes for pattern in patterns):
            return False
        self._touch.check(entry.of)
        return True

    def _popularity(self, entity: Entity) -> Popularity:
        found = self._popular.get(entity)
        if found is None:
            key = derive(self._dataset.seed, "popularity", entity.name)
            found = Popularity(self._dataset.count(entity), self._settings.skew, key)
            self._popular[entity] = found
        return found


def _ends(pattern: Pattern, call: Call) -> bool:
    """Whether what came of a step is the end of its journey."""
    expects = pattern.expects
    return isinstance(expects, Written) and expects.ends and call.outcome == expects.unless
