"""Asking: a prepared pattern becomes requests, and their answers calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from time import perf_counter_ns, time
from typing import Protocol

import gevent
import orjson

from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.pattern import (
    BatchGetItem,
    BatchWriteItem,
    Every,
    GetItem,
    Pattern,
    Query,
    Scan,
    TransactGetItems,
    TransactWriteItems,
    Written,
)
from loadstone.run.call import Call
from loadstone.run.heat import KeyCounter
from loadstone.scenario.batch import UNDONE, Sends, as_one, send_whole, undone_in
from loadstone.scenario.changing import changing
from loadstone.scenario.check import Question
from loadstone.scenario.journal import Journal
from loadstone.scenario.making import Made, Making
from loadstone.scenario.outcome import (
    counted,
    failed_by_condition,
    has_item,
    problem_of,
    rows_in,
    seen,
)
from loadstone.scenario.prepared import Prepared, prepare
from loadstone.scenario.request import Part, batch_of_keys, together
from loadstone.scenario.settings import Settings
from loadstone.scenario.template import Fields
from loadstone.scenario.touch import Touch
from loadstone.scenario.trip import Trip
from loadstone.wire import decode

_NO_LIMIT = 1 << 62


class _Way(Protocol):
    """How patterns of a kind are played."""

    def __call__(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> Iterable[Call]: ...


class Asking:
    """Asks for one process of a run. `number` gives the number of a new item and its ordinal,
    `tell` hears of those that were written."""

    def __init__(
        self,
        dataset: Dataset,
        tables: Mapping[str, str],
        client: Sends,
        settings: Settings,
        *,
        random: Random,
        touch: Touch,
        journal: Journal,
        number: Callable[[], tuple[int, int]],
        tell: Callable[[Pattern, int], None],
    ) -> None:
        self._dataset, self._tables, self._client = dataset, tables, client
        self._settings, self._random, self._touch = settings, random, touch
        self._making = Making(random, journal, number=number, tell=tell)
        self._prepared: dict[Pattern, Prepared] = {}
        self._ways: dict[Pattern, _Way] = {}
        self._changes = changing(dataset.system.patterns.values())
        self.keys = KeyCounter()

    def prepare(self, pattern: Pattern) -> Prepared:
        prepared = self._prepared.get(pattern)
        if prepared is None:
            prepared = prepare(pattern, self._dataset, self._tables, self._changes)
            if self._settings.sampled:
                prepared.check.know_rows()
            self._prepared[pattern] = prepared
            self._ways[pattern] = self._way(pattern)
        return prepared

    def ask(
        self, pattern: Pattern, trip: Trip, intended_ns: int, *, keep: bool = False
    ) -> Iterable[Call]:
        """Play a pattern for whom a trip is about; `keep` its first row, for later steps."""
        prepared = self._prepared.get(pattern) or self.prepare(pattern)
        return self._ways[pattern](pattern, prepared, trip, intended_ns, keep=keep)

    def _way(self, pattern: Pattern) -> _Way:
        match pattern.operation:
            case Scan() as scan if scan.segments > 1:
                return self._segments
            case Query() | Scan():
                return self._search
            case GetItem():
                return self._get
            case BatchGetItem():
                return self._batch
            case BatchWriteItem() | TransactGetItems() | TransactWriteItems():
                return self._together
        return self._write

    # Queries and scans.

    def _search(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> Iterator[Call]:
        fields, body = self._searched(pattern, prepared, trip)
        answers: list[Answer] = []
        rows = 0
        for call, last, more in self._pages(pattern, body, intended_ns):
            if call.problem is not None:
                yield call
                return
            answers.append(call.answer)
            rows += call.rows
            if keep and len(answers) == 1:
                self._keep_row(pattern, trip, call.answer)
            if not last:
                yield call
                continue
            yield self._judged(call, pattern, prepared, trip, fields, answers, rows, not more)

    def _segments(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> Iterator[Call]:
        """All segments of a parallel scan, at one time."""
        fields, body = self._searched(pattern, prepared, trip)
        scan = pattern.operation
        assert isinstance(scan, Scan)
        each = [body[:-1] + b',"Segment":%d}' % segment for segment in range(scan.segments)]
        scans = [
            gevent.spawn(
                lambda one: [call for call, _, _ in self._pages(pattern, one, intended_ns)], one
            )
            for one in each
        ]
        gevent.joinall(scans, raise_error=True)
        calls = [call for scan in scans for call in scan.value]
        calls.sort(key=lambda call: call.answered_ns)
        answers = [call.answer for call in calls if call.problem is None]
        if len(answers) == len(calls):
            rows = sum(call.rows for call in calls)
            last = self._judged(calls[-1], pattern, prepared, trip, fields, answers, rows, True)
            calls[-1] = last
        yield from calls

    def _pages(
        self, pattern: Pattern, first: bytes, intended_ns: int
    ) -> Iterator[tuple[Call, bool, bool]]:
        """A call for each page; whether it is the last one asked for, and whether more follow."""
        search = pattern.operation
        assert isinstance(search, Query | Scan)
        left = search.pages or _NO_LIMIT
        body = first
        while True:
            answer = self._client.send(search.name, body)
            answered_ns = perf_counter_ns()
            rows, more = counted(answer.body) if answer.ok else (0, False)
            left -= 1
            last = not more or not left
            yield _call(pattern, intended_ns, answered_ns, answer, rows, len(body)), last, more
            if last:
                return
            after = orjson.dumps(answer.json["LastEvaluatedKey"])
            body = b'%b,"ExclusiveStartKey":%b}' % (first[:-1], after)
            intended_ns = answered_ns

    def _searched(self, pattern: Pattern, prepared: Prepared, trip: Trip) -> tuple[Fields, bytes]:
        """What a query or a scan asks for, and its first request."""
        part = prepared.parts[0]
        fields = self._made(part, trip)
        self.keys.count(pattern.id, prepared.tables[0], part.partition_key(fields))
        return fields, part.body(fields)

    # Items by their keys.

    def _get(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> tuple[Call]:
        part = prepared.parts[0]
        fields = self._made(part, trip)
        self.keys.count(pattern.id, prepared.tables[0], part.partition_key(fields))
        body = part.body(fields)
        answer = self._client.send("GetItem", body)
        answered_ns = perf_counter_ns()
        rows = 0
        if answer.ok:
            rows = int(has_item(answer.body))
            if keep:
                self._keep_row(pattern, trip, answer)
        call = _call(pattern, intended_ns, answered_ns, answer, rows, len(body))
        return (self._found(call, pattern, prepared, trip, fields, (answer,)),)

    def _write(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> tuple[Call]:
        """A put, an update or a delete of one item."""
        part, table = prepared.parts[0], prepared.tables[0]
        made = self._making.make(part, table, trip, _now_ms())
        fields = made.fields
        self._count_key(pattern, part, table, fields)
        body = part.body(fields)
        answer = self._client.send(part.name, body)
        answered_ns = perf_counter_ns()
        well = answer.ok
        self._making.settle(pattern, trip, (made,), answer)
        if keep and well:
            self._keep_row(pattern, trip, answer)
        call = _call(pattern, intended_ns, answered_ns, answer, int(well), len(body))
        return (self._found(call, pattern, prepared, trip, fields, (answer,)),)

    def _batch(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> tuple[Call]:
        """Many items of one table, which a batch reads."""
        batch = pattern.operation
        assert isinstance(batch, BatchGetItem)
        assert prepared.below is not None
        assert prepared.keys is not None
        numbers = prepared.below(trip.find(pattern.of))[: batch.most]
        keys = [prepared.keys(n) for n in numbers]
        for key in keys:
            self.keys.count(pattern.id, prepared.tables[0], key[batch.table.partition_key])
        body = batch_of_keys(batch, prepared.tables[0], keys)
        answers = self._send_batch(pattern, body)
        rows = sum(seen(answer).rows for answer in answers if answer.ok)
        call = _call(pattern, intended_ns, perf_counter_ns(), as_one(answers), rows, len(body))
        call = _with_leftovers(call, answers[-1])
        if call.problem is None:
            call = self._judged(call, pattern, prepared, trip, {}, answers, rows, True)
        return (call,)

    def _together(
        self, pattern: Pattern, prepared: Prepared, trip: Trip, intended_ns: int, *, keep: bool
    ) -> tuple[Call]:
        """Several items in one request."""
        operation, now_ms = pattern.operation, _now_ms()
        made: list[Made] = []
        for part, table in zip(prepared.parts, prepared.tables, strict=True):
            made.append(self._making.make(part, table, trip, now_ms))
            now_ms = made[-1].now_ms
        for each in made:
            self._count_key(pattern, each.part, each.table, each.fields)
        bodies = [(each.part.name, each.table, each.part.body(each.fields)) for each in made]
        body = together(operation, bodies)
        if operation.name in UNDONE:
            answers = self._send_batch(pattern, body)
        else:
            answers = [self._client.send(operation.name, body)]
        answered_ns = perf_counter_ns()
        answer = as_one(answers)
        self._making.settle(pattern, trip, made, answer)
        if keep and answer.ok:
            self._keep_row(pattern, trip, answer)
        rows = seen(answer, len(made)).rows if answer.ok else 0
        call = _call(pattern, intended_ns, answered_ns, answer, rows, len(body))
        call = _with_leftovers(call, answers[-1])
        return (self._found(call, pattern, prepared, trip, made[0].fields, answers),)

    def _made(self, part: Part, trip: Trip) -> Fields:
        """What a request says that writes nothing new; its own draws come from chance."""
        chance = self._random.getrandbits(62)
        fields: Fields = part.make(trip.find(part.about), chance, trip.line, _now_ms(), trip)
        return fields

    def _keep_row(self, pattern: Pattern, trip: Trip, answer: Answer) -> None:
        """The first row, for later steps."""
        if row := next(rows_in(answer), None):
            trip.keep_row(pattern.id, decode(row))

    def _send_batch(self, pattern: Pattern, body: bytes) -> list[Answer]:
        return send_whole(
            self._client,
            pattern.operation.name,
            body,
            attempts=self._settings.attempts,
            draw=self._random.random,
        )

    def _count_key(self, pattern: Pattern, part: Part, table: str, fields: Fields) -> None:
        if part.own_partition:
            self.keys.count_own(pattern.id, table)
        else:
            self.keys.count(pattern.id, table, part.partition_key(fields))

    # What came of it.

    def _found(
        self,
        call: Call,
        pattern: Pattern,
        prepared: Prepared,
        trip: Trip,
        fields: Fields,
        answers: Sequence[Answer],
    ) -> Call:
        """The call for items by their keys, judged."""
        if call.problem is not None:
            return _excused(call, prepared, pattern, self._asked(pattern, prepared, trip, fields))
        return self._judged(call, pattern, prepared, trip, fields, answers, call.rows, True)

    def _asked(self, pattern: Pattern, prepared: Prepared, trip: Trip, fields: Fields) -> Question:
        expects = pattern.expects
        among = (expects.within if isinstance(expects, Every) else None) or pattern.of
        return Question(
            trip.find(pattern.of),
            [trip.find(part.names) for part in prepared.parts],
            fields.get("ExpressionAttributeValues", {}),
            self._touch.touches(among, trip.find(among)),
        )

    def _judged(
        self,
        call: Call,
        pattern: Pattern,
        prepared: Prepared,
        trip: Trip,
        fields: Fields,
        answers: Sequence[Answer],
        rows: int,
        whole: bool,
    ) -> Call:
        """The call with what is wrong with its answer, and with those of the pages before it.

        `rows` are those of all; `whole` when no more follow.
        """
        check = prepared.check
        sampled = not prepared.writes and self._random.random() < self._settings.sampled
        if not sampled and check.settles(trip.find(pattern.of), rows):
            return call
        now_s, question = time(), self._asked(pattern, prepared, trip, fields)
        problem = check.rows(question, rows, whole=whole, now_s=now_s)
        if problem is None and sampled:
            touches = self._touch.touches
            problem = check.content(question, answers, whole=whole, now_s=now_s, touches=touches)
        return call if problem is None else call._replace(outcome="failed", problem=problem)


def _now_ms() -> int:
    return int(time() * 1000)


def _with_leftovers(call: Call, last: Answer) -> Call:
    """The call; failed, where its last attempt still left something undone."""
    undone = undone_in(last)
    if not undone:
        return call
    left = sum(
        len(each["Keys"]) if isinstance(each, dict) else len(each) for each in undone.values()
    )
    problem = f"{UNDONE[last.operation]}: {left} left"
    rows = call.rows if last.operation == "BatchGetItem" else call.rows - left
    return call._replace(rows=rows, outcome="failed", problem=problem)


def _excused(call: Call, prepared: Prepared, pattern: Pattern, question: Question) -> Call:
    """A failed condition that the pattern declares is an outcome of its own; and so it is where the
    item has expired."""
    expects = pattern.expects
    if not isinstance(expects, Written) or not failed_by_condition(call.answer):
        return call
    if expects.unless is not None:
        return call._replace(outcome=expects.unless, problem=None)
    if prepared.check.expired(question, time()):
        return call._replace(outcome="expired", problem=None)
    return call


def _call(
    pattern: Pattern, intended_ns: int, answered_ns: int, answer: Answer, rows: int, size: int
) -> Call:
    if answer.ok:
        return Call(pattern.id, intended_ns, answered_ns, answer, rows, size)
    problem = problem_of(answer)
    return Call(pattern.id, intended_ns, answered_ns, answer, rows, size, "failed", problem)
