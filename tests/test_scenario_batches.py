"""Batches played against the engine: one operation each, whatever was left undone on the way."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

import gevent
import orjson
import pytest

from loadstone import Pattern
from loadstone.client.answer import Answer, Attempt
from loadstone.wire import decode
from tests import shop
from tests.loaded import Loaded, heard


def test_a_batch_of_puts_is_one_operation(written: Loaded) -> None:
    """The items of a batch are one call, share their new parent, and are all there afterwards."""
    before = len(written.items("lines"))
    calls, client = heard(written, shop.two_lines, 6)
    assert len(calls) == len(client.sent) == 6
    assert {call.rows for call in calls} == {2}
    assert len(written.items("lines")) == before + 12
    for _, request in client.sent:
        (puts,) = request["RequestItems"].values()
        items = [decode(put["PutRequest"]["Item"]) for put in puts]
        assert [item["n"] for item in items] == ["0000", "0001"]
        assert items[0]["order"] == items[1]["order"]


class Short:
    """A client whose batches leave their last item undone, as often as it is told."""

    def __init__(self, found: Loaded, times: int) -> None:
        self._client, self._left = found.client, times
        self.sent: list[dict[str, Any]] = []

    def send(self, operation: str, body: bytes, /) -> Answer:
        request = orjson.loads(body)
        self.sent.append(request)
        if not self._left:
            return self._client.send(operation, body)
        self._left -= 1
        ((table, asked),) = request["RequestItems"].items()
        writes = operation == "BatchWriteItem"
        each = asked if writes else asked["Keys"]
        done, undone = each[:-1], each[-1:]
        if done:
            part = done if writes else {**asked, "Keys": done}
            answer = self._client.send(
                operation, orjson.dumps({**request, "RequestItems": {table: part}})
            )
        else:
            instant = perf_counter_ns()
            empty: dict[str, Any] = {} if writes else {"Responses": {table: []}}
            attempt = Attempt(instant, instant, 200, None)
            answer = Answer(operation, (attempt,), (), orjson.dumps(empty))
        left = {table: undone if writes else {**asked, "Keys": undone}}
        name = "UnprocessedItems" if writes else "UnprocessedKeys"
        return Answer(
            operation,
            answer.attempts,
            answer.units,
            orjson.dumps({**answer.json, name: left}),
        )


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Back-offs are noted, and not waited for."""
    waited: list[float] = []
    monkeypatch.setattr(gevent, "sleep", waited.append)
    return waited


@pytest.mark.parametrize("pattern", [shop.two_lines, shop.several_lines], ids=lambda p: p.id)
def test_what_a_batch_left_undone_is_sent_again(
    written: Loaded, pattern: Pattern, hasty: list[float]
) -> None:
    """The rest of a batch is sent after a back-off: one call, with all attempts and units."""
    client = Short(written, 1)
    (call,) = written.player(client).play(pattern, perf_counter_ns())
    assert call.problem is None
    first, second = (len(each) for each in map(asked_in, client.sent))
    assert call.rows == first
    assert second == 1
    assert len(call.answer.attempts) == 2
    assert call.answer.attempts[0].backoff_ns > 0
    assert len(hasty) == 1
    # One unit for each small item, written or read consistently.
    assert sum(unit.read + unit.write for unit in call.answer.units) == first


def asked_in(request: dict[str, Any]) -> list[Any]:
    (asked,) = request["RequestItems"].values()
    return list(asked["Keys"] if isinstance(asked, dict) else asked)


@pytest.mark.parametrize("pattern", [shop.two_lines, shop.several_lines], ids=lambda p: p.id)
def test_a_batch_that_is_never_done_fails(
    written: Loaded, pattern: Pattern, hasty: list[float]
) -> None:
    """After its attempts a batch is a failure that says how much was left."""
    client = Short(written, 99)
    (call,) = written.player(client, attempts=3).play(pattern, perf_counter_ns())
    assert len(client.sent) == 3
    assert call.outcome == "failed"
    assert call.problem is not None
    assert call.problem.endswith(": 1 left")
    assert call.rows == len(asked_in(client.sent[0])) - 1
