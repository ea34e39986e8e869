"""Which partition keys a run asked for most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from loadstone.run.record import Run

_OF_A_PATTERN, _IN_ALL = 3, 15
#: A key with a smaller part of a pattern's calls is one of many.
_LEAST = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class HotKeyRow:
    """A partition key in the table, or in the index that the pattern reads."""

    pattern: str
    table: str
    index: str | None
    key: str
    calls: int
    share: float


def hot_keys(run: Run) -> tuple[HotKeyRow, ...]:
    """Those with most of their pattern's calls first."""
    rows = sorted(_rows(run), key=lambda row: (-row.share, -row.calls, row.pattern, row.key))
    return tuple(rows[:_IN_ALL])


def _rows(run: Run) -> Iterator[HotKeyRow]:
    for heat in run.heat:
        info = run.header.patterns.get(heat.pattern)
        for key in islice(heat.hottest, _OF_A_PATTERN):
            # Of a few calls, each is a large part.
            if key.calls > 1 and heat.share(key) >= _LEAST:
                yield HotKeyRow(
                    pattern=heat.pattern,
                    table=heat.table,
                    index=info.index if info else None,
                    key=key.key,
                    calls=key.calls,
                    share=heat.share(key),
                )
