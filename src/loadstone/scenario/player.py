"""Playing patterns: whom to ask for, asking, and judging the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from time import perf_counter_ns, time
from typing import Any, Protocol

from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.draws import derive
from loadstone.pattern import Journey, Mix, Pattern, PutItem, Query, Think
from loadstone.run.call import Call
from loadstone.scenario.check import Check, seen
from loadstone.scenario.popularity import Popularity
from loadstone.scenario.request import Ask, Write, asking, writing
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Recent, Touch

_REDRAWS = 1000
_NEW = 1 << 62


class Sends(Protocol):
    """What a client can do."""

    def send(self, operation: str, body: bytes, /) -> Answer: ...


@dataclass(slots=True)
class Wrote:
    """The ordinals of new items that a pattern wrote since they were last taken."""

    first: int
    stop: int
    items: int = 0


@dataclass(slots=True)
class _Prepared:
    check: Check
    ask: Ask | None = None
    write: Write | None = None
    only: Callable[[int], bool] | None = None


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
        self._dataset, self._tables, self._client = dataset, tables, client
        self._settings = settings
        self._random = random or Random()
        self._prepared: dict[Pattern, _Prepared] = {}
        self._popular: dict[Entity, Popularity] = {}
        self._touch = Touch(dataset, settings)
        self._ordinal = settings.worker
        self._wrote: dict[str, Wrote] = {}
        self._recent = Recent()

    def prepare(self, patterns: Iterable[Pattern]) -> None:
        """Make ready to play these: a mistake in a scenario shows here, before the first call."""
        for pattern in patterns:
            self._prepare(pattern)

    def playable(self, mix: Mix) -> tuple[Mix, list[str]]:
        """The mix without what nothing in the data fits, and the names of what was left out."""
        left_out = [entry for entry in mix.weights if not self._fits(entry)]
        weights = {entry: w for entry, w in mix.weights.items() if entry not in left_out}
        if not weights:
            raise BadContent(f"nothing in the data set fits any pattern of the mix {mix.name}")
        return replace(mix, weights=weights), [entry.id for entry in left_out]

    def _fits(self, entry: Pattern | Journey) -> bool:
        try:
            self._draw(entry.of, entry.patterns if isinstance(entry, Journey) else [entry])
        except BadContent:
            return False
        return True

    def choose(self, mix: Mix) -> Pattern | Journey:
        """One of a mix, by its weights."""
        (entry,) = self._random.choices(list(mix.weights), list(mix.weights.values()))
        return entry

    def pause_s(self, think: Think) -> float:
        return self._random.uniform(think.low, think.high)

    def play(self, pattern: Pattern, intended_ns: int) -> Iterator[Call]:
        """Play a pattern once, for whoever is drawn: one call, or one for each page."""
        yield from self._play(pattern, self._draw(pattern.of, [pattern]), intended_ns)

    def travel(
        self, journey: Journey, intended_ns: int, pause: Callable[[float], int]
    ) -> Iterator[Call]:
        """Play a journey; `pause` waits so many seconds and returns when it was to end.

        What its steps write belongs together: they open one session, say, and not one each.
        """
        subject = self._draw(journey.of, journey.patterns)
        line = self._number(self._take_ordinal())
        for step in journey.steps:
            if isinstance(step, Think):
                intended_ns = pause(self.pause_s(step))
                continue
            one = self._related(journey.of, subject, step)
            for call in self._play(step, one, intended_ns, line):
                yield call
                intended_ns = call.answered_ns

    def _play(
        self, pattern: Pattern, subject: int, intended_ns: int, line: int | None = None
    ) -> Iterator[Call]:
        """Play a pattern for one item."""
        prepared = self._prepare(pattern)
        if prepared.write is not None:
            yield self._write(pattern, prepared.write, subject, intended_ns, line)
        else:
            yield from self._read(pattern, prepared, subject, intended_ns)

    def take_wrote(self) -> dict[str, Wrote]:
        """The new items by pattern since the last time."""
        wrote, self._wrote = self._wrote, {}
        return wrote

    def _read(
        self, pattern: Pattern, prepared: _Prepared, subject: int, intended_ns: int
    ) -> Iterator[Call]:
        assert prepared.ask is not None
        operation = pattern.operation.name
        pages = isinstance(pattern.operation, Query) and pattern.operation.all_pages
        sampled = self._random.random() < self._settings.sampled
        answers: list[Answer] = []
        rows = 0
        after: Mapping[str, Any] | None = None
        while True:
            body = prepared.ask(subject, after)
            answer = self._client.send(operation, body)
            answered_ns = perf_counter_ns()
            if not answer.ok:
                yield _call(pattern, intended_ns, answered_ns, answer, 0, body, answer.code)
                return
            found = seen(operation, answer)
            rows += found.rows
            answers.append(answer)
            last = not (found.more and pages)
            problem = None
            if last:
                problem = self._judge(
                    pattern, prepared, subject, answers, rows, found.more, sampled
                )
            yield _call(pattern, intended_ns, answered_ns, answer, found.rows, body, problem)
            if last:
                return
            after, intended_ns = answer.json["LastEvaluatedKey"], answered_ns

    def _judge(
        self,
        pattern: Pattern,
        prepared: _Prepared,
        subject: int,
        answers: list[Answer],
        rows: int,
        more: bool,
        sampled: bool,
    ) -> str | None:
        touched = self._touch.touches(pattern.of, subject)
        check = prepared.check
        problem = check.count(subject, rows, whole=not more, touched=touched, now_s=time())
        if problem is None and sampled:
            problem = check.content(subject, answers, touched=touched)
        return problem

    def _write(
        self, pattern: Pattern, write: Write, subject: int, intended_ns: int, line: int | None
    ) -> Call:
        ordinal = self._take_ordinal()
        number = self._number(ordinal)
        created_ms = int(time()) * 1000
        line = number if line is None else line
        item, body = write(number, line, subject, created_ms)
        while not self._recent.takes(pattern.table, item, created_ms):
            # A key that holds its instant would be written twice: the later one is a second later.
            created_ms += 1000
            item, body = write(number, line, subject, created_ms)
        answer = self._client.send("PutItem", body)
        if answer.ok:
            wrote = self._wrote.setdefault(pattern.id, Wrote(ordinal, ordinal + 1))
            wrote.stop, wrote.items = ordinal + 1, wrote.items + 1
        rows = int(answer.ok)
        return _call(pattern, intended_ns, perf_counter_ns(), answer, rows, body, answer.code)

    def _take_ordinal(self) -> int:
        ordinal, self._ordinal = self._ordinal, self._ordinal + self._settings.workers
        return ordinal

    def _number(self, ordinal: int) -> int:
        """A number that no item of the data set has, nor of another run."""
        return _NEW + (derive(self._settings.run) % (1 << 20) << 40) + ordinal

    def _draw(self, entity: Entity, patterns: list[Pattern] | tuple[Pattern, ...]) -> int:
        """Whom to ask for: popular, fit for every pattern, and where they write, one to touch."""
        conditions = [
            (pattern, only)
            for pattern in patterns
            if (only := self._prepare(pattern).only) is not None
        ]
        writes = any(isinstance(pattern.operation, PutItem) for pattern in patterns)
        for _ in range(_REDRAWS):
            if writes:
                subject = self._touch.draw(entity, self._random)
            else:
                subject = self._popularity(entity).draw(self._random)
            if all(only(self._related(entity, subject, p)) for p, only in conditions):
                return subject
        raise BadContent(f"no {entity.name} fits {', '.join(p.id for p, _ in conditions)}")

    def _related(self, entity: Entity, subject: int, pattern: Pattern) -> int:
        """The item that a pattern asks for, of the line that `subject` stands in."""
        if pattern.of is entity:
            return subject
        if pattern.of in entity.ancestors:
            return self._dataset.ancestor(entity, subject, pattern.of)
        return self._random.choice(self._dataset.children(entity, subject, pattern.of))

    def _popularity(self, entity: Entity) -> Popularity:
        found = self._popular.get(entity)
        if found is None:
            key = derive(self._dataset.seed, "popularity", entity.name)
            found = Popularity(self._dataset.count(entity), self._settings.skew, key)
            self._popular[entity] = found
        return found

    def _prepare(self, pattern: Pattern) -> _Prepared:
        prepared = self._prepared.get(pattern)
        if prepared is None:
            table = self._tables[pattern.table.name]
            prepared = _Prepared(Check(pattern, self._dataset))
            if isinstance(pattern.operation, PutItem):
                prepared.write = writing(pattern.operation, pattern.of, self._dataset, table)
            else:
                prepared.ask = asking(pattern, self._dataset, table)
            if pattern.only is not None:
                prepared.only = self._dataset.compile(pattern.of, pattern.only)
            self._prepared[pattern] = prepared
        return prepared


def _call(
    pattern: Pattern,
    intended_ns: int,
    answered_ns: int,
    answer: Answer,
    rows: int,
    body: bytes,
    problem: str | None,
) -> Call:
    return Call(
        pattern.id,
        intended_ns,
        answered_ns,
        answer,
        rows,
        len(body),
        "ok" if problem is None else "failed",
        problem,
    )
