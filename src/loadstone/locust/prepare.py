"""Everything that a load needs, before its first user: target, tables, data set, player, record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from time import time
from typing import Any

from loadstone.advice import advised
from loadstone.arrivals.plan import Plan
from loadstone.aws.tables import wanted_tables
from loadstone.capacity.readings import Reading
from loadstone.capacity.till import Billed
from loadstone.client.client import Client
from loadstone.client.sender import Sender
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.embedded.engines import miscounts
from loadstone.errors import BadValue, TableMismatch
from loadstone.gate.asked import Throttling, find_throttling
from loadstone.gate.recount import COUNTED_BY, Recount
from loadstone.locust.configured import configuration, machine, versions
from loadstone.locust.load import Load
from loadstone.locust.senders import client_of, open_client
from loadstone.locust.spending import prices_of
from loadstone.naming import Naming
from loadstone.pattern import Mix, Pattern
from loadstone.run import Gauges, Header, PatternInfo, Stored, runs_folder
from loadstone.run.tally import Phases
from loadstone.scenario.expected import Expected, expectations
from loadstone.scenario.held import stored_sizes
from loadstone.scenario.player import Player
from loadstone.scenario.popularity import Popularity
from loadstone.scenario.samples import samples
from loadstone.scenario.settings import Settings
from loadstone.seeding.identity import Asked, settle
from loadstone.seeding.place import Place
from loadstone.seeding.places import Found, Places, refuse_open, refuse_untagged
from loadstone.system import System
from loadstone.target import Where, refuse_production

#: What is prepared depends on these; a worker is told those of the master when a test begins.
DECISIVE = (
    *("mix", "tags", "exclude_tags", "stage", "table_prefix", "reading", "skew"),
    *("allow_production", "allow_untagged"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A system whose tables were found to hold a data set: what every test of a process shares."""

    system: System
    target: Target
    asked: tuple[object, ...]  # the decisive options
    mix: Mix
    names: Mapping[str, str]
    dataset: Dataset
    stored: tuple[Stored, ...]
    places: tuple[Place, ...]
    ledgers: Path
    provisioned: frozenset[str]  # those whose capacity is paid by the hour
    throttling: Throttling
    expected: Mapping[str, Expected]  # units of a call, by pattern
    recounts: bool  # the engine's read units are wrong

    @property
    def billed(self) -> Billed | None:
        """What is played on AWS is paid for."""
        if self.target.kind != "aws":
            return None
        return Billed(self.target.region, frozenset(self.names.values()), self.provisioned)

    def as_told(self, options: Any) -> Prepared:
        """The same for what the master asks for, or the page: other tables, or another mix."""
        same = asked(options) == self.asked
        return self if same else prepare(self.system, self.target, options)

    def load(
        self,
        environment: Any,
        directory: Path,
        *,
        worker: int,
        members: Sequence[int],
        on_second: Callable[[Phases, Gauges], None],
        plan: Plan | None = None,
    ) -> Load:
        """This process's part of one test."""
        options = environment.parsed_options
        refuse_open(self.places, self.ledgers)
        name = options.run_name
        throttling = self.throttling
        if tuple(options.throttle) != throttling.texts:  # the master was started with others
            throttling = find_throttling(self.target, options.throttle, self.system, self.names)
        # One that joins late has nothing until the master leases it a share.
        workers = len(members)
        gate = throttling.gate(1 / workers if worker in members else 0.0)
        client = open_client(self.target, options, Recount(gate) if self.recounts else gate)
        settings = Settings(
            skew=options.skew,
            sampled=options.sampled,
            run=name,
            worker=worker,
            part=members.index(worker) if worker in members else worker % workers,
            workers=workers,
        )
        player = Player(self.dataset, self.names, client, settings)
        player.prepare(self.mix.patterns)
        header = replace(
            self._header(options, client, members, throttling),
            asked_per_s=plan.schedule.peak if plan else None,
        )
        return Load(
            environment=environment,
            player=player,
            client=client,
            mix=self.mix,
            header=replace(header, units_from=COUNTED_BY) if self.recounts else header,
            plan=plan,
            directory=directory,
            worker=worker,
            gate=gate,
            machine=machine(),
            on_second=on_second,
        )

    def _header(
        self, options: Any, client: Sender, members: Sequence[int], throttling: Throttling
    ) -> Header:
        target = self.target
        return Header(
            name=options.run_name,
            system=self.system.id,
            source=self.system.source,
            started_unix_ms=int(time() * 1000),
            region=target.region,
            target=target.url,
            target_kind=target.kind,
            warm_up_s=options.warm_up,
            workers=len(members),
            members=tuple(members),
            configuration=configuration(options, client),
            versions=versions(),
            dataset=self.dataset.identity.as_dict(),
            patterns={pattern.id: self._info(pattern) for pattern in self.mix.patterns},
            tables={place.name: place.key for place in self.places},
            documented={physical: name for name, physical in self.names.items()},
            stored=self.stored,
            samples=tuple(samples(self.dataset, self.names)),
            simulated=throttling.simulated,
            prices=tuple(price.to_json() for price in prices_of(options).of_region(target.region)),
        )

    def _info(self, pattern: Pattern) -> PatternInfo:
        expected = self.expected[pattern.id]
        return PatternInfo(
            operation=pattern.operation.name,
            table=self.names[pattern.table.name],
            index=pattern.index,
            source=pattern.source,
            servable=pattern.servable,
            expected_read_units=expected.read_units,
            expected_write_units=expected.write_units,
            expected_spread=expected.spread,
            expected_error=expected.error,
            assumed=expected.assumed,
        )


def prepare(system: System, target: Target, options: Any) -> Prepared:
    """Find the data set that a system's tables hold; what is asked wrongly is said here."""
    check_asked(options)
    reading = Reading.of(options.reading)
    naming = Naming(stage=options.stage, prefix=options.table_prefix)
    names = naming.names(system.tables)
    mix = asked_mix(system, options)
    ledgers = Where().state / "ledgers"
    places = Places(target, ledgers=ledgers, say=_say)
    found = places.find(wanted_tables(system.tables, names, system=system.id))
    refuse_open((each.place for each in found), ledgers)
    if any(pattern.writes for pattern in mix.patterns):
        refuse_production(
            target,
            naming=naming,
            tables=list(names.values()),
            allowed=options.allow_production,
            say=_say,
        )
        if target.kind == "aws":
            refuse_untagged(found, system.id, options.allow_untagged)
    dataset = held_dataset(system, names, found, target)
    # A mistake in the scenario shows here, and not when the first user meets it.
    player = Player(dataset, names, Client(target), Settings())
    player.prepare(mix.patterns)
    mix, left_out = player.playable(mix)
    if left_out:
        _say(f"left out, as nothing in this data set fits: {', '.join(left_out)}")
    throttling = find_throttling(target, options.throttle, system, names)
    for note in throttling.notes:
        _say(note)
    return Prepared(
        system=system,
        target=target,
        asked=asked(options),
        mix=mix,
        names=names,
        dataset=dataset,
        stored=tuple(stored_sizes(dataset, names, reading)),
        places=tuple(each.place for each in found),
        ledgers=ledgers,
        provisioned=frozenset(
            each.place.name for each in found if each.live is not None and each.live.provisioned
        ),
        throttling=throttling,
        expected=expectations(mix.patterns, dataset, options.skew, reading=reading),
        recounts=target.kind != "aws" and miscounts(target.url),
    )


def check_asked(options: Any) -> None:
    """Refused what no load is played with, whatever its tables hold."""
    Popularity(1, options.skew, 0)
    client_of(options)
    check_run_name(options.run_name)
    for said, value, most in (
        ("--retries", options.retries, inf),
        ("--warm-up", options.warm_up, inf),
        ("--sampled", options.sampled, 1),
    ):
        if not 0 <= value <= most or value == inf:
            wanted = "0 or more" if most == inf else f"between 0 and {most:g}"
            raise BadValue(f"{said} {value:g}: it is {wanted}")


def asked(options: Any) -> tuple[object, ...]:
    """The decisive options, to be compared with those of another time."""
    values = (getattr(options, name) for name in DECISIVE)
    return tuple(tuple(each) if isinstance(each, list) else each or () for each in values)


def asked_mix(system: System, options: Any) -> Mix:
    """The mix that options name, narrowed by their tags."""
    return system.mix(options.mix).tagged(options.tags or (), options.exclude_tags or ())


def check_run_name(name: str) -> None:
    """A run's name becomes a folder's; none yet is well too."""
    if name and (Path(name).name != name or name.startswith(".")):
        raise BadValue(f"{name!r} is no name for a run: it becomes the name of a folder")


def refuse_taken(name: str) -> None:
    """No two runs have one name."""
    if name and (runs_folder() / name).exists():
        raise BadValue(f"there is a run {name!r} already: choose another name")


def held_dataset(
    system: System, names: Mapping[str, str], tables: Sequence[Found], target: Target
) -> Dataset:
    """The data set that the tables say they hold."""
    found = {each.place.name: each.held for each in tables}
    for name in names.values():
        if name not in found:
            makes = "seed" if target.kind == "embedded" else "up"
            raise TableMismatch(
                f"there is no table {name}: "
                f"`{advised(makes, system.id, '--scale', '20000')}` makes and fills it"
            )
        if found[name] is None:
            raise TableMismatch(f"{name} holds no data set of Loadstone's: {_cure(system, tables)}")
    held = {name: identity for name, identity in found.items() if identity}
    return settle(system, Asked(), held, now=datetime.now(UTC))


def _cure(system: System, tables: Sequence[Found]) -> str:
    """A table that others made is not one to be filled without a word."""
    seed = advised("seed", system.id)
    if all(each.is_ours(system.id) for each in tables):
        return f"`{seed}` loads one"
    own = advised("up", system.id, "--table-prefix", "mine-")
    return f"`{own}` makes tables of your own and fills those; `{seed}` adds made-up items to this"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
