"""A system's tables: made, compared, completed and dropped; every check before any change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from loadstone.aws.control import Control
from loadstone.aws.keys import key_arn
from loadstone.aws.live import LiveTable
from loadstone.aws.request import billing_request, create_request
from loadstone.aws.settings import TAG, Finding, check_shape, findings, missing
from loadstone.client.target import Target
from loadstone.table import Table

Outcome = Literal["created", "completed", "there", "not ours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A table to have: with the billing that is asked for, under its physical name."""

    table: Table
    name: str
    tags: Mapping[str, str]

    @property
    def system(self) -> str:
        return self.tags[TAG]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What `create` did about one table, and what is still not as documented."""

    name: str
    outcome: Outcome
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Droppable:
    """What `drop` would do: the tables with our tag, those without, those that are not there."""

    ours: tuple[LiveTable, ...]
    others: tuple[str, ...]
    absent: tuple[str, ...]


def wanted_tables(
    tables: Sequence[Table],
    names: Mapping[str, str],
    *,
    system: str,
    identity: Mapping[str, str] | None = None,
) -> list[Wanted]:
    """A system's tables under their physical names, with Loadstone's tag and any others."""
    tags = {**(identity or {}), TAG: system}
    return [Wanted(table=table, name=names[table.name], tags=tags) for table in tables]


class Tables:
    """The tables at one target."""

    def __init__(self, target: Target, *, say: Callable[[str], None] = lambda _: None) -> None:
        self._control = Control(target, say=say)
        self._say = say

    def read(self, name: str) -> LiveTable | None:
        """A live table with every setting; None when there is none of that name."""
        return self._control.read(name)

    def verify(self, wanted: Sequence[Wanted]) -> list[Finding]:
        """Every documented setting that is not seen on the live tables."""
        return [finding for each in wanted for finding in self._findings(each)]

    def create(self, wanted: Sequence[Wanted], *, rebill: bool = False) -> list[Made]:
        """Have the tables, active and as documented; those that are there are completed.

        A table without our tag is left as it is. Billing of a table that is there changes only
        with `rebill`. TableMismatch, before the first change, when one has other keys.
        """
        there = {each.name: live for each in wanted if (live := self.read(each.name))}
        for each in wanted:
            if live := there.get(each.name):
                check_shape(each.table, live)
        for each in wanted:
            if each.name not in there:
                self._create(each)
        return [self._completed(each, there.get(each.name), rebill=rebill) for each in wanted]

    def droppable(self, wanted: Sequence[Wanted]) -> Droppable:
        """Which of the tables carry our tag, with this system's name."""
        found = [(each, self.read(each.name)) for each in wanted]
        there = [(each, live) for each, live in found if live]
        return Droppable(
            ours=tuple(live for each, live in there if live.tag(TAG) == each.system),
            others=tuple(live.name for each, live in there if live.tag(TAG) != each.system),
            absent=tuple(each.name for each, live in found if live is None),
        )

    def drop(self, tables: Sequence[LiveTable]) -> None:
        """Delete the tables of a Droppable, protection lifted, and wait until they are gone."""
        for table in tables:
            if table.deletion_protection:
                self._control.update(table.name, DeletionProtectionEnabled=False)
            self._control.delete(table.name)
        for table in tables:
            self._control.await_gone(table.name)
            self._say(f"dropped {table.name}")

    def _create(self, each: Wanted) -> None:
        if self._control.create(create_request(each.table, each.name, each.tags)):
            self._say(f"creating {each.name}")
            return
        self._say(f"{each.name} is being created by somebody else")
        if live := self.read(each.name):
            check_shape(each.table, live)

    def _completed(self, each: Wanted, before: LiveTable | None, *, rebill: bool) -> Made:
        if before is not None and before.tag(TAG) != each.system:
            return Made(name=each.name, outcome="not ours", findings=self._findings(each))
        changed = self._complete(each, rebill=rebill)
        outcome: Outcome = "created" if before is None else "completed" if changed else "there"
        return Made(name=each.name, outcome=outcome, findings=self._findings(each))

    def _complete(self, each: Wanted, *, rebill: bool) -> bool:
        """Whatever can be set on a table, and is not as documented, is set."""
        self._control.await_active(each.name)
        live = self.read(each.name)
        if live is None:
            return False
        differing = {finding.setting for finding in self._compared(each, live) if finding.fails}
        changes = dict(_settable(each, live, self._control))
        if rebill:
            changes |= dict(_rebilled(each, self._control, differing))
        made = [change() for setting, change in changes.items() if setting in differing]
        return any(made)

    def _findings(self, each: Wanted) -> tuple[Finding, ...]:
        live = self.read(each.name)
        return tuple(self._compared(each, live)) if live else (missing(each.name),)

    def _compared(self, each: Wanted, live: LiveTable) -> list[Finding]:
        return findings(
            each.table,
            live,
            tags=each.tags,
            key_arn=lambda name: key_arn(self._control.target, name),
        )


Change = tuple[str, Callable[[], bool]]


def _settable(each: Wanted, live: LiveTable, control: Control) -> Iterator[Change]:
    """What can be set, by the setting that it puts right. Nothing that is there is taken away."""
    table, name = each.table, each.name
    if (ttl := table.ttl) and live.ttl is None:
        yield "TTL", lambda: control.set_ttl(name, ttl)
    if days := table.pitr_days:
        yield "point-in-time recovery", lambda: control.set_recovery(name, days)
    if table.stream and live.stream is None:
        stream = {"StreamEnabled": True, "StreamViewType": table.stream}
        yield "stream", lambda: control.update(name, StreamSpecification=stream)
    if table.deletion_protection:
        yield (
            "deletion protection",
            lambda: control.update(name, DeletionProtectionEnabled=True),
        )
    for key, value in each.tags.items():
        yield f"tag {key}", partial(control.tag, live, {key: value})


def _rebilled(each: Wanted, control: Control, differing: set[str]) -> Iterator[Change]:
    """The mode with all its capacity in one change, else each capacity that differs."""
    name = each.name
    whole, indexes = billing_request(each.table)
    if "billing" in differing:
        yield "billing", lambda: control.update(name, **whole)
        return
    units = whole.get("ProvisionedThroughput")
    yield "capacity", lambda: control.update(name, ProvisionedThroughput=units)
    for index, change in indexes.items():
        yield (
            f"index {index} capacity",
            partial(control.update, name, GlobalSecondaryIndexUpdates=[change]),
        )
