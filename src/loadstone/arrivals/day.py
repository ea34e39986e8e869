"""A day in one-second steps: for each of them, which share of its peak is asked.

office-hours   from 5 % at night up to the peak at 10 and at 15 o'clock, less at noon
flat           the peak all day
spiky          20 %, and on every hour five minutes of the peak, reached within a minute
FILE.csv       a line for each time,rate: seconds of the day, straight lines between
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadstone.arrivals.grammar import schedule_of
from loadstone.arrivals.schedule import Schedule
from loadstone.errors import BadValue

DAY_S = 24 * 3600
_HOUR_S = 3600

#: Times, and the shares of the peak then; straight lines between.
_OFFICE_HOURS = (
    *((0, 0.05), (6, 0.05), (8, 0.5), (10, 1.0), (12, 0.8), (13, 0.8)),
    *((15, 1.0), (17, 0.7), (19, 0.2), (22, 0.05), (24, 0.05)),
)
_SPIKE = ((0, 0.2), (60, 1.0), (360, 1.0), (420, 0.2), (_HOUR_S, 0.2))
SHAPES = ("office-hours", "flat", "spiky", "FILE.csv")


def day_of(shape: str) -> NDArray[np.float64]:
    """The shares of a shape's seconds, by its name or its file."""
    known = _known().get(shape)
    if known is not None:
        return known
    if not shape.lower().endswith(".csv"):
        raise BadValue(f"--shape {shape}: there are {', '.join(SHAPES)}")
    return shares_of(schedule_of(None, f"csv:{Path(shape)}"))


def shares_of(schedule: Schedule, seconds: int = DAY_S) -> NDArray[np.float64]:
    """What a schedule asks in each second, as a share of the highest."""
    edges = np.array([schedule.count(second) for second in range(seconds + 1)])
    asked: NDArray[np.float64] = np.diff(edges)
    if not asked.max() > 0:
        raise BadValue("a day in which nothing is asked has no shape")
    shares: NDArray[np.float64] = asked / asked.max()
    return shares


def _known() -> Mapping[str, NDArray[np.float64]]:
    seconds = np.arange(0.5, DAY_S, dtype=np.float64)
    hours = [(hour * _HOUR_S, share) for hour, share in _OFFICE_HOURS]
    return {
        "office-hours": _lines(seconds, hours),
        "flat": np.ones(DAY_S),
        "spiky": _lines(seconds % _HOUR_S, _SPIKE),
    }


def _lines(
    seconds: NDArray[np.float64], corners: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    times, shares = zip(*corners, strict=True)
    found: NDArray[np.float64] = np.interp(seconds, times, shares)
    return found
