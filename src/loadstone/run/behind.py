"""When the generator, and not the database, was the limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loadstone.run.record import Run
from loadstone.run.second import Second

#: Of the arrivals of a time, those that were taken up late by the generator's own fault. Beyond
#: this its delay shows in the p95, and the rate was not offered as it was asked.
BEHIND_SHARE = 0.05
#: Where this many were, a p99 is the generator's.
TELLING_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A time in which the generator could not keep up, and by how much at worst."""

    start_s: float
    stop_s: float
    delay_max_us: int

    def joined(self, later: Behind) -> Behind:
        return Behind(
            start_s=self.start_s,
            stop_s=max(self.stop_s, later.stop_s),
            delay_max_us=max(self.delay_max_us, later.delay_max_us),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """What a process had to do, of a core and of the arrivals, and how well it kept up."""

    worker: int
    cpu_share: float  # over its whole time
    cpu_share_max: float  # in its busiest second
    asked: int | None
    late: int
    behind: int
    delay_max_us: int


def fell_behind(behind: int, asked: int) -> bool:
    """Whether so many arrivals of those that were asked for are too many to be late."""
    return behind > BEHIND_SHARE * asked


def times_behind(run: Run) -> Iterator[Behind]:
    """Seconds after the warm-up in which a process fell behind, those that follow each other taken
    together."""
    late = [
        second
        for second in run.seconds
        if run.is_measured(second) and fell_behind(second.behind, second.asked or 0)
    ]
    spans = sorted((*run.span_s(second), second.delay_max_us) for second in late)
    found: list[Behind] = []
    for start_s, stop_s, delay_max_us in spans:
        here = Behind(start_s=max(0.0, start_s), stop_s=stop_s, delay_max_us=delay_max_us)
        if found and start_s <= found[-1].stop_s + 0.5:
            here = found.pop().joined(here)
        found.append(here)
    yield from found


def worker_loads(seconds: Iterable[Second]) -> list[WorkerLoad]:
    """By worker."""
    by_worker: defaultdict[int, list[Second]] = defaultdict(list)
    for second in seconds:
        by_worker[second.worker].append(second)
    return [_load(worker, by_worker[worker]) for worker in sorted(by_worker)]


def _load(worker: int, seconds: list[Second]) -> WorkerLoad:
    span_s = sum(second.span_s for second in seconds)
    asked = [second.asked for second in seconds if second.asked is not None]
    # A part's last line can be of a moment, in which any share is possible.
    shares = [each.cpu_s / each.span_s for each in seconds if each.span_s >= 0.5]
    return WorkerLoad(
        worker=worker,
        cpu_share=sum(second.cpu_s for second in seconds) / span_s if span_s else 0.0,
        cpu_share_max=max(shares, default=0.0),
        asked=sum(asked) if asked else None,
        late=sum(second.late for second in seconds),
        behind=sum(second.behind for second in seconds),
        delay_max_us=max((second.delay_max_us for second in seconds), default=0),
    )
