"""A load of tasks that somebody wrote by hand: no scenario, no data set, the same record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

import orjson

from loadstone.arrivals.plan import Plan
from loadstone.aws.settings import TAG
from loadstone.capacity.throttle_rules import Named, Rules
from loadstone.capacity.till import Billed
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import BadValue, Refused
from loadstone.gate.described import describing, throttling_at
from loadstone.gate.gate import Gate
from loadstone.gate.schema import Schemas
from loadstone.locust.configured import configuration, machine, versions
from loadstone.locust.recording import Recording
from loadstone.locust.senders import client_of, open_client
from loadstone.locust.spending import prices_of
from loadstone.naming import Naming
from loadstone.run import Gauges, Header, PatternInfo
from loadstone.run.call import Call
from loadstone.run.tally import Phases
from loadstone.target import refuse_production

NO_TABLE = "ResourceNotFoundException"


@dataclass(kw_only=True, eq=False)
class HandmadeLoad(Recording):
    """Where the calls of tasks by hand are counted; a name is described when it is first met."""

    guard: Guard
    _met: set[str] = field(default_factory=set, init=False)

    def count_as(self, call: Call, info: PatternInfo, context: Any) -> None:
        """Count a call, whose name stands for an operation on a table or an index."""
        if call.pattern not in self._met:
            self._met.add(call.pattern)
            told = {"operation": info.operation, "table": info.table, "index": info.index}
            self.note("pattern", {"pattern": call.pattern, **told})
        if call.answer.code == NO_TABLE:
            # DynamoDB does not say which.
            said = f"{call.answer.message}: {info.table}"
            self._messages.setdefault((call.pattern, NO_TABLE), said)
        self.count(call, context)


class Guard:
    """Looks at each table before the first write to it: nobody has said before which there are."""

    def __init__(self, target: Target, options: Any, *, say: Callable[[str], None]) -> None:
        self._target, self._options, self._say = target, options, say
        self._passed: set[str] = set()

    def __call__(self, tables: Sequence[str]) -> None:
        """Refused when a table looks like production, or on AWS does not carry our tag."""
        for table in tables:
            if table not in self._passed:
                self._check(table)
                self._passed.add(table)

    def _check(self, table: str) -> None:
        refuse_production(
            self._target,
            naming=Naming(),
            tables=[table],
            allowed=self._options.allow_production,
            say=self._say,
        )
        if self._target.kind != "aws" or table in self._options.allow_untagged:
            return
        from loadstone.aws.control import Control

        live = Control(self._target, say=self._say).read(table)
        if live is None or not isinstance(live.tag(TAG), str):
            raise Refused(
                f"{table}: not seen to carry Loadstone's tag, so it may be in use; "
                f"if it is meant, add --allow-untagged {table}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handmade:
    """A target, and what throttles it: what every test of a process shares."""

    name: str
    source: str
    target: Target
    texts: tuple[str, ...]
    schemas: Schemas
    tables: tuple[str, ...]
    there: str | None  # what a gate at the target throttles by
    guard: Guard
    provisioned: Collection[str] = frozenset()

    @property
    def billed(self) -> Billed | None:
        """What is played on AWS is paid for, in whatever table."""
        if self.target.kind != "aws":
            return None
        return Billed(self.target.region, None, frozenset(self.provisioned))

    def as_told(self, _: Any) -> Handmade:
        """It is prepared for whatever is asked."""
        return self

    def load(
        self,
        environment: Any,
        directory: Path,
        *,
        worker: int,
        members: Sequence[int],
        on_second: Callable[[Phases, Gauges], None],
        plan: Plan | None = None,
    ) -> HandmadeLoad:
        """This process's part of one test."""
        refuse_arrivals(self.name, plan)
        options = environment.parsed_options
        rules = self._rules(tuple(options.throttle))
        gate = self._gate(rules, 1 / len(members) if worker in members else 0.0)
        client = open_client(self.target, options, gate)
        return HandmadeLoad(
            environment=environment,
            client=client,
            header=self._header(options, configuration(options, client, scenario=False), rules),
            directory=directory,
            worker=worker,
            gate=gate,
            machine=machine(),
            on_second=on_second,
            guard=self.guard,
        )

    def _rules(self, texts: tuple[str, ...]) -> Rules | None:
        if not texts:
            return None
        rules = Rules.parse(texts)
        rules.check(
            [
                Named((name,), tuple(index.name for index in schema.global_indexes))
                for name in self.tables
                if (schema := self.schemas(name))
            ]
        )
        return None if rules.throttle_nothing else rules

    def _gate(self, rules: Rules | None, share: float) -> Gate | None:
        if rules is None:
            return None
        gate = Gate(rules, self.schemas, share=share)
        gate.prepare(self.tables)
        return gate

    def _header(self, options: Any, asked: dict[str, Any], rules: Rules | None) -> Header:
        simulated = [f"throttling: {rules}"] if rules else []
        if self.there:
            simulated.append(f"throttling: {self.there}, by the gate at {self.target.url}")
        region = self.target.region
        return Header(
            name=options.run_name,
            system=self.name,
            source=self.source,
            started_unix_ms=int(time() * 1000),
            region=region,
            target=self.target.url,
            target_kind=self.target.kind,
            warm_up_s=options.warm_up,
            workers=len(options.loadstone_members),
            members=tuple(options.loadstone_members),
            configuration=asked,
            versions=versions(),
            simulated=tuple(simulated),
            prices=tuple(price.to_json() for price in prices_of(options).of_region(region)),
        )


def refuse_arrivals(name: str, plan: Plan | None) -> None:
    """Refused where a rate is asked of tasks that users play, each in its own time."""
    if plan is not None:
        raise BadValue(
            f"--rate, --shape and --find-max play a scenario; {name} has tasks of its own, which "
            "users play: set their wait_time, such as constant_throughput(1)"
        )


def prepare_handmade(
    name: str, source: str, target: Target, options: Any, *, say: Callable[[str], None]
) -> Handmade:
    """What is asked wrongly is said here, before the first user."""
    client_of(options)
    if options.retries < 0 or not 0 <= options.warm_up < float("inf"):
        raise BadValue("--retries and --warm-up are 0 or more")
    client = Client(target)  # describes tables for as long as there are gates
    handmade = Handmade(
        name=name,
        source=source,
        target=target,
        texts=tuple(options.throttle),
        schemas=Schemas(describing(client)),
        tables=_tables(client) if options.throttle else (),
        there=throttling_at(client) if target.kind != "aws" else None,
        guard=Guard(target, options, say=say),
    )
    handmade._rules(handmade.texts)
    return handmade


def _tables(client: Client) -> tuple[str, ...]:
    """Every table there is, which a gate may throttle."""
    names: list[str] = []
    request: dict[str, Any] = {}
    while True:
        answer = client.send("ListTables", orjson.dumps(request)).json
        names += answer.get("TableNames", [])
        if "LastEvaluatedTableName" not in answer:
            return tuple(names)
        request = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}
