"""What a load has done so far: counters that a progress display may read at any time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from loadstone.client.answer import Answer

Arm = tuple[str, str | None]  # a table, and one of its indexes


@dataclass(slots=True, kw_only=True)
class TableTally:
    """`done`: written or rejected, in slices that the ledger has, in this call and before.

    `under_way`: in slices that are not finished; should the load end now, they are done again.
    """

    asked: int
    done: int = 0
    under_way: int = 0
    throttled: int = 0  # requests and items, in this call

    @property
    def seen(self) -> int:
        return self.done + self.under_way


@dataclass(slots=True, kw_only=True)
class Tally:
    """`before` were written or rejected by an earlier call that this one continues.

    `tables` by the name in the account. In a load of several processes, the sum of them all.
    """

    asked: int = 0
    before: int = 0
    written: int = 0
    rejected: int = 0
    under_way: int = 0
    unfinished: int = 0  # what was under way when the load ended
    requests: int = 0
    well: int = 0  # requests that went well
    write_units: Counter[Arm] = field(default_factory=Counter)
    read_units: Counter[Arm] = field(default_factory=Counter)
    throttles: Counter[str] = field(default_factory=Counter)  # requests and items, by reason
    failures: Counter[str] = field(default_factory=Counter)  # that were sent again, by code
    tables: dict[str, TableTally] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.before + self.written + self.rejected + self.under_way

    @property
    def total_write_units(self) -> float:
        return sum(self.write_units.values())

    @property
    def total_throttles(self) -> int:
        return self.throttles.total()

    @property
    def total_failures(self) -> int:
        return self.failures.total()

    def units_of(self, table: str) -> dict[str | None, float]:
        """The write units of a table (None) and of its indexes."""
        return {index: units for (name, index), units in self.write_units.items() if name == table}

    def leave_unfinished(self) -> None:
        """The load has ended: what is under way does not count as done."""
        self.unfinished, self.under_way = self.under_way, 0
        for table in self.tables.values():
            table.under_way = 0

    def account(self, answer: Answer) -> None:
        """What an answer consumed, and what it says of throttling."""
        self.requests += len(answer.attempts)
        for units in answer.units:
            if units.write:
                self.write_units[units.table, units.index] += units.write  # type: ignore[assignment]
            if units.read:
                self.read_units[units.table, units.index] += units.read  # type: ignore[assignment]
        for throttle in answer.throttles:
            self.throttles[throttle.reason] += 1
