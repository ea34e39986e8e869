"""Playing patterns: what is asked for, and whether the answer is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from time import perf_counter_ns
from typing import Any

import orjson
import pytest

from loadstone.client.answer import Answer, Attempt
from loadstone.dataset import Dataset
from loadstone.errors import BadContent
from loadstone.fields.links import count_of
from loadstone.pattern import Journey, Mix, Pattern, PutItem, Query, Think
from loadstone.run.call import Call
from loadstone.scenario.player import Player
from loadstone.scenario.settings import Settings
from loadstone.system import System, load_system
from loadstone.wire import encode

TABLES = {"cmz-conversations": "cmz-conversations"}


@pytest.fixture(scope="module")
def system() -> System:
    return load_system("cmz")


@pytest.fixture(scope="module")
def dataset(system: System) -> Dataset:
    # Of today: what is older than its TTL may be absent, and an empty answer right.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Dataset(system, scale=2000, as_of=today)


class Table:
    """Answers from the data set itself, as DynamoDB would; `spoil` may change an answer."""

    def __init__(
        self, dataset: Dataset, spoil: Callable[[dict[str, Any]], object] = lambda answer: None
    ) -> None:
        message = dataset.system.entities["Message"]
        self.items = [dataset.item(message, n) for n in range(dataset.count(message))]
        self.table = dataset.system.tables[0]
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.spoil = spoil

    def send(self, operation: str, body: bytes, /) -> Answer:
        request = orjson.loads(body)
        self.sent.append((operation, request))
        answer = {"Query": self.query, "GetItem": self.get, "PutItem": self.put}[operation](request)
        self.spoil(answer)
        now = perf_counter_ns()
        return Answer(operation, (Attempt(now, now, 200, None),), (), orjson.dumps(answer))

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        wanted = request["Key"]
        found = [item for item in self.items if encode(item).items() >= wanted.items()]
        return {"Item": encode(found[0])} if found else {}

    def put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        index = request.get("IndexName")
        key = (self.table.index(index) if index else self.table).key
        values = request["ExpressionAttributeValues"]
        names = request["ExpressionAttributeNames"]
        assert names["#0"] == key[0]
        rows = [item for item in self.items if item.get(key[0]) == values[":0"]["S"]]
        if ":1" in values:
            assert "begins_with(#1, :1)" in request["KeyConditionExpression"]
            rows = [item for item in rows if item[key[1]].startswith(values[":1"]["S"])]
        rows.sort(key=lambda item: str(item[key[1]]))
        if request.get("ScanIndexForward") is False:
            rows.reverse()
        if after := request.get("ExclusiveStartKey"):
            start = [encode(item).items() >= after.items() for item in rows].index(True) + 1
            rows = rows[start:]
        limit = request.get("Limit", len(rows))
        answer: dict[str, Any] = {"Items": [encode(row) for row in rows[:limit]]}
        answer["Count"] = answer["ScannedCount"] = len(answer["Items"])
        if limit < len(rows):
            last = rows[limit - 1]
            answer["LastEvaluatedKey"] = encode({name: last[name] for name in self.table.key})
        return answer


def player(dataset: Dataset, table: Table, **settings: Any) -> Player:
    asked = Settings(**{"sampled": 1.0, "run": "a-run", **settings})
    return Player(dataset, TABLES, table, asked, random=Random(5))


def played(player: Player, pattern: Pattern, times: int = 30) -> list[Call]:
    return [call for _ in range(times) for call in player.play(pattern, perf_counter_ns())]


READS = [
    pattern.id
    for pattern in load_system("cmz").patterns.values()
    if not isinstance(pattern.operation, PutItem)
]


@pytest.mark.parametrize("pattern", READS)
def test_right_answers_are_right(dataset: Dataset, system: System, pattern: str) -> None:
    """A table that answers what the data set says passes every check, on every row."""
    calls = played(player(dataset, Table(dataset)), system.patterns[pattern])
    assert {call.problem for call in calls} == {None}
    assert {call.outcome for call in calls} == {"ok"}
    assert all(call.rows for call in calls)


def spoiled(
    dataset: Dataset, pattern: Pattern, spoil: Callable[[dict[str, Any]], object]
) -> set[str | None]:
    return {call.problem for call in played(player(dataset, Table(dataset, spoil)), pattern)}


def drop_last(answer: dict[str, Any]) -> None:
    answer["Items"] = answer["Items"][:-1]
    answer["Count"] = len(answer["Items"])


def empty(answer: dict[str, Any]) -> None:
    answer["Items"], answer["Count"] = [], 0


def change(answer: dict[str, Any]) -> None:
    for item in answer.get("Items", []):
        item["content"] = {"S": "something else"}


def swap(answer: dict[str, Any]) -> None:
    answer["Items"].reverse()


def foreign(answer: dict[str, Any]) -> None:
    answer["Items"][-1]["sessionId"] = {"S": "session_9999999"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (empty, "no row"),
        (drop_last, "fewer rows than there are"),
        (change, "not what was loaded: content"),
        (swap, "rows out of order"),
        (foreign, "rows of another partition"),
    ],
)
def test_wrong_answers_are_failures(
    dataset: Dataset, system: System, spoil: Callable[[dict[str, Any]], object], said: str
) -> None:
    """An answer that is empty, short, changed, out of order or somebody else's is no success."""
    problems = spoiled(dataset, system.patterns["session-messages"], spoil)
    assert any(problem and problem.startswith(said) for problem in problems), problems


def test_more_rows_than_loaded_are_allowed_where_the_run_writes(
    dataset: Dataset, system: System
) -> None:
    """A row too many is wrong where nobody writes, and expected where the run does."""

    def add(answer: dict[str, Any]) -> None:
        row = dict(answer["Items"][-1])
        row["sessionIdTimestamp"] = {"S": "session_9999999#2999-01-01T00:00:00Z"}
        answer["Items"].append(row)
        answer["Count"] += 1

    playing = player(dataset, Table(dataset, add), skew=0.0)
    calls = played(playing, system.patterns["users-conversations"], 200)
    problems = {call.problem for call in calls}
    assert None in problems
    assert any(problem and problem.startswith("more rows") for problem in problems)


def test_pages_are_followed(dataset: Dataset, system: System) -> None:
    """A paged pattern follows LastEvaluatedKey to the end: one call a page, every row once."""
    table = Table(dataset)
    calls = played(player(dataset, table), system.patterns["users-conversations-paged"])
    starts = sum("ExclusiveStartKey" not in request for _, request in table.sent)
    assert starts == 30 < len(calls)
    assert {call.problem for call in calls} == {None}
    assert all(request["Limit"] == 20 for _, request in table.sent)


def test_a_later_page_counts_from_the_one_before(dataset: Dataset, system: System) -> None:
    """A page's intended start is the instant that the page before it was there."""
    paged = system.patterns["users-conversations-paged"]
    for _ in range(20):
        calls = list(player(dataset, Table(dataset)).play(paged, 1))
        assert calls[0].intended_ns == 1
        for before, after in pairwise(calls):
            assert after.intended_ns == before.answered_ns


def test_new_items_are_legal_and_their_own(dataset: Dataset, system: System) -> None:
    """What a run writes has the attributes of the data, a key nobody else has, and is today's."""
    table = Table(dataset)
    playing = player(dataset, table)
    for pattern in ("ask", "answer"):
        played(playing, system.patterns[pattern], 200)
    keys = {
        (request["Item"]["userId"]["S"], request["Item"]["sessionIdTimestamp"]["S"])
        for _, request in table.sent
    }
    assert len(keys) == 400
    loaded = {(item["userId"], item["sessionIdTimestamp"]) for item in table.items}
    assert not keys & loaded
    for (_, request), kind in zip(table.sent, ["user"] * 200 + ["assistant"] * 200, strict=True):
        assert set(request["Item"]) >= set(table.items[0]) - {"parentUserId"}
        assert request["Item"]["messageType"] == {"S": kind}


def test_a_question_and_its_answer_share_a_session(dataset: Dataset, system: System) -> None:
    """Within a journey the question and the answer are of one new session, one after the other."""
    table = Table(dataset)
    playing = player(dataset, table)
    for _ in range(50):
        list(playing.travel(system.journeys["exchange"], perf_counter_ns(), lambda seconds: 0))
    items = [request["Item"] for _, request in table.sent]
    sessions = {item["sessionId"]["S"] for item in items}
    assert len(sessions) == 50
    assert not sessions & {item["sessionId"] for item in table.items}
    for question, reply in zip(items[::2], items[1::2], strict=True):
        assert question["sessionId"] == reply["sessionId"]
        assert question["userId"] == reply["userId"]
        assert question["timestamp"]["S"] < reply["timestamp"]["S"]


def test_workers_write_apart(dataset: Dataset, system: System) -> None:
    """Two workers of a run write to different households, both among those that are touched."""

    def households(worker: int) -> set[str]:
        table = Table(dataset)
        asked = {"worker": worker + 3, "part": worker, "workers": 2}
        played(player(dataset, table, **asked), system.patterns["ask"], 100)
        return {request["Item"]["userId"]["S"] for _, request in table.sent}

    assert households(0)
    assert not households(0) & households(1)


def test_new_items_of_workers_are_apart(dataset: Dataset, system: System) -> None:
    """No two workers of a run number a new item alike: neither those that begin it, nor one that
    joins later."""

    def numbers(worker: int) -> set[int]:
        playing = player(dataset, Table(dataset), worker=worker, workers=2)
        return {playing._new_number()[0] for _ in range(2000)}

    first, second, late = map(numbers, (0, 1, 2))
    assert len(first | second | late) == 6000


def test_what_was_written_is_told_once(dataset: Dataset, system: System) -> None:
    """The ordinals of new items are told by pattern, and then forgotten."""
    playing = player(dataset, Table(dataset))
    played(playing, system.patterns["ask"], 7)
    wrote = playing.take_wrote()
    assert (wrote["ask"].items, wrote["ask"].first, wrote["ask"].stop) == (7, 0, 7)
    assert playing.take_wrote() == {}


def test_a_journey_is_about_one_thing(dataset: Dataset, system: System) -> None:
    """All steps of a journey are about the session that was drawn, its student and household."""
    table = Table(dataset)
    playing = player(dataset, table)
    pauses: list[float] = []

    def pause(seconds: float) -> int:
        pauses.append(seconds)
        return perf_counter_ns()

    for _ in range(20):
        table.sent.clear()
        calls = list(playing.travel(system.journeys["parents-review"], perf_counter_ns(), pause))
        assert {call.problem for call in calls} == {None}
        oversight, messages, session = (request for _, request in table.sent)
        parent = oversight["ExpressionAttributeValues"][":0"]["S"]
        id_ = messages["ExpressionAttributeValues"][":0"]["S"]
        assert session["ExpressionAttributeValues"][":1"]["S"] == f"{id_}#"
        owners = {item["parentUserId"] for item in table.items if item["sessionId"] == id_}
        assert owners == {parent}
    assert len(pauses) == 40
    assert all(3 <= seconds <= 20 for seconds in pauses)


def test_only_those_that_fit_are_asked_for(dataset: Dataset, system: System) -> None:
    """A household without an account is never looked up by its parent."""
    table = Table(dataset)
    played(player(dataset, table, skew=0.0), system.patterns["family-oversight"], 100)
    asked = {request["ExpressionAttributeValues"][":0"]["S"] for _, request in table.sent}
    assert asked <= {item.get("parentUserId") for item in table.items}


def test_whom_a_pattern_is_for_goes_by_truth(dataset: Dataset, system: System) -> None:
    """`only` may be any value, such as a text, or a number of which 0 means nobody."""
    oversight = system.patterns["family-oversight"]
    household, message = oversight.of, system.entities["Message"]
    for asked in (household["parentUserId"], count_of(lambda: message)):
        pattern = replace(oversight, only=asked)
        assert played(player(dataset, Table(dataset)), pattern, 20)


def test_a_mix_is_played_in_its_proportions(dataset: Dataset, system: System) -> None:
    """Entries come up as often as their weights say."""
    playing = player(dataset, Table(dataset))
    mix = system.mixes["read-heavy"]
    found = Counter(playing.choose(mix) for _ in range(6000))
    total = sum(mix.weights.values())
    for entry, weight in mix.weights.items():
        assert found[entry] == pytest.approx(6000 * weight / total, rel=0.25)


def test_mistakes_of_an_author_are_said(system: System) -> None:
    """A query that does not say its partition, a journey about two lines, an empty mix: refused."""
    table = system.tables[0]
    entities = system.entities
    reads = system.patterns["one-message"]
    with pytest.raises(BadContent, match="has to say what 'animalId' is"):
        Query(table, index="AnimalIndex", key={"userId": entities["Student"]["userId"]})
    with pytest.raises(BadContent, match="no index 'Nope'"):
        Query(table, index="Nope", key={})
    wrong: list[Any] = [0, -1, 5.0, True, "5"]
    for each in wrong:
        for given in ({"limit": each}, {"pages": each}):
            with pytest.raises((BadContent, TypeError), match="limit and pages are"):
                Query(table, key={"userId": entities["Student"]["userId"]}, **given)
    with pytest.raises(BadContent, match="Written"):
        Pattern(
            "x",
            PutItem(entities["Message"]),
            of=entities["Student"],
            expects=reads.expects,
            source="",
        )
    with pytest.raises(BadContent, match="weight"):
        Mix("x", {})
    lonely = system.entities["Household"]
    assert Journey("x", of=lonely, steps=(reads, Think(0, 1)), source="").patterns == (reads,)
