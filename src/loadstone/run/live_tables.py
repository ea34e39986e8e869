"""A run so far as tables: for a page while it goes on, and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loadstone.capacity.money import HOURS_PER_MONTH
from loadstone.capacity.prices import Prices
from loadstone.capacity.spend import Meter
from loadstone.errors import NoPrice
from loadstone.run.live import About, Live
from loadstone.run.tally import Counts, Resource

Row = dict[str, Any]
#: The last row of a table of tables.
TOTAL = "total"
EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`rows` are those at a moment, of what was heard until then; `nothing` says on a page that
    there are none."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Callable[[Live, Prices, float], Iterator[Row]]
    nothing: str

    def shown(self, rows: Sequence[Row], why: str = "") -> Sequence[Row]:
        """What a page shows of the rows that there are; of none, `why` where that is known."""
        return rows or [{self.columns[0].key: why or self.nothing}]


def as_csv(table: Table, rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.title for column in table.columns)
    writer.writerows([row.get(column.key, "") for column in table.columns] for row in rows)
    return text.getvalue()


def _capacity(live: Live, prices: Prices, now_s: float) -> Iterator[Row]:
    rates, units = live.rates(now_s), _units(live)
    for resource in sorted(units, key=_by_name):
        table, index = resource
        yield {"table": table, "index": index or "", **_used(units[resource], rates.of(resource))}
    if len(units) > 1:
        total, now = (_sum(each.values()) for each in (units, rates.units))
        yield {"table": TOTAL, "index": "", **_used(total, now)}


def _used(total: tuple[float, float], now: tuple[float, float]) -> Row:
    return {
        "read_now": round(now[0], 1),
        "write_now": round(now[1], 1),
        "read_total": round(total[0], 1),
        "write_total": round(total[1], 1),
    }


def _throttles(live: Live, prices: Prices, now_s: float) -> Iterator[Row]:
    """The most frequent first."""
    rates = live.rates(now_s)
    counts: Counter[tuple[str, str, str]] = Counter()
    for system, about in live.about.items():
        by = "simulated" if about.simulated else "the target"
        for (reason, resource), count in live.counts(system).throttles.items():
            counts[reason, resource, by] += count
    for (reason, resource, by), count in sorted(
        counts.items(), key=lambda item: (-item[1], item[0])
    ):
        yield {
            "reason": reason,
            "resource": resource,
            "now": round(rates.throttles.get((reason, resource), 0.0), 1),
            "total": count,
            "by": by,
        }


def _cost(live: Live, prices: Prices, now_s: float) -> Iterator[Row]:
    """Each table; its hour at the rate of now, or where nothing happens now, of the whole run."""
    rates = live.rates(now_s)
    spent: list[tuple[Decimal, Decimal]] = []
    for system, about in sorted(live.about.items()):
        counts = live.counts(system)
        try:
            meter = Meter(prices, about.region, about.provisioned)
        except NoPrice as error:
            yield {"table": system, "basis": str(error)}
            continue
        for table in sorted({table for table, _ in counts.units}):
            so_far = _usd(meter, counts.units, table)
            per_hour = 3600 * (
                _usd(meter, rates.units, table)
                if rates.units
                else so_far / max(Decimal(1), Decimal(str(live.lasted_s)))
            )
            spent.append((so_far, per_hour))
            yield {"table": table, **_money(so_far, per_hour), "basis": _basis(about, table)}
    if len(spent) > 1:
        so_far, per_hour = (sum(each, Decimal(0)) for each in zip(*spent, strict=True))
        yield {"table": TOTAL, **_money(so_far, per_hour), "basis": ""}


def _money(so_far: Decimal, per_hour: Decimal) -> Row:
    return {
        "so_far": f"{so_far:.6f}",
        "per_hour": f"{per_hour:.4f}",
        "per_month": f"{per_hour * HOURS_PER_MONTH:.2f}",
    }


def _basis(about: About, table: str) -> str:
    if table in about.provisioned:
        return "provisioned: paid by the hour, used or not"
    if about.kind == "aws":
        return f"on demand in {about.region}, list price"
    return f"what it would cost on demand in {about.region}, list price"


def _usd(meter: Meter, units: Mapping[Resource, tuple[float, float]], table: str) -> Decimal:
    own = {resource: each for resource, each in units.items() if resource[0] == table}
    reads = {resource: read for resource, (read, _) in own.items()}
    writes = {resource: write for resource, (_, write) in own.items()}
    return meter.usd(reads, writes)


def _patterns(live: Live, prices: Prices, now_s: float) -> Iterator[Row]:
    several = len(live.totals) > 1
    for system, pattern, tally in live.patterns():
        counts = tally.counts
        p50_us, p99_us = tally.latency.percentile_us(50, 99)
        service_p50_us, service_p99_us = tally.service.percentile_us(50, 99)
        yield {
            "name": f"{system}: {pattern}" if several else pattern,
            "calls": counts.calls,
            "failed": counts.failed,
            "p50": p50_us,
            "p99": p99_us,
            "service_p50": service_p50_us,
            "service_p99": service_p99_us,
            "rows": counts.rows,
            "hit_rate": hit_rate(counts),
        }


def hit_rate(counts: Counts) -> str:
    """The share of calls that found or wrote anything; what had expired was not to be found."""
    wanted = counts.calls - counts.declared[EXPIRED]
    return f"{counts.hits / wanted:.1%}" if wanted else ""


def _units(live: Live) -> dict[Resource, tuple[float, float]]:
    return Counts.total(live.counts(system) for system in live.totals).units


def _sum(units: Any) -> tuple[float, float]:
    pairs = list(units)
    return sum(read for read, _ in pairs), sum(write for _, write in pairs)


def _by_name(resource: Resource) -> tuple[str, str]:
    return resource[0], resource[1] or ""


def _columns(**titles: str) -> tuple[Column, ...]:
    return tuple(Column(key=key, title=title) for key, title in titles.items())


#: Capacity and throttles first: they are what a DynamoDB table is run by.
TABLES = (
    Table(
        key="capacity",
        title="Capacity",
        columns=_columns(
            table="Table",
            index="Index",
            read_now="Read units/s now",
            write_now="Write units/s now",
            read_total="Read units in total",
            write_total="Write units in total",
        ),
        rows=_capacity,
        nothing="no call was counted yet",
    ),
    Table(
        key="throttles",
        title="Throttles",
        columns=_columns(
            reason="Reason",
            resource="Resource",
            now="Throttled/s now",
            total="Throttled in total",
            by="Throttled by",
        ),
        rows=_throttles,
        nothing="nothing was throttled",
    ),
    Table(
        key="cost",
        title="Cost",
        columns=_columns(
            table="Table",
            so_far="USD so far",
            per_hour="USD an hour at this rate",
            per_month="USD a month at this rate",
            basis="Basis",
        ),
        rows=_cost,
        nothing="no call was counted yet",
    ),
    Table(
        key="patterns",
        title="Patterns",
        columns=_columns(
            name="Pattern",
            calls="Calls",
            failed="Failed",
            p50="p50 µs, corrected",
            p99="p99 µs, corrected",
            service_p50="p50 µs, service",
            service_p99="p99 µs, service",
            rows="Rows",
            hit_rate="Hit rate",
        ),
        rows=_patterns,
        nothing="no call was counted yet",
    ),
)
