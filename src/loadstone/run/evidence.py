"""What objectives are held against, and which figures of it they can name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from loadstone.capacity.money import HOURS_PER_MONTH, request_cost_usd, storage_usd_per_month
from loadstone.capacity.prices import Price, Prices, builtin_prices
from loadstone.run.figures import figures, ratio
from loadstone.run.find_max import Trial, highest, telling
from loadstone.run.header import Header
from loadstone.run.live_tables import EXPIRED
from loadstone.run.record import Run
from loadstone.run.tally import Tally

_PERCENTILE = re.compile(r"(?P<service>service_)?p(?P<percent>\d\d?(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What calls did in some time after the warm-up, and what it takes to judge that.

    `asked` is how many arrivals were asked for, None where users went at their own pace;
    `documented` are the tables' names in the scenario, by those in the account; `stored` what the
    tables hold, as items and bytes; `highest_per_s` the answer of a search that came to one.
    """

    tallies: Mapping[str, Tally] = field(default_factory=dict)
    measured_s: float = 0.0
    asked: int | None = None
    highest_per_s: float | None = None
    region: str = ""
    prices: Prices | None = None
    documented: Mapping[str, str] = field(default_factory=dict)
    stored: tuple[tuple[int, int], ...] | None = None

    def tally(self, pattern: str | None) -> Tally:
        """Of one pattern; None: of all."""
        return Tally.total(tally for name, tally in self.tallies.items() if pattern in (None, name))

    def units(self, place: str | None) -> tuple[float, float]:
        """Read and write units of a table, of an index as TABLE/INDEX; None: of everything."""
        read = write = 0.0
        for (table, index), (reads, writes) in self.tally(None).counts.units.items():
            if place is None or place in names_of(table, index, self.documented):
                read, write = read + reads, write + writes
        return read, write

    def usd_per_month(self, pattern: str | None) -> float:
        """Of requests on demand, at this rate."""
        counts, prices = self.tally(pattern).counts, self.prices or builtin_prices()
        spent = request_cost_usd(prices, self.region, counts.read_units, counts.write_units)
        return ratio(float(spent), self.measured_s) * 3600 * HOURS_PER_MONTH

    def total_usd_per_month(self) -> float | None:
        """The same with the storage; None where nobody said what is stored."""
        if self.stored is None:
            return None
        prices = self.prices or builtin_prices()
        storage = storage_usd_per_month(prices, self.region, self.stored)
        return self.usd_per_month(None) + float(storage)


def evidence_of(run: Run) -> Evidence:
    """What a record holds; its costs are in the prices of its day.

    Of a search: what calls did at the rate that tells most of it. All its rates together, with
    those that were meant to break, are no load that anybody asked for.
    """
    header = run.header
    known = Evidence(
        region=header.region,
        prices=prices_of(header),
        documented=header.documented,
        stored=tuple((each.items, each.size_bytes) for each in header.stored) or None,
    )
    if run.trials or header.configuration.get("find_max"):
        return _of_search(known, run.trials)
    found = figures(run)
    return replace(known, tallies=run.measured, measured_s=found.measured_s, asked=found.asked)


def _of_search(known: Evidence, trials: Sequence[Trial]) -> Evidence:
    best, told = highest(trials), telling(trials)
    if told is None:
        return known
    return replace(
        known,
        tallies={name: Tally.merged([tally]) for name, tally in told.patterns.items()},
        measured_s=told.measured_s,
        asked=told.asked,
        highest_per_s=best.rate_per_s if best else None,
    )


def prices_of(header: Header) -> Prices:
    """Those of the day of the run; the built-in ones where it kept none."""
    return Prices(map(Price.from_json, header.prices)) if header.prices else builtin_prices()


def names_of(table: str, index: str | None, documented: Mapping[str, str]) -> Iterator[str]:
    """What a table, or an index of it, can be called."""
    for name in dict.fromkeys((table, documented.get(table, table))):
        yield name if index is None else f"{name}/{index}"


About = Literal["pattern", "table", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that an objective can name: what it is of, its units, and how it is told.

    `value` is None where the evidence does not say, which `lacking` explains.
    """

    about: About
    units: Mapping[str, float]
    value: Callable[[Evidence, str | None], float | None]
    shown: Callable[[float, int], str]  # with so many digits, or as its unit needs them
    lacking: str = "no call was made"

    def told(self, value: float, limit: float) -> str:
        """With as many digits as it takes to tell it from a limit that it is not."""
        digits = _DIGITS
        while value != limit and digits < _MOST_DIGITS:
            if self.shown(value, digits) != self.shown(limit, digits):
                break
            digits += 1
        return self.shown(value, digits)


_DIGITS, _MOST_DIGITS = 3, 12
_TIMES = {"us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6}
_SHARES = {"%": 0.01, "": 1.0}
_RATES = {"/s": 1.0, "ops/s": 1.0}
_MONEY = {"": 1.0, "usd": 1.0, "USD": 1.0}
_PLAIN = {"": 1.0}


def _percent(value: float, digits: int) -> str:
    """Never 100 % of what is not all."""
    said = f"{value * 100:.{digits}g}"
    return f"{said}%" if said != "100" or value >= 1 else _percent(value, digits + 1)


def _usd(value: float, digits: int) -> str:
    return f"{value:,.{digits - 1}f} USD" if value >= 1 else f"{value:.{digits - 1}g} USD"


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits + 1}g}" if value < 10_000 else f"{value:,.{digits - _DIGITS}f}"


def _rate(value: float, digits: int) -> str:
    return f"{value:.{digits + 1}g}/s"


def _milliseconds(value_us: float, digits: int) -> str:
    return f"{value_us / 1000:.{digits + 1}g} ms"


def _of_calls(value: Callable[[Tally], float], shown: Callable[[float, int], str]) -> Figure:
    """A share or a mean over a pattern's calls."""
    units = _SHARES if shown is _percent else _PLAIN
    return Figure(
        about="pattern", units=units, value=lambda seen, name: value(seen.tally(name)), shown=shown
    )


def _hit_rate(tally: Tally) -> float | None:
    wanted = tally.counts.calls - tally.counts.declared[EXPIRED]
    return tally.counts.hits / wanted if wanted else None


def _achieved(seen: Evidence, _: str | None) -> float | None:
    return seen.tally(None).counts.calls / seen.asked if seen.asked else None


def _per_s(unit: str, side: int) -> Figure:
    return Figure(
        about="table",
        units={"/s": 1.0, f"{unit}/s": 1.0},
        value=lambda seen, place: ratio(seen.units(place)[side], seen.measured_s),
        shown=_rate,
    )


_FIGURES: Mapping[str, Figure] = {
    "throttle_rate": _of_calls(lambda t: ratio(t.counts.throttled, t.counts.attempts), _percent),
    "error_rate": _of_calls(lambda t: ratio(t.counts.failed, t.counts.calls), _percent),
    "hit_rate": Figure(
        about="pattern",
        units=_SHARES,
        value=lambda seen, name: _hit_rate(seen.tally(name)),
        shown=_percent,
        lacking="no call was made that could find anything",
    ),
    "calls": _of_calls(lambda t: t.counts.calls, _number),
    "failed": _of_calls(lambda t: t.counts.failed, _number),
    "throttled": _of_calls(lambda t: t.counts.throttled, _number),
    "attempts_per_call": _of_calls(lambda t: ratio(t.counts.attempts, t.counts.calls), _number),
    "units_per_call": _of_calls(
        lambda t: ratio(t.counts.read_units + t.counts.write_units, t.counts.calls), _number
    ),
    "throughput": Figure(
        about="pattern",
        units=_RATES,
        value=lambda seen, name: ratio(seen.tally(name).counts.calls, seen.measured_s),
        shown=_rate,
    ),
    "achieved": Figure(
        about="run",
        units=_SHARES,
        value=_achieved,
        shown=_percent,
        lacking="no arrival was asked for",
    ),
    "highest_rate": Figure(
        about="run",
        units=_RATES,
        value=lambda seen, _: seen.highest_per_s,
        shown=_rate,
        lacking="no rate that was tried held",
    ),
    "rcu": _per_s("rcu", 0),
    "wcu": _per_s("wcu", 1),
    "usd_per_month": Figure(
        about="pattern",
        units=_MONEY,
        value=lambda seen, name: seen.usd_per_month(name),
        shown=_usd,
    ),
    "total_usd_per_month": Figure(
        about="run",
        units=_MONEY,
        value=lambda seen, _: seen.total_usd_per_month(),
        shown=_usd,
        lacking="what the tables hold was not recorded",
    ),
}
NAMES = ("p50 to p99.99", "max", "service_p50 and so on", "service_max", *_FIGURES)


def figure_of(name: str) -> Figure | None:
    """What a name stands for; None when nothing does."""
    if (known := _FIGURES.get(name)) is not None:
        return known
    service = name.startswith("service_")
    percentile = _PERCENTILE.fullmatch(name)
    if percentile is None and name.removeprefix("service_") != "max":
        return None

    def value(seen: Evidence, pattern: str | None) -> float:
        tally = seen.tally(pattern)
        histogram = tally.service if service else tally.latency
        if percentile is None:
            return histogram.max_us
        return histogram.percentile_us(float(percentile["percent"]))[0]

    return Figure(
        about="pattern",
        units=_TIMES,
        value=value,
        shown=_milliseconds,
    )
