"""What throttles a load: what was typed, what the scenario declares, or the target itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from loadstone.aws.endpoint import choose_address
from loadstone.capacity.throttle_rules import FLAG, Rules
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import Refused
from loadstone.gate.described import describing, throttling_at
from loadstone.gate.gate import Gate
from loadstone.gate.schema import Schemas
from loadstone.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """What throttles a load: rules of our own, a gate that the target is, or the target itself.

    `simulated` is what the record says of it, `notes` what a user should hear before.
    """

    texts: tuple[str, ...]  # as typed
    rules: Rules | None
    schemas: Schemas
    names: Mapping[str, str]  # physical names by the documented ones
    simulated: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def gate(self, share: float) -> Gate | None:
        """This process's gate for one test."""
        if self.rules is None:
            return None
        documented = {physical: name for name, physical in self.names.items()}

        def also_called(table: str) -> Iterable[str]:
            return [documented[table]] if table in documented else []

        gate = Gate(self.rules, self.schemas, share=share, also_called=also_called)
        gate.prepare(self.names.values())
        return gate


def refuse_throttle(endpoint: str | None, texts: Sequence[str], environ: Mapping[str, str]) -> None:
    """Refused where DynamoDB itself throttles, and what cannot be read; nothing is sent."""
    if not texts:
        return
    rules = Rules.parse(texts)
    address = choose_address(endpoint, environ)
    if address is not None and address.is_aws:
        raise Refused(
            f"--throttle {rules}: {address.origin} asks for DynamoDB on AWS, which throttles by "
            "itself, and simulated throttles would mix with its own; leave out --throttle, or load "
            "the embedded engine instead"
        )


def find_throttling(
    target: Target, texts: Sequence[str], system: System, names: Mapping[str, str]
) -> Throttling:
    """What was typed, else declared, held against the tables that are there.

    What is declared is for a target that throttles nothing: on AWS, and behind a gate, it is passed
    over.
    """
    client = Client(target)  # describes tables for as long as there are gates
    schemas = Schemas(describing(client))
    there = throttling_at(client) if target.kind != "aws" else None
    rules = _asked(texts, system)
    notes = _checked(rules, system, names, schemas) if rules else []
    if rules is not None and rules.origin != FLAG and (there or target.kind == "aws"):
        who = f"the gate at {target.url} throttles" if there else "DynamoDB throttles by itself"
        notes = [f"{rules.origin} {rules} is passed over: {who}"]
        rules = None
    if rules is not None and rules.throttle_nothing:
        rules = None
    return Throttling(
        texts=tuple(texts),
        rules=rules,
        schemas=schemas,
        names=names,
        simulated=tuple(_simulated(rules, there, target, system)),
        notes=tuple(notes),
    )


def _asked(texts: Sequence[str], system: System) -> Rules | None:
    if texts:
        return Rules.parse(texts)
    if system.throttle is None:
        return None
    return Rules.parse(system.throttle.texts, origin=f"scenarios/{system.id}.py, Throttle:")


def _simulated(
    rules: Rules | None, there: str | None, target: Target, system: System
) -> Iterator[str]:
    if rules is not None:
        declared = rules.origin != FLAG
        yield f"throttling: {rules}" + (f", as scenarios/{system.id}.py declares" * declared)
    if there:
        yield f"throttling: {there}, by the gate at {target.url}"


def _checked(rules: Rules, system: System, names: Mapping[str, str], schemas: Schemas) -> list[str]:
    """Hold rules against the system's tables, and those that others have at the same target: what
    is typed may be for several systems. The notes say which are of no use to this one."""
    own = [schemas.named(physical, documented) for documented, physical in names.items()]
    known = {name for table in own for name in table.names}
    foreign = {
        rule.table: rule
        for rule in rules.rules
        if rule.table and rule.table not in known and schemas(rule.table)
    }
    rules.check([*own, *(schemas.named(table) for table in foreign)])
    return [
        f"{rules.origin} {rule}: {table} is no table of {system.id}, so this is of no effect here"
        for table, rule in foreign.items()
    ]
