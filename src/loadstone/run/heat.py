"""Which partition keys a run asked for, and how often: the hottest by name, the others as a sum.

A process counts every key of a second, and keeps of each pattern and table the few thousand that
were asked for most. A key with a share worth speaking of is counted from its first second on; of
the others some calls may go uncounted, so a count is never too high.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Any, NamedTuple

import orjson

from loadstone.gate.needs import hashed
from loadstone.wire import encode_value

#: Keys of a pattern and table: so many are written, and so many are kept in mind.
WRITTEN, KEPT = 32, 4096
#: A second of so many different keys is merged whole; of a fuller one what was asked for again.
_FEW = 512


class HotKey(NamedTuple):
    """A partition key as it is on the wire, its hash as the gate has it, and its calls."""

    key: str
    hash: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeat:
    """The keys of one pattern in one table, or in the index that the pattern reads.

    `calls` counts keys: a batch has several.
    """

    pattern: str
    table: str
    calls: int
    hottest: tuple[HotKey, ...]  # falling

    def share(self, key: HotKey) -> float:
        """The part of the calls that one key has."""
        return key.calls / self.calls if self.calls else 0.0


class KeyCounter:
    """Counts keys, cheaply; `fold` once a second."""

    __slots__ = ("_calls", "_kept", "_now")

    def __init__(self) -> None:
        self._now: dict[tuple[str, str], dict[Any, int]] = {}
        self._kept: defaultdict[tuple[str, str], dict[Any, int]] = defaultdict(dict)
        self._calls: Counter[tuple[str, str]] = Counter()

    def count(self, pattern: str, table: str, key: Any) -> None:
        """A call asks for a partition key; a scan asks for none."""
        if key is None:
            return
        counts = self._now.get((pattern, table))
        if counts is None:
            counts = self._now[pattern, table] = {}
        counts[key] = counts.get(key, 0) + 1

    def count_own(self, pattern: str, table: str) -> None:
        """A call asks for a partition key that no other one asks for."""
        self._calls[pattern, table] += 1

    def fold(self) -> None:
        """A second has passed."""
        now, self._now = self._now, {}
        for place, counts in now.items():
            self._calls[place] += sum(counts.values())
            kept, few = self._kept[place], len(counts) <= _FEW
            for key, calls in counts.items():
                if few or calls > 1 or key in kept:
                    kept[key] = kept.get(key, 0) + calls
            if len(kept) > 2 * KEPT:
                self._kept[place] = dict(nlargest(KEPT, kept.items(), key=_calls))

    def to_json(self) -> dict[str, Any]:
        """All since the start."""
        places = [
            [*place, calls, [[encode_value(key), n] for key, n in _hottest(self._kept[place])]]
            for place, calls in self._calls.items()
        ]
        return {"heat": places}


def heat_of(lines: Iterable[Mapping[str, Any]]) -> tuple[KeyHeat, ...]:
    """Out of a record's lines: the last of each process, all processes together."""
    last = {line["worker"]: line["heat"] for line in lines if line["kind"] == "heat"}
    calls: Counter[tuple[str, str]] = Counter()
    keys: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for places in last.values():
        for pattern, table, counted, hottest in places:
            calls[pattern, table] += counted
            for wire, each in hottest:
                keys[pattern, table][orjson.dumps(wire).decode()] += each
    return tuple(
        KeyHeat(
            pattern=pattern,
            table=table,
            calls=calls[pattern, table],
            hottest=tuple(
                HotKey(_name(wire), hashed(orjson.loads(wire)), each)
                for wire, each in keys[pattern, table].most_common(WRITTEN)
            ),
        )
        for pattern, table in sorted(calls)
    )


def _hottest(kept: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return nlargest(WRITTEN, kept.items(), key=_calls)


def _calls(entry: tuple[Any, int]) -> int:
    return entry[1]


def _name(wire: str) -> str:
    ((_, plain),) = orjson.loads(wire).items()
    return str(plain)
