"""What one process counts in one second, pattern by pattern."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from loadstone.run.call import Call
from loadstone.run.histogram import Histogram

Resource = tuple[str, str | None]  # (table, index)

_SUMS = (
    "calls",
    "ok",
    "failed",
    "hits",
    "metered",
    "attempts",
    "rows",
    "request_bytes",
    "response_bytes",
)
_BY_CODE = ("declared", "failures", "attempt_errors")


@dataclass(slots=True)
class Counts:
    """Everything about calls that adds up. `hits` are calls that found or wrote anything, and
    `metered` those whose answer says what they consumed: an error does not.

    `declared` counts failures that the pattern expects, by code; `failures` failed calls by what
    was wrong; `attempt_errors` single requests by error code, those that a later attempt made good
    included. `units` are read and write units by table and index.
    """

    calls: int = 0
    ok: int = 0
    failed: int = 0
    hits: int = 0
    metered: int = 0
    attempts: int = 0
    rows: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    wait_max_us: int = 0  # the longest that a call waited before its first request was sent
    declared: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    attempt_errors: Counter[str] = field(default_factory=Counter)
    throttles: Counter[tuple[str, str]] = field(default_factory=Counter)  # (reason, resource)
    units: dict[Resource, tuple[float, float]] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Runs for every call: what seldom happens is looked at last."""
        answer, attempts = call.answer, call.answer.attempts
        self.calls += 1
        self.attempts += len(attempts)
        if call.rows:
            self.hits += 1
            self.rows += call.rows
        self.request_bytes += call.request_bytes
        self.response_bytes += len(answer.body)
        waited_us = (attempts[0].sent_ns - call.intended_ns) // 1000
        self.wait_max_us = max(self.wait_max_us, waited_us)
        if answer.units:
            self.metered += 1
            for table, index, read, write in answer.units:
                self._consume((table, index), read, write)
        if call.outcome == "ok":
            self.ok += 1
        elif call.outcome == "failed":
            self.failed += 1
            self.failures[call.problem or answer.code or "unexplained"] += 1
        else:
            self.declared[call.outcome] += 1
        for attempt in attempts:
            if attempt.code is not None:
                self.attempt_errors[attempt.code] += 1
            for reason, resource in attempt.throttles:
                self.throttles[reason, resource] += 1

    def _consume(self, resource: Resource, read: float, write: float) -> None:
        before = self.units.get(resource)
        self.units[resource] = (
            (read, write) if before is None else (before[0] + read, before[1] + write)
        )

    def merge(self, other: Counts) -> None:
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wait_max_us = max(self.wait_max_us, other.wait_max_us)
        for name in _BY_CODE:
            getattr(self, name).update(getattr(other, name))
        self.throttles.update(other.throttles)
        for resource, (read, write) in other.units.items():
            self._consume(resource, read, write)

    @classmethod
    def total(cls, parts: Iterable[Counts]) -> Counts:
        total = cls()
        for part in parts:
            total.merge(part)
        return total

    @property
    def read_units(self) -> float:
        return sum(read for read, _ in self.units.values())

    @property
    def write_units(self) -> float:
        return sum(write for _, write in self.units.values())

    @property
    def throttled(self) -> int:
        return self.throttles.total()

    def to_json(self) -> dict[str, Any]:
        """What is zero or empty is left out."""
        values: dict[str, Any] = {name: getattr(self, name) for name in (*_SUMS, "wait_max_us")}
        values |= {name: dict(getattr(self, name)) for name in _BY_CODE}
        values["throttles"] = [[*key, count] for key, count in self.throttles.items()]
        values["units"] = [[*key, *units] for key, units in self.units.items()]
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        counts = cls(
            throttles=Counter({(a, b): count for a, b, count in values.get("throttles", ())}),
            units={(table, index): (r, w) for table, index, r, w in values.get("units", ())},
        )
        for name in (*_SUMS, "wait_max_us"):
            setattr(counts, name, values.get(name, 0))
        for name in _BY_CODE:
            setattr(counts, name, Counter(values.get(name, {})))
        return counts


@dataclass(slots=True)
class Tally:
    """Counts with their latency from the intended start, and service time of the last attempt."""

    counts: Counts = field(default_factory=Counts)
    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)

    def merge(self, other: Tally) -> None:
        self.counts.merge(other.counts)
        self.latency.add(other.latency)
        self.service.add(other.service)

    def to_json(self) -> dict[str, Any]:
        histograms = {"latency": self.latency.encode(), "service": self.service.encode()}
        return self.counts.to_json() | histograms

    @classmethod
    def total(cls, parts: Iterable[Tally]) -> Self:
        total = cls()
        for part in parts:
            total.merge(part)
        return total

    @classmethod
    def merged(cls, parts: Iterable[Mapping[str, Any]]) -> Self:
        """One tally out of many in their written form."""
        parts = tuple(parts)
        return cls(
            Counts.total(map(Counts.from_json, parts)),
            Histogram.merged(part["latency"] for part in parts),
            Histogram.merged(part["service"] for part in parts),
        )


#: How the phases are called in a record.
WRITTEN_AS = ("patterns", "warm_up")


class Phases(NamedTuple):
    """By pattern: what counts, and apart from it what the warm-up did."""

    measured: dict[str, Tally]
    warm_up: dict[str, Tally]

    @classmethod
    def empty(cls) -> Self:
        return cls({}, {})

    def merge(self, other: Phases) -> None:
        for phase, theirs in enumerate(other):
            for pattern, tally in theirs.items():
                self.add(phase, pattern, tally)

    def add(self, phase: int, pattern: str, tally: Tally) -> None:
        mine = self[phase]
        if pattern not in mine:
            mine[pattern] = Tally()
        mine[pattern].merge(tally)

    def to_json(self) -> dict[str, Any]:
        return {
            name: {pattern: tally.to_json() for pattern, tally in tallies.items()}
            for name, tallies in zip(WRITTEN_AS, self, strict=True)
            if tallies
        }

    def all(self) -> Tally:
        """Every pattern and the warm-up together."""
        return Tally.total(tally for tallies in self for tally in tallies.values())

    def counts(self) -> Counts:
        """The same without the latencies, which take longer to add up."""
        return Counts.total(tally.counts for tallies in self for tally in tallies.values())


#: Called in the middle of long work, for others to go on.
Pause = Callable[[], object]


def no_pause() -> None:
    """Nobody else is there."""


class SecondTally:
    """A second while it is counted: latencies are kept raw, so that adding a call is cheap."""

    __slots__ = ("_measured", "_warm_up")

    def __init__(self) -> None:
        self._measured: dict[str, _Raw] = {}
        self._warm_up: dict[str, _Raw] = {}

    def add(self, call: Call) -> None:
        phase = self._warm_up if call.warm_up else self._measured
        raw = phase.get(call.pattern)
        if raw is None:
            raw = phase[call.pattern] = _Raw()
        raw.counts.add(call)
        raw.latencies_ns.append(call.answered_ns - call.intended_ns)
        last = call.answer.attempts[-1]
        raw.services_ns.append(last.answered_ns - last.sent_ns)

    def folded(self, pause: Pause = no_pause) -> Iterator[tuple[int, str, Tally]]:
        """Phase, pattern and its tally, one after the other; each takes some time."""
        for phase, raws in enumerate((self._measured, self._warm_up)):
            for pattern, raw in raws.items():
                yield phase, pattern, raw.fold(pause)

    def fold(self) -> Phases:
        phases = Phases.empty()
        for phase, pattern, tally in self.folded():
            phases[phase][pattern] = tally
        return phases


@dataclass(slots=True)
class _Raw:
    counts: Counts = field(default_factory=Counts)
    latencies_ns: array[int] = field(default_factory=lambda: array("q"))
    services_ns: array[int] = field(default_factory=lambda: array("q"))

    def fold(self, pause: Pause) -> Tally:
        latency = Histogram.of_ns(self.latencies_ns)
        pause()
        return Tally(self.counts, latency, Histogram.of_ns(self.services_ns))
