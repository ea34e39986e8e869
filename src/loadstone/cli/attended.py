"""A load that somebody watches, may stop with Ctrl-C, and has perhaps given a budget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from loadstone.cli.options import say
from loadstone.cli.sessions import interruptible
from loadstone.cli.spend import Spending

if TYPE_CHECKING:
    from gevent.event import Event

    from loadstone.capacity.spend import Estimate
    from loadstone.cli.seed_progress import Costs
    from loadstone.client.target import Target
    from loadstone.seeding.budget import Purse
    from loadstone.seeding.progress import Progress
    from loadstone.seeding.report import LedgerReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """`purse` is None where no budget is in play."""

    stop: Event
    progress: Progress
    costs: Costs
    purse: Purse | None

    def was_stopped(self, report: LedgerReport) -> bool:
        """Whether something is left because somebody, or the budget, wanted an end."""
        return self.stop.is_set() and report.left > 0

    def end(self, report: LedgerReport) -> NoReturn:
        """Of what was stopped: what is left, and how to go on."""
        left = f"{report.left:,} items are left"
        if report.unfinished:
            left += (
                f", {report.unfinished:,} of them {report.verb.past} already but in unfinished "
                "slices"
            )
        if self.purse and self.purse.reached:
            say(f"stopped, {self.purse.spent}: {left}; the same command goes on with a new budget")
            raise SystemExit(1)
        say(f"stopped: {left}; the same command goes on with them")
        raise SystemExit(130)


@contextmanager
def attended(spending: Spending, target: Target, plan: Estimate) -> Iterator[Attended]:
    """For as long as the block lasts: bars on a terminal, lines elsewhere, and Ctrl-C."""
    from rich.console import Console

    from loadstone.cli.seed_progress import shown
    from loadstone.seeding.budget import Watchful

    purse, costs = spending.purse(target, plan), spending.costs(target, plan)
    with interruptible() as stop, shown(Console(stderr=True), say, costs) as progress:
        watched = Watchful(progress, purse, stop) if purse else progress
        yield Attended(stop=stop, progress=watched, costs=costs, purse=purse)
