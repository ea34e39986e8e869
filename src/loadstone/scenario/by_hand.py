"""The data-plane operations as a task calls them: plain Python values in, plain values out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any, Protocol

import gevent
import orjson

from loadstone.client.answer import Answer
from loadstone.client.sender import Sender
from loadstone.errors import BadValue
from loadstone.run.call import Call
from loadstone.run.header import PatternInfo
from loadstone.scenario.batch import UNDONE, as_one, send_whole, undone_in
from loadstone.scenario.outcome import failed_by_condition, problem_of, seen
from loadstone.scenario.plain import on_the_wire
from loadstone.scenario.reply import Reply

_AFTER = "ExclusiveStartKey"
_UNITS = {"ReturnConsumedCapacity": "INDEXES"}


class Counts(Protocol):
    """Where calls go."""

    def __call__(self, call: Call, info: PatternInfo, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a right answer looks like."""

    rows: int | range | None = None
    unless: str | None = None
    check: Callable[[Reply], str | None] | None = None

    def problem(self, reply: Reply, rows: int) -> str | None:
        """What is wrong with a good answer."""
        wanted = self.rows
        if wanted is not None and rows not in (wanted if isinstance(wanted, range) else [wanted]):
            said = f"{wanted.start} to {wanted[-1]}" if isinstance(wanted, range) else str(wanted)
            return f"{rows} rows where {said} must be"
        verdict: object = self.check(reply) if self.check is not None else None
        if verdict is None or isinstance(verdict, str):
            return verdict
        return f"check() says what is wrong as a text, or None, and said {verdict!r}"


class Operations:
    """What `self.client` of a DynamoUser is.

    Parameters are DynamoDB's own, by their own names, and the first ones by their place as well;
    values are plain: text, int, Decimal, bytes, bool, None, lists, dicts and sets. Nothing raises
    for what the database answers: a Reply says whether it went well. `name` is what a request is
    called in the statistics and in the report.
    `before` hears of each request which tables it is about to write.
    """

    def __init__(
        self,
        sender: Sender,
        count: Counts,
        *,
        attempts: int = 4,
        before: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._sender, self._count = sender, count
        self._attempts, self._before = attempts, before
        self._expected = Expectation()

    @contextmanager
    def expect(
        self,
        *,
        rows: int | range | None = None,
        unless: str | None = None,
        check: Callable[[Reply], str | None] | None = None,
    ) -> Iterator[None]:
        """What the operations in the block are answered when all is right; else they failed.

        `rows` is how many items come back, exactly or as a range. `unless` names the outcome that a
        failed condition is, which is no failure then. `check` looks at a Reply and says what is
        wrong with it, or None.
        """
        _check_rows(rows)
        _check_text("unless", unless)
        before, self._expected = self._expected, Expectation(rows=rows, unless=unless, check=check)
        try:
            yield
        finally:
            self._expected = before

    def get_item(
        self,
        table: str | None = None,
        key: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        return self._one("GetItem", name, _named("get_item", more, TableName=table, Key=key))

    def put_item(
        self,
        table: str | None = None,
        item: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        return self._one("PutItem", name, _named("put_item", more, TableName=table, Item=item))

    def update_item(
        self,
        table: str | None = None,
        key: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        return self._one("UpdateItem", name, _named("update_item", more, TableName=table, Key=key))

    def delete_item(
        self,
        table: str | None = None,
        key: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        return self._one("DeleteItem", name, _named("delete_item", more, TableName=table, Key=key))

    def query(
        self,
        table: str | None = None,
        *,
        name: str | None = None,
        pages: int | None = 1,
        **more: Any,
    ) -> Reply:
        """One page, or as many as `pages`; None is all there are."""
        return self._search("Query", name, pages, _named("query", more, TableName=table))

    def scan(
        self,
        table: str | None = None,
        *,
        name: str | None = None,
        pages: int | None = 1,
        segments: int = 1,
        **more: Any,
    ) -> Reply:
        """One page, or more; of each of several segments, which are read at one time."""
        return self._search("Scan", name, pages, _named("scan", more, TableName=table), segments)

    def batch_get_item(
        self,
        request_items: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        """Keys by table: `{"orders": [key, key]}`, or `{"orders": {"Keys": [...], ...}}`.

        What comes back undone is sent again, with back-off; so it is of batch_write_item.
        """
        asked = _named("batch_get_item", more, RequestItems=request_items)
        asked["RequestItems"] = {
            table: keys if isinstance(keys, Mapping) else {"Keys": list(keys)}
            for table, keys in asked["RequestItems"].items()
        }
        return self._batch("BatchGetItem", name, asked)

    def batch_write_item(
        self,
        request_items: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        """By table, as in `{"orders": [{"PutRequest": {"Item": {...}}}]}`."""
        asked = _named("batch_write_item", more, RequestItems=request_items)
        return self._batch("BatchWriteItem", name, asked)

    def transact_get_items(
        self,
        transact_items: Sequence[Mapping[str, Any]] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        """As in `[{"Get": {"TableName": "orders", "Key": {...}}}]`."""
        asked = _named("transact_get_items", more, TransactItems=transact_items)
        return self._transact("TransactGetItems", name, asked)

    def transact_write_items(
        self,
        transact_items: Sequence[Mapping[str, Any]] | None = None,
        *,
        name: str | None = None,
        **more: Any,
    ) -> Reply:
        """As in `[{"Put": {"TableName": "orders", "Item": {...}}}]`."""
        asked = _named("transact_write_items", more, TransactItems=transact_items)
        return self._transact("TransactWriteItems", name, asked)

    # How they are sent.

    def _one(self, operation: str, name: str | None, parameters: Mapping[str, Any]) -> Reply:
        _check_text("name", name)
        table = parameters["TableName"]
        info = PatternInfo(operation=operation, table=table)
        body = _body(parameters)
        self._before(() if operation == "GetItem" else (table,))
        intended_ns = perf_counter_ns()
        answers = [self._sender.send(operation, body)]
        return self._counted(name, info, intended_ns, answers, len(body), parts=1)

    def _batch(self, operation: str, name: str | None, parameters: Mapping[str, Any]) -> Reply:
        _check_text("name", name)
        request_items = parameters["RequestItems"]
        info = PatternInfo(operation=operation, table=", ".join(request_items))
        body = _body(parameters)
        self._before(() if operation == "BatchGetItem" else tuple(request_items))
        intended_ns = perf_counter_ns()
        answers = send_whole(
            self._sender, operation, body, attempts=self._attempts, draw=random.random
        )
        parts = sum(len(each) for each in request_items.values())
        return self._counted(name, info, intended_ns, answers, len(body), parts=parts)

    def _transact(self, operation: str, name: str | None, parameters: Mapping[str, Any]) -> Reply:
        _check_text("name", name)
        transact_items = parameters["TransactItems"]
        tables = _tables_of(transact_items)
        info = PatternInfo(operation=operation, table=", ".join(tables))
        body = _body(parameters)
        self._before(() if operation == "TransactGetItems" else tables)
        intended_ns = perf_counter_ns()
        answers = [self._sender.send(operation, body)]
        parts = len(transact_items)
        return self._counted(name, info, intended_ns, answers, len(body), parts=parts)

    def _search(
        self,
        operation: str,
        name: str | None,
        pages: int | None,
        request: Mapping[str, Any],
        segments: int = 1,
    ) -> Reply:
        _check_text("name", name)
        table, index = request["TableName"], request.get("IndexName")
        info = PatternInfo(operation=operation, table=table, index=index)
        self._before(())
        if segments == 1:
            return self._told(name, info, self._read(info, request, pages))
        each = [
            {**request, "Segment": segment, "TotalSegments": segments}
            for segment in range(segments)
        ]
        reading = [gevent.spawn(self._read, info, one, pages) for one in each]
        gevent.joinall(reading, raise_error=True)
        found = [call for one in reading for call in one.value]
        found.sort(key=lambda call: call.answered_ns)
        return self._told(name, info, found)

    def _read(self, info: PatternInfo, request: Mapping[str, Any], pages: int | None) -> list[Call]:
        """A call for each page."""
        calls: list[Call] = []
        body = _body(request)
        intended_ns = perf_counter_ns()
        while True:
            answer = self._sender.send(info.operation, body)
            call = _call("", intended_ns, [answer], len(body), parts=0)
            calls.append(call)
            if not answer.ok or len(calls) == pages or not seen(answer).more:
                return calls
            rest = _body({name: each for name, each in request.items() if name != _AFTER})
            after = orjson.dumps(answer.json["LastEvaluatedKey"])
            body = b'%b,"%b":%b}' % (rest[:-1], _AFTER.encode(), after)
            intended_ns = call.answered_ns

    def _told(self, name: str | None, info: PatternInfo, calls: Sequence[Call]) -> Reply:
        """Count the pages, the last of them judged with all that came before."""
        reply = Reply([call.answer for call in calls])
        named = name or _name_of(info)
        for call in calls[:-1]:
            self._count(call._replace(pattern=named), info)
        rows = sum(call.rows for call in calls)
        last = self._judged(calls[-1]._replace(pattern=named), reply, rows)
        self._count(last, info)
        return reply

    def _counted(
        self,
        name: str | None,
        info: PatternInfo,
        intended_ns: int,
        answers: list[Answer],
        size: int,
        *,
        parts: int,
    ) -> Reply:
        call = _call(name or _name_of(info), intended_ns, answers, size, parts=parts)
        reply = Reply(answers)
        self._count(self._judged(call, reply, call.rows), info)
        return reply

    def _judged(self, call: Call, reply: Reply, rows: int) -> Call:
        expected = self._expected
        if call.problem is None and reply.ok:
            problem = expected.problem(reply, rows)
            reply.problem = problem
            return call if problem is None else call._replace(outcome="failed", problem=problem)
        if expected.unless is not None and failed_by_condition(call.answer):
            return call._replace(outcome=expected.unless, problem=None)
        return call


def _check_text(name: str, text: object) -> None:
    """BadValue for what nothing in a record can be called by."""
    if text is not None and not isinstance(text, str):
        raise BadValue(f"{name}={text!r}: {name} is a text, or not said")


def _check_rows(rows: object) -> None:
    """BadValue for what no answer can have as many rows as."""
    if rows is None or (type(rows) is int and rows >= 0):
        return
    if not isinstance(rows, range):
        raise BadValue(f"expect(rows={rows!r}): rows is how many, such as 3 or range(1, 21)")
    if not rows:
        raise BadValue(f"expect(rows={rows}): that range is empty")


def _named(method: str, more: Mapping[str, Any], **placed: Any) -> dict[str, Any]:
    """Parameters by their own names, of which those that are needed may come by their place."""
    for name, value in placed.items():
        if (value is None) == (name not in more):
            raise BadValue(
                f"{method}() is to have {name} once, and has it "
                + ("twice: by its place and by its name" if name in more else "not at all")
            )
    return {**{name: value for name, value in placed.items() if value is not None}, **more}


def _call(name: str, intended_ns: int, answers: list[Answer], size: int, *, parts: int) -> Call:
    answered_ns = perf_counter_ns()
    answer = as_one(answers)
    problem = problem_of(answer)
    rows = _rows(answers, parts) if answer.ok else 0
    undone = undone_in(answers[-1])
    if undone:
        left = sum(
            len(each["Keys"]) if isinstance(each, Mapping) else len(each)
            for each in undone.values()
        )
        problem = f"{UNDONE[answer.operation]}: {left} left"
        rows -= left if answer.operation == "BatchWriteItem" else 0
    outcome = "ok" if problem is None else "failed"
    return Call(name, intended_ns, answered_ns, answer, rows, size, outcome, problem)


def _rows(answers: Sequence[Answer], parts: int) -> int:
    """Items that came back, or were written."""
    if answers[-1].operation == "BatchGetItem":
        return sum(seen(answer).rows for answer in answers)
    return seen(answers[-1], parts).rows


def _name_of(info: PatternInfo) -> str:
    return f"{info.operation} {info.table}" + (f"/{info.index}" if info.index else "")


def _tables_of(transact_items: Sequence[Mapping[str, Any]]) -> list[str]:
    actions = (action for each in transact_items for action in each.values())
    return list(dict.fromkeys(str(action["TableName"]) for action in actions))


def _body(parameters: Mapping[str, Any]) -> bytes:
    return orjson.dumps({**_UNITS, **on_the_wire(parameters)})
