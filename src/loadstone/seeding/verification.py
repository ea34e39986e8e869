"""What came of counting the tables and reading a sample back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loadstone.seeding.from_runs import Written
from loadstone.seeding.presence import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A table or an index, counted. `runs` are those that wrote to it, and what."""

    table: str
    expected: Expected
    counted: int
    runs: tuple[Written, ...] = ()

    @property
    def least(self) -> int:
        """An item whose TTL has passed may be gone."""
        there = self.expected.items - self.expected.expired
        return there + sum(run.least for run in self.runs)

    @property
    def most(self) -> int | None:
        """None where a run was cut off: what it wrote last, nobody knows."""
        written = [run.most for run in self.runs]
        if None in written:
            return None
        return self.expected.items + sum(filter(None, written))

    @property
    def ok(self) -> bool:
        return self.least <= self.counted and (self.most is None or self.counted <= self.most)

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "index": self.expected.index,
            "expected": self.expected.items,
            "expired": self.expected.expired,
            "runs": [run.as_dict() for run in self.runs],
            "counted": self.counted,
            "ok": self.ok,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Of the `sampled` items `expired` were gone because their TTL has passed, and `touched` were
    not as loaded because a run changed them. `unknown` are tables of which nothing is known."""

    counts: tuple[Count, ...]
    sampled: int
    expired: int
    touched: int = 0
    differences: tuple[str, ...]  # one line for each sampled item that is not as it should be
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.differences and all(count.ok for count in self.counts)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "counts": [count.as_dict() for count in self.counts],
            "sampled": self.sampled,
            "expired": self.expired,
            "touched": self.touched,
            "unknown": list(self.unknown),
            "differences": list(self.differences),
        }
