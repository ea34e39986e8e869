"""A seed from its tables to its report: what the command line, the demo and the tests call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import gevent
from gevent.event import Event

from loadstone.advice import advised
from loadstone.aws.live import LiveTable
from loadstone.aws.tables import Wanted
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import Refused
from loadstone.folders import make_folder
from loadstone.seeding.capacities import Capacity, followed, write_capacities
from loadstone.seeding.clock import WallClock
from loadstone.seeding.crews import Crew
from loadstone.seeding.from_runs import Beside, beside, runs_on
from loadstone.seeding.identity import Asked, settle
from loadstone.seeding.job import Job
from loadstone.seeding.ledger import LEDGERS, ledger_path
from loadstone.seeding.place import Place
from loadstone.seeding.places import Found, Places
from loadstone.seeding.progress import Progress, Silent
from loadstone.seeding.report import LedgerReport
from loadstone.seeding.seed import counts, open_ledger, seed
from loadstone.seeding.sender import Sender
from loadstone.seeding.streams import streams_are_slow, streams_off
from loadstone.seeding.tally import Tally
from loadstone.seeding.verification import Verification
from loadstone.seeding.verify import SAMPLE, Verifier
from loadstone.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A data set and the tables that are there for it; nothing is written before `seed`.

    `only` names the entities that are meant, and `tables` are those that hold some of them.
    """

    dataset: Dataset
    tables: Sequence[Found]
    target: Target
    control: Places
    ledgers: Path
    only: Collection[str] | None = None

    @property
    def places(self) -> list[Place]:
        return [found.place for found in self.tables]

    @property
    def asked(self) -> int:
        """How many items are meant."""
        return sum(
            items
            for place in self.places
            for items in counts(self.dataset, place, self.only).values()
        )

    @property
    def held(self) -> bool:
        """Whether a table holds the data set already, or a part of it."""
        return any(found.held for found in self.tables)

    @property
    def filled(self) -> list[Found]:
        """The tables that are known to hold it; all, where nothing is known of any."""
        there = [found for found in self.tables if found.held or self._has_ledger(found.place)]
        return there or list(self.tables)

    def _has_ledger(self, place: Place) -> bool:
        return ledger_path(self.ledgers, place, self.dataset.identity.as_dict()).exists()

    def seed(
        self,
        *,
        progress: Progress | None = None,
        in_flight: int | None = None,
        processes: int = 1,
        rate: float | None = None,
        stop: Event | None = None,
        retry_rejected: bool = False,
        crew: Callable[[Job], Crew] | None = None,
    ) -> LedgerReport:
        """Write what the ledgers do not have yet, and on the tables which data set it is."""
        progress = progress or Silent()
        make_folder(self.ledgers)  # no table says that it holds what nobody keeps account of
        self.control.mark(self.tables, self.dataset.identity.as_dict())
        with self.prepared(self.tables, progress.say) as capacities:
            return seed(
                self.dataset,
                self.places,
                self.target,
                progress=progress,
                in_flight=in_flight,
                processes=processes,
                rate=rate,
                only=self.only,
                capacities=capacities,
                ledgers=self.ledgers,
                stop=stop,
                retry_rejected=retry_rejected,
                crew=crew,
            )

    @contextmanager
    def prepared(
        self, tables: Sequence[Found], say: Callable[[str], None]
    ) -> Iterator[dict[str, Capacity]]:
        """While these tables are written to: what they may take, and no streams in the way."""
        make_folder(self.ledgers)
        control = self.control.control
        capacities = write_capacities(tables, self.target)

        def read(name: str) -> LiveTable | None:
            # In a thread: what is in flight goes on meanwhile.
            found: LiveTable | None = gevent.get_hub().threadpool.apply(control.read, (name,))
            return found

        with ExitStack() as stack:
            if self.target.kind == "aws":
                stack.enter_context(followed(capacities, read, WallClock()))
            if streams_are_slow(self.target):
                places = [each.place for each in tables]
                stack.enter_context(streams_off(control, places, say))
            yield capacities

    def verify(
        self,
        *,
        sample: int = SAMPLE,
        runs: Path | None = None,
        check: Callable[[Tally], None] = lambda _: None,
    ) -> Verification:
        """Count every table and index that holds the data set, and compare a sample with it.

        `runs` is the folder of the runs' records, which tell what is there beside it. `check` sees
        what the counting has consumed after each request, and may raise.
        """
        now_s = int(datetime.now(UTC).timestamp())

        def beside_in(place: Place) -> Beside:
            past = runs_on(runs, place) if runs else []
            return beside(self.dataset, place, past, now_s=now_s)

        with ExitStack() as stack:
            ledgers = [
                stack.enter_context(open_ledger(self.dataset, found.place, self.ledgers))
                for found in self.filled
            ]
            client, tally = stack.enter_context(Client(self.target, attempts=1)), Tally()
            verifier = Verifier(
                self.dataset,
                Sender(client, tally, wait=gevent.sleep),
                now_s=now_s,
                runs=beside_in,
                check=lambda: check(tally),
            )
            found = verifier.verify(ledgers, sample=sample)
        filled = {each.place.name for each in self.filled}
        unknown = [each.place.name for each in self.tables if each.place.name not in filled]
        return replace(found, unknown=tuple(unknown))


def open_session(
    system: System,
    wanted: Sequence[Wanted],
    target: Target,
    asked: Asked,
    *,
    ledgers: Path = LEDGERS,
    only: Collection[str] | None = None,
    partly: bool = False,
    supposing: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Session:
    """Find the tables and settle on the data set. Refused when one that is meant is missing, if it
    is not allowed to be there `partly`, and when one holds another data set, if the question is
    not what would be, `supposing` that it did not."""
    control = Places(target, ledgers=ledgers, say=say)
    tables = control.find(wanted)
    there = {found.place.name for found in tables}
    meant = {each.name for each in narrowed_tables(system, wanted, only)}
    missing = [name for name in (each.name for each in wanted) if name in meant - there]
    if missing and not partly:
        raise Refused(
            f"there is no table {', '.join(missing)} at {target}: "
            f"`{advised('tables create', system.id)}` makes it, and then "
            f"`{advised('seed', system.id)}` fills it"
        )
    held: Mapping[str, Mapping[str, str]] = {
        found.place.name: found.held for found in tables if found.held
    }
    now = datetime.now(UTC)
    try:
        dataset = settle(system, asked, held, now=now)
    except Refused as refused:
        if not supposing:
            raise
        say(f"a seed would be refused: {refused}; as if they were empty:")
        dataset = settle(system, asked, {}, now=now)
    return Session(
        dataset=dataset,
        tables=[found for found in tables if found.place.name in meant],
        target=target,
        control=control,
        ledgers=ledgers,
        only=only,
    )


def narrowed_tables(
    system: System, wanted: Sequence[Wanted], only: Collection[str] | None
) -> list[Wanted]:
    """The tables that hold these entities; None is all of them."""
    if only is None:
        return list(wanted)
    names = {entity.table.name for entity in system.stored if entity.table and entity.name in only}
    return [each for each in wanted if each.table.name in names]
