"""What each pattern of a run did, second by second after the warm-up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Self

import numpy as np

from loadstone.compare.spread import Array
from loadstone.run.histogram import Histogram, counters_of
from loadstone.run.record import Run
from loadstone.run.second import Second
from loadstone.run.tally import Counts

#: A longer run is cut into so many spans of several seconds.
MOST_SPANS = 300
_SUMS = ("calls", "failed", "throttled", "attempts", "read_units", "write_units")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A number for each second, or for each span of a longer run. `latencies` has a row for each
    and a column for each of the rising `values_us`."""

    span_s: Array
    calls: Array
    failed: Array
    throttled: Array
    attempts: Array
    read_units: Array
    write_units: Array
    values_us: Array
    latencies: Array


@dataclass(slots=True)
class _Span:
    """One pattern in one span: its sums, and its latencies by the buckets that they are in."""

    sums: list[float]
    buckets: Counter[int]

    @classmethod
    def of(cls, tallies: Iterable[Mapping[str, Any]]) -> Self:
        total, buckets = Counts(), Counter[int]()
        for tally in tallies:
            total.merge(Counts.from_json(tally))
            at, counts = counters_of(tally["latency"])
            for bucket, often in zip(at.tolist(), counts.tolist(), strict=True):
                buckets[bucket] += often
        return cls([float(getattr(total, name)) for name in _SUMS], buckets)

    @classmethod
    def together(cls, spans: Iterable[Self]) -> Self:
        whole = cls([0.0] * len(_SUMS), Counter())
        for span in spans:
            whole.sums = [a + b for a, b in zip(whole.sums, span.sums, strict=True)]
            whole.buckets.update(span.buckets)
        return whole


def series_of(run: Run) -> tuple[dict[str, Series], Series]:
    """By pattern, and of all patterns together."""
    spans = list(_spans(run))
    lengths = np.array([length_s for length_s, _ in spans])
    patterns = sorted({name for _, seconds in spans for each in seconds for name in each.patterns})
    found = {
        name: [
            _Span.of(each.patterns[name] for each in seconds if name in each.patterns)
            for _, seconds in spans
        ]
        for name in patterns
    }
    whole = [_Span.together(each[at] for each in found.values()) for at in range(len(spans))]
    return {name: _series(lengths, each) for name, each in found.items()}, _series(lengths, whole)


def _series(lengths: Array, spans: list[_Span]) -> Series:
    known = sorted(set().union(*(span.buckets for span in spans)))
    column = {bucket: at for at, bucket in enumerate(known)}
    latencies = np.zeros((len(spans), len(known)))
    for row, span in zip(latencies, spans, strict=True):
        for bucket, often in span.buckets.items():
            row[column[bucket]] = often
    sums = np.array([span.sums for span in spans]).reshape(len(spans), len(_SUMS)).T
    return Series(
        span_s=lengths,
        values_us=np.array(Histogram.values_us(known), np.float64),
        latencies=latencies,
        **dict(zip(_SUMS, sums, strict=True)),
    )


def _spans(run: Run) -> Iterator[tuple[float, list[Second]]]:
    """How long each span counted, and the lines of all processes that belong to it."""
    bins: defaultdict[int, list[tuple[float, Second]]] = defaultdict(list)
    for number, counted_s, second in _measured(run):
        bins[number].append((counted_s, second))
    if not bins:
        return
    first, last = min(bins), max(bins)
    wide = ceil((last - first + 1) / MOST_SPANS)
    for start in range(first, last + 1, wide):
        lines = [line for number in range(start, start + wide) for line in bins.get(number, ())]
        if lines:
            yield _length_s(lines), [second for _, second in lines]


def _measured(run: Run) -> Iterator[tuple[int, float, Second]]:
    """Which second of the run a line belongs to, and how much of it is after the warm-up.

    A process ticks by its own clock from its own start: what it calls its tenth second is so.
    """
    started = {worker.info.number: worker.info.started_unix_ms for worker in run.workers}
    for second in run.seconds:
        end_s = (second.at_ms - started[second.worker]) / 1000
        counted_s = min(second.span_s, end_s - run.header.warm_up_s)
        if counted_s > 0:
            offset_s = (started[second.worker] - run.started_ms) // 1000
            yield max(0, round(end_s) - 1) + offset_s, counted_s, second


def _length_s(lines: Iterable[tuple[float, Second]]) -> float:
    """Of the process that counted longest."""
    by_worker: defaultdict[int, float] = defaultdict(float)
    for counted_s, second in lines:
        by_worker[second.worker] += counted_s
    return max(by_worker.values())
