"""How a load is going, as a table of a web page: a row for each table, and one for all."""

from __future__ import annotations

from collections import defaultdict
from time import monotonic
from typing import Any

from loadstone.cli.seed_progress import TOTAL, Costs, Pace, PaceMeter, short_clock
from loadstone.seeding.tally import Tally


class Rows:
    """Called now and then with what has been done so far."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._meters: defaultdict[str, PaceMeter] = defaultdict(PaceMeter)

    def __call__(self, tally: Tally) -> list[dict[str, Any]]:
        now_s = monotonic()
        rows: list[dict[str, Any]] = []
        for name, table in tally.tables.items():
            units = sum(tally.units_of(name).values())
            pace = self._meters[name].read(now_s, table.asked, table.seen, units)
            row = _row(name, table.asked, table.seen, units, table.throttled, pace)
            rows.append({**row, "errors": "", "usd": ""})
        units = tally.total_write_units
        pace = self._meters[TOTAL].read(now_s, tally.asked, tally.done, units)
        usd = self._costs(tally)
        rows.append(
            {
                **_row(TOTAL, tally.asked, tally.done, units, tally.total_throttles, pace),
                "errors": f"{tally.total_failures:,}",
                "usd": "-" if usd is None else f"{usd:,.2f}",
            }
        )
        return rows


def _row(
    name: str, asked: int, done: int, units: float, throttles: int, pace: Pace
) -> dict[str, str]:
    return {
        "table": name,
        "items": f"{done:,}",
        "asked": f"{asked:,}",
        "done": f"{done * 100 // asked if asked else 100}%",
        "items_per_s": f"{pace.items_per_s:,.0f}",
        "units": f"{units:,.0f}",
        "units_per_s": f"{pace.units_per_s:,.0f}",
        "throttles": f"{throttles:,}",
        "left": "" if pace.left_s is None else short_clock(pace.left_s),
    }
