"""What came of a load: the closing ledger, as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadstone.seeding.book import Book
from loadstone.seeding.opened import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """A table's ledger. `before`: of the asked, what an earlier call had done.

    What is deleted counts as written, here as in the ledger; the verb says what a reader calls it.
    """

    verb: Verb
    name: str
    asked: int
    before: int
    written: int
    rejected: Mapping[str, int]  # by error code
    write_units: Mapping[str | None, float]  # of this call; None is the table, else an index
    dead_letters: Path | None

    @property
    def left(self) -> int:
        return self.asked - self.written - sum(self.rejected.values())

    def as_dict(self) -> dict[str, Any]:
        indexes = {name: units for name, units in self.write_units.items() if name is not None}
        return {
            "table": self.name,
            "asked": self.asked,
            "before": self.before,
            self.verb.past: self.written,
            "rejected": dict(self.rejected),
            "left": self.left,
            "write_units": {"table": self.write_units.get(None, 0.0), "indexes": indexes},
            "dead_letters": str(self.dead_letters) if self.dead_letters else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """`throttles` by reason and `failures` by code: what was sent again, in this call.

    `unfinished`: items of slices that were begun and not finished, which the next call does again.
    """

    verb: Verb
    identity: Mapping[str, str]
    written_now: int  # in this call
    unfinished: int
    tables: tuple[TableReport, ...]
    throttles: Mapping[str, int]
    failures: Mapping[str, int]
    requests: int
    elapsed_s: float

    @property
    def asked(self) -> int:
        return sum(table.asked for table in self.tables)

    @property
    def written(self) -> int:
        return sum(table.written for table in self.tables)

    @property
    def rejected(self) -> int:
        return sum(sum(table.rejected.values()) for table in self.tables)

    @property
    def left(self) -> int:
        """What is still to do, after an interruption."""
        return sum(table.left for table in self.tables)

    @property
    def write_units(self) -> float:
        return sum(sum(table.write_units.values()) for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        return {
            "identity": dict(self.identity),
            "asked": self.asked,
            self.verb.past: self.written,
            "rejected": self.rejected,
            "left": self.left,
            f"{self.verb.past}_now": self.written_now,
            "unfinished": self.unfinished,
            "tables": [table.as_dict() for table in self.tables],
            "throttles": dict(self.throttles),
            "failures": dict(self.failures),
            "requests": self.requests,
            "elapsed_s": round(self.elapsed_s, 3),
        }


def table_report(verb: Verb, book: Book, write_units: Mapping[str | None, float]) -> TableReport:
    standing = book.standing
    return TableReport(
        verb=verb,
        name=book.place.name,
        asked=standing.asked,
        before=book.before,
        written=standing.written,
        rejected=dict(standing.rejected),
        write_units=write_units,
        dead_letters=book.ledger.dead_letters if standing.rejected else None,
    )
