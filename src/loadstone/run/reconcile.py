"""What the client of a run counted, beside what AWS counted: the differences, explained or flagged.

Some requests consume capacity and do not say how much; a difference within what they may have
consumed is explained.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from loadstone.aws.cloudwatch import DIRECTIONS, Direction, Measured, Place
from loadstone.run.histogram import Histogram
from loadstone.run.record import Run
from loadstone.run.silent import Allowance, allowances, direction_of, tallies_of
from loadstone.run.tally import Counts

Verdict = Literal["agrees", "explained", "unexplained"]

#: So far apart is called the same.
CLOSE = 0.01
CLOSE_UNITS = 1.0
CLOSE_THROTTLES = 0.05
#: CloudWatch's figures of a minute are complete some minutes later.
SETTLED_S = 300

_REASON = re.compile(r"(?P<kind>Table|Index)(?P<direction>Read|Write)(?P<cause>\w+)Exceeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """Units of one direction of a table, or of an index."""

    table: str
    index: str | None
    direction: Direction
    client_units: float
    aws_units: float
    verdict: Verdict
    said: str

    @property
    def difference(self) -> float:
        return self.aws_units - self.client_units


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleRow:
    """Throttle events, by cause and in all."""

    table: str
    index: str | None
    direction: Direction
    client: Mapping[str, int]
    aws: Mapping[str, int]
    client_events: int
    aws_events: float
    verdict: Verdict
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """Of what went well, in milliseconds: inside of DynamoDB, and as the client saw it. The first
    is the worst minute's, the second that of the run."""

    table: str
    operation: str
    aws_p99_ms: float
    client_p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Both sides of a run."""

    run: str
    start_unix_s: int
    minutes: int
    units: tuple[UnitRow, ...]
    throttles: tuple[ThrottleRow, ...]
    latencies: tuple[LatencyRow, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every difference is explained."""
        rows: tuple[UnitRow | ThrottleRow, ...] = (*self.units, *self.throttles)
        return all(row.verdict != "unexplained" for row in rows)


def places_of(run: Run) -> dict[str, tuple[str, ...]]:
    """The tables that a run used or could have used, each with its indexes."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    places = [*_counts(run).units, *((each.table, each.index) for each in run.header.stored)]
    for table, index in (*places, *((info.table, None) for info in run.header.patterns.values())):
        found[table] |= {index} if index else set()
    return {table: tuple(sorted(found[table])) for table in sorted(found)}


def reconcile(run: Run, measured: Measured, *, now_unix_s: float) -> Reconciled:
    return Reconciled(
        run=run.header.name,
        start_unix_s=measured.start_unix_s,
        minutes=measured.minutes,
        units=tuple(_unit_rows(run, measured)),
        throttles=tuple(_throttle_rows(run, measured)),
        latencies=tuple(_latency_rows(run, measured)),
        notes=tuple(_notes(run, measured, now_unix_s)),
    )


# Units.


def _unit_rows(run: Run, measured: Measured) -> Iterator[UnitRow]:
    client = _counts(run).units
    allowed = allowances(run)
    places = {*client, *(place for place, _ in measured.units)}
    for place in sorted(places, key=lambda each: (each[0], each[1] or "")):
        for direction, ours in zip(DIRECTIONS, client.get(place, (0.0, 0.0)), strict=True):
            theirs = measured.total_units(place, direction)
            if not ours and not theirs:
                continue
            verdict, said = _judged(ours, theirs, allowed.get((place, direction), []))
            yield UnitRow(
                table=place[0],
                index=place[1],
                direction=direction,
                client_units=ours,
                aws_units=theirs,
                verdict=verdict,
                said=said,
            )


def _judged(ours: float, theirs: float, allowed: list[Allowance]) -> tuple[Verdict, str]:
    close = max(CLOSE_UNITS, CLOSE * max(ours, theirs))
    more = theirs - ours
    least, most = sum(each.least for each in allowed), sum(each.most for each in allowed)
    why = "; ".join(f"{each.why}: {_span(each)}" for each in allowed)
    if not allowed and abs(more) <= close:
        return "agrees", ""
    if least - close <= more <= most + close:
        return ("explained", why) if abs(more) > close else ("agrees", "")
    if more < 0:
        return "unexplained", (
            f"AWS counted {-more:,.1f} units less than the server told the client: CloudWatch may "
            "not have all minutes yet, or the run was on another table of this name"
        )
    rest = more - most if more > most else more
    known = f"{why}; beyond that " if allowed and more > most else ""
    return "unexplained", (
        f"{known}{rest:,.1f} units are nobody's that this run knows of: others used it in these "
        "minutes, or the record lacks a part"
    )


def _span(allowed: Allowance) -> str:
    if round(allowed.least, 1) == round(allowed.most, 1):
        return f"{allowed.most:,.1f} units"
    return f"{allowed.least:,.1f} to {allowed.most:,.1f} units"


# Throttles.


def _throttle_rows(run: Run, measured: Measured) -> Iterator[ThrottleRow]:
    ours = _throttles(run)
    theirs: defaultdict[tuple[Place, Direction], Counter[str]] = defaultdict(Counter)
    for (place, direction, cause), events in measured.throttles.items():
        if sum(events):
            # Without a cause it is the sum of all, which CloudWatch may tell alone.
            theirs[place, direction] += Counter({cause: round(sum(events))} if cause else {})
    totals = {place: measured.total_throttles(*place) for place in {*ours, *theirs}}
    for place, direction in sorted(
        totals, key=lambda each: (each[0][0], each[0][1] or "", each[1])
    ):
        mine = ours.get((place, direction), Counter())
        indexes = sum(
            causes.total()
            for (other, its), causes in ours.items()
            if its == direction and other[0] == place[0] and other[1] and not place[1]
        )
        verdict, said = _judged_throttles(mine.total(), totals[place, direction], indexes)
        yield ThrottleRow(
            table=place[0],
            index=place[1],
            direction=direction,
            client=dict(mine),
            aws=dict(theirs.get((place, direction), Counter())),
            client_events=mine.total(),
            aws_events=totals[place, direction],
            verdict=verdict,
            said=said,
        )


def _judged_throttles(ours: int, theirs: float, of_indexes: int) -> tuple[Verdict, str]:
    close = max(1.0, CLOSE_THROTTLES * max(ours, theirs))
    if abs(theirs - ours) <= close:
        return "agrees", ""
    if of_indexes and abs(theirs - ours - of_indexes) <= close:
        return "explained", f"{of_indexes:,} writes that an index throttled count for the table too"
    if theirs > ours:
        return "unexplained", (
            f"AWS throttled {theirs - ours:,.0f} requests that this run did not see: others used "
            "it in these minutes, or the record lacks a part"
        )
    return "unexplained", (
        f"the client saw {ours - theirs:,.0f} throttles more than AWS counted: CloudWatch may not "
        "have all minutes yet"
    )


def _throttles(run: Run) -> dict[tuple[Place, Direction], Counter[str]]:
    """Of what AWS throttled: a gate of ours answers in its place, and AWS hears nothing of it."""
    found: defaultdict[tuple[Place, Direction], Counter[str]] = defaultdict(Counter)
    if run.header.simulated_throttling:
        return found
    for pattern, tally in tallies_of(run).items():
        info = run.header.patterns.get(pattern)
        for (reason, resource), count in tally.counts.throttles.items():
            match = _REASON.fullmatch(reason)
            if match:
                direction: Direction = "read" if match["direction"] == "Read" else "write"
            else:
                direction = direction_of(info.operation if info else "")
            cause = match["cause"] if match else reason
            found[_place(resource), direction][cause] += count
    return found


def _place(resource: str) -> Place:
    """A table's name, its ARN, or an index's."""
    _, _, name = resource.rpartition(":table/")
    table, _, index = (name or resource).partition("/index/")
    return table, index or None


# Latency.


def _latency_rows(run: Run, measured: Measured) -> Iterator[LatencyRow]:
    ours: defaultdict[tuple[str, str], Histogram] = defaultdict(Histogram)
    for pattern, tally in tallies_of(run).items():
        if info := run.header.patterns.get(pattern):
            ours[info.table, info.operation].add(tally.service)
    for (table, operation), histogram in sorted(ours.items()):
        worst = max(measured.latency_ms.get((table, operation, "p99"), [0.0]))
        if worst and histogram.count:
            yield LatencyRow(
                table=table,
                operation=operation,
                aws_p99_ms=worst,
                client_p99_ms=histogram.percentile_us(99)[0] / 1000,
            )


# What both are made of.


def _counts(run: Run) -> Counts:
    return Counts.total(tally.counts for tally in tallies_of(run).values())


def _notes(run: Run, measured: Measured, now_unix_s: float) -> Iterator[str]:
    yield (
        "CloudWatch has whole minutes: what else used these tables in the first and the last "
        "minute of the run, or meanwhile, is in its sums."
    )
    if run.ended_ms / 1000 > now_unix_s - SETTLED_S:
        yield (
            "The run ended less than 5 minutes ago, and CloudWatch may not have all of it yet: "
            "ask again later."
        )
    if not any(map(sum, measured.units.values())):
        yield (
            "CloudWatch has no figures at all of these tables in these minutes: see whether the "
            "region and the account are those of the run."
        )
    if run.header.simulated_throttling:
        yield "Throttling was simulated: AWS heard nothing of the requests that were throttled."
    if run.problems:
        yield from run.problems
