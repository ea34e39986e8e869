"""What a run spends, summed over its processes, and the end of it when its budget is reached."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from locust.runners import MasterRunner, WorkerRunner

from loadstone.capacity.money import no_less
from loadstone.capacity.price_file import known_prices
from loadstone.capacity.prices import Prices
from loadstone.capacity.till import Billed, Till
from loadstone.errors import BadValue
from loadstone.run.tally import Phases

SPENT = "loadstone-spent"


def prices_of(options: Any) -> Prices:
    """Those that are known, a file's before them."""
    path = getattr(options, "prices", "")
    return known_prices(Path(path) if path else None)


def budget_of(options: Any) -> Decimal | None:
    """What `--budget` says."""
    text = str(getattr(options, "budget", "") or "")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except ArithmeticError:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise BadValue(f"--budget {text}: write it in USD, above 0, such as 5 or 0.50")
    return amount


class Spending:
    """One process's part: a worker tells its master what it has spent, the master adds it up."""

    def __init__(self, runner: Any, reached: Callable[[str], None]) -> None:
        """`reached` is called once in a test, where runs are ended, with the reason."""
        self._runner, self._reached = runner, reached
        self._billed: dict[str, Billed] = {}
        self._till: Till | None = None
        self._budget: Decimal | None = None
        self._spent: dict[str, Decimal] = {}
        self._over = False
        if isinstance(runner, MasterRunner):
            runner.register_message(SPENT, self._hear)

    def bill(self, system: str, billed: Billed | None) -> None:
        """What a system's tables consume is paid for; None where nothing is."""
        self._billed.pop(system, None)
        if billed is not None:
            self._billed[system] = billed

    def begin(self, budget: Decimal | None, prices: Prices) -> None:
        """A test starts, and nothing is spent yet; None is no limit. NoPrice where a limit could
        not be held."""
        self._budget, self._over = budget, False
        self._spent.clear()
        limited = budget is not None and self._billed
        self._till = Till(tuple(self._billed.values()), prices) if limited else None

    def count(self, phases: Phases) -> None:
        """A second's calls."""
        if self._till is None:
            return
        spent = self._till.add(phases.counts().units)
        if isinstance(self._runner, WorkerRunner):
            self._runner.send_message(SPENT, {"usd": str(spent)})
        else:
            self._add("", spent)

    def _hear(self, environment: Any, msg: Any, **_: Any) -> None:
        """All that a worker has spent so far: a message that is lost is made good by the next."""
        self._add(msg.node_id, Decimal(msg.data["usd"]))

    def _add(self, worker: str, spent: Decimal) -> None:
        self._spent[worker] = spent
        total = sum(self._spent.values(), Decimal(0))
        if self._budget is not None and total >= self._budget and not self._over:
            self._over = True
            self._reached(
                f"the budget of {self._budget.normalize():f} USD is reached "
                f"({no_less(total)} USD are spent)"
            )
