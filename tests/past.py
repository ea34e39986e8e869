"""Runs of the past: patterns really played against the test engine, and what they leave on disk."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import perf_counter_ns, time
from typing import Any

import orjson

from loadstone.aws.tables import Tables, wanted_tables
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.naming import Naming
from loadstone.pattern import Journey, Pattern
from loadstone.run import Ending, Header, PatternInfo, RunWriter, finish
from loadstone.run.written import NewItemsWriter
from loadstone.scenario.player import Player
from loadstone.scenario.settings import Settings
from loadstone.seeding.identity import Asked
from loadstone.seeding.session import Session, open_session
from loadstone.system import System
from loadstone.wire import decode

_numbers = itertools.count()


class Tried:
    """Tables of a test's own for a system, and a folder for what is kept of them."""

    def __init__(self, system: System, target: Target, folder: Path) -> None:
        self.system, self.target, self.folder = system, target, folder
        self.prefix = f"tried-{next(_numbers)}-"
        self.names = Naming(prefix=self.prefix).names(system.tables)
        self.wanted = wanted_tables(system.tables, self.names, system=system.id)
        Tables(target).create(self.wanted)

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def open(self, **asked: Any) -> Session:
        """A session; without anything asked, of what the tables hold."""
        only = asked.pop("only", None)
        return open_session(
            self.system,
            self.wanted,
            asked.pop("target", self.target),
            Asked(**asked),
            ledgers=self.folder / "ledgers",
            only=only,
        )

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table, read from it."""
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"TableName": self.names[table]}
        with Client(self.target) as client:
            while True:
                answer = client.send("Scan", orjson.dumps(request)).json
                found += map(decode, answer["Items"])
                if "LastEvaluatedKey" not in answer:
                    return found
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def send(self, operation: str, table: str, **request: Any) -> None:
        with Client(self.target) as client:
            body = orjson.dumps({"TableName": self.names[table], **request})
            assert client.send(operation, body).ok

    def run(
        self,
        name: str,
        entries: Sequence[Pattern | Journey],
        *,
        times: int = 10,
        ended: bool = True,
        workers: int = 1,
    ) -> Path:
        """Play some patterns and journeys, and keep what a run keeps."""
        session = self.open()
        header = self._header(name, session, entries, workers)
        directory = self.runs / name
        for worker in range(workers):
            settings = Settings(run=name, worker=worker, workers=workers)
            now_ns, now_ms = perf_counter_ns(), int(time() * 1000)
            record = RunWriter.start(directory, header, worker, now_ns=now_ns, unix_ms=now_ms)
            kept = NewItemsWriter(directory, worker)
            with Client(self.target) as client:
                random = Random(f"{name}-{worker}")
                player = Player(session.dataset, self.names, client, settings, random=random)
                for entry in entries:
                    for _ in range(times):
                        for call in _played(player, entry):
                            assert call.outcome != "failed", call.problem
                            record.add(call)
                    for kind, rows in player.journal.take():
                        kept.add(kind, rows)
            kept.close()
            if ended:
                record.close(Ending("completed"), perf_counter_ns())
            else:
                record.tick(perf_counter_ns())
        if ended:
            finish(directory, Ending("completed"), unix_ms=int(time() * 1000))
        return directory

    def _header(
        self, name: str, session: Session, entries: Sequence[Pattern | Journey], workers: int
    ) -> Header:
        patterns = [
            pattern
            for entry in entries
            for pattern in (entry.patterns if isinstance(entry, Journey) else [entry])
        ]
        return Header(
            name=name,
            system=self.system.id,
            started_unix_ms=int(time() * 1000),
            region=self.target.region,
            target=self.target.url,
            target_kind="embedded",
            workers=workers,
            dataset=session.dataset.identity.as_dict(),
            patterns={
                each.id: PatternInfo(
                    operation=each.operation.name, table=self.names[each.table.name]
                )
                for each in patterns
            },
            tables={place.name: place.key for place in session.places},
        )


def _played(player: Player, entry: Pattern | Journey) -> Any:
    if isinstance(entry, Journey):
        return player.travel(entry, perf_counter_ns(), lambda _: perf_counter_ns())
    return player.play(entry, perf_counter_ns())
