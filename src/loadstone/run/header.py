"""What a run was: written once, before its first second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from loadstone.errors import BadRecord

How = Literal["completed", "interrupted", "stopped", "failed", "cut off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternInfo:
    """What a report says of a pattern beside its figures.

    The expected units are those of one call, None where nobody said; `assumed` is what they take
    for granted. `expected_spread` is the standard deviation from call to call, `expected_error`
    that of what is expected.
    """

    operation: str
    table: str
    index: str | None = None
    source: str = ""
    servable: bool = True
    expected_read_units: float | None = None
    expected_write_units: float | None = None
    expected_spread: float = 0.0
    expected_error: float = 0.0
    assumed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a table, or one of its indexes, holds: entries and their bytes without overhead."""

    table: str
    index: str | None = None
    items: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many items of a kind were loaded into which table, and one of them as it reads."""

    entity: str
    table: str
    items: int
    item: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The run's identity and configuration.

    `workers` is how many processes the run should have had, `members` their numbers: not 0 and so
    on where others were lost before. `asked_per_s` is None for closed users,
    whose rate is whatever they reach. `prices` are those of the day of the run, so that its report
    does not change with the price table. `units_from` says who counted the units. `tables` are the
    keys of the live ones by their names: one that is dropped and made again has another;
    `documented` are their names in the scenario, by those in the account.
    """

    name: str
    system: str
    source: str = ""
    started_unix_ms: int
    region: str
    target: str
    target_kind: Literal["embedded", "endpoint", "aws"]
    warm_up_s: float = 0.0
    asked_per_s: float | None = None
    workers: int = 1
    members: tuple[int, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    dataset: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, PatternInfo] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    documented: Mapping[str, str] = field(default_factory=dict)
    stored: tuple[Stored, ...] = ()
    samples: tuple[Sample, ...] = ()
    prices: tuple[Mapping[str, str], ...] = ()
    units_from: str = "the server's ConsumedCapacity"
    simulated: tuple[str, ...] = ()

    @property
    def simulated_throttling(self) -> str:
        """The limits by which requests were throttled that no DynamoDB throttled; "" for none."""
        kind = "throttling: "
        said = [what.removeprefix(kind) for what in self.simulated if what.startswith(kind)]
        return "; and ".join(said)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        known = {name.name for name in fields(cls)}
        given = {name: value for name, value in values.items() if name in known}
        try:
            given["patterns"] = {
                name: PatternInfo(**info) for name, info in given.get("patterns", {}).items()
            }
            given["stored"] = tuple(Stored(**entry) for entry in given.get("stored", ()))
            given["samples"] = tuple(Sample(**each) for each in given.get("samples", ()))
            for name in ("prices", "simulated", "members"):
                given[name] = tuple(given.get(name, ()))
            return cls(**given)
        except (TypeError, AttributeError) as error:
            raise BadRecord(f"its header is not one of a run: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInfo:
    """The process that wrote a part of the record."""

    number: int
    started_unix_ms: int
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, and why where that is not plain."""

    how: How
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.how}: {self.reason}" if self.reason else self.how


CUT_OFF = Ending("cut off")
INTERRUPTED = Ending("interrupted")
#: With SIGTERM: by what runs the process, and not by who sits before it.
TOLD_TO_END = Ending("interrupted", "the process was told to end")
