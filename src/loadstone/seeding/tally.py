"""What a load has done so far: counters that a progress display may read at any time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from loadstone.client.answer import Answer

Arm = tuple[str, str | None]  # a table, and one of its indexes


@dataclass(slots=True, kw_only=True)
class Tally:
    """`before` were written or rejected by an earlier call that this one continues."""

    asked: int = 0
    before: int = 0
    written: int = 0
    rejected: int = 0
    requests: int = 0
    well: int = 0  # requests that went well
    write_units: Counter[Arm] = field(default_factory=Counter)
    read_units: Counter[Arm] = field(default_factory=Counter)
    throttles: Counter[str] = field(default_factory=Counter)  # requests and items, by reason
    failures: Counter[str] = field(default_factory=Counter)  # that were sent again, by code

    @property
    def done(self) -> int:
        return self.before + self.written + self.rejected

    @property
    def total_write_units(self) -> float:
        return sum(self.write_units.values())

    @property
    def total_throttles(self) -> int:
        return self.throttles.total()

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
