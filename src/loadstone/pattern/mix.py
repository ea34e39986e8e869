"""What users do: patterns in an order, and in what proportions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from math import inf

from loadstone.entity import Entity
from loadstone.errors import BadContent, BadValue, UnknownName
from loadstone.pattern.declared import Pattern, related
from loadstone.pattern.operations import Scan

#: How all that is written comes to be below what is touched.
_ONE_ROOT = (
    "give both a parent in common, an entity without a table where there is none, and touch that "
    '("What a run may write" in docs/your-own-system.md)'
)


@dataclass(frozen=True, slots=True, eq=False)
class Think:
    """A pause within a journey, in seconds: somewhere between low and high."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """A step that plays its pattern once for every item that the journey's thing has of the
    pattern's entity, one after the other: the messages of each of a user's sessions."""

    pattern: Pattern


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """Patterns in the order that one user meets them, about one thing: the `of` that is drawn.

    A step whose pattern asks for an ancestor of that thing gets that ancestor; one that asks for a
    descendant, or for a descendant of an ancestor, gets one of those, and the later steps the same
    one. What its steps put belongs together, and later ones may refer to it with wrote().
    """

    id: str
    _: KW_ONLY
    of: Entity
    steps: Sequence[Pattern | Each | Think]
    source: str

    def __post_init__(self) -> None:
        if not self.patterns:
            raise BadContent(f"journey {self.id} has no patterns")
        for place, pattern in enumerate(self.patterns):
            if not related(pattern.of, self.of):
                raise BadContent(f"journey {self.id}: {pattern.id} is about another line of things")
            late = pattern.needs - set(self.patterns[:place])
            if late:
                named = ", ".join(sorted(each.id for each in late))
                raise BadContent(f"journey {self.id}: {pattern.id} comes after {named}")
        for step in self.steps:
            if isinstance(step, Each) and self.of not in step.pattern.of.ancestors:
                raise BadContent(
                    f"journey {self.id}: Each({step.pattern.id}) is for a {step.pattern.of.name} "
                    f"at a time, which does not descend from a {self.of.name}"
                )

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        found = (step.pattern if isinstance(step, Each) else step for step in self.steps)
        return tuple(step for step in found if isinstance(step, Pattern))


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Patterns and journeys with weights. Closed users pause `think` between them.

    A Scan reads a whole table: a mix that has one says so with `scans`.
    """

    name: str
    weights: Mapping[Pattern | Journey, float]
    _: KW_ONLY
    think: Think = Think(0.0, 0.0)
    scans: bool = False

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) <= 0:
            raise BadContent(f"mix {self.name}: every weight is above 0")
        for entry in self.weights:
            if isinstance(entry, Pattern) and entry.needs:
                raise BadContent(
                    f"mix {self.name}: {entry.id} refers to what an earlier step wrote or was "
                    "answered, so it is played in a journey alone"
                )
        scans = [each.id for each in self.patterns if isinstance(each.operation, Scan)]
        if scans and not self.scans:
            raise BadContent(
                f"mix {self.name}: {', '.join(scans)} reads a whole table; a mix that means to "
                "says scans=True"
            )

    @property
    def writes(self) -> bool:
        """Whether anything in it does."""
        return any(pattern.writes for pattern in self.patterns)

    @property
    def journeys(self) -> tuple[Journey, ...]:
        return tuple(entry for entry in self.weights if isinstance(entry, Journey))

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Every pattern that the mix may replay, each once."""
        found: dict[Pattern, None] = {}
        for entry in self.weights:
            found.update(dict.fromkeys(entry.patterns if isinstance(entry, Journey) else [entry]))
        return tuple(found)

    def tagged(self, tags: Collection[str], excluded: Collection[str]) -> Mix:
        """What is left of it by Locust's `--tags` and `--exclude-tags`."""
        weights = {
            entry: weight
            for entry, weight in self.weights.items()
            if (not tags or tags_of(entry) & set(tags)) and not tags_of(entry) & set(excluded)
        }
        if not weights:
            known = sorted(set().union(*map(tags_of, self.weights)))
            raise BadValue(
                f"--tags and --exclude-tags leave nothing of the mix {self.name}; its tags are "
                f"{', '.join(known)}"
            )
        return replace(self, weights=weights)


def tags_of(entry: Pattern | Journey) -> frozenset[str]:
    """What Locust's `--tags` may call it: its id, `reads` or `writes`, its operation, `journey`."""
    patterns = entry.patterns if isinstance(entry, Journey) else (entry,)
    kind = "writes" if any(pattern.writes for pattern in patterns) else "reads"
    if isinstance(entry, Journey):
        return frozenset({entry.id, kind, "journey"})
    return frozenset({entry.id, kind, entry.operation.name})


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """The share of an entity's items whose descendants a run may write; the rest is read only.

    What is read only can be checked to the last row while the run writes.
    """

    of: Entity
    share: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.of, Entity):
            raise BadContent(f"Touched is of an Entity, not {type(self.of).__name__}")
        if not 0 < self.share <= 1:
            raise BadContent(
                f"Touched: a share is above 0 and at most 1 (all of them), not {self.share}: "
                f"share=0.1 is a tenth of the {self.of.name}s"
            )

    def covers(self, entity: Entity) -> bool:
        """Whether a run may write for an entity's items, as far as its share goes."""
        return entity is self.of or self.of in entity.ancestors

    def refusal(self, entity: Entity) -> str:
        """What is wrong with writing for an entity that it does not cover, and what to do."""
        return (
            f"it writes for a {entity.name}, and a run may write below a {self.of.name} alone, "
            f"which is Touched: {_ONE_ROOT}"
        )


def composed(asked: str, mixes: Mapping[str, Mix], entries: Mapping[str, Pattern | Journey]) -> Mix:
    """A mix of mixes, patterns and journeys: "balanced:9,active-sessions:1" plays the one nine
    times in ten, the other once. What is named so may read whole tables."""
    weights: dict[Pattern | Journey, float] = {}
    thinks: list[Think] = []
    for part in asked.split(","):
        name, _, times = part.strip().partition(":")
        share = _share(part, times)
        if name in mixes:
            thinks.append(mixes[name].think)
            parts: Mapping[Pattern | Journey, float] = mixes[name].weights
        elif name in entries:
            parts = {entries[name]: 1.0}
        else:
            raise UnknownName(name)
        total = sum(parts.values())
        for entry, weight in parts.items():
            weights[entry] = weights.get(entry, 0.0) + share * weight / total
    return Mix(asked, weights, think=thinks[0] if thinks else Think(0.0, 0.0), scans=True)


def _share(part: str, times: str) -> float:
    try:
        share = float(times or 1)
    except ValueError:
        share = 0.0
    if not 0 < share < inf:
        raise BadValue(f"--mix {part}: write it as NAME or NAME:TIMES, with a number above 0")
    return share
