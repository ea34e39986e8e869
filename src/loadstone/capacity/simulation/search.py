"""A search over settings: the least capacity that throttles no more than is allowed.

Each arm is searched by itself, many candidates side by side; what was found is then simulated as a
whole. Where arms throttle each other, or several of them throttle the same calls, the sum may be
more than is allowed: then the search is repeated with less allowed to each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

import numpy as np

from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import (
    BURST_S,
    DIRECTIONS,
    MOST_UNITS,
    PARTITION_UNITS,
    Provisioned,
    partitions_needed,
)
from loadstone.capacity.simulation.demand import MINUTE_S, Amounts, Demand, Side
from loadstone.capacity.simulation.outcome import Outcome
from loadstone.capacity.simulation.rows import Arm, ArmRows
from loadstone.capacity.simulation.series import Series
from loadstone.capacity.simulation.settings import AutoScaled, Scaling, Setting
from loadstone.capacity.simulation.simulate import simulate

TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9)
#: A minimum is tried at these shares of the capacity for the busiest minute.
MINIMUMS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
#: A maximum that is never reached costs nothing: a load that follows has room for so much more.
ROOM = 2
_AT_ONCE = 8
_CLOSE = 0.005
_TIGHTENINGS = 4
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The settings, what they meet, and whether that is as little as was allowed. Where it is not,
    no capacity helps: single partitions are the limit, as `outcome` says."""

    settings: Mapping[Resource, Setting]
    outcome: Outcome
    met: bool


def find_fixed(demand: Demand, *, allowed: float) -> Found:
    """The least provisioned capacity, the same all the time; `allowed` is a share of the calls."""
    series = Series([demand.of(side) for side in demand.sides])

    def settings(share: float, *, roomy: bool) -> dict[Resource, Setting]:
        least = _least(series, share)
        if roomy:
            least = _with_partitions(series, demand.sides, least)
        units = dict(zip(demand.sides, least, strict=True))
        return {
            resource: Provisioned(
                read=units.get(Side(resource, "read"), 1),
                write=units.get(Side(resource, "write"), 1),
            )
            for resource in dict.fromkeys(side.resource for side in demand.sides)
        }

    return _checked(demand, allowed, settings)


def find_scaled(demand: Demand, *, allowed: float, targets: Sequence[float] = TARGETS) -> Found:
    """The minimum, maximum and target of auto scaling that provision the least unit-hours."""
    series = Series([demand.of(side) for side in demand.sides])

    def settings(share: float, *, roomy: bool) -> dict[Resource, Setting]:
        found = _scalings(demand, series, share, targets, roomy=roomy)
        scalings = dict(zip(demand.sides, found, strict=True))
        idle = Scaling(minimum=1, maximum=1)
        return {
            resource: AutoScaled(
                read=scalings.get(Side(resource, "read"), idle),
                write=scalings.get(Side(resource, "write"), idle),
            )
            for resource in dict.fromkeys(side.resource for side in demand.sides)
        }

    return _checked(demand, allowed, settings)


class _Settings(Protocol):
    """The least capacity of each arm that cuts no more than a share; `roomy` has partitions for its
    busiest second too."""

    def __call__(self, share: float, *, roomy: bool) -> dict[Resource, Setting]: ...


def _checked(demand: Demand, allowed: float, settings: _Settings) -> Found:
    shares = [*(allowed / 2**n for n in range(_TIGHTENINGS)), 0.0]
    tried: list[Mapping[Resource, Setting]] = []
    for roomy in (False, True):
        for share in shares:
            found = settings(share, roomy=roomy)
            if found in tried:
                continue
            tried.append(found)
            outcome = simulate(demand, found)
            if outcome.throttled_share <= allowed + _SLACK:
                return Found(settings=found, outcome=outcome, met=True)
    return Found(settings=tried[-1], outcome=outcome, met=False)


def _with_partitions(series: Series, sides: Sequence[Side], least: Sequence[int]) -> list[int]:
    """What is kept carries a busy second only as far as there are partitions to serve it: more,
    where capacity brings too few of them."""
    units = dict(zip(sides, least, strict=True))
    found = list(least)
    for row, (resource, direction) in enumerate(sides):
        read, write = (units.get(Side(resource, each), 1) for each in DIRECTIONS)
        serves = PARTITION_UNITS[direction]
        needed = ceil(float(series.peak[row].max()) / serves)
        if partitions_needed(read, write) < needed:
            found[row] = int(serves) * (needed - 1) + 1
    return found


def _least(series: Series, allowed: float) -> list[int]:
    """For each row the least units a second, to half a percent."""
    asked = series.total.sum(axis=1)
    # With all of its burst, capacity serves no more than this: less is never enough.
    low = np.floor(asked * (1 - allowed) / (series.seconds + BURST_S)).clip(0)
    low = np.where(low > 0, low - 1, 0.0)
    high = np.ceil(series.peak.max(axis=1)).clip(1)
    while (open_rows := np.flatnonzero(high - low > np.maximum(1, _CLOSE * high))).size:
        steps = np.linspace(0, 1, _AT_ONCE + 2)[1:-1]
        tried = np.round(low[open_rows, None] + (high - low)[open_rows, None] * steps).clip(1)
        arms = [
            Arm(int(row), "write", Provisioned(read=1, write=int(units)), 0)
            for row, each in zip(open_rows, tried, strict=True)
            for units in each
        ]
        cut, _ = _alone(series, arms)
        enough = cut.reshape(tried.shape) <= allowed * asked[open_rows, None] + _SLACK
        high[open_rows] = np.where(enough, tried, high[open_rows, None]).min(axis=1)
        low[open_rows] = np.where(enough, low[open_rows, None], tried).max(axis=1)
    return [int(units) for units in high]


def _scalings(
    demand: Demand,
    series: Series,
    allowed: float,
    targets: Sequence[float],
    *,
    roomy: bool,
) -> list[Scaling]:
    """For each row the cheapest candidate that cuts no more than is allowed."""
    enough = _least(series, allowed)
    fixed = _with_partitions(series, demand.sides, enough) if roomy else enough
    tried = [
        (row, scaling)
        for row, least in enumerate(fixed)
        for scaling in _candidates(series, row, least, targets)
        if scaling.minimum >= least or least == enough[row]
    ]
    arms = [
        Arm(row, "write", AutoScaled(read=scaling, write=scaling), at)
        for at, (row, scaling) in enumerate(tried)
    ]
    cut, capacity = _alone(series, arms, demand.start_unix_s)
    asked = series.total.sum(axis=1)
    best: dict[int, tuple[float, Scaling]] = {}
    for (row, scaling), lost, units in zip(tried, cut, capacity, strict=True):
        fits = lost <= allowed * asked[row] + _SLACK
        if fits and (row not in best or units < best[row][0]):
            best[row] = (float(units), scaling)
    return [best[row][1] for row in range(len(fixed))]


def _candidates(
    series: Series, row: int, least: int, targets: Sequence[float]
) -> Iterator[Scaling]:
    """Following the load at each target; or standing still, at the least fixed capacity that is
    enough: where a load leaps about, following it costs more."""
    yield Scaling(minimum=least, maximum=least, target=max(targets))
    busiest = float(series.total[row].max()) / MINUTE_S
    begun = float(series.total[row, :2].max()) / MINUTE_S
    for target in targets:
        top = max(1, ceil(busiest / target), least)
        most = min(ROOM * top, MOST_UNITS)
        for minimum in sorted({least, *(max(1, ceil(top * share)) for share in MINIMUMS)}):
            start = min(max(ceil(begun / target), minimum), most)
            yield Scaling(minimum=minimum, maximum=most, target=target, start=start)


def _alone(series: Series, arms: Sequence[Arm], start_unix_s: int = 0) -> tuple[Amounts, Amounts]:
    """Each arm without the others: units cut, and capacity over all seconds."""
    rows = ArmRows(series, arms, start_unix_s=start_unix_s)
    cut = np.zeros(len(arms))
    for minute in range(series.minutes):
        rows.begin(minute)
        short = rows.run(minute)
        cut[short.rows] += short.cut.sum(axis=1)
        rows.end(minute)
    return cut, rows.capacity.sum(axis=1)
