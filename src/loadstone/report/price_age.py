"""How old the prices were that a run's cost is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from loadstone.capacity.money import Cost
from loadstone.errors import BadValue

#: AWS changes prices seldom; older ones are worth a look.
OLD_DAYS = 90


def prices_age(spent: Cost, started_unix_ms: int) -> Iterator[str]:
    """On the day of the run, so that its report stays the same."""
    day = datetime.fromtimestamp(started_unix_ms / 1000, UTC).date()
    try:
        oldest = max(spent.prices, key=lambda price: price.age_days(day))
        age = oldest.age_days(day)
    except (ValueError, BadValue):
        return  # a record may hold none, or one without a date
    if age <= 0:
        yield f"The oldest of the prices is of {oldest.as_of}."
        return
    fresh = "; `loadstone prices update` fetches fresh ones" if age > OLD_DAYS else ""
    yield (
        f"The oldest of the prices is of {oldest.as_of}, {age:,} days before the run "
        f"({oldest.what}){fresh}."
    )
