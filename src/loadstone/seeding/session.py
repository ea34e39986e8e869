"""A seed from its tables to its report: what the command line, the demo and the tests call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import gevent
from gevent.event import Event

from loadstone.aws.tables import Wanted
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import Refused
from loadstone.seeding.identity import Asked, settle
from loadstone.seeding.ledger import LEDGERS
from loadstone.seeding.place import Place
from loadstone.seeding.places import Found, Places
from loadstone.seeding.report import SeedReport
from loadstone.seeding.seed import Progress, Silent, open_ledger, seed
from loadstone.seeding.sender import Sender
from loadstone.seeding.streams import streams_off
from loadstone.seeding.tally import Tally
from loadstone.seeding.verify import SAMPLE, Verification, Verifier
from loadstone.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A data set and the tables that are there for it; nothing is written before `seed`."""

    dataset: Dataset
    tables: Sequence[Found]
    target: Target
    control: Places
    ledgers: Path

    @property
    def places(self) -> list[Place]:
        return [found.place for found in self.tables]

    @property
    def held(self) -> bool:
        """Whether a table holds the data set already, or a part of it."""
        return any(found.held for found in self.tables)

    def seed(
        self,
        *,
        progress: Progress | None = None,
        in_flight: int | None = None,
        stop: Event | None = None,
    ) -> SeedReport:
        """Write what the ledgers do not have yet, and on the tables which data set it is."""
        progress = progress or Silent()
        self.control.mark(self.tables, self.dataset.identity.as_dict())
        embedded = self.target.kind == "embedded"
        quiet = streams_off(self.control.control, self.places, progress.say)
        with quiet if embedded else nullcontext():
            return seed(
                self.dataset,
                self.places,
                self.target,
                progress=progress,
                in_flight=in_flight,
                ledgers=self.ledgers,
                stop=stop,
            )

    def verify(self, *, sample: int = SAMPLE) -> Verification:
        """Count every table and index, and compare a sample with the data set."""
        with ExitStack() as stack:
            ledgers = [
                stack.enter_context(open_ledger(self.dataset, place, self.ledgers))
                for place in self.places
            ]
            client = stack.enter_context(Client(self.target, attempts=1))
            sender = Sender(client, Tally(), wait=gevent.sleep)
            now_s = int(datetime.now(UTC).timestamp())
            return Verifier(self.dataset, sender, now_s=now_s).verify(ledgers, sample=sample)


def open_session(
    system: System,
    wanted: Sequence[Wanted],
    target: Target,
    asked: Asked,
    *,
    ledgers: Path = LEDGERS,
    say: Callable[[str], None] = lambda _: None,
) -> Session:
    """Find the tables and settle on the data set. Refused when a table is missing."""
    control = Places(target, ledgers=ledgers, say=say)
    tables = control.find(wanted)
    there = {found.place.name for found in tables}
    missing = [each.name for each in wanted if each.name not in there]
    if missing:
        raise Refused(
            f"there is no table {', '.join(missing)} at {target}: "
            f"`loadstone tables create {system.id}` makes what is missing"
        )
    held: Mapping[str, Mapping[str, str]] = {
        found.place.name: found.held for found in tables if found.held
    }
    dataset = settle(system, asked, held, now=datetime.now(UTC))
    return Session(dataset=dataset, tables=tables, target=target, control=control, ledgers=ledgers)
