"""Runs whose latencies come from a known distribution, with seconds that depend on one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from loadstone.run import Ending, PatternInfo, Run
from loadstone.run.header import WorkerInfo
from loadstone.run.histogram import Histogram
from loadstone.run.record import Worker
from loadstone.run.second import Second
from loadstone.run.tally import Counts, Tally
from tests.synthetic import START_MS, header

TABLE = "cmz-conversations"


@dataclass(frozen=True, kw_only=True)
class Ripple:
    """How a pattern answers. From second to second its latency moves by `wave`, of which the next
    second keeps the share `memory`; within a second by `spread`."""

    median_us: float = 5_000.0
    spread: float = 0.3
    wave: float = 0.05
    memory: float = 0.0
    per_s: float = 20.0
    units: float = 0.5
    throttled: float = 0.0  # of the calls, once each
    failed: float = 0.0


def rippled(
    ripples: Mapping[str, Ripple], seconds: int, seed: int, warm_up_s: float = 0.0, **changes: Any
) -> Run:
    """A finished run of one process."""
    random = np.random.default_rng(seed)
    waves = {name: _wave(random, ripple, seconds) for name, ripple in ripples.items()}
    lines, totals = [], {name: Tally() for name in ripples}
    for at in range(seconds):
        tallies = {
            name: _second(random, ripple, waves[name][at]) for name, ripple in ripples.items()
        }
        for name, tally in tallies.items():
            totals[name].merge(tally)
        written = {name: tally.to_json() for name, tally in tallies.items() if tally.counts.calls}
        lines.append(
            Second(
                worker=0,
                at_ms=START_MS + (at + 1) * 1000,
                span_s=1.0,
                written={},
                all={},
                patterns=written,
                warm_up={},
            )
        )
    completed = Ending("completed")
    info = WorkerInfo(number=0, started_unix_ms=START_MS, machine={"cores": "2"})
    patterns = {name: PatternInfo(operation="Query", table=TABLE) for name in ripples}
    values = {"patterns": patterns, "warm_up_s": warm_up_s, "region": "us-east-1"} | changes
    return Run(
        header=header(**values),
        workers=(Worker(info=info, last_ms=lines[-1].at_ms, ending=completed),),
        seconds=tuple(lines),
        measured=totals,
        warm_up={},
        ending=completed,
        ended_ms=lines[-1].at_ms,
        problems=(),
    )


def _wave(random: np.random.Generator, ripple: Ripple, seconds: int) -> list[float]:
    """A first-order autoregression of standard deviation 1, times `wave`."""
    fresh = random.normal(size=seconds)
    found = [float(fresh[0])]
    for each in fresh[1:]:
        found.append(ripple.memory * found[-1] + sqrt(1 - ripple.memory**2) * float(each))
    return [ripple.wave * each for each in found]


def _second(random: np.random.Generator, ripple: Ripple, wave: float) -> Tally:
    calls = int(random.poisson(ripple.per_s))
    slower = wave + ripple.spread * random.normal(size=calls)
    latencies_ns = (ripple.median_us * 1000 * np.exp(slower)).astype(np.int64).tolist()
    throttled, failed = (
        int(random.binomial(calls, share)) for share in (ripple.throttled, ripple.failed)
    )
    counts = Counts(
        calls=calls,
        ok=calls - failed,
        failed=failed,
        hits=calls,
        attempts=calls + throttled,
        rows=calls,
        units={(TABLE, None): (ripple.units * calls, 0.0)},
    )
    if throttled:
        counts.throttles["TableReadProvisionedThroughputExceeded", TABLE] = throttled
    latency = Histogram.of_ns(latencies_ns)
    return Tally(counts, latency, latency)
