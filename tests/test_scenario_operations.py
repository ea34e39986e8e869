"""Every operation played against the engine: what it asks, what it does, what comes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter_ns, time
from typing import Any

import gevent
import orjson
import pytest

from loadstone import (
    Each,
    Entity,
    Every,
    Exactly,
    GetItem,
    Index,
    Journey,
    Pattern,
    PerParent,
    PutItem,
    Query,
    Scan,
    Table,
    Think,
    Touched,
    UpdateItem,
    Written,
    attribute,
    choose,
    iso,
    now,
    number,
    text,
)
from loadstone.client.answer import Answer, Attempt
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import BadContent
from loadstone.fields.times import iso_seconds
from loadstone.run.call import Call
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Touch
from loadstone.wire import decode, encode
from tests import shop
from tests.loaded import Heard, Loaded, loaded
from tests.systems import AS_OF, system_of

READS = [each.id for each in shop.PATTERNS.values() if not each.writes and not each.needs]


@pytest.fixture(scope="module")
def shops(target: Target) -> Iterator[Loaded]:
    """Read only."""
    with loaded(shop.shop_dataset(), target) as found:
        yield found


@pytest.fixture
def written(target: Target) -> Iterator[Loaded]:
    """For one test to write to."""
    with loaded(shop.shop_dataset(500), target) as found:
        yield found


def heard(found: Loaded, pattern: Pattern, times: int = 5) -> tuple[list[Call], Heard]:
    client = Heard(found.client)
    player = found.player(client)
    return [call for _ in range(times) for call in player.play(pattern, perf_counter_ns())], client


def problems(calls: list[Call]) -> set[str | None]:
    return {call.problem for call in calls}


@pytest.mark.parametrize("pattern", READS)
def test_reads_are_answered_rightly(shops: Loaded, pattern: str) -> None:
    """Each way of reading finds rows, and the engine's answers pass every check."""
    calls = shops.played(shop.PATTERNS[pattern], 15)
    assert problems(calls) == {None}
    assert sum(call.rows for call in calls)
    assert all(call.answer.units for call in calls)


def expressions_in(request: Any) -> Iterator[str]:
    """The expressions of a request, those of its parts included."""
    for name, value in request.items():
        if name.endswith("Expression"):
            yield value
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and name != "ExpressionAttributeValues":
                yield from expressions_in(part)


def test_names_and_values_stand_behind_placeholders(written: Loaded) -> None:
    """No expression names an attribute or holds a value: names may be reserved, or not ASCII."""
    words = {word for entity in (shop.customer, shop.order, shop.line) for word in entity.item}
    found = 0
    for pattern in shop.PATTERNS.values():
        for _, request in heard(written, pattern, 1)[1].sent if not pattern.needs else []:
            for expression in expressions_in(request):
                found += 1
                assert expression.isascii()
                assert not words & set(re.findall(r"[^\s,()=<>+.]+", expression))
    assert found > len(shop.PATTERNS) // 2


def test_pages_are_bounded(shops: Loaded) -> None:
    """A pattern follows LastEvaluatedKey as often as it says, and no further."""
    calls, client = heard(shops, shop.two_pages, 10)
    firsts = [request for _, request in client.sent if "ExclusiveStartKey" not in request]
    assert len(firsts) == 10
    assert len(calls) == 20
    assert all(call.rows == 1 for call in calls)


def test_segments_are_scanned_each(shops: Loaded) -> None:
    """A parallel scan asks for every segment, and finds every row once."""
    calls, client = heard(shops, shop.all_of_a_shop, 1)
    segments = Counter(request["Segment"] for _, request in client.sent)
    assert set(segments) == {0, 1, 2}
    assert {request["TotalSegments"] for _, request in client.sent} == {3}
    rows = [row["id"]["S"] for answer in client.answers for row in answer.json["Items"]]
    assert len(rows) == len(set(rows)) == sum(call.rows for call in calls)


def test_a_batch_reads_what_is_there(shops: Loaded) -> None:
    """A batch of reads asks for as many items as it says at most, and they are the drawn one's."""
    calls, client = heard(shops, shop.several_lines, 10)
    for call, (_, request) in zip(calls, client.sent, strict=True):
        (asked,) = request["RequestItems"].values()
        assert asked["ConsistentRead"] is True
        assert call.rows == len(asked["Keys"]) <= 4


def before_and_after(
    found: Loaded, pattern: Pattern, key: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The item that a write is about, before it and after it."""
    items = {item["id"]: item for item in found.items("customers")}
    calls, client = heard(found, pattern, 1)
    assert problems(calls) == {None}, client.answers
    ((_, request),) = client.sent
    about = decode(request[key])["id"]
    now_there = {item["id"]: item for item in found.items("customers")}
    assert [each for each in items if items[each] != now_there[each]] in ([], [about])
    return items[about], now_there[about]


def test_an_update_does_what_it_says(written: Loaded) -> None:
    """Numbers grow, lists get longer, what is there stays, attributes go; and nothing else."""
    old, new = before_and_after(written, shop.change_customer, "Key")
    assert new["größe"] == old["größe"] + 1
    assert old["orders"] < new["orders"] <= old["orders"] + 3
    assert new["tags"] == [*old["tags"], "seen"]
    assert new["copy"] == old["joined"]
    assert new["settings"]["colour"] in {"green", "grey"}
    assert "news" not in new["settings"]
    assert new["since"] > "2026"
    changed = {"größe", "orders", "tags", "copy", "settings", "since"}
    assert {name: new[name] for name in set(new) - changed} == {
        name: old[name] for name in set(old) - changed
    }


def test_an_item_is_written_over(written: Loaded) -> None:
    """A put of the drawn entity itself writes that item again, with the pattern's own values."""
    old, new = before_and_after(written, shop.write_over, "Item")
    settings = {**old["settings"], "colour": "white"}
    assert new == {**old, "orders": old["orders"] + 1, "settings": settings}


def test_an_update_makes_no_item(written: Loaded) -> None:
    """What is not there is not made by an update; that it is missing is a failure."""
    (call,) = written.played(shop.change_customer, 1)
    for item in written.items("customers"):
        request = {"TableName": written.tables["customers"], "Key": encode({"id": item["id"]})}
        written.client.send("DeleteItem", orjson.dumps(request))
    (call,) = written.played(shop.change_customer, 1)
    assert (call.outcome, call.problem) == ("failed", "ConditionalCheckFailedException")
    assert written.items("customers") == []


def test_draws_of_a_pattern_are_made_anew(written: Loaded) -> None:
    """What a pattern chooses itself is chosen for each call, not for each item."""
    calls, client = heard(written, shop.change_customer, 60)
    assert problems(calls) == {None}
    colours: dict[str, set[str]] = {}
    for _, request in client.sent:
        values = request["ExpressionAttributeValues"].values()
        colour = {value["S"] for value in values if value.get("S") in ("green", "grey")}
        colours.setdefault(request["Key"]["id"]["S"], set()).update(colour)
    assert {"green", "grey"} in colours.values()


def test_a_new_item_is_of_now_and_holds_nothing(written: Loaded) -> None:
    """A new item under one that is there is created now, and what it would count is not there."""
    since = time() * 1000
    lines_before = len(written.items("lines"))
    calls, client = heard(written, replace_values(shop.open_order, {}), 10)
    assert problems(calls) == {None}
    items = [decode(request["Item"]) for _, request in client.sent]
    assert len({item["id"] for item in items}) == 10
    assert {item["lines"] for item in items} == {0}
    assert all(item["at"] >= iso_seconds(int(since)) for item in items)
    assert len(written.items("lines")) == lines_before


def replace_values(pattern: Pattern, values: dict[str, Any]) -> Pattern:
    assert isinstance(pattern.operation, PutItem)
    return replace(pattern, operation=replace(pattern.operation, values=values))


def test_steps_know_of_each_other(written: Loaded) -> None:
    """Later steps name what earlier ones wrote and were answered; what was put is gone again."""
    orders_before = sorted(item["id"] for item in written.items("orders"))
    client = Heard(written.client)
    player = written.player(client)
    calls = list(player.travel(shop.shopping, perf_counter_ns(), lambda _: perf_counter_ns()))
    assert problems(calls) == {None}
    puts = {name: request["Item"] for name, request in client.sent if name == "PutItem"}
    by_operation = dict(client.sent)
    opened = next(request["Item"] for name, request in client.sent if name == "PutItem")
    assert puts["PutItem"]["order"] == opened["id"]
    for name in ("GetItem", "UpdateItem", "DeleteItem"):
        assert by_operation[name]["Key"]["id"] == opened["id"]
    total = {"N": str(int(opened["total"]["N"]) + 7)}
    assert total in by_operation["UpdateItem"]["ExpressionAttributeValues"].values()
    assert total in by_operation["DeleteItem"]["ExpressionAttributeValues"].values()
    assert sorted(item["id"] for item in written.items("orders")) == orders_before


def test_a_journey_ends_where_it_cannot_go_on(written: Loaded) -> None:
    """Where a put fails, the steps that would refer to its item are not played."""

    class Refusing:
        def send(self, operation: str, body: bytes, /) -> Answer:
            if operation != "PutItem":
                return written.client.send(operation, body)
            return Answer(operation, (Attempt(0, 1, 400, "ThrottlingException"),), ())

    player = written.player(Refusing())
    calls = list(player.travel(shop.shopping, perf_counter_ns(), lambda _: perf_counter_ns()))
    assert [call.pattern for call in calls if call.pattern != "orders-of"] == ["open-order"]
    assert calls[-1].problem == "ThrottlingException"


def test_a_journey_stays_with_what_it_met(shops: Loaded) -> None:
    """Steps about one entity are about one item: its owner, its order, its lines."""
    client = Heard(shops.client)
    player = shops.player(client)
    for _ in range(10):
        client.sent.clear()
        calls = list(player.travel(shop.browsing, perf_counter_ns(), lambda _: perf_counter_ns()))
        assert problems(calls) == {None}
        of_customer = client.sent[0][1]["Key"]["id"]
        asked = next(request for name, request in client.sent if name == "Query")
        assert asked["ExpressionAttributeValues"][":0"] == of_customer
        both = next(request for name, request in client.sent if name == "TransactGetItems")
        of_order, of_owner = (each["Get"]["Key"] for each in both["TransactItems"])
        assert of_owner == {"id": of_customer}
        assert of_order["customer"] == of_customer
        (keys,) = next(r for name, r in client.sent if name == "BatchGetItem")[
            "RequestItems"
        ].values()
        assert {key["order"]["S"] for key in keys["Keys"]} == {of_order["id"]["S"]}


def test_a_step_is_played_for_each(shops: Loaded) -> None:
    """A step for each is played once for every item that there is, in order, and is about it."""
    visit = Journey(
        "visit",
        of=shop.customer,
        steps=(shop.orders_of, Think(1, 1), Each(shop.how_many_lines), shop.one_customer),
        source=shop.SOURCE,
    )
    client, pauses = Heard(shops.client), list[float]()

    def pause(seconds: float) -> int:
        pauses.append(seconds)
        return perf_counter_ns()

    calls = list(shops.player(client).travel(visit, perf_counter_ns(), pause))
    assert problems(calls) == {None}
    asked = [request for name, request in client.sent if name == "Query"]
    carts = [each for each in asked if each.get("Select") == "COUNT"]
    about = client.sent[-1][1]["Key"]["id"]["S"]
    ids = [item["id"] for item in shops.items("orders") if item["customer"] == about]
    assert len(ids) > 1
    assert [each["ExpressionAttributeValues"][":0"]["S"] for each in carts] == sorted(ids)
    assert pauses == [1, *[0] * len(carts)]


def test_a_step_for_each_needs_something_below() -> None:
    """What a step is played for each of descends from what the journey is about."""
    with pytest.raises(BadContent, match="does not descend from a Cart"):
        Journey("j", of=shop.cart, steps=(Each(shop.one_customer),), source=shop.SOURCE)


def test_failed_conditions_that_are_declared_are_outcomes(written: Loaded) -> None:
    """A condition that may fail is counted under its name; one that may not is a failure."""
    assert {call.outcome for call in written.played(shop.ship, 5)} == {"over the limit"}
    assert {call.outcome for call in written.played(shop.order_never, 5)} == {"known already"}
    for call in written.played(shop.refused, 5):
        assert (call.outcome, call.problem) == ("failed", "ConditionalCheckFailedException")
        assert call.rows == 0


def test_a_cancelled_transaction_says_why(written: Loaded) -> None:
    """What cancelled a transaction is in the call's problem, beside the code."""
    strict = replace(shop.order_never, id="strict", expects=Written())
    (call,) = written.played(strict, 1)
    assert call.problem == "TransactionCanceledException: ConditionalCheckFailed"


def test_a_transaction_does_all(written: Loaded) -> None:
    """The parts of a transaction are done together, at twice the units of the table."""
    orders_before = len(written.items("orders"))
    (call,) = written.played(shop.order_at_once, 1)
    assert call.rows == 3
    assert len(written.items("orders")) == orders_before + 1
    units = {(unit.table, unit.index): unit.write for unit in call.answer.units}
    assert units[written.tables["orders"], None] == 4  # the new order, and the one that is checked
    assert units[written.tables["customers"], None] == 2


def test_a_transaction_has_a_token(written: Loaded) -> None:
    """Each transaction that writes has a token of its own, so that it is never done twice."""
    _, client = heard(written, shop.order_at_once, 5)
    tokens = {request["ClientRequestToken"] for _, request in client.sent}
    assert len(tokens) == 5
    assert all(1 <= len(token) <= 36 for token in tokens)


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


def test_checks_stay_exact_while_a_run_writes(written: Loaded) -> None:
    """Whatever a run has written, none of its own answers is taken for wrong."""
    patterns = [each for each in shop.PATTERNS.values() if not each.needs and each.id != "refused"]
    for _ in range(3):
        for pattern in patterns:
            assert problems(written.played(pattern, 10, skew=0.0)) == {None}, pattern.id
        assert problems(written.travelled(shop.shopping, 5)) == {None}


def test_what_nobody_may_write_must_not_change(written: Loaded) -> None:
    """An attribute that is not what was loaded is found out, unless the run may have set it."""
    for item in written.items("customers"):
        changed = {**item, "orders": 99, "settings": {"colour": "black"}}
        request = {"TableName": written.tables["customers"], "Item": encode(changed)}
        written.client.send("PutItem", orjson.dumps(request))
    seen = problems(written.played(shop.one_customer, 60, skew=0.0))
    assert seen == {None, "not what was loaded: orders, settings"}
    for item in written.items("customers"):
        request = {"TableName": written.tables["customers"], "Item": encode({**item, "shop": "x"})}
        written.client.send("PutItem", orjson.dumps(request))
    seen = problems(written.played(shop.one_customer, 60, skew=0.0))
    assert seen == {"not what was loaded: shop", "not what was loaded: orders, settings, shop"}


def test_what_moved_may_be_elsewhere(written: Loaded) -> None:
    """A key that the run itself moves empties a touched partition, and never one that is not."""
    for item in written.items("orders"):
        request = {
            "TableName": written.tables["orders"],
            "Item": encode({**item, "state": "sent#"}),
        }
        written.client.send("PutItem", orjson.dumps(request))
    calls = written.played(shop.paid_orders, 60, skew=0.0)
    assert problems(calls) == {None, "no row"}


class Spoiled:
    """A client whose good answers are changed on their way."""

    def __init__(self, found: Loaded, spoil: Callable[[dict[str, Any]], object]) -> None:
        self._client, self._spoil = found.client, spoil

    def send(self, operation: str, body: bytes, /) -> Answer:
        answer = self._client.send(operation, body)
        decoded = answer.json
        self._spoil(decoded)
        return Answer(operation, answer.attempts, answer.units, orjson.dumps(decoded))


def without_first(answer: dict[str, Any]) -> None:
    answer["Items"] = answer["Items"][1:]
    answer["Count"] -= 1


def foreign(answer: dict[str, Any]) -> None:
    for row in answer.get("Items", []):
        row["id"] = {"S": "somebody else's"}


def fewer_responses(answer: dict[str, Any]) -> None:
    answer["Responses"] = answer["Responses"][:1]


def other_responses(answer: dict[str, Any]) -> None:
    for response in answer["Responses"]:
        response["Item"]["shop"] = {"S": "nowhere"}


def fewer_rows(answer: dict[str, Any]) -> None:
    for rows in answer["Responses"].values():
        rows.pop()


def paler(answer: dict[str, Any]) -> None:
    answer["Item"]["settings"]["M"]["colour"] = {"S": "pale"}


def other_tea(answer: dict[str, Any]) -> None:
    for row in answer["Items"]:
        row["what"] = {"S": "coffee"}


@pytest.mark.parametrize(
    ("pattern", "spoil", "said"),
    [
        (shop.newest_orders, without_first, "fewer rows than there are"),
        (shop.paid_orders, without_first, "fewer rows than there are"),
        (shop.paid_orders, foreign, "a row that is not among those asked for"),
        (shop.by_mail, foreign, "a row that is not the one asked for"),
        (shop.by_mail, without_first, "no row"),
        (shop.some_of_lines, other_tea, "a row that is not among those asked for"),
        (shop.tea, other_tea, "not what was loaded: what"),
        (shop.owner_of_cart, paler, "not what was loaded"),
        (shop.order_and_owner, fewer_responses, "fewer rows than there are: 1 of 2"),
        (shop.order_and_owner, other_responses, "not what was loaded: shop"),
        (shop.several_lines, fewer_rows, "fewer rows than there are"),
    ],
    ids=lambda value: getattr(value, "id", getattr(value, "__name__", "")),
)
def test_wrong_answers_are_found_out(
    shops: Loaded, pattern: Pattern, spoil: Callable[[dict[str, Any]], object], said: str
) -> None:
    """Rows that are missing, another's, or not what was loaded are failures, however asked for."""
    player = shops.player(Spoiled(shops, spoil), skew=0.0)
    calls = [call for _ in range(40) for call in player.play(pattern, perf_counter_ns())]
    assert any(call.problem and call.problem.startswith(said) for call in calls), problems(calls)


def test_the_first_rows_are_the_first(shops: Loaded) -> None:
    """Where only some rows are asked for, others than the first of them are a failure."""
    asked = shop.newest_orders.operation
    assert isinstance(asked, Query)

    def oldest(answer: dict[str, Any]) -> None:
        answer["Items"].reverse()

    class Backwards:
        def send(self, operation: str, body: bytes, /) -> Answer:
            request = {**orjson.loads(body), "ScanIndexForward": True}
            answer = shops.client.send(operation, orjson.dumps(request))
            decoded = answer.json
            oldest(decoded)
            return Answer(operation, answer.attempts, answer.units, orjson.dumps(decoded))

    player = shops.player(Backwards(), skew=0.0)
    calls = [call for _ in range(40) for call in player.play(shop.newest_orders, perf_counter_ns())]
    assert "not the first rows of those there are" in problems(calls)


# Rows that are another's, and what a journey makes of what its steps have put.

orders_of_the_shop = Pattern(
    "orders-of-the-shop",
    Query(
        shop.orders,
        index="state",
        key={"shop": shop.customer["shop"], "state": "paid#"},
        pages=None,
    ),
    of=shop.customer,
    expects=Every(shop.order, within=shop.shop),
    source=shop.SOURCE,
)


def test_rows_may_be_among_a_relatives(shops: Loaded) -> None:
    """Rows of a relative are right where the pattern says within whom they are; and all must be
    there, and none from elsewhere."""
    calls = shops.played(orders_of_the_shop, 20)
    assert problems(calls) == {None}
    assert max(call.rows for call in calls) > 1
    for spoil, said in (
        (without_first, "fewer rows than there are"),
        (foreign, "a row that is not among those asked for"),
    ):
        player = shops.player(Spoiled(shops, spoil), skew=0.0)
        found = [
            call for _ in range(40) for call in player.play(orders_of_the_shop, perf_counter_ns())
        ]
        assert any(call.problem and call.problem.startswith(said) for call in found)


def test_within_is_an_ancestor() -> None:
    """What the rows are within is above what was drawn, and the rows are below it."""
    for within in (shop.cart, shop.customer):
        with pytest.raises(BadContent, match=f"which {within.name} is not"):
            replace(orders_of_the_shop, expects=Every(shop.order, within=within))


def test_what_is_above_the_touched_is_touched_with_them(shops: Loaded) -> None:
    """An item is touched where the run may write to any of what descends from it."""
    system = replace(shops.dataset.system, touched=Touched(shop.customer, share=0.1))
    dataset = Dataset(system, scale=1200, as_of=AS_OF)
    touch = Touch(dataset, Settings(run="r"))
    found = set()
    for one in range(dataset.count(shop.shop)):
        below = dataset.children(shop.shop, one, shop.customer)
        expected = any(touch.touches(shop.customer, each) for each in below)
        assert touch.touches(shop.shop, one) is expected
        found.add(expected)
    assert found == {True, False}


arrive = Pattern(
    "arrive",
    PutItem(shop.customer, values={"orders": 0}),
    of=shop.shop,
    expects=Written(),
    source=shop.SOURCE,
)
first_order = Pattern(
    "first-order",
    PutItem(shop.order, values={"lines": 0}),
    of=shop.shop,
    expects=Written(),
    source=shop.SOURCE,
)


def test_what_is_put_below_a_new_item_is_its(written: Loaded) -> None:
    """What a step puts between an item and those of other steps is the parent of those, in any
    order; a second one is another."""
    for steps in ((arrive, first_order, arrive), (first_order, arrive, arrive)):
        journey = Journey("opening", of=shop.shop, steps=steps, source=shop.SOURCE)
        client = Heard(written.client)
        travelled = written.player(client).travel(journey, perf_counter_ns(), lambda _: 0)
        assert problems(list(travelled)) == {None}
        items = [decode(request["Item"]) for _, request in client.sent]
        one, other = (item for item in items if "joined" in item)
        (order,) = (item for item in items if "state" in item)
        assert order["customer"] == one["id"] != other["id"]


def test_a_journey_may_end_with_an_outcome(written: Loaded) -> None:
    """Where a step says that its declared outcome ends the journey, nothing is played after it."""
    for ends in (False, True):
        refused = replace(shop.ship, expects=Written(unless="over the limit", ends=ends))
        journey = Journey("j", of=shop.cart, steps=(refused, shop.one_customer), source=shop.SOURCE)
        calls = written.travelled(journey, 1)
        assert calls[0].outcome == "over the limit"
        assert len(calls) == (1 if ends else 2)


# An item that has expired, and one that repeats another.

notes = Table("notes", partition_key="id", ttl="until")
copies = Table("copies", partition_key="pk", sort_key="sk")
person = Entity("Person", facts={"id": text("p{n}", n=number)})
note = Entity(
    "Note",
    table=notes,
    parent=person,
    per_parent=PerParent(2, step=2),
    created=(told := number * 0 + 1_000_000),
    facts={"toldMs": told},
    item={
        "id": text("{who}-{n}", who=person["id"], n=number),
        "until": told // 1000,
        "first": text("{n}", n=number),
    },
)
copy = Entity(
    "Copy",
    table=copies,
    parent=note,
    per_parent=PerParent(1),
    created=note["toldMs"],
    item={"pk": person["id"], "sk": note["id"], "at": iso(note["toldMs"])},
)
edit = Pattern(
    "edit", UpdateItem(note, set={"first": "x"}), of=note, expects=Written(), source="A test: x"
)
again = Pattern("again", PutItem(copy), of=person, expects=Written(), source="A test: x")


@pytest.fixture
def noted(target: Target) -> Iterator[Loaded]:
    system = replace(
        system_of(person, note, copy), patterns={"edit": edit}, touched=Touched(person, share=1.0)
    )
    with loaded(Dataset(system, scale=40, as_of=AS_OF), target) as found:
        yield found


def test_what_has_expired_may_be_gone(noted: Loaded) -> None:
    """An update of an item whose time is over is an outcome of its own, not a failure."""
    assert {call.outcome for call in noted.played(edit, 3)} == {"ok"}
    for item in noted.items("notes"):
        key = {"TableName": noted.tables["notes"], "Key": encode({"id": item["id"]})}
        noted.client.send("DeleteItem", orjson.dumps(key))
    assert {call.outcome for call in noted.played(edit, 3)} == {"expired"}


board = Entity("Board", facts={"id": text("board_{n}", n=number)})
cards = Table("cards", partition_key="id", indexes=(Index("columns", partition_key="column"),))
card = Entity(
    "Card",
    table=cards,
    parent=board,
    per_parent=PerParent(12),
    item={
        "id": text("card_{n}", n=number),
        "column": text("{board}#{column}", board=board["id"], column=choose("todo", "done")),
    },
)
cards_in_a_column = Pattern(
    "cards-in-a-column",
    Query(
        cards,
        index="columns",
        key={
            "column": text(
                "{board}#{column}", board=board["id"], column=choose("todo", "done", "never")
            )
        },
    ),
    of=board,
    expects=Every(card),
    source="A test: x",
)


def test_every_is_of_the_partition_that_was_asked_for(target: Target) -> None:
    """What descends from an item may lie in several partitions: those of the one that is asked for
    are to come, all of them, and where there are none, none."""
    with loaded(Dataset(system_of(board, card), scale=60, as_of=AS_OF), target) as found:
        calls = found.played(cards_in_a_column, 40)
        assert problems(calls) == {None}
        assert min(call.rows for call in calls) == 0
        assert max(call.rows for call in calls) > 0
        for item in found.items("cards")[::2]:
            key = {"TableName": found.tables["cards"], "Key": encode({"id": item["id"]})}
            found.client.send("DeleteItem", orjson.dumps(key))
        spoiled = problems(found.played(cards_in_a_column, 40))
    assert any(problem and "fewer rows than there are" in problem for problem in spoiled)


def test_what_repeats_another_is_as_new_as_that(noted: Loaded) -> None:
    """An item that takes its instant from its new parent is created now, as that is."""
    calls, client = heard(noted, again, 3)
    assert problems(calls) == {None}
    items = [decode(request["Item"]) for _, request in client.sent]
    assert all(item["at"] > "2026" for item in items)
    assert all(item["sk"].startswith(f"{item['pk']}-") for item in items)
    assert len({item["sk"] for item in items}) == 3


def test_other_attributes_stand_for_themselves(noted: Loaded) -> None:
    """A condition may hold one attribute against another, and an update may copy one."""
    same = Pattern(
        "same",
        UpdateItem(note, set={"copy": attribute("id")}, condition={"first": attribute("id")}),
        of=note,
        expects=Written(unless="differs"),
        source="A test: x",
    )
    assert {call.outcome for call in noted.played(same, 3)} == {"differs"}


def test_the_present_is_no_fixture_s(noted: Loaded) -> None:
    """`now` in a pattern is the wall clock's; Exactly() of a relative is that relative's item."""
    stamp = Pattern(
        "stamp", UpdateItem(note, set={"at": now}), of=copy, expects=Written(), source="A test: x"
    )
    before = int(time() * 1000)
    assert {call.outcome for call in noted.played(stamp, 1)} == {"ok"}
    (stamped,) = [item["at"] for item in noted.items("notes") if "at" in item]
    assert before <= stamped <= int(time() * 1000)
    parent = Pattern("parent", GetItem(note), of=copy, expects=Exactly(), source="A test: x")
    calls = noted.played(parent, 5)
    assert sum(call.rows for call in calls) == 5
    assert Scan(notes).table is notes
