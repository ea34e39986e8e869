"""What a plan is made under: prices, the shape of a day, and what the load is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from loadstone.capacity.money import HOURS_PER_MONTH
from loadstone.capacity.month import NO_FREE_TIER
from loadstone.capacity.prices import Prices
from loadstone.capacity.simulation.demand import Amounts
from loadstone.errors import BadValue
from loadstone.run.objectives import Objective, objective

DEFAULT_OBJECTIVE = "throttle_rate < 0.1%"
_HOUR_S = 3600
#: What a plan can say of a load that has not been: these, and no latency.
_FIGURES = ("throttle_rate", "usd_per_month", "total_usd_per_month")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """`day` has for each second of a day the share of the peak that is asked; `shape` is its name.

    `start_unix_s` is when that day begins: decreases of capacity are counted by it. `free` is what
    of AWS's free tier is left for these tables, and `replicas` are the regions that have them too.
    """

    region: str
    prices: Prices
    day: Amounts
    shape: str
    objectives: tuple[Objective, ...]
    start_unix_s: int = 0
    free: Mapping[str, Decimal] = field(default_factory=lambda: NO_FREE_TIER)
    replicas: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.region in self.replicas:
            raise BadValue(f"--replica {self.region}: the tables are there already; name another")

    @property
    def days_per_month(self) -> float:
        """A month has 730 hours, and each of its days is like this one."""
        return HOURS_PER_MONTH * _HOUR_S / len(self.day)

    @property
    def peak_s_per_month(self) -> float:
        """So many seconds at the peak are asked as much as a month."""
        return float(self.day.sum()) * self.days_per_month

    @property
    def allowed(self) -> float:
        """The share of calls that may be throttled."""
        limits = [
            each.limit * (1 - 1e-6 * (each.sign == "<"))
            for each in self.objectives
            if each.figure == "throttle_rate"
        ]
        return min(limits, default=1.0)

    def missed(self, throttled: float, usd: Decimal, total_usd: Decimal) -> tuple[Objective, ...]:
        """The objectives that figures of a month do not keep to: `usd` is for throughput in the
        first region, `total_usd` for everything, with what is stored and with further regions."""
        values = {
            "throttle_rate": throttled,
            "usd_per_month": float(usd),
            "total_usd_per_month": float(total_usd),
        }
        return tuple(
            each
            for each in self.objectives
            if values[each.figure] > each.limit
            or (each.sign == "<" and values[each.figure] == each.limit)
        )


def objectives_of(texts: Sequence[str]) -> tuple[Objective, ...]:
    """Those that a plan can be held to, the default one where none limits throttling."""
    found = tuple(map(objective, texts))
    for each in found:
        if each.figure not in _FIGURES:
            raise BadValue(
                f"objective {each.text!r}: a plan knows {', '.join(_FIGURES)}; what depends on "
                "time or on answers takes a run (`loadstone run`, `loadstone check`)"
            )
        if each.subject is not None:
            raise BadValue(
                f"objective {each.text!r}: a plan is held to it as a whole: leave out "
                f"({each.subject})"
            )
        if not each.sign.startswith("<"):
            raise BadValue(f"objective {each.text!r}: a plan keeps below a limit: write <")
        if each.sign == "<" and each.limit <= 0:
            raise BadValue(f"objective {each.text!r}: nothing is below 0: write <= 0")
    if not any(each.figure == "throttle_rate" for each in found):
        found = (objective(DEFAULT_OBJECTIVE), *found)
    return found
