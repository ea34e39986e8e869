"""What the answer of a plan would throttle: which calls, when, and why."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.planning.plan import Plan
from loadstone.report.blocks import Block, Column, Table, Text
from loadstone.report.numbers import count
from loadstone.report.places import Place

_MOST = 12
_DAY_S = 86_400


def episodes(plan: Plan) -> Iterator[Block]:
    found = sorted(plan.best.episodes, key=lambda each: -each.calls)
    found = [each for each in found if each.calls >= 1]
    if not found:
        return
    yield Table(
        "What would be throttled",
        "What the answer would throttle in the simulated time, the most first; what is throttled "
        "with pauses of up to a minute is one row",
        (
            Column("from", "text"),
            Column("until", "text"),
            Column("calls"),
            Column("pattern", "text"),
            Column("on", "long"),
            Column("reason", "text"),
        ),
        [
            (
                _clock(each.from_s),
                _clock(each.until_s),
                count(round(each.calls)),
                each.flow,
                str(Place(*each.resource)),
                each.reason,
            )
            for each in found[:_MOST]
        ],
    )
    if len(found) > _MOST:
        left = sum(each.calls for each in found[_MOST:])
        yield Text(
            (f"And {len(found) - _MOST:,} more times, of {count(round(left))} calls together.",)
        )


def _clock(second: int) -> str:
    """A time of day, and the number of the day where there are several."""
    day, of_day = divmod(second, _DAY_S)
    said = f"{of_day // 3600:02}:{of_day // 60 % 60:02}:{of_day % 60:02}"
    if day and not of_day and day == 1:
        return "24:00:00"
    return f"day {day + 1}, {said}" if day else said
