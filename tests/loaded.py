"""A data set in tables of the test engine, for those who play patterns against it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from time import perf_counter_ns
from typing import Any

import orjson

from loadstone.client.answer import Answer
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.contract.loading import tables_with
from loadstone.dataset import Dataset
from loadstone.naming import Naming
from loadstone.pattern import Journey, Pattern
from loadstone.run.call import Call
from loadstone.scenario.player import Player
from loadstone.scenario.settings import Settings
from loadstone.wire import decode

_numbers = itertools.count()


class Heard:
    """A client that keeps what was sent, and what came back."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Answer] = []

    def send(self, operation: str, body: bytes, /) -> Answer:
        self.sent.append((operation, orjson.loads(body)))
        answer = self._client.send(operation, body)
        self.answers.append(answer)
        return answer


@dataclass
class Loaded:
    """`tables` are the physical names by the documented ones."""

    dataset: Dataset
    client: Client
    tables: Mapping[str, str]

    def player(self, client: Any = None, **settings: Any) -> Player:
        asked = Settings(**{"sampled": 1.0, "run": f"run-{next(_numbers)}", **settings})
        return Player(self.dataset, self.tables, client or self.client, asked, random=Random(5))

    def played(self, pattern: Pattern, times: int = 20, **settings: Any) -> list[Call]:
        player = self.player(**settings)
        return [call for _ in range(times) for call in player.play(pattern, perf_counter_ns())]

    def travelled(self, journey: Journey, times: int = 5, **settings: Any) -> list[Call]:
        player = self.player(**settings)
        return [
            call
            for _ in range(times)
            for call in player.travel(journey, perf_counter_ns(), lambda _: perf_counter_ns())
        ]

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table, read from it."""
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"TableName": self.tables[table]}
        while True:
            answer = self.client.send("Scan", orjson.dumps(request)).json
            found += map(decode, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@contextmanager
def loaded(dataset: Dataset, target: Target) -> Iterator[Loaded]:
    """Tables of one's own that hold a data set; they are gone afterwards."""
    naming = Naming(prefix=f"loaded-{next(_numbers)}-", stage="test")
    with (
        Client(target) as client,
        tables_with(dataset, target, client, naming, say=lambda _: None) as names,
    ):
        yield Loaded(dataset, client, names)


def heard(found: Loaded, pattern: Pattern, times: int = 5) -> tuple[list[Call], Heard]:
    client = Heard(found.client)
    player = found.player(client)
    return [call for _ in range(times) for call in player.play(pattern, perf_counter_ns())], client


def problems(calls: list[Call]) -> set[str | None]:
    return {call.problem for call in calls}
