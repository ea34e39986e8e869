"""How latencies are spread: percentiles from the first call to the longest, pattern by pattern."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadstone.run.histogram import Histogram, Percentiles
from loadstone.run.record import Run
from loadstone.run.tally import Tally

ALL = "all patterns"
PERCENTS = (10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99, 99.999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`percent` of the calls took no longer; the longest call is at 100."""

    percent: float
    latency_us: int
    service_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Of one pattern, or of all of them."""

    pattern: str
    calls: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """What the warm-up did, which is in no other latency."""

    calls: int
    failed: int
    throttled: int
    latency: Percentiles
    service: Percentiles


def curves(run: Run) -> tuple[Curve, ...]:
    """All patterns first, then each."""
    whole = Tally.total(run.measured.values())
    named = {ALL: whole, **run.measured} if len(run.measured) > 1 else run.measured
    return tuple(_curve(name, tally) for name, tally in named.items())


def _curve(name: str, tally: Tally) -> Curve:
    return Curve(
        pattern=name, calls=tally.counts.calls, points=tuple(_points(tally.latency, tally.service))
    )


def _points(latency: Histogram, service: Histogram) -> Iterator[Point]:
    """A percentile that is one call's alone says no more than the longest."""
    told = [percent for percent in PERCENTS if latency.count * (1 - percent / 100) >= 1]
    rows = (latency.percentile_us(*told), service.percentile_us(*told))
    for percent, latency_us, service_us in zip(told, *rows, strict=True):
        yield Point(percent=percent, latency_us=latency_us, service_us=service_us)
    yield Point(percent=100, latency_us=latency.max_us, service_us=service.max_us)


def warm_up(run: Run) -> WarmUp | None:
    whole = Tally.total(run.warm_up.values())
    if not whole.counts.calls:
        return None
    return WarmUp(
        calls=whole.counts.calls,
        failed=whole.counts.failed,
        throttled=whole.counts.throttled,
        latency=Percentiles.of(whole.latency),
        service=Percentiles.of(whole.service),
    )
