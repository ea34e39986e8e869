"""A comparison in words and cells, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isinf

from loadstone.compare.comparison import CONFIDENCE, POWER, Compared, Comparison, Difference
from loadstone.report.numbers import count, duration, instant, percent, rate, usd
from loadstone.report.shape import ALL

NAMES = {
    "p50": "p50",
    "p90": "p90",
    "p99": "p99",
    "throughput": "calls a second",
    "units_per_call": "units a call",
    "throttle_rate": "throttled",
    "error_rate": "failed",
    "usd_per_month": "USD a month",
}
_WORDS = {"latency": ("slower", "faster"), "rate": ("more", "less"), "money": ("more", "less")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure of both runs as a reader wants it. `mark` says what was made of it."""

    figure: str
    base: str
    new: str
    change: str
    between: str
    seen_from: str
    mark: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A pattern, or all of them."""

    pattern: str
    calls: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One figure of every pattern."""

    figure: str
    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two runs."""

    label: str
    run: str
    system: str
    started: str
    target: str
    lasted: str
    versions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareView:
    """What a comparison says, in the order of a reader's questions."""

    title: str
    answer: tuple[str, ...]
    serious: tuple[str, ...]
    minor: tuple[str, ...]
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
    method: tuple[str, ...]
    sides: tuple[Side, ...]


def compare_view(found: Comparison) -> CompareView:
    base, new = found.base.header, found.new.header
    lines = tuple(_line(each) for each in (found.whole, *found.patterns))
    return CompareView(
        title=f"{base.name} and {new.name}",
        answer=tuple(_answer(found)),
        serious=tuple(_obstacles(found, serious=True)),
        minor=tuple(_obstacles(found, serious=False)),
        lines=lines,
        tables=tuple(_tables(lines)),
        method=tuple(_method(found)),
        sides=tuple(_sides(found)),
    )


def _answer(found: Comparison) -> Iterator[str]:
    serious = sum(each.serious for each in found.obstacles)
    if not found.whole.differences:
        yield "There is nothing to compare: no call was made in one of the runs."
        return
    claimed = found.claimed
    if not claimed:
        yield f"No difference was seen. {_could_have_seen(found)}"
    else:
        yield (
            f"{count(len(claimed))} of {count(found.questions)} figures differ by more than "
            f"chance and by {percent(found.ignored)} or more. {_could_have_seen(found)}"
        )
    for compared, difference in claimed:
        yield claim(compared, difference)
    if serious:
        yield (
            "The two runs differ in more than what was changed, and a difference may come from "
            "that."
        )
    for names, run in ((found.only_base, found.base), (found.only_new, found.new)):
        if names:
            yield f"Only {run.header.name} called {', '.join(names)}."


def claim(compared: Compared, each: Difference) -> str:
    """`inbox p99: 12.3 ms, then 15.1 ms: 23 % slower (18 % to 29 %)`"""
    what = f"{compared.pattern or ALL}, {NAMES[each.figure]}"
    cell = _cell(each)
    return f"{what}: {cell.base}, then {cell.new}: {_worded(each)} ({cell.between})."


def _between(each: Difference) -> str:
    """The limits of the change; of too few calls beyond a percentile, one of them is open."""
    below, above = isinf(each.low) or (each.relative and each.low == -1), isinf(each.high)
    if below and above:
        return ""
    if above:
        return f"{_change(each, each.low)} or more"
    if below:
        return f"{_change(each, each.high)} or less"
    return f"{_change(each, each.low)} to {_change(each, each.high)}"


def _worded(each: Difference) -> str:
    size = _change(each, abs(each.change)).removeprefix("+")
    words = _WORDS.get(each.kind)
    return f"{size} {(words or ('more', 'less'))[each.change < 0]}"


def _could_have_seen(found: Comparison) -> str:
    """The smallest change of latency and throughput that would have been called one."""
    parts = [
        f"{_change(each, each.seen_from).removeprefix('+')} in {NAMES[each.figure]}"
        for each in found.whole.differences
        if each.figure in ("p50", "p99", "throughput") and not isinf(each.seen_from)
    ]
    if not parts:
        return (
            "Over all patterns it could have seen no difference of p50, p99 or throughput: the "
            "runs are too short, or too unsteady. The tables say it of each pattern."
        )
    return f"Over all patterns it could have seen {', '.join(parts)}."


def _obstacles(found: Comparison, *, serious: bool) -> Iterator[str]:
    for each in found.obstacles:
        if each.serious is serious:
            sides = [(each.base, "in the base"), (each.new, "in the new run")]
            told = [f"{value} {where}" for value, where in sides if value]
            yield f"{each.what}: {', '.join(told)}"


def _line(compared: Compared) -> Line:
    base, new = compared.calls
    return Line(
        pattern=compared.pattern or ALL,
        calls=f"{count(base)}, then {count(new)}",
        cells=tuple(map(_cell, compared.differences)),
    )


def _tables(lines: tuple[Line, ...]) -> Iterator[Table]:
    for figure in NAMES.values():
        rows = [
            (line.pattern, cell) for line in lines for cell in line.cells if cell.figure == figure
        ]
        if rows:
            yield Table(figure=figure, rows=tuple(rows))


def _cell(each: Difference) -> Cell:
    verdicts = {"differs": _worded(each), "same": "no difference seen", "unknown": "cannot tell"}
    return Cell(
        figure=NAMES[each.figure],
        base=_value(each, each.base),
        new=_value(each, each.new),
        change=_change(each, each.change),
        between=_between(each),
        seen_from=_seen_from(each),
        mark={"differs": "*", "same": "", "unknown": "?"}[each.verdict],
        verdict=verdicts[each.verdict],
    )


def _seen_from(each: Difference) -> str:
    """How small a difference could have been seen, where none was."""
    if each.verdict == "differs":
        return "seen"
    known = not isinf(each.seen_from)
    return _change(each, each.seen_from).removeprefix("+") if known else "cannot tell"


def _value(each: Difference, value: float) -> str:
    match each.kind:
        case "latency":
            return duration(value)
        case "share":
            return percent(value)
        case "money":
            return usd(Decimal(str(value)))
    return rate(value)


def _change(each: Difference, value: float) -> str:
    """With its sign: of what it was, in points of a share, or as it is where there was none."""
    if each.base == each.new == 0:
        return "none"
    if isinf(value) or (each.relative and value == -1):
        return "any" if value == inf else "none"
    if each.relative:
        return f"{value * 100:+.1f} %"
    if each.kind == "share":
        return f"{value * 100:+.2f} points"
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{_value(each, abs(value))}"


def _method(found: Comparison) -> Iterator[str]:
    base, new = found.seconds
    yield (
        f"{count(base)} and {count(new)} seconds (spans of several, of a run of more than five "
        "minutes) were compared. Calls of one second, and seconds that follow one another, depend "
        "on each other: how much is estimated from the runs themselves, over single seconds and "
        "over sixteenths and eighths of a run, and the widest spread of these is taken."
    )
    yield (
        "Limits of a percentile are those of the share of calls below it (Woodruff 1952), limits "
        "of a difference are put together from those of both sides (Zou and Donner 2008), with "
        "Student's t for as many independent seconds as the run is worth."
    )
    yield (
        f"They are so wide that of comparisons of two runs of the same thing {CONFIDENCE:.0%} "
        f"claim no difference at all, over all {count(found.questions)} figures together "
        f"(Bonferroni). What could have been seen is what would have been claimed in {POWER:.0%} "
        f"of comparisons. Changes below {percent(found.ignored)} are not called differences."
    )
    yield (
        "What the limits cannot know: a wave that is slower than about a tenth of a run, and what "
        "another hour, another machine or a busy neighbour does to a whole run. Repeated runs "
        "show that."
    )
    yield "Warm-ups are left out. Costs of both are in the base's prices, on demand." + (
        f" They are not known: {found.no_price}." if found.no_price else ""
    )


def _sides(found: Comparison) -> Iterator[Side]:
    for label, run in (("base", found.base), ("new", found.new)):
        header = run.header
        yield Side(
            label=label,
            run=header.name,
            system=header.system,
            started=instant(header.started_unix_ms),
            target=header.target,
            lasted=f"{run.lasted_s:,.1f} s",
            versions=", ".join(f"{name} {value}" for name, value in header.versions.items()),
        )
