"""Money that may be spent, while it is spent."""

from __future__ import annotations

from decimal import Decimal

from gevent.event import Event

from loadstone.advice import advised
from loadstone.capacity.money import no_less
from loadstone.capacity.spend import Meter
from loadstone.errors import LoadstoneError
from loadstone.seeding.progress import Progress
from loadstone.seeding.tally import Tally

LOOK_EVERY_S = 0.5


class BudgetReached(LoadstoneError):
    """So much is spent as may be spent."""

    exit_code = 1


class Purse:
    """What a budget still allows, by what a tally has consumed. What is in flight when it is
    reached is paid for as well."""

    def __init__(self, meter: Meter, budget_usd: Decimal) -> None:
        self._meter, self.budget_usd = meter, budget_usd
        self._before_usd = self.spent_usd = Decimal(0)

    @property
    def reached(self) -> bool:
        return self.spent_usd >= self.budget_usd

    def look(self, tally: Tally) -> bool:
        """Whether the budget is reached."""
        now_usd = self._meter.usd(tally.read_units, tally.write_units)
        self.spent_usd = self._before_usd + now_usd
        return self.reached

    def keep(self) -> None:
        """What is spent stays spent: the next tally starts anew."""
        self._before_usd = self.spent_usd

    def check(self, tally: Tally) -> None:
        if self.look(tally):
            raise BudgetReached(
                f"counting was stopped, {self.spent}; `{advised('verify', 'SYSTEM')}` begins anew, "
                "with a larger --budget"
            )

    @property
    def spent(self) -> str:
        """In words, when it is."""
        return (
            f"as the budget of {self.budget_usd.normalize():f} USD is reached "
            f"({no_less(self.spent_usd)} USD are spent)"
        )


class Watchful:
    """A progress that is shown as before, and ends the work when its budget is reached."""

    def __init__(self, shown: Progress, purse: Purse, stop: Event) -> None:
        self._shown, self._purse, self._stop = shown, purse, stop
        self.every_s = min(LOOK_EVERY_S, shown.every_s)
        self._turns = max(1, round(shown.every_s / self.every_s))
        self._turn = 0

    def show(self, tally: Tally) -> None:
        over = self._purse.look(tally)
        if self._turn % self._turns == 0 or self._stop.is_set() or tally.done == tally.asked:
            self._shown.show(tally)
        self._turn += 1
        if over and not self._stop.is_set():
            self._stop.set()

    def say(self, text: str) -> None:
        self._shown.say(text)
