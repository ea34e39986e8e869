"""What a run is to keep to: `p99 < 20ms`, `throttle_rate < 0.1%`, `wcu(messages) < 500/s`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from loadstone.errors import BadValue, UnknownName
from loadstone.run.evidence import NAMES, Evidence, Figure, figure_of, names_of
from loadstone.run.header import Header
from loadstone.run.tally import Resource

_OBJECTIVE = re.compile(
    r"\s*(?P<figure>[a-z_]+[\d.]*[a-z_]*)\s*(?:\(\s*(?P<subject>[^()]+?)\s*\))?"
    r"\s*(?P<sign><=|>=|<|>)\s*(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>\S*)\s*"
)

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}

Outcome = Literal["met", "missed", "not judged"]

GRAMMAR = (
    "write it as 'p99 < 20ms', 'p99(PATTERN) < 5ms', 'throttle_rate < 0.1%', "
    "'wcu(TABLE/INDEX) < 500/s' or 'usd_per_month < 300'; figures are " + ", ".join(NAMES)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A figure of the whole run, of one pattern or of one table, and the limit that it keeps to.

    Latencies count from the intended start, in microseconds; `service_` ones are the last attempt
    alone. `throttle_rate` is throttles by requests sent, each throttled item of a batch being one;
    `error_rate` failed calls by calls; `hit_rate` calls that found or wrote anything, by calls.
    `rcu` and `wcu` are means a second over the run; `usd_per_month` is of requests on demand at
    this rate, `total_usd_per_month` with the storage.
    """

    text: str
    figure: str
    subject: str | None  # a pattern; of rcu and wcu a table, or an index as TABLE/INDEX
    sign: str
    limit: float  # in microseconds, as a share, a second, or as it is written

    @property
    def kind(self) -> Figure:
        found = figure_of(self.figure)
        assert found is not None
        return found

    @property
    def holds_the_wait(self) -> bool:
        """Whether it is a latency from the intended start, which the generator's delay is in."""
        return self.figure == "max" or re.fullmatch(r"p[\d.]+", self.figure) is not None

    def replaces(self, other: Objective) -> bool:
        """Whether it limits the same figure on the same side."""
        mine, theirs = ((each.figure, each.subject, each.sign[0]) for each in (self, other))
        return mine == theirs

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an objective was met. `value` is None where the evidence does not say what it was."""

    objective: Objective
    value: float | None
    met: bool

    @property
    def outcome(self) -> Outcome:
        """What of there was nothing to judge is not met, and not called a miss either. That no rate
        held is the answer of a search."""
        if self.met:
            return "met"
        unseen = self.value is None and self.objective.figure != "highest_rate"
        return "not judged" if unseen else "missed"

    @property
    def was(self) -> str:
        """What it was, with its unit."""
        kind, limit = self.objective.kind, self.objective.limit
        return kind.lacking if self.value is None else kind.told(self.value, limit)

    def __str__(self) -> str:
        return f"{self.objective}: {self.was}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What objectives can be about in a load: its patterns, its tables, and whether it asks for a
    rate or looks for one."""

    patterns: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    asks: bool = True
    searches: bool = False

    @classmethod
    def of(
        cls, header: Header, played: Iterable[str] = (), consumed: Iterable[Resource] = ()
    ) -> Scope:
        """Of a run that is described so, and of what else it met."""
        resources = {*consumed, *((name, None) for name in header.tables)}
        resources |= {(info.table, info.index) for info in header.patterns.values()}
        resources |= {(each.table, each.index) for each in header.stored}
        names = {name for each in resources for name in names_of(*each, header.documented)}
        searches = bool(header.configuration.get("find_max"))
        return cls(
            patterns=tuple(sorted({*header.patterns, *played})),
            places=tuple(sorted(names)),
            asks=header.asked_per_s is not None or searches,
            searches=searches,
        )

    def joined(self, other: Scope) -> Scope:
        return Scope(
            patterns=tuple(sorted({*self.patterns, *other.patterns})),
            places=tuple(sorted({*self.places, *other.places})),
            asks=self.asks or other.asks,
            searches=self.searches or other.searches,
        )

    def refuse(self, objectives: Iterable[Objective]) -> None:
        """An objective of something that is not there can be neither met nor missed."""
        for each in objectives:
            if (error := self.unfit(each)) is not None:
                raise error

    def unfit(self, each: Objective) -> BadValue | UnknownName | None:
        """Why a load cannot be held against an objective."""
        about, subject = each.kind.about, each.subject
        if about == "run" and subject is not None:
            return BadValue(
                f"objective {each.text!r}: {each.figure} is of the whole run: leave out ({subject})"
            )
        if each.figure == "achieved" and not self.asks:
            return BadValue(f"objective {each.text!r}: the run asks for no rate, as --rate does")
        if each.figure == "highest_rate" and not self.searches:
            return BadValue(
                f"objective {each.text!r}: the run looks for no rate, as --find-max does"
            )
        if about == "pattern" and subject is not None and subject not in self.patterns:
            return UnknownName.among("pattern in this load", subject, list(self.patterns))
        if about == "table" and subject is not None and subject not in self.places:
            return UnknownName.among("table or index in this load", subject, list(self.places))
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a load is held to, and what of its scenario's does not fit it."""

    objectives: tuple[Objective, ...] = field(default=())
    left_out: tuple[str, ...] = field(default=())


def objective(text: str) -> Objective:
    """Read one objective."""
    found = _OBJECTIVE.fullmatch(text)
    kind = figure_of(found["figure"]) if found else None
    if found is None or kind is None:
        raise BadValue(f"objective {text!r} is not understood: {GRAMMAR}")
    if found["unit"] not in kind.units:
        known = ", ".join(unit for unit in kind.units if unit)
        inside = f"is in {known}" if known else "has no unit"
        raise BadValue(f"objective {text!r}: {found['figure']} {inside}; {GRAMMAR}")
    return Objective(
        text=" ".join(text.split()),
        figure=found["figure"],
        subject=found["subject"],
        sign=found["sign"],
        limit=float(found["number"]) * kind.units[found["unit"]],
    )


def kept_to(given: Sequence[Objective], declared: Sequence[Objective], scope: Scope) -> Kept:
    """What is given goes before what the scenario declares of the same figure.

    A declared one that this load cannot be held against is left out: a scenario has several mixes.
    One that is given for nothing that is there is for `Scope.refuse`.
    """
    rest = [each for each in declared if not any(one.replaces(each) for one in given)]
    unfit = {each.text: str(why) for each in rest if (why := scope.unfit(each)) is not None}
    return Kept(
        objectives=(*given, *(each for each in rest if each.text not in unfit)),
        left_out=tuple(f"{text} ({why})" for text, why in unfit.items()),
    )


def judge(objectives: Sequence[Objective], evidence: Evidence) -> list[Verdict]:
    """What became of each. Where no call was made, none is met."""
    return [_judge(each, evidence) for each in objectives]


def _judge(each: Objective, evidence: Evidence) -> Verdict:
    pattern = each.subject if each.kind.about == "pattern" else None
    called = evidence.tally(pattern).counts.calls or each.figure == "highest_rate"
    value = each.kind.value(evidence, each.subject) if called else None
    met = value is not None and _HOLDS[each.sign](value, each.limit)
    return Verdict(objective=each, value=value, met=met)
