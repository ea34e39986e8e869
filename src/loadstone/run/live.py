"""What a run has done so far, and does now: summed over its processes while it goes on."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

from loadstone.run.tally import Counts, Phases, Resource, Tally

#: What "now" is: long enough for two reports of a worker, which come every three seconds.
NOW_S = 5.0
#: A process that has not been heard of for so long does nothing now.
SILENT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a process knows of its target. `provisioned` are tables that are paid by the hour."""

    region: str
    kind: str
    simulated: bool = False
    provisioned: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{**values, "provisioned": tuple(values["provisioned"])})


@dataclass(slots=True)
class Part:
    """What a process has done in a while. `span_s` is by its own clock."""

    system: str
    about: About
    span_s: float = 0.0
    phases: Phases = field(default_factory=Phases.empty)

    def add(self, span_s: float, phases: Phases) -> None:
        self.span_s += span_s
        self.phases.merge(phases)

    def to_json(self) -> dict[str, Any]:
        return {
            "system": self.system,
            "about": asdict(self.about),
            "span_s": self.span_s,
            **self.phases.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        measured, warm_up = (
            {name: Tally.merged([each]) for name, each in values.get(phase, {}).items()}
            for phase in ("patterns", "warm_up")
        )
        about = About.from_json(values["about"])
        return cls(values["system"], about, values["span_s"], Phases(measured, warm_up))


class Rates(NamedTuple):
    """What happens a second now."""

    units: Mapping[Resource, tuple[float, float]]
    throttles: Mapping[tuple[str, str], float]

    def of(self, resource: Resource) -> tuple[float, float]:
        return self.units.get(resource, (0.0, 0.0))


class _Recent(NamedTuple):
    at_s: float
    span_s: float
    counts: Counts


@dataclass(slots=True)
class Live:
    """All systems of a run. Times are passed in, by the clock of whoever adds up."""

    totals: dict[str, Phases] = field(default_factory=dict)  # by system
    about: dict[str, About] = field(default_factory=dict)
    lasted_s: float = 0.0
    _heard: dict[tuple[str, str], deque[_Recent]] = field(default_factory=dict)
    _spans_s: defaultdict[tuple[str, str], float] = field(
        default_factory=lambda: defaultdict(float)
    )

    def hear(self, process: str, part: Part, at_s: float) -> None:
        """Add what a process has done since it was last heard of."""
        self.about[part.system] = part.about
        self.totals.setdefault(part.system, Phases.empty()).merge(part.phases)
        who = (process, part.system)
        self._spans_s[who] += part.span_s
        self.lasted_s = max(self.lasted_s, self._spans_s[who])
        recent = self._heard.setdefault(who, deque())
        recent.append(_Recent(at_s, part.span_s, part.phases.counts()))
        while sum(each.span_s for each in recent) - recent[0].span_s >= NOW_S:
            recent.popleft()

    def rates(self, now_s: float) -> Rates:
        """What all processes do a second, by what they last told."""
        units: defaultdict[Resource, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        throttles: defaultdict[tuple[str, str], float] = defaultdict(float)
        for recent in self._heard.values():
            span_s = sum(each.span_s for each in recent)
            if not span_s or now_s - recent[-1].at_s > SILENT_S:
                continue
            counts = Counts.total(each.counts for each in recent)
            for resource, (read, write) in counts.units.items():
                before = units[resource]
                units[resource] = (before[0] + read / span_s, before[1] + write / span_s)
            for key, count in counts.throttles.items():
                throttles[key] += count / span_s
        return Rates(dict(units), dict(throttles))

    def counts(self, system: str) -> Counts:
        """Everything of a system, warm-up included."""
        return self.totals[system].counts()

    def patterns(self) -> Iterator[tuple[str, str, Tally]]:
        """System, pattern, and what it did after the warm-up."""
        for system, phases in sorted(self.totals.items()):
            for pattern, tally in sorted(phases.measured.items()):
                yield system, pattern, tally
