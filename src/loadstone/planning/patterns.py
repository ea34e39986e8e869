"""What each pattern consumes and costs, and which partition it makes hot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.limits import PARTITION_UNITS
from loadstone.capacity.money import request_cost_usd
from loadstone.capacity.simulation import Side
from loadstone.planning.load import Load, Work
from loadstone.planning.terms import Terms

_MILLION = 1_000_000
#: A partition that is asked for so much of what it serves is near its limit.
NEAR = 0.5
#: A key with less of what is asked of its table or index is one of many.
_LEAST_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRow:
    """A pattern at on-demand prices; `share` is its part of all patterns' cost."""

    pattern: str
    operation: str
    table: str
    index: str | None
    calls_per_month: float
    read_units: float
    write_units: float
    usd_per_million_calls: Decimal
    usd_per_month: Decimal
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HotRow:
    """The partition key of a table or an index that is asked for most, at the peak.

    `pattern` asks most of it. `limit_at_per_s` is the rate of all operations at which its partition
    can serve no more.
    """

    side: Side
    key: str
    share: float
    units_per_s: float
    limit: float
    limit_at_per_s: float
    pattern: str
    pattern_share: float

    @property
    def over(self) -> bool:
        return self.units_per_s > self.limit

    @property
    def near(self) -> bool:
        return self.units_per_s > NEAR * self.limit


def pattern_rows(load: Load, terms: Terms) -> tuple[PatternRow, ...]:
    """The dearest first."""
    parts: defaultdict[str, list[Work]] = defaultdict(list)
    for each in load.work:
        parts[each.pattern].append(each)
    spent = {name: _usd_of_a_call(every, terms) for name, every in parts.items()}
    monthly = {
        name: usd * Decimal(str(parts[name][0].per_s * terms.peak_s_per_month))
        for name, usd in spent.items()
    }
    whole = sum(monthly.values(), Decimal(0))
    rows = (
        PatternRow(
            pattern=name,
            operation=every[0].operation,
            table=every[0].table,
            index=every[0].index,
            calls_per_month=every[0].per_s * terms.peak_s_per_month,
            read_units=_units(every, "read"),
            write_units=_units(every, "write"),
            usd_per_million_calls=spent[name] * _MILLION,
            usd_per_month=monthly[name],
            share=float(monthly[name] / whole) if whole else 0.0,
        )
        for name, every in parts.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.usd_per_month, row.pattern)))


def hot_rows(load: Load) -> tuple[HotRow, ...]:
    """The hottest key of each table and index, the one that reaches its limit first at the top."""
    asked: defaultdict[Side, float] = defaultdict(float)
    loads: defaultdict[Side, defaultdict[str, defaultdict[str, float]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(float))
    )
    for each in load.work:
        for side, units in each.units.items():
            asked[side] += each.per_s * units
            for key in each.heat.get(side, ()):
                loads[side][key.name][each.pattern] += each.per_s * units * key.share
    rows = (_hottest(load, side, keys, asked[side]) for side, keys in loads.items() if asked[side])
    kept = [row for row in rows if row.share >= _LEAST_SHARE]
    return tuple(sorted(kept, key=lambda row: (row.limit_at_per_s, str(row.side))))


def _hottest(
    load: Load, side: Side, keys: Mapping[str, Mapping[str, float]], asked: float
) -> HotRow:
    name, by_pattern = max(keys.items(), key=lambda each: sum(each[1].values()))
    units = sum(by_pattern.values())
    pattern, most = max(by_pattern.items(), key=lambda each: each[1])
    limit = PARTITION_UNITS[side.direction]
    return HotRow(
        side=side,
        key=name,
        share=units / asked,
        units_per_s=units,
        limit=limit,
        limit_at_per_s=load.peak_per_s * limit / units,
        pattern=pattern,
        pattern_share=most / units,
    )


def _units(parts: Iterable[Work], direction: str) -> float:
    return sum(
        units for part in parts for side, units in part.units.items() if side.direction == direction
    )


def _usd_of_a_call(parts: list[Work], terms: Terms) -> Decimal:
    return request_cost_usd(
        terms.prices, terms.region, _units(parts, "read"), _units(parts, "write")
    )
